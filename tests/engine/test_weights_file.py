"""Files offered as weights: each bad one is refused with a sentence, and nothing is run."""

from __future__ import annotations

import json
import pickle
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import save

from genstudio.abilities import BadInput
from genstudio.engine import weights_file
from genstudio.engine.weights_file import header_of, to_bytes
from genstudio.models import Family, Model, family

SHAPE = (1, 8, 8)


def _model() -> Model:
    record = family("vae")
    return record.build(SHAPE, record.configure({"width": 8, "depth": 1}))


def _state() -> dict[str, torch.Tensor]:
    return {name: value.clone() for name, value in _model().state_dict().items()}


def _header(**changes: Any) -> dict[str, Any]:
    return {**json.loads(header_of(_model()).model_dump_json()), **changes}


def _file(state: dict[str, torch.Tensor] | None = None, header: object = None) -> bytes:
    text = header if isinstance(header, str) else json.dumps(header or _header())
    return save(state if state is not None else _state(), metadata={"genstudio": text})


def _with(name: str, value: torch.Tensor | None) -> bytes:
    state = _state()
    if value is None:
        del state[name]
    else:
        state[name] = value
    return _file(state)


def _raw(header: bytes, length: int | None = None, body: bytes = b"") -> bytes:
    return struct.pack("<Q", len(header) if length is None else length) + header + body


