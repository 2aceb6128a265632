"""Figures agree with independent computations; what does not apply is None."""

from __future__ import annotations

import math
import runpy
from collections.abc import Generator
from pathlib import Path
from typing import Any

import pytest
import torch
import torch.nn.functional as F

from genstudio.abilities import BadInput
from genstudio.data import Dataset, Split
from genstudio.metrics import _targets
from genstudio.metrics.evaluate import evaluate
from genstudio.models import family

KEYS = [
    "source", "family", "data", "split", "n", "seed", "targets", "targets_note",
    "reconstruction_nats", "kl_nats", "neg_elbo_nats", "neg_elbo_binary_nats", "log_prob_nats",
    "log_prob_se_nats", "log_prob_kind", "k", "pixels", "bits_per_dim", "mse", "seconds",
]  # fmt: skip
TOOLS = Path(__file__).parents[2] / "tools"
SMALL = {"width": 16, "depth": 1, "latent_dim": 2}


def tiny(binary: bool = False, n: int = 230) -> Dataset:
    rng = torch.Generator().manual_seed(0)
    images = torch.randint(0, 256, (n, 1, 6, 6), generator=rng, dtype=torch.uint8)
    if binary:
        images = (images > 127).to(torch.uint8) * 255
    split = Split(images=images, labels=torch.zeros(n, dtype=torch.long))
    return Dataset("tiny", "Tiny", (1, 6, 6), ["a"], split, split)


def build(key: str, **settings: Any) -> Any:
    record = family(key)
    config = {"latent_dim": 2} if key == "pca" else SMALL
    return record.build((1, 6, 6), record.configure({**config, **settings}), seed=3).eval()


def finish(work: Generator[Any, None, dict[str, Any]]) -> dict[str, Any]:
    result: dict[str, Any] | None = None

    def run() -> Generator[Any, None, None]:
        nonlocal result
        result = yield from work

    seen = [progress.done for progress in run()]
    assert result is not None
    assert seen == sorted(set(seen))
    assert seen[-1] == result["n"]
    return result


def test_vae_on_grey_targets() -> None:
    model, data = build("vae", k=8), tiny()
    figures = finish(evaluate(model, data, seed=0, source="mine"))
    assert list(figures) == KEYS
    assert figures["targets"] == "grey"
    assert figures["targets_note"].startswith("not a likelihood")
    assert (figures["n"], figures["pixels"], figures["k"]) == (230, 36, 8)
    assert (figures["source"], figures["family"], figures["data"]) == ("mine", "vae", "tiny")
    assert figures["bits_per_dim"] is None
    x = data.test.batch(slice(None))
    with torch.no_grad():
        q = model.encode(x)
        kl = torch.distributions.kl_divergence(
            torch.distributions.Normal(q.mean, q.std), torch.distributions.Normal(0.0, 1.0)
        )
        crosses = []
        for seed in range(60):
            z = q.sample(torch.Generator().manual_seed(seed))
            crosses.append(F.binary_cross_entropy(model.decode(z), x, reduction="sum") / len(x))
        mse = (model.decode(q.mean) - x).square().mean()
    cross = torch.stack(crosses)
    assert figures["kl_nats"] == pytest.approx(float(kl.sum(1).mean()), rel=1e-5)
    assert abs(figures["reconstruction_nats"] - cross.mean()) < 5 * cross.std()
    assert figures["neg_elbo_nats"] == figures["reconstruction_nats"] + figures["kl_nats"]
    assert figures["mse"] == pytest.approx(float(mse), rel=1e-5)


def test_likelihood_stands_on_the_fixed_black_and_white_draw() -> None:
    """Against a direct average over the prior, which needs no encoder."""
    model, data = build("vae", k=64), tiny(n=100)
    figures = finish(evaluate(model, data, seed=4))
    x = _targets.binary_draw(data.test.batch(slice(None)), 4, 0)
    with torch.no_grad():
        z = torch.randn(20_000, 2, generator=torch.Generator().manual_seed(0))
        means = model.decode(z).flatten(1).double()
        flat = x.flatten(1).double()
        log_x = flat @ means.log().T + (1 - flat) @ (1 - means).log().T
        exact = (torch.logsumexp(log_x, 1) - math.log(len(z))).mean()
    assert figures["log_prob_nats"] == pytest.approx(float(exact), abs=0.05)
    assert figures["log_prob_kind"] == "lower bound"
    assert figures["neg_elbo_binary_nats"] >= -figures["log_prob_nats"] - 0.05


def test_binary_data_need_no_note_and_no_draw() -> None:
    figures = finish(evaluate(build("vae", k=4), tiny(binary=True)))
    assert figures["targets"] == "binary"
    assert figures["targets_note"] is None
    assert figures["neg_elbo_binary_nats"] == pytest.approx(figures["neg_elbo_nats"], rel=0.01)


