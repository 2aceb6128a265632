"""The window: bar, library, panels, inspector, transport and status line, joined to one session."""

from __future__ import annotations

import time

from PySide6.QtCore import QByteArray, QSettings, Qt, QTimer, Signal
from PySide6.QtGui import (
    QCloseEvent,
    QDragEnterEvent,
    QDropEvent,
    QGuiApplication,
    QKeyEvent,
    QPaintEvent,
)
from PySide6.QtWidgets import (
    QApplication,
    QDockWidget,
    QLabel,
    QMainWindow,
    QScrollArea,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from genstudio.engine.messages import Failure
from genstudio.project import Project
from genstudio.ui import theme
from genstudio.ui.intake import Intake
from genstudio.ui.library_dock import Library
from genstudio.ui.menus import add_panels, build_menus
from genstudio.ui.panel import Panel, Timeline
from genstudio.ui.panel_area import PanelArea
from genstudio.ui.session import Session
from genstudio.ui.shelf_watch import ShelfWatch
from genstudio.ui.status import StatusLine
from genstudio.ui.top_bar import TopBar
from genstudio.ui.widgets.banner import Banner
from genstudio.ui.widgets.transport import Transport

LAYOUT_VERSION = 1
FIRST_MODEL = "vae-mnist-2d"
LIBRARY_LEAST_PX, INSPECTOR_LEAST_PX = 152, 236
ROOMY_PX = 1280  # of the window: docks as wide as drawn


class MainWindow(QMainWindow):
    """One window of GenStudio, empty until `start`."""

    painted = Signal()  # once, when the window has been painted for the first time

    def __init__(self, session: Session) -> None:
        super().__init__()
        self.session = session
        self.settings = settings_file()
        self._timeline: Timeline | None = None
        self._first_paint = True
        self._offered: Project | None = None
        self.setWindowTitle("GenStudio")
        self.setObjectName("main-window")
        self.setAcceptDrops(True)
        self.resize(1440, 880)
        self.setContentsMargins(theme.GRID, 0, theme.GRID, 0)
        self.setDockOptions(QMainWindow.DockOption.AnimatedDocks)
        self.top_bar = TopBar(session, self)
        self.addToolBar(self.top_bar)
        self.banner = Banner(self)
        self.transport = Transport(self)
        self.status = StatusLine(session, self)
        self.setStatusBar(self.status)
        self.panels = PanelArea(session, self)
        self.library = Library(session, self)
        self.shelf_watch = ShelfWatch(session, self)
        self.inspector = QStackedWidget()
        self.intake = Intake(session, self)
        self._arrange()
        build_menus(self)
        self._wire()
        self.default_layout = self.saveState(LAYOUT_VERSION)
        self._restore_layout()

    # Layout ---------------------------------------------------------------------------------

    def _arrange(self) -> None:
        centre = QWidget()
        column = QVBoxLayout(centre)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(theme.GRID)
        column.addWidget(self.banner)
        column.addWidget(self.panels, 1)
        bar = QWidget()
        theme.role(bar, "bar")
        inner = QVBoxLayout(bar)
        inner.setContentsMargins(12, theme.GRID, 12, theme.GRID)
        inner.addWidget(self.transport)
        self._transport_bar = bar
        column.addWidget(bar)
        self.setCentralWidget(centre)
        self.banner.hide()
        self.library_dock = self._dock(
            self.tr("Library"),
            "library",
            self.library,
            Qt.DockWidgetArea.LeftDockWidgetArea,
            LIBRARY_LEAST_PX,
        )
        self.inspector_dock = self._dock(
            self.tr("Inspector"),
            "inspector",
            self.inspector,
            Qt.DockWidgetArea.RightDockWidgetArea,
            INSPECTOR_LEAST_PX,
        )

    def _dock(
        self, title: str, name: str, content: QWidget, area: Qt.DockWidgetArea, least: int
    ) -> QDockWidget:
        dock = QDockWidget(title, self)
        dock.setObjectName(name)
        features = (
            QDockWidget.DockWidgetFeature.DockWidgetMovable
            | QDockWidget.DockWidgetFeature.DockWidgetClosable
        )
        if QGuiApplication.platformName() != "wayland":  # a floating dock cannot come back there
            features |= QDockWidget.DockWidgetFeature.DockWidgetFloatable
        dock.setFeatures(features)
        heading = QLabel(title)
        theme.heading(heading)
        heading.setContentsMargins(12, theme.GRID, 12, 4)
        theme.role(heading, "docktitle")
        dock.setTitleBarWidget(heading)
        pane = QWidget()
        theme.role(pane, "dockpane")
        column = QVBoxLayout(pane)
        column.setContentsMargins(4, 0, 4, 4)
        column.addWidget(content)
        pane.setMinimumWidth(least)
        dock.setWidget(pane)
        self.addDockWidget(area, dock)
        return dock

    def _wire(self) -> None:
        session = self.session
        self.panels.front_changed.connect(self._front_changed)
        self.panels.panel_built.connect(lambda key: self._page(key, self.panels.panel(key)))
        self.transport.moved.connect(self._scrubbed)
        self.library.files_dropped.connect(self.intake.take_files)
        self.library.canvas.image_changed.connect(self.intake.take_drawing)
        self.library.canvas.picture_taken.connect(self.intake.take_picture)
        session.failed.connect(self.show_failure)
        self.banner.acted.connect(self._take_offer)
        session.ready.connect(self._torch_is_here)
        session.panel_wanted.connect(self.panels.show_panel)
        session.library_changed.connect(self._offer_models)
        session.jobs_changed.connect(self._offer_models)
        session.model_changed.connect(lambda _slot: self._title())
        self._offer_models()

    def _size_docks(self) -> None:
        """Docks as wide as drawn, narrower in a small window; Qt takes this only once shown."""
        roomy = self.width() >= ROOMY_PX
        widths = [208, 304] if roomy else [LIBRARY_LEAST_PX, INSPECTOR_LEAST_PX]
        docks = [self.library_dock, self.inspector_dock]
        self.resizeDocks(docks, widths, Qt.Orientation.Horizontal)

    def _restore_layout(self) -> None:
        geometry = self.settings.value("geometry")
        if isinstance(geometry, QByteArray) and QGuiApplication.platformName() != "wayland":
            self.restoreGeometry(geometry)
        state = self.settings.value("layout")
        if isinstance(state, QByteArray):
            self.restoreState(state, LAYOUT_VERSION)

    def reset_layout(self) -> None:
        """Docks and panels where they were at the first start."""
        self.restoreState(self.default_layout, LAYOUT_VERSION)
        self.panels.reset_layout()
        for dock in (self.library_dock, self.inspector_dock):
            dock.setFloating(False)
            dock.show()
        self._size_docks()

    # Panels, inspector, transport -------------------------------------------------------------

    def start(self, panel: str = "", weights: str = "", project: Project | None = None) -> None:
        """Show the first panel and model; called once the window itself has been painted.

        `project` brings the last session back; without one the shipped 2-D VAE is shown.
        """
        self.panels.fill()
        add_panels(self)
        layout = self.settings.value("panels")
        if isinstance(layout, QByteArray) and self.settings.value("panel-keys") == self._keys():
            self.panels.load(layout)  # with other panels, tabs would stand out of their order
        project = project or Project(models={"A": FIRST_MODEL})
        if weights:
            project = project.model_copy(update={"models": {**project.models, "A": weights}})
        self.apply_project(project)
        key = panel or project.panel or self.panels.specs()[0].key
        self.panels.show_panel(key)
        self.panels.panel(key).setFocus(Qt.FocusReason.OtherFocusReason)

    def _keys(self) -> str:
        """Which panels there are."""
        return " ".join(spec.key for spec in self.panels.specs())

    def _front_changed(self, key: str) -> None:
        panel = self.panels.panel(key)
        page = self._page(key, panel)
        self.inspector.setCurrentWidget(page)
        self.set_timeline(panel.timeline())

    def _page(self, key: str, panel: Panel) -> QWidget:
        """The inspector's page of a panel, made once."""
        for index in range(self.inspector.count()):
            if self.inspector.widget(index).objectName() == f"inspector-{key}":
                return self.inspector.widget(index)
        content = panel.inspector() or QWidget()
        scroll = QScrollArea()
        scroll.setObjectName(f"inspector-{key}")
        scroll.setWidgetResizable(True)
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        scroll.setFrameShape(QScrollArea.Shape.NoFrame)
        scroll.setWidget(content)
        self.inspector.addWidget(scroll)
        panel.timeline_changed.connect(lambda: self._panel_timeline(key, panel))
        return scroll

    def _panel_timeline(self, key: str, panel: Panel) -> None:
        if self.panels.front == key:
            self.set_timeline(panel.timeline())

    def set_timeline(self, timeline: Timeline | None) -> None:
        """Put a record under the transport bar; None greys it."""
        if self._timeline is not None and self._timeline is not timeline:
            self._timeline.changed.disconnect(self._show_timeline)
        if timeline is not None and self._timeline is not timeline:
            timeline.changed.connect(self._show_timeline)
        self._timeline = timeline
        self._show_timeline()

    def _show_timeline(self) -> None:
        timeline, bar = self._timeline, self.transport
        count = timeline.count() if timeline is not None else 0
        bar.setEnabled(count > 1)
        bar.set_count(count)
        if timeline is None or count == 0:
            bar.set_label("")
            bar.set_caption(self.tr("no record to scrub in this panel"))
            return
        bar.set_index(timeline.index())
        bar.set_label(timeline.label(timeline.index()))
        bar.set_caption(timeline.title())

    def _scrubbed(self, index: int) -> None:
        if self._timeline is not None:
            self._timeline.set_index(index)
            self.transport.set_label(self._timeline.label(index))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """A key that nothing in front has taken is the transport bar's: Space plays."""
        if self.transport.isEnabled() and not self.transport.hasFocus():
            self.transport.keyPressEvent(event)
        else:
            super().keyPressEvent(event)

    # Project ----------------------------------------------------------------------------------

    def project(self) -> Project:
        """What is in front of the user now."""
        states = {key: panel.state() for key, panel in self.panels.built().items()}
        lasting = {s: self.session.lasting(r.source) for s, r in self.session.slots().items()}
        models = {s: source for s, source in lasting.items() if not source.startswith("live:")}
        return Project(
            data=self.session.data,
            seed=self.session.seed,
            models=models,
            panel=self.panels.front,
            panels=states,
            settings={"theme": str(theme.choice())},
        )

    def apply_project(self, project: Project) -> None:
        """Bring a project into view; what cannot be shown is named, the rest stands."""
        self.session.set_data(project.data)
        self.session.set_seed(project.seed)
        for slot in self.session.slots():
            if slot != "A" and slot not in project.models:
                self.session.show(slot, None)
        for slot, source in project.models.items():
            self.session.try_show(slot, source)
        if self.session.model("A") is None:
            self.session.try_show("A", FIRST_MODEL)
        for key, state in project.panels.items():
            if any(spec.key == key for spec in self.panels.specs()):
                self.panels.panel(key).restore(state)
        if project.panel:
            self.panels.show_panel(project.panel)

    # Messages ---------------------------------------------------------------------------------

    def show_failure(self, failure: Failure) -> None:
        """One sentence above the panels, with details to copy, unless a panel in view says it."""
        in_view = [p for key, p in self.panels.built().items() if self.panels.seen(key)]
        if not any(panel.tells(failure) for panel in in_view):
            self.banner.show_error(failure.sentence(), failure.details)

    def offer_restore(self, last: Project, crash: str) -> None:
        """After a crash: the last session, if the user wants it."""
        self._offered = last
        self.banner.show_message(
            "warning",
            self.tr("GenStudio ended unexpectedly last time; the session was kept."),
            crash,
            self.tr("Restore it"),
        )

    def _take_offer(self) -> None:
        last, self._offered = self._offered, None
        if last is not None:
            self.banner.dismiss()
            self.apply_project(last)

    def set_theme(self, choice: theme.Choice) -> None:
        app = QApplication.instance()
        if isinstance(app, QApplication):
            theme.apply(app, choice)

    def _torch_is_here(self) -> None:
        from genstudio import data
        from genstudio.engine.device import summary

        there = [source for source in data.sources().values() if source.available()]
        self.top_bar.set_data_names([(name, name) for s in there for name in s.names])
        self.top_bar.set_device(summary(self.session.device))
        self.status.refresh()

    def _offer_models(self) -> None:
        self.top_bar.set_models([(e.source, e.title) for e in self.library.entries()])

    def _title(self) -> None:
        ref = self.session.model("A")
        self.setWindowTitle(f"{ref.title} - GenStudio" if ref is not None else "GenStudio")

    # Events -----------------------------------------------------------------------------------

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        if self._first_paint:
            self._first_paint = False
            if self.settings.value("layout") is None:
                self._size_docks()
            QTimer.singleShot(0, self.painted.emit)

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if self.intake.accepts(event.mimeData()):
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        if self.intake.take(event.mimeData()):
            event.acceptProposedAction()

    def closeEvent(self, event: QCloseEvent) -> None:
        """Save layout and session, stop every job (each saves), end both lanes."""
        self.settings.setValue("geometry", self.saveGeometry())
        self.settings.setValue("layout", self.saveState(LAYOUT_VERSION))
        self.settings.setValue("panels", self.panels.save())
        self.settings.setValue("panel-keys", self._keys())
        self.settings.setValue("theme", str(theme.choice()))
        self.settings.sync()
        self.shelf_watch.end()
        self.panels.close()
        self.session.close()
        super().closeEvent(event)


def settings_file() -> QSettings:
    """The window's settings (INI); a damaged file is set aside as `.bad` and an empty one takes its
    place.
    """
    from genstudio import paths

    path = paths.user_settings()
    path.parent.mkdir(parents=True, exist_ok=True)
    settings = QSettings(str(path), QSettings.Format.IniFormat)
    if settings.status() != QSettings.Status.NoError:
        del settings
        path.replace(path.with_suffix(f".{int(time.time())}.bad"))
        settings = QSettings(str(path), QSettings.Format.IniFormat)
    return settings
