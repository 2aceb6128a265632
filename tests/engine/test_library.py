from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch
from engine_help import drive, training

from genstudio import paths
from genstudio.abilities import BadInput, Card
from genstudio.engine import library, runs
from genstudio.engine.asks import NotYet
from genstudio.engine.jobs import Change
from genstudio.engine.library import Store


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("runs") / "one"
    drive(training(out, steps=6))
    return out


@pytest.fixture
def shipped(run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of shipped models with `tiny-vae` and the judge in it."""
    weights = tmp_path / "weights"
    for name in ("tiny-vae", "judge-tiny"):
        folder = weights / name
        folder.mkdir(parents=True)
        (folder / runs.MODEL).write_bytes((run / runs.MODEL).read_bytes())
        card = Card.read(run / runs.CARD).model_copy(update={"name": name})
        (folder / runs.CARD).write_text(card.model_dump_json())
    monkeypatch.setattr(paths, "weights", lambda: weights)
    return weights


def test_one_source_three_ways(run: Path, shipped: Path) -> None:
    models = [library.load(s) for s in ("tiny-vae", str(run), str(run / runs.MODEL))]
    z = torch.zeros(1, 2)
    assert torch.equal(models[0].decode(z), models[1].decode(z))
    assert torch.equal(models[0].decode(z), models[2].decode(z))
    assert [library.describe(s).family for s in ("tiny-vae", str(run))] == ["vae", "vae"]


def test_the_judge_is_not_offered(shipped: Path) -> None:
    assert list(library.weights()) == ["tiny-vae"]


def test_what_is_not_there_is_named(shipped: Path, tmp_path: Path) -> None:
    with pytest.raises(BadInput, match=r"no model 'nonsense'.*tiny-vae"):
        library.load("nonsense")
    with pytest.raises(BadInput, match="holds no"):
        library.load(tmp_path)


def test_shipped_weights_are_those_of_the_card(shipped: Path) -> None:
    path = shipped / "tiny-vae" / runs.MODEL
    data = bytearray(path.read_bytes())
    data[-1] ^= 1
    path.write_bytes(bytes(data))
    with pytest.raises(BadInput, match="not those that it was shipped with"):
        library.load("tiny-vae")


def test_a_lone_file_describes_itself(run: Path) -> None:
    _, path = runs.snapshots(run)[1]
    card = library.describe(str(path))
    assert (card.family, card.shape, card.latent_dim) == ("vae", (1, 8, 8), 2)
    assert card.abilities == ("latent", "likelihood")
    checked = library.describe_weights(None, str(path))
    assert checked.n_parameters == library.load(path).n_parameters()


def test_describe_weights_loads_the_weights(run: Path, tmp_path: Path) -> None:
    path = tmp_path / "cut.safetensors"
    path.write_bytes((run / runs.MODEL).read_bytes()[:-4])
    with pytest.raises(BadInput):
        library.describe_weights(None, str(path))


# Store ----------------------------------------------------------------------------------------


def test_a_model_is_loaded_once_and_again_when_its_file_changed(
    run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(library, "LOOK_AGAIN_S", 0.0)
    store = Store()
    path = tmp_path / "m.safetensors"
    path.write_bytes(runs.snapshots(run)[0][1].read_bytes())
    first = store.get(str(path))
    assert store.get(str(path)) is first
    path.write_bytes(runs.snapshots(run)[-1][1].read_bytes())
    path.touch()
    second = store.get(str(path))
    assert second is not first
    store.forget(str(path))
    assert store.get(str(path)) is not second


def test_the_least_recently_used_is_dropped(
    run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(library, "MAX_KEPT", 2)
    names = []
    for i in range(3):
        path = tmp_path / f"{i}.safetensors"
        path.write_bytes((run / runs.MODEL).read_bytes())
        names.append(str(path))
    store = Store()
    a, b = store.get(names[0]), store.get(names[1])
    assert store.get(names[0]) is a
    store.get(names[2])  # drops names[1]
    assert store.get(names[0]) is a
    assert store.get(names[1]) is not b


def test_kept_models_are_bounded_in_size(run: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(library, "MAX_KEPT_NUMBERS", 1)
    store = Store()
    for _, path in runs.snapshots(run):
        store.get(str(path))
    assert len(store._kept) == 1


def test_live_weights_are_a_copy_that_moves_with_each_publish(tmp_path: Path) -> None:
    store = Store()
    job = training(tmp_path / "run")
    with pytest.raises(NotYet):
        store.get("live:1")
    steps = job.run(1)
    next(steps)
    x = torch.zeros(2, 1, 8, 8)
    shown = []
    for _ in range(3):
        steps.send([])
        published = job.weights()
        assert published is not None
        store.publish("live:1", *published)
        shown.append((store.get("live:1"), store.get("live:1").encode(x).mean.clone()))
        assert store.step("live:1") == job.step
    assert shown[0][0] is shown[2][0]
    assert not torch.equal(shown[0][1], shown[2][1])
    steps.send([])  # training goes on; what is shown stays
    assert torch.equal(store.get("live:1").encode(x).mean, shown[2][1])
    assert not store.get("live:1").training
    steps.send([])
    held = store.get("live:1")
    before = held.encode(x).mean.clone()
    store.publish("live:1", *job.weights(), in_use=True)  # an answer under way keeps its weights
    assert store.get("live:1") is not held
    assert torch.equal(held.encode(x).mean, before)
    steps.close()
    store.forget("live:1")
    assert store.step("live:1") is None


def test_live_weights_follow_the_average_the_calibration_and_live_changes(tmp_path: Path) -> None:
    job = training(tmp_path / "run", steps=8, train_n_snapshots=40)
    store = Store()
    drive(job, send={3: [Change("beta", 2.5)]})
    published = job.weights()
    assert published is not None
    store.publish("live:1", *published)
    live, saved = store.get("live:1"), library.load(tmp_path / "run")
    assert live.config == saved.config
    assert live.config.model_dump()["beta"] == 2.5
    for name, value in saved.state_dict().items():
        assert torch.equal(live.state_dict()[name], value), name


def test_pca_is_shown_with_its_newest_axes(tmp_path: Path) -> None:
    job = training(tmp_path / "run", "pca", 20, train_n_snapshots=0)
    steps = job.run(1)
    next(steps)
    for _ in range(5):
        steps.send([])
    published = job.weights()
    assert published is not None
    own = job._learner.model.state_dict()["components"]
    assert torch.equal(published[0].tensors["components"], own)
    steps.close()


def test_another_net_under_the_same_name_is_built_anew(tmp_path: Path) -> None:
    store = Store()
    for i, width in enumerate((8, 10)):
        steps = (job := training(tmp_path / str(i), width=width)).run(1)
        next(steps)
        published = job.weights()
        assert published is not None
        store.publish("live:1", *published)
        steps.close()
    assert store.get("live:1").config.model_dump()["width"] == 10


def test_describing_needs_no_torch(run: Path) -> None:
    import subprocess
    import sys

    code = (
        "import sys; from genstudio.engine import library; "
        f"card = library.describe({str(runs.snapshots(run)[0][1])!r}); "
        "assert 'torch' not in sys.modules; print(card.model_dump_json())"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert json.loads(done.stdout)["family"] == "vae"
