"""Class means, analogies, truncation and traversals against direct computation."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from genstudio.abilities import BadInput
from genstudio.latent import arithmetic
from genstudio.models import Posterior


def last(work: Generator[Any, None, Any]) -> Any:
    values = [value for value in work if value is not None]
    assert len(values) == 1
    return values[0]


def test_class_means_are_the_means_of_the_encodings(plain: Any, dataset: Any) -> None:
    found = last(arithmetic.class_means(plain, dataset))
    z = plain.encode(dataset.train.batch(slice(None))).mean
    for k in range(3):
        mine = dataset.train.labels == k
        np.testing.assert_allclose(found.means[k], z[mine].mean(0), rtol=1e-5)
        assert found.counts[k] == int(mine.sum())
    np.testing.assert_array_equal(found.direction(0, 2), found.means[2] - found.means[0])
    assert found.names == ("a", "b", "c")


def test_a_class_that_was_not_seen_has_no_mean(plain: Any, dataset: Any) -> None:
    more = replace(dataset, classes=["a", "b", "c", "d"])
    found = last(arithmetic.class_means(plain, more, "test", 50))
    assert found.counts.sum() == 50 and found.counts[3] == 0
    assert np.isnan(found.means[3]).all() and np.isfinite(found.means[:3]).all()


@pytest.mark.parametrize(("classes", "named"), [(["a"], "one class"), ([], "no classes")])
def test_one_class_has_no_directions(
    plain: Any, dataset: Any, classes: list[str], named: str
) -> None:
    with pytest.raises(BadInput, match=named):
        last(arithmetic.class_means(plain, replace(dataset, classes=classes)))


def test_an_analogy_is_a_parallelogram() -> None:
    np.testing.assert_allclose(arithmetic.analogy([3, 1], [1, 1], [0, 5]), [2, 5])


def test_truncation_moves_towards_the_centre() -> None:
    z, centre = np.float32([[4, 2], [0, 2]]), np.float32([2, 2])
    np.testing.assert_allclose(arithmetic.truncate(z, 0.5, centre), [[3, 2], [1, 2]])
    np.testing.assert_array_equal(arithmetic.truncate(z, 1.0, centre), z)
    np.testing.assert_array_equal(arithmetic.truncate(z, 0.0, centre), [centre, centre])
    np.testing.assert_array_equal(arithmetic.truncate(z, 0.5), z / 2)


def test_a_traversal_is_sorted_by_kl_and_moves_one_dimension(plain: Any, dataset: Any) -> None:
    def encode(x: Tensor) -> Posterior:
        mean = torch.stack([x.flatten(1).mean(1), 9 * x.flatten(1)[:, 0]], 1)
        return Posterior(mean, torch.tensor([[1.0, 0.1]]).expand_as(mean))

    plain.encode = encode
    table = last(arithmetic.traversal(plain, [3.0, 1.0], dataset, columns=5, reach=2.0))
    q = encode(dataset.train.batch(slice(None)))
    exact = torch.distributions.kl_divergence(
        torch.distributions.Normal(q.mean, q.std), torch.distributions.Normal(0.0, 1.0)
    ).mean(0)
    np.testing.assert_allclose(table.weight, exact, rtol=1e-4)
    assert table.unit == "nats" and table.order.tolist() == [1, 0]
    spread = (q.mean.var(0, correction=0) + q.std.square().mean(0)).sqrt()
    middle = q.mean.mean(0)
    for row, dim in enumerate([1, 0]):
        want = middle[dim] + torch.linspace(-2, 2, 5) * spread[dim]
        np.testing.assert_allclose(table.values[row], want, rtol=1e-3, atol=1e-3)
    assert table.mosaic.shape == (2 * 4, 5 * 6)
    cell = plain.decode(torch.tensor([[3.0, float(table.values[0, 4])]]))[0, 0] * 255
    np.testing.assert_allclose(table.mosaic[:4, 24:], cell.clamp(0, 255), atol=0.6)


def test_without_a_spread_the_variance_sorts(make: Any, dataset: Any) -> None:
    table = last(arithmetic.traversal(make(dim=3, spread=False), [0.0, 0, 0], dataset))
    assert table.unit == "variance"
    assert table.order.tolist() == [2, 1, 0]  # its codes are 1, 2 and 3 times the same mean
    np.testing.assert_allclose(table.weight / table.weight[0], [1, 4, 9], rtol=1e-3)


def test_a_table_has_a_bounded_number_of_rows(
    make: Any, dataset: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(arithmetic, "MAX_ROWS", 2)
    table = last(arithmetic.traversal(make(dim=4), np.zeros(4), dataset, columns=3))
    assert table.values.shape == (2, 3) and table.mosaic.shape == (8, 18)


@pytest.mark.parametrize("options", [{"columns": 1}, {"reach": 0.0}, {"reach": float("nan")}])
def test_a_table_without_columns_is_refused(
    plain: Any, dataset: Any, options: dict[str, Any]
) -> None:
    with pytest.raises(BadInput, match="two columns"):
        last(arithmetic.traversal(plain, [0.0, 0.0], dataset, **options))
