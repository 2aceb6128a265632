"""A probe decodes at once; its details agree with torch.distributions."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

from genstudio.abilities import BadInput
from genstudio.latent import probe


def test_decode_is_one_call_of_one_image(plain: Any) -> None:
    seen = probe.decode(plain, np.array([3.0, 1.0], np.float32))
    assert plain.calls == [1]
    torch.testing.assert_close(
        torch.from_numpy(seen.image.copy()), plain.decode(torch.tensor([[3.0, 1]]))[0]
    )
    assert seen.log_prior_nats is None
    assert not seen.image.flags.writeable


def test_log_prior_is_that_of_the_standard_normal(plain: Any) -> None:
    seen = probe.details(plain, [0.3, -1.2])
    normal = torch.distributions.Normal(0.0, 1.0)
    assert seen.log_prior_nats == pytest.approx(
        float(normal.log_prob(torch.tensor([0.3, -1.2])).sum())
    )
    assert seen.prior == "prior"


def test_log_prior_of_a_model_without_one_is_the_gaussian_of_its_encodings(plain: Any) -> None:
    plain.own_sampler = "gaussian"
    plain.z_mean.copy_(torch.tensor([1.0, 2.0]))
    plain.z_cov.copy_(torch.tensor([[2.0, 0.5], [0.5, 1.0]]))
    seen = probe.details(plain, [0.3, -1.2])
    exact = torch.distributions.MultivariateNormal(plain.z_mean, plain.z_cov)
    assert seen.log_prior_nats == pytest.approx(
        float(exact.log_prob(torch.tensor([0.3, -1.2]))), rel=1e-5
    )
    assert seen.prior == "gaussian"


def test_cycle_is_the_way_back_in_standard_deviations(plain: Any) -> None:
    plain.own_sampler = "gaussian"
    plain.z_cov.copy_(torch.diag(torch.tensor([4.0, 9.0])))
    z = torch.tensor([[3.0, 1.0]])
    back = plain.encode(plain.decode(z)).mean
    exact = (((back - z) / torch.tensor([2.0, 3.0])) ** 2).mean().sqrt()
    assert probe.details(plain, z[0].numpy()).cycle == pytest.approx(float(exact), rel=1e-5)


def test_a_point_of_another_space_is_refused(plain: Any) -> None:
    with pytest.raises(BadInput, match="2 latent dimensions, got 5"):
        probe.decode(plain, np.zeros(5))
