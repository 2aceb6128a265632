"""What comes in from outside and goes out: models, images, projects, pictures; by dialog, drop or
clipboard.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QMimeData, QObject, QUrl
from PySide6.QtGui import QDesktopServices, QGuiApplication, QImage
from PySide6.QtWidgets import QFileDialog, QMessageBox

from genstudio import paths, project
from genstudio.abilities import BadInput
from genstudio.engine import files, shelf
from genstudio.engine.messages import Failure
from genstudio.ui.saving import ask_where
from genstudio.ui.session import Session

if TYPE_CHECKING:
    from genstudio.ui.main_window import MainWindow

WEIGHTS = (".safetensors",)
IMAGES = (".png", ".jpg", ".jpeg", ".webp", ".bmp", ".gif", ".tif", ".tiff")
PROJECT = ".genstudio"
_MAX_PASTED_PIXELS = 64_000_000


class Intake(QObject):
    """Each way in ends in `take_files` or `take_image`; a refusal is one sentence and changes
    nothing.
    """

    def __init__(self, session: Session, window: MainWindow) -> None:
        super().__init__(window)
        self._session = session
        self._window = window
        self._project_path: Path | None = None
        self.failures: list[Failure] = []
        session.failed.connect(self.failures.append)

    # In -------------------------------------------------------------------------------------

    def accepts(self, mime: QMimeData) -> bool:
        """Local files first, then image data; never text."""
        return any(url.isLocalFile() for url in mime.urls()) or mime.hasImage()

    def only_pictures(self, mime: QMimeData) -> bool:
        """Whether nothing but pictures is in the hand: files, by their endings, or image data."""
        local = [Path(url.toLocalFile()) for url in mime.urls() if url.isLocalFile()]
        if local:
            return all(path.suffix.lower() in IMAGES for path in local)
        return mime.hasImage()

    def take(self, mime: QMimeData) -> bool:
        """Take what was dropped or pasted; True when there was something to take."""
        local = [Path(url.toLocalFile()) for url in mime.urls() if url.isLocalFile()]
        if local:
            self.take_files(local)
            return True
        if mime.hasImage():
            image = mime.imageData()
            if isinstance(image, QImage) and not image.isNull():
                self._try(lambda: self._take_qimage(image, self.tr("pasted image")))
                return True
        return False

    def take_files(self, dropped: list[Path]) -> None:
        """Open each by what it is: run folder, weights, image, project, folder of images."""
        for path in dropped:
            self._try(lambda path=path: self._take_file(path))

    def _take_file(self, path: Path) -> None:
        ending = path.suffix.lower()
        if path.is_dir():
            if (path / shelf.CARD).is_file():
                self._take_model(path)
            else:
                self._session.set_data(f"folder:{path}")
        elif ending in IMAGES:
            self._offer(path, path.name)
        elif ending == PROJECT:
            self.load_project(path)
        elif ending in WEIGHTS or not path.exists():
            self._take_model(path)
        else:
            raise BadInput(
                f"{path.name} is neither weights (.safetensors), a run folder, an image nor a"
                " project (.genstudio). Nothing was opened."
            )

    def _take_model(self, path: Path) -> None:
        """Every check runs in the ask lane, where it is loaded; then it goes on the shelf."""

        def known(answer: object) -> None:
            card = answer.value  # type: ignore[attr-defined]
            if paths.user_runs().resolve() not in path.resolve().parents:
                shelf.add(path, card)
            self._session.library_changed.emit()
            self._session.try_show("A", str(path))

        self._session.ask(
            self,
            f"open {path}",
            "engine.library:describe_weights",
            model="",
            then=known,
            source=str(path),
        )

    def _take_qimage(self, image: QImage, title: str) -> None:
        if image.width() * image.height() > _MAX_PASTED_PIXELS:
            raise BadInput(
                f"The image has {image.width()} x {image.height()} pixels, more than 64 million."
                " Make it smaller."
            )
        grey = image.convertToFormat(QImage.Format.Format_RGB888)
        height, width, stride = grey.height(), grey.width(), grey.bytesPerLine()
        buffer = np.frombuffer(grey.constBits(), np.uint8, height * stride)
        pixels = buffer.reshape(height, stride)[:, : 3 * width].reshape(height, width, 3)
        self._offer(pixels.copy(), title)

    def take_drawing(self, ink: np.ndarray) -> None:
        """A drawing (h, w) in [0, 1], white ink on black; digits are laid out as MNIST's are."""
        if float(ink.max(initial=0.0)) > 0.0:
            grey = np.round(ink * 255).astype(np.uint8)
            self._try(lambda: self._offer(np.dstack([grey] * 3), self.tr("drawing")))

    def take_picture(self, picture: np.ndarray) -> None:
        """A dropped or pasted image in colour, float32 (3, h, w) in [0, 1]."""
        pixels = np.round(picture.transpose(1, 2, 0) * 255).astype(np.uint8)
        self._try(lambda: self._offer(np.ascontiguousarray(pixels), self.tr("image")))

    def _offer(self, source: Path | np.ndarray, title: str) -> None:
        """Hand an image to the panels in the shape that model A takes.

        Raises: BadInput.
        """
        from genstudio.data import _image

        ref = self._session.model("A")
        if ref is None:
            raise BadInput("No model is shown that could encode the image. Choose one first.")
        if len(ref.card.shape) != 3:
            raise BadInput(f"{ref.title} works on points, not on images. Choose another model.")
        digits = ref.card.data == "mnist"
        self._session.image_offered.emit(_image.read(source, ref.card.shape, ink=digits), title)

    def _try(self, action: Callable[[], object]) -> bool:
        try:
            action()
        except (BadInput, OSError) as error:
            self._session.failed.emit(Failure(str(error)))
            return False
        return True

    # Dialogs --------------------------------------------------------------------------------

    def open_model(self) -> None:
        path, _ = QFileDialog.getOpenFileName(
            self._window, self.tr("Open model or weights"), "", self.tr("Weights (*.safetensors)")
        )
        if path:
            self.take_files([Path(path)])

    def open_image(self) -> None:
        endings = " ".join(f"*{ending}" for ending in IMAGES)
        path, _ = QFileDialog.getOpenFileName(
            self._window, self.tr("Open image"), "", f"{self.tr('Images')} ({endings})"
        )
        if path:
            self.take_files([Path(path)])

    def paste(self) -> None:
        if not self.take(QGuiApplication.clipboard().mimeData()):
            text = self.tr("The clipboard holds no image and no file. Copy one first.")
            self._session.failed.emit(Failure(text))

    def open_project(self) -> None:
        path, _ = QFileDialog.getOpenFileName(
            self._window, self.tr("Open project"), "", f"{self.tr('Projects')} (*{PROJECT})"
        )
        if path:
            self.take_files([Path(path)])

    def load_project(self, path: Path) -> None:
        """Open a project file.

        Raises: BadInput; the window then stays as it is.
        """
        try:
            with path.open("rb") as file:
                text = file.read(project.MAX_BYTES + 1)
        except OSError as error:
            raise BadInput(f"{path.name} cannot be read: {error.strerror}.") from error
        self._window.apply_project(project.loads(text, path.name))
        self._project_path = path

    def save_project(self) -> None:
        if self._project_path is None:
            self.save_project_as()
        else:
            self._write_project(self._project_path)

    def save_project_as(self) -> None:
        name, types = f"{self.tr('untitled')}{PROJECT}", f"{self.tr('Projects')} (*{PROJECT})"
        path = ask_where(self._window, self.tr("Save project"), name, types)
        if path is not None:
            self._write_project(path)

    def _write_project(self, path: Path) -> None:
        text = project.dumps(self._window.project())
        if self._try(lambda: files.replace(path, text)):
            self._project_path = path

    def save_picture(self) -> None:
        front = self._window.panels.front
        panel = self._window.panels.panel(front)
        title, types = self.tr("Save picture"), self.tr("PNG image (*.png)")
        path = ask_where(self._window, title, f"{front}.png", types)
        if path is not None:
            self._try(lambda: panel.export_png(path))

    def show_errors(self) -> None:
        """The errors of this session, and where the log is."""
        box = QMessageBox(self._window)
        box.setWindowTitle(self.tr("Errors"))
        lines = [failure.sentence() for failure in self.failures[-20:]]
        box.setText("\n\n".join(lines) or self.tr("There were no errors in this session."))
        box.setInformativeText(self.tr("The log is in %1.").replace("%1", str(paths.user_logs())))
        box.setDetailedText("\n\n".join(f.details for f in self.failures if f.details))
        box.addButton(QMessageBox.StandardButton.Close)
        folder = box.addButton(self.tr("Open folder"), QMessageBox.ButtonRole.ActionRole)
        folder.clicked.connect(
            lambda: QDesktopServices.openUrl(QUrl.fromLocalFile(str(paths.user_logs())))
        )
        box.open()
