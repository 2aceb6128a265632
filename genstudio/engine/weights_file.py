"""Weights files: safetensors with a header that says which model they belong to; all is checked.

Every file carries metadata `genstudio` = JSON {schema_version, family, shape, config, ...}, so that
a lone file can be opened. Nothing is ever unpickled.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from genstudio.abilities import BadInput

if TYPE_CHECKING:
    import torch
    from torch import Tensor

    from genstudio.models import Model

SCHEMA_VERSION = 1
KEY = "genstudio"
MAX_BYTES = 8 << 30
MAX_HEADER_BYTES = 1 << 20
_REMEDY = "Choose a weights file that GenStudio wrote."


class Header(BaseModel):
    """What a weights file says of itself. Only the first four are needed to open it."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    schema_version: int = Field(ge=1)
    family: str = Field(max_length=100)
    shape: tuple[int, ...] = Field(min_length=1, max_length=3)
    config: dict[str, Any]
    title: str = Field(default="", max_length=300)
    abilities: tuple[str, ...] = Field(default=(), max_length=20)
    latent_dim: int | None = Field(default=None, ge=1)
    data: str = Field(default="", max_length=4096)
    seed: int = 0
    step: int | None = None


def header_of(model: Model, **more: Any) -> Header:
    """The header for a file with the weights of `model`."""
    return Header(
        schema_version=SCHEMA_VERSION,
        family=model.family,
        shape=model.shape,
        config=model.config.model_dump(mode="json"),
        abilities=model.abilities,
        latent_dim=model.latent_dim,
        **more,
    )


def to_bytes(tensors: Mapping[str, Tensor], header: Header) -> bytes:
    """A weights file of `tensors` (copied to main memory) with `header`."""
    from safetensors.torch import save

    plain = {name: tensor.detach().cpu().contiguous() for name, tensor in tensors.items()}
    return save(_unshared(plain), metadata={KEY: header.model_dump_json()})


