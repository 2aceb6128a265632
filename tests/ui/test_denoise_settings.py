"""The settings of the Denoise panel while models come and go, on tiny models in real lanes."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from denoise_forward_help import open_panel, settle, write_ddpm
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from genstudio.tape import Plan
from genstudio.ui.panels._denoise_settings import Settings, Wanted
from genstudio.ui.panels.denoise import Denoise
from genstudio.ui.session import Session


@pytest.fixture
def images(tmp_path: Path) -> str:
    return write_ddpm(tmp_path / "images", (1, 8, 8), n_classes=10)


@pytest.fixture
def points(tmp_path: Path) -> str:
    return write_ddpm(tmp_path / "points", (2,), n_classes=8)


def show(qtbot: QtBot, panel: Denoise, source: str) -> None:
    panel.session.show("A", source)
    settle(qtbot, panel, lambda: panel.runs.source() == source and not panel.runs.running())


def type_into(field: Any, text: str) -> None:
    field.setFocus()
    field.selectAll()
    QTest.keyClicks(field, text)
    QTest.keyClick(field, Qt.Key.Key_Return)


def test_models_of_images_and_of_points_keep_settings_of_their_own(
    qtbot: QtBot, session: Session, images: str, points: str
) -> None:
    panel = open_panel(qtbot, session, images)
    type_into(panel.settings.steps, "7")
    type_into(panel.settings.count, "5")
    panel.settings.label.setCurrentIndex(3)
    panel.settings.label.activated.emit(3)
    qtbot.waitUntil(lambda: not panel.starter._rest.isActive())
    settle(qtbot, panel)
    of_images = panel.settings.wanted()
    assert (of_images.steps, of_images.n, of_images.label) == (7, 5, 2)
    show(qtbot, panel, points)
    assert panel.settings.wanted() == Wanted.first("points")
    assert panel.settings.steps.value() == 20 and panel.settings.count.value() == 512
    type_into(panel.settings.count, "16")  # what images begin with is a number like any other
    qtbot.waitUntil(lambda: not panel.starter._rest.isActive())
    settle(qtbot, panel, lambda: not panel.runs.running())
    show(qtbot, panel, images)
    assert panel.settings.wanted() == of_images
    show(qtbot, panel, points)
    assert panel.settings.wanted() == replace(Wanted.first("points"), n=16)
    run = panel.runs.current()
    assert run is not None and (run.recipe.n, run.recipe.steps) == (16, 20)


def test_both_kinds_of_settings_come_back(
    qtbot: QtBot, session: Session, images: str, points: str
) -> None:
    panel = open_panel(qtbot, session, images)
    panel.settings.set_wanted(replace(panel.settings.wanted(), steps=9, eta=0.5, sampler="ddim"))
    show(qtbot, panel, points)
    panel.settings.set_wanted(replace(panel.settings.wanted(), n=99))
    state = panel.state()
    panel.deactivated()
    session.show("A", None)
    other = Denoise(session)
    qtbot.addWidget(other)
    qtbot.addWidget(other.inspector())
    other.restore(state)  # before any model is known
    show(qtbot, other, points)
    assert other.settings.wanted() == replace(Wanted.first("points"), n=99)
    show(qtbot, other, images)
    assert other.settings.wanted() == Wanted(steps=9, eta=0.5, sampler="ddim")


def test_the_window_s_seed_is_that_of_both_kinds(qtbot: QtBot) -> None:
    settings = Settings()
    qtbot.addWidget(settings)
    settings.meet("a", False)
    settings.meet("b", True)
    settings.set_wanted(replace(settings.wanted(), seed=5))
    settings.meet("a", False)
    assert settings.wanted().seed == 5


def test_a_class_is_kept_for_its_own_model_alone(qtbot: QtBot) -> None:
    settings = Settings()
    qtbot.addWidget(settings)
    settings.meet("a", False)
    settings.set_wanted(replace(settings.wanted(), label=2, guidance=3.0))
    settings.meet("b", True)
    settings.meet("a", False)
    assert (settings.wanted().label, settings.wanted().guidance) == (2, 3.0)
    settings.meet("c", False)
    assert (settings.wanted().label, settings.wanted().guidance) == (None, 1.0)


def test_a_number_that_was_entered_follows_the_run_that_comes_to_the_front(
    qtbot: QtBot, session: Session, images: str
) -> None:
    panel = open_panel(qtbot, session, images)
    panel.starter.same_noise()
    first, second = panel.runs.all()
    type_into(panel.settings.steps, "7")  # the focus stays in the field
    qtbot.waitUntil(lambda: not panel.starter._rest.isActive())
    settle(qtbot, panel)
    assert second.recipe.steps == 7
    panel.runs.choose(first.id)
    assert panel.settings.steps.hasFocus() and panel.settings.steps.text() == "20"


def test_a_record_of_one_image_is_told_in_the_singular(qtbot: QtBot) -> None:
    settings = Settings()
    qtbot.addWidget(settings)
    settings.show_record(Plan(20, 1000), 1, False)
    assert settings.record.text().startswith("Record: 20 steps of 1 image, ")
    settings.show_record(Plan(20, 1000), 2, False)
    assert settings.record.text().startswith("Record: 20 steps of 2 images, ")


def test_what_is_wrong_with_a_number_is_said_until_it_is_another(qtbot: QtBot) -> None:
    settings = Settings()
    qtbot.addWidget(settings)
    settings.meet("a", False)
    settings.steps.selectAll()
    QTest.keyClicks(settings.steps, "5000")
    settings.show_record(Plan(20, 1000), 2, False)  # as a run that ends has it done
    assert settings.error.text() == "Steps must be a whole number from 1 to 1,000, got 5000."
    settings.steps.selectAll()
    QTest.keyClicks(settings.steps, "50")
    settings.show_record(Plan(20, 1000), 2, False)
    assert settings.error.isHidden()


def test_names_of_classes_that_come_after_the_model_has_gone_are_not_taken(
    qtbot: QtBot, session: Session, images: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    open_panel(qtbot, session, images)
    cancelled: list[str] = []
    monkeypatch.setattr(session, "cancel", lambda _owner, key: cancelled.append(key))
    session.show("A", None)
    assert "classes" in cancelled


def test_without_a_model_the_section_does_not_complain(
    qtbot: QtBot, session: Session, images: str
) -> None:
    panel = open_panel(qtbot, session, images)
    session.show("A", None)
    settle(qtbot, panel)
    panel.starter.show_record()
    assert panel.settings.error.isHidden() and panel.settings.record.isHidden()
