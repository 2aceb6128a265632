from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from engine_help import digest, drive, events, tiny_data, training

from genstudio.abilities import BadInput, Card
from genstudio.engine import library, runs
from genstudio.engine.jobs import Change, Flush, Save
from genstudio.engine.messages import Progress, Scalars
from genstudio.engine.training import Training

CASES = {
    "pca": ("pca", {}),
    "ae": ("ae", {}),
    "dae": ("dae", {}),
    "vae with dropout": ("vae", {"dropout": 0.3}),
    "vae without averages": ("vae", {"train_ema_decay": 0.0}),
    "vae binarized, warm-up, clipped": (
        "vae",
        {"binarize": "all", "train_warmup_steps": 7, "train_clip_norm": 1.0},
    ),
    "vae bfloat16": ("vae", {"train_precision": "bfloat16"}),
    "vae convolutional": ("vae", {"net": "conv", "channels": 2, "levels": 1}),
    "vae convolutional bfloat16": (
        "vae",
        {"net": "conv", "channels": 2, "levels": 1, "train_precision": "bfloat16"},
    ),
    "ddpm": ("ddpm", {}),
    "vae on two threads": ("vae", {"train_threads": 2}),
}


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("stop", [8, 11])  # the end of an epoch (4 steps) and the middle of one
def test_resuming_is_bit_identical(tmp_path: Path, case: str, stop: int) -> None:
    key, settings = CASES[case]
    drive(training(tmp_path / "whole", key, **settings))
    drive(training(tmp_path / "parts", key, **settings), until=stop)
    drive(training(tmp_path / "parts", key, resume=True, **settings))
    assert digest(tmp_path / "parts", 20) == digest(tmp_path / "whole", 20)


def test_the_whole_depends_on_what_was_trained(tmp_path: Path) -> None:
    """The comparison above is not blind: another seed gives other weights."""
    drive(training(tmp_path / "a"))
    drive(training(tmp_path / "b", train_seed=1))
    assert digest(tmp_path / "a", 20)["top"] != digest(tmp_path / "b", 20)["top"]


def test_resuming_keeps_live_changes(tmp_path: Path) -> None:
    changes = {5: [Change("beta", 3.0)], 7: [Change("train.lr", 1e-2)]}
    drive(training(tmp_path / "whole"), send=changes)
    drive(training(tmp_path / "parts"), until=11, send=changes)
    drive(training(tmp_path / "parts", resume=True))
    assert digest(tmp_path / "parts", 20) == digest(tmp_path / "whole", 20)
    drive(training(tmp_path / "plain"))
    assert digest(tmp_path / "plain")["top"] != digest(tmp_path / "whole")["top"]


def test_a_live_change_at_the_last_saved_step_is_kept(tmp_path: Path) -> None:
    drive(training(tmp_path / "whole"), send={10: [Change("beta", 3.0)]})
    first = training(tmp_path / "parts")
    steps = first.run(1)
    next(steps)
    while first.step < 9:
        steps.send([])
    steps.send([])
    steps.close()  # saved at step 10
    second = training(tmp_path / "parts", resume=True)
    drive(second, send={10: [Change("beta", 3.0)]})
    assert digest(tmp_path / "parts", 20) == digest(tmp_path / "whole", 20)


@pytest.mark.parametrize("key", ["vae", "pca"])
def test_watching_never_changes_training(tmp_path: Path, key: str) -> None:
    def watch(job: Training) -> None:
        shown = job.weights()
        assert shown is not None
        weights, step = shown
        assert step == job.step
        for tensor in weights.tensors.values():
            tensor.zero_()
        torch.randn(3)  # what a preview draws by mistake from the global generator

    drive(training(tmp_path / "watched", key), each=watch, send={3: [Save()], 6: [Flush()]})
    drive(training(tmp_path / "alone", key))
    for name, value in digest(tmp_path / "alone", 20).items():
        assert digest(tmp_path / "watched", 20)[name] == value


def test_snapshots_and_curves_do_not_change_training(tmp_path: Path) -> None:
    drive(training(tmp_path / "many", train_n_snapshots=40))
    drive(training(tmp_path / "none", train_n_snapshots=0))
    assert digest(tmp_path / "many", 20) == digest(tmp_path / "none", 20)


def test_the_global_generator_is_left_alone(tmp_path: Path) -> None:
    before = torch.get_rng_state()
    drive(training(tmp_path / "run", train_precision="auto", train_threads=0))
    assert torch.equal(torch.get_rng_state(), before)


