"""The Manifold's parts without a window: space, text, state, pins, timeline."""

from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PySide6.QtGui import QUndoStack

from genstudio.abilities import Card
from genstudio.latent import plane as planes
from genstudio.latent.ellipse import inside, marginal, mass
from genstudio.latent.scale import Linear, Quantile
from genstudio.ui.panels import _manifold_state as state
from genstudio.ui.panels._manifold_pins import PinBoard, Pins
from genstudio.ui.panels._manifold_text import as_python, figure, z_text
from genstudio.ui.panels._manifold_time import TrainingTimeline
from genstudio.ui.panels._map_space import (
    Space,
    home_view,
    information,
    posterior_lines,
    prior_lines,
)
from genstudio.ui.session import ModelRef
from genstudio.ui.widgets.latent_plane import View

FLAT = Space(planes.Plane.identity(), Linear())
EQUAL_MASS = Space(planes.Plane.identity(), Quantile())
CARD = Card(
    name="m", family="vae", shape=(1, 28, 28), latent_dim=2, abilities=("latent", "likelihood")
)


@given(st.floats(-3, 3), st.floats(-3, 3))
def test_map_points_and_latent_points_turn_into_each_other(a: float, b: float) -> None:
    for space in (FLAT, EQUAL_MASS):
        x, y = space.to_map(np.array([a, b]))
        np.testing.assert_allclose(space.to_z(float(x), float(y)), [a, b], atol=2e-4)


def test_the_quantile_map_is_the_unit_square_and_its_middle_the_origin() -> None:
    assert EQUAL_MASS.bounds == (0.0, 1.0)
    np.testing.assert_allclose(EQUAL_MASS.to_z(0.5, 0.5), 0, atol=1e-6)
    assert home_view(EQUAL_MASS, None, True) == View(0.5, 0.5, 1.0)


def test_the_shell_keeps_the_norm() -> None:
    space = Space(planes.axes(16), Linear(), 4.0)
    assert np.linalg.norm(space.to_z(0.3, -0.7)) == pytest.approx(4.0)
    assert not space.aside(space.to_z(0.3, -0.7))


def test_a_pin_off_the_plane_is_known_as_such() -> None:
    space = Space(planes.axes(4, 0, 1), Linear())
    assert not space.aside(np.array([1, 2, 0, 0], np.float32))
    assert space.aside(np.array([1, 2, 1, 0], np.float32))


def test_home_shows_three_sigma_of_a_prior_or_nearly_all_encodings() -> None:
    rng = np.random.default_rng(0)
    means = rng.uniform(-20, 10, (2000, 2))
    assert home_view(FLAT, means, True) == View(0.0, 0.0, 6.0)
    home = home_view(FLAT, means, False)
    assert home.x == pytest.approx(-5, abs=0.3)
    assert 29 < home.span < 35
    means[0] = 1e6
    assert home_view(FLAT, means, False).span < 35, "one stray image does not decide"


@pytest.mark.parametrize("space", [FLAT, EQUAL_MASS])
def test_prior_lines_hold_the_mass_they_are_labelled_with(space: Space) -> None:
    z = np.random.default_rng(0).standard_normal((20_000, 2))
    for label, line in prior_lines(space, None, True):
        n = int(label[0])
        within = _inside_polygon(space.to_map(z), line)
        assert within.mean() == pytest.approx(mass(n), abs=0.012)


def test_a_model_without_a_prior_shows_the_gaussian_of_its_encodings() -> None:
    rng = np.random.default_rng(0)
    means = rng.multivariate_normal([5, 1], [[4, 1], [1, 2]], 20_000)
    (_, line), *_ = prior_lines(FLAT, means, False)
    assert _inside_polygon(means, line).mean() == pytest.approx(mass(1), abs=0.012)
    assert prior_lines(FLAT, None, False) == []


def _inside_polygon(points: np.ndarray, line: np.ndarray) -> np.ndarray:
    """Even-odd rule."""
    x, y = np.asarray(points, float).T
    within = np.zeros(len(x), bool)
    for (x0, y0), (x1, y1) in zip(line, np.roll(line, -1, 0), strict=True):
        crosses = (y0 > y) != (y1 > y)
        with np.errstate(divide="ignore", invalid="ignore"):
            at = x0 + (y - y0) * (x1 - x0) / (y1 - y0)
        within ^= crosses & (x < at)
    return within


def test_posterior_lines_are_true_to_the_axes() -> None:
    plane = planes.axes(3, 0, 2)
    space = Space(plane, Linear())
    mean, std = np.array([1.0, 5.0, -1.0]), np.array([0.5, 9.0, 0.1])
    one, two = posterior_lines(space, mean, std, "marginal")
    assert np.ptp(one, axis=0) == pytest.approx([1.0, 0.2], rel=1e-2)
    assert np.ptp(two, axis=0) == pytest.approx([2.0, 0.4], rel=1e-2)
    gaussian = marginal(mean, std, plane)
    assert inside(one.mean(0)[None], gaussian.centre, gaussian.cov, 0.05).all()


def test_information_is_the_kl_of_each_dimension() -> None:
    mean, std = np.array([[1.0, 0.0], [-1.0, 0.0]]), np.array([[0.5, 1.0], [0.5, 1.0]])
    kl = 0.5 * (1 + 0.25 - 1 - np.log(0.25))
    np.testing.assert_allclose(information(mean, std), [kl, 0.0], atol=1e-12)
    np.testing.assert_allclose(information(mean, None), [1.0, 0.0])


