"""An installed wheel works outside the checkout: shipped data and weights are inside it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that holds the built and installed package, and nothing of the checkout."""
    dist = tmp_path_factory.mktemp("dist")
    words = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(dist)]
    subprocess.run(words, cwd=ROOT, check=True, capture_output=True)
    (wheel,) = dist.glob("genstudio-*.whl")
    target = tmp_path_factory.mktemp("site")
    with zipfile.ZipFile(wheel) as archive:  # what pip install --no-deps --target does
        archive.extractall(target)
    return target


def _run(installed: Path, script: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", script],
        cwd=installed.parent,
        env={**os.environ, "PYTHONPATH": str(installed)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_installed_package_is_the_one_that_runs(installed: Path) -> None:
    where = _run(installed, "import genstudio; print(genstudio.__file__)").strip()
    assert Path(where).is_relative_to(installed)


def test_the_installed_wheel_lists_the_shipped_models(installed: Path) -> None:
    script = "from genstudio.cli import main; main(['weights', '--json'])"
    listed = json.loads(_run(installed, script))
    shipped = {folder.parent.name for folder in (ROOT / "weights").glob("*/card.json")}
    assert set(listed) == {name for name in shipped if not name.startswith("judge")}


def test_the_installed_wheel_loads_mnist(installed: Path) -> None:
    script = "import genstudio; d = genstudio.dataset('mnist'); print(len(d.train), len(d.test))"
    assert _run(installed, script).split() == ["60000", "10000"]
