"""The record of a walk: order, room, thinning, lookup by step and by time."""

import numpy as np
import pytest

from genstudio.abilities import BadInput
from genstudio.tape import Frame, Plan, Tape, plan


def frame(index: int, n_steps: int = 5, n: int = 2) -> Frame:
    arrays = {
        name: np.full((n, 1, 3, 3), index + offset, np.float32)
        for offset, name in enumerate(("x_t", "x0_hat", "noise_hat"))
    }
    return Frame(index, n_steps, arrays, {"t": float(100 - 20 * index)})


def filled(chosen: Plan) -> Tape:
    tape = Tape(2, (1, 3, 3), chosen)
    for index in range(chosen.n_frames):
        tape.append(frame(index, chosen.n_frames))
    return tape


def test_a_thousand_steps_of_64_digits_are_said_to_take_their_bytes() -> None:
    assert plan(64, (1, 28, 28), 1000, 1 << 40).full_bytes == 1000 * 64 * 784 * 3 * 4


def test_everything_is_kept_where_there_is_room() -> None:
    tape = filled(plan(2, (1, 3, 3), 5, 1 << 20))
    assert tape.indices == (0, 1, 2, 3, 4)
    assert tape.finished
    assert [f.arrays["x_t"].flat[0] for f in tape] == [0, 1, 2, 3, 4]
    assert tape.stack("noise_hat").shape == (5, 2, 1, 3, 3)
    assert list(tape.scalars("t")) == [100, 80, 60, 40, 20]


@pytest.mark.parametrize("n_frames", [2, 5, 17, 100])
@pytest.mark.parametrize("room", [2, 3, 4, 11])
def test_what_is_kept_fits_and_holds_both_ends(n_frames: int, room: int) -> None:
    one = 2 * 9 * 3 * 4
    chosen = plan(2, (1, 3, 3), n_frames, room * one)
    assert chosen.kept_bytes <= room * one
    assert chosen.kept[0] == 0
    assert chosen.kept[-1] == n_frames - 1
    tape = filled(chosen)
    assert tape.indices == chosen.kept
    assert tape.n_bytes == chosen.kept_bytes


def test_no_room_for_two_frames_is_refused_with_sizes() -> None:
    with pytest.raises(BadInput, match="Choose fewer images"):
        plan(64, (1, 28, 28), 10, 1000)


def test_frames_come_in_order_and_of_one_size() -> None:
    tape = Tape(2, (1, 3, 3), plan(2, (1, 3, 3), 5, 1 << 20))
    tape.append(frame(1))
    with pytest.raises(ValueError, match="after step 1"):
        tape.append(frame(1))
    with pytest.raises(ValueError, match="got"):
        tape.append(frame(2, n=3))


def test_what_is_given_out_cannot_be_written() -> None:
    tape = filled(plan(2, (1, 3, 3), 5, 1 << 20))
    with pytest.raises(ValueError, match="read-only"):
        tape.frame(0).arrays["x_t"][0] = 1.0


def test_a_frame_is_found_by_step_and_by_time() -> None:
    tape = filled(plan(2, (1, 3, 3), 5, 1 << 20))
    assert [tape.place_of(k) for k in (0, 2, 4, 9)] == [0, 2, 4, 4]
    assert [tape.place_at(t) for t in (120, 100, 81, 80, 79, 20, 0)] == [0, 0, 0, 1, 1, 4, 4]
