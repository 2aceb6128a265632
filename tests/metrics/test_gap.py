"""The hole share is the hole's area; the report is whole, reproducible, and made of its parts."""

from __future__ import annotations

import math
from collections.abc import Generator
from typing import Any

import pytest
import torch

from genstudio.abilities import BadInput
from genstudio.data import Dataset, Split
from genstudio.metrics import _memo, bank, fidelity, gap, judge
from genstudio.models import Config, Model, Step, family


def finish(work: Generator[Any, None, dict[str, Any]]) -> dict[str, Any]:
    """The result; progress on the way grows to its total."""
    seen: list[tuple[int, int]] = []

    def run() -> Generator[Any, None, dict[str, Any]]:
        while True:
            try:
                progress = next(work)
            except StopIteration as end:
                return end.value  # type: ignore[no-any-return]
            seen.append((progress.done, progress.total))
            yield progress

    result = _memo.finish(run())
    assert [done for done, _ in seen] == sorted(done for done, _ in seen)
    assert seen[-1][0] == seen[-1][1]
    return result


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every fourth pixel stands in for the judge's features, and paths are few, for speed."""

    def pixels(images: torch.Tensor) -> torch.Tensor:
        grey = images.float() / 255 if images.dtype == torch.uint8 else images.float()
        return grey[:, 0, 2::4, 2::4].flatten(1)

    monkeypatch.setattr(judge, "features", pixels)
    monkeypatch.setattr(gap, "N_PAIRS", 40)


@pytest.mark.parametrize("share", [0.0, 0.15, 0.3, 0.45, 0.6])
def test_hole_share_is_the_holes_area(share: float, holed: Any, quick: None) -> None:
    radius = math.sqrt(-2 * math.log(1 - share))
    model, data = holed(radius, 4000, 4000)
    own = _memo.finish(bank.build(model, data))
    z = torch.randn(20_000, 2, generator=torch.Generator().manual_seed(5))
    with torch.no_grad():
        made = judge.features(model.decode(z))
    got = gap.hole_share(own.distance(made), own.threshold)
    assert got == pytest.approx(share, abs=0.02)


@pytest.mark.slow
def test_hole_share_by_the_judge(holed: Any) -> None:
    model, data = holed(math.sqrt(-2 * math.log(1 - 0.3)), 4000, 4000)
    figures = finish(gap.report(model, data, 0, 4000, ["prior"]))
    assert figures["hole_share"] == pytest.approx(0.3, abs=0.02)
    low, high = figures["intervals"]["hole_share"]
    assert low <= 0.3 <= high and high - low < 0.06


def test_nothing_beyond_chance_is_no_hole() -> None:
    held = torch.linspace(0, 1, 1001)
    assert gap.hole_share(held, 0.95) == pytest.approx(0.0, abs=1e-3)
    assert gap.hole_share(held * 0.5, 0.95) == 0.0
    assert gap.hole_share(held + 2, 0.95) == 1.0


