"""genstudio denoise: pictures and record of one walk, and what is refused with code 2."""

from __future__ import annotations

import zipfile
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

import genstudio
from genstudio import cli
from genstudio.commands import _denoise
from genstudio.commands._output import dots
from genstudio.engine import records, weights_file
from genstudio.latent import denoise as queries
from genstudio.models.ddpm import DDPM

SHAPE = (1, 6, 8)


def saved(folder: Path, shape: tuple[int, ...], name: str, **config: object) -> str:
    """A fresh small model as a weights file."""
    small = {"channels": 4, "width": 16, "depth": 2, "n_steps": 40, **config}
    model = genstudio.create("ddpm", shape, seed=3, **small)
    with torch.no_grad():
        for p in model.parameters():
            p.add_(0.05 * torch.randn(p.shape, generator=torch.Generator().manual_seed(1)))
    path = folder / f"{name}.safetensors"
    header = weights_file.header_of(model)
    path.write_bytes(weights_file.to_bytes(model.state_dict(), header))
    return str(path)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("models")


@pytest.fixture(scope="module")
def digits(folder: Path) -> str:
    return saved(folder, SHAPE, "digits", n_classes=3)


@pytest.fixture(scope="module")
def free(folder: Path) -> str:
    return saved(folder, SHAPE, "free", n_steps=10)


@pytest.fixture(scope="module")
def points(folder: Path) -> str:
    return saved(folder, (2,), "points")


def run(source: str, *words: str) -> dict[str, np.ndarray]:
    """The record of a call in the working folder."""
    assert cli.run(["denoise", source, *words, "--record", "r.npz"]) == 0
    with np.load("r.npz") as file:
        return dict(file)


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize(
    ("words", "options"),
    [
        ([], {}),
        (["--sampler", "ddpm", "--steps", "40"], {"sampler": "ddpm", "steps": 40}),
        (["--sampler", "ddpm-large", "--steps", "8"], {"sampler": "ddpm-large", "steps": 8}),
        (
            ["--sampler", "ddim", "--steps", "7", "--eta", "0.5", "--label", "2"],
            {"sampler": "ddim", "steps": 7, "eta": 0.5, "label": 2},
        ),
        (
            ["--sampler", "dpmpp", "--label", "1", "--guidance", "3"],
            {"sampler": "dpmpp", "label": 1, "guidance": 3.0},
        ),
    ],
)
def test_a_record_holds_the_walk_and_the_picture_shows_it(
    digits: str, here: Path, words: list[str], options: dict[str, object]
) -> None:
    record = run(digits, "-n", "5", "--seed", "4", "--out", "x.png", *words)
    steps = int(options.get("steps", 20))  # type: ignore[call-overload]
    model = genstudio.load(digits)
    assert record["t"].tolist() == model.schedule.times(steps)
    np.testing.assert_allclose(
        record["alpha_bar"], [model.schedule.alpha_bar[t] for t in record["t"]], rtol=1e-12
    )
    for name in ("x_t", "x0_hat", "noise_hat"):
        assert record[name].shape == (steps, 5, *SHAPE)
        assert record[name].dtype == np.float32
    a = record["alpha_bar"].reshape(-1, 1, 1, 1, 1)
    again = np.sqrt(a) * record["x0_hat"] + np.sqrt(1 - a) * record["noise_hat"]
    np.testing.assert_allclose(again, record["x_t"], rtol=0, atol=5e-6)
    x = model.sample(5, torch.Generator().manual_seed(4), **options)
    assert record["x"].dtype == np.float32
    np.testing.assert_array_equal(record["x"], x)
    frames = list(queries.walk(model, n=5, seed=4, **{"steps": steps, **options}))
    np.testing.assert_array_equal(record["x_t"], [frame.arrays["x_t"] for frame in frames])
    picture = np.asarray(Image.open("x.png"))
    assert picture.shape == (5 * 6, steps * 8)
    cells = picture.reshape(5, 6, steps, 8).transpose(2, 0, 1, 3)
    np.testing.assert_array_equal(cells, np.rint((record["x0_hat"][:, :, 0] + 1) / 2 * 255))


def test_the_same_seed_writes_the_same_bytes_and_another_does_not(digits: str, here: Path) -> None:
    files = []
    for seed in ("7", "7", "8"):
        run(digits, "-n", "3", "--sampler", "ddpm", "--seed", seed, "--out", "x.png")
        files.append(((here / "r.npz").read_bytes(), (here / "x.png").read_bytes()))
    assert files[0] == files[1]
    assert files[0][0] != files[2][0] and files[0][1] != files[2][1]


