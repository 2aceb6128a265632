"""The gap report: where a model's decoder makes what it never learnt, for each way to draw z.

Hole share: the share s of samples that lie beyond the bank's threshold, printed as
(s - 0.05) / 0.95 and never below 0, since 5 % of the model's own held-out reconstructions lie
beyond it too. Path gap: the share of frames of straight paths between the codes of test images that
lie beyond it, None where there is no encoder or its codes are noise: a straight path there leaves
the shell on which all noise lies. Noise of the prior becomes images by the model's own steps. The
other figures are those of `fidelity`, of N samples against N test images; the floor is the Frechet
distance of N real images against the same N.
"""

from __future__ import annotations

import zlib
from collections.abc import Generator, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

import torch
from torch import Tensor

from genstudio.abilities import BadInput, has_noise_space
from genstudio.data import Dataset, Split
from genstudio.latent import samplers as latent_samplers
from genstudio.latent.encodings import split_of
from genstudio.metrics import _memo, bank, fidelity, judge
from genstudio.metrics._sampling import drawing
from genstudio.metrics._targets import evaluating
from genstudio.metrics.evaluate import Progress

N_SAMPLES = 10_000
N_PAIRS = 200
FEWEST = 20  # samples and images; with fewer, neighbours and covariances say nothing
N_FRAMES = 33  # of each path, both ends included
JUDGE_TRAINED_ON = 50_000  # the first MNIST training images; the floor takes those after them
OWN = "own"  # the sampler of a model without a latent space
DIGITS = "mnist"

KEYS = (
    "sampler",
    "hole_share",
    "precision",
    "recall",
    "density",
    "coverage",
    "frechet",
    "frechet_floor",
    "path_gap",
    "bank",
    "n",
    "intervals",
)

T = TypeVar("T")


def report(
    model: Any,
    data: str | Dataset,
    seed: int = 0,
    n: int = N_SAMPLES,
    samplers: Sequence[str] | None = None,
) -> Generator[Progress, None, dict[str, Any]]:
    """Query: the figures of `model` for each of `samplers`, all it can serve unless given.

    Ends in {sampler, hole_share, precision, recall, density, coverage, frechet, frechet_floor,
    path_gap, bank, n, intervals, note, samplers: {name: the same keys}}, at the top those of the
    model's own sampler. `bank` is "reconstructions" or "real images"; `n` the samples of the hole
    share; `intervals` bootstrap intervals at 95 %, [low, high] by figure, those of precision,
    recall, density and coverage for the neighbourhoods as they are. None where a figure does not
    apply. The same seed gives the same figures, whichever samplers are asked for.

    Raises: BadInput when the judge does not know such images, data and model do not fit, the data
    have one class only or fewer than 20 images in a split, n is below 20, or a sampler needs an
    encoder that the model has not.
    """
    dataset = bank.check(model, data)
    _check_classes(dataset)
    if n < FEWEST:
        raise BadInput(f"A report needs {FEWEST} samples or more, got {n}. Choose more.")
    names = _chosen(model, samplers)
    n_real = min(n, len(split_of(dataset, "test")), len(_floor_rows(dataset, n)))
    if n_real < FEWEST:
        raise BadInput(
            f"A report compares {FEWEST} images or more with as many held back, and "
            f"{dataset.title} has {n_real} of them. Choose more data."
        )
    meter = _Meter(2 * bank.N_BANK + 3 * n_real + N_PAIRS * N_FRAMES + 2 * n * len(names))
    own = yield from meter.part(bank.build(model, dataset), 2 * bank.N_BANK)
    real = yield from meter.part(_real(dataset, n_real), 3 * n_real)
    paths = _path_gap(model, dataset, own, seed)
    path_gap = yield from meter.part(paths, N_PAIRS * N_FRAMES)
    rows = {}
    for name in names:
        work = _row(model, dataset, name, n, seed, own, real)
        figures = yield from meter.part(work, 2 * n)
        rows[name] = {"sampler": name, **figures, "path_gap": path_gap, "bank": own.kind}
    ordered = {name: {key: row[key] for key in KEYS} for name, row in rows.items()}
    return {**ordered[own_sampler(model)], "note": _note(dataset), "samplers": ordered}


def own_sampler(model: Any) -> str:
    """The name of the sampler that the model itself draws from."""
    if model.latent_dim is None:
        return OWN
    name = getattr(model, "own_sampler", "prior")
    return name if name in latent_samplers.NAMES else "prior"


def served(model: Any) -> tuple[str, ...]:
    """The samplers that a report of this model can take."""
    if model.latent_dim is None:
        return (OWN,)
    return latent_samplers.NAMES if bank.has_encoder(model) else ("prior",)


