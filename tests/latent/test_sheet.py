"""Cells stand where they belong, coarse sheets come first, and work is cut into short pieces."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

from genstudio.abilities import BadInput
from genstudio.data import Dataset
from genstudio.latent import _decode, sheet
from genstudio.latent.plane import Plane, axes

XS, YS = np.linspace(0, 9, 10), np.linspace(8, 0, 5)


def last(sheets: Any) -> sheet.Sheet:
    *_, end = sheets
    return end


def cell(picture: np.ndarray, row: int, col: int, h: int = 4, w: int = 6) -> np.ndarray:
    return picture[row * h : (row + 1) * h, col * w : (col + 1) * w]


def expected(model: Any, x: float, y: float) -> np.ndarray:
    image = model.decode(torch.tensor([[x, y]], dtype=torch.float32))[0]
    return np.floor(np.clip(image.numpy() * 255 + 0.5, 0, 255)).astype(np.uint8)


def test_every_cell_shows_its_own_point_with_the_first_row_on_top(plain: Any) -> None:
    end = last(sheet.decode(plain, Plane.identity(), XS, YS))
    assert end.mosaic.shape == (5 * 4, 10 * 6)
    assert end.mosaic.dtype == np.uint8
    assert end.done == 1
    for row in range(5):
        for col in range(10):
            np.testing.assert_array_equal(
                cell(end.mosaic, row, col), expected(plain, XS[col], YS[row])[0]
            )


def test_colour_images_make_a_colour_sheet(make: Any) -> None:
    model = make(shape=(3, 4, 6))
    end = last(sheet.decode(model, Plane.identity(), XS, YS))
    assert end.mosaic.shape == (20, 60, 3)
    want = expected(model, XS[3], YS[2]).transpose(1, 2, 0)
    np.testing.assert_array_equal(cell(end.mosaic, 2, 3), want)


def test_values_outside_the_range_are_cut_not_wrapped(plain: Any) -> None:
    end = last(sheet.decode(plain, Plane.identity(), [-500.0, 900.0], [0.0]))
    assert (cell(end.mosaic, 0, 0) == 0).all()
    assert (cell(end.mosaic, 0, 1) == 255).all()


def test_coarse_sheet_comes_first_over_the_same_area(plain: Any) -> None:
    first, *_, end = sheet.decode(plain, Plane.identity(), XS, YS, coarse=5)
    assert (len(first.xs), len(first.ys), first.done) == (5, 5, 0.0)
    np.testing.assert_allclose(first.xs, [0.5, 2.5, 4.5, 6.5, 8.5])
    np.testing.assert_array_equal(cell(first.mosaic, 1, 2), expected(plain, 4.5, YS[1])[0])
    assert (len(end.xs), end.done) == (10, 1)


def test_a_quick_model_is_decoded_in_one_call_without_a_coarse_sheet(
    plain: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(_decode._seconds_per_cell, plain, 1e-6)
    sheets = list(sheet.decode(plain, Plane.identity(), XS, YS, coarse=5))
    assert len(sheets) == 1
    assert plain.calls == [50]


def test_a_slow_model_is_decoded_in_pieces_that_keep_to_the_budget(
    plain: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sheet, "note_speed", lambda *_: None)
    monkeypatch.setitem(_decode._seconds_per_cell, plain, _decode.BUDGET_S / 10.5)
    sheets = list(sheet.decode(plain, Plane.identity(), XS, YS, coarse=2))
    assert plain.calls == [4, 10, 10, 10, 10, 10]
    assert [s.done for s in sheets] == [0.0, 0.2, 0.4, 0.6, 0.8, 1.0]
    third = sheets[2]
    np.testing.assert_array_equal(cell(third.mosaic, 1, 7), expected(plain, XS[7], YS[1])[0])
    coarse = cell(sheets[0].mosaic, 1, 1)  # what stood there before fills the cells to come
    np.testing.assert_array_equal(cell(third.mosaic, 4, 9), coarse)
    assert not any(s.mosaic.flags.writeable for s in sheets)


def test_sheets_already_sent_do_not_change_later(
    plain: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sheet, "note_speed", lambda *_: None)
    monkeypatch.setitem(_decode._seconds_per_cell, plain, _decode.BUDGET_S / 10.5)
    sheets, copies = [], []
    for one in sheet.decode(plain, Plane.identity(), XS, YS):
        sheets.append(one)
        copies.append(one.mosaic.copy())
    for one, copy in zip(sheets, copies, strict=True):
        np.testing.assert_array_equal(one.mosaic, copy)


def test_cells_shrunk_by_area_keep_their_mean(plain: Any) -> None:
    end = last(sheet.decode(plain, Plane.identity(), XS, YS, cell_px=3))
    assert end.mosaic.shape == (5 * 3, 10 * 4)  # 4 x 6 to 3 x 4.5, rounded to 4
    big = last(sheet.decode(plain, Plane.identity(), XS, YS)).mosaic
    assert abs(end.mosaic.mean() - big.mean()) < 1.0


def test_area_weights_are_means_over_equal_stretches() -> None:
    weights = sheet.area_weights(5, 2).numpy()
    np.testing.assert_allclose(weights, [[0.4, 0.4, 0.2, 0, 0], [0, 0, 0.2, 0.4, 0.4]])


def test_shell_moves_every_cell_to_its_norm(make: Any) -> None:
    model = make(dim=3)
    seen: list[torch.Tensor] = []
    decode = model.decode
    model.decode = lambda z: (seen.append(z), decode(z))[1]
    list(sheet.decode(model, axes(3, rest=[0, 0, 1]), XS, YS, shell=2.0))  # noqa: S604
    torch.testing.assert_close(seen[0].norm(dim=1), torch.full((len(seen[0]),), 2.0))


def test_grad_mode_is_left_alone_between_sheets(plain: Any) -> None:
    for _ in sheet.decode(plain, Plane.identity(), XS, YS, coarse=2):
        assert torch.is_grad_enabled()


def test_a_plane_of_another_space_and_too_many_cells_are_refused(plain: Any) -> None:
    with pytest.raises(BadInput, match="2 latent dimensions, got 3"):
        next(sheet.decode(plain, axes(3), XS, YS))
    with pytest.raises(BadInput, match="cells"):
        next(sheet.decode(plain, Plane.identity(), np.zeros(1000), np.zeros(1000)))


def test_mosaic_of_images_fills_the_last_row_with_black(dataset: Dataset) -> None:
    images = dataset.train.batch(slice(0, 7))
    picture = sheet.mosaic(images, 3)
    assert picture.shape == (12, 18)
    np.testing.assert_array_equal(cell(picture, 1, 2), dataset.train.images[5, 0].numpy())
    assert (cell(picture, 2, 2) == 0).all()
