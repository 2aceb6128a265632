"""What leaves Denoise: files read back with other readers, whole or not there."""

from __future__ import annotations

import errno
import io
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from denoise_forward_help import open_panel, settle, write_ddpm
from PIL import Image
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QFileDialog, QMessageBox, QProgressDialog, QPushButton
from pytestqt.qtbot import QtBot

from genstudio.abilities import BadInput
from genstudio.engine import files
from genstudio.engine.faults import CannotSave
from genstudio.engine.messages import Failure
from genstudio.ui.panels import _denoise_export_files as export
from genstudio.ui.panels._denoise_export import Exporter
from genstudio.ui.panels._denoise_export_files import Film, Writer, gif, mp4, png, save
from genstudio.ui.panels._denoise_recipe import Recipe, RunState
from genstudio.ui.panels.denoise import Denoise
from genstudio.ui.session import Session
from genstudio.ui.widgets.image_grid import mosaic

ABOUT = "run 1 of ddpm-mnist, seed 7; one in 4 of 1000 steps was kept"


def stack(channels: int = 1) -> np.ndarray:
    """3 steps of 2 images, all levels apart."""
    rng = np.random.default_rng(1)
    levels = rng.integers(0, 256, (3, 2, channels, 5, 4))
    return (levels / 255).astype(np.float32)


def written(write: Writer) -> bytes:
    buffer = io.BytesIO()
    shares = list(write(buffer))
    assert shares == sorted(shares)
    assert shares[-1] == 1.0
    return buffer.getvalue()


def film(count: int = 4, colour: bool = False) -> Film:
    def picture(k: int) -> np.ndarray:
        level = np.full((28, 28, 3) if colour else (28, 28), 40 * k, np.uint8)
        level[:14] = 255 if not colour else (255, 0, 40 * k)
        return level

    return Film(count, picture, ABOUT)


# PNG ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("channels", [1, 3])
def test_the_sheet_has_a_row_for_each_image_and_a_column_for_each_step(channels: int) -> None:
    images = stack(channels)
    data = written(png(2, lambda i: mosaic(images[:, i], 3), ABOUT))
    with Image.open(io.BytesIO(data)) as picture:
        assert picture.mode == ("L" if channels == 1 else "RGB")
        assert picture.size == (3 * 4, 2 * 5)
        assert picture.text["Description"] == ABOUT  # type: ignore[attr-defined]
        pixels = np.asarray(picture).reshape(2, 5, 3, 4, channels)
    want = np.rint(images * 255).transpose(1, 3, 0, 4, 2)  # (N, H, S, W, C)
    np.testing.assert_array_equal(pixels, want)


# Films -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("colour", [False, True])
def test_a_gif_shows_every_step_and_lets_the_last_stand(colour: bool) -> None:
    data = written(gif(film(4, colour)))
    with Image.open(io.BytesIO(data)) as picture:
        assert picture.n_frames == 4  # type: ignore[attr-defined]
        assert picture.info["loop"] == 0
        assert picture.info["comment"] == ABOUT.encode()
        assert picture.size == (336, 336)
        times = []
        for k in range(4):
            picture.seek(k)
            times.append(picture.info["duration"])
            shown = np.asarray(picture.convert("RGB"))
            want = (255, 0, 40 * k) if colour else (255, 255, 255)
            assert tuple(shown[100, 100]) == want
            assert tuple(shown[300, 300]) == (40 * k,) * 3
    assert times == [80, 80, 80, export.END_MS]


def test_a_long_film_is_faster_and_no_faster_than_a_gif_shows() -> None:
    assert film(1000).frame_ms == 20
    assert film(400).frame_ms == 50
    assert film(10).frame_ms == 80


def test_an_mp4_plays_every_step() -> None:
    pytest.importorskip("av")
    iio = pytest.importorskip("imageio.v3")
    data = written(mp4(film(4)))
    frames = iio.imread(data, plugin="pyav", extension=".mp4")
    assert frames.shape == (4 - 1 + 15, 336, 336, 3)  # the last stands 1.2 s
    for k in range(4):
        np.testing.assert_allclose(frames[k][250, 100].astype(int), 40 * k, atol=4)
    facts = iio.immeta(data, plugin="pyav", extension=".mp4")
    assert facts["comment"] == ABOUT
    assert facts["fps"] == pytest.approx(12.5)


def test_without_the_packages_the_sentence_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(export, "find_spec", lambda name: None)
    with pytest.raises(BadInput, match=r"imageio and av.*pip install 'genstudio\[video\]'"):
        mp4(film())


def test_odd_sides_are_made_even_for_the_codec() -> None:
    even = export._even(np.full((337, 335), 9, np.uint8))
    assert even.shape == (338, 336, 3)
    assert (even == 9).all()


