"""PCA against numpy's singular value decomposition, in any batches, over any number of epochs."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from genstudio.abilities import BadInput
from genstudio.models import family

SHAPE = (1, 4, 5)


def images(n: int = 60, seed: int = 0) -> torch.Tensor:
    """Images with a clear order of principal axes, (n, 1, 4, 5) in [0, 1]."""
    rng = torch.Generator().manual_seed(seed)
    scale = torch.linspace(1.0, 0.05, 20)
    mixing = torch.linalg.qr(torch.randn(20, 20, generator=rng))[0]
    flat = 0.5 + 0.05 * (torch.randn(n, 20, generator=rng) * scale) @ mixing
    return flat.clamp(0, 1).view(n, *SHAPE)


def fit(x: torch.Tensor, latent_dim: int, batch: int, epochs: int = 1):
    pca = family("pca")
    model = pca.build(SHAPE, pca.configure({"latent_dim": latent_dim}))
    rng = torch.Generator()
    for _ in range(epochs):
        for part in x.split(batch):
            model.training_step(part, None, lambda name, loss: None, rng)
    model.calibrate(lambda: [x])
    return model


def svd(x: torch.Tensor) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Mean (D,), axes (D, D) in rows and variances (D,) by numpy's SVD of the centred images."""
    flat = x.flatten(1).double().numpy()
    mean = flat.mean(0)
    _, singular, axes = np.linalg.svd(flat - mean, full_matrices=False)
    return mean, axes, singular**2 / len(flat)


@pytest.mark.parametrize(("batch", "epochs"), [(60, 1), (7, 1), (16, 3)])
def test_axes_and_variances_are_those_of_the_svd(batch, epochs):
    x = images()
    model = fit(x, 4, batch, epochs)
    mean, axes, variances = svd(x)
    assert np.allclose(model.mean.numpy(), mean, atol=1e-6)
    signs = np.sign(np.take_along_axis(axes, np.abs(axes).argmax(1)[:, None], 1))
    assert np.allclose(model.components.numpy(), (axes * signs)[:4], atol=1e-4)
    assert np.allclose(model.z_cov.numpy(), np.diag(variances[:4]), atol=1e-6)
    assert np.allclose(model.z_mean.numpy(), 0)


def test_calibrate_alone_fits_where_nothing_was_trained():
    x = images()
    pca = family("pca")
    model = pca.build(SHAPE, pca.configure({"latent_dim": 3}))
    model.calibrate(lambda: x.split(13))
    assert torch.allclose(model.components, fit(x, 3, 60).components, atol=1e-5)


def test_loss_is_the_variance_that_the_axes_leave():
    x = images()
    model = fit(x, 4, 60)
    _, _, variances = svd(x)
    loss = model.losses(x, torch.Generator())["loss"].item()
    assert loss == pytest.approx(variances[4:].sum(), rel=1e-4)


def test_moments_of_the_encodings_are_the_buffers():
    x = images()
    model = fit(x, 3, 10)
    z = model.encode(x).mean.double()
    assert torch.allclose(z.mean(0), torch.zeros(3, dtype=torch.float64), atol=1e-6)
    assert torch.allclose(torch.cov(z.T, correction=0).float(), model.z_cov, atol=1e-6)


def test_all_axes_together_lose_nothing():
    x = images()
    model = fit(x, 20, 60)
    assert torch.allclose(model.decode(model.encode(x).mean), x, atol=1e-5)


def test_every_axis_points_to_its_largest_entry():
    model = fit(images(), 6, 60)
    largest = model.components.gather(1, model.components.abs().argmax(1, keepdim=True))
    assert (largest > 0).all()


def test_the_first_batch_already_gives_axes():
    x = images()
    pca = family("pca")
    model = pca.build(SHAPE, pca.configure({}))
    random_axes = model.components.clone()
    model.training_step(x[:10], None, lambda name, loss: None, torch.Generator())
    assert not torch.equal(model.components, random_axes)


@pytest.mark.parametrize(("shape", "latent_dim"), [((3, 64, 64), 2), ((1, 4, 5), 21)])
def test_what_does_not_fit_is_refused(shape, latent_dim):
    pca = family("pca")
    with pytest.raises(BadInput, match="at most"):
        pca.build(shape, pca.configure({"latent_dim": latent_dim}))


def test_sums_of_other_images_are_refused():
    model, other = fit(images(), 2, 60), family("pca").build((1, 3, 3))
    with pytest.raises(BadInput, match="20 values, this model has 9"):
        other.load_training_state(model.training_state())
