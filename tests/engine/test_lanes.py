"""The lanes: latest wins, order of urgency, jobs in turn, pause, step, stop, and a clean end."""

from __future__ import annotations

import itertools
import threading
import time
import weakref
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from genstudio.engine import asks, jobs
from genstudio.engine.lanes import Change, Engine, Flush, Priority
from genstudio.engine.messages import (
    Answer,
    Failure,
    JobState,
    Progress,
    Published,
    Ready,
    Refusal,
    StateChange,
)
from genstudio.engine.outbox import Outbox

WAIT_S = 20.0  # a loaded machine takes its time


class Store:
    """Models are their names; what was published is remembered."""

    def __init__(self) -> None:
        self.published: dict[str, tuple[Any, int]] = {}
        self.thread = threading.current_thread()

    def get(self, name: str) -> str:
        if name == "missing":
            raise ValueError("There is no model 'missing'.")
        if name.startswith("live:") and name not in self.published:
            raise asks.NotYet(name)
        return name

    def publish(self, name: str, weights: Any, step: int, *, in_use: bool = False) -> None:
        self.in_use = in_use
        self.published[name] = (weights, step)

    def step(self, name: str) -> int | None:
        return self.published[name][1] if name in self.published else None

    def forget(self, name: str) -> None:
        self.published.pop(name, None)


class Counter:
    """A job that counts; it remembers what was sent in and that it was closed."""

    name = "counter"

    def __init__(self, n: int | None = None) -> None:
        self.n = n
        self.count = 0
        self.sent: list[Any] = []
        self.closed = threading.Event()
        self.threads: set[int] = set()

    def run(self, run: int) -> Iterator[Any]:
        try:
            while self.n is None or self.count < self.n:
                self.count += 1
                self.threads.add(threading.get_ident())
                commands = yield [Progress(run, self.count, self.n)]
                self.sent.extend(commands)
        finally:
            self.closed.set()
        return self.count

    def weights(self) -> tuple[int, int]:
        return self.count, self.count


class Desk:
    """An engine with its messages sorted as they come."""

    def __init__(self, store: Callable[[], Any] = Store, **options: Any) -> None:
        self.messages: list[Any] = []
        opened = options.pop("opened", True)
        self.engine = Engine(store, opened=False, **options)
        self._put = self.engine.outbox.put
        self._came = threading.Condition()
        self.n_sent = 0  # messages so far, taken or not
        self.engine.outbox.put = self._note  # type: ignore[method-assign]
        if opened:
            self.engine.open()

    def _note(self, *messages: Any) -> None:
        self._put(*messages)
        self.n_sent += len(messages)
        if not all(isinstance(message, Progress) for message in messages):  # those are a flood
            with self._came:
                self._came.notify_all()

    def wait(self, wanted: Callable[[], bool]) -> None:
        """Look after each message but progress; now and then, too, for what comes without one."""
        deadline = time.monotonic() + WAIT_S
        with self._came:
            while not wanted():
                assert time.monotonic() < deadline, f"The last messages: {self.messages[-5:]}"
                self._came.wait(0.05)

    def drain(self) -> None:
        self.messages += self.engine.outbox.take_urgent() + self.engine.outbox.take_rest()

    def until(self, wanted: Callable[[list[Any]], bool]) -> None:
        def seen() -> bool:
            self.drain()
            return wanted(self.messages)

        self.wait(seen)

    def of(self, kind: type) -> list[Any]:
        return [message for message in self.messages if isinstance(message, kind)]

    def states(self) -> list[JobState]:
        return [message.state for message in self.of(StateChange)]


@pytest.fixture(params=[False, True], ids=["two threads", "one thread"])
def desk(request: pytest.FixtureRequest) -> Iterator[Desk]:
    desk = Desk(one_thread=request.param)
    yield desk
    assert desk.engine.close()


@pytest.fixture
def queries(monkeypatch: pytest.MonkeyPatch) -> dict[str, Callable[..., Any]]:
    """Queries by name, in place of the modules under genstudio."""
    table: dict[str, Callable[..., Any]] = {}
    monkeypatch.setattr(asks, "_resolve", table.__getitem__)
    return table