def test_report_is_whole_and_agrees_with_its_parts(holed: Any, quick: None) -> None:
    model, data = holed(0.8, 300, 120)
    figures = finish(gap.report(model, data, seed=3, n=150))
    assert list(figures) == [*gap.KEYS, "note", "samplers"]
    assert list(figures["samplers"]) == ["prior", "gaussian", "mixture", "kde", "encodings"]
    assert all(list(row) == list(gap.KEYS) for row in figures["samplers"].values())
    assert all(row["sampler"] == name for name, row in figures["samplers"].items())
    assert {k: figures[k] for k in gap.KEYS} == figures["samplers"]["prior"]
    assert figures["bank"] == "reconstructions"
    assert "learnt MNIST digits" in figures["note"]
    shares = {name: row["hole_share"] for name, row in figures["samplers"].items()}
    assert shares["prior"] > 0.15 > shares["encodings"]
    row = figures["samplers"]["prior"]
    for figure, (low, high) in row["intervals"].items():
        assert low - 1e-9 <= row[figure] <= high + 1e-9, figure
    rng = gap._rng(3, "prior")
    with torch.no_grad():
        made = judge.features(model.decode(torch.randn(150, 2, generator=rng)))
    real = judge.features(data.test.images)
    floor = judge.features(data.train.images[torch.arange(120) * 300 // 120])
    assert row["frechet"] == pytest.approx(fidelity.frechet_distance(real, made[:120]), rel=1e-4)
    assert row["frechet_floor"] == pytest.approx(fidelity.frechet_distance(real, floor), rel=1e-4)
    own = _memo.finish(bank.build(model, data))
    want = ((own.distance(made) > own.threshold).double().mean() - 0.05) / 0.95
    assert row["hole_share"] == pytest.approx(float(want), abs=0.01)


def test_path_gap_is_the_share_of_frames_in_the_hole(holed: Any, quick: None) -> None:
    model, data = holed(0.8, 300, 120)
    figures = finish(gap.report(model, data, 0, 20, ["prior"]))
    first, second = gap._pairs(data.test, 0)
    with torch.no_grad():
        a, b = (model.encode(data.test.batch(rows)).mean for rows in (first, second))
    t = torch.linspace(0, 1, gap.N_FRAMES)[:, None, None]
    inside = float(((a + t * (b - a)).norm(dim=2) < 0.8).float().mean())
    assert inside > 0.1
    assert inside - 0.01 <= figures["path_gap"] <= inside + 0.15  # 5 % of others lie beyond it too
    labels = data.test.labels
    assert (labels[first] != labels[second]).all()


def test_same_seed_same_figures_whatever_else_is_asked(holed: Any, quick: None) -> None:
    model, data = holed(0.8, 200, 100)
    whole = finish(gap.report(model, data, 1, 60))
    alone = finish(gap.report(model, data, 1, 60, ["kde"]))
    assert list(alone["samplers"]) == ["prior", "kde"]
    assert alone["samplers"]["kde"] == whole["samplers"]["kde"]
    fresh, same = holed(0.8, 200, 100)
    assert finish(gap.report(fresh, same, 1, 60, ["kde"])) == alone
    other = finish(gap.report(model, data, 2, 60, ["kde"]))
    assert other["samplers"]["kde"]["frechet"] != alone["samplers"]["kde"]["frechet"]


def test_a_report_can_be_left_at_any_piece(holed: Any, quick: None) -> None:
    model, data = holed(0.8, 100, 60)
    model.train()
    work = gap.report(model, data, 0, 40)
    for _ in range(7):
        next(work)
        assert model.training and torch.is_grad_enabled()
    work.close()
    assert finish(gap.report(model, data, 0, 40, []))["n"] == 40


class Printer(Model):
    """A family without a latent space."""

    family = "printer"

    def generate(self, n: int, rng: torch.Generator, **options: Any) -> Generator[Step, None, None]:
        yield Step(0, 1, {"x": torch.rand(n, 1, 28, 28, generator=rng)})


def test_without_encoder_the_bank_is_real_images_and_the_row_says_so(
    holed: Any, quick: None
) -> None:
    _, data = holed(0.0, 200, 100)
    model = Printer(Config(), (1, 28, 28)).eval()
    figures = finish(gap.report(model, data, 0, 60))
    assert figures["sampler"] == "own"
    assert figures["bank"] == "real images"
    assert figures["path_gap"] is None
    assert figures["hole_share"] == 1.0  # noise is like no disc
    with pytest.raises(BadInput, match="kde needs a model with an encoder, got printer"):
        next(gap.report(model, data, 0, 60, ["kde"]))


def test_noise_is_drawn_from_the_prior_and_walked_and_never_encoded(
    holed: Any, quick: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where codes are noise, a report takes one walk for each sample, and no more."""
    _, data = holed(0.0, 200, 100)
    record = family("ddpm")
    config = {"n_steps": 8, "channels": 4, "levels": 1, "blocks_per_level": 1, "attention": False}
    model = record.build((1, 28, 28), record.configure(config)).eval()
    model.train()
    made: list[int] = []
    generate = model.generate
    options = {"steps": 4}
    monkeypatch.setattr(
        model, "generate", lambda n, rng: made.append(n) or generate(n, rng, **options)
    )
    for name in ("encode", "decode"):
        monkeypatch.setattr(model, name, lambda z: pytest.fail("A code was made or used."))
    figures = finish(gap.report(model, data, 0, 60))
    assert made == [50, 10]
    assert (figures["sampler"], figures["bank"]) == ("prior", "real images")
    assert list(figures["samplers"]) == ["prior"]
    assert figures["path_gap"] is None
    assert 0.0 <= figures["hole_share"] <= 1.0
    assert figures["frechet"] > figures["frechet_floor"]
    assert model.training
    with pytest.raises(BadInput, match="family ddpm draws noise from the prior"):
        next(gap.report(model, data, 0, 60, ["gaussian"]))


def test_the_floor_takes_images_that_the_judge_never_saw(holed: Any) -> None:
    _, data = holed(0.0, 40, 10)
    images = data.train.images.repeat(1501, 1, 1, 1)[:60_000]
    digits = Dataset(
        "mnist", "MNIST", data.shape, data.classes, Split(images=images), Split(images=images[:10])
    )
    rows = gap._floor_rows(digits, 2000)
    assert (int(rows[0]), int(rows[1]), int(rows[-1])) == (50_000, 50_005, 59_995)


def test_bad_input_is_one_sentence(holed: Any) -> None:
    model, data = holed(0.0, 40, 20)
    with pytest.raises(BadInput, match="20 samples or more, got 3"):
        next(gap.report(model, data, 0, 3))
    with pytest.raises(BadInput, match="There is no sampler 'flow'"):
        next(gap.report(model, data, 0, 60, ["flow"]))
    few = Dataset("few", "Few", data.shape, ["a", "b"], data.train, holed(0.0, 40, 1)[1].test)
    with pytest.raises(BadInput, match="20 images or more with as many held back, and Few has 1 "):
        next(gap.report(model, few))
    single = Split(images=data.train.images, labels=torch.zeros(40, dtype=torch.long))
    one = Dataset("one", "One", data.shape, ["a", "b"], single, data.test)
    with pytest.raises(BadInput, match="One has one class only"):
        next(gap.report(model, one))
    with pytest.raises(BadInput, match="Choose data that fit"):
        next(gap.report(model, "toy2d"))
