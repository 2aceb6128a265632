"""Which model wins where, in sentences made of the report's own numbers. No Qt."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from genstudio.ui.panels._compare_figures import FIGURES, Figure, Line, apart

Translate = Callable[[str], str]
HOLES, FRECHET = (next(f for f in FIGURES if f.key == key) for key in ("hole_share", "frechet"))


def verdict(
    rows: Sequence[Line], sampler: str, names: Mapping[str, str], tr: Translate = str
) -> list[str]:
    """What the rows say of z drawn by `sampler`, then which row of all is best."""
    here = [row for row in rows if row.sampler == sampler]
    said = []
    if len(here) > 1:
        said.append(_winner(here, HOLES, tr("fewest holes"), tr))
        said.append(_winner(here, FRECHET, tr("smallest Fréchet distance"), tr))
    drawn = [row for row in rows if row.sampler != "encodings"]  # those stand on real images
    if len({row.sampler for row in drawn}) > 1:
        said.append(_overall(drawn, names, tr))
    return [sentence for sentence in said if sentence]


def _ordered(rows: Sequence[Line], figure: Figure) -> list[Line]:
    known = [row for row in rows if row.values[figure.key] is not None]
    return sorted(known, key=lambda row: row.values[figure.key] or 0.0)


def _winner(rows: Sequence[Line], figure: Figure, what: str, tr: Translate) -> str:
    order = _ordered(rows, figure)
    if len(order) < 2:
        return ""
    first, second = order[0], order[1]
    if not apart(first, second, figure.key):
        text = tr("%1: no difference beyond chance between %2 (%3) and %4 (%5).")
    else:
        text = tr("%1: %2 with %3, before %4 with %5.")
    for mark, word in zip(
        ("%1", "%2", "%3", "%4", "%5"),
        (
            what[:1].upper() + what[1:],
            first.model,
            _number(first, figure),
            second.model,
            _number(second, figure),
        ),
    ):
        text = text.replace(mark, word)
    return text


def _overall(rows: Sequence[Line], names: Mapping[str, str], tr: Translate) -> str:
    order = _ordered(rows, FRECHET)
    if len(order) < 2:
        return ""
    first = order[0]
    rival = next((row for row in order if row.slot != first.slot), None)
    name = names.get(first.sampler, first.sampler)
    text = tr("Of all rows %1 with z from %2 comes nearest to real images, Fréchet %3")
    for mark, word in (("%1", first.model), ("%2", name), ("%3", _number(first, FRECHET))):
        text = text.replace(mark, word)
    if rival is None:
        return text + "."
    more = tr("; the best of another model is %1 with %2, %3.")
    if not apart(first, rival, FRECHET.key):
        more = tr("; %1 with %2, %3, is as good within chance.")
    there = names.get(rival.sampler, rival.sampler)
    for mark, word in (("%1", rival.model), ("%2", there), ("%3", _number(rival, FRECHET))):
        more = more.replace(mark, word)
    return text + more


def _number(row: Line, figure: Figure) -> str:
    return figure.with_unit(row.values[figure.key])
