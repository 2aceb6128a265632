"""Undo and redo of forks and deletions after runs have changed in other ways; what they hold."""

from __future__ import annotations

import weakref

import pytest
from denoise_walks_help import RECIPE, RECORD_BYTES, made
from pytestqt.qtbot import QtBot

from genstudio.ui.panels._denoise_recipe import Run, RunState
from genstudio.ui.panels._denoise_run import MOST_ROOTS, Runs


@pytest.fixture
def runs(qtbot: QtBot) -> Runs:
    return made()


def begun(runs: Runs) -> Run:
    run = runs.run(runs.begin(RECIPE))
    assert run is not None and run.state is RunState.DONE and run.tape.finished
    return run


def test_a_fork_does_not_come_back_to_a_parent_that_began_anew(runs: Runs) -> None:
    mother, undo = begun(runs), runs._session.undo
    fork = runs.fork(mother.id, 2, seed=3)
    undo.undo()
    undo.redo()
    assert [run.id for run in runs.all()] == [mother.id, fork], "nothing has changed yet"
    undo.undo()
    runs.restart(mother.id, RECIPE)
    undo.redo()
    assert runs.all() == [mother] and runs.current() is mother


def test_a_deletion_is_not_taken_back_under_a_parent_that_began_anew(runs: Runs) -> None:
    mother = begun(runs)
    runs.delete(runs.fork(mother.id, 2, seed=3))
    runs.restart(mother.id, RECIPE)
    runs._session.undo.undo()
    assert runs.all() == [mother]


def test_a_run_that_has_made_room_is_not_deleted_once_more(runs: Runs) -> None:
    oldest = begun(runs)
    runs.delete(oldest.id)
    runs._session.undo.undo()
    assert runs.all() == [oldest]
    for _ in range(MOST_ROOTS):
        begun(runs)
    assert oldest not in runs.all()
    runs._session.undo.redo()
    assert len(runs.all()) == MOST_ROOTS


def test_a_deleted_record_gives_way_to_one_that_would_not_fit(runs: Runs) -> None:
    run = begun(runs)
    record = weakref.ref(run.tape)
    runs.delete(run.id)
    del run
    assert record() is not None, "the history brings it back"
    runs.budget_bytes = 2 * RECORD_BYTES  # a record may take half of what is left
    assert runs.planned(RECIPE).every > 1
    run = begun(runs)
    assert record() is None and not run.thinned
    runs._session.undo.undo()
    assert runs.all() == [run], "there is nothing to bring back"


def test_forks_of_a_model_that_was_given_up_hold_no_record(runs: Runs) -> None:
    mother = begun(runs)
    fork = runs.run(runs.fork(mother.id, 2, seed=3))
    assert fork is not None
    records = [weakref.ref(each.tape) for each in (mother, fork)]
    del mother, fork
    runs.use("second", runs.process())
    runs.budget_bytes = 2 * RECORD_BYTES
    assert not begun(runs).thinned
    assert [record() for record in records] == [None, None]
    runs._session.undo.undo()
    assert len(runs.all()) == 1


def test_what_is_in_view_can_still_be_undone_after_others_gave_way(runs: Runs) -> None:
    mother = begun(runs)
    fork = runs.fork(mother.id, 2, seed=3)
    gone = begun(runs)
    runs.delete(gone.id)
    runs.budget_bytes = 0
    with pytest.raises(ValueError, match="Choose fewer images"):
        runs.begin(RECIPE)
    undo = runs._session.undo
    undo.undo()
    assert gone not in runs.all()
    undo.undo()
    assert runs.all() == [mother]
    undo.redo()
    assert [run.id for run in runs.all()] == [mother.id, fork]
