"""data/_drawing.py: drawings come out as MNIST's own digits lie."""

from __future__ import annotations

import time

import numpy as np
import pytest
from PIL import Image

from genstudio import data
from genstudio.data import _drawing


def digits(n: int) -> np.ndarray:
    """Test digits float32 (n, 28, 28) in [0, 1]."""
    return data.load("mnist").test.images[:n, 0].numpy().astype(np.float32) / 255


def box_of(ink: np.ndarray) -> tuple[int, int]:
    rows, columns = np.flatnonzero((ink > 0).any(1)), np.flatnonzero((ink > 0).any(0))
    return int(np.ptp(rows)) + 1, int(np.ptp(columns)) + 1


def centre_of(ink: np.ndarray) -> tuple[float, float]:
    at = np.arange(ink.shape[0])
    return (
        float((ink.sum(1) * at).sum() / ink.sum()),
        float((ink.sum(0) * at).sum() / ink.sum()),
    )


def test_an_mnist_digit_stays_as_it_is() -> None:
    """MNIST's digits are normalised already: what is proved here is that the rule is MNIST's."""
    same = [np.array_equal(_drawing.normalise(digit)[0], digit) for digit in digits(500)]
    assert np.mean(same) > 0.99


@pytest.mark.parametrize("place", [(0, 0), (150, 20), (60, 172)])
def test_a_large_drawing_comes_back_as_the_digit(place: tuple[int, int]) -> None:
    """A digit enlarged eight times and moved about on a canvas is the digit again."""
    for digit in digits(20):
        rows, columns = np.flatnonzero(digit.any(1)), np.flatnonzero(digit.any(0))
        ink = digit[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
        canvas = np.zeros((320, 340), np.float32)
        large = np.kron(ink, np.ones((8, 8), np.float32))
        canvas[place[0] :, place[1] :][: large.shape[0], : large.shape[1]] = large
        got = _drawing.normalise(canvas)
        assert got.shape == (1, 28, 28)
        assert got.dtype == np.float32
        np.testing.assert_allclose(got[0], digit, atol=1e-5)


@pytest.mark.parametrize("side", [28, 32, 64])
def test_box_and_centre(side: int) -> None:
    canvas = np.zeros((280, 280), np.float32)
    canvas[40:240, 200:215] = 1.0  # a thin stroke near the right edge
    canvas[40:60, 120:215] = 1.0
    got = _drawing.normalise(canvas, (1, side, side))[0]
    height, width = box_of(got)
    assert height == round(20 / 28 * side)
    assert width == pytest.approx(height * 95 / 200, abs=1)
    for centre in centre_of(got):
        assert abs(centre - side / 2) <= 0.5 + 1e-6
    assert got.min() == 0.0
    assert got.max() <= 1.0


def test_channels_are_copies_and_a_wide_field_is_filled() -> None:
    canvas = np.eye(50, dtype=np.float32)
    got = _drawing.normalise(canvas, (3, 28, 40))
    assert got.shape == (3, 28, 40)
    assert np.array_equal(got[0], got[1])
    assert box_of(got[0]) == (20, 20)
    got[0] = 0
    assert got[1].any()


def test_no_ink_is_black() -> None:
    for empty in (np.zeros((280, 280)), np.full((9, 9), 0.001), np.full((9, 9), np.nan)):
        assert not _drawing.normalise(empty.astype(np.float32)).any()


def test_one_dot_and_lopsided_ink_stay_inside() -> None:
    dot = np.zeros((100, 100), np.float32)
    dot[3, 97] = 1.0
    assert box_of(_drawing.normalise(dot)[0]) == (20, 20)
    heavy = np.zeros((200, 200), np.float32)
    heavy[:, 0] = 0.03  # faint all along, heavy at one end
    heavy[:10, :40] = 1.0
    got = _drawing.normalise(heavy)[0]
    assert box_of(got)[0] == 20  # nothing was cut off
    assert got[-1].any()  # pushed down as far as it goes


def test_it_does_not_write_into_the_drawing() -> None:
    canvas = np.zeros((60, 60), np.float32)
    canvas[5:45, 9:30] = 0.7
    before = canvas.copy()
    _drawing.normalise(canvas)[:] = 5
    np.testing.assert_array_equal(canvas, before)


def test_what_is_no_drawing_is_refused() -> None:
    with pytest.raises(ValueError, match=r"A drawing is \(h, w\)"):
        _drawing.normalise(np.zeros((3, 28, 28), np.float32))


def test_it_is_quick_enough_to_follow_the_hand() -> None:
    canvas = np.zeros((560, 560), np.float32)
    canvas[100:500, 100:400] = np.asarray(Image.linear_gradient("L").resize((300, 400))) / 255
    best = min(_time(canvas) for _ in range(20))
    assert best < 0.020  # some 1 ms on a quiet machine


def _time(canvas: np.ndarray) -> float:
    start = time.perf_counter()
    _drawing.normalise(canvas)
    return time.perf_counter() - start
