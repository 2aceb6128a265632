"""The sheet of a map: asks for the decoded cells in view, one ask at a time."""

from __future__ import annotations

from functools import partial
from typing import Any

from PySide6.QtCore import QObject, Signal

from genstudio.abilities import has_noise_space
from genstudio.engine.messages import Answer, Failure
from genstudio.ui.panels._map_epoch import Epoch
from genstudio.ui.session import Priority, Session
from genstudio.ui.widgets.latent_plane import LatentPlane, SheetRequest


class Sheet(QObject):
    """The cells in view, coarse ones first; a view that moves meanwhile is asked for afterwards."""

    shown = Signal(object)  # (share done, training step or None)
    failed = Signal(object)  # Failure

    def __init__(self, session: Session, plane: LatentPlane, epoch: Epoch, parent: QObject) -> None:
        super().__init__(parent)
        self._session, self._plane, self._epoch = session, plane, epoch
        self._busy = False
        self.again = False  # the view has moved since the ask

    def stop(self) -> None:
        """Await no answer."""
        self._session.cancel(self, "sheet")
        self._busy = self.again = False

    def ask(self) -> None:
        """Ask for the cells in view; while an answer is awaited, once it has come."""
        if not self._epoch.source or self._epoch.ref is None or self._epoch.held:
            return
        if self._busy:
            self.again = True
            return
        request = self._plane.request()
        if request is None:
            return
        self._busy, self.again = True, False
        late = self._plane.sheets() or has_noise_space(self._epoch.ref.card)  # else the hand waits
        self._session.ask(
            self,
            "sheet",
            "latent.sheet:decode",
            model=self._epoch.source,
            priority=Priority.SHEET if late else Priority.POINTER,
            then=partial(self.take, request, self._epoch.number),
            failed=partial(self._refused, self._epoch.number),
            **self.cells(request),
        )

    def note_asked(self) -> None:
        """The cells in view are asked for elsewhere, and `take` gets them."""
        self._busy = True

    def cells(self, request: SheetRequest) -> dict[str, Any]:
        """The arguments of the query `latent.sheet:decode`."""
        space = self._epoch.space
        return {
            "plane": space.plane,
            "xs": space.scale.inverse(request.xs),
            "ys": space.scale.inverse(request.ys),
            "shell": space.shell,
            "coarse": request.coarse,
        }

    def take(self, request: SheetRequest, number: int, answer: Answer) -> None:
        """The answer to an ask of epoch `number`: at once where nothing is awaited with it."""
        if number != self._epoch.number:
            return
        whole = answer.value.done >= 1.0
        self._busy = not (whole or answer.done)
        if whole or not self._epoch.waiting:
            self._epoch.arrive("sheet", number, partial(self._put, request, answer, whole))
        if self.again and number == self._epoch.number and not self._epoch.waiting:
            self._busy = False
            self.ask()

    def _put(self, request: SheetRequest, answer: Answer, whole: bool) -> None:
        tag = (self._epoch.number, answer.step)
        sheet = answer.value
        if self._plane.put_sheet(sheet.mosaic, request.extent, tag, answer.request, whole):
            self._session.note_picture(self._plane)
            self.shown.emit((sheet.done, answer.step))

    def _refused(self, number: int, failure: Failure) -> None:
        if number == self._epoch.number:
            self._busy = self.again = False
            self._epoch.drop()
            self._plane.clear_pictures()
            self.failed.emit(failure)
