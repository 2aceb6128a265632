"""What every family is: its record, its model's contract, and the abilities a model may have."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple, Protocol, runtime_checkable

import torch
from pydantic import ValidationError
from torch import Tensor, nn

from genstudio.abilities import LATENT, LAYERS, LIKELIHOOD, NOISE, STEPS, BadInput
from genstudio.models._config import N_, Config


class Posterior(NamedTuple):
    """q(z | x) as a diagonal Gaussian; `std` is None where the encoder is deterministic."""

    mean: Tensor  # (N, latent_dim)
    std: Tensor | None  # (N, latent_dim)

    def sample(self, rng: torch.Generator) -> Tensor:
        """One draw z = mean + std * noise (Kingma & Welling 2014, eq. 4); the mean where there is
        no std.
        """
        if self.std is None:
            return self.mean
        noise = torch.randn(
            self.mean.shape, generator=rng, device=self.mean.device, dtype=self.mean.dtype
        )
        return self.mean + self.std * noise


@dataclass(frozen=True)
class Step:
    """One frame of `generate`: `images["x"]` in [0, 1] and whatever else the family shows."""

    index: int
    n_steps: int
    images: dict[str, Tensor]
    scalars: dict[str, float] = field(default_factory=dict)


class Update(Protocol):
    """The engine's optimizer step: checks loss and gradient norm, clips, steps, averages."""

    def __call__(self, name: str, loss: Tensor) -> None: ...


@runtime_checkable
class HasLatent(Protocol):
    """encode is x to z, decode is z to x; z is float32 (N, latent_dim)."""

    def encode(self, x: Tensor) -> Posterior: ...
    def decode(self, z: Tensor) -> Tensor: ...


@runtime_checkable
class HasLikelihood(Protocol):
    """log p(x) in nats over x itself, exact or a lower bound as `log_prob_kind` says."""

    def log_prob(self, x: Tensor, *, rng: torch.Generator) -> Tensor: ...
    def log_prob_kind(self) -> str: ...


@runtime_checkable
class HasLayers(Protocol):
    """A picture per layer: `generate` yields one Step per layer."""

    def layers(self) -> list[str]: ...


@runtime_checkable
class HasSteps(Protocol):
    """A picture per sampling step: `generate` yields one Step per denoising step, pixel or row."""

    def step_names(self) -> list[str]: ...


@runtime_checkable
class HasNoise(Protocol):
    """A walk from noise to data: at (x_t, t), `denoiser` gives the clean image and the noise that
    make x_t together.
    """

    def denoiser(
        self, label: int | None = None, guidance: float = 1.0, clip: bool = True
    ) -> Callable[[Tensor, int], Any]: ...


MAX_VALUES = 1 << 22  # values of a layer of the net at once, taken to be eight times its input

_ABILITIES: dict[str, type] = {
    LATENT: HasLatent,
    LIKELIHOOD: HasLikelihood,
    LAYERS: HasLayers,
    STEPS: HasSteps,
    NOISE: HasNoise,
}