def test_an_answer_carries_request_and_value(desk: Desk, queries: dict[str, Any]) -> None:
    queries["double"] = lambda model, x: (model, 2 * x)
    request = desk.engine.ask("m", "k", "double", {"x": 21})
    desk.until(lambda messages: any(isinstance(m, Answer) for m in messages))
    assert desk.of(Answer) == [Answer("m", "k", request, ("m", 42), True)]
    assert isinstance(desk.messages[0], Ready)


def test_a_hundred_asks_during_a_slow_answer_run_one_more(
    desk: Desk, queries: dict[str, Any]
) -> None:
    begun, go, seen = threading.Event(), threading.Event(), []

    def slow(model: str, x: int) -> int:
        seen.append(x)
        begun.set()
        assert go.wait(WAIT_S)
        return x

    queries["slow"] = slow
    desk.engine.ask("m", "k", "slow", {"x": -1})
    assert begun.wait(WAIT_S)
    for x in range(100):
        last = desk.engine.ask("m", "k", "slow", {"x": x})
    go.set()
    desk.until(lambda messages: any(isinstance(m, Answer) for m in messages))
    assert seen == [-1, 99]
    assert [a.request for a in desk.of(Answer)] == [last]  # the overtaken one is never sent


def test_the_hands_ask_in_work_is_answered_though_overtaken(
    desk: Desk, queries: dict[str, Any]
) -> None:
    """A hand that never rests would see nothing else from a slow model."""
    begun, go = threading.Event(), threading.Event()

    def slow(model: str, x: int) -> int:
        begun.set()
        assert go.wait(WAIT_S)
        return x

    queries["slow"] = slow
    for x in range(3):
        desk.engine.ask("m", "k", "slow", {"x": x}, Priority.POINTER)
        assert begun.wait(WAIT_S)
    go.set()
    desk.until(lambda ms: len(desk.of(Answer)) == 2)
    assert [a.value for a in desk.of(Answer)] == [0, 2]


def test_a_newer_ask_ends_a_generator_at_its_next_yield(
    desk: Desk, queries: dict[str, Any]
) -> None:
    begun, go, reached = threading.Event(), threading.Event(), []

    def steps(model: str, x: int) -> Iterator[int]:
        for i in range(100):
            reached.append((x, i))
            yield 100 * x + i
            if x == 0:
                begun.set()
                assert go.wait(WAIT_S)

    queries["steps"] = steps
    desk.engine.ask("m", "k", "steps", {"x": 0})
    assert begun.wait(WAIT_S)
    newer = desk.engine.ask("m", "k", "steps", {"x": 1})
    go.set()
    desk.until(lambda ms: any(isinstance(m, Answer) and m.value == 199 for m in ms))
    assert len([r for r in reached if r[0] == 0]) <= 2
    desk.until(lambda ms: desk.engine.idle())
    answers = [a for a in desk.of(Answer) if a.request == newer]
    assert [a.value for a in answers] == [*range(100, 200), 199]
    assert [a.done for a in answers] == [False] * 100 + [True]


@pytest.mark.parametrize("way", ["overtaken", "cancelled"])
def test_what_is_given_up_ends_in_the_lane(desk: Desk, queries: dict[str, Any], way: str) -> None:
    """A generator may hold a context, such as no_grad, that belongs to the thread it began in."""
    begun, threads, closed = threading.Event(), [], threading.Event()

    def endless(model: str) -> Iterator[int]:
        threads.append(threading.get_ident())
        try:
            for i in itertools.count():
                yield i
                begun.set()
        finally:
            threads.append(threading.get_ident())
            closed.set()

    queries["endless"], queries["quick"] = endless, lambda model: 1
    desk.engine.ask("m", "k", "endless", {})
    assert begun.wait(WAIT_S)
    if way == "overtaken":
        desk.engine.ask("m", "k", "quick", {})
    else:
        desk.engine.cancel("m", "k")
    assert closed.wait(WAIT_S)
    assert threads == [threads[0]] * 2
    assert threads[0] != threading.get_ident()


