from __future__ import annotations

import errno

import pytest

from genstudio import paths
from genstudio.abilities import BadInput
from genstudio.engine.faults import CannotSave, NotFinite, explain, is_out_of_memory


def _raised(error: BaseException) -> BaseException:
    with pytest.raises(type(error)) as caught:
        raise error
    return caught.value


def test_bad_input_is_said_as_it_is() -> None:
    failure = explain(_raised(BadInput("beta is -1. Choose 0 or more.")))
    assert failure.sentence() == "beta is -1. Choose 0 or more."


def test_the_unknown_names_the_log() -> None:
    failure = explain(_raised(KeyError("odd")))
    assert "KeyError" in failure.title
    assert str(paths.user_logs()) in failure.advice
    assert "Traceback" in failure.details


@pytest.mark.parametrize(
    ("code", "word"),
    [
        (errno.ENOSPC, "The disk is full (/some/where)"),
        (errno.EDQUOT, "The disk is full"),
        (errno.EROFS, "not permitted"),
        (errno.EACCES, "not permitted"),
        (errno.EIO, "could not be read or written"),
    ],
)
def test_files(code: int, word: str) -> None:
    failure = explain(_raised(CannotSave(code, "reason", "/some/where")))
    assert word in failure.title
    assert "What was saved before is intact." in failure.title
    assert failure.advice
    assert "resume" not in failure.advice  # it may be a picture that is not saved, not a training
    assert "intact" not in explain(_raised(OSError(code, "reason", "/x"))).title


def test_not_finite_says_step_learning_rate_and_parts() -> None:
    error = NotFinite("the loss", lr=1e30, parts={"loss": float("nan"), "kl": 3.25}, step=1234)
    error.kept = 1200
    failure = explain(_raised(error))
    for word in ("step 1,234", "1e+30", "loss nan", "kl 3.25"):
        assert word in failure.title
    assert "step 1,200 is kept" in failure.advice
    assert "Nothing was saved" in explain(NotFinite("the loss", lr=1.0)).advice


@pytest.mark.parametrize(
    ("error", "memory"),
    [
        (MemoryError(), True),
        (OSError(errno.ENOMEM, "Cannot allocate memory"), True),
        (RuntimeError("DefaultCPUAllocator: can't allocate memory"), True),
        (RuntimeError("std::bad_alloc"), True),
        (RuntimeError("shapes do not match"), False),
        (ValueError("out of memory"), False),
    ],
)
def test_out_of_memory_is_told_apart(error: BaseException, memory: bool) -> None:
    assert is_out_of_memory(error) is memory


def test_frames_and_causes_are_let_go() -> None:
    def fail() -> None:
        held = bytearray(10)
        try:
            raise KeyError(held)
        except KeyError as cause:
            raise RuntimeError("outer") from cause

    with pytest.raises(RuntimeError) as caught:
        fail()
    error = caught.value
    failure = explain(error)
    assert error.__traceback__ is None
    assert error.__cause__ is None
    assert "KeyError" in failure.details


def test_an_unexpected_error_ends_in_one_stop() -> None:
    said = explain(LookupError("it failed to converge.")).sentence()
    assert "LookupError: it failed to converge. The log" in said
