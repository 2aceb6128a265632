"""What leaves Denoise: guesses as PNG, the run as GIF or MP4, the record as npz, the panel."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Qt
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QProgressDialog

from genstudio.abilities import BadInput
from genstudio.engine.messages import Answer, Failure
from genstudio.ui.panels._denoise_export_files import Film, Saved, Writer, gif, mp4, png
from genstudio.ui.panels._denoise_export_reel import Reel, reel
from genstudio.ui.saving import ask_where
from genstudio.ui.session import Priority

if TYPE_CHECKING:
    from genstudio.ui.panels.denoise import Denoise

PATIENCE_MS = 400  # a file that takes longer shows how far it is


class Exporter(QObject):
    """The export menu of the panel, and the one file that is being written."""

    def __init__(self, panel: Denoise) -> None:
        super().__init__(panel)
        self._panel = panel
        self._dialog: QProgressDialog | None = None
        self.actions: dict[str, QAction] = {}
        self._formats = {
            "png": (self.tr("Clean guesses as PNG…"), self.tr("PNG image (*.png)")),
            "gif": (self.tr("Film of what is shown as GIF…"), self.tr("GIF film (*.gif)")),
            "mp4": (self.tr("Film of what is shown as MP4…"), self.tr("MP4 film (*.mp4)")),
            "npz": (self.tr("Record of every step as npz…"), self.tr("NumPy arrays (*.npz)")),
        }
        tips = {
            "png": self.tr("A row for each image, a column for each step, one pixel for one"),
            "gif": self.tr("Every kept step of this run, from x_T on; the last stands"),
            "mp4": self.tr("The same in H.264; needs the extra packages of genstudio[video]"),
            "npz": self.tr("t, alpha_bar, x_t, x0_hat and noise_hat of every step, and the result"),
        }
        menu = panel.bar.export
        menu.setToolTipsVisible(True)
        for kind, (words, _) in self._formats.items():
            action = menu.addAction(words, partial(self.ask_export, kind))
            action.setToolTip(tips[kind])
            self.actions[kind] = action
        menu.addSeparator()
        picture = menu.addAction(self.tr("The panel's picture as PNG…"), self.ask_picture)
        picture.setToolTip(self.tr("What the panel shows now, at the screen's size"))
        self.actions["panel"] = picture
        menu.aboutToShow.connect(self._offer)

    # Asking ------------------------------------------------------------------------------------

    def ask_export(self, kind: str) -> None:
        """Ask for a name, then write the run in front as `kind`."""
        try:
            writer, size = self.writer(kind)
        except BadInput as error:
            self._fail(str(error))
            return
        name, types = self._name(kind), self._formats[kind][1]
        path = ask_where(self._panel.window(), self.tr("Export"), name, types)
        if path is not None:
            self.save(writer, path, size)

    def ask_picture(self) -> None:
        """Ask for a name, then write the panel's picture."""
        types = self.tr("PNG image (*.png)")
        path = ask_where(self._panel.window(), self.tr("Export"), "denoise.png", types)
        if path is None:
            return
        try:
            self._panel.export_png(path)
        except (BadInput, OSError) as error:
            self._fail(str(error))
        else:
            self._panel.say(self.tr("Saved {0}.").format(path.name))

    def _name(self, kind: str) -> str:
        run = self._panel.runs.current()
        words = f"run-{run.name.replace('.', '-')}" if run is not None else "run"
        return f"{words}.{kind}"

    def _offer(self) -> None:
        """The menu opens: only one file is written at a time."""
        line = self._panel.line
        ready = line is not None and self._dialog is None
        for kind in self._formats:
            self.actions[kind].setEnabled(ready)
        if self._panel.process is not None and self._panel.process.points:
            self.actions["png"].setEnabled(False)

    # Writing -----------------------------------------------------------------------------------

    def writer(self, kind: str) -> tuple[Writer, int]:
        """What writes the run in front as `kind`, and about how many bytes that takes.

        Raises: BadInput when there is nothing to write, or packages are missing.
        """
        panel = self._panel
        if panel.line is None or panel.process is None:
            raise BadInput(self.tr("There is no run to export. Start one first."))
        found = reel(panel.line, panel.process)
        if kind == "npz":
            return found.write_record, found.record_bytes()
        if kind == "png":
            if found.points:
                raise BadInput(self.tr("Rows of images are made of images, not of points."))
            return png(found.n, found.row, self.about(found)), 0
        film = self._film(found)
        return (gif(film) if kind == "gif" else mp4(film)), 0

    def _film(self, found: Reel) -> Film:
        panel = self._panel
        picture, kind = panel.watch.picture, panel.kind
        if found.points and kind == "change":
            kind = "x_t"
        places = found.places(kind)
        if not places:
            raise BadInput(self.tr("A change needs two steps. Wait for the next, or show another."))
        alone = panel.image if picture.alone() and not found.points else None
        words = f"{self.about(found)}; {self._kind_words(kind, alone)}"
        return Film(len(places), lambda k: found.picture(places[k], kind, alone), words)

    def _kind_words(self, kind: str, alone: int | None) -> str:
        words = {
            "x0_hat": self.tr("clean guesses"),
            "x_t": self.tr("x at t"),
            "noise_hat": self.tr("predicted noise"),
            "change": self.tr("changes since the step before"),
        }[kind]
        if alone is None:
            return words
        return self.tr("{0} of image {1}").format(words, alone + 1)

    def about(self, found: Reel) -> str:
        """What stands in the file: which run of which model, and what is left out."""
        panel = self._panel
        run, ref = panel.runs.current(), panel.ref
        words = f"{run.title() if run else ''} ({ref.title if ref else ''})"
        return "; ".join([words, *self._lacks(found)])

    def _lacks(self, found: Reel) -> list[str]:
        """What is not in the file, a sentence each."""
        n_steps = found.frames[-1].n_steps
        lacks = []
        if found.every > 1:
            said = self.tr("one in {0} of {1} steps was kept: {2} are here")
            lacks.append(said.format(found.every, f"{n_steps:,}", f"{len(found.frames):,}"))
        if not found.complete:
            said = self.tr("the run has come to step {0} of {1}")
            lacks.append(said.format(f"{found.frames[-1].index + 1:,}", f"{n_steps:,}"))
        return lacks

    def save(self, writer: Writer, path: Path, size: int = 0) -> None:
        """Write `path` in the ask lane, whole or not at all; the hand goes first."""
        panel = self._panel
        lacks = "; ".join(self._lacks(reel(panel.line, panel.process))) if panel.line else ""
        dialog = QProgressDialog(
            self.tr("Writing {0}").format(path.name), self.tr("Cancel"), 0, 1000, panel.window()
        )
        dialog.setWindowTitle(self.tr("Export"))
        dialog.setWindowModality(Qt.WindowModality.NonModal)
        dialog.setMinimumDuration(PATIENCE_MS)
        dialog.setAutoClose(False)
        dialog.canceled.connect(self.cancel)
        self._dialog = dialog
        panel.session.ask(
            self,
            "export",
            "ui.panels._denoise_export_files:save",
            model="",
            priority=Priority.SHEET,
            then=lambda answer: self._take(answer, lacks),
            failed=self._refused,
            path=path,
            write=writer,
            size=size,
        )

    def busy(self) -> bool:
        """Whether a file is being written."""
        return self._dialog is not None

    def cancel(self) -> None:
        """Give the file up; nothing of it is left."""
        self._panel.session.cancel(self, "export")
        self._end()

    def _take(self, answer: Answer, lacks: str) -> None:
        saved: Saved = answer.value
        if saved.path is None:
            if self._dialog is not None:
                self._dialog.setValue(round(1000 * min(saved.share, 0.999)))
            return
        self._end()
        said = self.tr("Saved {0}: {1}.") if lacks else self.tr("Saved {0}.")
        self._panel.say(said.format(saved.path.name, lacks))

    def _refused(self, failure: Failure) -> None:
        self._end()
        self._panel.session.failed.emit(failure)

    def _end(self) -> None:
        dialog, self._dialog = self._dialog, None
        if dialog is not None:
            dialog.canceled.disconnect()
            dialog.close()
            dialog.deleteLater()

    def _fail(self, sentence: str) -> None:
        self._panel.session.failed.emit(Failure(sentence))


def plug(panel: Denoise) -> None:
    """Fill the panel's export menu."""
    Exporter(panel)
