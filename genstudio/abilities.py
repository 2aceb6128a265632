"""What a panel may know of a model before torch is loaded: names of abilities, and the card."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Protocol

from pydantic import BaseModel, ConfigDict, Field, ValidationError

LATENT = "latent"  # encode and decode
LIKELIHOOD = "likelihood"  # log_prob
LAYERS = "layers"  # a picture per layer
STEPS = "steps"  # a picture per sampling step
NOISE = "noise"  # a walk from noise to data whose every step guesses both

MAX_CARD_BYTES = 1 << 20
MAX_SEED = (1 << 32) - 1  # torch draws by the low 32 bits of a seed: one above would repeat another


class Able(Protocol):
    """A card, or a model."""

    @property
    def abilities(self) -> tuple[str, ...]: ...


def has_noise_space(what: Able) -> bool:
    """Whether z is the noise that sampling begins with: a code is reached, and decoded, in many
    steps of the whole net, and keeps everything of an image, so that nothing is compressed.
    """
    return LATENT in what.abilities and NOISE in what.abilities


class BadInput(ValueError):
    """Something that was handed in cannot be used. The message says what, what was got, and what to
    do.

    The command line prints it and exits with 2; the window shows it where the picture would be.
    """


class Card(BaseModel):
    """What is known of a model without opening its weights: who made it, from what, by which
    command, with which result.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    schema_version: int = 1
    name: str = Field(max_length=200)
    family: str = Field(max_length=100)
    title: str = Field(default="", max_length=300)
    abilities: tuple[str, ...] = ()
    shape: tuple[int, ...] = Field(max_length=3)
    latent_dim: int | None = Field(default=None, ge=1)
    data: str = ""
    config: dict[str, Any] = {}
    command: str = ""
    seed: int = 0
    machine: str = ""
    seconds: float | None = None
    n_parameters: int | None = None
    metrics: dict[str, Any] = {}
    sha256: str = ""

    @classmethod
    def read(cls, path: Path) -> Card:
        """The card in file `path`.

        Raises: BadInput when it is missing, too large or not a card.
        """
        try:
            with path.open("rb") as file:
                text = file.read(MAX_CARD_BYTES + 1)
        except OSError as error:
            raise BadInput(f"The card {path} cannot be read: {error.strerror}.") from error
        if len(text) > MAX_CARD_BYTES:
            raise BadInput(
                f"The card {path} is larger than {MAX_CARD_BYTES} bytes."
                " Choose a folder that GenStudio wrote."
            )
        try:
            return cls.model_validate(json.loads(text))
        except (ValueError, RecursionError, ValidationError) as error:
            first = str(error).splitlines()[0]
            raise BadInput(
                f"{path} is not a GenStudio card ({first}). Choose a folder that GenStudio wrote."
            ) from error
