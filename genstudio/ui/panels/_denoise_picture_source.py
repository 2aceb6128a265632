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
        self._images: dict[tuple[str, int, int], QImage] = {}

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
        self._images.clear()

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

    def pixels(self, kind: str, index: int) -> np.ndarray | None:
        """One image as uint8 (H, W) or (H, W, 3), or None."""
        values = self.values(kind)
        return None if values is None else self._draw(kind, values[index : index + 1])[0]

    def image(self, kind: str, first: int, n: int) -> QImage | None:
        """`n` images from the one at `first`, one below the other."""
        values, key = self.values(kind), (kind, first, n)
        if values is None:
            return None
        if key not in self._images:
            stack = self._draw(kind, values[first : first + n])
            small = to_qimage(stack.reshape(-1, *stack.shape[2:]))
            self._images[key] = small.convertToFormat(QImage.Format.Format_RGB32)  # scaled faster
        return self._images[key]

    def _draw(self, kind: str, values: np.ndarray) -> np.ndarray:
        return pixels(kind, values, self.limit() if kind == "change" else 1.0)

    def _any(self) -> np.ndarray | None:
        """One array of images (N, C, H, W) of the frame."""
        arrays = self.frame.arrays.values() if self.frame is not None else ()
        return next((array for array in arrays if array.ndim == 4), None)
