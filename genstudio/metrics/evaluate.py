"""How well a model explains a test split, each number with what it is."""

from __future__ import annotations

import math
import time
from collections.abc import Generator
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor

from genstudio.abilities import BadInput, has_noise_space
from genstudio.data import Dataset, Split, load
from genstudio.latent.encodings import split_of
from genstudio.metrics._targets import (
    BLOCK,
    binary_draw,
    bits_per_dim,
    dequantize,
    evaluating,
    is_binary,
)
from genstudio.models import HasLatent, HasLikelihood, HasSteps

PIECE = 25  # rows of one piece of work where each takes many calls of the net; it divides BLOCK

GREY_NOTE = "not a likelihood: neg_elbo_nats is cross-entropy + KL on grey targets"


@dataclass(frozen=True)
class Progress:
    """How many test rows are measured."""

    done: int
    total: int
    note: str = ""


@dataclass
class _Sums:
    """Sums over the rows measured so far; a figure that was never added is None."""

    totals: dict[str, float] = field(default_factory=dict)
    squares: dict[str, float] = field(default_factory=dict)

    def add(self, name: str, values: Tensor) -> None:
        each = values.double()
        self.totals[name] = self.totals.get(name, 0.0) + float(each.sum())
        self.squares[name] = self.squares.get(name, 0.0) + float(each.square().sum())

    def mean(self, name: str, n: int) -> float | None:
        return self.totals[name] / n if name in self.totals else None

    def standard_error(self, name: str, n: int) -> float | None:
        """Of the mean over n rows; None also where one row alone tells nothing of the spread."""
        mean = self.mean(name, n)
        if mean is None or n < 2:
            return None
        return math.sqrt(max(0.0, self.squares[name] / n - mean**2) / (n - 1))


def evaluate(
    model: Any,
    data: Dataset | str,
    seed: int = 0,
    n: int | None = None,
    *,
    k: int | None = None,
    source: str = "",
) -> Generator[Progress, None, dict[str, Any]]:
    """Measure `model` on the test split, or on n rows spread evenly over it; ends in the figures.

    Nats are means per image. `reconstruction_nats` and `kl_nats` take one draw of z. On grey
    targets `neg_elbo_nats` is no likelihood, as `targets_note` says; `neg_elbo_binary_nats` and
    `log_prob_nats` then stand on one black-and-white draw fixed by the seed. A Gaussian likelihood
    and other densities are measured on 8-bit values with uniform noise, a probability of 8-bit
    values on the values themselves. `log_prob_se_nats` is the standard error over the images of a
    bound that is drawn; the images' own spread and that of the draws are both in it. A figure that
    does not apply is None; so is `mse` where codes are noise, which keeps all of an image: the
    error would be that of the steps, not of the model.

    Raises: BadInput when data and model do not fit, or there are no test rows.
    """
    dataset = load(data) if isinstance(data, str) else data
    if tuple(dataset.shape) != tuple(model.shape):
        raise BadInput(
            f"{dataset.title} has the shape {tuple(dataset.shape)}, this model "
            f"{tuple(model.shape)}. Choose data that fit."
        )
    begun = time.perf_counter()
    split = split_of(dataset, "test")
    index = _rows(len(split), n)
    targets = _targets(model, split)
    sums = _Sums()
    rng = torch.Generator(model.device).manual_seed(seed)
    done = 0
    for block, rows in enumerate(index.split(BLOCK)):
        x = split.batch(rows)
        seen = dequantize(x, seed, block) if targets == "8-bit" and not model.discrete else x
        explained = binary_draw(x, seed, block) if targets == "grey" else seen
        size = PIECE if isinstance(model, HasSteps) else BLOCK
        for part in zip(x.split(size), seen.split(size), explained.split(size), strict=True):
            with evaluating(model):
                _measure(model, part, targets, rng, k, sums)
            done += len(part[0])
            yield Progress(done, len(index), "test rows")
    figures = _figures(model, targets, sums, len(index), k)
    return {
        "source": source,
        "family": model.family,
        "data": dataset.name,
        "split": "test",
        "n": len(index),
        "seed": seed,
        "targets": targets,
        "targets_note": GREY_NOTE if figures["neg_elbo_nats"] and targets == "grey" else None,
        **figures,
        "seconds": round(time.perf_counter() - begun, 3),
    }


def _rows(n: int, wanted: int | None) -> Tensor:
    if wanted is not None and wanted < 1:
        raise BadInput(f"At least one test row is needed, got {wanted}. Choose 1 or more.")
    if wanted is None or wanted >= n:
        return torch.arange(n)
    return torch.arange(wanted) * n // wanted


def _targets(model: Any, split: Split) -> str:
    """What the model's probabilities speak of."""
    if split.images is None:
        return "points"
    if getattr(model.config, "likelihood", None) == "gaussian" and model.latent_dim is not None:
        return "8-bit" if isinstance(model, HasLikelihood) else "grey"
    if getattr(model.config, "likelihood", None) is None and isinstance(model, HasLikelihood):
        return "8-bit"
    return "binary" if is_binary(split.images) else "grey"


def _measure(
    model: Any,
    part: tuple[Tensor, Tensor, Tensor],
    targets: str,
    rng: torch.Generator,
    k: int | None,
    sums: _Sums,
) -> None:
    """Add rows (N, *shape) to the sums: as they are, as the model sees and as it explains them."""
    x, seen, explained = (rows.to(model.device) for rows in part)
    if not has_noise_space(model) and isinstance(model, HasLatent):
        back = model.decode(model.encode(x).mean)
        sums.add("mse", (back - x).square().flatten(1).mean(1))
    if hasattr(model, "terms"):
        reconstruction, kl = model.terms(seen, rng)
        sums.add("reconstruction", reconstruction)
        sums.add("kl", kl)
        if targets in ("grey", "binary"):
            reconstruction, kl = model.terms(explained, rng)
            sums.add("neg_elbo_binary", reconstruction + kl.sum(1))
    elif getattr(model, "reconstruction_unit", "") == "nats":
        sums.add("reconstruction", model.reconstruction(seen, model.encode(seen).mean))
    if isinstance(model, HasLikelihood):
        options: dict[str, Any] = {} if k is None else {"k": k}
        sums.add("log_prob", model.log_prob(explained, rng=rng, **options))


def _figures(model: Any, targets: str, sums: _Sums, n: int, k: int | None) -> dict[str, Any]:
    reconstruction, kl = sums.mean("reconstruction", n), sums.mean("kl", n)
    log_prob = sums.mean("log_prob", n)
    kind = model.log_prob_kind() if isinstance(model, HasLikelihood) else None
    pixels = math.prod(model.shape) if targets != "points" else None
    in_bits = targets == "8-bit" and log_prob is not None and pixels is not None
    draws = k if k is not None else getattr(model.config, "k", None)
    return {
        "reconstruction_nats": reconstruction,
        "kl_nats": kl,
        "neg_elbo_nats": reconstruction + kl
        if reconstruction is not None and kl is not None
        else None,
        "neg_elbo_binary_nats": sums.mean("neg_elbo_binary", n),
        "log_prob_nats": log_prob,
        "log_prob_se_nats": sums.standard_error("log_prob", n) if kind == "lower bound" else None,
        "log_prob_kind": kind,
        "k": draws if kind == "lower bound" else None,
        "pixels": pixels,
        "bits_per_dim": bits_per_dim(log_prob, pixels) if in_bits else None,  # type: ignore[arg-type]
        "mse": sums.mean("mse", n),
    }
