"""The look of the window: colours of the scheme in force, fonts, one small stylesheet, colour maps.

Drawings: quiet greys, one accent colour for what the hand can grab and what is selected, an 8-pixel
grid. The scheme follows the system unless the user has chosen light or dark.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from string import Template
from typing import TypeVar

import numpy as np
from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtGui import QColor, QFont, QPalette
from PySide6.QtWidgets import QApplication, QLabel, QWidget

from genstudio import paths

W = TypeVar("W", bound=QWidget)

GRID = 8  # px
RADIUS = 6  # px, corners of panes and fields
MOVEMENT_MS = 140  # of switches and unfolding, never of what the hand drags
TEXT_PX, CAPTION_PX, TITLE_PX = 13, 11, 15

CLASSES = (
    "#4E79A7",
    "#F28E2B",
    "#E15759",
    "#76B7B2",
    "#59A14F",
    "#EDC948",
    "#B07AA1",
    "#FF9DA7",
    "#9C755F",
    "#BAB0AC",
)


class Choice(StrEnum):
    """What the user asks for."""

    SYSTEM = "system"
    LIGHT = "light"
    DARK = "dark"


@dataclass(frozen=True)
class Colours:
    """One scheme. Every entry is "#RRGGBB"."""

    scheme: str  # "dark" or "light"
    window: str
    pane: str
    field: str
    hover: str  # a field under the pointer
    line: str
    text: str
    quiet: str  # captions, labels of numbers
    faint: str  # what cannot be used now
    accent: str  # what the hand can grab, what is selected
    on_accent: str  # text on the accent
    selected: str  # backdrop of what is selected
    error: str
    warning: str
    good: str
    classes: tuple[str, ...] = CLASSES

    @property
    def dark(self) -> bool:
        return self.scheme == "dark"


DARK = Colours(
    scheme="dark",
    window="#1E1F22",
    pane="#26282C",
    field="#2F3238",
    hover="#383C43",
    line="#34373D",
    text="#E6E7E9",
    quiet="#9AA0A8",
    faint="#5E636B",
    accent="#5B9DFF",
    on_accent="#10151F",
    selected="#33435F",
    error="#FF7B72",
    warning="#E8B04B",
    good="#6CC17F",
)
LIGHT = Colours(
    scheme="light",
    window="#F4F5F7",
    pane="#FFFFFF",
    field="#EEF0F3",
    hover="#E4E7EC",
    line="#DDE0E5",
    text="#1D2025",
    quiet="#666D78",  # the drawing's #6A717C misses 4.5:1 on fields
    faint="#A9AFB8",
    accent="#2F6FED",
    on_accent="#FFFFFF",
    selected="#D2E0FB",
    error="#C4231C",
    warning="#8A5A00",
    good="#1F7A37",
)


class _Notifier(QObject):
    changed = Signal()


@dataclass
class _State:
    choice: Choice = Choice.SYSTEM
    colours: Colours = LIGHT
    app: QApplication | None = None


_state = _State()


@cache
def notifier() -> _Notifier:
    """Its `changed` signal says that the scheme is another one; widgets that paint ask `colours()`
    each time.
    """
    return _Notifier()


def colours() -> Colours:
    """The colours of the scheme in force."""
    return _state.colours


def colour(name: str, alpha: float = 1.0) -> QColor:
    """The entry `name` of the scheme as a QColor, with an opacity in [0, 1]."""
    result = QColor(getattr(_state.colours, name))
    result.setAlphaF(alpha)
    return result


def class_colour(index: int) -> QColor:
    """The colour of class `index`; they repeat after ten, where the marker's shape goes on."""
    return QColor(CLASSES[index % len(CLASSES)])


def choice() -> Choice:
    """What the user asked for: system, light or dark."""
    return _state.choice


def apply(app: QApplication, choice: Choice | str = Choice.SYSTEM) -> None:
    """Give `app` style, palette, font and stylesheet, and let it follow the system where `choice`
    says so.
    """
    if _state.app is not app:
        app.setStyle("Fusion")
        app.setFont(text_font())
        app.styleHints().colorSchemeChanged.connect(_system_changed)
        _state.app = app
    _state.choice = Choice(choice)
    wanted = {Choice.LIGHT: Qt.ColorScheme.Light, Choice.DARK: Qt.ColorScheme.Dark}
    app.styleHints().setColorScheme(wanted.get(_state.choice, Qt.ColorScheme.Unknown))
    _use(resolve(_state.choice, app.styleHints().colorScheme()))


def resolve(choice: Choice, system: Qt.ColorScheme) -> Colours:
    """The scheme for what the user asked and what the system has; light where the system does not
    say.
    """
    if choice is Choice.SYSTEM:
        return DARK if system == Qt.ColorScheme.Dark else LIGHT
    return DARK if choice is Choice.DARK else LIGHT


def _system_changed(system: Qt.ColorScheme) -> None:
    _use(resolve(_state.choice, system))


