"""What the Compare panel decides without a window: links, colours, tables, sentences."""

from __future__ import annotations

import csv
import io
from types import SimpleNamespace

import numpy as np
import pytest

from genstudio.abilities import Card
from genstudio.ui.panels import _compare_scale as scales
from genstudio.ui.panels._compare_figures import FIGURES, Line, as_csv, as_markdown, best, lines
from genstudio.ui.panels._compare_link import Quantiles, nearest_row, row_of
from genstudio.ui.panels._compare_moon_text import conclusion, finding
from genstudio.ui.panels._compare_rows import mse
from genstudio.ui.panels._compare_slots import misfit
from genstudio.ui.panels._compare_verdict import verdict

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


def test_the_winner_is_named_where_intervals_are_apart() -> None:
    rows = [row("A", "prior", 0.10, 5.0), row("B", "prior", 0.40, 9.0)]
    said = verdict(rows, "prior", NAMES)
    assert said[0] == "Fewest holes: vae with 10.0 %, before ae with 40.0 %."
    assert said[1] == "Smallest Fréchet distance: vae with 5.0, before ae with 9.0."


def test_chance_is_called_chance() -> None:
    rows = [row("A", "prior", 0.10, 5.0, 0.05), row("B", "prior", 0.12, 6.0, 0.05)]
    said = verdict(rows, "prior", NAMES)
    assert said[0].startswith("Fewest holes: no difference beyond chance between vae (10.0 %)")


def test_the_autoencoder_wins_where_it_does() -> None:
    rows = [
        row("A", "prior", 0.10, 5.0),
        row("B", "prior", 0.40, 9.0),
        row("A", "gaussian", 0.12, 5.5),
        row("B", "gaussian", 0.02, 2.0),
        row("A", "encodings", 0.0, 0.5),  # stands on real images and is no way to sample
    ]
    assert verdict(rows, "gaussian", NAMES)[0].startswith("Fewest holes: ae with 2.0 %")
    overall = verdict(rows, "prior", NAMES)[-1]
    assert overall == (
        "Of all rows ae with z from Gaussian comes nearest to real images, Fréchet 2.0;"
        " the best of another model is vae with N(0, I), 5.0."
    )


def test_one_model_has_no_rival() -> None:
    assert verdict([row("A", "prior", 0.1, 5.0)], "prior", NAMES) == []
    both = [row("A", "prior", 0.1, 5.0), row("A", "gaussian", 0.1, 4.0)]
    assert verdict(both, "prior", NAMES)[-1].endswith("Fréchet 4.0.")


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
    assert head.count("|") == rule.count("|") == first.count("|") == len(FIGURES) + 3
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
    text = conclusion({"a": found, "b": None})
    assert "(a) off every true moon are 50 % of the AE's frames, 0 % of the VAE's" in text
    assert "the VAE is nearer" in text and "(b) is not measured yet" in text
    assert "lie 20 sigma apart" in text


def test_the_moon_takes_nobodys_side() -> None:
    low, high = strip([0.01] * 10, [0.1] * 10), strip([0.2] * 5 + [0.0] * 5, [0.5] * 10)
    found = finding({"AE": low, "VAE": high, "cross-fade": high, "true moons": low}, 0.07, None)
    assert "the AE is nearer" in conclusion({"b": found})
    alike = finding({"AE": high, "VAE": high, "cross-fade": high, "true moons": low}, 0.07, None)
    text = conclusion({"a": alike})
    assert "no advantage for either" in text and "sigma" not in text
