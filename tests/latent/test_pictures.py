"""While a folder of images is read, a query yields, so that a newer ask may take over."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from genstudio.latent import encodings, pictures


@pytest.fixture
def folder(tmp_path: Path) -> str:
    rng = np.random.default_rng(0)
    for name in ("cats/1", "cats/2", "dogs/1", "dogs/2", "dogs/3"):
        file = tmp_path / f"{name}.png"
        file.parent.mkdir(exist_ok=True)
        Image.fromarray(rng.integers(0, 256, (12, 12), np.uint8)).save(file)
    return f"folder:{tmp_path}"


def test_classes_of_a_folder_come_after_yields_at_each_file(folder: str) -> None:
    work = pictures.classes(None, folder)
    assert [next(work) for _ in range(10)] == [None] * 10  # five files, twice
    with pytest.raises(StopIteration) as end:
        next(work)
    assert end.value.value == ("cats", "dogs")
    assert list(pictures.classes(None, folder)) == []


def test_encodings_of_a_folder_begin_with_nothing_to_show(folder: str, make: Any) -> None:
    seen = list(encodings.encode(make(shape=(1, 12, 12)), folder))
    assert seen[:10] == [None] * 10
    assert seen[10] is not None and seen[-1].done_fraction == 1.0  # type: ignore[union-attr]
