"""The exported script makes the pictures again that were on the screen."""

from __future__ import annotations

import runpy
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

import genstudio
from genstudio.latent import paths, script

KNOTS = np.float32([[0.123456789, -1.1], [1.5, 0.7], [-2.0, 1 / 3]])


@pytest.mark.parametrize(
    ("kind", "options", "levels"),
    [
        ("lerp", {}, 1),
        ("slerp", {"centre": np.float32([0.1, -0.3]), "even": True}, 1),
        ("geodesic", {"frames": 9}, 6),
    ],
)
def test_the_script_makes_the_same_pictures(
    kind: str,
    options: dict[str, Any],
    levels: int,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    model = genstudio.load("vae-mnist-2d")
    arguments = {"frames": 7, **options}
    *_, shown = (p for p in paths.trace(model, kind, KNOTS, **arguments) if p is not None)
    text = script.interpolation("vae-mnist-2d", kind, KNOTS, stem="my path", **arguments)
    monkeypatch.chdir(tmp_path)
    Path("again.py").write_text(text)
    runpy.run_path("again.py")
    made = np.load("my path.npz")
    np.testing.assert_allclose(made["x"], shown.images, atol=levels / 255)
    np.testing.assert_allclose(made["z"][[0, -1]], KNOTS[[0, -1]], rtol=0)
    row = np.asarray(Image.open("my path.png"), np.float32)
    want = np.concatenate(list(shown.images[:, 0] * 255), axis=1)
    assert row.shape == (28, arguments["frames"] * 28)
    assert np.abs(row - want).max() <= levels
    assert capsys.readouterr().out.startswith(f"{kind}: pixel length")
    assert len(text.splitlines()) < 45


def test_what_is_asked_for_stands_in_the_script() -> None:
    text = script.interpolation(
        "runs/it's mine", "geodesic", KNOTS, 5, density=0.5, data="mnist", seed=3, even=True
    )
    compile(text, "again.py", "exec")
    assert "density=0.5, data='mnist', seed=3" in text and "even=True" in text
    assert "centre" not in text
    names: dict[str, Any] = {"np": np}
    exec(text[text.index("knots = ") : text.index("for path")], names)  # noqa: S102
    np.testing.assert_array_equal(names["knots"], KNOTS)


@pytest.mark.parametrize("source", ["C:\\Users\\new\\xrun", 'a """quoted""" run"'])
def test_any_path_of_a_model_may_stand_in_the_script(source: str) -> None:
    text = script.interpolation(source, "lerp", KNOTS)
    code = compile(text, "again.py", "exec", dont_inherit=True)
    assert source in code.co_consts  # in the call of load
    assert source in code.co_consts[0]  # the docstring
