"""What brings the Denoise panel back as it was: view, kind, settings; never the records."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from genstudio.ui.panels._denoise_settings import MOST_GUIDANCE, MOST_POINTS, MOST_SEED
from genstudio.ui.panels._denoise_wanted import MODELS_OF, Wanted

if TYPE_CHECKING:
    from genstudio.ui.panels.denoise import Denoise

MOST_STEPS = 4000
SAMPLERS = ("ddpm", "ddpm-large", "ddim", "dpmpp")


def keep(panel: Denoise) -> dict[str, Any]:
    """The panel's state as JSON."""
    return {
        "mode": panel.mode,
        "kind": panel.kind,
        "image": panel.image,
        "settings": {kind: asdict(wanted) for kind, wanted in panel.settings.own().items()},
        "folds": {key: fold.shown() for key, fold in panel.column.folds.items()},
        "modes": {key: mode.state() for key, mode in panel.modes.items()},
    }


def bring_back(panel: Denoise, state: dict[str, Any]) -> None:
    """Take back what `keep` gave; what is damaged is passed over."""
    panel.set_kind(str(state.get("kind", "")))
    image = state.get("image")
    if type(image) is int and 0 <= image < MOST_POINTS:
        panel.choose_image(image)
    settings = state.get("settings")
    if isinstance(settings, dict):
        now = panel.settings.own()
        own = {
            kind: _wanted(settings[kind], now.get(kind, Wanted.first(kind)))
            for kind in MODELS_OF
            if isinstance(settings.get(kind), dict)
        }
        mine = panel.settings.restore_own(own)
        if mine is not None:
            panel.starter.restore(mine)
    folds = state.get("folds")
    if isinstance(folds, dict):
        for key, shown in folds.items():
            if key in panel.column.folds and isinstance(shown, bool):
                panel.column.folds[key].set_shown(shown)
    modes = state.get("modes")
    if isinstance(modes, dict):
        for key, kept in modes.items():
            if key in panel.modes and isinstance(kept, dict):
                panel.modes[key].restore(kept)
    mode = state.get("mode")
    if isinstance(mode, str) and mode in panel.modes:
        panel.mode = mode
        panel.set_mode(mode)


def _wanted(kept: dict[str, Any], now: Wanted) -> Wanted:
    label = kept.get("label")
    return Wanted(
        sampler=kept["sampler"] if kept.get("sampler") in SAMPLERS else now.sampler,
        eta=_number(kept.get("eta"), 0.0, 1.0, now.eta),
        steps=_whole(kept.get("steps"), 1, MOST_STEPS, now.steps),
        label=label if type(label) is int and 0 <= label <= 1000 else None,
        guidance=_number(kept.get("guidance"), 0.0, MOST_GUIDANCE, now.guidance),
        seed=_whole(kept.get("seed"), 0, MOST_SEED, now.seed),
        n=_whole(kept.get("n"), 1, MOST_POINTS, now.n),
        clip=kept.get("clip") is not False,
    )


def _whole(value: Any, low: int, high: int, default: int) -> int:
    return value if type(value) is int and low <= value <= high else default


def _number(value: Any, low: float, high: float, default: float) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not low <= value <= high:
        return default
    return float(value)
