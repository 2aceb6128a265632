"""All pictures of a frame answer one request, whatever order the answers come in."""

from __future__ import annotations

import random

import numpy as np
import pytest
from compare_help import SlowSession
from PySide6.QtWidgets import QHBoxLayout, QWidget
from pytestqt.qtbot import QtBot

from genstudio.ui.panels import _compare_together
from genstudio.ui.panels._compare_readout import Readout
from genstudio.ui.panels._compare_together import Frame, Part, Together

SLOTS = "ABCD"


class Window(QWidget):
    """Four readouts that a frame fills, as the panes do."""

    def __init__(self) -> None:
        super().__init__()
        row = QHBoxLayout(self)
        self.readouts = {slot: Readout(slot, self) for slot in SLOTS}
        for readout in self.readouts.values():
            row.addWidget(readout)

    def show_frame(self, frame: Frame) -> None:
        for slot, readout in self.readouts.items():
            readout.show_image(frame.value(slot).image, frame.number, [])

    def values(self) -> list[float]:
        """The grey of each picture shown, which says what move it answers."""
        images = [readout.image() for readout in self.readouts.values()]
        return [image.pixelColor(0, 0).redF() for image in images if image is not None]


def parts(value: float) -> list[Part]:
    return [Part(slot, f"model {slot}", {"z": np.array([value])}) for slot in SLOTS]


def drive(n_moves: int, seed: int, qtbot: QtBot) -> tuple[Window, list[Frame], list[float]]:
    """Move n times while answers come in any order; what was shown after each move."""
    session, window, shown = SlowSession(), Window(), []
    qtbot.addWidget(window)
    window.show()
    together = Together(session)  # type: ignore[arg-type]
    together.shown.connect(shown.append)
    together.shown.connect(window.show_frame)
    rng = random.Random(seed)
    asked: list[float] = []
    for move in range(n_moves):
        asked.append((move % 251) / 255)
        together.ask(parts(asked[-1]))
        for _ in range(rng.randrange(0, 7)):
            if session.waiting:
                session.answer(rng.randrange(len(session.waiting)))
                values = window.values()
                assert len(set(values)) <= 1, "pictures of two moves are mixed"
        if move % 100 == 0:
            window.grab()
            assert len({readout.painted for readout in window.readouts.values()}) == 1
    while session.waiting:
        session.answer(0)
    return window, shown, asked


def test_ten_thousand_moves_are_never_mixed(qtbot: QtBot) -> None:
    window, shown, asked = drive(10_000, seed=7, qtbot=qtbot)
    numbers = [frame.number for frame in shown]
    assert numbers == sorted(set(numbers)), "a frame came twice or went back"
    assert len(shown) > 1000, "the hand sees something while it moves"
    for frame in shown:
        z = {float(part.arguments["z"][0]) for part in frame.parts.values()}
        assert len(z) == 1 and set(frame.answers) == set(SLOTS)
    assert window.values()[0] == pytest.approx(asked[-1], abs=0.01), "the last move is what stays"


def test_one_frame_is_in_work_and_the_last_move_waits(qtbot: QtBot) -> None:
    session, shown = SlowSession(), []
    together = Together(session)  # type: ignore[arg-type]
    together.shown.connect(shown.append)
    for value in (0.1, 0.2, 0.3):
        together.ask(parts(value))
    assert session.asked == 4, "moves meanwhile ask nothing"
    for _ in range(4):
        session.answer(0)
    assert float(shown[0].parts["A"].arguments["z"][0]) == 0.1
    assert session.asked == 8
    for _ in range(4):
        session.answer(-1)
    assert float(shown[1].parts["A"].arguments["z"][0]) == 0.3, "of those in between only the last"
    assert not together.busy()


def test_a_model_that_cannot_answer_does_not_hold_the_others_up() -> None:
    session, shown = SlowSession(), []
    together = Together(session)  # type: ignore[arg-type]
    together.shown.connect(shown.append)
    together.ask(parts(0.5))
    session.refuse(1, "No such model. Choose another.")
    for _ in range(3):
        session.answer(0)
    assert set(shown[0].answers) == {"A", "C", "D"}
    assert shown[0].failures["B"].sentence() == "No such model. Choose another."
    assert shown[0].value("B") is None


def test_nothing_of_models_that_have_gone_is_shown() -> None:
    session, shown = SlowSession(), []
    together = Together(session)  # type: ignore[arg-type]
    together.shown.connect(shown.append)
    together.ask(parts(0.1))
    late = [ask.then for ask in session.waiting]
    session.answer(0)
    kept = session.waiting[0]
    together.forget()
    assert not session.waiting, "their work is cancelled"
    together.ask(parts(0.9))
    session.waiting.append(kept)
    session.answer(len(session.waiting) - 1)  # an answer that was on its way
    assert late and not shown
    for _ in range(4):
        session.answer(0)
    assert float(shown[0].parts["A"].arguments["z"][0]) == 0.9


def test_a_frame_that_never_comes_gives_way(monkeypatch: pytest.MonkeyPatch) -> None:
    session, shown = SlowSession(), []
    together = Together(session)  # type: ignore[arg-type]
    together.shown.connect(shown.append)
    together.ask(parts(0.1))
    session.answer(0)
    monkeypatch.setattr(_compare_together, "PATIENCE_S", -1.0)
    together.ask(parts(0.2))
    for _ in range(3):
        session.answer(0)  # the rest of the old frame
    assert not shown
    for _ in range(4):
        session.answer(0)
    assert [float(f.parts["A"].arguments["z"][0]) for f in shown] == [0.2]