def test_reports_hold_every_step_once(tmp_path: Path) -> None:
    reports = drive(training(tmp_path / "run"))
    blocks = [r for r in reports if isinstance(r, Scalars) and r.split == "train"]
    steps = np.concatenate([block.steps for block in blocks])
    assert steps.tolist() == list(range(1, 21))
    for block in blocks:
        assert set(block.values) == {"loss", "reconstruction", "kl"}
        assert not block.steps.flags.writeable
        assert all(len(column) == len(block.steps) for column in block.values.values())
    tests = [r for r in reports if isinstance(r, Scalars) and r.split == "test"]
    assert tests[0].steps.tolist() == [0]
    assert tests[-1].steps.tolist() == [20]
    last = [r for r in reports if isinstance(r, Progress)][-1]
    assert (last.done, last.total) == (20, 20)
    assert last.facts["steps_per_epoch"] == 4
    assert last.facts["epoch"] == pytest.approx(5.0)


def test_metrics_are_written_once_each_through_a_resume(tmp_path: Path) -> None:
    out = tmp_path / "run"
    drive(training(out), until=11, send={5: [Change("beta", 2.0)]})
    with (out / runs.METRICS).open("ab") as file:
        file.write(b'{"step": 12, "split": "train", "loss": 1.0}\n{"step": 13, "spl')
    drive(training(out, resume=True))
    rows = runs.rows(out)
    train = [row for row in rows if row.get("split") == "train"]
    assert [row["step"] for row in train] == list(range(1, 21))
    assert train[0].keys() == {"step", "split", "loss", "reconstruction", "kl"}
    marks = [row for row in rows if row.get("kind") == "change"]
    assert [(mark["step"], mark["facts"]["key"]) for mark in marks] == [(5, "beta")]


def test_one_yield_is_one_step(tmp_path: Path) -> None:
    job = training(tmp_path / "run", steps=6)
    steps = job.run(1)
    next(steps)
    seen = [job.step]
    for _ in range(6):
        steps.send([])
        seen.append(job.step)
    with pytest.raises(StopIteration) as end:
        steps.send([])
    assert seen == [0, 1, 2, 3, 4, 5, 6]
    assert isinstance(end.value.value, Card)


def test_flush_reports_the_step_at_once(tmp_path: Path) -> None:
    job = training(tmp_path / "run")
    steps = job.run(1)
    next(steps)
    reports = steps.send([Flush()])
    assert [
        r.steps.tolist() for r in reports or [] if isinstance(r, Scalars) and r.split == "train"
    ] == [[1]]
    steps.close()


def test_live_changes_are_marked_and_take_effect(tmp_path: Path) -> None:
    job = training(tmp_path / "run")
    reports = drive(job, send={4: [Change("beta", 0.0)], 6: [Change("train.lr", 5e-4)]})
    marks = events(reports, "change")
    assert [(m.step, m.facts["key"], m.facts["value"], m.facts["before"]) for m in marks] == [
        (4, "beta", 0.0, 1.0),
        (6, "train.lr", 5e-4, 1e-3),
    ]
    for block in (r for r in reports if isinstance(r, Scalars) and r.split == "train"):
        for i, step in enumerate(block.steps):
            parts = {name: column[i] for name, column in block.values.items()}
            beta = 1.0 if step <= 4 else 0.0
            wanted = parts["reconstruction"] + beta * parts["kl"]
            assert parts["loss"] == pytest.approx(wanted, rel=1e-5)
    assert job.card().config["beta"] == 0.0
    assert "beta" not in job.command  # the command makes the run as it was begun


@pytest.mark.parametrize(
    ("key", "value", "word"),
    [
        ("latent_dim", 3, "cannot change"),
        ("train.batch_size", 3, "cannot change"),
        ("nonsense", 3, "not a setting"),
        ("beta", -1.0, "beta"),
        ("train.lr", "fast", "train.lr"),
    ],
)
def test_a_refused_change_is_an_alarm(tmp_path: Path, key: str, value: object, word: str) -> None:
    reports = drive(training(tmp_path / "run", steps=6), send={2: [Change(key, value)]})
    (alarm,) = events(reports, "alarm")
    assert word in alarm.text
    assert not events(reports, "change")