def test_a_pointer_goes_before_a_sheet_under_way(desk: Desk, queries: dict[str, Any]) -> None:
    order: list[str] = []
    begun, go = threading.Event(), threading.Event()

    def sheet(model: str) -> Iterator[str]:
        for i in range(3):
            order.append(f"sheet {i}")
            yield f"sheet {i}"
            begun.set()
            assert go.wait(WAIT_S)

    def pointer(model: str) -> str:
        order.append("pointer")
        return "pointer"

    queries.update(sheet=sheet, pointer=pointer)
    desk.engine.ask("m", "sheet", "sheet", {}, Priority.SHEET)
    assert begun.wait(WAIT_S)
    desk.engine.ask("m", "probe", "pointer", {}, Priority.POINTER)
    go.set()
    desk.until(lambda ms: any(isinstance(m, Answer) and m.value == "sheet 2" for m in ms))
    assert order.index("pointer") < order.index("sheet 2")


def test_a_failed_ask_is_refused_with_its_sentence_and_the_next_runs(
    desk: Desk, queries: dict[str, Any]
) -> None:
    queries["fine"] = lambda model: model
    bad = desk.engine.ask("missing", "k", "fine", {})
    desk.until(lambda ms: any(isinstance(m, Refusal) for m in ms))
    assert desk.of(Refusal)[0].request == bad
    assert "no model 'missing'" in desk.of(Refusal)[0].failure.sentence()
    desk.engine.ask("m", "k", "fine", {})
    desk.until(lambda ms: any(isinstance(m, Answer) for m in ms))


def test_a_cancelled_ask_is_never_answered(desk: Desk, queries: dict[str, Any]) -> None:
    begun, go = threading.Event(), threading.Event()

    def slow(model: str) -> str:
        begun.set()
        assert go.wait(WAIT_S)
        return "late"

    queries.update(slow=slow, quick=lambda model: "quick")
    desk.engine.ask("m", "k", "slow", {})
    assert begun.wait(WAIT_S)
    desk.engine.cancel("m", "k")
    go.set()
    desk.engine.ask("m", "other", "quick", {})
    desk.until(lambda ms: any(isinstance(m, Answer) for m in ms))
    desk.until(lambda ms: desk.engine.idle())
    assert [a.value for a in desk.of(Answer)] == ["quick"]


def test_two_jobs_take_turns(desk: Desk) -> None:
    first, second = Counter(), Counter()
    desk.engine.start(lambda: first, "first")
    desk.engine.start(lambda: second, "second")
    desk.until(lambda ms: first.count > 50 and second.count > 50)
    runs = [p.run for p in desk.of(Progress)]
    both = runs[runs.index(2) :]
    assert all(a != b for a, b in itertools.pairwise(both))
    assert first.threads == second.threads


def test_pause_step_resume_and_stop(desk: Desk) -> None:
    job = Counter()
    run = desk.engine.start(lambda: job, "job")
    desk.until(lambda ms: job.count > 3)
    desk.engine.pause(run)
    desk.until(lambda ms: desk.states()[-1] is JobState.PAUSED)
    count = job.count
    assert isinstance(job.sent[-1], Flush)  # the curve is complete up to the step it stands at
    desk.engine.advance(run, 3)
    desk.until(lambda ms: job.count == count + 3 and desk.states()[-1] is JobState.PAUSED)
    desk.engine.resume(run)
    desk.until(lambda ms: job.count > count + 10)
    desk.engine.stop(run)
    desk.until(lambda ms: desk.states()[-1] is JobState.STOPPED)
    assert job.closed.is_set()
    assert desk.engine.running() == []


def test_commands_reach_the_job_once_and_in_order(desk: Desk) -> None:
    job = Counter()
    run = desk.engine.start(lambda: job, "job")
    for beta in range(5):
        desk.engine.command(run, Change("beta", beta))
    desk.until(lambda ms: len(job.sent) >= 5)
    assert job.sent == [Change("beta", beta) for beta in range(5)]


