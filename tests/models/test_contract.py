"""What every family promises, over every family and each of its nets: tiny, on the CPU, offline."""

from __future__ import annotations

import copy
import json
from types import SimpleNamespace
from typing import Any

import pytest
import torch
from safetensors.torch import load, save
from torch import Tensor

from genstudio.abilities import LATENT, LIKELIHOOD
from genstudio.models import Family, HasLatent, HasLikelihood, Model, families

# Settings that keep a net tiny; each family takes those that it has.
TINY: dict[str, Any] = {"latent_dim": 2, "width": 8, "depth": 2, "channels": 4, "levels": 2, "k": 3}
SETTINGS = SimpleNamespace(lr=1e-3, weight_decay=0.01)


def variants() -> list[Any]:
    """(family, settings) for every family, each kind of net, corruption and likelihood."""
    found = []
    for key, family in families().items():
        fields = family.config.model_fields
        tiny = {name: value for name, value in TINY.items() if name in fields}
        found.append(pytest.param(family, tiny, id=key))
        for name in ("net", "likelihood", "corruption", "blocks", "binarize"):
            if name not in fields:
                continue
            found += [
                pytest.param(family, {**tiny, name: choice}, id=f"{key}-{name}={choice}")
                for choice in fields[name].annotation.__args__
                if choice != fields[name].default
            ]
        if "dropout" in fields:
            found.append(pytest.param(family, {**tiny, "dropout": 0.5}, id=f"{key}-dropout"))
    return found


every_variant = pytest.mark.parametrize(("family", "settings"), variants())
every_family = pytest.mark.parametrize("family", families().values(), ids=families())