def test_gaussian_likelihood_is_measured_on_8_bits() -> None:
    figures = finish(evaluate(build("vae", k=4, likelihood="gaussian"), tiny()))
    assert figures["targets"] == "8-bit"
    assert figures["neg_elbo_binary_nats"] is None
    want = (-figures["log_prob_nats"] / 36 + math.log(256)) / math.log(2)
    assert figures["bits_per_dim"] == pytest.approx(want)


def test_plain_autoencoder_has_cross_entropy_and_no_likelihood() -> None:
    model, data = build("ae"), tiny()
    figures = finish(evaluate(model, data))
    x = data.test.batch(slice(None))
    with torch.no_grad():
        want = F.binary_cross_entropy(model.decode(model.encode(x).mean), x, reduction="sum")
    assert figures["reconstruction_nats"] == pytest.approx(float(want) / len(x), rel=1e-5)
    for key in ("kl_nats", "neg_elbo_nats", "neg_elbo_binary_nats", "log_prob_nats", "k"):
        assert figures[key] is None
    assert figures["targets_note"] is None


def test_squared_error_is_not_given_in_nats() -> None:
    figures = finish(evaluate(build("pca"), tiny()))
    assert figures["reconstruction_nats"] is None
    assert figures["mse"] > 0


def test_same_seed_same_figures_and_mode_is_left_alone() -> None:
    model, data = build("vae", k=2), tiny()
    model.train()
    before = torch.random.get_rng_state()
    first, second = finish(evaluate(model, data, 7)), finish(evaluate(model, data, 7))
    assert {k: v for k, v in first.items() if k != "seconds"} == {
        k: v for k, v in second.items() if k != "seconds"
    }
    assert first["log_prob_nats"] != finish(evaluate(model, data, 8))["log_prob_nats"]
    assert model.training
    assert torch.equal(torch.random.get_rng_state(), before)
    work = evaluate(model, data)
    next(work)
    assert model.training
    assert torch.is_grad_enabled()


def test_fewer_rows_are_spread_over_the_split() -> None:
    assert finish(evaluate(build("pca"), tiny(), n=10))["n"] == 10
    with pytest.raises(BadInput, match="At least one test row"):
        next(evaluate(build("pca"), tiny(), n=0))


def test_data_of_another_shape_are_refused() -> None:
    model = family("ae").build((1, 28, 28))
    with pytest.raises(BadInput, match="Choose data that fit"):
        next(evaluate(model, tiny()))


def test_the_black_and_white_draw_has_the_grey_as_its_mean() -> None:
    x = torch.full((_targets.BLOCK, 1, 40, 40), 0.3)
    draw = _targets.binary_draw(x, 0, 0)
    assert set(draw.unique().tolist()) == {0.0, 1.0}
    assert float(draw.mean()) == pytest.approx(0.3, abs=0.005)
    assert not torch.equal(draw, _targets.binary_draw(x, 0, 1))
    noisy = _targets.dequantize(torch.ones(10, 1, 20, 20), 0, 0)
    assert 255 / 256 <= float(noisy.min()) <= float(noisy.max()) < 1


def test_bits_of_a_uniform_density_are_eight() -> None:
    assert _targets.bits_per_dim(0.0, 784) == pytest.approx(8.0)


def diffusion(shape: tuple[int, ...] = (1, 6, 6), **settings: Any) -> Any:
    """A tiny diffusion model whose net says something: fresh ones give almost 0."""
    record = family("ddpm")
    config = {"n_steps": 6, "channels": 4, "levels": 1, "blocks_per_level": 1, "attention": False}
    model = record.build(shape, record.configure({**config, **settings}), seed=3).eval()
    rng = torch.Generator().manual_seed(4)
    with torch.no_grad():
        for p in model.parameters():
            p.add_(0.2 * torch.randn(p.shape, generator=rng))
    return model


