"""The trainer's own settings, and how KEY=VALUE text becomes a family's config and them."""

from __future__ import annotations

import json
import shlex
import types
import typing
from collections.abc import Iterable, Mapping
from typing import Any, Literal

from pydantic import ValidationError, model_validator

from genstudio.abilities import BadInput
from genstudio.models import N_, Config, Family, explain, setting

PREFIX = "train."
DEFAULT_EPOCHS = 20
LIMITS = {"steps": 100_000_000, "batch_size": 65_536}

# Fields that a resumed run may be given anew: they do not change which weights a step leads to.
FREE_ON_RESUME = frozenset({"steps", "epochs", "checkpoint_every_s", "n_snapshots"})


class TrainSettings(Config):
    """How a model is trained, whatever its family. `steps` wins over `epochs`; neither means 20
    epochs.
    """

    lr: float = setting(
        1e-3,
        N_("Learning rate"),
        N_("Step length of the optimizer. May be changed while the model trains."),
        gt=0,
        le=1e35,
        live=True,
    )
    batch_size: int = setting(
        128,
        N_("Batch size"),
        N_("Images (or points) per training step."),
        unit=N_("images"),
        ge=1,
        le=LIMITS["batch_size"],
    )
    epochs: int | None = setting(
        None,
        N_("Epochs"),
        N_("How often training goes through the data. 20 unless epochs or steps are given."),
        ge=1,
        le=1_000_000,
    )
    steps: int | None = setting(
        None,
        N_("Steps"),
        N_("Total number of training steps, instead of epochs."),
        unit=N_("steps"),
        ge=1,
        le=LIMITS["steps"],
    )
    seed: int = setting(
        0,
        N_("Seed"),
        N_("Decides the initial weights, the order of the data and every noise in training."),
        ge=0,
        le=2**31 - 1,
    )
    lr_schedule: Literal["constant", "cosine"] = setting(
        "constant",
        N_("Learning rate schedule"),
        N_("Constant, or falling to zero along half a cosine by the last step."),
        advanced=True,
    )
    warmup_steps: int = setting(
        0,
        N_("Warm-up"),
        N_("Steps over which the learning rate rises from zero in a straight line."),
        unit=N_("steps"),
        ge=0,
        le=LIMITS["steps"],
        advanced=True,
    )
    weight_decay: float = setting(
        0.0,
        N_("Weight decay"),
        N_("Decoupled weight decay of AdamW (Loshchilov and Hutter 2019)."),
        ge=0,
        le=100,
        advanced=True,
    )
    clip_norm: float = setting(
        0.0,
        N_("Gradient clipping"),
        N_("Longest allowed gradient; longer ones are scaled down. 0 means no clipping."),
        ge=0,
        live=True,
        advanced=True,
    )
    ema_decay: float = setting(
        0.0,
        N_("Averaged weights"),
        N_("Decay of a moving average of the weights, which is what is then kept. 0 means off."),
        ge=0,
        le=0.999999,
        advanced=True,
    )
    device: Literal["auto", "cpu", "cuda", "mps"] = setting(
        "auto",
        N_("Device"),
        N_("Where training computes; auto takes a graphics processor where there is one."),
        advanced=True,
    )
    precision: Literal["auto", "float32", "bfloat16"] = setting(
        "auto",
        N_("Precision"),
        N_(
            "Numbers inside a training step. Auto measures both before step 1 and takes the faster."
        ),
        advanced=True,
    )
    threads: int = setting(
        0,
        N_("Threads"),
        N_("Processor threads for training. 0 measures before step 1 and takes the fastest."),
        ge=0,
        le=256,
        advanced=True,
    )
    memory_format: Literal["auto", "contiguous", "channels_last"] = setting(
        "auto",
        N_("Memory format"),
        N_("Order of the numbers of an image in memory. Auto measures before step 1."),
        advanced=True,
    )
    n_snapshots: int = setting(
        40,
        N_("Snapshots"),
        N_("How many stored steps time travel shows, close together at first, then further apart."),
        ge=0,
        le=200,
        advanced=True,
    )
    checkpoint_every_s: float = setting(
        300.0,
        N_("Checkpoint every"),
        N_("A killed run goes on from its last checkpoint."),
        unit="s",
        ge=0,
        le=86_400,
        advanced=True,
    )

    @model_validator(mode="after")
    def _one_length(self) -> TrainSettings:
        if self.steps is not None and self.epochs is not None:
            raise ValueError("Give steps or epochs, not both")
        return self

    def total_steps(self, steps_per_epoch: int) -> int:
        """The total number of steps for data of `steps_per_epoch` full batches."""
        if self.steps is not None:
            return self.steps
        return (self.epochs or DEFAULT_EPOCHS) * steps_per_epoch


def train_settings(values: Mapping[str, Any]) -> TrainSettings:
    """The settings with `values` over the defaults.

    Raises: BadInput naming the field, what was got and what is allowed.
    """
    try:
        return TrainSettings.model_validate(dict(values))
    except ValidationError as error:
        raise BadInput(_sentence(error)) from error


