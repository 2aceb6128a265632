"""Principal component analysis: the linear baseline (Pearson 1901; Bishop 2006, section 12.1).

Equations: mean m and scatter S = (1/N) sum (x - m)(x - m)^T over the training images; the axes are
the eigenvectors W (D, K) of S with the largest eigenvalues; z = W^T (x - m), x' = m + W z.

The scatter is exact: sums of x and x x^T are gathered in float64 during training, and the
eigenvectors are found whenever the number of images seen has doubled, and in `calibrate`. One epoch
is enough. Each axis points to where its largest entry is positive, so the same data give the same
signs.

Differs: the decoded image is cut to [0, 1]; the loss is the squared error of the uncut one, which
is what PCA minimises.
Differs: samples come from N(0, diag(eigenvalues)), the Gaussian of the encodings; PCA draws none.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import torch
from torch import Tensor

from genstudio.abilities import BadInput
from genstudio.models._base import Family, Posterior, Update
from genstudio.models._config import N_, Config, setting
from genstudio.models._latent import LatentModel, double
from genstudio.models._net import check_images

MAX_VALUES = 4096  # a scatter of 4096 x 4096 in float64 is 134 MB


class PCAConfig(Config):
    """Settings of PCA."""

    latent_dim: int = setting(
        2, N_("Latent dimensions"), N_("How many principal axes are kept."), ge=1, le=1024
    )


class PCA(LatentModel):
    """Linear encoder and decoder along the principal axes.

    Buffers: `mean` (D,), `components` (K, D) with orthonormal rows, D = C * H * W. Before training
    the mean is grey and the axes are random.
    """

    config: PCAConfig
    mean: Tensor
    components: Tensor

    def __init__(self, config: PCAConfig, shape: tuple[int, ...]) -> None:
        super().__init__(config, shape, config.latent_dim)
        n_values = math.prod(check_images(shape))
        if n_values > MAX_VALUES:
            raise BadInput(
                f"PCA needs images of at most {MAX_VALUES} values, got "
                f"{' x '.join(map(str, shape))} = {n_values}. Choose smaller images."
            )
        if config.latent_dim > n_values:
            raise BadInput(
                f"PCA of images with {n_values} values has at most as many axes, "
                f"got latent_dim = {config.latent_dim}. Choose fewer."
            )
        axes, _ = torch.linalg.qr(torch.randn(n_values, config.latent_dim))
        self.register_buffer("mean", torch.full((n_values,), 0.5))
        self.register_buffer("components", axes.T.contiguous())
        self._sums = _Sums(n_values)
        self._solved_at = 0  # images seen when the axes were last found

    def n_parameters(self) -> int:
        """Numbers found from the data: mean and axes."""
        return self.mean.numel() + self.components.numel()

    def encode(self, x: Tensor) -> Posterior:
        """z = W^T (x - m), (N, C, H, W) to (N, K), without a spread."""
        return Posterior((self.check(x).flatten(1) - self.mean) @ self.components.T, None)

    def decode(self, z: Tensor) -> Tensor:
        """m + W z, cut to [0, 1]: (N, K) to (N, C, H, W)."""
        return torch.addmm(self.mean, z, self.components).clamp_(0, 1).unflatten(1, self.shape)

    # Training ------------------------------------------------------------------------------------

    def optimizers(self, settings: Any) -> dict[str, torch.optim.Optimizer]:
        """None: the axes are solved for, not descended to."""
        return {}

    def reconstruction(self, x: Tensor, z: Tensor) -> Tensor:
        """Squared error |x - m - W z|^2 of the uncut image, (N,)."""
        return (x.flatten(1) - torch.addmm(self.mean, z, self.components)).square().sum(1)

    @property
    def reconstruction_unit(self) -> str:
        return "squared error"

    def losses(self, x: Tensor, rng: torch.Generator, y: Tensor | None = None) -> dict[str, Tensor]:
        """`reconstruction`: squared error per image; it is the loss."""
        reconstruction = self.reconstruction(x, self.encode(x).mean).mean()
        return {"loss": reconstruction, "reconstruction": reconstruction}

    @torch.no_grad()
    def training_step(
        self, x: Tensor, y: Tensor | None, update: Update, rng: torch.Generator
    ) -> dict[str, float]:
        """Add the batch to the sums; find the axes anew when twice as many images were seen."""
        self._sums.add(x.flatten(1))
        if self._sums.count >= 2 * self._solved_at:
            self._solve(self._sums)
        return {name: value.item() for name, value in self.losses(x, rng).items()}

    @torch.no_grad()
    def calibrate(self, batches: Callable[[], Iterable[Tensor]]) -> None:
        """Solve for all images seen in training; where there were none, for those of `batches`."""
        sums = self._sums
        if sums.count == 0:
            sums = _Sums(self.mean.numel())
            for x in batches():
                sums.add(self.check(x).flatten(1))
        if sums.count and (sums is not self._sums or sums.count != self._solved_at):
            self._solve(sums)

    def _solve(self, sums: _Sums) -> None:
        """Mean, axes and eigenvalues from the sums."""
        mean, scatter = sums.moments()
        values, vectors = torch.linalg.eigh(scatter)  # ascending; vectors (D, D) in columns
        axes = vectors[:, -self.latent_dim :].T.flip(0)  # (K, D), largest first
        largest = axes.gather(1, axes.abs().argmax(1, keepdim=True))  # (K, 1)
        self.mean.copy_(mean)
        self.components.copy_(axes * largest.sign())
        self.z_mean.zero_()
        self.z_cov.copy_(torch.diag(values[-self.latent_dim :].flip(0).clamp(min=0)))
        if sums is self._sums:
            self._solved_at = sums.count

    def training_state(self) -> dict[str, Tensor]:
        """The running sums, where there are any."""
        if self._sums.count == 0:
            return {}
        counts = torch.tensor([self._sums.count, self._solved_at])
        return {
            "counts": counts,
            "sum": self._sums.total.clone(),
            "outer": self._sums.outer.clone(),
        }

    def load_training_state(self, state: Mapping[str, Tensor]) -> None:
        """Take the running sums back.

        Raises: BadInput when they do not fit this model.
        """
        sums = _Sums(self.mean.numel())
        solved_at = 0
        if state:
            fits = state["sum"].shape == self.mean.shape and state["outer"].shape == (
                len(self.mean),
                len(self.mean),
            )
            if not fits:
                raise BadInput(
                    f"The sums in this checkpoint belong to images of {state['sum'].numel()} "
                    f"values, this model has {self.mean.numel()}. Resume with the same data."
                )
            sums.count, solved_at = (int(number) for number in state["counts"])
            sums.total, sums.outer = state["sum"].clone(), state["outer"].clone()
        self._sums, self._solved_at = sums, solved_at


class _Sums:
    """Running sums of x and x x^T in float64, allocated with the first batch."""

    def __init__(self, n_values: int) -> None:
        self.count = 0
        self.total = torch.zeros(0, dtype=torch.float64)  # (D,) once something was added
        self.outer = torch.zeros(0, dtype=torch.float64)  # (D, D)
        self._n_values = n_values

    def add(self, x: Tensor) -> None:
        """Add a batch x (N, D)."""
        x = double(x)
        if self.count == 0:
            self.total = x.new_zeros(self._n_values)
            self.outer = x.new_zeros(self._n_values, self._n_values)
        self.count += len(x)
        self.total += x.sum(0)
        self.outer.addmm_(x.T, x)

    def moments(self) -> tuple[Tensor, Tensor]:
        """Mean (D,) and scatter (D, D), divided by N."""
        mean = self.total / self.count
        return mean, self.outer / self.count - torch.outer(mean, mean)


FAMILY = Family(
    key="pca",
    title=N_("Principal component analysis"),
    paper="Pearson 1901, On Lines and Planes of Closest Fit to Systems of Points in Space",
    config=PCAConfig,
    model=PCA,
    without_gradient={
        "mean": "the average of the training images, not descended to",
        "components": "eigenvectors of the scatter matrix, not descended to",
    },
    # MNIST takes 120 steps and every snapshot solves for the axes: 12 stops, each with about twice
    # the images of the one before.
    recommended={"batch_size": 500, "epochs": 1, "ema_decay": 0.0, "n_snapshots": 12},
)
