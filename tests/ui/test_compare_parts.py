"""What the Compare panel decides without a window: links, colours, tables, sentences."""

from __future__ import annotations

import csv
import io
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from genstudio.abilities import Card
from genstudio.metrics.gap_table import FIGURES, Line, as_csv, as_markdown, best, lines
from genstudio.ui.panels import _compare_scale as scales
from genstudio.ui.panels._compare_link import Quantiles, nearest_row, row_of
from genstudio.ui.panels._compare_moon_text import claim, finding, measured, reason
from genstudio.ui.panels._compare_rows import mse
from genstudio.ui.panels._compare_slots import misfit
from genstudio.ui.panels._compare_verdict import sentences

NAMES = {"prior": "N(0, I)", "gaussian": "Gaussian", "encodings": "Held-out"}

# Links --------------------------------------------------------------------------------------------


def test_a_quantile_is_the_share_of_encodings_below() -> None:
    rng = np.random.default_rng(0)
    xy = rng.normal(size=(4001, 2)) * (3.0, 0.2) + (5.0, -1.0)
    link = Quantiles(xy)
    for point in ((5.0, -1.0), (2.0, -0.8), (9.0, -1.3)):
        below = (xy < point).mean(0)
        np.testing.assert_allclose(link.shares(point), below, atol=0.006)


def test_every_place_has_its_partner_and_comes_back() -> None:
    rng = np.random.default_rng(1)
    first, second = Quantiles(rng.normal(size=(500, 2))), Quantiles(rng.gamma(2, 3, (500, 2)))
    for point in ((0.3, -0.7), (-6.0, 8.0), (0.0, 0.0)):  # the second lies beyond all encodings
        there = second.coordinates(first.shares(point))
        back = first.coordinates(second.shares(there))
        np.testing.assert_allclose(back, point, atol=1e-6)


def test_codes_that_are_all_the_same_do_not_break_the_link() -> None:
    link = Quantiles(np.ones((50, 2)))
    assert np.isfinite(link.coordinates((0.5, 2.0))).all()
    assert np.isfinite(link.shares((3.0, 1.0))).all()


def test_rows_are_found_by_place_and_by_number() -> None:
    points = np.array([[0, 0], [1, 1], [5, 5]], np.float32)
    assert nearest_row((0.9, 1.3), points) == 1
    assert nearest_row((0, 0), np.empty((0, 2))) == -1
    assert row_of(7, np.array([3, 7, 9])) == 1 and row_of(8, np.array([3, 7, 9])) == -1


# Colours ------------------------------------------------------------------------------------------


def test_all_maps_have_one_scale_with_round_ends() -> None:
    low, high = np.linspace(-1.9, 0.2, 400), np.linspace(0.1, 3.1, 400)
    scale = scales.common("density", [low, high])
    assert (scale.low, scale.high) == (-2.0, 3.0)
    assert scales.common("gap", [low]) == scales.Range(0.0, 2.0), "thresholds need no data"
    assert scales.common("cycle", [high]).low == 0.0
    flat = scales.common("volume", [np.full(9, 1.5)])
    assert flat.high > flat.low
    assert scales.common("volume", []).high > scales.common("volume", []).low


def test_a_value_has_the_same_colour_in_every_map_and_nothing_is_grey() -> None:
    scale = scales.Range(0.0, 1.0)
    first = scales.paint("volume", np.array([[0.0, 0.5, np.nan]], np.float32), scale)
    second = scales.paint("volume", np.array([[0.5], [7.0]], np.float32), scale)
    assert tuple(first[0, 1]) == tuple(second[0, 0])
    assert tuple(first[0, 2]) == scales.UNKNOWN
    assert tuple(second[1, 0]) == tuple(scales.paint("volume", np.array([[1.0]]), scale)[0, 0])


def test_the_judge_never_speaks_alone() -> None:
    label = np.array([[2.0, 2.0, 2.0]])
    entropy = np.array([[0.0, 2.0, 0.0]])
    gap = np.array([[0.2, 0.2, 3.0]])
    sure, unsure, off = scales.paint_judge(label, entropy, gap)[0].astype(float)
    assert np.ptp(unsure) < np.ptp(sure), "paler where it is unsure"
    assert off.mean() < 0.6 * sure.mean() and np.ptp(off) < 0.4 * np.ptp(sure)