def _unshared(tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    """safetensors refuses two names for one piece of memory, so the second gets its own."""
    seen: set[int] = set()
    for name, tensor in tensors.items():
        if tensor.data_ptr() in seen and tensor.numel():
            tensors[name] = tensor.clone()
        seen.add(tensor.data_ptr())
    return tensors


def read_header(path: Path) -> tuple[Header, dict[str, tuple[str, tuple[int, ...]]]]:
    """The header of `path` and {name: (dtype, shape)} of its tensors, without torch or allocation.

    Raises: BadInput when it is no weights file of GenStudio's.
    """
    from safetensors import SafetensorError, safe_open

    _check_kind(path)
    try:
        with safe_open(path, framework="numpy") as file:
            metadata = file.metadata() or {}
            slices = {name: file.get_slice(name) for name in file.keys()}  # noqa: SIM118
            tensors = {n: (s.get_dtype(), tuple(s.get_shape())) for n, s in slices.items()}
    except (SafetensorError, OSError, ValueError, OverflowError) as error:
        raise BadInput(f"{path} is damaged or no safetensors file ({error}). {_REMEDY}") from error
    text = metadata.get(KEY, "")
    if not text:
        raise BadInput(f"{path} does not say which model it belongs to. {_REMEDY}")
    if len(text) > MAX_HEADER_BYTES:
        raise BadInput(f"The header of {path} has {len(text):,} characters. {_REMEDY}")
    try:
        header = Header.model_validate(json.loads(text))
    except (ValueError, RecursionError, ValidationError) as error:
        raise BadInput(f"The header of {path} cannot be read. {_REMEDY}") from error
    if header.schema_version > SCHEMA_VERSION:
        raise BadInput(
            f"{path} was written by a newer GenStudio (format {header.schema_version}, known is "
            f"{SCHEMA_VERSION}). Update GenStudio to open it."
        )
    return header, tensors


def _check_kind(path: Path) -> None:
    try:
        size = path.stat().st_size
        with path.open("rb") as file:
            start = file.read(8)
    except OSError as error:
        raise BadInput(f"{path} cannot be read: {error.strerror}. {_REMEDY}") from error
    if size > MAX_BYTES:
        raise BadInput(
            f"{path} has {size / 1e9:.1f} GB, at most {MAX_BYTES / 1e9:.1f} are read. {_REMEDY}"
        )
    if start.startswith((b"PK\x03\x04", b"\x80\x02", b"\x80\x03", b"\x80\x04", b"\x80\x05")):
        raise BadInput(
            f"{path} is a pickled file, which could run code, so it was not opened. {_REMEDY}"
        )
    if size < 8:
        raise BadInput(f"{path} has only {size} bytes. {_REMEDY}")


def build(path: Path, header: Header, tensors: Mapping[str, tuple[str, tuple[int, ...]]]) -> Model:
    """The model that `header` names, once names, shapes and types in the file fit it.

    They are compared with the architecture on torch's meta device, where nothing is allocated.

    Raises: BadInput.
    """
    import torch

    from genstudio.metrics._judge_net import FAMILY as JUDGE
    from genstudio.models import family

    if header.family == JUDGE:
        raise BadInput(
            f"{path} holds the judge, which names digits and is no generative model. Choose a "
            "generative model; `genstudio weights` lists those that are shipped."
        )
    record = family(header.family)
    config = record.configure(header.config)
    if any(side < 1 or side > 4096 for side in header.shape):
        raise BadInput(f"{path} is for images of shape {header.shape}. {_REMEDY}")
    try:
        with torch.device("meta"):
            skeleton = record.build(header.shape, config)
    except (RuntimeError, ValueError, OverflowError, MemoryError) as error:
        if isinstance(error, BadInput):
            raise
        raise BadInput(
            f"{path} asks for a network that cannot be built ({error}). {_REMEDY}"
        ) from error
    wanted = {name: tuple(value.shape) for name, value in skeleton.state_dict().items()}
    dtypes = {name: value.dtype for name, value in skeleton.state_dict().items()}
    _compare(path, wanted, tensors)
    for name, (dtype, _) in tensors.items():
        if dtypes[name].is_floating_point != dtype.startswith(("F", "BF")):
            raise BadInput(f"{path}: {name} has type {dtype}, {dtypes[name]} is needed. {_REMEDY}")
    return record.build(header.shape, config)


def _compare(
    path: Path,
    wanted: Mapping[str, tuple[int, ...]],
    tensors: Mapping[str, tuple[str, tuple[int, ...]]],
) -> None:
    missing = sorted(wanted.keys() - tensors.keys())
    if missing:
        raise BadInput(f"{path} lacks {missing[0]} ({len(missing)} missing). {_REMEDY}")
    unknown = sorted(tensors.keys() - wanted.keys())
    if unknown:
        raise BadInput(f"{path} holds {unknown[0]!r:.80}, which its model does not have. {_REMEDY}")
    for name, shape in wanted.items():
        if tensors[name][1] != shape:
            raise BadInput(
                f"{path}: {name} has shape {tensors[name][1]}, its model needs {shape}. {_REMEDY}"
            )


def load(path: Path, device: str | torch.device = "cpu") -> Model:
    """The model in the weights file `path`, in eval mode and without gradients.

    Raises: BadInput when the file is damaged, hostile, does not fit its model or holds NaN.
    """
    import torch
    from safetensors import SafetensorError, safe_open

    from genstudio.engine.device import settle

    header, tensors = read_header(path)
    model = build(path, header, tensors)
    state = model.state_dict()
    try:
        with torch.no_grad(), safe_open(path, framework="pt") as file:
            for name, target in state.items():
                value = file.get_tensor(name)
                if value.is_floating_point() and not torch.isfinite(value).all():
                    raise BadInput(f"{path}: {name} holds NaN or infinite numbers. {_REMEDY}")
                target.copy_(value)
    except (SafetensorError, OSError) as error:
        raise BadInput(f"{path} is damaged ({error}). {_REMEDY}") from error
    return settle(model, device)
