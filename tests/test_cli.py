"""The command line: exit codes, one sentence for what is wrong, one object for --json."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from genstudio import bench, cli, tour
from genstudio.abilities import BadInput
from genstudio.commands import _output


@pytest.mark.parametrize(
    ("words", "options"),
    [
        ([], {}),
        (["--panel", "train"], {"panel": "train"}),
        (["--weights=x", "--device", "cpu"], {"weights": "x", "device": "cpu"}),
        (["train"], None),
        (["--help"], None),
        (["--panel"], None),
        (["--panel", "--device"], None),
    ],
)
def test_window_options_are_told_from_commands(
    words: list[str], options: dict[str, str] | None
) -> None:
    assert cli.window_options(words) == options


@pytest.mark.parametrize(
    ("words", "named"),
    [
        (["trian"], "trian"),
        (["train"], "FAMILY"),
        (["train", "vae", "--data", "mnist"], "--out"),
        (["families", "nope"], "nope"),
        (["sample", "no-such-model", "--out", "x.png"], "no-such-model"),
        (["sample", "x", "--out", "x.jpg"], ".png"),
        (["sample", "x", "--out", "no-such-folder/x.png"], "no-such-folder"),
        (["sample", "x", "--out", "x.png", "-n", "0"], "-n"),
        (["sample", "x", "--out", "x.png", "--npz", "no-such-folder/x.npz"], "no-such-folder"),
        (["sample", "x", "--out", "x.png", "--npz", "."], "is a folder"),
        (["sample", "x", "--out", "x.png", "--sampler", "magic"], "magic"),
        (["evaluate", "no-such-model", "--data", "mnist"], "no-such-model"),
        (["bench", "speed"], "speed"),
        (["tour", "--out", "x", "--size", "10x10"], "10x10"),
        (["tour", "--out", __file__], "cannot be written"),
        (["train", "vae", "--data", "nosuch", "--out", "x"], "nosuch"),
        (["--device", "tpu"], "tpu"),
        (["--weights", "no-such-model"], "no-such-model"),
    ],
)
def test_bad_input_is_one_sentence_and_code_2(
    words: list[str], named: str, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    assert cli.run(words) == 2
    told = capsys.readouterr()
    assert told.out == ""
    assert named in told.err
    assert len(told.err.strip().splitlines()) == 1
    assert told.err.strip()[-1] in ".'?`"


@pytest.mark.parametrize("words", [["families"], ["families", "vae"], ["weights"], ["data"]])
def test_lists_print_one_json_object_and_a_table(
    words: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.run([*words, "--json"]) == 0
    assert isinstance(json.loads(capsys.readouterr().out), dict)
    assert cli.run(words) == 0
    assert capsys.readouterr().out.strip()


def test_a_family_s_json_is_its_config_s_schema(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.run(["families", "vae", "--json"]) == 0
    schema = json.loads(capsys.readouterr().out)
    beta = schema["properties"]["beta"]
    assert beta["live"] is True
    assert {"title", "description", "default", "minimum"} <= set(beta)


def test_what_fails_unexpectedly_is_code_1_with_a_sentence(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bench, "machine", lambda: 1 / 0)
    assert cli.run(["bench", "sheet"]) == 1
    told = capsys.readouterr().err.strip().splitlines()
    assert "ZeroDivisionError" in told[-1]
    assert not any(line.startswith("Traceback") for line in told)


def test_an_interrupt_is_code_130(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted() -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(bench, "machine", interrupted)
    assert cli.run(["bench", "sheet"]) == 130
    assert "Interrupted" in capsys.readouterr().err


def test_a_reader_who_has_gone_is_no_traceback() -> None:
    process = subprocess.Popen(
        [sys.executable, "-m", "genstudio", "data"], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    assert process.stdout is not None and process.stderr is not None
    process.stdout.close()
    said = process.stderr.read()
    process.stderr.close()
    assert process.wait(60) in (0, 1)
    assert said == b""


# What is left behind ------------------------------------------------------------------------------


def test_silence_is_for_streams_of_the_system_and_of_it_failure_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with (tmp_path / "out").open("w+") as stream:
        stream.write("kept\n")
        stream.flush()
        cli._silence(stream)
        stream.write("lost\n")
        stream.flush()
        assert (tmp_path / "out").read_text() == "kept\n"

        def refused(_from: int, _to: int) -> None:
            raise OSError(24, "Too many open files")

        with monkeypatch.context() as patched:
            patched.setattr(os, "dup2", refused)
            cli._silence(io.StringIO())
            with pytest.raises(OSError, match="Too many"):
                cli._silence(stream)
    cli._silence(stream)  # closed


def test_tiles_are_row_major_without_gaps() -> None:
    images = np.stack([np.full((1, 2, 3), i / 4, np.float32) for i in range(5)])
    picture = _output.tiles(images)
    assert picture.shape == (4, 9)  # ceil(sqrt(5)) = 3 columns, 2 rows of 2 x 3 pixels
    assert picture[::2, ::3].tolist() == [[0, 64, 128], [191, 255, 0]]


def test_tiles_keep_colours_and_take_a_number_of_columns() -> None:
    images = np.zeros((2, 3, 1, 1), np.float32)
    images[0, 0], images[1, 2] = 1.0, 2.0
    assert _output.tiles(images, 1).tolist() == [[[255, 0, 0]], [[0, 0, 255]]]


def test_a_file_is_whole_or_not_there(tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    path.write_bytes(b"before")

    def fails(_file: object) -> None:
        raise RuntimeError("half way")

    with pytest.raises(RuntimeError, match="half way"):
        _output.write_whole(path, fails)
    assert path.read_bytes() == b"before"
    assert [p.name for p in tmp_path.iterdir()] == ["a.png"]


def test_a_folder_where_a_file_should_be_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="is a folder"):
        _output.write_whole(tmp_path, lambda _file: None)


def test_json_has_null_for_what_is_no_number(capsys: pytest.CaptureFixture[str]) -> None:
    _output.print_json({"a": float("nan"), "b": np.float32(1.5), "c": (1, np.int64(2)), "d": None})
    assert json.loads(capsys.readouterr().out) == {"a": None, "b": 1.5, "c": [1, 2], "d": None}


def test_points_are_drawn_upright() -> None:
    picture = _output.dots(np.array([[0.0, 1.0]], np.float32), side=11)
    row, column = np.argwhere(picture < 255)[0]
    assert row < 5 and column == 5


# Bench and tour -----------------------------------------------------------------------------------


def test_bench_measures_all_but_the_long_unless_told() -> None:
    assert bench.choose([]) == [name for name in bench.NAMES if name != "memory"]
    assert bench.choose(["memory", "sheet"]) == ["sheet", "memory"]


def test_sizes_of_the_tour_are_bounded() -> None:
    assert tour.parse_size("1440x880") == (1440, 880)
    for wrong in ("1440", "1440x88000", "x", "-5x5", "1e3x1e3"):
        with pytest.raises(BadInput, match="1440x880"):
            tour.parse_size(wrong)


def test_a_caption_becomes_whole_words() -> None:
    assert tour.slug("Every cell is the decoded image of z, in its middle!") == (
        "every-cell-is-the-decoded-image-of-z-in-its"
    )
    assert tour.slug("...") == "panel"


def test_a_gif_has_one_palette_and_no_short_frame(tmp_path: Path) -> None:
    frames = [np.full((20, 30, 3), 40 * i, np.uint8) for i in range(4)]
    tour.write_gif(tmp_path / "a.gif", frames, [5, 96, 100, 100])
    with Image.open(tmp_path / "a.gif") as film:
        assert film.n_frames == 4
        durations = []
        for i in range(4):
            film.seek(i)
            durations.append(film.info["duration"])
    assert durations == [20, 100, 100, 100]


def test_help_names_every_measurement_and_says_what_encodings_are(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "200")
    assert cli.run(["bench", "--help"]) == 0
    assert "|".join(bench.NAMES) in capsys.readouterr().out
    assert cli.run(["sample", "--help"]) == 0
    said = " ".join(capsys.readouterr().out.replace("│", " ").split())
    assert "encodings are those of test images" in said
