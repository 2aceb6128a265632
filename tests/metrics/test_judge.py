"""The judge: its recipe learns, its folder is whole, bad files are refused."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors import safe_open
from safetensors.torch import save_file

from genstudio.abilities import BadInput, Card
from genstudio.metrics import _judge_making, judge
from genstudio.metrics._judge_net import JudgeNet
from genstudio.metrics._judge_training import Best, Epoch, Recipe, accuracy, augment, train

RECIPE = Recipe(epochs=2, batch_size=32, max_turn=5, max_shift=1)


def bars(n: int, seed: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Ten classes that a net can tell apart at once: a bright bar at one of ten heights."""
    labels = torch.randint(0, 10, (n,), generator=torch.Generator().manual_seed(seed))
    images = torch.zeros(n, 1, 28, 28, dtype=torch.uint8)
    for image, label in zip(images, labels, strict=True):
        image[0, 2 * label + 4 : 2 * label + 6, 6:22] = 255
    return images, labels


def run(recipe: Recipe) -> tuple[list[Epoch], Best]:
    steps, seen = train(*bars(320, 0), bars(100, 1), recipe), []
    while True:
        try:
            seen.append(next(steps))
        except StopIteration as end:
            return seen, end.value


def test_training_learns_and_returns_the_best_epoch() -> None:
    seen, best = run(Recipe(epochs=4, batch_size=32, max_turn=0, max_shift=0, max_zoom=0))
    by_epoch = {at.epoch: at.held_accuracy for at in seen if at.held_accuracy is not None}
    assert sorted(by_epoch) == [1, 2, 3, 4]
    assert best.held_accuracy == max(by_epoch.values()) == by_epoch[best.epoch]
    assert accuracy(best.net, *bars(100, 1)) == best.held_accuracy > 0.5


def test_training_depends_on_its_seed_alone() -> None:
    torch.manual_seed(1)
    _, first = run(RECIPE)
    before = torch.random.get_rng_state()
    _, second = run(RECIPE)
    assert torch.equal(torch.random.get_rng_state(), before)
    for a, b in zip(first.net.state_dict().values(), second.net.state_dict().values(), strict=True):
        assert torch.equal(a, b)


def test_augmentation_of_nothing_changes_nothing_and_shifts_stay_small() -> None:
    images = bars(8, 0)[0].float() / 255
    rng = torch.Generator().manual_seed(0)
    still = Recipe(max_turn=0, max_shift=0, max_zoom=0)
    torch.testing.assert_close(augment(images, still, rng), images, atol=1e-4, rtol=0)
    shifted = augment(images, Recipe(max_turn=0, max_shift=2, max_zoom=0), rng)
    rows = torch.arange(28.0)
    move = ((shifted - images).sum((1, 3)) @ rows) / images.sum((1, 2, 3))
    assert 0.1 < move.abs().max() <= 2.01


def test_training_refuses_images_of_another_shape() -> None:
    images, labels = torch.zeros(64, 3, 8, 8, dtype=torch.uint8), torch.zeros(64, dtype=torch.long)
    with pytest.raises(BadInput, match="28 x 28"):
        next(train(images, labels, (images, labels), RECIPE))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    torch.manual_seed(0)
    card = Card(name="judge-mnist", family="judge", shape=(1, 28, 28), data="mnist")
    written = _judge_making.write(JudgeNet(), card, tmp_path / "judge")
    assert len(written.sha256) == 64
    judge.load_judge.cache_clear()
    return tmp_path / "judge"


def test_a_written_judge_is_whole_and_says_what_it_is(folder: Path) -> None:
    assert sorted(p.name for p in folder.parent.iterdir()) == ["judge"]
    assert sorted(p.name for p in folder.iterdir()) == ["card.json", "model.safetensors"]
    assert Card.read(folder / "card.json").family == "judge"
    with safe_open(folder / "model.safetensors", "pt") as file:
        about = json.loads(file.metadata()["genstudio"])
    assert about["family"] == "judge"
    assert about["shape"] == [1, 28, 28]


def test_features_and_probabilities(folder: Path) -> None:
    net = judge.load_judge(folder)
    images, _ = bars(7, 0)
    features = judge.features(images, net)
    assert features.shape == (7, 128)
    torch.testing.assert_close(net.head(features).softmax(1), judge.classify(images, net))
    torch.testing.assert_close(judge.features(images.float() / 255, net), features)
    torch.testing.assert_close(judge.classify(images, net).sum(1), torch.ones(7))
    assert not features.requires_grad


def test_other_shapes_are_refused(folder: Path) -> None:
    with pytest.raises(BadInput, match="28 x 28 only"):
        judge.features(torch.zeros(2, 3, 28, 28), judge.load_judge(folder))


def test_damaged_and_missing_judges_are_refused(folder: Path) -> None:
    with pytest.raises(BadInput, match="is not in"):
        judge.load_judge(folder / "elsewhere")
    file = folder / "model.safetensors"
    whole = file.read_bytes()
    file.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(BadInput, match="damaged"):
        judge.load_judge(folder)
    state = JudgeNet().state_dict()
    state["head.bias"][0] = float("nan")
    save_file(state, file)
    with pytest.raises(BadInput, match="does not hold"):
        judge.load_judge(folder)


def test_recipe_refuses_a_folder_in_use(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert _judge_making.main(["--out", str(folder)]) == 2
    assert "not empty" in capsys.readouterr().err


SHIPPED = judge.paths.weights() / judge.NAME


@pytest.mark.skipif(not (SHIPPED / "card.json").is_file(), reason="the judge is not built yet")
def test_shipped_judge_names_at_least_994_of_1000_test_digits() -> None:
    from genstudio.data import load

    judge.load_judge.cache_clear()
    test = load("mnist").test
    right = judge.classify(test.images[::2]).argmax(1) == test.labels[::2]
    assert right.float().mean() > 0.993  # half of them, for speed; the card has all
    card = Card.read(SHIPPED / "card.json")
    assert card.metrics["test_accuracy"] >= 0.994
    assert (SHIPPED / "model.safetensors").stat().st_size < 3_000_000


@pytest.mark.skipif(not (SHIPPED / "card.json").is_file(), reason="the judge is not built yet")
def test_verdict_of_one_digit() -> None:
    from genstudio.data import load

    judge.load_judge.cache_clear()
    test = load("mnist").test
    seen = judge.verdict(None, test.images[0].numpy().astype(np.float32) / 255)
    assert seen.label == int(test.labels[0])
    assert seen.probability == pytest.approx(seen.probabilities.max())
