"""The doctor: what is refused, what is missing, and the line that mends it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from genstudio import cli, doctor
from genstudio.abilities import BadInput


@pytest.mark.parametrize(
    ("pyside", "python", "bad"),
    [
        ("6.12.0", (3, 11, 7), True),
        ("6.13.1", (3, 11, 0), True),
        ("6.12.0", (3, 12, 0), False),
        ("6.11.3", (3, 11, 7), False),
        ("6.11.0", (3, 13, 0), True),
        ("6.11.1", (3, 11, 0), True),
        ("6.10.3", (3, 11, 0), False),
    ],
)
def test_known_bad_pairs(pyside: str, python: tuple[int, ...], bad: bool) -> None:
    reason = doctor.known_bad(pyside, python)
    assert (reason is not None) == bad
    if reason is not None:
        assert pyside in reason
        assert "PySide6-Essentials==6.11.3" in reason


def test_the_window_refuses_a_known_bad_pair(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor, "_version", lambda _package: "6.11.0")
    with pytest.raises(BadInput, match=r"6\.11\.0"):
        cli.open_window()


def test_without_a_screen_the_window_points_at_the_tour(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(doctor.sys, "platform", "linux")
    assert cli.run([]) == 2
    assert "genstudio tour --out tour" in capsys.readouterr().err


def test_missing_libraries_come_with_the_apt_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor.sys, "platform", "linux")
    missing = doctor.missing_libraries(
        {"libnothing-of-the-kind.so.9": "none", "libc.so.6": "libc6"}
    )
    assert missing == ["libnothing-of-the-kind.so.9"]
    assert doctor.apt_line(["libEGL.so.1", "libxcb-cursor.so.0"]).endswith("libegl1 libxcb-cursor0")


def test_an_import_that_fails_for_a_library_names_it_and_the_line() -> None:
    error = ImportError("libEGL.so.1: cannot open shared object file: No such file or directory")
    told = doctor.explain_import(error)
    assert isinstance(told, BadInput)
    assert "libEGL.so.1" in str(told)
    other = ImportError("no module named x")
    assert doctor.explain_import(other) is other


def test_a_folder_that_cannot_be_written_is_a_problem(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("not a folder")
    monkeypatch.setenv("GENSTUDIO_HOME", str(blocked))
    problems = doctor.examine()["problems"]
    assert any(str(blocked) in problem and "GENSTUDIO_HOME" in problem for problem in problems)


def test_the_report_as_json_and_as_text(capsys: pytest.CaptureFixture[str], home: Path) -> None:
    assert cli.run(["doctor", "--json"]) == 0
    report = json.loads(capsys.readouterr().out)
    assert report["folders"]["home"]["path"] == str(home)
    assert report["versions"]["PySide6-Essentials"]
    assert report["torch"]["threads"] >= 1
    assert cli.run(["doctor"]) == 0
    assert report["versions"]["torch"] in capsys.readouterr().out