# Words -------------------------------------------------------------------------------------------


def test_z_as_text_reads_back_to_the_same_numbers() -> None:
    z = np.random.default_rng(0).standard_normal(16).astype(np.float32)
    back = np.array([float(v) for v in z_text(z).split(",")], np.float32)
    np.testing.assert_array_equal(back, z)


def test_the_python_text_decodes_the_same_image(tmp_path) -> None:
    import torch
    from manifold_help import write_run

    from genstudio.engine import library

    source = write_run(tmp_path / "it's a run", width=16)
    z = np.array([0.25, -1.5], np.float32)
    names: dict[str, object] = {}
    exec(compile(as_python(source, z), "copied", "exec"), names)  # noqa: S102
    with torch.no_grad():
        truth = library.load(source).decode(torch.from_numpy(z[None]))
    torch.testing.assert_close(names["image"], truth)


@pytest.mark.parametrize(("value", "text"), [(-0.001, "0.00"), (1.005, "1.00"), (-2.5, "−2.50")])
def test_figures_have_a_true_minus_and_no_minus_zero(value: float, text: str) -> None:
    assert figure(value) == text


# State -------------------------------------------------------------------------------------------


def test_a_plane_comes_back_from_json() -> None:
    rng = np.random.default_rng(0)
    for plane in (
        planes.axes(5, 3, 1, rng.standard_normal(5)),
        planes.pca(rng.standard_normal((50, 5))),
        planes.through(*rng.standard_normal((3, 5))),
    ):
        facts = json.loads(json.dumps({"plane": state.describe(Space(plane, Linear(), 2.0))}))
        kept = state.read(facts, 5)
        np.testing.assert_allclose(kept.plane.origin, plane.origin)
        np.testing.assert_allclose(kept.plane.axes, plane.axes)
        assert (kept.plane.kind, kept.plane.dims, kept.shell) == (plane.kind, plane.dims, True)
        assert state.read(facts, 6).plane is None, "of another latent space"


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=3), inner),
    max_leaves=8,
)
KEYS = ("view", "layers", "scale", "plane", "pins", "points", "ellipse", "image")


@given(st.dictionaries(st.sampled_from(KEYS), JSON))
def test_a_damaged_state_is_passed_over(facts: dict) -> None:
    kept = state.read(facts, 2)
    assert -1 <= kept.active < max(1, len(kept.pins))
    assert kept.view is None or kept.view.span > 0


def test_a_plane_without_area_is_refused() -> None:
    facts = state.describe(Space(planes.pca(np.random.default_rng(0).random((9, 3))), Linear()))
    facts["axes"] = [[1.0, 0.0, 0.0], [2.0, 0.0, 0.0]]
    assert state.read({"plane": facts}, 3).plane is None


# Pins --------------------------------------------------------------------------------------------


def test_pins_can_be_undone_and_redone_and_steps_merge(qapp) -> None:
    undo = QUndoStack()
    board = PinBoard(undo)
    board.add(np.array([1.0, 2.0]))
    board.add(np.array([3.0, 4.0]))
    for _k in range(5):
        before = board.pins().z(1)
        after = before + 0.5
        board.preview(1, after)
        board.drop(1, before, after, merge=True)
    assert board.pins().points[1] == (5.5, 6.5)
    undo.undo()
    assert board.pins().points == ((1.0, 2.0), (3.0, 4.0)), "five steps are one entry"
    undo.undo()
    undo.undo()
    assert board.pins() == Pins()
    for _ in range(3):
        undo.redo()
    assert board.pins().points == ((1.0, 2.0), (5.5, 6.5))
    board.remove(0)
    assert board.pins().points == ((5.5, 6.5),)
    undo.undo()
    assert len(board.pins().points) == 2


def test_two_drags_are_two_entries(qapp) -> None:
    undo = QUndoStack()
    board = PinBoard(undo)
    board.add(np.zeros(2))
    for k in (1.0, 2.0):
        board.drop(0, board.pins().z(0), np.full(2, k), merge=False)
    undo.undo()
    assert board.pins().points == ((1.0, 1.0),)


# Timeline ----------------------------------------------------------------------------------------


def test_the_timeline_has_the_snapshots_and_then_the_model(qapp) -> None:
    line = TrainingTimeline()
    chosen: list[str] = []
    line.chosen.connect(chosen.append)
    ref = ModelRef("m", CARD, "m", None, ((0, "s0"), (600, "s600"), (1200, "s1200")))
    line.set_model(ref)
    assert (line.count(), line.index(), line.source()) == (4, 3, "m")
    line.set_index(1)
    assert chosen == ["s600"]
    assert line.label(1) == "step 600 of 1,200"
    assert line.title() == "training of m, 3 snapshots"
    more = ModelRef("m", CARD, "m", None, (*ref.snapshots, (2400, "s2400")))
    line.set_model(more)
    assert (line.source(), line.index(), line.count()) == ("s600", 1, 5), "the hand's place stays"
    line.set_model(ModelRef("other", CARD, "other"))
    assert (line.count(), line.source()) == (0, "other")


def test_the_panel_is_there_before_torch() -> None:
    import subprocess
    import sys

    code = (
        "import sys, genstudio.ui.panels.manifold;"
        "sys.exit(sum(name in sys.modules for name in ('torch', 'pyqtgraph', 'scipy')))"
    )
    assert subprocess.run([sys.executable, "-c", code], timeout=60).returncode == 0
