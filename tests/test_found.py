"""Records are found by themselves, and a file without one is an error."""

from __future__ import annotations

from pathlib import Path

import pytest

from genstudio._found import records


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An importable package found_here.parts with two records and a part of one."""
    folder = tmp_path / "found_here" / "parts"
    folder.mkdir(parents=True)
    for name in ("found_here/__init__", "found_here/parts/__init__"):
        (tmp_path / f"{name}.py").write_text("")
    (folder / "two.py").write_text("PART = 2")
    (folder / "one.py").write_text("PART = 1")
    (folder / "_rest.py").write_text("raise RuntimeError('not to be read')")
    monkeypatch.syspath_prepend(tmp_path)
    return folder


def test_records_come_in_the_order_of_their_files_and_a_missing_one_is_named(package: Path) -> None:
    assert records("found_here.parts", "PART", int) == [1, 2]
    (package / "three.py").write_text("PART = 'three'")
    with pytest.raises(RuntimeError, match=r"parts/three\.py does not end with PART = int\("):
        records("found_here.parts", "PART", int)
