"""One model of the comparison: its header, its map with a layer, and what the cursor decodes to."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from PySide6.QtCore import QEvent, QObject, QSize, Qt, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QBoxLayout, QLabel, QStackedWidget, QVBoxLayout, QWidget

from genstudio.abilities import LIKELIHOOD, Card
from genstudio.engine.messages import Failure
from genstudio.latent import plane as planes
from genstudio.latent.scale import Linear
from genstudio.ui import theme
from genstudio.ui.panels._compare_header import Header
from genstudio.ui.panels._compare_layer import Layer
from genstudio.ui.panels._compare_link import Quantiles
from genstudio.ui.panels._compare_map import FieldPlane
from genstudio.ui.panels._compare_readout import PICTURE_PX, Readout, Row
from genstudio.ui.panels._compare_slots import misfit
from genstudio.ui.panels._map_scene import Scene, Space, Subset
from genstudio.ui.panels._map_space import home_view
from genstudio.ui.session import ModelRef, Session
from genstudio.ui.widgets.latent_plane import Pin

ENOUGH_FOR_HOME = 500  # encodings after which a map knows where images lie
NARROWEST_PX, LOWEST_PX = 148, 176
WIDE_PX, SHORT_PX = 300, 240
BESIDE = 1.15  # width over height from which the picture stands beside the map


class Pane(QWidget):
    """A slot's model. Where it cannot be shown, one sentence stands where the map would be."""

    changed = Signal()  # the map, its encodings or its space are others
    sampled = Signal()  # there are other values of the layer

    def __init__(
        self,
        session: Session,
        slot: str,
        parent: QWidget | None = None,
        picture_px: int = PICTURE_PX,
    ) -> None:
        super().__init__(parent)
        self.session, self.slot = session, slot
        self.header = Header(slot, self)
        self.plane = FieldPlane(self)
        self.scene = Scene(session, self.plane)
        self.layer = Layer(session, self.scene, self.plane)
        self.readout = Readout(slot, self, picture_px)
        self.note = _Note(self.plane)
        self.ref: ModelRef | None = None
        self.fits = False
        self._home_known = True
        self._quantiles: Quantiles | None = None
        self._wanted_layer = ""
        self._lay_out()
        self.scene.encodings_changed.connect(self._encodings_changed)
        self.scene.sheet_failed.connect(self._failed)
        self.scene.points_failed.connect(self._points_failed)
        self.layer.grew.connect(self.sampled)
        self.layer.failed.connect(self._layer_failed)

    def _lay_out(self) -> None:
        self.sentence = theme.quiet(QLabel())
        self.sentence.setWordWrap(True)
        self.sentence.setAlignment(Qt.AlignmentFlag.AlignCenter)
        page = QWidget()
        self._body = QBoxLayout(QBoxLayout.Direction.TopToBottom, page)
        self._body.setContentsMargins(0, 0, 0, 0)
        self._body.setSpacing(theme.GRID)
        self._body.addWidget(self.plane, 1)
        self._body.addWidget(self.readout)
        self.pages = QStackedWidget()
        self.pages.addWidget(page)
        self.pages.addWidget(self.sentence)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(theme.GRID)
        column.addWidget(self.header)
        column.addWidget(self.pages, 1)

    # The model ---------------------------------------------------------------------------------

    def show_model(self, ref: ModelRef, first: Card) -> None:
        """Show `ref` beside a first model of this card."""
        self.plane.setAccessibleName(self.tr("Map of %1").replace("%1", ref.title))
        reason = misfit(ref.card, first)
        if self.ref == ref and self.fits == (not reason):
            return
        self.ref, self.fits = ref, not reason
        self._quantiles = None
        self.note.say("")
        self.layer.clear()
        if reason:
            self.scene.show(None, "", self.scene.space, keep=False)
            self.sentence.setText(reason)
            self.pages.setCurrentIndex(1)
            self.changed.emit()
            return
        self.pages.setCurrentIndex(0)
        self.plane.set_image_size(ref.card.shape[1], ref.card.shape[2])
        dim = ref.card.latent_dim or 2
        space = Space(planes.axes(dim), Linear(), None)
        self._home_known = self._has_prior() and dim == 2
        self._look_home(space)
        self.scene.show(ref, ref.source, space, keep=False, hold=not self._home_known)
        if self._home_known:
            self.layer.show(self._wanted_layer)
        self.changed.emit()

    def forget(self) -> None:
        """No model stands here any more."""
        if self.ref is not None:
            self.ref, self.fits = None, False
            self.layer.show("")
            self.scene.show(None, "", self.scene.space, keep=False)

    def refresh(self) -> None:
        """The live model has new weights."""
        if self.fits:
            self.scene.refresh()
            self.layer.ask()

    @property
    def source(self) -> str:
        return self.scene.source if self.fits else ""

    @property
    def space(self) -> Space:
        return self.scene.space

    def dim(self) -> int:
        return self.space.plane.latent_dim

    def quantiles(self) -> Quantiles | None:
        """Where the encodings lie on the plane; None while there are too few."""
        cloud = self.scene.cloud
        if self._quantiles is None and cloud is not None and len(cloud.mean) >= 16:
            self._quantiles = Quantiles(self.space.plane.to_plane(cloud.mean))
        return self._quantiles

    def _has_prior(self) -> bool:
        return self.ref is not None and LIKELIHOOD in self.ref.card.abilities

    def _encodings_changed(self) -> None:
        cloud = self.scene.cloud
        if cloud is None or not self.fits:
            return
        self._quantiles = None
        if not self._home_known and len(cloud.mean) >= min(
            ENOUGH_FOR_HOME, self.scene.subset.limit
        ):
            self._settle(cloud.mean)
        self.changed.emit()

    def _settle(self, means: np.ndarray) -> None:
        """Where images lie is known now: look there."""
        self._home_known = True
        space = self.space
        if space.plane.latent_dim > 2:
            space = Space(planes.pca(means), Linear(), None)
            self.scene.set_space(space)
        self._look_home(space, means)
        self.scene.release()
        self.layer.show(self._wanted_layer)

    def _look_home(self, space: Space, means: np.ndarray | None = None) -> None:
        home = home_view(space, means, self._has_prior())
        self.plane.set_home(home, space.bounds)
        self.plane.set_view(home)
        self.plane.set_axes((space.plane.label_x, space.plane.label_y), space.marks)

    def _points_failed(self, failure: Failure) -> None:
        self.note.say(failure.sentence())
        if not self._home_known:
            self._home_known = True
            self.scene.release()
            self.layer.show(self._wanted_layer)

    def _failed(self, failure: Failure) -> None:
        self.sentence.setText(failure.sentence())
        self.pages.setCurrentIndex(1)
        self.fits = False
        self.changed.emit()

    # The layer ---------------------------------------------------------------------------------

    def show_layer(self, name: str) -> None:
        """Show the layer `name`, or with "" the decoded sheet."""
        self._wanted_layer = name
        self.note.say("")
        if self.fits and self._home_known:
            self.layer.show(name)
        else:
            self.plane.cover(bool(name))

    def _layer_failed(self, failure: Failure) -> None:
        self.note.say(failure.sentence())
        self.sampled.emit()

    def set_subset(self, subset: Subset) -> None:
        """Which images lie on the map as points."""
        if subset != self.scene.subset:
            self.scene.set_subset(subset)

    # The cursor --------------------------------------------------------------------------------

    def show_frame(
        self, image: np.ndarray, number: int, at: tuple[float, float], rows: Sequence[Row]
    ) -> None:
        """Picture and place of the cursor in frame `number`."""
        self.readout.show_image(image, number, rows)
        self.plane.set_probe(*at, self.tr("Cursor at %1").replace("%1", _told(rows)))

    def put_pin(self, at: tuple[float, float] | None) -> None:
        """The pin that all maps share, or none."""
        self.plane.set_pins([] if at is None else [Pin(*at)], -1 if at is None else 0)

    # Layout ------------------------------------------------------------------------------------

    def minimumSizeHint(self) -> QSize:
        return QSize(NARROWEST_PX, LOWEST_PX)

    def resizeEvent(self, event: QResizeEvent) -> None:
        small = self.width() < WIDE_PX
        beside = self.width() > BESIDE * self.height() and (not small or self.height() < SHORT_PX)
        way = QBoxLayout.Direction.LeftToRight if beside else QBoxLayout.Direction.TopToBottom
        if self._body.direction() != way:
            self._body.setDirection(way)
            top = Qt.AlignmentFlag.AlignTop if beside else Qt.AlignmentFlag(0)
            self._body.setAlignment(self.readout, top)
        self.readout.stand(beside, small)
        super().resizeEvent(event)


class _Note(QLabel):
    """One sentence over a map."""

    def __init__(self, plane: FieldPlane) -> None:
        super().__init__(plane)
        self._plane = plane
        self.setWordWrap(True)
        self.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.setContentsMargins(12, 8, 12, 8)
        theme.pane(self)
        self.hide()
        plane.installEventFilter(self)

    def say(self, sentence: str) -> None:
        """Show the sentence; an empty one takes it away."""
        self.setText(sentence)
        self.setAccessibleName(sentence)
        self.setVisible(bool(sentence))
        self._stand()

    def _stand(self) -> None:
        area = self._plane.picture_rect()
        wide = int(min(340, max(120, area.width() - 24)))
        high = self.heightForWidth(wide)
        x, y = int(area.center().x() - wide / 2), int(area.center().y() - high / 2)
        self.setGeometry(x, y, wide, high)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Resize and not self.isHidden():
            self._stand()
        return False


def _told(rows: Sequence[Row]) -> str:
    return ", ".join(" ".join(row) for row in rows)
