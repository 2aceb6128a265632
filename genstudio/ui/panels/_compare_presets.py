"""Sets of shipped models worth comparing, one click each."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QPushButton, QVBoxLayout, QWidget

from genstudio.ui import theme
from genstudio.ui.panels._compare_terms import installed

PRESETS = {
    "plain": ("vae-mnist-2d", "ae-mnist-2d"),
    "families": ("vae-mnist-2d", "ae-mnist-2d", "dae-mnist-2d", "pca-mnist-2d"),
    "wide": ("vae-mnist-16d", "ae-mnist-16d"),
    "terms": ("vae-mnist-2d-beta0", "vae-mnist-2d", "vae-mnist-2d-kl"),
    "betas": ("vae-mnist-2d-beta0", "vae-mnist-2d-beta0.1", "vae-mnist-2d", "vae-mnist-2d-beta4"),
}


class Presets(QWidget):
    """One button for each set; one whose weights are missing is greyed and says which."""

    chosen = Signal(object)  # tuple of sources

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.buttons: dict[str, QPushButton] = {}
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(theme.GRID)
        for key, text in self._names().items():
            button = self.buttons[key] = QPushButton(text)
            sources = PRESETS[key]
            button.clicked.connect(lambda _on=False, s=sources: self.chosen.emit(s))
            column.addWidget(button)
        self.refresh()

    def _names(self) -> dict[str, str]:
        return {
            "plain": self.tr("VAE and AE, 2-D"),
            "families": self.tr("VAE, AE, DAE, PCA"),
            "wide": self.tr("VAE and AE, 16-D"),
            "terms": self.tr("The two terms of a VAE"),
            "betas": self.tr("Four betas"),
        }

    def refresh(self) -> None:
        """Grey what cannot be had."""
        for key, button in self.buttons.items():
            gone = [source for source in PRESETS[key] if installed(source) is None]
            button.setEnabled(not gone)
            tip = self.tr("Compare %1").replace("%1", ", ".join(PRESETS[key]))
            if gone:
                tip = self.tr("Not installed: %1").replace("%1", ", ".join(gone))
            button.setToolTip(tip)

    def showEvent(self, event: object) -> None:
        self.refresh()
