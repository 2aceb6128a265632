"""Two walks beside each other: locked on t, and the distance between them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from genstudio.tape import Frame, Tape, plan
from genstudio.ui.panels._denoise_compare_numbers import (
    Distance,
    Film,
    Piece,
    figure,
    partner,
    union,
)

SHAPE = (1, 2, 2)


def tape(times: Sequence[int], value: float = 0.0, n: int = 2, stop: int | None = None) -> Tape:
    """A walk over `times`; x_t is t, x0_hat is t + value."""
    one = Tape(n, SHAPE, plan(n, SHAPE, len(times), 1 << 20))
    for k, t in enumerate(times[:stop]):
        x_t = np.full((n, *SHAPE), t, np.float32)
        arrays = {"x_t": x_t, "x0_hat": x_t + value, "noise_hat": x_t}
        one.append(Frame(k, len(times), arrays, {"t": float(t)}))
    return one


def film(*pieces: tuple[Tape, float]) -> Film:
    return Film([Piece(each, begins) for each, begins in pieces])


def whole(times: Sequence[int], value: float = 0.0) -> Film:
    return film((tape(times, value), np.inf))


def test_the_partner_is_the_same_t_or_the_last_not_below() -> None:
    times = [1000, 750, 500, 250]
    assert [partner(times, t) for t in (1000, 900, 750, 500, 499, 250, 1)] == [0, 0, 1, 2, 2, 3, 3]
    assert partner(times, 1001) is None
    assert partner([], 5) is None


def test_locking_is_the_same_from_either_side() -> None:
    many, few = whole(range(1000, 0, -1)), whole([1000, 500])
    for t in union(many, few):
        a, b = many.beside(t), few.beside(t)
        assert a is not None and b is not None
        assert many.times[a] == t
        assert few.times[b] == (1000 if t > 500 else 500)
    np.testing.assert_array_equal(union(many, few), union(few, many))
    np.testing.assert_array_equal(union(whole([9, 6, 3]), whole([9, 5, 1])), [9, 6, 5, 3, 1])


def test_a_fork_is_its_parent_before_it_leaves() -> None:
    parent, child = tape([8, 6, 4, 2]), tape([4, 2], value=1.0)
    whole_way = film((parent, np.inf), (child, 4))
    np.testing.assert_array_equal(whole_way.times, [8, 6, 4, 2])
    means = [float(whole_way.frame(k).arrays["x0_hat"].mean()) for k in range(4)]
    assert means == [8, 6, 5, 3]


def test_a_fork_that_has_no_frame_yet_ends_where_it_leaves() -> None:
    parent, child = tape([8, 6, 4, 2]), tape([4, 2], stop=0)
    whole_way = film((parent, np.inf), (child, 4))
    np.testing.assert_array_equal(whole_way.times, [8, 6])
    assert not whole_way.finished
    child.append(Frame(0, 2, tape([4]).frame(0).arrays, {"t": 4.0}))
    np.testing.assert_array_equal(whole_way.times, [8, 6, 4])


def test_a_film_reads_as_a_tape_does() -> None:
    one = tape([8, 6, 4])
    way = film((one, np.inf))
    assert (len(way), way.n_steps, way.indices, way.finished) == (3, 3, (0, 1, 2), True)
    assert [way.place_of(k) for k in (0, 1, 5)] == [one.place_of(k) for k in (0, 1, 5)]
    assert [way.place_at(t) for t in (9, 7, 4, 1)] == [one.place_at(t) for t in (9, 7, 4, 1)]
    np.testing.assert_array_equal(way.scalars("t"), one.scalars("t"))


def test_what_has_not_come_yet_stands_beside_nothing() -> None:
    growing = film((tape([8, 6, 4, 2], stop=2), np.inf))
    assert [growing.beside(t) for t in (9, 8, 7, 6, 5)] == [None, 0, 0, 1, None]
    assert [whole([8, 6]).beside(t) for t in (6, 1)] == [1, 1]


def test_a_fork_of_a_fork_takes_each_stretch_from_its_own_tape() -> None:
    first, second, third = tape([8, 6, 4, 2]), tape([6, 4, 2], 1.0), tape([2], 5.0)
    way = film((first, np.inf), (second, 6), (third, 2))
    assert [float(way.frame(k).arrays["x0_hat"].mean()) for k in range(4)] == [8, 7, 5, 7]
    assert way.indices == (0, 0, 1, 0)
    early = film((first, np.inf), (second, 2), (third, 6))  # it left before its parent's own part
    np.testing.assert_array_equal(early.times, [8, 2])


def test_distance_is_the_rms_in_pixels_and_parting_is_where_it_begins() -> None:
    parent = tape([8, 6, 4, 2])
    left, right = film((parent, np.inf)), film((parent, np.inf), (tape([4, 2], 1.0), 4))
    distance = Distance(left, right)
    while not distance.grow(0.0):
        pass
    times, values = distance.curve()
    np.testing.assert_array_equal(times, [8, 6, 4, 2])
    np.testing.assert_allclose(values, [0, 0, 0.5, 0.5])  # 1 of [-1, 1] is half of [0, 1]
    assert distance.parts_at() == 4
    assert distance.at_end() == pytest.approx(0.5)
    beside = distance.at(5)
    assert beside is not None and (beside.t_a, beside.t_b, beside.rms) == (6, 6, 0.0)


def test_equal_walks_never_part() -> None:
    distance = Distance(whole([8, 4]), whole([8, 4]))
    assert distance.grow(1.0)
    assert distance.parts_at() is None
    assert distance.at_end() == 0.0


def test_walks_part_where_only_the_noisy_image_differs() -> None:
    a, b = tape([8, 4]), Tape(2, SHAPE, plan(2, SHAPE, 2, 1 << 20))
    for k in range(2):
        arrays = {name: value + (name == "x_t") for name, value in a.frame(k).arrays.items()}
        b.append(Frame(k, 2, arrays, a.frame(k).scalars))
    distance = Distance(film((a, np.inf)), film((b, np.inf)))
    distance.grow(1.0)
    assert distance.parts_at() == 8
    assert distance.at(8).rms == 0.0


def test_one_image_of_the_batch_is_measured_alone() -> None:
    a, b = tape([4]), Tape(2, SHAPE, plan(2, SHAPE, 1, 1 << 20))
    arrays = {name: value.copy() for name, value in a.frame(0).arrays.items()}
    arrays["x0_hat"][1] += 2.0
    b.append(Frame(0, 1, arrays, {"t": 4.0}))
    films = film((a, np.inf)), film((b, np.inf))
    assert Distance(*films, image=0).at(4).rms == 0.0
    assert Distance(*films, image=1).at(4).rms == pytest.approx(1.0)
    assert Distance(*films).at(4).rms == pytest.approx(np.sqrt(0.5))


def test_frames_of_different_times_say_so() -> None:
    beside = Distance(whole([8, 6, 4]), whole([8, 4])).at(6)
    assert beside is not None and not beside.same_time
    assert (beside.t_a, beside.t_b) == (6, 8)


def test_where_a_walk_has_nothing_yet_there_is_no_distance() -> None:
    late = film((tape([4, 2]), np.inf))
    distance = Distance(whole([8, 4]), late)
    assert distance.at(8) is None
    assert distance.at(4) is not None


def test_a_distance_that_is_not_zero_never_reads_as_zero() -> None:
    assert [figure(rms) for rms in (0.0, 3e-8, 4.9e-5, 5.1e-5, 0.0412)] == [
        "0",
        "< 0.0001",
        "< 0.0001",
        "0.0001",
        "0.0412",
    ]
