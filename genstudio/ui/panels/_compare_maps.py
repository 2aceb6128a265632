"""The maps of two to four models under one cursor, with one layer and one colour scale."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np
from PySide6.QtCore import Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QGridLayout, QVBoxLayout, QWidget

from genstudio.ui import theme
from genstudio.ui.panels import _compare_scale as scales
from genstudio.ui.panels._compare_cursor import Cursor
from genstudio.ui.panels._compare_legend import ColourBar
from genstudio.ui.panels._compare_pane import Pane
from genstudio.ui.panels._compare_readout import Row
from genstudio.ui.panels._compare_scale import JUDGE, LAYERS, MEASURED, PICTURES
from genstudio.ui.panels._compare_slots import FEWEST, SLOTS, Slots, offered
from genstudio.ui.panels._manifold_text import figure
from genstudio.ui.panels._map_scene import Subset
from genstudio.ui.session import Session

NARROWEST_PX = 272  # of a pane beside others
N_POINTS = 2000


class Maps(QWidget):
    """One pane for each slot that holds a model."""

    layer_changed = Signal()

    def __init__(self, session: Session, slots: Slots, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.session, self.slots = session, slots
        self.layer = PICTURES
        self.points = True
        self.panes: dict[str, Pane] = {}  # in view, in order
        self._pool: dict[str, Pane] = {}
        self.cursor = Cursor(session, self.panes, self)
        self.cursor.value_rows = self._value_rows
        self.legend = ColourBar(self)
        self._grid = QGridLayout()
        self._grid.setSpacing(2 * theme.GRID)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(theme.GRID)
        column.addLayout(self._grid, 1)
        column.addWidget(self.legend)
        slots.changed.connect(self._show_models)
        session.weights_moved.connect(self._weights_moved)
        session.data_changed.connect(self._data_changed)
        session.library_changed.connect(self._offer)
        session.jobs_changed.connect(self._offer)
        self._show_models()
        self._show_legend(None)

    # Models ------------------------------------------------------------------------------------

    def _show_models(self) -> None:
        refs = self.slots.refs()
        self.cursor.together.forget()
        for slot in [slot for slot in self.panes if slot not in refs]:
            self.panes.pop(slot).forget()
        self.panes.update({slot: self._pane(slot) for slot in refs})
        for slot in SLOTS:  # in order: a slot that comes back stands where it was
            if slot in self.panes:
                self.panes[slot] = self.panes.pop(slot)
        first = next(iter(refs.values()), None)
        for slot, ref in refs.items():
            assert first is not None
            pane = self.panes[slot]
            pane.header.remove.setEnabled(len(refs) > FEWEST)
            pane.header.swap.setEnabled(len(refs) > 1)
            pane.show_model(ref, first.card)
        self._offer()
        self._arrange()
        self.cursor.ask_codes()
        self.cursor.again()

    def _pane(self, slot: str) -> Pane:
        if slot not in self._pool:
            pane = self._pool[slot] = Pane(self.session, slot, self)
            pane.header.chosen.connect(partial(self._choose, slot))
            pane.header.swap_wanted.connect(partial(self.slots.swap, slot))
            pane.header.remove_wanted.connect(partial(self.slots.remove, slot))
            pane.sampled.connect(self._sampled)
            pane.plane.set_layer_shown("points", self.points)
            pane.set_subset(Subset("test", N_POINTS))
            pane.show_layer("" if self.layer == PICTURES else self.layer)
            self.cursor.watch(pane)
        return self._pool[slot]

    def _choose(self, slot: str, source: str) -> None:
        if not source or not self.slots.choose(slot, source):
            self._offer()

    def _offer(self) -> None:
        rows = offered(self.session)
        for slot, ref in self.slots.refs().items():
            if slot in self.panes:
                self.panes[slot].header.picker.set_models(rows, ref.source, ref.title)

    def _weights_moved(self, slot: str, _step: int) -> None:
        if slot in self.panes and self.isVisible():
            self.panes[slot].refresh()
            self.cursor.again()

    def wake(self) -> None:
        """The panel is seen again: models in training have other weights by now."""
        for pane in self.panes.values():
            if pane.ref is not None and pane.ref.run is not None:
                pane.refresh()
        self.cursor.again()

    def _data_changed(self) -> None:
        for pane in self.panes.values():
            pane.scene.set_subset(pane.scene.subset)
            pane.layer.clear()
            pane.layer.ask()

    # The layer ---------------------------------------------------------------------------------

    def show_layer(self, layer: str) -> None:
        """Show one of LAYERS on every map."""
        if layer not in LAYERS:
            return
        self.layer = layer
        for pane in self._pool.values():
            pane.show_layer("" if layer == PICTURES or pane.slot not in self.panes else layer)
        self._show_legend(None)
        self.cursor.show_values()
        self.layer_changed.emit()

    def show_points(self, on: bool) -> None:
        """Show or hide the encoded images."""
        self.points = on
        for pane in self._pool.values():
            pane.plane.set_layer_shown("points", on)
        self.layer_changed.emit()

    def _sampled(self) -> None:
        """One colour scale over what all maps have now."""
        found = {slot: pane.layer.values() for slot, pane in self.panes.items()}
        if self.layer == JUDGE:
            for slot, values in found.items():
                if values:
                    colours = scales.paint_judge(*(values[k] for k in scales.FIELDS[JUDGE]))
                    self._put(slot, colours)
        elif self.layer in MEASURED:
            fields = [values[self.layer] for values in found.values() if values]
            scale = scales.common(self.layer, fields)
            for slot, values in found.items():
                if values:
                    self._put(slot, scales.paint(self.layer, values[self.layer], scale))
            self._show_legend(scale)
        self.cursor.show_values()

    def _put(self, slot: str, colours: np.ndarray) -> None:
        pane = self.panes[slot]
        if pane.layer.extent is not None:
            pane.plane.put_field(colours, pane.layer.extent)

    def _show_legend(self, scale: scales.Range | None) -> None:
        known = scale or scales.common(self.layer, [])
        if self.layer == PICTURES:
            title = self.tr("points: encoded test images by class")
            self.legend.show_scale(JUDGE, title, known)
            return
        title = self.layer_title(self.layer)
        mark = 1.0 if self.layer == "gap" else None
        self.legend.show_scale(self.layer, title, known, mark)

    def layer_title(self, layer: str) -> str:
        """What a layer shows, with its unit."""
        return {
            "gap": self.tr(
                "gap: distance of the picture to what the model can do, in thresholds;"
                " above 1 is off support"
            ),
            "density": self.tr("density of the encodings (kNN), log10 per unit of latent volume"),
            "volume": self.tr("decoder volume \u221adet J\u1d40J, log10 of pixel units"),
            "cycle": self.tr("cycle error |enc(dec z) \u2212 z|, latent units"),
            JUDGE: self.tr(
                "what the judge sees; pale: unsure; dark: off support, whatever it says"
            ),
        }.get(layer, "")

    def _value_rows(self, pane: Pane, at: tuple[float, float]) -> list[Row]:
        names = scales.FIELDS.get(self.layer, ())
        found = {name: pane.layer.at(*at, name) for name in names}
        if not found or not all(np.isfinite(v) for v in found.values()):
            return [(self._short(name), "\u2026") for name in names if pane.note.isHidden()]
        digits = {"label": 0}
        return [(self._short(name), figure(v, digits.get(name, 2))) for name, v in found.items()]

    def _short(self, name: str) -> str:
        return {
            "gap": self.tr("gap"),
            "density": self.tr("density"),
            "volume": self.tr("volume"),
            "cycle": self.tr("cycle"),
            "label": self.tr("judge"),
            "entropy": self.tr("entropy"),
        }[name]

    # Layout ------------------------------------------------------------------------------------

    def columns(self) -> int:
        """Panes side by side."""
        n = max(1, len(self.panes))
        return n if n <= 2 or (n == 3 and self.width() >= n * NARROWEST_PX) else 2

    def _arrange(self) -> None:
        for pane in self._pool.values():
            self._grid.removeWidget(pane)
            pane.setVisible(pane.slot in self.panes)
        columns = self.columns()
        for number, pane in enumerate(self.panes.values()):
            self._grid.addWidget(pane, number // columns, number % columns)
        for k in range(len(SLOTS)):
            self._grid.setColumnStretch(k, int(k < columns))
            self._grid.setRowStretch(k, int(k * columns < len(self.panes)))

    def resizeEvent(self, event: QResizeEvent) -> None:
        self._arrange()
        super().resizeEvent(event)

    # State -------------------------------------------------------------------------------------

    def state(self) -> dict[str, Any]:
        return {"layer": self.layer, "points": self.points, **self.cursor.state()}

    def restore(self, state: dict[str, Any]) -> None:
        if isinstance(state.get("points"), bool):
            self.show_points(state["points"])
        if isinstance(state.get("layer"), str):
            self.show_layer(state["layer"])
        self.cursor.restore(state)
