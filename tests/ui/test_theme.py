"""The theme: colours that can be read, a scheme that changes on the screen, colour maps, icons."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QColor, QFont
from PySide6.QtWidgets import QApplication, QLabel, QPushButton, QVBoxLayout, QWidget

from genstudio.ui import icons, theme

SCHEMES = [theme.DARK, theme.LIGHT]


@pytest.fixture(autouse=True)
def _put_back(qapp: QApplication) -> Iterator[None]:
    yield
    theme.apply(qapp, "light")


def luminance(colour: str) -> float:
    """Relative luminance (WCAG 2.1)."""
    c = np.array(QColor(colour).getRgbF()[:3])
    linear = np.where(c <= 0.04045, c / 12.92, ((c + 0.055) / 1.055) ** 2.4)
    return float(linear @ [0.2126, 0.7152, 0.0722])


def contrast(a: str, b: str) -> float:
    high, low = sorted((luminance(a), luminance(b)), reverse=True)
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("c", SCHEMES, ids=lambda c: c.scheme)
def test_text_can_be_read_on_every_ground(c: theme.Colours) -> None:
    for ground in (c.window, c.pane, c.field):
        for text in (c.text, c.quiet):
            assert contrast(text, ground) >= 4.5, (text, ground)
    for ground in (c.window, c.pane):
        assert contrast(c.error, ground) >= 4.5
    assert contrast(c.on_accent, c.accent) >= 4.5
    assert contrast(c.text, c.selected) >= 4.5
    assert contrast(c.accent, c.pane) >= 3.0  # what the hand can grab


def test_the_scheme_is_chosen_or_follows_the_system() -> None:
    dark, light, unknown = (
        Qt.ColorScheme.Dark,
        Qt.ColorScheme.Light,
        Qt.ColorScheme.Unknown,
    )
    assert theme.resolve(theme.Choice.SYSTEM, dark) is theme.DARK
    assert theme.resolve(theme.Choice.SYSTEM, light) is theme.LIGHT
    assert theme.resolve(theme.Choice.SYSTEM, unknown) is theme.LIGHT
    assert theme.resolve(theme.Choice.DARK, light) is theme.DARK
    assert theme.resolve(theme.Choice.LIGHT, dark) is theme.LIGHT


def test_apply_changes_what_is_on_the_screen(qapp: QApplication, qtbot) -> None:
    theme.apply(qapp, "dark")
    widget = QWidget()
    qtbot.addWidget(widget)
    column = QVBoxLayout(widget)
    button = theme.primary(QPushButton("Start"))
    column.addWidget(button)
    theme.pane(widget)
    widget.resize(200, 80)

    def ground() -> str:
        return widget.grab().toImage().pixelColor(100, 4).name().upper()

    def button_colour() -> str:
        return button.grab().toImage().pixelColor(8, button.height() // 2).name().upper()

    assert (ground(), button_colour()) == (theme.DARK.pane, theme.DARK.accent)
    with qtbot.waitSignal(theme.notifier().changed):
        theme.apply(qapp, "light")
    assert theme.colours() is theme.LIGHT
    assert (ground(), button_colour()) == (theme.LIGHT.pane, theme.LIGHT.accent)
    with qtbot.assertNotEmitted(theme.notifier().changed):
        theme.apply(qapp, "light")


def test_the_system_is_followed_only_where_asked(qapp: QApplication) -> None:
    theme.apply(qapp, "system")
    theme._system_changed(Qt.ColorScheme.Dark)
    assert theme.colours() is theme.DARK
    theme.apply(qapp, "light")
    theme._system_changed(Qt.ColorScheme.Dark)
    assert theme.colours() is theme.LIGHT


def test_fonts(qapp: QApplication, qtbot) -> None:
    theme.apply(qapp, "dark")
    page = QWidget()
    qtbot.addWidget(page)
    column = QVBoxLayout(page)
    figure, caption, title = QLabel("1,111"), QLabel("class"), QLabel("Manifold")
    for label in (figure, caption, title):
        column.addWidget(label)
    theme.figure(figure)
    theme.caption(caption)
    theme.title(title)
    page.show()
    theme.apply(qapp, "light")  # fonts outlast a change of the scheme
    assert figure.alignment() & Qt.AlignmentFlag.AlignRight
    assert figure.font().featureValue(QFont.Tag("tnum")) == 1
    assert (figure.font().pixelSize(), caption.font().pixelSize()) == (13, 11)
    assert (title.font().pixelSize(), title.font().weight()) == (15, QFont.Weight.DemiBold)


def test_colour_maps_rise_evenly_in_lightness() -> None:
    for name in ("viridis", "cividis"):
        table = theme.colormap(name)
        assert table.shape == (256, 3)
        assert table.dtype == np.uint8
        assert not table.flags.writeable
        lightness = [luminance(QColor(*map(int, row)).name()) for row in table]
        assert (np.diff(lightness) > -0.002).all()
    assert theme.colormap("viridis")[0].tolist() == [68, 1, 84]
    assert theme.colormap("viridis")[-1].tolist() == [253, 231, 37]
    with pytest.raises(ValueError, match="viridis or cividis"):
        theme.colormap("jet")


def test_every_icon_draws_something_in_the_colour_of_the_scheme(qapp: QApplication, qtbot) -> None:
    theme.apply(qapp, "dark")
    assert len(icons.names()) >= 30
    for name in icons.names():
        image = icons.pixmap(name, 24).toImage()
        alpha = [image.pixelColor(x, y).alpha() for x in range(24) for y in range(24)]
        assert max(alpha) > 200, name
    button = QPushButton()
    qtbot.addWidget(button)
    icons.wear(button, "stop")

    def ink() -> str:
        image = button.icon().pixmap(QSize(24, 24)).toImage()
        return image.pixelColor(12, 12).name().upper()

    assert ink() == theme.DARK.text
    theme.apply(qapp, "light")
    assert ink() == theme.LIGHT.text
    with pytest.raises(KeyError, match="no icon 'nothing'"):
        icons.icon("nothing")