def _use(new: Colours) -> None:
    app = _state.app
    if app is None:
        return
    sheet = stylesheet(new)
    if new is _state.colours and app.styleSheet() == sheet:
        return
    _state.colours = new
    app.setPalette(palette(new))
    app.setStyleSheet(sheet)
    notifier().changed.emit()


def palette(c: Colours) -> QPalette:
    """Qt's palette for a scheme."""
    role, group = QPalette.ColorRole, QPalette.ColorGroup
    result = QPalette()
    for name, value in {
        role.Window: c.window,
        role.WindowText: c.text,
        role.Base: c.field,
        role.AlternateBase: c.pane,
        role.Text: c.text,
        role.Button: c.field,
        role.ButtonText: c.text,
        role.BrightText: c.error,
        role.ToolTipBase: c.field,
        role.ToolTipText: c.text,
        role.PlaceholderText: c.quiet,
        role.Highlight: c.selected,
        role.HighlightedText: c.text,
        role.Accent: c.accent,
        role.Link: c.accent,
        role.LinkVisited: c.accent,
        role.Light: c.hover,
        role.Midlight: c.field,
        role.Mid: c.line,
        role.Dark: c.line,
        role.Shadow: c.window,
    }.items():
        result.setColor(name, QColor(value))
    for name in (role.WindowText, role.Text, role.ButtonText, role.HighlightedText):
        result.setColor(group.Disabled, name, QColor(c.faint))
    result.setColor(group.Disabled, role.Accent, QColor(c.faint))
    return result


# Fonts ------------------------------------------------------------


def text_font(px: int = TEXT_PX, weight: QFont.Weight = QFont.Weight.Normal) -> QFont:
    """The system's font at `px` pixels."""
    font = QFont(QApplication.font())
    font.setPixelSize(px)
    font.setWeight(weight)
    return font


def figure_font(px: int = TEXT_PX) -> QFont:
    """The system's font with figures of equal width: a number that changes does not shake."""
    font = text_font(px)
    font.setFeature(QFont.Tag("tnum"), 1)
    return font


def caption(label: W) -> W:
    """`label` as a caption: small and quiet."""
    label.setFont(text_font(CAPTION_PX))
    return role(label, "caption")


def quiet(label: W) -> W:
    """`label` as the name of a number or a field: quiet, of normal size."""
    return role(label, "quiet")


def title(label: W) -> W:
    """`label` as the title of a panel."""
    label.setFont(text_font(TITLE_PX, QFont.Weight.DemiBold))
    return role(label, "title")


def heading(label: W) -> W:
    """`label` as the title of a section in a pane."""
    label.setFont(text_font(TEXT_PX, QFont.Weight.DemiBold))
    return role(label, "heading")


def figure(label: QLabel) -> QLabel:
    """`label` as a number: tabular figures, at the right."""
    label.setFont(figure_font())
    label.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
    return label


def error(label: W) -> W:
    """`label` as an error sentence."""
    return role(label, "error")


def pane(widget: W) -> W:
    """`widget` as a pane: the pane's colour and rounded corners."""
    widget.setAttribute(Qt.WidgetAttribute.WA_StyledBackground, True)
    return role(widget, "pane")


def primary(button: W) -> W:
    """`button` as the one button of its place, in the accent colour."""
    return role(button, "primary")


def role(widget: W, name: str) -> W:
    """Give `widget` a role of the stylesheet.

    One of pane, bar, caption, quiet, title, heading, error, warning, primary, flat, tool, pill,
    link and figure.
    """
    if widget.property("role") != name:
        widget.setProperty("role", name)
        widget.style().unpolish(widget)
        widget.style().polish(widget)
    return widget


# Stylesheet ------------------------------------------------------------


def stylesheet(c: Colours) -> str:
    """The one stylesheet, for a scheme."""
    text = _template().replace("{icons}", (paths.resources() / "icons").as_posix())
    return Template(text).substitute({k: v for k, v in vars(c).items() if isinstance(v, str)})


@cache
def _template() -> str:
    return Path(__file__).with_name("theme.qss").read_text(encoding="utf-8")


# Colour maps ------------------------------------------------------------


@cache
def colormap(name: str = "viridis") -> np.ndarray:
    """The perceptually uniform colour map "viridis" or "cividis", uint8 (256, 3), read only.

    Source: the CC0 tables that ship with pyqtgraph, read without importing it.
    Raises: ValueError for another name.
    """
    if name not in ("viridis", "cividis"):
        raise ValueError(f"{name!r} is not a colour map here. Choose viridis or cividis.")
    spec = find_spec("pyqtgraph")
    if spec is None or spec.origin is None:
        raise ModuleNotFoundError("pyqtgraph is missing. Install GenStudio with its dependencies.")
    file = Path(spec.origin).parent / "colors" / "maps" / f"{name}.csv"
    with file.open(encoding="utf-8", newline="") as lines:
        numbers = csv.reader(line for line in lines if line.strip() and not line.startswith(";"))
        table = np.array([row[:3] for row in numbers], dtype=np.float64)  # (256, 3)
    if table.max() <= 1.0:
        table = table * 255.0
    result = np.rint(table).astype(np.uint8)
    result.flags.writeable = False
    return result