def test_a_film_has_every_step_as_a_square_and_rests_on_the_last(digits: str, here: Path) -> None:
    record = run(digits, "-n", "5", "--steps", "6", "--out", "x.gif")
    with Image.open("x.gif") as film:
        assert film.n_frames == 6 and film.size == (3 * 8, 2 * 6) and film.info["loop"] == 0
        lengths = []
        for k in range(6):
            film.seek(k)
            lengths.append(film.info["duration"])
            shown = np.asarray(film.convert("L"))
            first = np.rint((record["x0_hat"][k, 0, 0] + 1) / 2 * 255)
            np.testing.assert_array_equal(shown[:6, :8], first)
    assert len(set(lengths[:-1])) == 1 and lengths[-1] > 10 * lengths[0]


def test_points_are_drawn_as_dots_in_one_row_and_kept_in_a_record(points: str, here: Path) -> None:
    record = run(points, "-n", "50", "--steps", "5", "--out", "x.png")
    assert record["x0_hat"].shape == (5, 50, 2)
    x = genstudio.load(points).sample(50, torch.Generator().manual_seed(0), steps=5)
    np.testing.assert_array_equal(record["x"], x)
    picture = np.asarray(Image.open("x.png"))
    side = _denoise.DOTS_PX
    assert picture.shape == (side, 5 * side)
    np.testing.assert_array_equal(picture[:, -side:], dots(record["x"], side))
    assert cli.run(["denoise", points, "-n", "50", "--steps", "5", "--out", "x.gif"]) == 0
    with Image.open("x.gif") as film:
        assert film.n_frames == 5


def test_a_short_schedule_is_walked_whole_unless_steps_are_given(free: str, here: Path) -> None:
    record = run(free, "-n", "1", "--out", "x.png")
    assert record["t"].tolist() == list(range(10, 0, -1))
    assert cli.run(["sample", free, "-n", "1", "--out", "y.png", "--npz", "y.npz"]) == 0
    np.testing.assert_array_equal(np.load("y.npz")["x"], record["x"])


