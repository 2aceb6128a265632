"""The hand that paints: which tool it holds, the stroke it is drawing, the strokes before it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from PySide6.QtCore import QObject, QPointF, Signal

from genstudio.ui.panels._denoise_brush import (
    LEAST_PX,
    MOST_PX,
    Edit,
    History,
    masked,
    painted,
    touched,
)

TOOLS = ("", "paint", "keep")
PAINTABLE = ("x_t", "x0_hat")


@dataclass(eq=False)
class Stroke:
    """A stroke that is not complete."""

    tool: str
    kind: str  # the picture it is drawn on
    image: int
    place: tuple[str, int]  # run, step
    base: np.ndarray  # (N, C, H, W) before it
    cover: np.ndarray  # (H, W), 0 to 1
    last: tuple[float, float]  # (row, column)
    erase: bool


class BrushHand(QObject):
    """Tool, width, ink; a stroke from begin to lift."""

    painted = Signal(bool, bool)  # whether the edit and whether the mask changed
    moved = Signal()  # something to paint again
    tool_changed = Signal(str)
    width_changed = Signal(float)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.tool = ""
        self.width = 3.0
        self.erasing = False
        self.ink: float | np.ndarray = 1.0
        self.paper: float | np.ndarray = -1.0
        self.hover: QPointF | None = None
        self.pen: tuple[float, float] | None = None  # led by keys, (row, column)
        self.stroke: Stroke | None = None
        self.history = History()

    def set_tool(self, tool: str) -> None:
        """Take "paint", "keep" or, with "", nothing in the hand."""
        if tool not in TOOLS:
            raise ValueError(f"{tool!r} is no tool. Choose one of {TOOLS}.")
        if tool != self.tool:
            self.lift()
            self.tool, self.pen, self.hover = tool, None, None
            self.tool_changed.emit(tool)

    def set_width(self, width: float) -> None:
        width = float(min(max(width, LEAST_PX), MOST_PX))
        if width != self.width:
            self.width = width
            self.width_changed.emit(width)
            self.moved.emit()

    # A stroke ------------------------------------------------------------------------------------

    def begin(
        self,
        kind: str,
        image: int,
        point: tuple[float, float],
        values: np.ndarray,
        place: tuple[str, int],
        other: bool,
    ) -> bool:
        """Put the brush down on image `image` of `values`; False where it cannot be painted on."""
        if self.stroke is not None:
            return True
        if self.tool == "paint" and kind not in PAINTABLE:
            return False
        cover = np.zeros(values.shape[2:], np.float32)
        erase = self.erasing != other
        self.stroke = Stroke(self.tool, kind, image, place, values, cover, point, erase)
        self.draw_to(point)
        return True

    def draw_to(self, point: tuple[float, float]) -> None:
        """The brush goes on to a point, (row, column) in the image's pixels."""
        stroke = self.stroke
        if stroke is not None:
            more = touched(stroke.cover.shape, stroke.last, point, self.width)
            stroke.cover, stroke.last = np.maximum(stroke.cover, more), point
            self.moved.emit()

    def lift(self) -> None:
        """The stroke is complete."""
        stroke = self.stroke
        if stroke is None:
            return
        edit, mask = self.shown_edit(), self.shown_mask()
        self.stroke = None
        if not stroke.cover.any():
            self.moved.emit()
            return
        self.history.go_to(edit, mask)
        self.painted.emit(stroke.tool == "paint", stroke.tool == "keep")

    def cancel(self) -> None:
        """Drop the stroke, or where there is none the tool."""
        if self.stroke is not None:
            self.stroke = None
            self.moved.emit()
        else:
            self.set_tool("")

    def shown_edit(self) -> Edit | None:
        """The edit with the stroke in it."""
        stroke = self.stroke
        if stroke is None or stroke.tool != "paint":
            return self.history.now.edit
        value = self.paper if stroke.erase else self.ink
        array = painted(stroke.base, stroke.image, stroke.cover, value)
        return Edit(*stroke.place, stroke.kind, array)

    def shown_mask(self) -> np.ndarray | None:
        """The mask with the stroke in it."""
        stroke = self.stroke
        if stroke is None or stroke.tool != "keep":
            return self.history.now.mask
        return masked(self.history.now.mask, stroke.cover, not stroke.erase)

    # Back and forth ------------------------------------------------------------------------------

    def undo(self) -> None:
        self._go_back(self.history.undo)

    def redo(self) -> None:
        self._go_back(self.history.redo)

    def clear(self) -> None:
        """Take edit and mask away, as a stroke that can be taken back."""
        now = self.history.now
        if now.edit is not None or now.mask is not None:
            self.stroke = None
            self.history.go_to(None, None)
            self.painted.emit(now.edit is not None, now.mask is not None)

    def _go_back(self, step: Callable[[], bool]) -> None:
        self.stroke = None
        before = self.history.now
        if step():
            now = self.history.now
            self.painted.emit(now.edit is not before.edit, now.mask is not before.mask)

    # By keys -------------------------------------------------------------------------------------

    def pen_in(self, hw: tuple[int, int]) -> tuple[float, float]:
        """Where the pen of the keys stands; in the middle at first."""
        if self.pen is None:
            self.pen = (hw[0] // 2 + 0.5, hw[1] // 2 + 0.5)
        return self.pen

    def move_pen(self, way: tuple[int, int], many: int, hw: tuple[int, int]) -> None:
        """Move it by pixels; it draws while it is down."""
        row, column = self.pen_in(hw)
        self.pen = (
            min(max(row + way[0] * many, 0.5), hw[0] - 0.5),
            min(max(column + way[1] * many, 0.5), hw[1] - 0.5),
        )
        if self.stroke is not None:
            self.draw_to(self.pen)
        self.moved.emit()
