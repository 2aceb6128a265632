"""Where z comes from in a latent space: encodings, what was drawn, the mixture as it moves."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent, QPen, QPolygonF
from PySide6.QtWidgets import QSizePolicy, QWidget

from genstudio.latent import ellipse
from genstudio.latent.plane import Plane
from genstudio.ui import theme

COVERED = (0.5, 99.5)  # percentiles of the encodings in view
ROOM = 1.25  # times that
SIGMAS = (1.0, 2.0)


class SpaceMap(QWidget):
    """A small map that only shows: quiet dots are encodings, bright ones drawn, lines a density."""

    def __init__(self, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._codes = np.empty((0, 2))
        self._drawn = np.empty((0, 2))
        self._lines: list[tuple[np.ndarray, float]] = []  # outline (n, 2), opacity
        self._caption = ""
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setAccessibleName(self.tr("Where z comes from in %1").replace("%1", name))
        self.setToolTip(
            self.tr("Grey: encoded images. Blue: the z drawn. Lines: the density at 1 and 2 sigma.")
        )

    def minimumSizeHint(self) -> QSize:
        return QSize(96, 72)

    def lines(self) -> list[np.ndarray]:
        """The outlines of the density, plane coordinates."""
        return [line for line, _ in self._lines]

    def show_codes(self, xy: np.ndarray) -> None:
        """Encodings (N, 2) on the plane."""
        self._codes = np.asarray(xy, np.float64).reshape(-1, 2)
        self.update()

    def show_drawn(self, xy: np.ndarray, caption: str) -> None:
        """What was drawn (N, 2)."""
        self._drawn = np.asarray(xy, np.float64).reshape(-1, 2)
        self._caption = caption
        self.setAccessibleDescription(caption)
        self.update()

    def show_mixture(
        self, weights: np.ndarray, means: np.ndarray, covs: np.ndarray, plane: Plane, caption: str
    ) -> None:
        """Ellipses of components: weights (K,), means (K, D), covariances (K, D, D)."""
        self._lines = []
        for weight, mean, cov in zip(weights, means, covs):
            flat = ellipse.marginal_cov(mean, cov, plane)
            opacity = float(np.clip(0.35 + 3 * weight, 0.35, 1.0))
            for sigma in SIGMAS:
                outline = ellipse.outline(flat.centre, flat.cov, sigma, 48)
                self._lines.append((outline, opacity if sigma == 1.0 else opacity * 0.5))
        self._caption = caption
        self.setAccessibleDescription(caption)
        self.update()

    def clear_lines(self) -> None:
        self._lines = []
        self.update()

    def _window(self) -> tuple[np.ndarray, float]:
        """Centre and half the width of what is in view."""
        points = self._codes if len(self._codes) else self._drawn
        if not len(points):
            return np.zeros(2), 3.0
        low, high = np.percentile(points, COVERED, axis=0)
        return (low + high) / 2, float(max((high - low).max() / 2, 1e-3)) * ROOM

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        area = QRectF(self.rect())
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(theme.colour("field"))
        painter.drawRoundedRect(area, theme.RADIUS, theme.RADIUS)
        painter.setClipRect(area)
        centre, half = self._window()
        scale = min(area.width(), area.height()) / (2 * half)
        middle = np.array([area.center().x(), area.center().y()])

        def px(xy: np.ndarray) -> np.ndarray:
            return middle + (xy - centre) * scale * np.array([1.0, -1.0])

        for points, colour, radius in (
            (self._codes, theme.colour("quiet", 0.45), 1.0),
            (self._drawn, theme.colour("accent", 0.9), 1.5),
        ):
            painter.setBrush(colour)
            for x, y in px(points) if len(points) else ():
                painter.drawEllipse(QPointF(x, y), radius, radius)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        for line, opacity in self._lines:
            painter.setPen(QPen(theme.colour("warning", opacity), 1.5))
            painter.drawPolygon(QPolygonF([QPointF(x, y) for x, y in px(line)]))
        if self._caption:
            painter.setFont(theme.figure_font(theme.CAPTION_PX))
            painter.setPen(theme.colour("text"))
            room = area.adjusted(8, 4, -8, -4)
            end = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignBottom
            painter.drawText(room, int(end | Qt.TextFlag.TextWordWrap), self._caption)
