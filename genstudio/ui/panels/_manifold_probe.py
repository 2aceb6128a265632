"""The probe: a latent point is decoded while the hand moves, and told about when it rests."""

from __future__ import annotations

from functools import partial

import numpy as np
from PySide6.QtCore import QObject, QTimer, Signal

from genstudio.engine.messages import Answer, Failure
from genstudio.ui.panels._manifold_rows import Probed, ProbeView, Row
from genstudio.ui.panels._manifold_text import figure
from genstudio.ui.panels._map_scene import Scene
from genstudio.ui.panels._map_space import Space
from genstudio.ui.session import Priority, Session
from genstudio.ui.widgets.latent_plane import LatentPlane

DETAILS_AFTER_MS = 40  # of rest, so that numbers never delay a picture
UNKNOWN = "…"


class Prober(QObject):
    """Asks for the image of z in the mouse event itself; the newest answer is painted at once."""

    shown = Signal(object)  # Probed

    def __init__(self, session: Session, scene: Scene, plane: LatentPlane, view: ProbeView) -> None:
        super().__init__(view)
        self._session, self._scene, self._plane, self._view = session, scene, plane, view
        self._z: np.ndarray | None = None
        self._at = (0.0, 0.0)
        self._more: tuple[Row, ...] = ()
        self._rest = QTimer(self)
        self._rest.setSingleShot(True)
        self._rest.setInterval(DETAILS_AFTER_MS)
        self._rest.timeout.connect(self._ask_details)

    def z(self) -> np.ndarray | None:
        """The point that was asked for last."""
        return self._z

    def resting(self) -> bool:
        """Whether the numbers of the point shown are still to be asked for."""
        return self._rest.isActive()

    def ask(self, z: np.ndarray, at: tuple[float, float]) -> None:
        """Decode z, which stands at map point `at`."""
        self._z, self._at = z, at
        if not self._scene.source:
            return
        self._session.ask(
            self,
            "probe",
            "latent.probe:decode",
            model=self._scene.source,
            priority=Priority.POINTER,
            then=partial(self._show, at, self._scene.space, self._scene.source),
            failed=self._refused,
            z=z,
        )

    def again(self) -> None:
        """Decode the same point with the weights there are now."""
        if self._z is not None:
            self.ask(self._z, self._at)

    def forget(self) -> None:
        """The point belongs to another latent space."""
        self._session.cancel(self, "probe")
        self._session.cancel(self, "details")
        self._rest.stop()
        self._z = None
        self._view.clear()

    def _show(self, at: tuple[float, float], space: Space, source: str, answer: Answer) -> None:
        value = answer.value
        probed = Probed(value.z, value.image, answer.request, source, answer.step)
        rows = probe_rows(space, value.z, self.tr("norm"))
        if not self._more:
            self._more = ((self.tr("log p(z)"), UNKNOWN), (self.tr("cycle error"), UNKNOWN))
        more = tuple((name, UNKNOWN) for name, _ in self._more)
        if not self._view.show_probe(probed, rows, more):
            return
        told = self.tr("Probe at %1").replace("%1", ", ".join(" ".join(row) for row in rows))
        self._plane.set_probe(*at, told)
        self._rest.start()
        self.shown.emit(probed)

    def _refused(self, failure: Failure) -> None:
        self._view.clear(failure.sentence())

    def _ask_details(self) -> None:
        probed = self._view.probed()
        if probed is None or probed.source != self._scene.source:
            return
        self._session.ask(
            self,
            "details",
            "latent.probe:details",
            model=probed.source,
            then=partial(self._show_details, probed.request),
            failed=lambda failure: None,
            z=probed.z,
        )

    def _show_details(self, request: int, answer: Answer) -> None:
        value = answer.value
        density = self.tr("log p(z)") if value.prior != "gaussian" else self.tr("log density")
        self._more = (
            (density, self.tr("%1 nats").replace("%1", figure(value.log_prior_nats))),
            (self.tr("cycle error"), self.tr("%1 sd").replace("%1", figure(value.cycle))),
        )
        self._view.show_more(request, self._more)


def probe_rows(space: Space, z: np.ndarray, norm: str) -> tuple[Row, ...]:
    """The plane's coordinates of z, and its norm where there are more."""
    plane = space.plane
    x, y = plane.to_plane(z)
    rows = [(plane.label_x, figure(float(x), 3)), (plane.label_y, figure(float(y), 3))]
    if plane.latent_dim > 2:
        rows.append((norm, figure(float(np.linalg.norm(z)))))
    return tuple(rows)
