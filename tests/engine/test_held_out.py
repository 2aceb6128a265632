"""The loss outside training: averaged weights, labels, the same noise each time."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from engine_help import drive, tiny_data, training
from torch import Tensor

from genstudio.data import Dataset, Split
from genstudio.engine.batches import mix
from genstudio.engine.held_out import HeldOut
from genstudio.engine.learner import Learner
from genstudio.engine.messages import Scalars


def learner_of(out: Path, key: str = "ddpm", until: int = 6, **settings: object) -> Learner:
    """The learner of a run that is `until` steps old."""
    job = training(out, key, **settings)
    drive(job, until=until)
    return job._learner


def held_out(dataset: Dataset | None = None) -> HeldOut:
    data = tiny_data() if dataset is None else dataset
    return HeldOut(data.test, torch.device("cpu"), seed=0)


def test_the_loss_is_that_of_the_averaged_weights_with_the_labels(tmp_path: Path) -> None:
    learner = learner_of(tmp_path)
    parts = held_out().measure(learner, always=True)
    test = tiny_data().test
    assert test.labels is not None
    x = test.batch(torch.arange(len(test)))

    def loss(model: torch.nn.Module, y: Tensor | None) -> float:
        rng = torch.Generator().manual_seed(mix(0, "test curve"))
        with torch.no_grad():
            return float(model.losses(x, rng, y)["loss"])

    shadow, model = learner.shadow, learner.model
    assert parts["loss"] == pytest.approx(loss(shadow, test.labels), rel=1e-6)
    assert parts["loss"] != pytest.approx(loss(shadow, None), rel=1e-6)
    assert parts["loss"] != pytest.approx(loss(model.eval(), test.labels), rel=1e-6)
    assert {"loss_t5", "loss_t10", "loss_t15", "loss_t20"} < parts.keys()


def test_it_is_the_same_each_time_and_other_labels_change_it(tmp_path: Path) -> None:
    learner, data = learner_of(tmp_path), tiny_data()
    first = held_out().measure(learner, always=True)
    assert held_out().measure(learner, always=True) == first
    assert data.test.labels is not None
    turned = Split(images=data.test.images, labels=1 - data.test.labels)
    other = Dataset("tiny", "Tiny", (1, 8, 8), ["a", "b"], data.train, turned)
    assert held_out(other).measure(learner, always=True)["loss"] != first["loss"]


def test_data_without_labels_are_measured_without(tmp_path: Path) -> None:
    data = tiny_data()
    bare = Split(images=data.test.images, labels=None)
    dataset = Dataset("tiny", "Tiny", (1, 8, 8), [], data.train, bare)
    assert held_out(dataset).measure(learner_of(tmp_path), always=True)["loss"] > 0


def test_parts_that_a_few_images_say_nothing_of_are_the_mean_of_the_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    learner = learner_of(tmp_path)
    monkeypatch.setattr("genstudio.engine.held_out.CHUNK", 15)  # of 16 images

    def losses(x: Tensor, rng: torch.Generator, y: Tensor | None) -> dict[str, Tensor]:
        parts = {"loss": torch.tensor(float(len(x)))}
        return {**parts, "few": torch.tensor(2.0)} if len(x) > 1 else parts

    monkeypatch.setattr(learner.shadow, "losses", losses)
    assert held_out().measure(learner, always=True) == {"loss": (15 * 15 + 1) / 16, "few": 2.0}


def test_noise_has_no_units_that_could_collapse(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where codes are noise, none is made: it would take the whole net many times over."""
    learner = learner_of(tmp_path)
    monkeypatch.setattr(learner.shadow, "encode", lambda x: pytest.fail("An image was encoded."))
    assert held_out().alarm(learner) == ""


def test_what_is_published_are_the_averaged_weights(tmp_path: Path) -> None:
    learner = learner_of(tmp_path)
    live, shadow = learner.live().tensors, learner.shadow.state_dict()
    assert all(torch.equal(live[name], shadow[name]) for name in live)
    assert any(not torch.equal(live[n], v) for n, v in learner.model.state_dict().items())
    plain = learner_of(tmp_path / "plain", train_ema_decay=0.0)
    own = plain.model.state_dict()
    assert all(torch.equal(value, own[name]) for name, value in plain.live().tensors.items())


def test_quarters_that_a_small_batch_may_miss_are_in_the_test_curve_alone(tmp_path: Path) -> None:
    job = training(tmp_path, "ddpm", steps=8, train_batch_size=5)
    curves: dict[str, dict[str, list[float]]] = {"train": {}, "test": {}}
    for report in drive(job):
        if isinstance(report, Scalars):
            for name, values in report.values.items():
                curves[report.split].setdefault(name, []).extend(values)
    quarters = {"loss_t5", "loss_t10", "loss_t15", "loss_t20"}
    assert curves["train"].keys() == {"loss"}
    assert curves["test"].keys() == {"loss"} | quarters
    assert len(curves["train"]["loss"]) == 8
    assert min(value for part in curves["test"].values() for value in part) > 0
