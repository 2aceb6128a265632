"""The tree of runs in the Inspector: a picture of what each has made, and what can be done."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QPoint, Qt, QTimer, Signal
from PySide6.QtGui import QColor, QImage, QPainter, QShowEvent
from PySide6.QtWidgets import QHBoxLayout, QMenu, QPushButton, QVBoxLayout

from genstudio.ui import theme
from genstudio.ui.panels import _denoise_fork_text as text
from genstudio.ui.panels._denoise_compare_pair import Pair
from genstudio.ui.panels._denoise_plug import Section
from genstudio.ui.panels._denoise_recipe import Run, RunState
from genstudio.ui.panels._denoise_tree import PICTURE_PX, RunTree, Twig
from genstudio.ui.widgets._tool import small_tool
from genstudio.ui.widgets.image_grid import mosaic
from genstudio.ui.widgets.latent_plane import small_image

if TYPE_CHECKING:
    from genstudio.ui.panels.denoise import Denoise

REFRESH_MS = 200  # between two looks at growing runs
TILES = 4  # images of a batch in one small picture
DOTS = 256  # points of one: painting thousands takes the window as long as a frame


class TreeSection(Section):
    """The tree and its small bar."""

    fork_wanted = Signal()

    key = "runs"
    order = 25
    shown = True
    modes = ("denoise", "plane", "duel")

    def __init__(self, panel: Denoise, pair: Pair) -> None:
        super().__init__()
        self.title = self.tr("Runs")
        self.tip = self.tr("All runs of this model and what was forked from them")
        self._panel, self._pair = panel, pair
        self.tree = RunTree()
        self.compare = small_tool(
            self, "compare", self.tr("See the run in front beside another (C chooses which)"),
            self._compare,
        )  # fmt: skip
        self.remove = small_tool(
            self, "trash", self.tr("Take the run in front away, with its forks (Delete)"),
            self._remove_current,
        )  # fmt: skip
        self.fork = theme.primary(QPushButton(self.tr("Fork")))
        self.fork.setToolTip(
            self.tr("Leave the run in front at the step shown (F), with the settings below")
        )
        self.fork.clicked.connect(lambda _=False: self.fork_wanted.emit())
        self.duel = QPushButton(self.tr("Duel"))
        self.duel.setToolTip(self.tr("Two samplers or step counts from the same noise"))
        self.duel.clicked.connect(lambda _=False: panel.set_mode("duel"))
        row = QHBoxLayout()
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(theme.GRID)
        for button in (self.fork, self.duel):
            row.addWidget(button, 1)
        for tool in (self.compare, self.remove):
            row.addWidget(tool)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(theme.GRID)
        column.addLayout(row)
        column.addWidget(self.tree)
        self._pictures: dict[int, _Small] = {}  # by run
        theme.notifier().changed.connect(self._pictures.clear)
        self._pace = QTimer(self, singleShot=True, interval=REFRESH_MS)
        self._pace.timeout.connect(self.refresh)
        self.tree.chosen.connect(panel.runs.choose)
        self.tree.partner_chosen.connect(pair.set_partner)
        self.tree.removed.connect(panel.runs.delete)
        self.tree.menu_wanted.connect(self._menu)
        panel.runs.changed.connect(self.refresh)
        panel.runs.chosen.connect(lambda _run: self.refresh())
        panel.runs.grew.connect(lambda _run: self._grew())
        panel.image_chosen.connect(lambda _index: self.refresh())
        panel.watch.picture.alone_changed.connect(lambda _alone: self.refresh())
        panel.mode_changed.connect(self._mode_changed)
        pair.changed.connect(self.refresh)
        self.refresh()

    def _mode_changed(self, mode: str) -> None:
        """Where runs stand side by side no step can be forked; tree and menu do the rest."""
        for button in (self.fork, self.remove):
            button.setVisible(mode != "duel")
        for button in (self.duel, self.compare):
            button.setVisible(mode == "denoise")

    # What is shown -----------------------------------------------------------------------------

    def refresh(self) -> None:
        """Show the runs as they are now."""
        runs = self._panel.runs
        self._pace.stop()
        process, current, partner = runs.process(), runs.current(), self._pair.b()
        n_times = process.n_steps if process is not None else 0
        twigs = [self._twig(run, n_times) for run in runs.all()] if process is not None else []
        gone = self._pictures.keys() - {twig.id for twig in twigs}
        for number in gone:
            del self._pictures[number]
        self.tree.set_twigs(
            twigs,
            current.id if current is not None else None,
            partner.id if partner is not None else None,
        )
        self.remove.setEnabled(current is not None)
        self.fork.setEnabled(current is not None)
        self.duel.setEnabled(self._panel.process is not None)
        self.compare.setEnabled(bool(self._pair.others()))

    def _grew(self) -> None:
        if self.isVisible() and not self._pace.isActive():
            self._pace.start()

    def showEvent(self, event: QShowEvent) -> None:
        self.refresh()

    def hideEvent(self, event: object) -> None:
        self._pace.stop()

    def _twig(self, run: Run, n_times: int) -> Twig:
        parent = self._panel.runs.run(run.parent)
        words = ", ".join(text.changes(run, parent))
        if parent is not None:
            step = self.tr("step {0}: {1}")
            words = step.format(run.recipe.first, words or self.tr("nothing changed"))
        waits = run.state in (RunState.RUNNING, RunState.PAUSED)
        share = run.done_steps / run.recipe.steps if waits else None
        standing = text.standing(run) if run.state is not RunState.RUNNING else ""
        return Twig(
            run.id,
            run.parent if parent is not None else None,
            text.name(run),
            f"{standing}, {words}" if standing else words,
            text.tip(run, parent, n_times),
            self._picture(run),
            share,
            run.state is RunState.FAILED,
        )

    def _picture(self, run: Run) -> QImage | None:
        """What a run has made so far: the image that is looked at, or a few of the batch."""
        process = self._panel.runs.process()  # the panel's may be that of the next model already
        if not run.recent or process is None:
            return None
        x0_hat = run.recent[-1].arrays["x0_hat"]
        alone = self._panel.watch.picture.alone() or len(x0_hat) < TILES
        image = min(self._panel.image, len(x0_hat) - 1) if alone else None
        small = self._pictures.get(run.id)
        if small is None or small.x0_hat is not x0_hat or small.image != image:
            small = self._pictures[run.id] = _Small(x0_hat, image, process.points)
        return small.picture

    # What is done ------------------------------------------------------------------------------

    def _compare(self) -> None:
        self._pair.suggest()
        self._panel.set_mode("duel")

    def _beside(self, run: int) -> None:
        self._pair.set_partner(run)
        self._panel.set_mode("duel")

    def _remove_current(self) -> None:
        run = self._panel.runs.current()
        if run is not None:
            self._panel.runs.delete(run.id)

    def _menu(self, number: int, at: QPoint) -> None:
        menu = self.menu(number)
        if menu is not None:
            menu.popup(at)

    def menu(self, number: int) -> QMenu | None:
        """What can be done with a run."""
        runs, current = self._panel.runs, self._panel.runs.current()
        run = runs.run(number)
        if run is None or current is None:
            return None
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.addAction(self.tr("Bring to the front"), lambda: runs.choose(number)).setEnabled(
            run is not current
        )
        other = any(each.id == number for each in self._pair.others())
        beside = self.tr("See beside run {0}").format(current.name)
        menu.addAction(beside, lambda: self._beside(number)).setEnabled(other)
        if run.state is RunState.RUNNING:
            menu.addAction(self.tr("Cancel"), lambda: runs.cancel(number))
        elif run.state in (RunState.PAUSED, RunState.FAILED):
            menu.addAction(self.tr("Go on"), lambda: runs.go_on(number))
        menu.addSeparator()
        n_forks = len(runs.family(number)) - 1
        words = self.tr("Delete with {0} forks").format(n_forks) if n_forks else self.tr("Delete")
        menu.addAction(words, lambda: runs.delete(number))
        return menu


class _Small:
    """A small picture, and of what it was drawn: one image of x0_hat, or a few for None."""

    def __init__(self, x0_hat: np.ndarray, image: int | None, points: bool) -> None:
        self.x0_hat, self.image = x0_hat, image
        if points:
            self.picture = scatter(x0_hat[:DOTS])
        elif image is not None:
            self.picture = small_image((x0_hat[image] + 1.0) / 2.0)
        else:
            self.picture = small_image(mosaic((x0_hat[:TILES] + 1.0) / 2.0))


def scatter(points: np.ndarray, reach: float = 2.5) -> QImage:
    """Points (N, 2) in the model's scale as a small picture, from -reach to reach."""
    side = 2 * PICTURE_PX
    picture = QImage(side, side, QImage.Format.Format_ARGB32_Premultiplied)
    picture.fill(QColor(0, 0, 0, 0))
    painter = QPainter(picture)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(QColor(0, 0, 0, 0))
    painter.setBrush(theme.colour("accent"))
    for x, y in (points[:, :2] / reach + 1.0) * (side / 2):
        painter.drawEllipse(int(x) - 2, int(side - y) - 2, 4, 4)
    painter.end()
    return picture
