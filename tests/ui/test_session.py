"""The session: newest request only, nothing to the destroyed, live models, and a clean end."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import QObject
from pytestqt.qtbot import QtBot

from genstudio.abilities import BadInput, Card
from genstudio.engine import asks, shelf
from genstudio.engine.messages import Answer, Event, JobState, Progress
from genstudio.ui import session as session_module
from genstudio.ui.session import Priority, Session

CARD = Card(name="tiny", family="vae", shape=(1, 28, 28), latent_dim=2)


class Store:
    def get(self, name: str) -> str:
        return name

    def publish(self, name: str, weights: Any, step: int, *, in_use: bool = False) -> None:
        pass

    def step(self, name: str) -> int | None:
        return None

    def forget(self, name: str) -> None:
        pass


class Job:
    """Counts; its card, then two snapshots."""

    name = "job"

    def __init__(self) -> None:
        self.count = 0

    def run(self, run: int) -> Iterator[Any]:
        commands = yield [Event(run, 0, "card", "", {"card": CARD})]
        while True:
            self.count += 1
            reports: list[Any] = []
            if self.count % 1000 == 0:
                reports.append(Progress(run, self.count, None))
            if self.count in (10, 20):
                path = f"step-{self.count}.safetensors"
                reports.append(Event(run, self.count, "snapshot", "", {"path": path}))
            commands = yield reports
            assert commands is not None

    def weights(self) -> tuple[int, int]:
        return self.count, self.count


@pytest.fixture
def queries(monkeypatch: pytest.MonkeyPatch) -> dict[str, Callable[..., Any]]:
    table: dict[str, Callable[..., Any]] = {"echo": lambda model, x: (model, x)}
    monkeypatch.setattr(asks, "_resolve", table.__getitem__)
    return table


@pytest.fixture
def session(
    qtbot: QtBot, monkeypatch: pytest.MonkeyPatch, queries: dict[str, Any]
) -> Iterator[Session]:
    monkeypatch.setattr(session_module, "_open_store", lambda device: Store())
    session = Session("cpu")
    yield session
    assert session.close()


def test_an_answer_arrives_in_this_thread(session: Session, qtbot: QtBot) -> None:
    got: list[tuple[Any, int]] = []
    owner = QObject()
    session.ask(
        owner,
        "k",
        "echo",
        model="m",
        x=3,
        then=lambda a: got.append((a.value, threading.get_ident())),
    )
    qtbot.waitUntil(lambda: bool(got))
    assert got == [(("m", 3), threading.get_ident())]
    assert session.idle()


def test_only_the_newest_request_of_a_key_is_answered(
    session: Session, qtbot: QtBot, queries: dict[str, Any]
) -> None:
    """Also when the model changed in between: its older answer must not be mixed in."""
    begun, go = threading.Event(), threading.Event()

    def slow(model: str, x: int) -> tuple[str, int]:
        begun.set()
        assert go.wait(5)
        return model, x

    queries["slow"] = slow
    owner, got = QObject(), []
    session.ask(owner, "k", "slow", model="old", x=1, then=lambda a: got.append(a.value))
    assert begun.wait(5)
    session.ask(owner, "k", "slow", model="new", x=2, then=lambda a: got.append(a.value))
    go.set()
    qtbot.waitUntil(lambda: bool(got))
    qtbot.waitUntil(session.idle)
    assert got == [("new", 2)]


def test_nothing_reaches_a_destroyed_owner(session: Session, qtbot: QtBot) -> None:
    got: list[Answer] = []
    owner = QObject()
    session.ask(owner, "k", "echo", model="m", x=1, then=got.append)
    del owner
    other = QObject()
    session.ask(other, "k", "echo", model="m", x=2, then=got.append)
    qtbot.waitUntil(session.idle)
    assert [a.value for a in got] == [("m", 2)]


def test_a_refusal_reaches_failed(session: Session, qtbot: QtBot, queries: dict[str, Any]) -> None:
    def bad(model: str) -> None:
        raise BadInput("The image is 3 x 3, the model takes 28 x 28. Choose another.")

    queries["bad"] = bad
    owner, mine = QObject(), []
    session.ask(owner, "k", "bad", model="m", then=lambda a: None, failed=mine.append)
    qtbot.waitUntil(lambda: bool(mine))
    assert "3 x 3" in mine[0].sentence()
    with qtbot.waitSignal(session.failed) as seen:
        session.ask(owner, "k", "bad", model="m", then=lambda a: None)
    assert "3 x 3" in seen.args[0].sentence()


def test_an_empty_slot_is_not_asked(session: Session) -> None:
    assert session.ask(session, "k", "echo", x=1, then=lambda a: None) == 0


def test_a_live_model_follows_its_job(session: Session, qtbot: QtBot) -> None:
    run = session.start(Job, "job")
    qtbot.waitUntil(lambda: session.jobs()[run].card is not None)
    session.show("A", f"live:{run}")
    ref = session.model("A")
    assert ref is not None
    assert ref.run == run
    moved: list[tuple[str, int]] = []
    session.weights_moved.connect(lambda slot, step: moved.append((slot, step)))
    qtbot.waitUntil(lambda: len(moved) >= 2)
    assert {slot for slot, _ in moved} == {"A"}
    qtbot.waitUntil(lambda: len(session.model("A").snapshots) >= 2)
    assert session.model("A").snapshots[:2] == (
        (10, "step-10.safetensors"),
        (20, "step-20.safetensors"),
    )
    session.stop(run)
    qtbot.waitUntil(lambda: session.jobs()[run].state is JobState.STOPPED)
    assert not session._drain.isActive()
    session.show("A", None)
    session.forget_job(run)
    assert session.jobs() == {}


def test_a_live_model_that_is_not_there_is_refused(session: Session) -> None:
    with pytest.raises(BadInput, match="no live model"):
        session.show("A", "live:7")
    assert session.model("A") is None


@pytest.mark.parametrize("source", ["live:", "live:x", "live:1.5"])
def test_a_live_model_of_no_number_is_refused(session: Session, source: str) -> None:
    with pytest.raises(BadInput, match="no live model"):
        session.show("B", source)


def test_slots_are_filled_apart_and_listed_in_order(
    session: Session, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shelf, "describe", lambda source: CARD)
    monkeypatch.setattr(shelf, "snapshots", lambda source: ())
    told: list[str] = []
    session.model_changed.connect(told.append)
    for slot, source in (("C", "third"), ("A", "first"), ("B", "second")):
        session.show(slot, source)
    assert told == ["C", "A", "B"]
    assert [(s, ref.source) for s, ref in session.slots().items()] == [
        ("A", "first"),
        ("B", "second"),
        ("C", "third"),
    ]
    got: list[Any] = []
    for slot in ("B", "C", "D"):
        session.ask(session, slot, "echo", slot=slot, x=1, then=lambda a: got.append(a.value))
    qtbot.waitUntil(session.idle)
    assert sorted(got) == [("second", 1), ("third", 1)]
    session.show("B", None)
    assert list(session.slots()) == ["A", "C"]


def test_there_are_four_slots(session: Session) -> None:
    with pytest.raises(BadInput, match="A to D, got 'E'"):
        session.show("E", "vae-mnist-2d")
    assert session.slots() == {}


def test_a_live_model_in_a_slot_beside_has_a_lasting_name(
    session: Session, qtbot: QtBot, tmp_path: Path
) -> None:
    run = session.start(Job, "job", folder=tmp_path / "job")
    qtbot.waitUntil(lambda: session.jobs()[run].card is not None)
    session.show("B", f"live:{run}")
    moved: list[str] = []
    session.weights_moved.connect(lambda slot, step: moved.append(slot))
    qtbot.waitUntil(lambda: bool(moved))
    assert set(moved) == {"B"}
    assert session.lasting(f"live:{run}") == str(tmp_path / "job")
    assert session.lasting("vae-mnist-2d") == "vae-mnist-2d"
    session.stop(run)
    qtbot.waitUntil(lambda: session.jobs()[run].state.over)


def test_close_ends_a_job_in_work(session: Session, qtbot: QtBot) -> None:
    job = Job()
    session.start(lambda: job, "job")
    qtbot.waitUntil(lambda: job.count > 5)
    assert session.close()
    assert session.engine.running() == []


def test_torch_waits_until_the_window_is_up(
    qtbot: QtBot, monkeypatch: pytest.MonkeyPatch, queries: dict[str, Any]
) -> None:
    opened: list[str] = []
    monkeypatch.setattr(
        session_module, "_open_store", lambda device: opened.append(device) or Store()
    )
    session = Session("cpu", opened=False)
    got: list[Any] = []
    session.ask(session, "k", "echo", model="m", x=1, then=lambda a: got.append(a.value))
    qtbot.wait(30)
    assert opened == got == []
    with qtbot.waitSignal(session.ready):
        session.open()
    qtbot.waitUntil(lambda: got == [("m", 1)])
    assert session.close()


def test_a_session_that_was_never_opened_closes(qtbot: QtBot) -> None:
    assert Session("cpu", opened=False).close()


def test_a_hand_that_never_rests_sees_answers_in_order(
    session: Session, qtbot: QtBot, queries: dict[str, Any]
) -> None:
    begun, go = threading.Event(), threading.Event()

    def slow(model: str, x: int) -> int:
        begun.set()
        assert go.wait(5)
        return x

    queries["slow"] = slow
    owner, got = QObject(), []
    for x in range(5):
        session.ask(
            owner,
            "probe",
            "slow",
            model="m",
            priority=Priority.POINTER,
            x=x,
            then=lambda a: got.append(a.value),
        )
        assert begun.wait(5)
    go.set()
    qtbot.waitUntil(session.idle)
    assert got == [0, 4]
    session.ask(owner, "probe", "slow", model="m", priority=Priority.POINTER, x=9, then=got.append)
    session.cancel(owner, "probe")
    qtbot.waitUntil(session.idle)
    assert got == [0, 4]
