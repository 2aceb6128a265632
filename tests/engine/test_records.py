"""The record of a walk: what is in it, how large it is, and that it is written as it is."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest

from genstudio.abilities import BadInput
from genstudio.engine import records, room
from genstudio.tape import Frame, Tape, plan


def tape(n: int, shape: tuple[int, ...], steps: int, budget: int = 1 << 30) -> Tape:
    made = Tape(n, shape, plan(n, shape, steps, budget))
    rng = np.random.default_rng(0)
    for k in range(steps):
        arrays = {
            name: rng.normal(size=(n, *shape)).astype(np.float32)
            for name in ("x_t", "x0_hat", "noise_hat")
        }
        made.append(Frame(k, steps, arrays, {"t": float(steps - k), "alpha_bar": k / steps}))
    return made


def test_the_arrays_are_those_of_the_tape_and_the_last_guess_is_the_result() -> None:
    made = tape(3, (1, 4, 5), 6)
    record = records.arrays(made, 0.5)
    assert list(record) == ["t", "alpha_bar", "x_t", "x0_hat", "noise_hat", "x"]
    assert record["t"].tolist() == [6, 5, 4, 3, 2, 1] and record["t"].dtype == np.int64
    np.testing.assert_array_equal(record["alpha_bar"], np.arange(6) / 6)
    for k, frame in enumerate(made):
        for name in ("x_t", "x0_hat", "noise_hat"):
            np.testing.assert_array_equal(record[name][k], frame.arrays[name])
    np.testing.assert_allclose(record["x"], np.clip(record["x0_hat"][-1] / 2 + 0.5, 0, 1))
    assert record["x"].dtype == np.float32


def test_points_end_in_data_units() -> None:
    record = records.arrays(tape(7, (2,), 3), 2.0)
    np.testing.assert_array_equal(record["x"], 2 * record["x0_hat"][-1])


def test_a_thinned_record_names_the_times_that_it_has() -> None:
    made = tape(2, (1, 3, 3), 9, budget=4 * 2 * 9 * 3 * 4)
    record = records.arrays(made, 0.5)
    assert record["t"].tolist() == [9 - k for k in made.indices]
    assert len(record["x_t"]) == len(record["alpha_bar"]) == len(made.indices) < 9


def test_it_is_written_in_pieces_and_read_back_as_it_was(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(records, "PIECE", 100)
    record = records.arrays(tape(3, (1, 4, 5), 6), 0.5)
    files = []
    for _ in range(2):
        file = io.BytesIO()
        shares = list(records.write(file, record))
        assert shares == sorted(shares) and shares[-1] == 1.0 and len(shares) > 10
        files.append(file.getvalue())
    assert files[0] == files[1]
    with np.load(io.BytesIO(files[0]), allow_pickle=False) as back:
        assert list(back) == list(record)
        for name, value in record.items():
            assert back[name].dtype == value.dtype
            np.testing.assert_array_equal(back[name], value)


def test_its_size_is_that_of_its_arrays() -> None:
    record = records.arrays(tape(3, (1, 4, 5), 6), 0.5)
    floats = sum(record[name].nbytes for name in ("x_t", "x0_hat", "noise_hat", "x"))
    assert records.n_bytes(3, (1, 4, 5), 6) == floats


@pytest.mark.parametrize(("n", "steps"), [(64, 1000), (1, 7), (900, 1)])
def test_what_is_said_to_fit_does_and_one_more_does_not(n: int, steps: int) -> None:
    shape = (1, 28, 28)
    full = records.n_bytes(n, shape, steps)
    records.check_room(n, shape, steps, full)
    with pytest.raises(BadInput, match=f"{steps} steps of {n} images") as refused:
        records.check_room(n, shape, steps, full // 3)
    words = str(refused.value).replace(".", "").split()
    for kind, sizes in (("images", lambda k: (k, steps)), ("steps", lambda k: (n, k))):
        advice = words[words.index("most") :]
        if kind not in advice:
            continue
        most = int(advice[advice.index(kind) - 1])
        assert records.n_bytes(sizes(most)[0], shape, sizes(most)[1]) <= full // 3
        assert records.n_bytes(sizes(most + 1)[0], shape, sizes(most + 1)[1]) > full // 3


def test_the_room_is_what_is_available_within_the_limit_of_a_container(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "meminfo").write_text("MemTotal: 9000 kB\nMemAvailable:   5000 kB\n")
    monkeypatch.setattr(room, "MEMINFO", tmp_path / "meminfo")
    monkeypatch.setattr(room, "GROUP", tmp_path)
    assert room.free_bytes() == 5000 << 10
    (tmp_path / "memory.max").write_text("3000000\n")
    (tmp_path / "memory.current").write_text("1000000\n")
    (tmp_path / "memory.stat").write_text("anon 4\ninactive_file 500000\n")
    assert room.free_bytes() == 2_500_000
    (tmp_path / "memory.max").write_text("max\n")
    assert room.free_bytes() == 5000 << 10


def test_without_a_word_of_the_system_there_is_still_room(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(room, "MEMINFO", tmp_path / "none")
    monkeypatch.setattr(room, "GROUP", tmp_path)
    assert room.free_bytes() > 1 << 28
