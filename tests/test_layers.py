"""The house stands as pyproject.toml says: floors, no circles, Qt only in ui."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
CODE = ROOT / "genstudio"


def test_import_contracts_are_kept() -> None:
    found = subprocess.run(
        [str(Path(sys.executable).parent / "lint-imports"), "--no-cache"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert found.returncode == 0, found.stdout + found.stderr
    assert "4 kept, 0 broken" in found.stdout


def test_nothing_unpickles_runs_or_trusts_what_comes_from_a_file() -> None:
    forbidden = re.compile(
        r"\bpickle\b|torch\.load\(|weights_only|allow_pickle=True|trust_remote_code"
        r"|\.extractall\(|shell=True|\beval\(\w*[\"'{]|\bexec\(\w*[\"'{]|load_pickle"
    )
    found = [
        f"{path.relative_to(ROOT)}:{number}: {line.strip()}"
        for path in CODE.rglob("*.py")
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        if forbidden.search(line.split("#")[0]) and '"""' not in line
    ]
    assert not found, "\n".join(found)


def test_help_needs_neither_torch_nor_qt() -> None:
    script = (
        "import sys\n"
        "from genstudio.cli import run\n"
        "assert run(['--help']) == 0 and run(['train', '--help']) == 0\n"
        "loaded = {'torch', 'PySide6', 'pyqtgraph'} & set(sys.modules)\n"
        "assert not loaded, loaded\n"
    )
    subprocess.run([sys.executable, "-c", script], check=True, cwd=ROOT, capture_output=True)


def test_the_road_to_the_window_needs_neither_torch_nor_the_command_line() -> None:
    script = (
        "import sys\n"
        "from genstudio.cli import window_options\n"
        "assert window_options([]) == {}\n"
        "import genstudio.ui.app\n"
        "loaded = {'torch', 'typer', 'rich', 'pyqtgraph'} & set(sys.modules)\n"
        "assert not loaded, loaded\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
