"""The tour drives the real window, without a screen, and leaves a photograph of every panel."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from genstudio import paths
from genstudio.ui.panel import panels


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.skipif(
    not (paths.weights() / "vae-mnist-2d" / "card.json").is_file(),
    reason="the tour opens on the shipped vae-mnist-2d",
)
def test_every_panel_is_photographed(tmp_path: Path) -> None:
    out = tmp_path / "tour"
    environment = {k: v for k, v in os.environ.items() if k not in ("DISPLAY", "WAYLAND_DISPLAY")}
    del environment["QT_QPA_PLATFORM"]
    done = subprocess.run(
        [sys.executable, "-m", "genstudio", "tour", "--out", str(out), "--size", "1200x760"],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    index = json.loads((out / "index.json").read_text())
    for spec in panels():
        pictures = [e["file"] for e in index if e["panel"] == spec.key and e["caption"]]
        assert pictures, f"{spec.key} has no photograph"
        for name in pictures:
            with Image.open(out / name) as picture:
                assert picture.size == (1200, 760)
                assert len(np.unique(np.asarray(picture).reshape(-1, 3), axis=0)) > 50
        with Image.open(out / f"{spec.key}.gif") as film:
            assert film.n_frames >= 1
            assert film.info.get("loop") == 0
