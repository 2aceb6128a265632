"""Latent arithmetic: a - b + c over the slots, and a step from one class towards another."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import numpy as np
from PySide6.QtCore import Signal
from PySide6.QtWidgets import (
    QComboBox,
    QHBoxLayout,
    QLabel,
    QMenu,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from genstudio.engine.messages import Answer, Failure
from genstudio.ui import theme
from genstudio.ui.panels._interpolate_board import LETTERS
from genstudio.ui.panels._interpolate_codes import Codes
from genstudio.ui.panels._interpolate_equation import Equation
from genstudio.ui.session import Priority, Session
from genstudio.ui.widgets.slider import Slider

REACH = 2.0  # of the slider on both sides: differences of two class means


class _Sums(QWidget):
    """Shared by both: the model, the result, and the button that puts it into a slot."""

    taken = Signal(int, object, str)  # slot, z, title

    def __init__(self, session: Session, codes: Codes) -> None:
        super().__init__()
        self._session, self._codes = session, codes
        self._source = ""
        self._z: np.ndarray | None = None
        self._title = ""
        self.put = QPushButton(self.tr("Put into…"))
        self.put.setToolTip(self.tr("Put the result into slot A, B, C or D"))
        menu = QMenu(self.put)
        for place, letter in enumerate(LETTERS):
            menu.addAction(self.tr("Slot %1").replace("%1", letter), partial(self._take, place))
        self.put.setMenu(menu)
        self.put.setEnabled(False)
        self.says = theme.error(QLabel())
        self.says.setWordWrap(True)
        self.says.hide()
        self.equation: Equation

    def result(self) -> np.ndarray | None:
        """The code (D,) that stands at the right."""
        return self._z

    def use(self, source: str, data: str) -> None:
        """Another model or data set."""
        self._source = source
        self.again()

    def again(self) -> None:
        """Compute it anew, if it is looked at."""
        raise NotImplementedError

    def say(self, sentence: str) -> None:
        self.says.setText(sentence)
        self.says.setVisible(bool(sentence))

    def _decode(self, z: np.ndarray | None, title: str, priority: Priority) -> None:
        self._z, self._title = z, title
        self.put.setEnabled(z is not None)
        last = len(self.equation.views) - 1
        if z is None or not self._source:
            self._session.cancel(self, "result")
            self.equation.set_image(last, None)
            return
        self._session.ask(
            self,
            "result",
            "latent.probe:decode",
            model=self._source,
            priority=priority,
            then=lambda answer: self.equation.set_image(last, answer.value.image),
            failed=lambda failure: self.say(failure.sentence()),
            z=z,
        )

    def _take(self, place: int) -> None:
        if self._z is not None:
            self.taken.emit(place, self._z, self._title)


def _choice(parent: QWidget, items: Sequence[str], current: int, name: str, tip: str) -> QComboBox:
    box = QComboBox(parent)
    for number, item in enumerate(items):
        box.addItem(item, number)
    box.setCurrentIndex(current)
    box.setAccessibleName(name)
    box.setToolTip(tip)
    box.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
    box.setMinimumContentsLength(1)
    box.setMinimumWidth(40)
    return box


class Analogy(_Sums):
    """a - b + c: what leads from b to a, added to c."""

    def __init__(self, session: Session, codes: Codes) -> None:
        super().__init__(session, codes)
        self.equation = Equation(("A", "B", "C", ""), ("−", "+", "="))
        self.boxes = []
        row = QHBoxLayout()
        row.setSpacing(4)
        for place, name in enumerate("abc"):
            tip = self.tr("Slot whose code stands for %1 in a - b + c").replace("%1", name)
            box = _choice(self, LETTERS, place, tip, tip)
            box.activated.connect(lambda _: self.again())
            self.boxes.append(box)
            row.addWidget(box, 1)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(theme.GRID)
        column.addLayout(row)
        column.addWidget(self.equation)
        column.addWidget(self.says)
        column.addWidget(self.put)
        codes.coded.connect(self.again)

    def again(self) -> None:
        if self.isHidden() or not self._source:
            return
        places = [box.currentIndex() for box in self.boxes]
        found = [self._codes.code(place) for place in places]
        for number, place in enumerate(places):
            self.equation.set_image(number, self._codes.at(place).picture)
            self.equation.set_caption(number, LETTERS[place])
        empty = [LETTERS[p] for p, z in zip(places, found, strict=True) if z is None]
        if empty:
            text = self.tr("Slot %1 is empty: fill it to compute a − b + c.")
            self.say(text.replace("%1", empty[0]))
            self._decode(None, "", Priority.PICTURE)
            return
        from genstudio.latent.arithmetic import analogy  # a code means that torch is here

        self.say("")
        title = "{} − {} + {}".format(*(LETTERS[p] for p in places))
        self._decode(analogy(*found), title, Priority.PICTURE)  # type: ignore[arg-type]


class ClassStep(_Sums):
    """base + s (mean of one class - mean of another), s under the hand."""

    def __init__(self, session: Session, codes: Codes) -> None:
        super().__init__(session, codes)
        self._data = ""
        self._means: np.ndarray | None = None  # (K, D)
        self._names: tuple[str, ...] = ()
        self._known: tuple[str, str] = ("", "")
        self.equation = Equation(("A", "A + s (…)"), ("→",))
        self.base = _choice(self, LETTERS, 0, self.tr("Base"), self.tr("The slot to begin from"))
        tip = self.tr("The step leads from the mean code of this class")
        self.start = _choice(self, (), 0, self.tr("From class"), tip)
        tip = self.tr("The step leads to the mean code of this class")
        self.end = _choice(self, (), 0, self.tr("To class"), tip)
        self.step = Slider(
            self.tr("Step s"), -REACH, REACH, 0.0, step=0.01, tip=self.tr("1 is the whole step")
        )
        self.step.value_changed.connect(lambda _: self._show(Priority.POINTER))
        for box in (self.base, self.start, self.end):
            box.activated.connect(lambda _: self.again())
        first, second = QHBoxLayout(), QHBoxLayout()
        first.addWidget(theme.quiet(QLabel(self.tr("Begin at slot"))), 1)
        first.addWidget(self.base)
        second.addWidget(self.start, 1)
        second.addWidget(theme.quiet(QLabel(self.tr("to"))))
        second.addWidget(self.end, 1)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(theme.GRID)
        column.addLayout(first)
        column.addLayout(second)
        column.addWidget(self.step)
        column.addWidget(self.equation)
        column.addWidget(self.says)
        column.addWidget(self.put)
        codes.coded.connect(self.again)

    def use(self, source: str, data: str) -> None:
        self._data = data
        self._known = ("", "")
        super().use(source, data)

    def again(self) -> None:
        if self.isHidden() or not self._source:
            return
        if self._known != (self._source, self._data):
            self._known = (self._source, self._data)
            self._session.ask(
                self,
                "means",
                "latent.arithmetic:class_means",
                model=self._source,
                priority=Priority.SHEET,
                then=self._take_means,
                failed=self._refused,
                data=self._data,
            )
        self._show(Priority.PICTURE)

    def _take_means(self, answer: Answer) -> None:
        if answer.value is None:
            return
        self._means = np.asarray(answer.value.means)
        if tuple(answer.value.names) != self._names:
            self._names = tuple(answer.value.names)
            for box, current in ((self.start, 0), (self.end, 1)):
                box.clear()
                for number, name in enumerate(self._names):
                    box.addItem(name, number)
                box.setCurrentIndex(min(current, len(self._names) - 1))
        self.say("")
        self._show(Priority.PICTURE)

    def _refused(self, failure: Failure) -> None:
        self._means = None
        self.say(failure.sentence())
        self._decode(None, "", Priority.PICTURE)

    def _show(self, priority: Priority) -> None:
        place = self.base.currentIndex()
        base = self._codes.code(place)
        self.equation.set_image(0, self._codes.at(place).picture)
        self.equation.set_caption(0, LETTERS[place])
        a, b, s = self.start.currentIndex(), self.end.currentIndex(), self.step.value()
        means = self._means
        if base is None or means is None or a < 0 or b < 0 or means.shape[1] != len(base):
            self._decode(None, "", priority)
            return
        way = means[b] - means[a]
        if not np.isfinite(way).all():
            self.say(self.tr("No image of one of these classes was encoded. Choose another."))
            self._decode(None, "", priority)
            return
        title = f"{LETTERS[place]} {s:+.2f} ({self._names[b]} − {self._names[a]})"
        self.equation.set_caption(1, title)
        self._decode(np.asarray(base + s * way, np.float32), title, priority)