# Models -------------------------------------------------------------------------------------------


def card(**changes: object) -> Card:
    facts = {
        "name": "one",
        "family": "vae",
        "abilities": ("latent",),
        "shape": (1, 28, 28),
        "latent_dim": 2,
        "data": "mnist",
    }
    return Card(**{**facts, **changes})


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"abilities": ()}, "does not encode images"),
        ({"shape": (3, 64, 64)}, "3 x 64 x 64"),
        ({"shape": (2,)}, "makes points"),
        ({"data": "moon-phases:three"}, "learned moon-phases:three"),
        ({"latent_dim": 1}, "has one"),
    ],
)
def test_a_model_that_does_not_fit_is_told_in_one_sentence(
    changes: dict[str, object], words: str
) -> None:
    said = misfit(card(**changes), card())
    assert words in said and "Choose" in said


def test_models_of_one_kind_of_data_fit() -> None:
    assert misfit(card(), card(name="two")) == ""
    three = card(data="moon-phases:three")
    assert misfit(three, card(data="moon-phases")) == "", "cases of one data set"
    assert misfit(card(data=""), card()) == "", "a file that does not say what it learned"


# The report ---------------------------------------------------------------------------------------


def row(slot: str, sampler: str, holes: float, frechet: float, width: float = 0.01) -> Line:
    values = {figure.key: 0.5 for figure in FIGURES}
    values.update(hole_share=holes, frechet=frechet, path_gap=None)
    ends = {
        "hole_share": (holes - width, holes + width),
        "frechet": (frechet - 100 * width, frechet + 100 * width),
    }
    return Line(slot, {"A": "vae", "B": "ae"}[slot], sampler, values, ends, "", 1000)


def report_of(rows: list[Line], slot: str) -> dict[str, Any]:
    mine = {line.sampler: line for line in rows if line.slot == slot}
    samplers = {
        name: {**line.values, "intervals": dict.fromkeys(line.values, (0, 1)) | line.intervals}
        for name, line in mine.items()
    }
    own = "prior" if slot == "A" else "gaussian"
    return {**samplers[own], "sampler": own, "samplers": samplers}


def test_the_sampler_that_is_chosen_is_spoken_of() -> None:
    rows = [
        row("A", "prior", 0.10, 5.0),
        row("B", "prior", 0.40, 9.0),
        row("A", "gaussian", 0.12, 5.5),
        row("B", "gaussian", 0.02, 2.0),
        row("A", "mixture", 0.12, 5.5),
        row("B", "mixture", 0.02, 2.0),
    ]
    reports, titles = {s: report_of(rows, s) for s in "AB"}, {"A": "vae", "B": "ae"}
    wins, best = sentences(reports, titles, "prior")
    assert wins[0].startswith("With z drawn from N(0, I), vae wins in hole share (0.1 against 0.4")
    assert [text.split(" ")[0] for text in best] == ["vae", "ae", "ae"]
    assert "ae with a fitted Gaussian is the better one" in best[2]
    wins, _ = sentences(reports, titles, "mixture")
    assert len(wins) == 1 and "ae wins in hole share" in wins[0]


def test_two_of_one_name_are_told_apart_and_one_has_no_rival() -> None:
    rows = [row("A", "prior", 0.1, 5.0), row("B", "prior", 0.4, 9.0), row("B", "gaussian", 0, 1)]
    rows.append(row("A", "gaussian", 0.3, 5.0))
    reports = {s: report_of(rows, s) for s in "AB"}
    wins, _ = sentences(reports, {"A": "same", "B": "same"}, "prior")
    assert "same (A) wins" in wins[0]
    assert sentences({"A": reports["A"]}, {"A": "same"}, "prior")[0] == []


def test_lines_keep_the_order_of_the_report_and_gaps_in_it() -> None:
    report = {
        "samplers": {
            "prior": {"hole_share": 0.1, "path_gap": None, "intervals": {"hole_share": [0.0, 0.2]}},
            "gaussian": {"hole_share": 0.2, "bank": "real images", "n": 5, "intervals": {}},
        }
    }
    found = lines({"B": report}, {"B": "mine"})
    assert [(line.slot, line.model, line.sampler) for line in found] == [
        ("B", "mine", "prior"),
        ("B", "mine", "gaussian"),
    ]
    assert found[0].values["path_gap"] is None and found[0].intervals["hole_share"] == [0.0, 0.2]
    assert found[1].bank == "real images" and found[1].n == 5