def _chosen(model: Any, samplers: Sequence[str] | None) -> list[str]:
    """Its own sampler and those asked for, in their usual order."""
    possible = served(model)
    for name in samplers or ():
        if name not in latent_samplers.NAMES:
            known = ", ".join(latent_samplers.NAMES)
            raise BadInput(f"There is no sampler {name!r}. Choose one of: {known}.")
        if name not in possible and has_noise_space(model):
            raise BadInput(
                f"A model of the family {model.family} draws noise from the prior, N(0, I), and "
                f"walks from there, got the sampler {name}. Choose prior or another model."
            )
        if name not in possible:
            raise BadInput(
                f"The sampler {name} needs a model with an encoder, got {model.family}. "
                f"Choose {possible[0]} or another model."
            )
    wanted = possible if samplers is None else (*samplers, own_sampler(model))
    return [name for name in possible if name in wanted]


def _check_classes(dataset: Dataset) -> None:
    labels = split_of(dataset, "train").labels
    if len(dataset.classes) < 2 or (labels is not None and len(labels.unique()) < 2):
        raise BadInput(
            f"{dataset.title} has one class only, and the paths of a report lead from one class to "
            "another. Choose data of two classes or more."
        )


def _note(dataset: Dataset) -> str | None:
    if dataset.name == DIGITS:
        return None
    return (
        f"The judge learnt MNIST digits; for {dataset.title} its features compare pictures, but "
        "what it would name them means nothing."
    )


class _Meter:
    """Joins the progress of parts, each of so many units."""

    def __init__(self, total: int) -> None:
        self._done, self._total = 0, total

    def part(
        self, work: Generator[Progress | None, None, T], units: int
    ) -> Generator[Progress, None, T]:
        """Run `work`, which makes up `units` of the whole."""
        at, note = self._done, ""
        while True:
            try:
                progress = next(work)
            except StopIteration as end:
                self._done += units
                yield Progress(self._done, self._total, note)
                result: T = end.value
                return result
            if progress is not None:
                note = progress.note
                at = self._done + units * progress.done // max(1, progress.total)
            yield Progress(at, self._total, note)


# Real images ------------------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class _Real:
    """N test images by their features (N, 128), and how far N other real images are from them."""

    features: Tensor
    radii: Tensor
    floor: float
    floor_interval: fidelity.Interval


def _real(dataset: Dataset, n: int) -> Generator[Progress, None, _Real]:
    return _memo.once(dataset, ("real", n), lambda: _measure_real(dataset, n))


def _measure_real(dataset: Dataset, n: int) -> Generator[Progress, None, _Real]:
    test, train = split_of(dataset, "test"), split_of(dataset, "train")
    note = "real images"
    features = yield from _features(test, bank.interleaved(len(test), n), 0, 3 * n, note)
    others = yield from _features(train, _floor_rows(dataset, n), n, 3 * n, note)
    at = Progress(2 * n, 3 * n, note)
    radii = yield from _steady(fidelity.radii(features), at)
    interval = yield from _steady(fidelity.frechet_interval(features, others, _rng(0, "floor")), at)
    return _Real(features, radii, fidelity.frechet_distance(features, others), interval)


def _floor_rows(dataset: Dataset, n: int) -> Tensor:
    """n training images that the judge never saw, spread evenly; all are such but for MNIST's."""
    total = len(split_of(dataset, "train"))
    first = JUDGE_TRAINED_ON if dataset.name == DIGITS else 0
    return first + bank.interleaved(total - first, n)


def _features(
    split: Split, rows: Tensor, before: int, total: int, note: str
) -> Generator[Progress, None, Tensor]:
    parts = []
    for chunk in rows.split(bank.CHUNK):
        parts.append(judge.features(split.batch(chunk)))
        before += len(chunk)
        yield Progress(before, total, note)
    return torch.cat(parts)


def _steady(work: Generator[None, None, T], at: Progress) -> Generator[Progress, None, T]:
    """Work that has no measure of its own, shown as `at`."""
    while True:
        try:
            next(work)
        except StopIteration as end:
            result: T = end.value
            return result
        yield at


# One sampler ------------------------------------------------------------------------------------