def _sentence(error: ValidationError) -> str:
    first = error.errors()[0]
    if first["type"] == "value_error":
        return f"{first['msg'].removeprefix('Value error, ')}."
    return PREFIX + explain(error, "the trainer", TrainSettings)


def split_settings(
    values: Mapping[str, Any], family: Family, base: Mapping[str, Any] | None = None
) -> tuple[Config, TrainSettings]:
    """`{"train.lr": 1e-4, "beta": 2}` as (the family's config, the trainer's settings).

    What the family recommends for the trainer stands under `values`; `base` holds trainer's
    settings that go over both (the command line's --steps, --seed, ...), by their names without
    "train.".

    Raises: BadInput.
    """
    own = {key: value for key, value in values.items() if not key.startswith(PREFIX)}
    trainer = {
        key.removeprefix(PREFIX): value for key, value in values.items() if key.startswith(PREFIX)
    }
    given = {**trainer, **(base or {})}
    recommended = dict(family.recommended)
    if given.get("steps") is not None or given.get("epochs") is not None:
        recommended.pop("steps", None)
        recommended.pop("epochs", None)
    return family.configure(own), train_settings({**recommended, **given})


def parse_settings(pairs: Iterable[str], family: Family) -> dict[str, Any]:
    """`["beta=2", "train.lr=1e-4"]` as a dict for `split_settings`.

    Raises: BadInput when one is not KEY=VALUE, is given twice, or no such setting exists.
    """
    values: dict[str, Any] = {}
    for pair in pairs:
        key, equals, text = pair.partition("=")
        key = key.strip()
        if not equals or not key:
            raise BadInput(
                f"--set takes KEY=VALUE, got {pair!r}. Write for example train.lr=0.001."
            )
        if key in values:
            raise BadInput(f"--set {key} was given twice. Give it once.")
        config = TrainSettings if key.startswith(PREFIX) else family.config
        field = config.model_fields.get(key.removeprefix(PREFIX))
        if field is None:
            known = ", ".join(
                [*family.config.model_fields, *(PREFIX + k for k in TrainSettings.model_fields)]
            )
            raise BadInput(f"{key} is not a setting of {family.key}. Choose one of: {known}.")
        values[key] = _value(text.strip(), field.annotation)
    return values


def _value(text: str, annotation: Any) -> Any:
    """`text` as JSON, a list where the field is one, None for "none", else the text itself."""
    if text.lower() in ("none", "null"):
        return None
    if _is_sequence(annotation) and not text.startswith("["):
        return [_scalar(part.strip()) for part in text.split(",") if part.strip()]
    return _scalar(text)


def _scalar(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return text


def _is_sequence(annotation: Any) -> bool:
    origin = typing.get_origin(annotation)
    if origin in (typing.Union, types.UnionType):
        return any(_is_sequence(part) for part in typing.get_args(annotation))
    return (origin or annotation) in (list, tuple)


def live_change(
    key: str, value: Any, config: Config, settings: TrainSettings, family: Family
) -> tuple[Config, TrainSettings]:
    """Config and settings after `key` became `value` during training.

    Raises: BadInput when there is no such setting, it may not change, or the value is out of range.
    """
    trainer = key.startswith(PREFIX)
    record: Config = settings if trainer else config
    name = key.removeprefix(PREFIX)
    field = type(record).model_fields.get(name)
    if field is None:
        raise BadInput(f"{key} is not a setting of {family.key}. Choose one that its form shows.")
    extra = field.json_schema_extra
    if not (isinstance(extra, dict) and extra.get("live")):
        raise BadInput(f"{key} cannot change while the model trains. Start a new run with it.")
    changed = {**record.model_dump(), name: value}
    if trainer:
        return config, train_settings(changed)
    return family.configure(changed), settings


def changed_fields(record: Config, usual: Config) -> dict[str, Any]:
    """The fields of `record` that differ from those of `usual`, as JSON values."""
    before = usual.model_dump(mode="json")
    after = record.model_dump(mode="json")
    return {name: value for name, value in after.items() if value != before[name]}


def command_line(
    family: Family, data: str, out: str, config: Config, settings: TrainSettings
) -> str:
    """The command that makes this run, as one line for a shell."""
    recommended = dict(family.recommended)
    if settings.steps is not None or settings.epochs is not None:
        recommended = {k: v for k, v in recommended.items() if k not in ("steps", "epochs")}
    trainer = changed_fields(settings, train_settings(recommended))
    words = ["genstudio", "train", family.key, "--data", data, "--out", out]
    for name, option in (("steps", "--steps"), ("epochs", "--epochs"), ("seed", "--seed"),
                         ("device", "--device"), ("precision", "--precision"),
                         ("threads", "--threads")):  # fmt: skip
        if name in trainer:
            words += [option, str(trainer.pop(name))]
    for key, value in changed_fields(config, family.config()).items():
        words += ["--set", f"{key}={_text(value)}"]
    for key, value in trainer.items():
        words += ["--set", f"{PREFIX}{key}={_text(value)}"]
    return shlex.join(words)


def _text(value: Any) -> str:
    if isinstance(value, str):
        return value
    return json.dumps(value, separators=(",", ":"))