class Model(nn.Module):
    """A generative model. Images are float32 (N, C, H, W) in [0, 1] outside; points are float32 (N,
    2) in data units.

    A family's subclass sets `latent_dim` (None without a latent space), implements `losses` and
    `generate`, and encode, decode or log_prob where it has them.
    """

    family: str = ""  # the family's key; set by Family.build
    config: Config
    shape: tuple[int, ...]
    latent_dim: int | None = None
    discrete = False  # whether log_prob takes 8-bit pixels as they are, not with noise added
    lesson_title: str = N_("test images and their reconstructions")

    def __init__(self, config: Config, shape: tuple[int, ...]) -> None:
        super().__init__()
        self.config = config
        self.shape = tuple(shape)

    @property
    def abilities(self) -> tuple[str, ...]:
        return tuple(name for name, protocol in _ABILITIES.items() if isinstance(self, protocol))

    @property
    def device(self) -> torch.device:
        for tensor in (*self.parameters(), *self.buffers()):
            return tensor.device
        return torch.device("cpu")

    @property
    def n_at_once(self) -> int:
        """How many samples are given to the net at once, so that its layers stay within memory
        whatever number is asked for.
        """
        return max(1, MAX_VALUES // (math.prod(self.shape) * 8))

    def n_parameters(self) -> int:
        return sum(p.numel() for p in self.parameters())

    # Training ----------------------------------------------------------------------------------

    def optimizers(self, settings: Any) -> dict[str, torch.optim.Optimizer]:
        """The model's optimizers by name; `settings` is the trainer's record (lr, weight_decay,
        ...).
        """
        return {
            "model": torch.optim.AdamW(
                self.parameters(), lr=settings.lr, weight_decay=settings.weight_decay, fused=True
            )
        }

    def losses(self, x: Tensor, rng: torch.Generator, y: Tensor | None = None) -> dict[str, Tensor]:
        """Loss of a batch x (N, *shape) with labels y (N,), where there are any: `"loss"` and its
        named parts, 0-d tensors, nats per image where they are likelihoods.
        """
        raise NotImplementedError

    def training_step(
        self, x: Tensor, y: Tensor | None, update: Update, rng: torch.Generator
    ) -> dict[str, float]:
        """One step on a batch x (N, *shape), labels y (N,) or None; every update goes through
        `update(name, loss)`.
        """
        losses = self.losses(x, rng, y)
        update("model", losses["loss"])
        return {name: value.item() for name, value in losses.items()}

    def lesson(self, x: Tensor, rng: torch.Generator) -> tuple[Tensor, ...]:
        """What training teaches, shown on images x (N, C, H, W): rows of pictures like x, from the
        task to the answer, as `lesson_title` says. Nothing where nothing is reconstructed.
        """
        return (self.decode(self.encode(x).mean),) if isinstance(self, HasLatent) else ()

    @torch.no_grad()
    def calibrate(self, batches: Callable[[], Iterable[Tensor]]) -> None:
        """Bring buffers that depend on the training data up to date (the Gaussian of the encodings,
        the PCA axes).

        Called by the trainer before a snapshot, a checkpoint and at the end; each call of `batches`
        runs once through training images x (N, *shape). It draws no random number.
        """

    def training_state(self) -> dict[str, Tensor]:
        """Tensors beyond weights and buffers that resuming needs (running sums, say)."""
        return {}

    def load_training_state(self, state: Mapping[str, Tensor]) -> None:
        """Take back what `training_state` gave."""

    # Sampling ----------------------------------------------------------------------------------

    def generate(self, n: int, rng: torch.Generator, **options: Any) -> Iterator[Step]:
        """n samples, step by step; the last Step's `images["x"]` is the result."""
        raise NotImplementedError

    @property
    def quick(self) -> Mapping[str, Any]:
        """Options of `generate` for samples that are looked at while the model trains."""
        return {}

    @torch.no_grad()
    def sample(self, n: int, rng: torch.Generator, **options: Any) -> Tensor:
        """n samples x (n, *shape) by the model's own sampler."""
        last = None
        for step in self.generate(n, rng, **options):
            last = step
        if last is None:
            raise RuntimeError(f"{self.family} generated no step.")
        return last.images["x"]


@dataclass(frozen=True)
class Family:
    """A family's record. `without_gradient` names parameters that training does not move by
    gradient, with the reason.
    """

    key: str
    title: str
    paper: str
    config: type[Config]
    model: type[Model]
    kinds: tuple[str, ...] = ("images",)  # of "images", "points"
    without_gradient: Mapping[str, str] = field(default_factory=dict)
    recommended: Mapping[str, Any] = field(
        default_factory=dict
    )  # the trainer's settings that suit it

    def configure(self, settings: Mapping[str, Any]) -> Config:
        """The config with `settings` over the defaults.

        Raises: BadInput naming the field, what was got and what is allowed.
        """
        try:
            return self.config.model_validate(dict(settings))
        except ValidationError as error:
            raise BadInput(explain(error, f"family {self.key}", self.config)) from error

    def build(self, shape: tuple[int, ...], config: Config | None = None, seed: int = 0) -> Model:
        """A fresh model whose initial weights depend on `seed` alone; the global generator is left
        as it was.

        Raises: BadInput when the family cannot take this shape.
        """
        kind = "points" if len(shape) == 1 else "images"
        if kind not in self.kinds:
            raise BadInput(
                f"{self.title} works on {' and '.join(self.kinds)}, got {kind}. Choose other data."
            )
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            model = self.model(config if config is not None else self.config(), tuple(shape))
        model.family = self.key
        return model


def explain(error: ValidationError, where: str, config: type[Config]) -> str:
    """One sentence from pydantic's first complaint: what, what was got, what to do."""
    first = error.errors()[0]
    name = ".".join(str(part) for part in first["loc"]) or "settings"
    if first["type"] == "extra_forbidden":
        known = ", ".join(config.model_fields)
        return f"{name} is not a setting of {where}. Choose one of: {known}."
    return f"{name} of {where}: got {first['input']!r}. {first['msg']}."
