"""Help in windows of its own: what a panel shows, the gestures, about."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QDialog, QDialogButtonBox, QTextBrowser, QVBoxLayout, QWidget

import genstudio

if TYPE_CHECKING:
    from genstudio.ui.main_window import MainWindow
    from genstudio.ui.panel import PanelSpec


class HelpDialog(QDialog):
    """Rich text that GenStudio ships, in a window that does not block."""

    def __init__(self, title: str, html: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle(title)
        self.resize(600, 600)
        self.text = QTextBrowser()
        self.text.setOpenExternalLinks(False)
        self.text.setHtml(html)
        self.text.setAccessibleName(title)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        buttons.rejected.connect(self.reject)
        column = QVBoxLayout(self)
        column.addWidget(self.text)
        column.addWidget(buttons)


def show_panel_help(window: MainWindow) -> HelpDialog:
    """What the panel in front shows, with formula and source."""
    specs = {spec.key: spec for spec in window.panels.specs()}
    return open_panel_help(specs[window.panels.front], window)


def open_panel_help(spec: PanelSpec, window: QWidget) -> HelpDialog:
    """What a panel shows, from its record."""
    title = window.tr("What am I seeing? %1").replace("%1", spec.title)
    return _open(window, title, window.tr(spec.help))


def show_gestures(window: MainWindow) -> HelpDialog:
    rows = [
        (
            window.tr("Hover"),
            window.tr("Peek: the point under the pointer is decoded; leaving restores."),
        ),
        (window.tr("Click"), window.tr("Pin the point. Drag a pin to move it; Delete removes it.")),
        (
            window.tr("Drag a pin onto another"),
            window.tr("Open the path between the two in Interpolate."),
        ),
        (window.tr("Drag on the map"), window.tr("Move the view.")),
        (window.tr("Wheel, + and -"), window.tr("Zoom at the pointer.")),
        (window.tr("Shift"), window.tr("Fine: a fiftieth of the movement.")),
        (window.tr("Arrows"), window.tr("One step; with Shift ten.")),
        (window.tr("Space"), window.tr("Play or pause the transport bar.")),
        (window.tr("Esc"), window.tr("Cancel what is under way.")),
        (window.tr("Ctrl+Z, Ctrl+Shift+Z"), window.tr("Undo, redo.")),
        (window.tr("Ctrl+V, drop"), window.tr("Encode an image, open weights or a run.")),
    ]
    body = "".join(f"<tr><td><b>{a}</b>&nbsp;&nbsp;</td><td>{b}</td></tr>" for a, b in rows)
    return _open(window, window.tr("Mouse and keyboard"), f"<table cellspacing=6>{body}</table>")


def show_about(window: MainWindow) -> HelpDialog:
    text = window.tr(
        "<h3>GenStudio %1</h3><p>See how generative models work by touching them. Every picture and"
        " number is computed now, by the model named beside it.</p><p>MIT licence. No network"
        " unless you ask, no telemetry.</p>"
    )
    return _open(window, window.tr("About"), text.replace("%1", genstudio.__version__))


def _open(window: QWidget, title: str, html: str) -> HelpDialog:
    dialog = HelpDialog(title, html, window)
    dialog.open()
    return dialog