def bound_by_hand(model: Any, x: torch.Tensor, rounds: int) -> float:
    """-(L_T + sum L_(t-1) + L_0) of Ho et al. 2020, eq. 5, in nats of 8-bit pixels: every t, the
    KL of Gaussians by torch.distributions, the last term by the normal's CDF over a pixel's width.
    """
    Normal, kl = torch.distributions.Normal, torch.distributions.kl_divergence
    x0 = 2 * x.double() - 1
    a = torch.tensor(model.schedule.alpha_bar, dtype=torch.float64)
    T = model.config.n_steps
    prior = kl(Normal(a[T].sqrt() * x0, (1 - a[T]).sqrt().expand_as(x0)), Normal(0.0, 1.0))
    rng = torch.Generator().manual_seed(1)
    totals = []
    for _ in range(rounds):
        total = -prior.sum()
        for t in range(1, T + 1):
            noise = torch.randn(x0.shape, generator=rng, dtype=torch.float64)
            x_t = a[t].sqrt() * x0 + (1 - a[t]).sqrt() * noise
            time = torch.full((len(x),), t)
            with torch.no_grad():
                v = model.at_time(x_t.float(), time, model.labels(len(x), None)).double()
            guess = (a[t].sqrt() * x_t - (1 - a[t]).sqrt() * v).clamp(-1, 1)
            beta = 1 - a[t] / a[t - 1]
            if t == 1:
                p = Normal(guess, beta.sqrt())
                low = torch.where(x0 < -0.999, 0.0, p.cdf(x0 - 1 / 255))
                high = torch.where(x0 > 0.999, 1.0, p.cdf(x0 + 1 / 255))
                total = total + (high - low).clamp(min=1e-300).log().sum()
            else:
                std = (beta * (1 - a[t - 1]) / (1 - a[t])).sqrt()
                to_x0 = a[t - 1].sqrt() * beta / (1 - a[t])
                to_x_t = (1 - beta).sqrt() * (1 - a[t - 1]) / (1 - a[t])
                q, p = (Normal(to_x0 * each + to_x_t * x_t, std) for each in (x0, guess))
                total = total - kl(q, p).sum()
        totals.append(float(total) / len(x))
    return sum(totals) / len(totals)


def test_the_bound_of_a_diffusion_model_is_that_of_8_bit_pixels() -> None:
    data = tiny(n=120)
    model = diffusion()
    figures = finish(evaluate(model, data, seed=0, k=60))
    assert list(figures) == KEYS
    assert (figures["targets"], figures["log_prob_kind"]) == ("8-bit", "lower bound")
    assert (figures["k"], figures["pixels"], figures["n"]) == (60, 36, 120)
    x = data.test.batch(slice(None))
    mass = bound_by_hand(model, x, 12)  # nats of P(8-bit image)
    assert figures["bits_per_dim"] == pytest.approx(-mass / 36 / math.log(2), rel=0.01)
    assert figures["log_prob_nats"] == pytest.approx(mass + 36 * math.log(256), abs=3.0)
    rng = torch.Generator().manual_seed(0)  # on the pixels themselves, with no noise added
    pieces = [*x[:100].split(25), x[100:]]
    raw = torch.cat([model.log_prob(piece, rng=rng, k=60) for piece in pieces])
    assert figures["log_prob_nats"] == pytest.approx(float(raw.double().mean()), rel=1e-6)
    error = float(raw.double().std()) / math.sqrt(120)
    assert figures["log_prob_se_nats"] == pytest.approx(error, rel=1e-5)
    for key in ("mse", "reconstruction_nats", "kl_nats", "neg_elbo_nats", "neg_elbo_binary_nats"):
        assert figures[key] is None  # codes that are noise lose nothing, so there is no error


def test_a_likelihood_that_is_not_drawn_has_no_standard_error() -> None:
    assert finish(evaluate(build("vae", k=4), tiny()))["log_prob_se_nats"] > 0
    assert finish(evaluate(build("ae"), tiny()))["log_prob_se_nats"] is None
    assert finish(evaluate(diffusion(), tiny(), n=1))["log_prob_se_nats"] is None
    exact = diffusion()
    exact.log_prob_kind = lambda: "exact"
    assert finish(evaluate(exact, tiny(), n=10))["log_prob_se_nats"] is None


def test_a_card_takes_figures_that_there_are() -> None:
    figures = runpy.run_path(str(TOOLS / "ship.py"))["FIGURES"]
    assert set(figures) <= set(KEYS)
    assert {"log_prob_nats", "log_prob_se_nats", "log_prob_kind", "k"} <= set(figures)


def test_many_calls_of_a_net_are_measured_in_small_pieces() -> None:
    """Pieces change nothing but how often progress is told."""
    work = evaluate(diffusion(), tiny(n=110), seed=0)
    assert [next(work).done for _ in range(5)] == [25, 50, 75, 100, 110]


def test_points_of_a_diffusion_model_have_a_bound_and_no_pixels() -> None:
    points = torch.randn(130, 2, generator=torch.Generator().manual_seed(0))
    data = Dataset("dots", "Dots", (2,), [], Split(points=points), Split(points=points))
    figures = finish(evaluate(diffusion((2,), width=8, depth=1), data, seed=0))
    assert figures["targets"] == "points"
    assert figures["pixels"] is figures["bits_per_dim"] is figures["mse"] is None
    assert math.isfinite(figures["log_prob_nats"])
