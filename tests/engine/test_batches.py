from __future__ import annotations

import pytest
import torch
from engine_help import tiny_data

from genstudio.data import Split
from genstudio.engine.batches import Batches, mix

CPU = torch.device("cpu")
PLAIN = torch.contiguous_format


def _batches(size: int = 20, seed: int = 0) -> Batches:
    return Batches(tiny_data().train, size, seed, CPU)


def test_a_batch_is_what_the_data_set_says() -> None:
    split = tiny_data().train
    batches = _batches()
    x, y = batches.at(2, PLAIN)
    order = torch.randperm(96, generator=torch.Generator().manual_seed(mix(0, 0)))
    assert torch.equal(x, split.batch(order[40:60]))
    assert split.labels is not None
    assert y is not None
    assert torch.equal(y, split.labels[order[40:60]])


def test_an_epoch_shows_no_image_twice_and_the_next_another_order() -> None:
    split = Split(points=torch.arange(96.0).repeat(2, 1).T)
    batches = Batches(split, 20, 0, CPU)
    epochs = [
        torch.cat([batches.at(e * 4 + i, PLAIN)[0][:, 0] for i in range(4)]) for e in range(2)
    ]
    assert all(len(set(epoch.tolist())) == 80 for epoch in epochs)
    assert not torch.equal(epochs[0], epochs[1])


def test_order_depends_on_seed_and_epoch_alone() -> None:
    forwards, backwards, other = _batches(), _batches(), _batches(seed=1)
    a = {step: forwards.at(step, PLAIN)[0] for step in range(12)}
    b = {step: backwards.at(step, PLAIN)[0] for step in reversed(range(12))}
    assert all(torch.equal(a[step], b[step]) for step in a)
    assert not torch.equal(a[0], other.at(0, PLAIN)[0])


def test_fewer_images_than_a_batch_are_one_batch() -> None:
    batches = _batches(size=1000)
    assert (batches.per_epoch, batches.batch_size) == (1, 96)
    assert len(batches.at(5, PLAIN)[0]) == 96


def test_channels_last_changes_layout_only() -> None:
    split = Split(images=torch.randint(0, 256, (10, 3, 4, 4), dtype=torch.uint8))
    batches = Batches(split, 5, 0, CPU)
    x, y = batches.at(0, torch.channels_last)
    assert x.is_contiguous(memory_format=torch.channels_last)
    assert torch.equal(x, batches.at(0, PLAIN)[0])
    assert y is None


def test_a_sweep_sees_everything_or_a_spread() -> None:
    split = Split(points=torch.arange(1000.0).repeat(2, 1).T)
    batches = Batches(split, 5, 0, CPU)
    assert torch.cat(list(batches.sweep(None, 64)))[:, 0].tolist() == list(range(1000))
    some = torch.cat(list(batches.sweep(10)))[:, 0]
    assert some.tolist() == [0, 111, 222, 333, 444, 555, 666, 777, 888, 999]


def test_no_images_are_refused() -> None:
    with pytest.raises(ValueError, match="empty"):
        Batches(Split(points=torch.zeros(0, 2)), 5, 0, CPU)
