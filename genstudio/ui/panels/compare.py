"""Compare: two to four models under one cursor, their gaps measured, and two questions answered."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from PySide6.QtCore import Qt
from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import QHBoxLayout, QWidget

from genstudio.abilities import Card
from genstudio.metrics.gap_table import SAMPLERS
from genstudio.ui import theme
from genstudio.ui.panel import Panel, PanelSpec, Timeline, save_png
from genstudio.ui.panels import _compare_tour
from genstudio.ui.panels._compare_maps import Maps
from genstudio.ui.panels._compare_moon import Moon
from genstudio.ui.panels._compare_more_sections import (
    MoonSection,
    ReportSection,
    RowsSection,
    TermsSection,
)
from genstudio.ui.panels._compare_report import Report
from genstudio.ui.panels._compare_reports import SAMPLES
from genstudio.ui.panels._compare_rows import Rows
from genstudio.ui.panels._compare_sections import Column, MapsSection
from genstudio.ui.panels._compare_slots import FEWEST, MOST, Slots
from genstudio.ui.panels._compare_terms import BETAS, Terms
from genstudio.ui.panels._compare_text import HELP, VIEWS
from genstudio.ui.session import Session
from genstudio.ui.widgets._tool import small_tool
from genstudio.ui.widgets.banner import EmptyState
from genstudio.ui.widgets.elided_label import ElidedLabel
from genstudio.ui.widgets.segmented import Segmented
from genstudio.ui.widgets.stage import Stage


class Compare(Panel):
    """Views of the same models: maps, reconstructions, the gap report, and two experiments."""

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self.slots = Slots(session, self)
        self.maps = Maps(session, self.slots, self)
        self.rows = Rows(session, self.slots, self)
        self.report = Report(session, self.slots, self)
        self.terms = Terms(session, self)
        self.moon = Moon(session, self)
        self.column = Column()
        self.view = "maps"
        self._lay_out()
        self.slots.changed.connect(self._slots_changed)
        session.image_offered.connect(self._image_offered)
        self.rows.image_picked.connect(self._image_picked)
        self.report.sampler_chosen.connect(lambda _name: self.timeline_changed.emit())
        self._slots_changed()

    def _lay_out(self) -> None:
        self.title = theme.title(ElidedLabel())
        self.views = Segmented(
            [
                ("maps", self.tr("Maps")),
                ("rows", self.tr("Reconstructions")),
                ("report", self.tr("Gap report")),
                ("terms", self.tr("Both terms")),
                ("moon", self.tr("Moon")),
            ]
        )
        self.views.setAccessibleName(self.tr("What is compared"))
        self.views.setToolTip(
            self.tr(
                "Maps, reconstructions, the gap report, and two experiments: one view at a time"
            )
        )
        self.views.changed.connect(lambda view: self.show_view(str(view)))
        self.add = small_tool(self, "plus", self.tr("Add a model, four at most"), self.slots.add)
        self.pages = Stage()
        for page in (self.maps, self.rows, self.report, self.terms, self.moon):
            self.pages.addWidget(page)
        self.empty = EmptyState(self.tr("No model is compared."), icon="compare")
        self.empty.set_button(self.tr("Compare two models"))
        self.empty.pressed.connect(self.activated)
        self.pages.addWidget(self.empty)
        again = QShortcut(QKeySequence("R"), self)
        again.setContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
        again.activated.connect(self._again)
        maps = MapsSection(self.maps)
        maps.preset_chosen.connect(self.slots.put)
        self.column.put("maps", maps)
        self.column.put("rows", RowsSection(self.rows))
        self.column.put("report", ReportSection(self.report))
        self.column.put("terms", TermsSection(self.terms))
        self.column.put("moon", MoonSection(self.moon))
        self.column.help_wanted.connect(self.show_help)
        head = QHBoxLayout()
        head.setSpacing(theme.GRID)
        head.addWidget(self.title, 1)
        bar = QHBoxLayout()
        bar.setSpacing(theme.GRID)
        bar.addWidget(self.views)
        bar.addStretch(1)
        bar.addWidget(self.add)
        column = self.lay_column()
        column.addLayout(head)
        column.addLayout(bar)
        column.addWidget(self.pages, 1)
        self.show_view("maps")

    # Panel -------------------------------------------------------------------------------------

    def inspector(self) -> QWidget:
        return self.column

    def timeline(self) -> Timeline | None:
        if self.view == "moon":
            return self.moon.timeline
        if self.view == "terms":
            return self.terms.timeline
        if self.view == "report" and self.report.sheets.sampler == "mixture":
            return self.report.sheets.rounds
        return None

    def activated(self) -> None:
        """Fewer than two models are joined by others; those in training are looked at anew."""
        shown = self.slots.sources()
        if len(shown) < FEWEST:
            self.slots.put((*shown, *self.slots.others(FEWEST - len(shown))), silently=True)
        self.maps.wake()

    def show_view(self, view: str) -> None:
        """Bring one of VIEWS to the front."""
        if view not in VIEWS:
            return
        self.view = view
        self.views.set_value(view)
        self._show_page()
        self.column.show_view(view)
        self.timeline_changed.emit()

    def _show_page(self) -> None:
        """The view, or where there is no model at all the sentence that says so."""
        own = self.view in ("terms", "moon")  # these bring their own models
        filled = own or bool(self.slots.refs())
        self.pages.setCurrentIndex(VIEWS.index(self.view) if filled else len(VIEWS))

    def _again(self) -> None:
        """Other images, or another moon."""
        if self.view == "rows":
            self._section("rows").shuffle.click()
        elif self.view == "moon":
            self._section("moon").shuffle.click()

    def _section(self, view: str) -> Any:
        return self.column.sections[view]

    def _slots_changed(self) -> None:
        refs = self.slots.refs()
        names = [ref.title for ref in refs.values()]
        self.title.setText(self.tr("Compare %1").replace("%1", ", ".join(names)))
        self.add.setEnabled(len(refs) < MOST)
        self._show_page()

    def _image_picked(self, image: np.ndarray) -> None:
        self.maps.cursor.offer(image)
        self.show_view("maps")

    def _image_offered(self, image: np.ndarray, _title: str) -> None:
        if self.isVisible():
            self.maps.cursor.offer(image)

    def export_png(self, path: Path) -> None:
        save_png(self.pages.currentWidget().grab(), path)

    # State -------------------------------------------------------------------------------------

    def state(self) -> dict[str, Any]:
        return {
            "view": self.view,
            "maps": self.maps.state(),
            "images": self.rows.seed,
            "samples": self.report.reports.n,
            "sampler": self.report.sheets.sampler,
            "beta": self.terms.beta,
            "moon": {"seed": self.moon.seed, "position": self.moon.timeline.index()},
        }

    def restore(self, state: dict[str, Any]) -> None:
        maps = state.get("maps")
        if isinstance(maps, dict):
            self.maps.restore(maps)
        if _whole(state.get("images")):
            self._section("rows").show_seed(state["images"])
        if state.get("samples") in SAMPLES:
            self.report.reports.set_n(state["samples"])
        if state.get("sampler") in SAMPLERS:
            self.report.show_sampler(state["sampler"])
        if state.get("beta") in dict(BETAS):
            self.terms.show_beta(float(state["beta"]))
        moon = state.get("moon")
        if isinstance(moon, dict):
            if _whole(moon.get("seed")):
                self._section("moon").show_seed(moon["seed"])
            if _whole(moon.get("position")):
                self.moon.timeline.set_index(moon["position"])
        self.show_view(str(state.get("view", "")))

    tour = _compare_tour.tour


def _whole(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 1 << 31


def serves(card: Card) -> str | None:
    """Always: a model that has no map says so in its pane."""
    return None


PANEL = PanelSpec(
    key="compare",
    title="Compare",
    icon="compare",
    order=30,
    factory=Compare,
    serves=serves,
    help=HELP,
    shortcut="Ctrl+3",
)
