"""When images settle, and how different forks end: in the Inspector, as a user asks for it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from denoise_forward_help import WITHIN_MS, open_panel, settle, write_ddpm
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from genstudio.engine import library
from genstudio.metrics import diversity, settled
from genstudio.ui.panels import _denoise_more_settled as more
from genstudio.ui.panels._denoise_more import DiversitySection, SettledSection
from genstudio.ui.panels._denoise_more_curve import Curve, StepCurve
from genstudio.ui.panels._denoise_recipe import Recipe, Run, RunState
from genstudio.ui.panels.denoise import Denoise
from genstudio.ui.session import Session

LEFT = Qt.MouseButton.LeftButton
N, STEPS = 3, 8


@pytest.fixture
def source(tmp_path: Path) -> str:
    return write_ddpm(tmp_path / "ddpm")


@pytest.fixture
def panel(qtbot: QtBot, session: Session, source: str) -> Denoise:
    """With one run in front, done and named."""
    one = open_panel(qtbot, session, source)
    begin(qtbot, one)
    return one


def begin(qtbot: QtBot, panel: Denoise, **changes: object) -> Run:
    wanted = {"n": N, "seed": 5, "sampler": "ddpm", "steps": STEPS, **changes}
    run = panel.runs.run(panel.runs.begin(Recipe(**wanted)))  # type: ignore[arg-type]
    settle(qtbot, panel, lambda: run.state is RunState.DONE)
    return run


def section(panel: Denoise) -> SettledSection:
    found = panel.column.sections["settled"]
    assert isinstance(found, SettledSection)
    return found


def forks(panel: Denoise) -> DiversitySection:
    found = panel.column.sections["diversity"]
    assert isinstance(found, DiversitySection)
    panel.column.folds["diversity"].set_shown(True)
    return found


def ended(query: object) -> object:
    """The result of a query."""
    result = None
    while True:
        try:
            value = next(query)  # type: ignore[call-overload]
            result = value if value is not None else result
        except StopIteration as end:
            return result if end.value is None else end.value


# Settled -----------------------------------------------------------------------------------------


def test_a_run_that_is_done_is_named_and_its_images_settle(panel: Denoise) -> None:
    run, part = panel.runs.current(), section(panel)
    labels, sure = ended(settled.labels(None, run.tape.stack("x0_hat")))
    named = part.judging.named(run)
    np.testing.assert_array_equal(named.labels, labels)
    np.testing.assert_array_equal(named.settled(), settled.settled(labels))
    for image in range(N):
        panel.choose_image(image)
        step = int(settled.settled(labels)[image])
        rows = dict(part.table.rows())
        assert rows[f"settled as {labels[-1, image]}"] == f"at step {step}"
        assert dict(panel.numbers.table.rows())["settled"] == f"at step {step}"
        row = panel.watch.strips.row(str(run.id))
        words = f"Image {image + 1} settles here as {labels[-1, image]}."
        assert row.marks == ((step, words),)
    panel.show_step(2)
    sees = dict(part.table.rows())["judge sees now"]
    assert sees == f"{labels[2, N - 1]} ({100 * sure[2, N - 1]:.0f} %)"


def test_the_curve_counts_the_images_that_are_settled(panel: Denoise) -> None:
    part = section(panel)
    named = part.judging.named(panel.runs.current())
    curve = part.curve.curve()
    for k, share in zip(curve.xs, curve.ys, strict=True):
        assert share == pytest.approx((named.settled() <= k).mean())
    assert curve.ys[-1] == 1.0
    QTest.mouseMove(part.curve, part.curve.point(3).toPoint())
    assert part.reads.text().startswith("Step 3, t = ")
    assert "of 3 images are settled" in part.reads.text()
    QTest.mouseClick(part.curve, LEFT, pos=part.curve.point(5).toPoint())
    assert panel.step == 5


def test_a_forks_way_begins_with_its_parents_labels(qtbot: QtBot, panel: Denoise) -> None:
    mother, part = panel.runs.current(), section(panel)
    fork = panel.runs.run(panel.runs.fork(mother.id, 5))  # nothing changed: the same run
    settle(qtbot, panel, lambda: part.judging.named(fork) is not None)
    first, second = part.judging.named(mother), part.judging.named(fork)
    np.testing.assert_array_equal(first.labels, second.labels)
    np.testing.assert_array_equal(first.steps, second.steps)
    for image in range(N):
        own = part.judging.marks(fork, image)
        assert bool(own) == (first.settled()[image] >= 5)  # else the mark is the parent's


def test_a_large_run_is_named_when_asked_to_and_can_be_cancelled(
    qtbot: QtBot, panel: Denoise, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(more, "AT_ONCE", 10)
    run, part = begin(qtbot, panel, seed=6), section(panel)
    assert part.judging.named(run) is None
    assert "settled" not in dict(panel.numbers.table.rows())
    assert part.button.isVisibleTo(part)
    QTest.mouseClick(part.button, LEFT)
    assert part.button.text() == "Cancel"
    QTest.mouseClick(part.button, LEFT)
    settle(qtbot, panel)
    assert part.judging.named(run) is None
    QTest.mouseClick(part.button, LEFT)
    settle(qtbot, panel, lambda: part.judging.named(run) is not None)
    assert not part.button.isVisibleTo(part)


@pytest.mark.parametrize(
    ("shape", "reason"), [((1, 20, 20), "28 x 28"), ((3, 28, 28), "makes 3 x 28 x 28")]
)
def test_images_that_the_judge_does_not_know_say_why(
    qtbot: QtBot, panel: Denoise, tmp_path: Path, shape: tuple[int, ...], reason: str
) -> None:
    panel.session.show("A", write_ddpm(tmp_path / "other", shape))
    settle(qtbot, panel, lambda: tuple(panel.process.shape) == shape)
    part = section(panel)
    assert reason in part.reason.text()
    assert not part.button.isVisibleTo(part)
    assert not part.table.isVisibleTo(part)


def test_a_judge_that_is_missing_is_told_once(
    qtbot: QtBot, session: Session, source: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    from genstudio.abilities import BadInput
    from genstudio.metrics import judge

    calls = []

    def missing(*args: object) -> None:
        calls.append(1)
        raise BadInput("The judge is not there. Install GenStudio again.")

    monkeypatch.setattr(judge, "classify", missing)
    panel = open_panel(qtbot, session, source)
    begin(qtbot, panel)
    part = section(panel)
    qtbot.waitUntil(lambda: "The judge is not there" in part.error.text(), timeout=WITHIN_MS)
    before = len(calls)
    panel.runs.changed.emit()
    settle(qtbot, panel)
    assert len(calls) == before


# Diversity ---------------------------------------------------------------------------------------


def test_the_curve_of_the_forks_is_the_querys(qtbot: QtBot, panel: Denoise, source: str) -> None:
    run, part = panel.runs.current(), forks(panel)
    panel.choose_image(1)
    part.forks.set_value(3)
    part.seed.set_value(11)
    QTest.mouseClick(part.button, LEFT)
    assert part.button.text() == "Cancel"
    settle(qtbot, panel, lambda: not part.forking.busy())
    want = ended(
        diversity.diversity(
            library.load(source),
            run.tape.stack("x_t")[:, 1],
            list(range(STEPS)),
            times=[int(t) for t in run.tape.scalars("t")],
            end=run.tape.stack("x0_hat")[-1, 1],
            forks=3,
            seed=11,
            sampler="ddpm",
        )
    )
    curve = part.curve.curve()
    np.testing.assert_array_equal(curve.xs, want.ks)
    np.testing.assert_allclose(curve.ys, want.distance, atol=1e-6)
    assert part.says.text() == "3 forks by ddpm, seed 11"
    QTest.mouseMove(part.curve, QPoint(0, 0))
    QTest.mouseMove(part.curve, part.curve.point(2).toPoint())
    assert part.reads.text().startswith(f"Fork at step 2: their ends are {want.distance[2]:.3f}")
    assert f"{100 * want.same[2]:.0f} % named as this image" in part.reads.text()
    panel.choose_image(0)
    assert part.curve.curve() is None  # of another image nothing is known
    panel.choose_image(1)
    assert part.curve.curve() is not None


def test_a_run_without_noise_is_forked_by_ddpm(qtbot: QtBot, panel: Denoise) -> None:
    begin(qtbot, panel, sampler="dpmpp", seed=7)
    part = forks(panel)
    part.forks.set_value(2)
    QTest.mouseClick(part.button, LEFT)
    settle(qtbot, panel, lambda: not part.forking.busy())
    assert "by ddpm" in part.says.text()
    assert part.error.text() == ""


def test_a_fork_is_measured_along_its_whole_way(qtbot: QtBot, panel: Denoise) -> None:
    mother = panel.runs.current()
    fork = panel.runs.run(panel.runs.fork(mother.id, 4, steps=6))
    settle(qtbot, panel, lambda: fork.state is RunState.DONE)
    part = forks(panel)
    times = part.forking.times(fork, panel.process.n_steps)
    assert times[:4] == [int(t) for t in mother.tape.scalars("t")[:4]]
    assert times[4:] == [int(t) for t in fork.tape.scalars("t")]
    part.forks.set_value(2)
    QTest.mouseClick(part.button, LEFT)
    settle(qtbot, panel, lambda: not part.forking.busy())
    assert list(part.curve.curve().xs) == list(range(10))


def test_cancelled_measuring_keeps_what_there_is(qtbot: QtBot, panel: Denoise) -> None:
    run = begin(qtbot, panel, steps=40, seed=8)
    part = forks(panel)
    part.forks.set_value(16)
    QTest.mouseClick(part.button, LEFT)
    qtbot.waitUntil(lambda: part.forking.found(run, 0) is not None, timeout=WITHIN_MS)
    found = part.forking.found(run, 0)[0]
    if part.forking.busy():
        QTest.mouseClick(part.button, LEFT)
    settle(qtbot, panel)
    assert not part.forking.busy()
    assert part.curve.curve() is not None
    assert len(part.curve.curve().xs) >= len(found.ks) > 0
    assert part.button.text() == "Measure"


def test_a_run_on_its_way_cannot_be_measured(panel: Denoise) -> None:
    part = forks(panel)
    run = panel.runs.current()
    run.state = RunState.PAUSED
    part.tell()
    assert not part.button.isEnabled()
    assert "not come to its end" in part.says.text()


# The curve's widget ------------------------------------------------------------------------------


def test_keys_read_the_curve_and_enter_goes_to_the_step(qtbot: QtBot) -> None:
    widget = StepCurve("curve")
    qtbot.addWidget(widget)
    widget.resize(240, 112)
    widget.show()
    widget.set_curve(
        Curve(np.array([0, 5, 9]), np.array([1.0, 0.5, 0.0]), ("a", "b", "c")), 9, 1.0, "1"
    )
    widget.set_step(6)
    assert widget.read() == "b"  # the last point at or before the cursor
    widget.setFocus()
    QTest.keyClick(widget, Qt.Key.Key_Right)
    assert widget.read() == "a"
    for _ in range(5):
        QTest.keyClick(widget, Qt.Key.Key_Right)
    assert widget.read() == "c"
    with qtbot.waitSignal(widget.step_wanted) as wanted:
        QTest.keyClick(widget, Qt.Key.Key_Return)
    assert wanted.args == [9]
    assert widget.point(0).y() < widget.point(1).y() < widget.point(2).y()
    assert widget.accessibleDescription() == "c"
    widget.grab()