def test_a_collapsed_posterior_raises_one_alarm(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setattr("genstudio.engine.training.ALARM_FROM_STEP", 10)
    job = training(tmp_path / "collapsed", steps=60, beta=100.0, train_lr=1e-2)
    alarms = events(drive(job), "alarm")
    assert len(alarms) >= 1
    assert "Posterior collapse" in alarms[-1].text
    assert alarms[-1].facts["key"] == "collapse"
    plain = training(tmp_path / "ae", "ae", steps=60)
    assert not events(drive(plain), "alarm")


def test_snapshots_can_be_looked_at(tmp_path: Path) -> None:
    out = tmp_path / "run"
    reports = drive(training(out, train_n_snapshots=5))
    shown = events(reports, "snapshot")
    assert [(e.step, Path(e.facts["path"])) for e in shown] == list(runs.snapshots(out))
    assert shown[0].step == 0
    assert shown[-1].step == 20
    assert len(shown) <= 5
    first, last = (library.load(e.facts["path"]) for e in (shown[0], shown[-1]))
    assert not torch.equal(first.z_cov, last.z_cov)
    assert not torch.equal(first.z_cov, torch.eye(2))  # calibrated


def test_the_result_is_averaged_and_calibrated_on_all_training_data(tmp_path: Path) -> None:
    out, data = tmp_path / "run", tiny_data(n=5000)
    job = training(out, "ae", 30, data=data, train_batch_size=500)
    raw: list[torch.Tensor] = []
    drive(job, each=lambda j: raw.append(next(j._learner.model.parameters()).detach().clone()))
    model = library.load(out)
    assert not torch.equal(next(model.parameters()), raw[-1])
    assert data.train.images is not None
    z = model.encode(data.train.images / 255.0).mean.double()
    torch.testing.assert_close(model.z_mean.double(), z.mean(0), rtol=1e-4, atol=1e-4)
    torch.testing.assert_close(
        model.z_cov.double(), torch.cov(z.T, correction=0), rtol=1e-3, atol=1e-5
    )


def test_average_follows_its_definition(tmp_path: Path) -> None:
    job = training(tmp_path / "run", train_ema_decay=0.5)
    name = next(iter(dict(job.family.build((1, 8, 8), job.config).named_parameters())))
    history: list[torch.Tensor] = []

    def watch(each: Training) -> None:
        history.append(dict(each._learner.model.named_parameters())[name].detach().clone())

    drive(job, each=watch)
    average = history[0].double()
    for count, weights in enumerate(history[1:20], 1):
        decay = min(0.5, (1 + count) / (10 + count))
        average = decay * average + (1 - decay) * weights.double()
    last = dict(job._learner.model.named_parameters())[name].double()
    count = 20
    decay = min(0.5, (1 + count) / (10 + count))
    average = decay * average + (1 - decay) * last
    if len(history) == 21:
        history.pop()
    held = dict(job._learner.shadow.named_parameters())[name].double()
    torch.testing.assert_close(held, average, rtol=1e-4, atol=1e-5)


def test_card_says_how_it_was_made(tmp_path: Path) -> None:
    out = tmp_path / "my run"
    drive(training(out, train_lr=2e-3))
    card = Card.read(out / runs.CARD)
    assert card.family == "vae"
    assert card.data == "tiny"
    assert card.latent_dim == 2
    assert card.abilities == ("latent", "likelihood")
    assert "--set train.lr=0.002" in card.command
    assert "--steps 20" in card.command
    assert "'" in card.command  # the folder's space is quoted
    assert card.metrics["steps"] == 20
    assert card.metrics["test"]["loss"] > 0
    assert card.seconds is not None
    import hashlib

    assert card.sha256 == hashlib.sha256((out / runs.MODEL).read_bytes()).hexdigest()


def test_there_is_a_model_before_the_first_step(tmp_path: Path) -> None:
    out = tmp_path / "run"
    steps = training(out).run(1)
    next(steps)
    assert library.load(out).family == "vae"
    steps.close()


def test_a_folder_with_something_in_it_is_refused(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("mine")
    with pytest.raises(BadInput, match="not empty"):
        training(tmp_path)
    with pytest.raises(BadInput, match="no run"):
        training(tmp_path, resume=True)
    with pytest.raises(BadInput, match="is a file"):
        training(tmp_path / "notes.txt")


def test_resume_starts_anew_where_there_is_nothing(tmp_path: Path) -> None:
    out = tmp_path / "run"
    (out / "checkpoints" / "step-000003.tmp-77").mkdir(parents=True)
    (out / runs.METRICS).write_bytes(b'{"step": 1, "split": "train", "loss": 1.0}\n')
    drive(training(out, resume=True))
    drive(training(tmp_path / "plain"))
    assert digest(out)["top"] == digest(tmp_path / "plain")["top"]
    assert [r["step"] for r in runs.rows(out) if r.get("split") == "train"] == list(range(1, 21))


def test_resuming_a_finished_run_changes_nothing(tmp_path: Path) -> None:
    out = tmp_path / "run"
    drive(training(out))
    before = {path: path.read_bytes() for path in out.rglob("*") if path.is_file()}
    job = training(out, resume=True)
    reports = drive(job)
    assert job.step == 20
    assert events(reports, "resumed")
    assert job.card().sha256 == Card.read(out / runs.CARD).sha256
    for path, data in before.items():
        if path.name != runs.METRICS:
            assert path.read_bytes() == data


@pytest.mark.parametrize(
    ("key", "settings"),
    [
        ("vae", {"beta": 2.0}),
        ("vae", {"train_lr": 2e-3}),
        ("vae", {"train_seed": 4}),
        ("vae", {"train_precision": "bfloat16"}),
        ("vae", {"steps": 30}),  # the recommended schedule stretches over the total
        ("ae", {}),
    ],
)
def test_resuming_with_other_settings_is_refused(
    tmp_path: Path, key: str, settings: dict[str, object]
) -> None:
    drive(training(tmp_path / "run"), until=5)
    with pytest.raises(BadInput, match="was begun with"):
        training(tmp_path / "run", key, resume=True, **settings)


def test_other_data_are_refused(tmp_path: Path) -> None:
    drive(training(tmp_path / "run"), until=5)
    job = training(tmp_path / "run", resume=True, data=tiny_data(seed=1))
    with pytest.raises(BadInput, match="not those"):
        next(job.run(1))


def test_the_total_may_grow_under_a_constant_learning_rate(tmp_path: Path) -> None:
    drive(training(tmp_path / "parts", steps=11, train_lr_schedule="constant"))
    drive(training(tmp_path / "parts", steps=20, train_lr_schedule="constant", resume=True))
    drive(training(tmp_path / "whole", steps=20, train_lr_schedule="constant"))
    assert digest(tmp_path / "parts", 20) == digest(tmp_path / "whole", 20)


def test_a_run_can_be_resumed_from_its_folder_alone(tmp_path: Path, monkeypatch) -> None:
    from genstudio import data

    out = tmp_path / "run"
    drive(training(out), until=5)
    monkeypatch.setattr(data, "load", lambda name: tiny_data())
    job = Training.resuming(out)
    drive(job)
    assert job.step == 20
    with pytest.raises(BadInput, match="no complete checkpoint"):
        Training.resuming(tmp_path / "nowhere")


def test_weights_at_the_top_are_made_again_after_a_kill_between(tmp_path: Path) -> None:
    out = tmp_path / "run"
    drive(training(out))
    whole = digest(out)["top"]
    old = runs.snapshots(out)[0][1].read_bytes()
    (out / runs.MODEL).write_bytes(old)
    drive(training(out, resume=True))
    assert digest(out)["top"] == whole


def test_state_says_what_it_belongs_to(tmp_path: Path) -> None:
    out = tmp_path / "run"
    drive(training(out), until=6)
    state = json.loads((out / "checkpoints" / "step-000006" / "state.json").read_bytes())
    assert (state["step"], state["epoch"], state["family"]) == (6, 1, "vae")
    assert state["data"] == {"name": "tiny", "sha256": tiny_data().sha256}
    assert state["choice"]["threads"] == 1
    assert state["versions"]["torch"] == torch.__version__


def test_threads_are_given_back(tmp_path: Path) -> None:
    before = torch.get_num_threads()
    seen: list[int] = []
    drive(
        training(tmp_path / "run", steps=3, train_threads=2),
        each=lambda job: seen.append(torch.get_num_threads()),
    )
    assert set(seen) == {2}
    assert torch.get_num_threads() == before


def test_two_runs_taking_turns_are_as_each_alone(tmp_path: Path) -> None:
    jobs = [
        training(tmp_path / "one", train_threads=1),
        training(tmp_path / "two", train_threads=2, train_precision="bfloat16"),
    ]
    turns = [job.run(i) for i, job in enumerate(jobs)]
    for steps in turns:
        next(steps)
    for _ in range(20):
        for steps in turns:
            steps.send([])
    for steps in turns:
        steps.close()
    drive(training(tmp_path / "alone", train_threads=2, train_precision="bfloat16"))
    assert digest(tmp_path / "two", 20) == digest(tmp_path / "alone", 20)