def test_the_result_comes_with_the_last_state(desk: Desk) -> None:
    desk.engine.start(lambda: Counter(7), "job")
    desk.until(lambda ms: desk.states()[-1:] == [JobState.DONE])
    assert desk.of(StateChange)[-1].result == 7


def test_a_failing_job_is_explained_and_the_next_runs() -> None:
    class Breaks(Counter):
        def run(self, run: int) -> Iterator[Any]:
            yield None
            raise RuntimeError("not enough memory")

    desk = Desk(explain=lambda error: Failure(f"It broke: {error}", "Choose a smaller batch."))
    desk.engine.start(Breaks, "breaks")
    desk.until(lambda ms: desk.states()[-1:] == [JobState.FAILED])
    sentence = desk.of(StateChange)[-1].failure.sentence()
    assert sentence == "It broke: not enough memory Choose a smaller batch."
    desk.engine.start(lambda: Counter(2), "next")
    desk.until(lambda ms: desk.states()[-1:] == [JobState.DONE])
    assert desk.engine.close()


def test_weights_are_published_only_while_watched_and_not_more_than_ten_a_second(
    desk: Desk,
) -> None:
    job = Counter()
    run = desk.engine.start(lambda: job, "job")
    desk.until(lambda ms: job.count > 100)
    assert desk.of(Published) == []
    began = time.monotonic()
    desk.engine.watch(run, True)
    desk.until(lambda ms: len(desk.of(Published)) >= 3)
    assert time.monotonic() - began >= 0.2
    assert {p.model for p in desk.of(Published)} == {f"live:{run}"}
    steps = [p.step for p in desk.of(Published)]
    assert steps == sorted(set(steps))


def test_a_paused_job_is_published_once_when_somebody_looks(desk: Desk) -> None:
    job = Counter()
    run = desk.engine.start(lambda: job, "job")
    desk.engine.pause(run)
    desk.until(lambda ms: desk.states()[-1:] == [JobState.PAUSED])
    desk.engine.watch(run, True)
    desk.until(lambda ms: desk.of(Published) != [])
    assert desk.of(Published)[0].step == job.count


def test_close_stops_every_job_and_leaves_no_thread(desk: Desk) -> None:
    running, paused = Counter(), Counter()
    desk.engine.start(lambda: running, "running")
    run = desk.engine.start(lambda: paused, "paused")
    desk.engine.pause(run)
    desk.until(lambda ms: running.count > 5 and JobState.PAUSED in desk.states())
    assert desk.engine.close()
    assert running.closed.is_set()
    assert paused.closed.is_set()


def test_one_wake_up_is_pending_at_most(queries: dict[str, Any]) -> None:
    woken: list[int] = []
    desk = Desk(wake=lambda: woken.append(1))
    queries["echo"] = lambda model, x: x
    for x in range(50):
        desk.engine.ask("m", str(x), "echo", {"x": x})
    desk.wait(lambda: desk.n_sent == 51)  # Ready, and an answer to each
    assert len(woken) == 1  # nobody has taken the mail yet
    desk.drain()
    assert len(desk.of(Answer)) == 50
    assert desk.engine.close()


def test_an_ask_lane_that_cannot_start_says_so() -> None:
    def broken() -> Any:
        raise ImportError("torch is not installed")

    desk = Desk(broken)
    desk.until(lambda ms: any(isinstance(m, Ready) for m in ms))
    assert "torch is not installed" in desk.of(Ready)[0].failure.sentence()
    assert desk.engine.close()


def test_a_generator_may_yield_nothing_new_and_end_without_a_value(
    desk: Desk, queries: dict[str, Any]
) -> None:
    """A bare yield is only a place to be overtaken; the last value comes again as the last one."""

    def steps(model: str) -> Iterator[int | None]:
        yield None
        yield 1
        yield None

    queries["steps"] = steps
    desk.engine.ask("m", "k", "steps", {})
    desk.until(lambda ms: any(isinstance(m, Answer) and m.done for m in ms))
    assert [(a.value, a.done) for a in desk.of(Answer)] == [(1, False), (1, True)]


