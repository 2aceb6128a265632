"""The generated form: every kind of setting by hand, errors in sentences, reset, live mode."""

from __future__ import annotations

from typing import Any, Literal

import pytest
from pydantic import model_validator
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QComboBox

from genstudio.models._config import Config, setting
from genstudio.ui.form import Form
from genstudio.ui.widgets.number_field import stepped
from genstudio.ui.widgets.segmented import Segmented
from genstudio.ui.widgets.switch import Switch


class Sample(Config):
    latent_dim: int = setting(2, "Latent dimensions", "Length of z.", ge=1, le=512)
    lr: float = setting(1e-3, "Learning rate", "Step size.", unit="per step", gt=0, live=True)
    net: Literal["dense", "conv"] = setting("dense", "Net", "Kind of net.")
    activation: Literal["relu", "gelu", "silu", "tanh"] = setting("relu", "Activation", "Bend.")
    binarize: bool = setting(False, "Binarize", "Black and white.")
    hidden: tuple[int, ...] = setting((512, 256), "Hidden layers", "Sizes.", advanced=True)
    steps: int | None = setting(None, "Steps", "How many.", unit="steps", ge=1)

    @model_validator(mode="after")
    def _fits(self) -> Sample:
        if self.net == "conv" and self.latent_dim == 3:
            raise ValueError("A convolutional net has no room for 3 dimensions")
        return self


@pytest.fixture
def form(qtbot) -> Form:
    form = Form(Sample)
    qtbot.addWidget(form)
    form.show()
    return form


def type_into(qtbot, form: Form, key: str, text: str) -> Any:
    widget = form.field_widget(key)
    widget.setFocus()
    widget.selectAll()
    qtbot.keyClick(widget, Qt.Key.Key_Delete)
    qtbot.keyClicks(widget, text)
    return widget


@pytest.mark.parametrize("width", [204, 280])
def test_a_narrow_form_keeps_its_fields_in_sight(qtbot, form: Form, width: int) -> None:
    form.resize(width, 600)
    qtbot.waitUntil(lambda: form.width() == width)
    for key in ("latent_dim", "lr", "net", "steps"):
        field = form.field_widget(key)
        assert field.mapTo(form, field.rect().topRight()).x() < width
    label = form._rows["latent_dim"].label
    assert label.wordWrap() and label.height() >= label.heightForWidth(label.width())
    longest = max(map(label.fontMetrics().horizontalAdvance, label.text().split()))
    assert longest <= label.width()


def test_starts_with_the_defaults(form: Form) -> None:
    assert Sample(**form.values()) == Sample()
    assert form.valid()
    assert form.changes() == {}
    assert not form._rows["lr"].reset.isVisible()


def test_every_kind_of_setting_can_be_changed_by_hand(qtbot, form: Form) -> None:
    type_into(qtbot, form, "latent_dim", "16")
    type_into(qtbot, form, "lr", "3e-4")
    form.show_advanced(True)
    type_into(qtbot, form, "hidden", "64, 32,16")
    type_into(qtbot, form, "steps", "1,000")
    net = form.field_widget("net")
    assert isinstance(net, Segmented)
    qtbot.mouseClick(net, Qt.MouseButton.LeftButton, pos=net.segment_rect(1).center().toPoint())
    switch = form.field_widget("binarize")
    assert isinstance(switch, Switch)
    qtbot.keyClick(switch, Qt.Key.Key_Space)
    box = form.field_widget("activation")
    assert isinstance(box, QComboBox)
    box.setFocus()
    qtbot.keyClick(box, Qt.Key.Key_Down)
    box.activated.emit(box.currentIndex())
    assert form.values() == {
        "latent_dim": 16,
        "lr": 3e-4,
        "net": "conv",
        "activation": "gelu",
        "binarize": True,
        "hidden": (64, 32, 16),
        "steps": 1000,
    }
    assert isinstance(Sample(**form.values()).latent_dim, int)