# Whole or not at all -----------------------------------------------------------------------------


def pieces(*parts: bytes) -> Writer:
    def write(file: io.BytesIO):  # type: ignore[no-untyped-def]
        for k, part in enumerate(parts):
            file.write(part)
            yield (k + 1) / len(parts)

    return write  # type: ignore[return-value]


def test_a_file_is_there_at_the_end_and_not_before(tmp_path: Path) -> None:
    path = tmp_path / "a.bin"
    path.write_bytes(b"old")
    work = save(None, path, pieces(b"ab", b"cd"))
    shares = []
    for step in work:
        shares.append(step.share)
        assert path.read_bytes() == b"old"
    assert shares == [0.0, 0.5, 1.0]
    assert path.read_bytes() == b"abcd"
    assert [p.name for p in tmp_path.iterdir()] == ["a.bin"]


@pytest.mark.parametrize("stop", [1, 2])
def test_given_up_nothing_is_left(tmp_path: Path, stop: int) -> None:
    path = tmp_path / "a.bin"
    work = save(None, path, pieces(b"ab", b"cd", b"ef"))
    for _ in range(stop + 1):
        next(work)
    work.close()
    assert list(tmp_path.iterdir()) == []


def failing(code: int) -> Callable[[Path], io.RawIOBase]:
    class Full(io.FileIO):
        def write(self, data: object) -> int:  # type: ignore[override]
            raise OSError(code, "No space left on device")

    return lambda path: Full(path, "xb")