def test_an_ask_of_a_live_model_waits_for_its_first_weights(
    desk: Desk, queries: dict[str, Any]
) -> None:
    queries["echo"] = lambda model: model
    job = Counter()
    run = desk.engine.start(lambda: job, "job")
    desk.engine.ask(f"live:{run}", "k", "echo", {})
    desk.until(lambda ms: desk.engine.idle() and job.count > 5)
    assert desk.of(Answer) == desk.of(Refusal) == []
    desk.engine.watch(run, True)
    desk.until(lambda ms: desk.of(Answer) != [])
    assert desk.of(Answer)[0].value == f"live:{run}"


def test_weights_that_an_answer_is_using_are_left_to_it(queries: dict[str, Any]) -> None:
    """A sheet under way ends with the weights that it began with, and says their step."""
    begun, go = threading.Event(), threading.Event()
    store = Store()
    store.published["live:1"] = ("first", 1)

    def sheet(model: str) -> Iterator[int]:
        for i in range(3):
            yield i
            begun.set()
            assert go.wait(WAIT_S)

    queries["sheet"] = sheet
    desk = Desk(lambda: store)
    desk.engine.ask("live:1", "sheet", "sheet", {}, Priority.SHEET)
    assert begun.wait(WAIT_S)
    desk.engine._asks.publish("live:1", "second", 2, 1)
    go.set()
    desk.until(lambda ms: any(isinstance(m, Answer) and m.done for m in ms))
    assert store.in_use
    assert {a.step for a in desk.of(Answer)} == {1}
    desk.engine.ask("live:1", "sheet", "sheet", {}, Priority.SHEET)
    desk.until(lambda ms: desk.of(Answer)[-1].step == 2)
    assert desk.engine.close()


def test_weights_that_cannot_be_copied_end_neither_job_nor_lane(desk: Desk) -> None:
    class Unshown(Counter):
        def weights(self) -> Any:
            raise MemoryError

    run = desk.engine.start(lambda: Unshown(3), "job")
    desk.engine.watch(run, True)
    desk.until(lambda ms: JobState.DONE in desk.states())
    desk.engine.start(lambda: Counter(3), "next")
    desk.until(lambda ms: desk.states().count(JobState.DONE) == 2)
    assert desk.of(Published) == []


@pytest.mark.parametrize("look_s", [0.0, 0.02, 0.1, 60.0])
def test_looking_at_a_model_in_training_stays_a_small_share(
    monkeypatch: pytest.MonkeyPatch, look_s: float
) -> None:
    """Each new weights' answers take `look_s`; by a clock of our own, weights follow no sooner than
    that is the share, ten times a second at most, and no later than the longest pause.
    """
    now, handed = [100.0], []
    monkeypatch.setattr(jobs.time, "monotonic", lambda: now[0])
    lane = jobs.JobLane(
        Outbox(lambda: None),
        lambda *weights: handed.append(now[0]),
        lambda error: Failure(str(error)),
        lambda model: look_s,
    )
    run = lane.start(Counter, "job", paused=False)
    lane.set(run, lambda entry: setattr(entry, "watched", True))
    tick = 0.01
    while len(handed) < 4:
        lane.turn()
        now[0] += tick
    wanted = min(max(jobs.PUBLISH_INTERVAL_S, look_s / jobs.LIVE_SHARE), jobs.LONGEST_PAUSE_S)
    for earlier, later in itertools.pairwise(handed):
        assert wanted - 1e-6 <= later - earlier <= wanted + 2 * tick
    lane.stop_all()
    lane.turn()