@pytest.mark.parametrize(
    ("words", "named"),
    [
        (["--steps", "41"], "40 steps"),
        (["--steps", "0"], "'--steps': Input should be greater than or equal to 1, got 0."),
        (["--label", "3"], "label 3"),
        (["--eta", "0.5"], "--eta"),
        (["--eta", "0", "--sampler", "ddpm"], "--eta"),
        (["--eta", "2", "--sampler", "ddim"], "--eta"),
        (["--eta", "nan", "--sampler", "ddim"], "eta"),
        (["--sampler", "euler"], "euler"),
        (["-n", "0"], "-n"),
        (["-n", "20000"], "10000"),
        (["-n", "90000", "--steps", "1"], "1 to 10000 images at once, got 90000"),
        (["--seed", "4294967296"], "4294967295"),
        (["--record", "r.zip"], ".npz"),
        (["--record", "missing/r.npz"], "missing"),
        (["--out", "x.jpg"], ".png or .gif"),
        (["--out", "missing/x.png"], "missing"),
    ],
)
def test_bad_input_is_one_sentence_and_nothing_is_written(
    words: list[str],
    named: str,
    digits: str,
    here: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert cli.run(["denoise", digits, "--out", "x.png", "--record", "r.npz", *words]) == 2
    told = capsys.readouterr()
    assert told.out == ""
    assert named in told.err
    assert len(told.err.splitlines()) == 1
    assert list(here.iterdir()) == []


@pytest.mark.parametrize("words", [["--guidance", "2"], ["--label", "0"]])
def test_a_model_without_classes_takes_neither_class_nor_guidance(
    words: list[str], free: str, here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.run(["denoise", free, "--out", "x.png", *words]) == 2
    assert "trained without class" in capsys.readouterr().err
    assert list(here.iterdir()) == []


def test_a_model_that_does_not_denoise_is_refused(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.run(["denoise", "vae-mnist-2d", "--out", "x.png"]) == 2
    assert "diffusion model" in capsys.readouterr().err


@pytest.mark.parametrize(
    "words",
    [
        ["denoise", "--out", "LONG.gif"],
        ["denoise", "--out", "x.png", "--record", "LONG.npz"],
        ["sample", "--out", "LONG.png"],
        ["sample", "--out", "x.png", "--npz", "LONG.npz"],
        ["interpolate", "--data", "mnist", "--from", "0", "--to", "1", "--out", "LONG.png"],
        ["reconstruct", "--data", "mnist", "--out", "x.png", "--npz", "LONG.npz"],
    ],
)
def test_a_place_that_cannot_be_written_is_said_before_the_model_is_read(
    words: list[str], here: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture
) -> None:
    monkeypatch.setattr(genstudio, "load", lambda *_args: pytest.fail("read"))
    command, *options = (word.replace("LONG", 250 * "a") for word in words)
    assert cli.run([command, "any", *options]) == 2
    told = capsys.readouterr()
    assert told.out == ""
    assert len(told.err.splitlines()) == 1
    assert "cannot be written: File name too long. Choose another place." in told.err
    assert list(here.iterdir()) == []


def test_the_judge_is_no_generative_model(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for command in ("denoise", "sample"):
        assert cli.run([command, "judge-mnist", "--out", "x.png"]) == 2
        told = capsys.readouterr().err
        assert "is no generative model" in told
        assert len(told.splitlines()) == 1


def test_guidance_takes_the_classes_that_images_have_by_lot(digits: str, here: Path) -> None:
    words = ["-n", "4", "--out", "x.png", "--guidance", "4"]
    free = run(digits, *words)["x"]
    labels = queries.classes_of(genstudio.load(digits), 4, 0)
    assert isinstance(labels, tuple)
    for k, label in enumerate(labels):
        told = run(digits, *words, "--label", str(label))["x"]
        np.testing.assert_allclose(told[k], free[k], atol=1e-5)


def test_what_stood_at_the_place_stays_where_the_walk_is_refused(digits: str, here: Path) -> None:
    (here / "x.png").write_bytes(b"before")
    assert cli.run(["denoise", digits, "--out", "x.png", "--steps", "41"]) == 2
    assert (here / "x.png").read_bytes() == b"before"
    assert [path.name for path in here.iterdir()] == ["x.png"]


def test_a_record_without_room_is_refused_before_the_first_step(
    digits: str, here: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(records, "free_bytes", lambda: 1_000_000)
    monkeypatch.setattr(queries, "walk", lambda *_args, **_how: pytest.fail("walked"))
    words = ["denoise", digits, "-n", "500", "--out", "x.png", "--record", "r.npz"]
    assert cli.run(words) == 2
    told = capsys.readouterr().err
    assert "20 steps of 500 images takes 5.86 MB" in told
    assert "at most 68 images or 2 steps" in told
    assert list(here.iterdir()) == []


def test_a_picture_that_is_too_large_is_refused_before_the_first_step(
    digits: str,
    points: str,
    here: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(queries, "walk", lambda *_args, **_how: pytest.fail("walked"))
    monkeypatch.setattr(_denoise, "MAX_PIXELS", 48 * 100)
    assert cli.run(["denoise", digits, "-n", "10", "--steps", "20", "--out", "x.png"]) == 2
    assert "at most 5 images or 10 steps" in capsys.readouterr().err
    monkeypatch.setattr(_denoise, "MAX_PIXELS", 3 * _denoise.FILM_DOTS_PX**2)
    assert cli.run(["denoise", points, "-n", "10", "--steps", "20", "--out", "x.gif"]) == 2
    assert "at most 3 steps" in capsys.readouterr().err
    assert list(here.iterdir()) == []


def test_interrupted_it_leaves_nothing_and_130(
    digits: str, here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = queries.walk

    def stopped(*args: object, **how: object) -> object:
        walk = whole(*args, **how)  # type: ignore[arg-type]
        yield next(walk)
        yield next(walk)
        raise KeyboardInterrupt

    monkeypatch.setattr(queries, "walk", stopped)
    words = ["denoise", digits, "--out", "x.png", "--record", "r.npz"]
    assert cli.run(words) == 130
    assert list(here.iterdir()) == []


def test_interrupted_while_it_writes_it_leaves_nothing_half_written(
    digits: str, here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = zipfile.ZipFile.open

    def stopped(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, *args: object, **how: object):
        if entry.filename == "noise_hat.npy":
            raise KeyboardInterrupt
        return whole(archive, entry, *args, **how)  # type: ignore[arg-type]

    monkeypatch.setattr(zipfile.ZipFile, "open", stopped)
    words = ["denoise", digits, "--out", "x.png", "--record", "r.npz"]
    assert cli.run(words) == 130
    assert list(here.iterdir()) == []


# The other commands ------------------------------------------------------------------------------


def test_sample_shows_its_steps_and_draws_what_the_model_samples(
    digits: str, here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.run(["sample", digits, "-n", "3", "--out", "x.png", "--npz", "x.npz"]) == 0
    assert "20/20" in capsys.readouterr().err
    x = genstudio.load(digits).sample(3, torch.Generator().manual_seed(0))
    np.testing.assert_array_equal(np.load("x.npz")["x"], x)


def test_the_prior_is_the_model_s_own_walk(digits: str, here: Path) -> None:
    """One name, one meaning: what Compare measures as `prior` is what is drawn here."""
    assert cli.run(["sample", digits, "-n", "3", "--out", "x.png", "--npz", "own.npz"]) == 0
    words = ["sample", digits, "-n", "3", "--sampler", "prior", "--out", "x.png"]
    assert cli.run([*words, "--npz", "prior.npz"]) == 0
    np.testing.assert_array_equal(np.load("prior.npz")["x"], np.load("own.npz")["x"])


def test_more_samples_than_fit_into_memory_are_refused_before_the_first_step(
    digits: str, here: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(DDPM, "generate", lambda *_args: pytest.fail("began"))
    monkeypatch.setattr("genstudio.engine.room.free_bytes", lambda: 1_000_000)
    assert cli.run(["sample", digits, "-n", "400", "--out", "x.png"]) == 2
    told = capsys.readouterr().err
    fit = int(told.rstrip(".\n").rsplit(" ", 1)[1])
    assert "-n 400" in told and 100 < fit < 1_000_000 // (4 * 10 * 48)  # 10 copies are held
    monkeypatch.setattr("genstudio.engine.room.free_bytes", lambda: 1 << 50)
    assert cli.run(["sample", digits, "-n", "9999999", "--out", "x.png"]) == 2
    assert "Choose at most 5592405" in capsys.readouterr().err
    monkeypatch.undo()
    monkeypatch.chdir(here)
    monkeypatch.setattr("genstudio.engine.room.free_bytes", lambda: 1_000_000)
    assert cli.run(["sample", digits, "-n", str(fit), "--out", "x.png"]) == 0


def test_codes_of_images_that_are_noise_take_no_fitted_density(
    digits: str, points: str, here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.run(["sample", digits, "-n", "3", "--sampler", "prior", "--out", "x.png"]) == 0
    capsys.readouterr()
    for sampler in ("gaussian", "mixture", "kde"):
        words = ["sample", digits, "-n", "3", "--sampler", sampler, "--out", "y.png"]
        assert cli.run(words) == 2
        assert "N(0, I)" in capsys.readouterr().err
    assert not (here / "y.png").exists()


def test_a_geodesic_through_noise_is_refused_before_an_image_is_inverted(
    folder: Path, here: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    source = saved(folder, (1, 28, 28), "mnist", latent_steps=2, n_steps=10)
    monkeypatch.setattr(DDPM, "encode", lambda *_args: pytest.fail("inverted"))
    words = ["interpolate", source, "--data", "mnist", "--from", "0", "--to", "1"]
    assert cli.run([*words, "--path", "geodesic", "--out", "x.png"]) == 2
    told = capsys.readouterr()
    assert told.out == ""
    assert len(told.err.splitlines()) == 1  # no bar begins
    assert "Choose the spherical path (slerp)" in told.err
    assert list(here.iterdir()) == []


def test_only_as_many_images_are_inverted_as_are_drawn(
    folder: Path, here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = saved(folder, (1, 28, 28), "mnist", latent_steps=2, n_steps=10)
    inverted: list[int] = []
    whole = DDPM.encode
    monkeypatch.setattr(DDPM, "encode", lambda m, x: inverted.append(len(x)) or whole(m, x))
    described = genstudio.engine.library.describe(source).model_copy(update={"data": "mnist"})
    monkeypatch.setattr(genstudio.engine.library, "describe", lambda _source: described)
    words = ["sample", source, "-n", "5", "--sampler", "encodings", "--out", "x.png"]
    assert cli.run(words) == 0
    assert sum(inverted) == 5


def test_points_are_reconstructed_side_by_side(points: str, here: Path) -> None:
    words = ["reconstruct", points, "--data", "toy2d", "-n", "40", "--out", "x.png"]
    assert cli.run([*words, "--npz", "x.npz"]) == 0
    assert np.load("x.npz")["x"].shape == (40, 2)
    assert np.asarray(Image.open("x.png")).shape == (512, 1024)
