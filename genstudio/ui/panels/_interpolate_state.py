"""Interpolate's state as JSON: read with care, since it comes from a file."""

from __future__ import annotations

import base64
import binascii
import io
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from genstudio.ui.panels._interpolate_board import LETTERS, MAX_WAYS, Board, Slot
from genstudio.ui.panels._interpolate_plane import CHOICES
from genstudio.ui.panels._interpolate_tracer import KINDS

if TYPE_CHECKING:
    from genstudio.ui.panels.interpolate import Interpolate

MAX_DIM = 4096
MAX_SIDE = 1024  # pixels of an image that a state holds
MAX_BYTES = 1 << 22
TITLE = 120  # characters


@dataclass(frozen=True)
class Kept:
    """What a saved state says, with a default wherever it says nothing that can be used."""

    board: Board
    mode: str
    kind: str
    t: float
    uv: tuple[float, float]
    shown: frozenset[str]
    layers: dict[str, bool]
    even: bool
    density: float
    gaps: bool
    frames: int
    plane: str
    psi: float
    place: int
    folds: dict[str, bool]


def keep(panel: Interpolate) -> dict[str, Any]:
    """What the panel shows, as JSON."""
    board, section = panel.board.value(), panel.column.paths
    return {
        "slots": [describe(slot) for slot in board.slots],
        "ways": [list(way) for way in board.ways],
        "mode": panel.mode,
        "kind": panel.hand.kind,
        "t": panel.hand.t,
        "uv": [panel.square.u, panel.square.v],
        "shown": sorted(panel.bar.shown()),
        "layers": {name: pill.isChecked() for name, pill in panel.bar.layers.items()},
        "even": section.even.isChecked(),
        "density": section.density(),
        "gaps": section.gaps.isChecked(),
        "frames": section.n_frames(),
        "plane": panel.plane_choice,
        "psi": section.truncation.value(),
        "place": panel.slots.place(),
        "folds": {key: fold.shown() for key, fold in panel.column.folds.items()},
    }


def describe(slot: Slot | None) -> dict[str, Any] | None:
    """A slot as JSON: where its image stands in the data, its code, or the image itself."""
    if slot is None:
        return None
    if slot.code is not None:
        return {"title": slot.title, "code": [float(v) for v in slot.code]}
    if slot.index is not None:
        return {"data": slot.data, "split": slot.split, "index": slot.index}
    if slot.image is not None:
        return {"title": slot.title, "image": _to_text(slot.image)}
    return None


def read(state: dict[str, Any]) -> Kept:
    """What of `state` can be used."""
    listed = state.get("slots")
    slots = [_slot(one) for one in listed] if isinstance(listed, list) else []
    slots = (slots + [None] * len(LETTERS))[: len(LETTERS)]
    ways = state.get("ways")
    ways = ways[:MAX_WAYS] if isinstance(ways, list) else []
    found = tuple(way for way in map(_numbers, ways) if way is not None)
    uv = _numbers(state.get("uv")) or ()
    shown = state.get("shown")
    kinds = frozenset(k for k in shown if k in KINDS) if isinstance(shown, list) else None
    frames, place = state.get("frames"), state.get("place")
    return Kept(
        board=Board(tuple(slots), found),
        mode="square" if state.get("mode") == "square" else "path",
        kind=_one_of(state.get("kind"), KINDS, KINDS[0]),
        t=_share(state.get("t"), 0.5, 1.0),
        uv=(_share(uv[0], 0.5, 1.0), _share(uv[1], 0.5, 1.0)) if len(uv) == 2 else (0.5, 0.5),
        shown=frozenset(KINDS) if kinds is None else kinds,
        layers=_flags(state.get("layers")),
        even=state.get("even") is True,
        density=_share(state.get("density"), 0.0, 100.0),
        gaps=state.get("gaps") is not False,
        frames=frames if isinstance(frames, int) and 5 <= frames <= 257 else 33,
        plane=_one_of(state.get("plane"), CHOICES, CHOICES[0]),
        psi=_share(state.get("psi"), 1.0, 1.5),
        place=place if isinstance(place, int) and 0 <= place < len(LETTERS) else 0,
        folds=_flags(state.get("folds")),
    )


def bring_back(panel: Interpolate, state: dict[str, Any]) -> None:
    """Show what `keep` has described."""
    kept = read(state)
    for name, pill in panel.bar.layers.items():
        pill.setChecked(kept.layers.get(name, pill.isChecked()))
    for kind, pill in panel.bar.kinds.items():
        pill.setChecked(kind in kept.shown)
    for key, fold in panel.column.folds.items():
        fold.set_shown(kept.folds.get(key, fold.shown()))
    section = panel.column.paths
    section.set_values(kept.even, kept.density, kept.gaps, kept.frames, kept.plane, kept.psi)
    panel.choose_plane(kept.plane)
    panel.hand.kind, panel.hand.t = kept.kind, kept.t
    panel.square.u, panel.square.v = kept.uv
    panel.slots.choose(kept.place)
    if any(slot is not None for slot in kept.board.slots):
        panel.board.set_value(kept.board)
    panel.set_truncation(kept.psi)
    panel.set_mode(kept.mode)


def _slot(facts: Any) -> Slot | None:
    if not isinstance(facts, dict):
        return None
    title = str(facts.get("title", ""))[:TITLE]
    code, index = _numbers(facts.get("code")), facts.get("index")
    if code is not None:
        return Slot(title, code=np.array(code, np.float32))
    if isinstance(index, int) and not isinstance(index, bool) and index >= 0:
        split = "train" if facts.get("split") == "train" else "test"
        return Slot(data=str(facts.get("data", ""))[:1000], split=split, index=index)
    image = _from_text(facts.get("image"))
    return Slot(title, image=image) if image is not None else None


def _to_text(image: np.ndarray) -> str:
    """An image (C, H, W) in [0, 1] in 8 bits, as npy in base64."""
    buffer = io.BytesIO()
    np.save(buffer, np.round(np.clip(image, 0, 1) * 255).astype(np.uint8), allow_pickle=False)
    return base64.b64encode(buffer.getvalue()).decode("ascii")


def _from_text(text: Any) -> np.ndarray | None:
    if not isinstance(text, str) or len(text) > MAX_BYTES:
        return None
    try:
        data = base64.b64decode(text, validate=True)
        array = np.load(io.BytesIO(data), allow_pickle=False)
    except (binascii.Error, ValueError, OSError, EOFError, MemoryError):
        return None
    if array.dtype != np.uint8 or array.ndim != 3 or not array.size or max(array.shape) > MAX_SIDE:
        return None
    return array.astype(np.float32) / 255.0


def _numbers(value: Any) -> tuple[float, ...] | None:
    """`value` as finite numbers, or None."""
    if not isinstance(value, list) or not 0 < len(value) <= MAX_DIM:
        return None
    if not all(isinstance(v, (int, float)) and not isinstance(v, bool) for v in value):
        return None
    numbers = tuple(float(v) for v in value)
    return numbers if np.isfinite(numbers).all() else None


def _share(value: Any, default: float, top: float) -> float:
    """`value` if it is a number from 0 to `top`."""
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 <= value <= top:
        return default
    return float(value)


def _one_of(value: Any, allowed: tuple[str, ...], default: str) -> str:
    return value if isinstance(value, str) and value in allowed else default


def _flags(value: Any) -> dict[str, bool]:
    items = value.items() if isinstance(value, dict) else ()
    return {str(k): v for k, v in items if isinstance(v, bool)}