def test_what_looking_at_a_live_model_takes_is_counted(queries: dict[str, Any]) -> None:
    """All but the pointer's asks, since the weights that were published last."""

    def look(model: str) -> str:
        end = time.perf_counter() + 0.02
        while time.perf_counter() < end:
            pass
        return model

    queries["look"] = look
    desk = Desk()
    run = desk.engine.start(Counter, "job")
    desk.engine.watch(run, True)
    desk.until(lambda ms: desk.of(Published) != [])
    desk.engine.pause(run)
    desk.until(lambda ms: JobState.PAUSED in desk.states() and desk.engine.idle())
    before = desk.engine._asks.spent_s(f"live:{run}")
    desk.engine.ask(f"live:{run}", "probe", "look", {}, Priority.POINTER)
    desk.until(lambda ms: len(desk.of(Answer)) == 1 and desk.engine.idle())
    assert desk.engine._asks.spent_s(f"live:{run}") == before
    desk.engine.ask(f"live:{run}", "sheet", "look", {}, Priority.SHEET)
    desk.until(lambda ms: len(desk.of(Answer)) == 2 and desk.engine.idle())
    assert desk.engine._asks.spent_s(f"live:{run}") >= before + 0.02
    assert desk.engine.close()


def test_one_dear_look_does_not_stop_the_pictures_for_minutes(
    queries: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """At a share of 0.1 % an answer of 30 ms would be followed by a pause of half a minute."""

    def sheet(model: str) -> str:
        end = time.perf_counter() + 0.03
        while time.perf_counter() < end:
            pass
        return model

    queries["sheet"] = sheet
    monkeypatch.setattr(jobs, "LIVE_SHARE", 0.001)
    monkeypatch.setattr(jobs, "LONGEST_PAUSE_S", 0.3)
    desk = Desk()
    run = desk.engine.start(Counter, "job")
    desk.engine.watch(run, True)
    desk.until(lambda ms: desk.of(Published) != [])
    desk.engine.ask(f"live:{run}", "sheet", "sheet", {}, Priority.SHEET)
    desk.until(lambda ms: desk.of(Answer) != [])
    n = len(desk.of(Published))
    desk.until(lambda ms: len(desk.of(Published)) > n)
    assert desk.engine.close()


def test_work_on_a_model_in_training_makes_room_for_the_hand(queries: dict[str, Any]) -> None:
    """While the pointer moves, each piece of 5 ms is followed by a rest of 20 ms; then none."""
    pieces: list[float] = []

    def sheet(model: str) -> Iterator[int]:
        for i in range(12):
            end = time.perf_counter() + 0.005
            while time.perf_counter() < end:
                pass
            pieces.append(time.monotonic())
            yield i

    queries.update(sheet=sheet, probe=lambda model: "probe")
    desk = Desk()
    run = desk.engine.start(Counter, "job")
    desk.engine.watch(run, True)
    desk.until(lambda ms: desk.of(Published) != [])
    live = f"live:{run}"
    desk.engine.ask(live, "sheet", "sheet", {}, Priority.SHEET)
    while len(pieces) < 6:
        desk.engine.ask(live, "probe", "probe", {}, Priority.POINTER)
        time.sleep(0.002)  # the pace of a hand
    moving = [b - a for a, b in itertools.pairwise(pieces[:6])]
    desk.until(lambda ms: any(isinstance(m, Answer) and m.value == 11 and m.done for m in ms))
    assert min(moving) >= 0.02
    assert min(b - a for a, b in itertools.pairwise(pieces[6:])) < 0.02
    assert desk.engine.close()


def test_memory_is_given_back_when_the_error_that_held_it_is_gone(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Block:
        """Big, and held by the frame that fails."""

    class Full(Counter):
        def run(self, run: int) -> Iterator[Any]:
            block = Block()
            held.append(weakref.ref(block))
            yield []
            raise RuntimeError("out of memory")

    held: list[Any] = []
    still: list[bool] = []
    monkeypatch.setattr(jobs.log, "exception", lambda *_: None)  # pytest would keep the traceback
    monkeypatch.setattr(jobs, "give_back", lambda: still.append(held[0]() is not None))
    desk.engine.start(Full, "full")
    desk.until(lambda _: JobState.FAILED in desk.states())
    assert still == [False]
