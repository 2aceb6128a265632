"""What a walk that begins anew does to its record and its forks."""

from __future__ import annotations

import pytest
from denoise_walks_help import RECIPE, RECORD_BYTES, made
from pytestqt.qtbot import QtBot

from genstudio.abilities import BadInput
from genstudio.ui.panels._denoise_recipe import RunState
from genstudio.ui.panels._denoise_run import Runs


@pytest.fixture
def runs(qtbot: QtBot) -> Runs:
    return made()


def test_a_run_that_begins_anew_has_the_room_of_its_own_record(runs: Runs) -> None:
    runs.budget_bytes = 2 * RECORD_BYTES  # half of what is free goes to one record
    number = runs.begin(RECIPE)
    run = runs.run(number)
    assert run is not None and run.tape.plan.every == 1
    assert runs.restart(number, RECIPE) == number
    assert run.tape.plan.every == 1 and run.tape.finished


def test_a_failed_run_does_not_begin_anew_under_its_forks(runs: Runs) -> None:
    number = runs.begin(RECIPE)
    run = runs.run(number)
    assert run is not None
    record, fork = run.tape, runs.fork(number, 2, seed=3)
    run.state = RunState.FAILED
    with pytest.raises(BadInput, match="it has forks"):
        runs.go_on(number)
    assert run.tape is record
    runs.delete(fork)
    runs.go_on(number)
    assert run.state is RunState.DONE and run.tape is not record


def test_a_fork_keeps_the_classes_that_its_walk_drew(runs: Runs) -> None:
    number = runs.begin(RECIPE)
    fork = runs.run(runs.fork(number, 2, seed=3))
    assert fork is not None
    again = runs.run(runs.fork(fork.id, 3, seed=4))
    assert again is not None
    assert [one.recipe.arguments()["classes"] for one in (fork, again)] == [RECIPE.seed] * 2
    assert runs.forked(number, 2, label=1).arguments()["label"] == 1
