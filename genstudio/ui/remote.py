"""The real window, told line by line on standard input what to do; the measurements stand on it.

Each line is {"do": NAME, ...}; each answer {"answer": ...} or {"error": sentence}. The first answer
says that the window is ready. The end of the input closes it.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from PySide6.QtCore import QElapsedTimer, QEvent, QObject, QPoint, QSocketNotifier, Qt, QTimer
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QWidget

from genstudio import paths
from genstudio.ui import tidy
from genstudio.ui.driver import Driver
from genstudio.ui.session import live_name

TICK_MS = 16
SKIP_S = 1.0  # of every stretch of ticks
STARTS_WITHIN_S = 120.0
STOPS_WITHIN_S = 30.0
WALKS_WITHIN_S = 600.0
SHIPPED = "vae-mnist-2d"


class Remote:
    """Carries out what it is told; every method `do_...` is a command."""

    def __init__(self, driver: Driver) -> None:
        self._driver = driver
        self._session = driver.session
        self._run = 0
        self._runs = 0
        self._done = 0
        self._heard: list[tuple[float, int]] = []  # (seconds, steps done)
        self._session.job_progress.connect(self._progressed)

    def obey(self, line: str) -> dict[str, Any]:
        words = json.loads(line)
        try:
            return {"answer": getattr(self, f"do_{words.pop('do')}")(**words)}
        except (RuntimeError, ValueError, KeyError, AttributeError, TypeError) as error:
            return {"error": f"{type(error).__name__}: {error}"}

    # What is on the screen -----------------------------------------------------------------------

    def do_where(self) -> dict[str, list[int]]:
        """Rectangles (x, y, width, height) on the screen of the map and of the probe's picture."""
        probe = _on_screen(self._probe())
        probe[3] = min(probe[2], probe[3])  # the picture, without the numbers below it
        return {"plane": _on_screen(self._plane()), "probe": probe}

    def do_points(self, n: int) -> int:
        """Show `n` encoded training images on the map; how many then stand there."""
        panel = self._manifold()
        state = panel.state()
        layers = {**state["layers"], "points": True}
        points = {**state["points"], "split": "train", "limit": n}
        panel.restore({**state, "layers": layers, "points": points})
        scene = panel.scene
        self._driver.wait(lambda: scene.cloud is not None and len(scene.cloud.mean) >= n, 60.0)
        self._driver.settle()
        return 0 if scene.cloud is None else len(scene.cloud.mean)

    def do_rest(self, ms: int) -> None:
        """Let the window live."""
        self._driver.run_events(ms)

    # Denoising -----------------------------------------------------------------------------------

    def do_walk(self, source: str, n: int, steps: int) -> float:
        """Let a diffusion model walk in Denoise; milliseconds until its first step was painted.

        Its record stands when this answers.
        """
        panel = self._denoise()
        ref = self._session.model("A")
        if ref is None or ref.source != source:
            self._session.show("A", source)
        self._driver.window.panels.show_panel("denoise")
        self._driver.wait(lambda: panel.process is not None, STARTS_WITHIN_S)
        self._driver.settle()
        eye, came = _Eye(panel.watch.picture), []
        clock = QElapsedTimer()

        def grew(_run: int) -> None:
            if not came:
                came.append(True)
                eye.painted = False

        panel.runs.grew.connect(grew)
        clock.start()
        run = panel.runs.run(panel.runs.begin(replace(panel.recipe(), n=n, steps=steps)))
        while not (came and eye.painted) and clock.elapsed() < STARTS_WITHIN_S * 1000:
            QApplication.processEvents()
        first_ms = clock.nsecsElapsed() / 1e6
        panel.runs.grew.disconnect(grew)
        if not self._driver.wait(lambda: run.tape.finished, WALKS_WITHIN_S) or run.thinned:
            raise RuntimeError("The walk did not end with a record of every step.")
        self._driver.settle()
        return first_ms

    def do_scrub(self, n: int) -> list[float]:
        """Milliseconds from each of n changes of the step to its painted picture."""
        panel = self._denoise()
        timeline, eye = panel.timeline(), _Eye(panel.watch.picture)
        late = []
        for i in range(n):
            self._driver.run_events(4)
            eye.painted = False
            clock = QElapsedTimer()
            clock.start()
            timeline.set_index((i + 1) * 37 % timeline.count())
            while not eye.painted and clock.elapsed() < 500:
                QApplication.processEvents()
            if eye.painted:
                late.append(clock.nsecsElapsed() / 1e6)
        return late

    # Training ------------------------------------------------------------------------------------

    def do_train(self, net: str) -> int:
        """Train a VAE on MNIST at full speed, with its map, curves and previews live."""
        self.do_stop()
        out = paths.user_runs() / f"bench-{net}-{self._runs}"
        self._runs += 1
        self._done = 0
        self._run = self._session.start(lambda: _training(net, out), f"vae {net}", folder=out)
        if not self._driver.wait(lambda: self._done >= 20, STARTS_WITHIN_S):
            raise RuntimeError("The training did not start.")
        self.do_views(True)
        return self._run

    def do_views(self, on: bool) -> None:
        """Follow the training on the map, or look at the shipped model instead."""
        self._session.show("A", live_name(self._run) if on else SHIPPED)

    def do_rate(self, seconds: float) -> float:
        """Steps per second between the first and the last step heard of in `seconds`."""
        self._heard.clear()
        self._driver.run_events(round(seconds * 1000))
        return steps_per_second(self._heard)

    def do_stop(self) -> None:
        """Stop the training, which saves it."""
        if self._run:
            self._session.show("A", SHIPPED)
            self._session.stop(self._run)
            jobs = self._session.jobs
            self._driver.wait(lambda: jobs()[self._run].state.over, STOPS_WITHIN_S)
            self._run = 0

    def _progressed(self, progress: Any) -> None:
        if progress.run == self._run or not self._run:
            self._done = progress.done
            self._heard.append((time.monotonic(), progress.done))

    # Time ----------------------------------------------------------------------------------------

    def do_ticks(self, seconds: float) -> list[float]:
        """Milliseconds by which ticks of a 16 ms timer came late, the first second left out."""
        return _lateness(self._driver, seconds)

    def do_empty_ticks(self, seconds: float) -> list[float]:
        """The same in an empty window, with the real one out of sight."""
        self._driver.window.hide()
        empty = QWidget()
        empty.resize(800, 600)
        empty.show()
        late = _lateness(self._driver, seconds)
        empty.close()
        self._driver.window.show()
        self._driver.settle()
        return late

    def do_latency(self, n: int) -> list[float]:
        """Milliseconds from a pointer event to the probe's next paint, where there is no screen."""
        plane, eye = self._plane(), _Eye(self._probe())
        late = []
        for i in range(n):
            self._driver.run_events(30)
            eye.painted = False
            clock = QElapsedTimer()
            clock.start()
            QTest.mouseMove(plane, self._spot((i % 60) / 60))
            while not eye.painted and clock.elapsed() < 500:
                QApplication.processEvents()
            if eye.painted:
                late.append(clock.nsecsElapsed() / 1e6)
        return late

    def do_play(self, seconds: float) -> None:
        """Move, click, drag and zoom on the map, and scrub the record, for a while."""
        clock = QElapsedTimer()
        clock.start()
        plane = self._plane()
        i = 0
        while clock.elapsed() < seconds * 1000:
            i += 1
            QTest.mouseMove(plane, self._spot((i % 97) / 97))
            self._driver.run_events(8)
            if i % 200 == 0:
                QTest.mouseClick(plane, Qt.MouseButton.LeftButton, pos=self._spot(i % 7 / 7))
                QTest.keyClick(plane, Qt.Key.Key_Delete)
            timeline = self._manifold().timeline()
            if i % 50 == 0 and timeline is not None and timeline.count() > 1:
                timeline.set_index(i // 50 % timeline.count())

    def _spot(self, share: float) -> QPoint:
        plane = self._plane()
        across = 0.15 + 0.7 * share
        return QPoint(round(across * plane.width()), round(across * plane.height()))

    # Widgets -------------------------------------------------------------------------------------

    def _manifold(self) -> Any:
        return self._driver.window.panels.panel("manifold")

    def _denoise(self) -> Any:
        return self._driver.window.panels.panel("denoise")

    def _plane(self) -> Any:
        return self._manifold().plane

    def _probe(self) -> QWidget:
        """What the pointer's z decodes to."""
        probe = self._manifold().column.probe
        assert isinstance(probe, QWidget)
        return probe


class _Eye(QObject):
    """Sees that a widget was painted."""

    def __init__(self, widget: QWidget) -> None:
        super().__init__(widget)
        self.painted = False
        widget.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Paint:
            self.painted = True
        return False


def steps_per_second(heard: Sequence[tuple[float, int]]) -> float:
    """Steps per second of messages (seconds, steps done), from the first to the last of them.

    Raises: RuntimeError when no step was made between them.
    """
    (start, first), (end, last) = (heard[0], heard[-1]) if heard else ((0.0, 0), (0.0, 0))
    if last <= first or end <= start:
        raise RuntimeError("The training made no step while it was measured.")
    return (last - first) / (end - start)


def _training(net: str, out: Path) -> Any:
    """Runs in the job lane."""
    from genstudio import models
    from genstudio.engine.settings import split_settings
    from genstudio.engine.training import Training

    family = models.family("vae")
    config, settings = split_settings({"net": net, "train.steps": 10_000_000}, family)
    return Training(family, "mnist", out, config, settings)


def _lateness(driver: Driver, seconds: float) -> list[float]:
    late: list[float] = []
    clock, whole = QElapsedTimer(), QElapsedTimer()
    clock.start()
    whole.start()

    def tick() -> None:
        gap_ms = clock.nsecsElapsed() / 1e6
        clock.restart()
        if whole.elapsed() > SKIP_S * 1000:
            late.append(max(0.0, gap_ms - TICK_MS))

    timer = QTimer()
    timer.setTimerType(Qt.TimerType.PreciseTimer)
    timer.timeout.connect(tick)
    timer.start(TICK_MS)
    driver.run_events(round((SKIP_S + seconds) * 1000))
    timer.stop()
    return late


def _on_screen(widget: QWidget) -> list[int]:
    corner = widget.mapToGlobal(QPoint(0, 0))
    scale = widget.devicePixelRatioF()
    sides = (corner.x(), corner.y(), widget.width(), widget.height())
    return [round(side * scale) for side in sides]


def main() -> None:
    """Open the window and obey until the input ends."""
    with Driver() as driver:
        tidy.settle()  # as in the window that a user opens
        remote = Remote(driver)
        waiting = b""

        def say(answer: dict[str, Any]) -> None:
            os.write(sys.stdout.fileno(), (json.dumps(answer) + "\n").encode())

        def read() -> None:
            nonlocal waiting
            heard = os.read(sys.stdin.fileno(), 1 << 16)
            if not heard:
                notifier.setEnabled(False)
                driver.app.quit()
                return
            *lines, waiting = (waiting + heard).split(b"\n")
            for line in lines:
                say(remote.obey(line.decode()))

        notifier = QSocketNotifier(sys.stdin.fileno(), QSocketNotifier.Type.Read)
        notifier.activated.connect(read)
        say({"answer": QGuiApplication.platformName()})
        driver.app.exec()


if __name__ == "__main__":
    main()
