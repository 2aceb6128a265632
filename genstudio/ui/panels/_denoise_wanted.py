"""What the section "Sampler" is set to, and how its numbers are written."""

from __future__ import annotations

from dataclasses import dataclass

from genstudio.ui.panels._denoise_recipe import Recipe

FIRST_IMAGES, FIRST_POINTS, FIRST_STEPS = 16, 512, 20
MODELS_OF = ("images", "points")  # two kinds of models, each with settings of its own


@dataclass(frozen=True)
class Wanted:
    """What stands in the section."""

    sampler: str = "dpmpp"
    eta: float = 0.0
    steps: int = FIRST_STEPS
    label: int | None = None
    guidance: float = 1.0
    seed: int = 0
    n: int = FIRST_IMAGES
    clip: bool = True

    def recipe(self) -> Recipe:
        """The run from noise with these settings; what does not apply is left at its default."""
        return Recipe(
            n=self.n,
            seed=self.seed,
            sampler=self.sampler,
            steps=self.steps,
            eta=self.eta if self.sampler == "ddim" else 0.0,
            label=self.label,
            guidance=self.guidance if self.label is not None else 1.0,
            clip=self.clip,
        )

    @staticmethod
    def first(kind: str) -> Wanted:
        """What a model of `kind`, one of MODELS_OF, is set to at first."""
        return Wanted(n=FIRST_POINTS if kind == "points" else FIRST_IMAGES)

    @staticmethod
    def of(recipe: Recipe) -> Wanted:
        return Wanted(
            sampler=recipe.sampler,
            eta=recipe.eta,
            steps=recipe.steps,
            label=recipe.label,
            guidance=recipe.guidance,
            seed=recipe.seed,
            n=recipe.n,
            clip=recipe.clip,
        )


def of_bytes(n: int) -> str:
    """A size in words: "3.0 MB", "1.2 GB"."""
    if n >= 1_000_000_000:
        return f"{n / 1e9:.1f} GB"
    return f"{n / 1e6:.1f} MB" if n >= 1_000_000 else f"{n / 1e3:.0f} kB"
