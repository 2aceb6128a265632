"""Icons: SVG line drawings recoloured from the theme, drawn again when the scheme changes."""

from __future__ import annotations

from functools import cache
from typing import Any
from weakref import WeakKeyDictionary

from PySide6.QtCore import QByteArray, QRectF, Qt
from PySide6.QtGui import QIcon, QPainter, QPixmap
from PySide6.QtSvg import QSvgRenderer

from genstudio import paths
from genstudio.ui import theme

_SIZES = (16, 24, 32, 48)  # px on the screen: 16 and 24 at one and at two screen pixels per pixel
_DISABLED_SIZES = (16, 32)

_wearers: WeakKeyDictionary[Any, tuple[str, str]] = WeakKeyDictionary()


def names() -> list[str]:
    """The icons there are."""
    return sorted(file.stem for file in (paths.resources() / "icons").glob("*.svg"))


def icon(name: str, colour: str = "text") -> QIcon:
    """The icon `name` in `colour`, an entry of theme.Colours.

    Raises: KeyError when there is no such icon.
    """
    scheme = theme.colours()
    return _icon(name, getattr(scheme, colour), scheme.faint)


def pixmap(name: str, px: int = 16, colour: str = "text", ratio: float = 1.0) -> QPixmap:
    """The icon as a picture of `px` pixels, sharp where `ratio` screen pixels make one."""
    result = _draw(name, getattr(theme.colours(), colour), round(px * ratio))
    result.setDevicePixelRatio(ratio)
    return result


def wear(wearer: Any, name: str, colour: str = "text") -> None:
    """Set the icon on a button or action and keep it in the colours of the scheme while `wearer`
    lives.
    """
    _follow()
    _wearers[wearer] = (name, colour)
    wearer.setIcon(icon(name, colour))


@cache
def _follow() -> None:
    theme.notifier().changed.connect(_dress_again)


def _dress_again() -> None:
    import shiboken6

    for wearer, (name, colour) in list(_wearers.items()):
        if shiboken6.isValid(wearer):
            wearer.setIcon(icon(name, colour))


@cache
def _source(name: str) -> bytes:
    file = paths.resources() / "icons" / f"{name}.svg"
    if not file.is_file():
        raise KeyError(f"There is no icon {name!r}. Choose one of: {', '.join(names())}.")
    return file.read_bytes()


@cache
def _icon(name: str, colour: str, disabled: str) -> QIcon:
    result = QIcon()
    for px in _SIZES:
        result.addPixmap(_draw(name, colour, px), QIcon.Mode.Normal)
    for px in _DISABLED_SIZES:
        result.addPixmap(_draw(name, disabled, px), QIcon.Mode.Disabled)
    return result


def _draw(name: str, colour: str, px: int) -> QPixmap:
    renderer = QSvgRenderer(QByteArray(_source(name).replace(b"currentColor", colour.encode())))
    result = QPixmap(px, px)
    result.fill(Qt.GlobalColor.transparent)
    painter = QPainter(result)
    renderer.render(painter, QRectF(0, 0, px, px))
    painter.end()
    return result