@pytest.mark.parametrize(
    ("key", "text", "words"),
    [
        ("latent_dim", "5000", "Latent dimensions must be from 1 to 512, got 5000."),
        ("latent_dim", "two", "Latent dimensions must be a whole number, got two (from 1 to 512)."),
        ("lr", "0", "Learning rate must be more than 0, got 0"),
        ("hidden", "64, x", "Hidden layers must be numbers with commas between them, got 64, x."),
    ],
)
def test_a_wrong_value_is_said_in_a_sentence(qtbot, form: Form, key, text, words) -> None:
    form.show_advanced(True)
    with qtbot.waitSignal(form.validity_changed) as said:
        type_into(qtbot, form, key, text)
    assert said.args == [False]
    row = form._rows[key]
    assert row.error.isVisible()
    assert row.error.text().startswith(words)
    assert bool(row.editor.widget.property("invalid"))
    row.reset.click()
    assert form.valid()
    assert not row.error.isVisible()
    assert form.values()[key] == Sample.model_fields[key].default


def test_what_concerns_two_settings_stands_below(form: Form) -> None:
    form.set_values({"net": "conv", "latent_dim": 3})
    assert form.errors() == {"": "A convolutional net has no room for 3 dimensions."}
    assert form._whole.isVisible()


def test_reset_shows_only_where_something_changed(qtbot, form: Form) -> None:
    type_into(qtbot, form, "latent_dim", "8")
    assert form._rows["latent_dim"].reset.isVisible()
    assert not form._rows["lr"].reset.isVisible()
    form.set_defaults({"latent_dim": 8})
    assert form.changes() == {}
    form.reset()
    assert form.values()["latent_dim"] == 8


def test_advanced_settings_are_folded_until_asked_for_or_wrong(qtbot, form: Form) -> None:
    assert not form.field_widget("hidden").isVisible()
    qtbot.mouseClick(form._fold, Qt.MouseButton.LeftButton)
    assert form.field_widget("hidden").isVisible()
    form.show_advanced(False)
    form._rows["hidden"].editor.widget.setText("x")
    form._edited()
    assert form.field_widget("hidden").isVisible()


def test_live_mode_lets_only_live_settings_change_and_tells_when_they_are_complete(
    qtbot, form: Form
) -> None:
    form.set_live_only(True)
    assert form.field_widget("lr").isEnabled()
    assert not form.field_widget("latent_dim").isEnabled()
    told: list[tuple[str, float]] = []
    form.live_changed.connect(lambda key, value: told.append((key, value)))
    field = type_into(qtbot, form, "lr", "0.002")
    assert told == []  # half a number is no learning rate
    qtbot.keyClick(field, Qt.Key.Key_Return)
    assert told == [("lr", 0.002)]
    qtbot.keyClick(field, Qt.Key.Key_Up)
    assert told[-1] == ("lr", 0.0021)
    type_into(qtbot, form, "lr", "-1")
    qtbot.keyClick(field, Qt.Key.Key_Return)
    assert len(told) == 2
    form.set_live_only(False)
    assert form.field_widget("latent_dim").isEnabled()


def test_steps_of_numbers() -> None:
    assert stepped(5, 10, integer=True) == 15
    assert stepped(0.001, 1, integer=False) == 0.0011
    assert stepped(0.001, -1, integer=False) == 0.00099
    assert stepped(0.00099, 1, integer=False) == 0.001
    assert stepped(0.02, -1, integer=False) == 0.019
    assert stepped(1.0, 10, integer=False) == 2.0
    assert stepped(0.001, -1000, integer=False) > 0


def test_the_wheel_changes_only_a_field_with_the_focus(qtbot, form: Form) -> None:
    from PySide6.QtCore import QPoint, QPointF
    from PySide6.QtGui import QWheelEvent
    from PySide6.QtWidgets import QApplication

    field = form.field_widget("latent_dim")

    def wheel() -> None:
        event = QWheelEvent(
            QPointF(9, 9),
            QPointF(9, 9),
            QPoint(),
            QPoint(0, 120),
            Qt.MouseButton.NoButton,
            Qt.KeyboardModifier.NoModifier,
            Qt.ScrollPhase.NoScrollPhase,
            False,
        )
        QApplication.sendEvent(field, event)

    form.field_widget("lr").setFocus()
    wheel()
    assert form.values()["latent_dim"] == 2
    field.setFocus()
    wheel()
    assert form.values()["latent_dim"] == 3


def test_tooltips_give_range_and_unit(form: Form) -> None:
    assert "from 1 to 512" in form.field_widget("latent_dim").toolTip()
    assert "per step" in form.field_widget("lr").toolTip()
    assert "while the model trains" in form.field_widget("lr").toolTip()
    assert form.field_widget("lr").accessibleName() == "Learning rate"