def _row(
    model: Any, dataset: Dataset, name: str, n: int, seed: int, own: bank.Bank, real: _Real
) -> Generator[Progress, None, dict[str, Any]]:
    """The figures of n samples; overlap and Frechet take as many of them as real images."""
    note, rng = f"samples from {name}", _rng(seed, f"bootstrap {name}")
    made, far = yield from _samples(model, dataset, name, n, seed, own)
    same = made[: len(real.features)]
    near = fidelity.overlap(real.features, same, real.radii)
    overlap = yield from _steady(near, Progress(n, 2 * n, note))
    at = Progress(3 * n, 4 * n, note)
    spread = yield from _steady(fidelity.frechet_interval(real.features, same, rng), at)
    shares = fidelity.share_interval(far, own.held_out, bank.QUANTILE, rng)
    low, high = yield from _steady(shares, at)
    intervals = {"hole_share": [_beyond_chance(low), _beyond_chance(high)]}
    for figure, values in overlap.by_name().items():
        intervals[figure] = list(fidelity.mean_interval(values, rng))
        yield at
    intervals["frechet"] = list(spread)
    intervals["frechet_floor"] = list(real.floor_interval)
    return {
        "hole_share": hole_share(far, own.threshold),
        **overlap.figures(),
        "frechet": fidelity.frechet_distance(real.features, same),
        "frechet_floor": real.floor,
        "n": n,
        "intervals": intervals,
    }


def hole_share(distances: Tensor, threshold: float) -> float:
    """(s - 0.05) / 0.95, never below 0, for the share s of distances (N,) beyond the threshold."""
    return _beyond_chance(float((distances > threshold).double().mean()))


def _beyond_chance(share: float) -> float:
    return max(0.0, (share - (1 - bank.QUANTILE)) / bank.QUANTILE)


def _samples(
    model: Any, dataset: Dataset, name: str, n: int, seed: int, own: bank.Bank
) -> Generator[Progress, None, tuple[Tensor, Tensor]]:
    """Features of n samples (n, 128) and their distances from the bank (n,): half of the work."""
    rng, note = _rng(seed, name), f"samples from {name}"
    own_rng = _rng(seed, name, model.device)  # what the model draws, it draws on its own device
    z: Tensor | None = None
    if name != OWN and not has_noise_space(model):
        making = latent_samplers.making(name, model, dataset, rng)
        sampler = yield from _steady(making, Progress(0, 2 * n, f"fit of {name}"))
        z = sampler.sample(n, rng)
    parts, far = [], []
    for start in range(0, n, bank.CHUNK):
        size = min(bank.CHUNK, n - start)
        if z is None:
            at = Progress(start, 2 * n, note)
            x = yield from _steady(drawing(model, size, own_rng), at)
        else:
            with evaluating(model):
                x = model.decode(z[start : start + size].to(model.device)).cpu()
        parts.append(judge.features(x))
        far.append(own.distance(parts[-1]))
        yield Progress(start + size, 2 * n, note)
    return torch.cat(parts), torch.cat(far)


# Straight paths ---------------------------------------------------------------------------------


def _path_gap(
    model: Any, dataset: Dataset, own: bank.Bank, seed: int
) -> Generator[Progress, None, float | None]:
    """The share of frames beyond the threshold, None without an encoder."""
    if not bank.has_encoder(model):
        return None
    split = split_of(dataset, "test")
    first, second = _pairs(split, seed)
    beyond, total = 0, 0
    for i, j in zip(first.split(bank.CHUNK), second.split(bank.CHUNK)):
        with evaluating(model):
            a, b = (model.encode(split.batch(k).to(model.device)).mean for k in (i, j))
        for t in torch.linspace(0, 1, N_FRAMES).tolist():
            with evaluating(model):
                x = model.decode(torch.lerp(a, b, t)).cpu()
            beyond += int((own.distance(judge.features(x)) > own.threshold).sum())
            total += len(x)
            yield Progress(total, len(first) * N_FRAMES, "straight paths")
    return beyond / total


def _pairs(split: Split, seed: int) -> tuple[Tensor, Tensor]:
    """Two rows (P,) of N_PAIRS pairs of test images, of two classes where there are several."""
    rng = _rng(seed, "pairs")
    labels = split.labels if split.labels is not None else torch.arange(len(split))
    first = torch.randint(len(split), (N_PAIRS,), generator=rng)
    second = torch.empty_like(first)
    for i, row in enumerate(first.tolist()):
        other = (labels != labels[row]).nonzero()[:, 0]
        choice = other if len(other) else torch.arange(len(split))
        second[i] = choice[torch.randint(len(choice), (1,), generator=rng)]
    return first, second


def _rng(seed: int, what: str, device: torch.device | str = "cpu") -> torch.Generator:
    rng = torch.Generator(device)
    return rng.manual_seed((seed * 1_000_003 + zlib.crc32(what.encode())) % (1 << 63))
