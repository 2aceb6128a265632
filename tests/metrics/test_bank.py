"""The bank is the model's own pictures, its distance the true nearest one, and it is built once."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

from genstudio.abilities import BadInput
from genstudio.metrics import _memo, bank, judge


def test_nearest_agrees_with_all_pairs() -> None:
    rng = torch.Generator().manual_seed(0)
    a = torch.randn(1300, 16, generator=rng) + 50  # far from 0: a matrix product alone loses digits
    b = torch.randn(300, 16, generator=rng) + 50
    a[0] = b[7]
    want = torch.cdist(a.double(), b.double()).min(1).values
    torch.testing.assert_close(bank.nearest(a, b).double(), want, atol=1e-5, rtol=1e-5)
    assert float(bank.nearest(a, b)[0]) == 0.0


def test_bank_holds_reconstructions_and_their_95_percent_quantile(holed: Any) -> None:
    model, data = holed(0.5)
    own = _memo.finish(bank.build(model, data))
    assert own.kind == bank.RECONSTRUCTIONS
    with torch.no_grad():
        train = model.decode(model.encode(data.train.batch(slice(None))).mean)
        test = model.decode(model.encode(data.test.batch(slice(None))).mean)
    features = judge.features(train)
    torch.testing.assert_close(own.features, features)
    far = torch.cdist(judge.features(test).double(), features.double()).min(1).values
    assert own.threshold == pytest.approx(float(np.quantile(far.numpy(), 0.95)), rel=1e-4)
    assert float((own.ratio(judge.features(test)) > 1).float().mean()) == pytest.approx(0.05)


def test_large_splits_are_thinned_evenly() -> None:
    rows = bank.interleaved(60_000, 4000)
    assert torch.equal(rows, torch.arange(4000) * 15)
    assert torch.equal(bank.interleaved(3, 10), torch.arange(3))


def test_distance_of_codes_and_images_is_above_one_in_the_hole(holed: Any) -> None:
    model, data = holed(0.5)
    z = np.array([[0.0, 0.1], [1.2, -0.4]], np.float32)
    far = _memo.finish(bank.distance(model, data, z=z))
    assert far[0] > 2 > 1 > far[1] >= 0
    with torch.no_grad():
        images = model.decode(torch.from_numpy(z)).numpy()
    np.testing.assert_allclose(_memo.finish(bank.distance(model, data, images=images)), far)


def test_a_bank_is_built_once_and_anew_when_weights_change(holed: Any) -> None:
    model, data = holed(0.5)
    first = _memo.finish(bank.build(model, data))
    assert list(bank.build(model, data)) == []
    assert _memo.finish(bank.build(model, data)) is first
    model.z_mean.copy_(torch.ones(2))
    assert _memo.finish(bank.build(model, data)) is not first


def test_work_that_was_left_is_taken_up_again(holed: Any) -> None:
    model, data = holed(0.5)
    begun = bank.build(model, data)
    done = [next(begun).done for _ in range(3)]
    begun.close()
    rest = [progress.done for progress in bank.build(model, data)]
    assert (done + rest)[-1] == 600
    assert done + rest == sorted(set(done + rest))


def test_a_family_without_encoder_takes_real_images(holed: Any) -> None:
    model, data = holed(0.5)
    model.latent_dim = None
    own = _memo.finish(bank.build(model, data))
    assert own.kind == bank.REAL_IMAGES
    torch.testing.assert_close(own.features, judge.features(data.train.images))


def test_what_the_judge_cannot_measure_is_refused(holed: Any) -> None:
    model, data = holed(0.5)
    with pytest.raises(BadInput, match="names no data set"):
        next(bank.build(model, ""))
    with pytest.raises(BadInput, match="either latent points or images"):
        next(bank.distance(model, data))
    with pytest.raises(BadInput, match="Choose data that fit"):
        next(bank.build(model, "toy2d"))
    model.shape = (2,)
    with pytest.raises(BadInput, match="1 x 28 x 28 pictures, this model makes 2"):
        next(bank.build(model, data))
