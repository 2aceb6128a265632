"""Every layer is what its name says at each point, whole at the end and coarse before."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
import torch

from genstudio.abilities import BadInput
from genstudio.latent.plane import Plane
from genstudio.metrics import _memo, bank, fields, judge
from genstudio.models import family

XS = np.linspace(-1.5, 1.5, 19, dtype=np.float32)
YS = np.linspace(1.0, -1.0, 13, dtype=np.float32)
GRID = torch.from_numpy(np.stack(np.meshgrid(XS, YS), -1).reshape(-1, 2))


def last(model: Any, name: str, data: Any = None, **more: Any) -> np.ndarray:
    seen = list(fields.field(model, name, Plane.identity(), XS, YS, data=data, **more))
    shown = [f for f in seen if f is not None]
    assert shown[-1].done == 1.0
    assert [f.done for f in shown] == sorted(f.done for f in shown)
    assert all(f.values.shape == (13, 19) and not f.values.flags.writeable for f in shown)
    return shown[-1].values


def test_gap_is_the_distance_to_the_bank_and_shows_the_hole(holed: Any) -> None:
    model, data = holed(0.6)
    values = last(model, "gap", data)
    own = _memo.finish(bank.build(model, data))
    with torch.no_grad():
        want = own.ratio(judge.features(model.decode(GRID))).view(13, 19).numpy()
    np.testing.assert_allclose(values, want, atol=1e-4)
    inside = (GRID.norm(dim=1) < 0.6).view(13, 19).numpy()
    assert values[inside].min() > 1.5
    assert np.median(values[~inside]) < 1


def test_density_of_a_normal_cloud_is_its_density() -> None:
    rng = torch.Generator().manual_seed(0)
    codes = torch.randn(40_000, 2, generator=rng)
    z = torch.tensor([[0.0, 0.0], [1.0, -1.0], [0.0, 2.0]])
    got = fields.knn_log_density(z, codes, 400)
    want = -0.5 * z.square().sum(1) - math.log(2 * math.pi)
    torch.testing.assert_close(got, want, atol=0.15, rtol=0)


def test_density_far_from_zero_is_that_of_true_distances() -> None:
    rng = torch.Generator().manual_seed(0)
    codes = 100 + 0.01 * torch.randn(500, 2, generator=rng)
    z = codes[:50] + 0.001
    r = torch.cdist(z.double(), codes.double(), compute_mode="donot_use_mm_for_euclid_dist")
    want = math.log(10 / 500 / math.pi) - 2 * r.sort(1).values[:, 9].log()
    torch.testing.assert_close(
        fields.knn_log_density(z, codes, 10).double(), want, atol=5e-3, rtol=0
    )


def test_density_layer_is_higher_where_codes_lie(holed: Any) -> None:
    model, data = holed(0.6)
    values = last(model, "density", data)
    assert values[6, 9] < values[6, 14] - 0.5  # the hole's centre against a place beside it
    codes = _memo.finish(fields.encodings(model, data))
    torch.testing.assert_close(codes, model.encode(data.train.batch(slice(None))).mean)


def test_volume_is_that_of_the_jacobian(holed: Any) -> None:
    model, _ = holed(0.0)
    values = last(model, "volume")
    i = 5 * 19 + 4
    jacobian = torch.func.jacfwd(lambda z: model.decode(z[None]).flatten())(GRID[i].double())
    want = torch.log10(torch.linalg.det(jacobian.T @ jacobian).sqrt())
    assert values[5, 4] == pytest.approx(float(want), abs=1e-3)


def test_a_decoder_that_forgets_a_direction_has_no_volume(holed: Any) -> None:
    model, _ = holed(9.0)
    assert np.isnan(last(model, "volume")).all()


def test_cycle_is_the_way_back(holed: Any) -> None:
    model, _ = holed(0.6)
    with torch.no_grad():
        want = (model.encode(model.decode(GRID)).mean - GRID).norm(dim=1).view(13, 19)
    np.testing.assert_allclose(last(model, "cycle"), want, atol=1e-5)


def test_label_and_entropy_are_the_judges(holed: Any) -> None:
    model, _ = holed(0.6)
    with torch.no_grad():
        p = judge.classify(model.decode(GRID)).double()
    assert np.array_equal(last(model, "label"), p.argmax(1).view(13, 19).numpy())
    entropy = -(p * p.log()).sum(1).view(13, 19).numpy()
    np.testing.assert_allclose(last(model, "entropy"), entropy, atol=1e-4)


def test_coarse_fields_repeat_cells_of_the_last_one(holed: Any) -> None:
    model, _ = holed(0.6)
    seen = [
        f
        for f in fields.field(model, "cycle", Plane.identity(), XS, YS, shell=None)
        if f is not None
    ]
    assert len(seen) > 2
    final = set(seen[-1].values.reshape(-1).tolist())
    assert all(set(f.values.reshape(-1).tolist()) <= final for f in seen)
    assert len(set(seen[0].values.reshape(-1).tolist())) <= 6  # 3 x 2 blocks of 8 x 8 cells


def test_shell_moves_codes_to_its_radius(holed: Any) -> None:
    model, _ = holed(0.6)
    values = last(model, "cycle", shell=2.0)  # noqa: S604 (not a command)
    z = GRID / GRID.norm(dim=1, keepdim=True).clamp(min=1e-9) * 2
    with torch.no_grad():
        want = (model.encode(model.decode(z)).mean - z).norm(dim=1).view(13, 19).numpy()
    keep = GRID.norm(dim=1).view(13, 19).numpy() > 0.1
    np.testing.assert_allclose(values[keep], want[keep], atol=1e-4)


def test_layers_that_say_nothing_are_refused(holed: Any) -> None:
    model, data = holed(0.6)
    ask = [Plane.identity(), XS, YS]
    with pytest.raises(BadInput, match="Choose one of: gap, density"):
        next(fields.field(model, "colour", *ask))
    with pytest.raises(BadInput, match="names no data set"):
        next(fields.field(model, "gap", *ask))
    with pytest.raises(BadInput, match="no data are given"):
        next(fields.field(model, "density", *ask))
    with pytest.raises(BadInput, match="discs has none"):
        next(fields.field(model, "label", *ask, data=data))
    with pytest.raises(BadInput, match="cells, got"):
        next(fields.field(model, "cycle", ask[0], np.zeros(300), np.zeros(300)))
    pca = family("pca")
    model = pca.build((1, 28, 28), pca.configure({"latent_dim": 2}))
    with pytest.raises(BadInput, match="not defined for PCA"):
        next(fields.field(model, "cycle", *ask))
    vae = family("vae")
    small = {"width": 16, "depth": 1, "latent_dim": 2, "reconstruction_weight": 0}
    model = vae.build((1, 28, 28), vae.configure(small))
    with pytest.raises(BadInput, match="not defined for a model trained by the KL alone"):
        next(fields.field(model, "cycle", *ask))
