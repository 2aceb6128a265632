"""Settings of the diffusion model, and of a walk from noise to an image."""

from __future__ import annotations

from typing import Literal

from genstudio.models._config import N_, Config, setting

Label = int | tuple[int, ...] | None  # one class for all, one for each, or none


class DDPMConfig(Config):
    """Settings of the diffusion model."""

    n_steps: int = setting(
        1000,
        N_("Noise levels"),
        N_("T, the number of steps from an image to pure noise."),
        unit=N_("steps"),
        ge=2,
        le=4000,
    )
    schedule: Literal["linear", "cosine"] = setting(
        "cosine",
        N_("Schedule"),
        N_("How the noise grows: linear (Ho et al.) or cosine (Nichol & Dhariwal)."),
    )
    predict: Literal["v", "noise", "x0"] = setting(
        "v",
        N_("Prediction"),
        N_("What the net gives. Under the cosine schedule, noise is ill-conditioned near T."),
    )
    n_classes: int = setting(
        0,
        N_("Classes"),
        N_("Labels that the net is told, 10 for digits; 0 trains without labels."),
        ge=0,
        le=1000,
    )
    class_drop: float = setting(
        0.1,
        N_("Dropped labels"),
        N_("Share of the labels hidden in training, so that the net knows to do without one too."),
        ge=0.01,
        le=0.9,
        live=True,
    )
    channels: int = setting(
        32, N_("Channels"), N_("Feature maps of the first level; deeper ones have twice as many."),
        unit=N_("maps"), ge=1, le=512,
    )  # fmt: skip
    levels: int = setting(
        2, N_("Levels"), N_("Resolutions of the U-Net."), ge=1, le=6, advanced=True
    )
    blocks_per_level: int = setting(
        2,
        N_("Blocks"),
        N_("Residual blocks of each level on the way down; one on the way up."),
        ge=1,
        le=8,
        advanced=True,
    )
    patch: int = setting(
        2,
        N_("Patch"),
        N_("Side of the square of pixels that makes one place of the first level."),
        unit=N_("pixels"),
        ge=1,
        le=8,
        advanced=True,
    )
    attention: bool = setting(
        True, N_("Attention"), N_("Let the places of the coarsest level see each other."),
        advanced=True,
    )  # fmt: skip
    width: int = setting(
        128, N_("Width"), N_("Units of each hidden layer, for points."), unit=N_("units"),
        ge=4, le=8192, advanced=True,
    )  # fmt: skip
    depth: int = setting(
        4, N_("Depth"), N_("Hidden layers, for points."), unit=N_("layers"), ge=1, le=16,
        advanced=True,
    )  # fmt: skip
    dropout: float = setting(
        0.0, N_("Dropout"), N_("Share of hidden units switched off in each training step."),
        ge=0.0, le=0.9, advanced=True,
    )  # fmt: skip
    latent_steps: int = setting(
        20,
        N_("Latent steps"),
        N_("DDIM steps between an image and its noise, where noise is used as a latent space."),
        unit=N_("steps"),
        ge=1,
        le=4000,
        advanced=True,
    )
    k: int = setting(
        20,
        N_("Bound samples"),
        N_("Noise levels drawn for each image's bound on log p(x)."),
        ge=1,
        le=4000,
        advanced=True,
    )


class Sampling(Config):
    """How `generate` walks from noise to an image."""

    sampler: Literal["ddpm", "ddpm-large", "ddim", "dpmpp"] = setting(
        "ddpm",
        N_("Sampler"),
        N_("ddpm: ancestral. ddim: deterministic at eta 0. dpmpp: DPM-Solver++ of order 2."),
    )
    steps: int = setting(20, N_("Steps"), N_("Steps from noise to the image."), ge=1, le=4000)
    eta: float = setting(
        0.0, N_("Eta"), N_("Noise that DDIM adds: 0 none, 1 as much as ddpm."), ge=0.0, le=1.0
    )
    label: Label = setting(
        None,
        N_("Class"),
        N_("Which class to draw, or which for each; without one, images get classes by lot."),
    )
    guidance: float = setting(
        1.0, N_("Guidance"), N_("How much more the class counts; 1 is the model as trained."),
        ge=0.0, le=20.0,
    )  # fmt: skip
    clip: bool = setting(True, N_("Clip"), N_("Keep x0_hat within the range of the pixels."))
