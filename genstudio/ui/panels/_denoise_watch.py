"""The view "denoise": large pictures of the step under the cursor, the runs as strips below."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtWidgets import QVBoxLayout

from genstudio.ui import theme
from genstudio.ui.panels._denoise_picture import BigPicture
from genstudio.ui.panels._denoise_plug import Mode

if TYPE_CHECKING:
    from genstudio.latent.denoise import Process


class Watch(Mode):
    """Pictures; strips and the schedule follow."""

    key = "denoise"

    def __init__(self) -> None:
        super().__init__()
        self.words = self.tr("Denoise")
        self.picture = BigPicture()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(theme.GRID)
        column.addWidget(self.picture, 1)

    def tip(self) -> str:
        return self.tr("From noise to images, step by step")

    def refuses(self, process: Process) -> str | None:
        return self.tr("Points are shown in the plane.") if process.points else None
