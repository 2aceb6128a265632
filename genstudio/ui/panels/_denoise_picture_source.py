"""The arrays of one step as pictures, each turned into pixels when it is first looked at."""

from __future__ import annotations

import numpy as np
from PySide6.QtGui import QImage

from genstudio.tape import Frame
from genstudio.ui.panels._denoise_brush import Edit
from genstudio.ui.panels._denoise_picture_look import NOISE_LIMIT, change_limit, pixels
from genstudio.ui.widgets.image_view import to_qimage


class Source:
    """A frame, the one before it, and what is painted on it."""

    def __init__(self) -> None:
        self.frame: Frame | None = None
        self.before: Frame | None = None
        self.name = ""
        self._edit: Edit | None = None
        self._limit: float | None = None  # that was set
        self._own_limit: float | None = None  # of this frame
        self._values: dict[str, np.ndarray | None] = {}
        self._pixels: dict[str, np.ndarray | None] = {}

    def set_frame(self, frame: Frame | None, before: Frame | None, name: str) -> None:
        self.frame, self.before, self.name = frame, before, name
        self._forget()

    def set_edit(self, edit: Edit | None) -> None:
        if edit is not self._edit:
            self._edit = edit
            self._forget()

    def set_limit(self, limit: float | None) -> None:
        self._limit = limit
        self._forget()

    def _forget(self) -> None:
        self._own_limit = None
        self._values.clear()
        self._pixels.clear()

    @property
    def n(self) -> int:
        """How many images there are."""
        first = self._any()
        return 0 if first is None else len(first)

    @property
    def hw(self) -> tuple[int, int]:
        first = self._any()
        return (1, 1) if first is None else (first.shape[2], first.shape[3])

    def layout_shape(self) -> tuple[object, ...]:
        """What the layout depends on."""
        return (self.n, self.hw, tuple(self.frame.arrays) if self.frame else ())

    def has(self, kind: str) -> bool:
        """Whether the frame has such a picture; a change needs a step before."""
        if self.frame is None:
            return False
        return kind in self.frame.arrays or (kind == "change" and "x_t" in self.frame.arrays)

    def edited(self, kind: str) -> bool:
        """Whether what is shown of `kind` is painted on."""
        edit = self._edit
        return (
            edit is not None
            and self.frame is not None
            and (edit.source, edit.index, edit.kind) == (self.name, self.frame.index, kind)
        )

    def values(self, kind: str) -> np.ndarray | None:
        """(N, C, H, W) in the model's scale, or None."""
        if kind not in self._values:
            self._values[kind] = self._make(kind)
        return self._values[kind]

    def _make(self, kind: str) -> np.ndarray | None:
        frame, before = self.frame, self.before
        if frame is None:
            return None
        if self.edited(kind) and self._edit is not None:
            return self._edit.array
        if kind in frame.arrays:
            return frame.arrays[kind]
        if kind == "change" and before is not None and "x_t" in frame.arrays:
            return frame.arrays["x_t"] - before.arrays["x_t"]
        return None

    def limit(self) -> float:
        """The value at the ends of the change's colours."""
        if self._limit is not None:
            return self._limit
        if self._own_limit is None:
            change = self.values("change")
            self._own_limit = change_limit(change) if change is not None else 1.0
        return self._own_limit

    def limit_of(self, kind: str) -> tuple[str, float] | None:
        """What the scale under a picture shows: the kind of colours and their end, or None."""
        if kind == "noise_hat":
            return kind, NOISE_LIMIT
        return (kind, self.limit()) if kind == "change" and self.before is not None else None

    def pixels(self, kind: str) -> np.ndarray | None:
        """uint8 (N, H, W) or (N, H, W, 3), or None."""
        if kind not in self._pixels:
            values = self.values(kind)
            limit = self.limit() if kind == "change" else 1.0
            self._pixels[kind] = None if values is None else pixels(kind, values, limit)
        return self._pixels[kind]

    def image(self, kind: str) -> QImage | None:
        """All images below each other, in one; alive as long as this frame is shown."""
        stack = self.pixels(kind)
        if stack is None:
            return None
        return to_qimage(stack.reshape(-1, *stack.shape[2:]))

    def _any(self) -> np.ndarray | None:
        """One array of images (N, C, H, W) of the frame."""
        arrays = self.frame.arrays.values() if self.frame is not None else ()
        return next((array for array in arrays if array.ndim == 4), None)