class _Canary:
    """Writes a file when it is unpickled."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple:
        return (Path.write_text, (self.path, "ran"))


FIRST = "encoder.1.weight"
GOOD = _file()
BAD: dict[str, tuple[Callable[[], bytes], str]] = {
    "empty": (lambda: b"", "0 bytes"),
    "seven bytes": (lambda: b"\0" * 7, "7 bytes"),
    "text": (lambda: b"hello, these are no weights at all", "damaged"),
    "truncated": (lambda: GOOD[:-1], "damaged"),
    "half": (lambda: GOOD[: len(GOOD) // 2], "damaged"),
    "header only": (lambda: GOOD[:100], "damaged"),
    "trailing bytes": (lambda: GOOD + b"x", "damaged"),
    "header of 2^63 bytes": (lambda: _raw(b"{}", 1 << 63), "damaged"),
    "header of 200 MB": (lambda: _raw(b"{}", 200_000_000), "damaged"),
    "deep JSON": (lambda: _raw(b"[" * 100_000), "damaged"),
    "huge shape": (
        lambda: _raw(
            b'{"a":{"dtype":"F32","shape":[4611686018427387904,4],"data_offsets":[0,4]}}',
            None,
            b"abcd",
        ),
        "damaged",
    ),
    "offset past the end": (
        lambda: _raw(b'{"a":{"dtype":"F32","shape":[4],"data_offsets":[0,16]}}', None, b"abcd"),
        "damaged",
    ),
    "no metadata": (lambda: save(_state()), "does not say"),
    "metadata no JSON": (lambda: _file(header="{"), "header"),
    "metadata deep": (lambda: _file(header="[" * 50_000), "header"),
    "metadata a list": (lambda: _file(header="[1]"), "header"),
    "metadata too long": (lambda: _file(header='{"a": "' + "x" * 2_000_000 + '"}'), "characters"),
    "newer format": (lambda: _file(header=_header(schema_version=99)), "newer"),
    "unknown family": (lambda: _file(header=_header(family="../../etc")), "no family"),
    "size out of bounds": (
        lambda: _file(header=_header(config={"width": 10**9})),
        "width",
    ),
    "too many weights": (
        lambda: _file(header=_header(config={"width": 8192, "depth": 16})),
        "weights",
    ),
    "unknown setting": (lambda: _file(header=_header(config={"code": "x"})), "not a setting"),
    "negative shape": (lambda: _file(header=_header(shape=[1, -8, 8])), "shape"),
    "huge image": (lambda: _file(header=_header(shape=[1, 100_000, 100_000])), "shape"),
    "points for a family of images": (lambda: _file(header=_header(shape=[2])), "images"),
    "missing tensor": (lambda: _with(FIRST, None), "lacks"),
    "extra tensor": (lambda: _with("surplus", torch.zeros(3)), "surplus"),
    "wrong shape": (lambda: _with(FIRST, torch.zeros(3, 3)), "shape"),
    "transposed": (lambda: _with(FIRST, torch.zeros(64, 8)), "shape"),
    "whole numbers": (lambda: _with(FIRST, torch.zeros(8, 64, dtype=torch.int64)), "type"),
    "NaN": (lambda: _with(FIRST, torch.full((8, 64), float("nan"))), "NaN"),
    "infinite": (lambda: _with(FIRST, torch.full((8, 64), float("-inf"))), "NaN or infinite"),
}


def test_the_names_used_here_exist() -> None:
    assert _state()[FIRST].shape == (8, 64)


@pytest.mark.parametrize("case", BAD)
def test_a_bad_file_is_refused_with_a_sentence(tmp_path: Path, case: str) -> None:
    make, word = BAD[case]
    path = tmp_path / "offered.safetensors"
    path.write_bytes(make())
    with pytest.raises(BadInput) as refused:
        weights_file.load(path)
    sentence = str(refused.value)
    assert word in sentence
    assert sentence.endswith(".")
    assert len(sentence) < 2000


@pytest.mark.parametrize("kind", ["pickle", "old torch", "torch"])
def test_a_pickled_file_runs_nothing(tmp_path: Path, kind: str) -> None:
    canary, path = tmp_path / "canary", tmp_path / "offered.safetensors"
    if kind == "pickle":
        path.write_bytes(pickle.dumps({"weights": _Canary(canary)}))
    else:
        torch.save(
            {"weights": _Canary(canary)}, path, _use_new_zipfile_serialization=kind == "torch"
        )
    with pytest.raises(BadInput, match="pickled"):
        weights_file.load(path)
    assert not canary.exists()


def test_too_large_a_file_is_not_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "offered.safetensors"
    with path.open("wb") as file:
        file.truncate(weights_file.MAX_BYTES + 1)  # sparse: takes no room
    with pytest.raises(BadInput, match="GB"):
        weights_file.load(path)


def test_a_folder_or_nothing_is_refused(tmp_path: Path) -> None:
    for path in (tmp_path, tmp_path / "nowhere"):
        with pytest.raises(BadInput, match="cannot be read"):
            weights_file.load(path)


@pytest.mark.parametrize("case", ["missing tensor", "wrong shape", "whole numbers", "extra tensor"])
def test_what_does_not_fit_is_refused_before_the_model_is_built(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, case: str
) -> None:
    path = tmp_path / "offered.safetensors"
    path.write_bytes(BAD[case][0]())
    devices: list[str] = []
    build = Family.build

    def watched(self: Family, *args: Any, **kwargs: Any) -> Model:
        model = build(self, *args, **kwargs)
        devices.append(next(model.parameters()).device.type)
        return model

    monkeypatch.setattr(Family, "build", watched)
    with pytest.raises(BadInput):
        weights_file.load(path)
    assert devices == ["meta"]


def test_save_and_load_give_the_same_model(tmp_path: Path) -> None:
    model = _model().eval()
    path = tmp_path / "mine.safetensors"
    path.write_bytes(to_bytes(model.state_dict(), header_of(model, step=7, title="T", seed=3)))
    loaded = weights_file.load(path)
    assert not loaded.training
    assert not any(p.requires_grad for p in loaded.parameters())
    assert (loaded.family, loaded.shape, loaded.config) == ("vae", SHAPE, model.config)
    z = torch.randn(5, 2, generator=torch.Generator().manual_seed(0))
    assert torch.equal(loaded.decode(z), model.decode(z))
    header, tensors = weights_file.read_header(path)
    assert (header.step, header.title, header.seed, header.latent_dim) == (7, "T", 3, 2)
    assert tensors[FIRST] == ("F32", (8, 64))


def test_a_lone_header_needs_four_fields_only(tmp_path: Path) -> None:
    full = _header()
    least = {key: full[key] for key in ("schema_version", "family", "shape", "config")}
    path = tmp_path / "least.safetensors"
    path.write_bytes(_file(header=least))
    assert weights_file.load(path).latent_dim == 2


def test_tensors_that_share_memory_are_written(tmp_path: Path) -> None:
    tensor = torch.arange(3.0)
    data = to_bytes({"a": tensor, "b": tensor}, header_of(_model()))
    from safetensors.torch import load

    assert torch.equal(load(data)["b"], tensor)
