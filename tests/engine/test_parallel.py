"""Two processes train one model: the same steps as one, one voice, no deadlock."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import torch
from engine_help import drive, training
from parallel_worker import CONSTANT, STEPS
from safetensors.torch import load_file

from genstudio.abilities import BadInput
from genstudio.engine import shelf
from genstudio.engine.batches import Batches
from genstudio.engine.checkpoint import latest
from genstudio.engine.parallel import joined, leave

HERE = Path(__file__).parent
TRAIN = ["-m", "genstudio", "train", "vae", "--data", "moon-phases", "--device", "cpu"]
SMALL = ["--set", "width=16", "--set", "depth=1", "--precision", "float32", "--threads", "1"]


def _port() -> str:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return str(free.getsockname()[1])


def _environment(**more: str) -> dict[str, str]:
    return {**os.environ, "OMP_NUM_THREADS": "1", **more}


def _torchrun(*words: str, env: dict[str, str]) -> subprocess.CompletedProcess[str]:
    run = [sys.executable, "-m", "torch.distributed.run", "--nproc-per-node", "2"]
    run += ["--master-addr", "127.0.0.1", "--master-port", _port()]
    return subprocess.run(
        [*run, *words], env=env, capture_output=True, text=True, timeout=100, check=False
    )


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What parallel_worker.py left behind, run by torchrun in two processes."""
    out = tmp_path_factory.mktemp("parallel")
    env = _environment(GENSTUDIO_HOME=str(out / "home"))
    done = _torchrun(str(HERE / "parallel_worker.py"), str(out), env=env)
    assert done.returncode == 0, done.stderr
    return out


@pytest.fixture(scope="module")
def seen(folder: Path) -> list[dict[str, Any]]:
    """What each process saw."""
    return json.loads((folder / "seen.json").read_text())


def _state(run: Path) -> dict[str, Any]:
    found = latest(run)
    assert found is not None
    return json.loads(found.read("state.json"))


def test_two_processes_make_the_steps_of_one(
    folder: Path, seen: list[dict[str, Any]], tmp_path: Path
) -> None:
    job = training(tmp_path / "one", "ae", STEPS)
    drive(job)
    norm = job._learner.update.grad_norm  # Adam's step hides a wrong scale of the gradient
    assert [each["gradient norm"] for each in seen] == pytest.approx([norm, norm], rel=1e-4)
    one = load_file(tmp_path / "one" / "model.safetensors")
    two = load_file(folder / "ae" / "model.safetensors")
    begun = load_file(folder / "ae" / "snapshots" / "step-000000.safetensors")
    assert [each["per process"] for each in seen] == [10, 10]
    for name, value in one.items():
        torch.testing.assert_close(two[name], value, rtol=0, atol=1e-5)
    assert max(float((begun[name] - one[name]).abs().max()) for name in one) > 1e-3


def test_the_curve_is_that_of_the_whole_batch(folder: Path, tmp_path: Path) -> None:
    drive(training(tmp_path / "one", "ae", STEPS))
    curves = []
    for run in (tmp_path / "one", folder / "ae"):
        rows = [json.loads(line) for line in (run / "metrics.jsonl").read_text().splitlines()]
        curves.append([row["loss"] for row in rows if row.get("split") == "train"])
    assert len(curves[0]) == STEPS
    assert curves[1] == pytest.approx(curves[0], rel=1e-5)


def test_only_the_first_process_reports(seen: list[dict[str, Any]]) -> None:
    assert seen[0]["reports"] > 0
    assert seen[1]["reports"] == 0


def test_state_and_card_name_the_number_of_processes(folder: Path) -> None:
    card = json.loads((folder / "ae" / "card.json").read_text())
    assert _state(folder / "ae")["world_size"] == 2
    assert "2 processes" in card["machine"]
    assert card["command"].startswith("torchrun --nproc-per-node 2 -m genstudio train ae")


def test_resuming_two_processes_is_bit_identical(seen: list[dict[str, Any]]) -> None:
    digests = seen[0]["digests"]
    assert digests["again"] == digests["straight"]
    assert seen[0]["resumed"] == [f"Resumed at step {STEPS // 2}."]
    assert seen[0]["noise differs"]


def test_another_number_of_processes_goes_on_and_says_so(
    folder: Path, seen: list[dict[str, Any]]
) -> None:
    assert seen[0]["grown"] == [
        "Resumed at step 4. Processes then: 1, now: 2; the noise is another."
    ]
    assert _state(folder / "grown")["world_size"] == 2
    job = training(folder / "grown", "vae", 10, resume=True, **CONSTANT)
    drive(job)
    assert job.step == 10
    assert _state(folder / "grown")["world_size"] == 1


def test_a_wish_of_one_process_stops_both_and_is_saved(
    folder: Path, seen: list[dict[str, Any]]
) -> None:
    assert [each["stopped at"] for each in seen] == [6, 6]
    assert _state(folder / "stopped")["step"] == 6


def test_both_save_when_the_first_finds_it_due(seen: list[dict[str, Any]]) -> None:
    assert seen[0]["saved"] == [0, 4, STEPS]