def test_the_best_of_a_column_is_the_least_or_the_most() -> None:
    rows = [row("A", "prior", 0.1, 5.0), row("B", "prior", 0.4, 4.0)]
    by_key = {figure.key: best(rows, figure) for figure in FIGURES}
    assert by_key["hole_share"] == {0} and by_key["frechet"] == {1}
    assert by_key["precision"] == {0, 1}, "equal ones share it"
    assert by_key["frechet_floor"] == set() and by_key["path_gap"] == set()


def test_csv_reads_back() -> None:
    rows = [row("A", "prior", 0.123456, 5.0)]
    read = next(csv.DictReader(io.StringIO(as_csv(rows))))
    assert read["model"] == "vae" and float(read["hole_share"]) == 0.123456
    assert float(read["hole_share_low"]) == pytest.approx(0.113456)
    assert read["path_gap"] == ""


def test_markdown_is_a_table() -> None:
    text = as_markdown([row("A", "prior", 0.1, 5.0)], NAMES)
    head, rule, first = text.splitlines()
    assert head.count("|") == rule.count("|") == first.count("|") == len(FIGURES) + 4
    assert "10.0 (9.0 to 11.0)" in first and "N(0, I)" in first


# Pictures and sentences ---------------------------------------------------------------------------


def test_the_error_is_the_mean_square_in_grey_values() -> None:
    black, white = np.zeros((28, 28), np.uint8), np.full((28, 28), 255, np.uint8)
    assert mse(black, black) == 0.0 and mse(black, white) == 1.0


def strip(distance: list[float], grey: list[float]) -> SimpleNamespace:
    return SimpleNamespace(distance=np.array(distance), half_grey=np.array(grey))


def test_the_moon_is_told_from_what_was_measured() -> None:
    low, high = strip([0.01] * 10, [0.1] * 10), strip([0.2] * 5 + [0.0] * 5, [0.5] * 10)
    found = finding({"AE": high, "VAE": low, "cross-fade": high, "true moons": low}, 0.07, 19.6)
    assert found.off["AE"] == 0.5 and found.off["VAE"] == 0.0 and found.grey["AE"] == 0.5
    text = measured(found, {})
    assert text == (
        "Off every true moon: 50 % of the AE's frames, 0 % of the VAE's, 50 % of a cross-fade's:"
        " the VAE is nearer."
    )
    assert "lie 20 sigma apart" in reason({"a": found, "b": None})
    assert "three-quarter moon" in claim() and measured(None, {}) == "Measuring…"


def test_many_moons_are_told_beside_the_one() -> None:
    low = strip([0.01] * 10, [0.1] * 10)
    found = finding({"AE": low, "VAE": low, "cross-fade": low}, 0.07, 19.6)
    drag = {"model": {"off_share": 0.25}, "crossfade": {"off_share": 0.6}}
    one = {"n_drags": 32, "drag": drag, "off_share": {"prior": 0.9, "gaussian": 0.5}}
    other = {**one, "off_share": {"prior": 0.03, "gaussian": 0.8}}
    text = measured(found, {"AE": one, "VAE": other})
    assert text.endswith(
        "Over 32 moons: 25 %, 25 % and 60 %; of samples 50 % (AE, its Gaussian) and 3 % (VAE,"
        " N(0, I))."
    )


def test_the_moon_takes_nobodys_side() -> None:
    low, high = strip([0.01] * 10, [0.1] * 10), strip([0.2] * 5 + [0.0] * 5, [0.5] * 10)
    found = finding({"AE": low, "VAE": high, "cross-fade": high, "true moons": low}, 0.07, None)
    assert "the AE is nearer" in measured(found, {})
    alike = finding({"AE": high, "VAE": high, "cross-fade": high, "true moons": low}, 0.07, None)
    assert "no advantage for either" in measured(alike, {})
    assert reason({"a": alike}) == "", "no spread, no sigmas"
