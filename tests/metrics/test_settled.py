"""The judge's labels along a walk, and from where on they stay."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest

from genstudio.abilities import BadInput
from genstudio.data import load
from genstudio.metrics.settled import labels, settled


def judged(x0_hat: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    work = labels(None, x0_hat)
    while True:
        try:
            assert next(work) is None
        except StopIteration as end:
            return end.value


def test_settled_is_the_step_after_the_last_other_label() -> None:
    seen = np.array([[7, 3, 1, 5], [7, 4, 2, 5], [7, 4, 1, 6], [7, 4, 1, 5]])
    assert settled(seen).tolist() == [0, 1, 2, 3]
    assert settled(seen[:1]).tolist() == [0, 0, 0, 0]
    with pytest.raises(ValueError, match="a step or more"):
        settled(seen[:0])


def test_digits_that_turn_into_others_settle_where_they_turn() -> None:
    test = load("mnist").test
    assert test.images is not None
    assert test.labels is not None
    which = [int((test.labels == digit).nonzero()[3]) for digit in (0, 1, 4)]
    zero, one, four = test.batch(which).numpy() * 2 - 1
    walk = np.stack([[zero, one]] * 3 + [[four, one]] * 2)  # (5, 2, 1, 28, 28)
    walk.setflags(write=False)
    seen, sure = judged(walk)
    assert seen.T.tolist() == [[0, 0, 0, 4, 4], [1, 1, 1, 1, 1]]
    assert settled(seen).tolist() == [3, 0]
    assert sure.shape == (5, 2)
    assert (sure > 0.9).all()
    assert (sure <= 1.0).all()


def test_long_walks_come_in_pieces_and_the_order_holds() -> None:
    digits = load("mnist").test.batch(slice(0, 60)).numpy() * 2 - 1
    whole = judged(digits.reshape(6, 10, 1, 28, 28))[0]
    assert len(list(labels(None, digits.reshape(6, 10, 1, 28, 28)))) > 1
    np.testing.assert_array_equal(whole.reshape(-1), judged(digits[:, None])[0][:, 0])


def test_other_images_are_refused() -> None:
    with pytest.raises(BadInput, match="28 x 28"):
        judged(np.zeros((2, 3, 1, 16, 16), np.float32))
    with pytest.raises(BadInput, match="model of images"):
        judged(np.zeros((2, 3, 2), np.float32))


def test_the_window_can_import_it_without_torch() -> None:
    code = "import sys, genstudio.metrics.settled; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