def test_nan_in_one_process_stops_both_before_the_weights(
    folder: Path, seen: list[dict[str, Any]]
) -> None:
    assert [each["nan"]["step"] for each in seen] == [3, 3]
    assert seen[0]["nan"]["what"] == "the loss"
    assert seen[0]["nan"]["kept"] == 0
    assert _state(folder / "nan")["step"] == 0


def test_what_cannot_be_shared_out_is_refused_in_all(seen: list[dict[str, Any]]) -> None:
    for each in seen:
        assert "divisible by 2" in each["odd"]
        assert "no gradient" in each["pca"]


def test_weights_that_have_gone_apart_are_noticed(seen: list[dict[str, Any]]) -> None:
    assert all("different weights of ae" in each["gone apart"] for each in seen)


def test_shares_interleave_and_make_up_the_batch() -> None:
    data = training(Path("unused")).data.train
    whole, *shares = (
        Batches(data, 20, 3, torch.device("cpu"), share).at(7, torch.contiguous_format)
        for share in ((0, 1), (0, 2), (1, 2))
    )
    for rank, (x, y) in enumerate(shares):
        assert torch.equal(x, whole[0][rank::2])
        assert torch.equal(y, whole[1][rank::2])


def test_one_process_forms_no_group(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RANK", "0")
    monkeypatch.setenv("WORLD_SIZE", "1")
    monkeypatch.setenv("MASTER_ADDR", "127.0.0.1")
    monkeypatch.setenv("MASTER_PORT", "1")
    with joined() as group:
        assert group is None


def test_one_of_several_ends_at_once_with_its_exit_code() -> None:
    ending = (
        "import atexit, os\n"
        "from genstudio.engine.parallel import leave\n"
        "atexit.register(os._exit, 99)\n"  # the interpreter's own end
        "print('said', end='')\n"
        "leave(7)\n"
    )
    place = {"RANK": "0", "WORLD_SIZE": "2", "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": "1"}
    done = subprocess.run(
        [sys.executable, "-c", ending],
        env=_environment(**place),
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout) == (7, "said")


def test_a_process_alone_is_not_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    ended: list[int] = []
    monkeypatch.setattr(os, "_exit", ended.append)
    leave(7)
    assert ended == []


def test_torchrun_says_bad_input_once(tmp_path: Path) -> None:
    words = [*TRAIN, *SMALL, "--out", str(tmp_path / "run"), "--set", "train.batch_size=33"]
    done = _torchrun(*words, env=_environment())
    assert done.stderr.count("Choose a train.batch_size divisible by 2.") == 1
    assert "exitcode  : 2" in done.stderr
    assert not (tmp_path / "run").exists()


def test_ctrl_c_in_one_process_saves_and_ends_both_with_130(home: Path) -> None:
    out = home / "runs" / "elsewhere"
    address = {"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": _port(), "WORLD_SIZE": "2"}
    words = [sys.executable, *TRAIN, *SMALL, "--out", str(out), "--steps", "10000000"]
    first, second = (
        subprocess.Popen(
            words,
            env=_environment(**address, RANK=str(rank), LOCAL_RANK=str(rank), LOCAL_WORLD_SIZE="2"),
            stderr=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for rank in range(2)
    )
    try:
        assert first.stderr is not None
        assert "Computing on cpu" in first.stderr.readline()
        assert [entry.path for entry in shelf.runs()] == [out]  # while it is being trained
        second.send_signal(signal.SIGINT)
        said = first.communicate(timeout=60)[1]
        silence = "".join(second.communicate(timeout=60))
    finally:
        for process in (first, second):
            process.kill()
            process.wait()
    assert (first.returncode, second.returncode) == (130, 130)
    assert said.count("Interrupted. The run is saved") == 1
    assert silence == ""
    assert _state(out)["step"] > 0


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("WORLD_SIZE", "two", "WORLD_SIZE should be a whole number, got 'two'"),
        ("RANK", "-1", "RANK should be a whole number, got '-1'"),
        ("MASTER_PORT", "", "MASTER_PORT should be a whole number, got ''"),
        ("RANK", "2", "RANK is below WORLD_SIZE, got 2 of 2"),
    ],
)
def test_a_junk_environment_is_one_sentence(
    name: str, value: str, said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = {"RANK": "0", "WORLD_SIZE": "2", "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": "1"}
    for key, given in {**place, name: value}.items():
        monkeypatch.setenv(key, given)
    with pytest.raises(BadInput, match=said), joined():
        pass


def test_a_junk_world_size_ends_the_command_with_2(tmp_path: Path) -> None:
    junk = {"RANK": "0", "WORLD_SIZE": "two", "MASTER_ADDR": "here", "MASTER_PORT": "1"}
    done = subprocess.run(
        [sys.executable, *TRAIN, "--out", str(tmp_path / "run"), "--steps", "1"],
        capture_output=True,
        text=True,
        env=_environment(**junk),
        timeout=120,
    )
    assert done.returncode == 2
    assert done.stderr.count("\n") == 1 and "WORLD_SIZE should be a whole number" in done.stderr
    assert not (tmp_path / "run").exists()
