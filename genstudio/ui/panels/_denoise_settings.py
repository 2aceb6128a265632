"""The Inspector's section "Sampler": how a run from noise walks, and what its record will take."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from PySide6.QtCore import QSignalBlocker, Qt, Signal
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from genstudio.tape import Plan
from genstudio.ui import theme
from genstudio.ui.panels._denoise_fork_fields import MOST_GUIDANCE, MOST_SEED, NO_CLASS, Box
from genstudio.ui.panels._denoise_plug import Section
from genstudio.ui.panels._denoise_settings_range import out_of_range
from genstudio.ui.panels._denoise_wanted import FIRST_IMAGES, MODELS_OF, Wanted, of_bytes
from genstudio.ui.widgets._tool import small_tool
from genstudio.ui.widgets.number_field import NumberField
from genstudio.ui.widgets.slider import Slider
from genstudio.ui.widgets.switch import Switch

__all__ = ["Settings", "Wanted", "of_bytes"]

if TYPE_CHECKING:
    from genstudio.latent.denoise import Process
    from genstudio.ui.session import ModelRef

MOST_IMAGES, MOST_POINTS = 64, 4096
FIELD_PX = 120  # room for the longest sampler


class Settings(Section):
    """Editors of a walk's settings. What does not apply is greyed, and says why in its tooltip."""

    changed = Signal()  # the hand changed a setting; a slider tells while it is dragged
    seed_wanted = Signal(int)
    run_wanted = Signal()
    again_wanted = Signal()  # sample with the weights of now

    key = "sampler"
    order = 10
    shown = True
    modes = ("denoise", "plane", "forward")

    def __init__(self) -> None:
        super().__init__()
        self.title = self.tr("Sampler")
        self.tip = self.tr("How a run goes from noise to images")
        self._points = False
        self._wanted = Wanted()
        self._wrong = ""  # what is wrong with a number that is being typed
        self._kind = ""  # of the model in view, one of MODELS_OF
        self._own: dict[str, Wanted] = {}  # of the kinds that are not in view
        self._sources: dict[str, str] = {}  # the model last seen of each kind
        self._limits: dict[NumberField, tuple[int, int]] = {}
        self._make_editors()
        self._make_rest()
        self._lay_out()
        self._wire()
        self._dress()

    def _make_editors(self) -> None:
        self.sampler = self._box(
            self.tr("Sampler"),
            self.tr(
                "ddpm: draws with noise of its own at each step (ddpm-large: with the larger "
                "variance). ddim: without noise at eta 0. dpmpp: DPM-Solver++ of second order, "
                "for few steps."
            ),
        )
        self.steps = self._field(1, 1000, self.tr("Steps from noise to the image"))
        self.label = self._box(
            self.tr("Class"), self.tr("Which class to draw; any: one for each image, by the seed")
        )
        self.seed = self._field(
            0, MOST_SEED, self.tr("The seed that the noise is drawn from; the same as above")
        )
        self.count = self._field(1, MOST_IMAGES, self.tr("How many images walk together"))
        self.dice = small_tool(
            self, "dice", self.tr("New noise: the next seed (R)"), self._next_seed
        )
        self.eta = Slider(
            self.tr("Eta"), 0.0, 1.0, 0.0, step=0.01,
            tip=self.tr("Noise that ddim adds at each step: 0 none, 1 as much as ddpm"),
        )  # fmt: skip
        self.guidance = Slider(
            self.tr("Guidance"), 0.0, MOST_GUIDANCE, 1.0, step=0.1,
            tip=self.tr("How much more the class counts: 1 is the model as trained, 0 forgets it"),
        )  # fmt: skip
        self.clip = self._switch(
            self.tr("Clip the clean guess"),
            self.tr("Keep the clean guess within the range of pixels; the noise follows from it"),
            on=True,
        )

    def _make_rest(self) -> None:
        self.record = theme.caption(QLabel())
        self.record.setWordWrap(True)
        self.error = theme.error(QLabel())
        self.error.setWordWrap(True)
        self.run = theme.primary(QPushButton(self.tr("Run these settings")))
        self.run.setToolTip(self.tr("Such a long run waits for this button"))
        self.live = QWidget()
        self.again = QPushButton(self.tr("Sample again"))
        self.again.setToolTip(self.tr("The same noise with the weights that there are now"))
        self.auto = self._switch(
            self.tr("Follow the training"),
            self.tr("Sample again by itself, each time a run is done and the weights have moved"),
        )
        for widget in (self.error, self.run, self.live):
            widget.hide()

    def _lay_out(self) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(theme.GRID)
        grid = QGridLayout()
        grid.setHorizontalSpacing(theme.GRID)
        grid.setVerticalSpacing(6)
        grid.setColumnStretch(0, 1)
        self._count_name = theme.quiet(QLabel(self.tr("Images")))
        names = (
            (theme.quiet(QLabel(self.tr("Sampler"))), self.sampler),
            (theme.quiet(QLabel(self.tr("Steps"))), self.steps),
            (theme.quiet(QLabel(self.tr("Class"))), self.label),
            (theme.quiet(QLabel(self.tr("Seed"))), self.seed),
            (self._count_name, self.count),
        )
        for row, (name, editor) in enumerate(names):
            name.setBuddy(editor)
            grid.addWidget(name, row, 0)
            grid.addWidget(editor, row, 1, Qt.AlignmentFlag.AlignRight)
            if editor is self.seed:  # beside the name: the Inspector has no room beside the field
                grid.addWidget(self.dice, row, 0, Qt.AlignmentFlag.AlignRight)
        column.addLayout(grid)
        column.addWidget(self.guidance)
        column.addWidget(self.eta)
        column.addWidget(self._switch_row(self.clip))
        live = QVBoxLayout(self.live)
        live.setContentsMargins(0, 0, 0, 0)
        live.setSpacing(theme.GRID)
        live.addWidget(self._switch_row(self.auto))
        live.addWidget(self.again)
        for widget in (self.live, self.record, self.error, self.run):
            column.addWidget(widget)

    def _wire(self) -> None:
        for box in (self.sampler, self.label):
            box.activated.connect(lambda _index: self._edited())
        for field in (self.steps, self.count, self.seed):
            field.committed.connect(lambda field=field: field.setModified(False))
            field.edited.connect(self._check)
        for field in (self.steps, self.count):
            field.committed.connect(self._edited)
        self.seed.committed.connect(self._seed_typed)
        for slider in (self.eta, self.guidance):
            slider.value_changed.connect(lambda _value: self._edited())
        self.clip.toggled.connect(lambda _on: self._edited())
        self.run.clicked.connect(lambda _=False: self.run_wanted.emit())
        self.again.clicked.connect(lambda _=False: self.again_wanted.emit())

    # Get and set -------------------------------------------------------------------------------

    def wanted(self) -> Wanted:
        """What is set; where a field holds no number, what it held before."""
        return self._wanted

    def set_wanted(self, wanted: Wanted) -> None:
        """Show these settings. No signal; a slider that the hand holds stays."""
        self._wanted = wanted
        self.sampler.setCurrentIndex(max(0, self.sampler.findData(wanted.sampler)))
        label = NO_CLASS if wanted.label is None else wanted.label
        self.label.setCurrentIndex(max(0, self.label.findData(label)))
        for field, value in (
            (self.steps, wanted.steps),
            (self.seed, wanted.seed),
            (self.count, wanted.n),
        ):
            if not (field.hasFocus() and field.isModified()):
                field.set_value(value)
        self.eta.set_value(wanted.eta)
        self.guidance.set_value(wanted.guidance)
        with QSignalBlocker(self.clip):
            self.clip.setChecked(wanted.clip)
        self._check()
        self._dress()

    def meet(self, source: str, points: bool) -> None:
        """A model comes into view. Models of images and of points keep settings of their own, but
        for the seed; the classes of another model are others: none is chosen.
        """
        kind, wanted = MODELS_OF[points], self._wanted
        if kind != self._kind:
            self._own = self.own()
            wanted = replace(self._own.get(kind, Wanted.first(kind)), seed=wanted.seed)
            self._kind = kind
        if self._sources.get(kind, source) != source:
            wanted = replace(wanted, label=None, guidance=1.0)
        self._sources[kind] = source
        self.set_wanted(wanted)

    def own(self) -> dict[str, Wanted]:
        """The settings of each kind of models that has been in view."""
        return self._own | ({self._kind: self._wanted} if self._kind else {})

    def restore_own(self, own: Mapping[str, Wanted]) -> Wanted | None:
        """Take back what `own` gave. Returns: what is for the model in view, not yet shown."""
        self._own.update(own)
        return own.get(self._kind)

    def use(self, ref: ModelRef | None, process: Process | None) -> None:
        if process is None:
            return
        before = [self.sampler.itemData(i) for i in range(self.sampler.count())]
        if before != list(process.samplers):
            self._fill(self.sampler, [(name, name) for name in process.samplers])
        self.set_classes([str(k) for k in range(process.n_classes)])
        self._limit(self.steps, 1, process.n_steps)
        self._points = process.points
        self._limit(self.count, 1, MOST_POINTS if process.points else MOST_IMAGES)
        self._count_name.setText(self.tr("Points") if process.points else self.tr("Images"))
        self.clip.parentWidget().setVisible(not process.points)
        self.live.setVisible(ref is not None and ref.run is not None)
        wanted = self._wanted
        if not process.points and wanted.n > MOST_IMAGES:
            wanted = replace(wanted, n=FIRST_IMAGES)
        if wanted.label is not None and wanted.label >= process.n_classes:
            wanted = replace(wanted, label=None)
        if wanted.sampler not in process.samplers:
            wanted = replace(wanted, sampler=process.samplers[-1])
        self.set_wanted(replace(wanted, steps=min(wanted.steps, process.n_steps)))

    def set_classes(self, names: Sequence[str]) -> None:
        """The classes by name; none for a model that was trained without labels."""
        self._fill(self.label, [(self.tr("any"), NO_CLASS), *((n, k) for k, n in enumerate(names))])
        label = NO_CLASS if self._wanted.label is None else self._wanted.label
        self.label.setCurrentIndex(max(0, self.label.findData(label)))
        self._dress()

    def show_record(self, plan: Plan | None, n: int, pending: bool, problem: str = "") -> None:
        """What the next run's record takes; `pending` says that it waits for its button."""
        self._say_wrong(self._wrong or problem)
        self.record.setVisible(plan is not None)
        self.run.setVisible(pending and plan is not None)
        if plan is None:
            return
        many = f"{n:,}"
        if self._points:
            things = self.tr("point") if n == 1 else self.tr("points")
        else:
            things = self.tr("image") if n == 1 else self.tr("images")
        size = of_bytes(plan.full_bytes)
        if plan.every == 1:
            words = self.tr("Record: {0} steps of {1} {2}, {3}. Every step is kept.")
            steps = f"{plan.n_frames - plan.first:,}"
            self.record.setText(words.format(steps, many, things, size))
            theme.role(self.record, "caption")
        else:
            words = self.tr("Record: {0} steps of {1} {2} would take {3}. One in {4} is kept: {5}.")
            kept = of_bytes(plan.kept_bytes)
            steps = f"{plan.n_frames - plan.first:,}"
            self.record.setText(words.format(steps, many, things, size, plan.every, kept))
            theme.role(self.record, "warning")

    # Private -----------------------------------------------------------------------------------

    def _box(self, name: str, tip: str) -> Box:
        box = Box(self)
        box.setAccessibleName(name)
        box.setToolTip(tip)
        box.setFixedWidth(FIELD_PX)
        return box

    def _field(self, low: int, high: int, tip: str) -> NumberField:
        field = NumberField(self, integer=True)
        field.setAccessibleName(tip)
        field.setFixedWidth(FIELD_PX)
        self._limit(field, low, high)
        return field

    def _limit(self, field: NumberField, low: int, high: int) -> None:
        self._limits[field] = (low, high)
        field.set_range(low, high)
        words = self.tr("{0}: {1} to {2}")
        field.setToolTip(words.format(field.accessibleName(), f"{low:,}", f"{high:,}"))

    def _switch(self, name: str, tip: str, *, on: bool = False) -> Switch:
        switch = Switch()
        switch.setChecked(on)
        switch.setAccessibleName(name)
        switch.setToolTip(tip)
        return switch

    def _switch_row(self, switch: Switch) -> QWidget:
        row = QWidget()
        inner = QHBoxLayout(row)
        inner.setContentsMargins(0, 0, 0, 0)
        name = theme.quiet(QLabel(switch.accessibleName()))
        name.setToolTip(switch.toolTip())
        inner.addWidget(name, 1)
        inner.addWidget(switch)
        return row

    @staticmethod
    def _fill(box: Box, items: Sequence[tuple[str, object]]) -> None:
        chosen = box.currentData()
        box.clear()
        for words, data in items:
            box.addItem(words, data)
        box.setCurrentIndex(max(0, box.findData(chosen)))

    def _next_seed(self) -> None:
        self.seed_wanted.emit((self._wanted.seed + 1) % (MOST_SEED + 1))

    def _seed_typed(self) -> None:
        if self._check():
            self.seed_wanted.emit(int(self.seed.value() or 0))

    def _edited(self) -> None:
        if not self._check():
            return
        label = self.label.currentData()
        self._wanted = replace(
            self._wanted,
            sampler=str(self.sampler.currentData()),
            eta=self.eta.value(),
            steps=int(self.steps.value() or 1),
            label=None if label in (NO_CLASS, None) else int(label),
            guidance=self.guidance.value(),
            n=int(self.count.value() or 1),
            clip=self.clip.isChecked(),
        )
        self._dress()
        self.changed.emit()

    def _check(self) -> bool:
        """Whether every field holds a number within its range; what is wrong is said."""
        wrong = ""
        for field, name in (
            (self.steps, self.tr("Steps")),
            (self.count, self.tr("Points") if self._points else self.tr("Images")),
            (self.seed, self.tr("Seed")),
        ):
            low, high = self._limits[field]
            said = out_of_range(field, name, high, low)
            wrong = wrong or said
        self._wrong = wrong
        self._say_wrong(wrong)
        return not wrong

    def _say_wrong(self, sentence: str) -> None:
        self.error.setText(sentence)
        self.error.setVisible(bool(sentence))

    def _dress(self) -> None:
        """Grey what does not apply."""
        known = self.label.count() > 1
        self.label.setEnabled(known)
        self.eta.setEnabled(self.sampler.currentData() == "ddim")
        self.guidance.setEnabled(known and self.label.currentData() != NO_CLASS)
        if not known:
            why = self.tr("This model was trained without classes.")
        elif not self.guidance.isEnabled():
            why = self.tr("Guidance needs a class: choose one.")
        else:
            why = ""
        self.guidance.setToolTip(why)
        self.label.setToolTip(
            self.tr("Which class to draw; any: one for each image, by the seed")
            if known
            else self.tr("This model was trained without classes.")
        )
        self.eta.setToolTip("" if self.eta.isEnabled() else self.tr("Eta belongs to ddim alone."))