def test_on_a_full_disk_the_old_file_stays(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a.bin"
    path.write_bytes(b"old")
    monkeypatch.setattr(files, "open_new", failing(errno.ENOSPC))
    with pytest.raises(CannotSave, match="No space left"):
        list(save(None, path, pieces(b"x" * (3 << 20))))
    assert path.read_bytes() == b"old"
    assert [p.name for p in tmp_path.iterdir()] == ["a.bin"]


def test_a_missing_folder_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(CannotSave, match=r"nowhere"):
        list(save(None, tmp_path / "nowhere" / "a.bin", pieces(b"x")))


# The panel's menu --------------------------------------------------------------------------------


@pytest.fixture
def panel(qtbot: QtBot, session: Session, tmp_path: Path) -> Denoise:
    """With one run of a tiny model, done."""
    one = open_panel(qtbot, session, write_ddpm(tmp_path / "ddpm"))
    one.runs.begin(Recipe(n=3, seed=5, sampler="ddpm", steps=6))
    settle(qtbot, one, lambda: one.runs.current().state is RunState.DONE)
    return one


@pytest.fixture
def exporter(panel: Denoise) -> Exporter:
    return panel.findChild(Exporter)


ExportAs = Callable[[Denoise, str, str], Path]


@pytest.fixture
def export_as(qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ExportAs:
    """Choose the entry of a panel's menu, type a name, wait for the file."""

    def export(panel: Denoise, kind: str, name: str) -> Path:
        path, exporter = tmp_path / name, panel.findChild(Exporter)
        monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *args, **kw: (str(path), ""))
        exporter.actions[kind].trigger()
        qtbot.waitUntil(lambda: not exporter.busy(), timeout=20_000)
        return path

    return export


def test_the_record_is_the_designs_and_holds_every_step(
    panel: Denoise, export_as: ExportAs
) -> None:
    path = export_as(panel, "npz", "run.npz")
    tape = panel.runs.current().tape
    with np.load(path) as record:
        assert set(record) == {"t", "alpha_bar", "x_t", "x0_hat", "noise_hat", "x"}
        t, a = record["t"], record["alpha_bar"]
        assert t.shape == a.shape == (6,)
        assert (np.diff(t) < 0).all()
        assert record["x_t"].shape == (6, 3, 1, 28, 28)
        assert record["x_t"].dtype == np.float32
        np.testing.assert_array_equal(record["x_t"], tape.stack("x_t"))
        wide = a.reshape(-1, 1, 1, 1, 1)
        whole = np.sqrt(wide) * record["x0_hat"] + np.sqrt(1 - wide) * record["noise_hat"]
        np.testing.assert_allclose(whole, record["x_t"], atol=2e-5)
        np.testing.assert_allclose(record["x"], ((tape.stack("x0_hat")[-1] + 1) / 2).clip(0, 1))
    assert "Saved run.npz." in panel.bar.status.text()


def test_a_fork_leaves_with_the_steps_it_was_forked_from(
    qtbot: QtBot, panel: Denoise, export_as: ExportAs
) -> None:
    mother = panel.runs.current()
    fork = panel.runs.run(panel.runs.fork(mother.id, 4, seed=9))
    settle(qtbot, panel, lambda: fork.state is RunState.DONE)
    path = export_as(panel, "npz", "fork.npz")
    with np.load(path) as record:
        np.testing.assert_array_equal(record["t"], mother.tape.scalars("t"))
        np.testing.assert_array_equal(record["x_t"][:4], mother.tape.stack("x_t")[:4])
        np.testing.assert_array_equal(record["x_t"][4:], fork.tape.stack("x_t"))


def test_the_sheet_is_the_clean_guess_of_every_image_and_step(
    panel: Denoise, export_as: ExportAs
) -> None:
    path = export_as(panel, "png", "run.png")
    x0_hat = panel.runs.current().tape.stack("x0_hat")  # (S, N, 1, 28, 28)
    with Image.open(path) as picture:
        assert picture.size == (6 * 28, 3 * 28)
        pixels = np.asarray(picture).reshape(3, 28, 6, 28)
        about = picture.text["Description"]  # type: ignore[attr-defined]
    want = np.rint((x0_hat[:, :, 0] + 1) * 127.5).transpose(1, 2, 0, 3)
    np.testing.assert_allclose(pixels, want, atol=1)
    assert "seed 5, ddpm, 6 steps (ddpm)" in about


def test_the_film_shows_the_chosen_kind_of_the_batch_or_of_one_image(
    panel: Denoise, export_as: ExportAs
) -> None:
    panel.set_kind("x_t")
    panel.watch.picture.set_alone(False)
    path = export_as(panel, "gif", "all")
    path = path.with_suffix(".gif")  # the ending that was left out
    x_t = panel.runs.current().tape.stack("x_t")
    with Image.open(path) as film:
        assert film.n_frames == 6  # type: ignore[attr-defined]
        assert film.size[0] % 56 == 0  # two columns of 28
        factor = film.size[0] // 56
        film.seek(2)
        shown = np.asarray(film.convert("L"))[factor // 2 :: factor, factor // 2 :: factor]
        assert b"x at t" in film.info["comment"]
    want = np.clip(x_t[2, 0, 0] * 127.5 + 128, 0, 255).astype(np.uint8)
    np.testing.assert_array_equal(shown[:28, :28], want)
    panel.set_kind("change")
    panel.choose_image(1)
    panel.watch.picture.set_alone(True)
    path = export_as(panel, "gif", "one.gif")
    with Image.open(path) as film:
        assert film.n_frames == 5  # type: ignore[attr-defined]
        assert film.size == (336, 336)
        assert b"changes since the step before of image 2" in film.info["comment"]


def test_a_thinned_record_says_so_in_what_leaves(
    qtbot: QtBot, panel: Denoise, export_as: ExportAs
) -> None:
    frame_bytes = 3 * 784 * 3 * 4
    held = sum(tape.plan.kept_bytes for tape in panel.runs._tapes)
    panel.runs.budget_bytes = held + 2 * 6 * frame_bytes
    panel.runs.begin(Recipe(n=3, seed=5, sampler="ddpm", steps=20))
    settle(qtbot, panel, lambda: panel.runs.current().state is RunState.DONE)
    run = panel.runs.current()
    assert run.thinned
    path = export_as(panel, "png", "thin.png")
    every, kept = run.tape.plan.every, len(run.tape)
    words = f"one in {every} of 20 steps was kept: {kept} are here"
    with Image.open(path) as picture:
        assert picture.size[0] == kept * 28
        assert words in picture.text["Description"]  # type: ignore[attr-defined]
    assert words in panel.bar.status.text()


def test_mp4_without_its_packages_asks_for_no_name(
    qtbot: QtBot, panel: Denoise, exporter: Exporter, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(export, "find_spec", lambda name: None)
    said: list[Failure] = []
    panel.session.failed.connect(said.append)
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *args, **kw: pytest.fail("asked"))
    exporter.actions["mp4"].trigger()
    assert "pip install 'genstudio[video]'" in said[0].sentence()
    assert not exporter.busy()


def test_mp4_of_the_run(panel: Denoise, export_as: ExportAs) -> None:
    pytest.importorskip("av")
    iio = pytest.importorskip("imageio.v3")
    path = export_as(panel, "mp4", "run.mp4")
    assert len(iio.imread(path, plugin="pyav")) == 6 - 1 + 15


@pytest.mark.parametrize("answer", ["Yes", "No"])
def test_a_file_that_only_its_ending_names_is_replaced_when_asked(
    panel: Denoise,
    export_as: ExportAs,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    answer: str,
) -> None:
    asked, old = [], tmp_path / "film.gif"
    old.write_bytes(b"old")

    def ask(_window: object, _title: str, words: str, *_: object) -> QMessageBox.StandardButton:
        asked.append(words)
        return QMessageBox.StandardButton[answer]

    monkeypatch.setattr(QMessageBox, "question", ask)
    export_as(panel, "gif", "film")
    assert asked == ["film.gif is there already. Replace it?"]
    assert (old.read_bytes() == b"old") is (answer == "No")


def test_the_panels_picture_is_said_to_be_saved(panel: Denoise, export_as: ExportAs) -> None:
    path = export_as(panel, "panel", "panel.png")
    with Image.open(path) as picture:
        assert picture.size[0] >= 100
    assert panel.bar.status.text() == "Saved panel.png."


def test_a_failed_export_is_one_sentence_and_leaves_nothing(
    panel: Denoise,
    exporter: Exporter,
    export_as: ExportAs,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    said: list[Failure] = []
    panel.session.failed.connect(said.append)
    monkeypatch.setattr(files, "open_new", failing(errno.ENOSPC))
    export_as(panel, "npz", "run.npz")
    assert len(said) == 1
    assert "run.npz" in said[0].sentence()
    assert not (tmp_path / "run.npz").exists()
    assert not exporter.busy()


def test_a_cancelled_export_leaves_nothing(
    qtbot: QtBot, panel: Denoise, exporter: Exporter, tmp_path: Path
) -> None:
    folder = tmp_path / "out"
    folder.mkdir()

    def endless(file: io.BufferedWriter) -> Iterator[float]:
        share = 0.0
        while True:
            file.write(b"x" * 4096)
            share += (1 - share) / 1000
            yield share

    exporter.save(endless, folder / "run.bin")
    qtbot.waitUntil(lambda: any(folder.iterdir()), timeout=20_000)
    dialog = panel.window().findChild(QProgressDialog)
    assert dialog is not None
    QTest.mouseClick(dialog.findChild(QPushButton), Qt.MouseButton.LeftButton)
    assert not exporter.busy()
    settle(qtbot, panel, lambda: not any(folder.iterdir()))


def test_nothing_to_export_is_one_sentence(
    qtbot: QtBot, session: Session, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    session.show("A", write_ddpm(tmp_path / "ddpm"))
    panel = Denoise(session)  # never in front: no run begins
    qtbot.addWidget(panel)
    qtbot.addWidget(panel.inspector())
    settle(qtbot, panel, lambda: panel.process is not None)
    found = panel.findChild(Exporter)
    said: list[Failure] = []
    session.failed.connect(said.append)
    found.actions["gif"].trigger()
    assert "Start one first" in said[0].sentence()


def test_points_leave_as_dots(tmp_path: Path) -> None:
    from genstudio.ui.panels._denoise_export_reel import dots

    picture = dots(np.array([[0.0, 0.0], [1.0, 0.9], [9.0, 0.0]], np.float32), reach=1.25, side=101)
    assert picture.shape == (101, 101)
    assert picture[50, 50] < 255
    assert picture[14, 90] < 255  # right of the middle, above it
    assert (picture < 255).sum() == 18  # the third lies outside


def test_a_run_that_was_stopped_leaves_with_the_steps_it_has(
    qtbot: QtBot, panel: Denoise, export_as: ExportAs
) -> None:
    def stop(number: int) -> None:
        if len(panel.runs.run(number).tape) == 2:
            panel.runs.cancel(number)

    panel.runs.grew.connect(stop)
    run = panel.runs.run(panel.runs.begin(Recipe(n=2, seed=1, sampler="ddpm", steps=40)))
    settle(qtbot, panel, lambda: run.state is RunState.PAUSED)
    path = export_as(panel, "png", "part.png")
    with Image.open(path) as picture:
        assert picture.size == (2 * 28, 2 * 28)
        about = picture.text["Description"]  # type: ignore[attr-defined]
    assert "the run has come to step 2 of 40" in about
    assert "the run has come to step 2 of 40" in panel.bar.status.text()


def test_a_run_of_points_leaves_as_a_film_of_dots(
    qtbot: QtBot, session: Session, tmp_path: Path, export_as: ExportAs
) -> None:
    panel = open_panel(qtbot, session, write_ddpm(tmp_path / "points", shape=(2,)))
    panel.runs.begin(Recipe(n=50, seed=5, steps=5))
    settle(qtbot, panel, lambda: panel.runs.current().state is RunState.DONE)
    exporter = panel.findChild(Exporter)
    path = export_as(panel, "gif", "points.gif")
    with Image.open(path) as film:
        assert film.n_frames == 5  # type: ignore[attr-defined]
        assert (np.asarray(film.convert("L")) < 255).sum() > 50
    panel.bar.export.aboutToShow.emit()
    assert not exporter.actions["png"].isEnabled()
    path = export_as(panel, "npz", "points.npz")
    with np.load(path) as record:
        assert record["x_t"].shape == (5, 50, 2)
        tape = panel.runs.current().tape
        np.testing.assert_allclose(
            record["x"], tape.stack("x0_hat")[-1] * panel.process.scale, rtol=1e-6
        )