def rng(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def shape_of(family: Family) -> tuple[int, ...]:
    return (1, 10, 12) if "images" in family.kinds else (2,)


def build(family: Family, settings: dict[str, Any], seed: int = 0) -> Model:
    return family.build(shape_of(family), family.configure(settings), seed)


def some_data(family: Family, n: int = 6, seed: int = 1) -> Tensor:
    """Images in [0, 1], black and white so that every likelihood takes them; or points."""
    x = torch.rand(n, *shape_of(family), generator=rng(seed))
    return x.round() if "images" in family.kinds else 2 * x - 1


class Descent:
    """A bare stand-in for the engine's update: backward and step."""

    def __init__(self, model: Model) -> None:
        self.optimizers = model.optimizers(SETTINGS)

    def __call__(self, name: str, loss: Tensor) -> None:
        assert loss.isfinite()
        self.optimizers[name].zero_grad()
        loss.backward()
        self.optimizers[name].step()


def train(model: Model, family: Family, steps: int, start: int = 0) -> Descent:
    update = Descent(model)
    continue_training(model, family, update, steps, start)
    return update


def continue_training(model: Model, family: Family, update: Descent, steps: int, start: int):
    for step in range(start, start + steps):
        losses = model.training_step(some_data(family, seed=step), None, update, rng(step))
        assert isinstance(losses["loss"], float)
        assert all(isinstance(value, float) for value in losses.values())


def outputs(model: Model, family: Family) -> dict[str, Tensor]:
    """Everything a model can be asked, at fixed inputs."""
    x = some_data(family, seed=9)
    found = {"samples": model.sample(3, rng(5))}
    if isinstance(model, HasLatent):
        posterior = model.encode(x)
        found["mean"] = posterior.mean
        found["decoded"] = model.decode(posterior.mean)
        if posterior.std is not None:
            found["std"] = posterior.std
    if isinstance(model, HasLikelihood):
        found["log_prob"] = model.log_prob(x, rng=rng(6))
    return {name: tensor.detach() for name, tensor in found.items()}


def assert_same(first: dict[str, Tensor], second: dict[str, Tensor]) -> None:
    assert first.keys() == second.keys()
    for name, tensor in first.items():
        assert torch.equal(tensor, second[name]), name


@every_family
def test_defaults_build_and_their_settings_are_described(family):
    config = family.config()
    assert family.config.model_validate_json(config.model_dump_json()) == config
    assert family.title
    assert family.paper
    schema = json.loads(json.dumps(family.config.model_json_schema()))
    for name, field in schema["properties"].items():
        assert field["title"] != name, name
        assert field["description"].endswith("."), name
        assert {"unit", "live", "advanced"} <= field.keys(), name
    model = family.build((1, 28, 28) if "images" in family.kinds else (2,))
    assert model.family == family.key
    assert model.n_parameters() > 0
    assert all(p.dtype == torch.float32 and p.isfinite().all() for p in model.parameters())


@every_variant
def test_weights_depend_on_the_seed_alone(family, settings):
    before = torch.get_rng_state()
    first, second = build(family, settings, seed=3), build(family, settings, seed=3)
    other = build(family, settings, seed=4)
    assert torch.equal(torch.get_rng_state(), before)
    assert_same(first.state_dict(), second.state_dict())
    assert any(not torch.equal(a, other.state_dict()[n]) for n, a in first.state_dict().items())


@every_variant
def test_one_step_gives_every_trained_parameter_a_finite_gradient(family, settings):
    model = build(family, settings)
    update = train(model, family, 1)
    stepped = [
        id(p)
        for o in update.optimizers.values()
        for group in o.param_groups
        for p in group["params"]
    ]
    assert len(stepped) == len(set(stepped))
    known = dict(model.named_parameters()) | dict(model.named_buffers())
    for name, reason in family.without_gradient.items():
        assert name in known, name
        assert reason
    for name, parameter in model.named_parameters():
        if name in family.without_gradient:
            continue
        assert id(parameter) in stepped, name
        assert parameter.grad is not None, name
        assert parameter.grad.isfinite().all(), name
        assert (parameter.grad != 0).any(), name


@every_variant
def test_nothing_draws_from_the_global_generator(family, settings):
    model = build(family, settings)
    before = torch.get_rng_state()
    train(model, family, 1)
    model.calibrate(lambda: [some_data(family)])
    outputs(model, family)
    assert torch.equal(torch.get_rng_state(), before)


@every_variant
def test_save_and_load_give_equal_output(family, settings):
    model = build(family, settings)
    train(model, family, 2)
    model.calibrate(lambda: [some_data(family)])
    other = build(family, settings, seed=7)
    other.load_state_dict(load(save(model.state_dict())))
    assert_same(outputs(model, family), outputs(other, family))


@every_variant
def test_training_goes_on_bit_for_bit_from_what_was_stored(family, settings):
    model = build(family, settings)
    update = train(model, family, 2)
    stored = save(model.state_dict()), save(model.training_state())
    optimizers = {name: copy.deepcopy(o.state_dict()) for name, o in update.optimizers.items()}
    continue_training(model, family, update, 2, start=2)

    resumed = build(family, settings, seed=7)
    resumed.load_state_dict(load(stored[0]))
    resumed.load_training_state(load(stored[1]))
    again = Descent(resumed)
    for name, state in optimizers.items():
        again.optimizers[name].load_state_dict(state)
    continue_training(resumed, family, again, 2, start=2)
    for each in (model, resumed):
        each.calibrate(lambda: [some_data(family)])
    assert_same(model.state_dict(), resumed.state_dict())


@every_variant
def test_same_generator_same_samples_of_the_right_shape_and_range(family, settings):
    model = build(family, settings)
    first, second = model.sample(4, rng(2)), model.sample(4, rng(2))
    assert torch.equal(first, second)
    assert not torch.equal(first, model.sample(4, rng(3)))
    assert first.shape == (4, *model.shape)
    assert first.dtype == torch.float32
    assert not first.requires_grad
    if "images" in family.kinds:
        assert first.min() >= 0
        assert first.max() <= 1


@every_variant
def test_generate_counts_its_steps(family, settings):
    model = build(family, settings)
    steps = list(model.generate(2, rng()))
    assert [step.index for step in steps] == list(range(steps[0].n_steps))
    assert all(step.images["x"].shape == (2, *model.shape) for step in steps)
    assert torch.equal(steps[-1].images["x"], model.sample(2, rng()))


@every_variant
def test_train_or_eval_mode_changes_nothing_that_is_looked_at(family, settings):
    model = build(family, settings)
    assert_same(outputs(model.train(), family), outputs(model.eval(), family))


@every_variant
def test_abilities_keep_their_word(family, settings):
    model = build(family, settings)
    x = some_data(family)
    if LATENT in model.abilities:
        mean, std = model.encode(x)
        assert model.latent_dim is not None
        assert mean.shape == (len(x), model.latent_dim)
        assert std is None or (std.shape == mean.shape and (std > 0).all())
        decoded = model.decode(mean)
        assert decoded.shape == x.shape
        assert decoded.dtype == torch.float32
        assert "images" not in family.kinds or (decoded.min() >= 0 and decoded.max() <= 1)
    else:
        assert model.latent_dim is None
    if LIKELIHOOD in model.abilities:
        log_prob = model.log_prob(x, rng=rng())
        assert log_prob.shape == (len(x),)
        assert log_prob.isfinite().all()
        assert model.log_prob_kind() in ("exact", "lower bound")


@every_variant
def test_calibrate_does_not_depend_on_how_the_images_are_batched(family, settings):
    model = build(family, settings)
    x = some_data(family, n=12)
    model.calibrate(lambda: [x])
    whole = {name: b.clone() for name, b in model.named_buffers()}
    model.calibrate(lambda: iter(x.split(5)))
    for name, buffer in model.named_buffers():
        assert torch.allclose(buffer, whole[name], atol=1e-5), name
