"""The panels as tabs that can be split or docked side by side: a QMainWindow that holds nothing but
docks.
"""

from __future__ import annotations

from PySide6.QtCore import QByteArray, QEvent, Qt, Signal
from PySide6.QtGui import QCloseEvent
from PySide6.QtWidgets import QDockWidget, QMainWindow, QTabBar, QTabWidget, QVBoxLayout, QWidget

from genstudio.abilities import Card
from genstudio.ui import theme
from genstudio.ui.panel import Panel, PanelSpec, panels
from genstudio.ui.session import Session
from genstudio.ui.widgets.banner import EmptyState

LAYOUT_VERSION = 1


class _Dock(QDockWidget):
    """A panel's dock. The panel is built when it is first shown."""

    panel_built = Signal(str)

    def __init__(self, spec: PanelSpec, session: Session, parent: QWidget) -> None:
        super().__init__(spec.title, parent)
        self.setObjectName(f"panel-{spec.key}")
        self.setAllowedAreas(Qt.DockWidgetArea.AllDockWidgetAreas)
        self.setFeatures(QDockWidget.DockWidgetFeature.DockWidgetMovable)
        self.setTitleBarWidget(QWidget(self))
        self.spec = spec
        self._session = session
        self._panel: Panel | None = None
        self._refusal = EmptyState(parent=self)
        self._refusal.hide()
        self._refusal.set_icon(spec.icon)
        if spec.offers:
            self._refusal.set_button(self.tr("Show {0}").format(spec.offers))
            self._refusal.pressed.connect(lambda: session.try_show("A", spec.offers))
        pane = QWidget(self)
        theme.role(pane, "pane")
        self._column = QVBoxLayout(pane)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.addWidget(self._refusal)
        self.setWidget(pane)

    @property
    def built(self) -> bool:
        return self._panel is not None

    def panel(self) -> Panel:
        if self._panel is None:
            self._panel = self.spec.factory(self._session)
            self._column.addWidget(self._panel)
            self.panel_built.emit(self.spec.key)
            self.setFocusProxy(self._panel)
            self.judge()
        return self._panel

    def judge(self, card: Card | None = None) -> str | None:
        """Grey the panel out where model A cannot be shown in it; returns the reason."""
        ref = self._session.model("A")
        card = card or (ref.card if ref is not None else None)
        reason = self.spec.serves(card) if card is not None else None
        if self._panel is not None:
            comes, goes = self._panel, self._refusal
            if reason is not None:
                comes, goes = goes, comes
                self._refusal.set_text(reason)
            goes.hide()  # first: both at once would need more height than a low window has
            comes.show()
        return reason


class PanelArea(QMainWindow):
    """Every panel in a dock of its own, tabbed together at first; `front` is the one that was last
    brought forward.
    """

    front_changed = Signal(str)  # key
    panel_built = Signal(str)  # key

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent, Qt.WindowType.Widget)
        self.setDockOptions(
            QMainWindow.DockOption.AllowTabbedDocks
            | QMainWindow.DockOption.AllowNestedDocks
            | QMainWindow.DockOption.GroupedDragging
        )
        self.setTabPosition(Qt.DockWidgetArea.AllDockWidgetAreas, QTabWidget.TabPosition.North)
        self.setDocumentMode(True)
        self._session = session
        self._docks: dict[str, _Dock] = {}
        self._front = ""
        self._seen: set[str] = set()  # panels that are on the screen, not behind another tab
        session.model_changed.connect(self._judge_all)

    def fill(self) -> None:
        """Make the panels' docks; their modules are imported here, after the window is up."""
        for spec in panels():
            dock = _Dock(spec, self._session, self)
            self._docks[spec.key] = dock
            dock.panel_built.connect(self.panel_built)
            dock.visibilityChanged.connect(
                lambda visible, key=spec.key: self._on_visible(key, visible)
            )
        self.reset_layout()

    def specs(self) -> list[PanelSpec]:
        return [dock.spec for dock in self._docks.values()]

    @property
    def front(self) -> str:
        return self._front

    def panel(self, key: str) -> Panel:
        """The panel, built if it was not yet.

        Raises: KeyError.
        """
        return self._docks[key].panel()

    def built(self) -> dict[str, Panel]:
        return {key: dock.panel() for key, dock in self._docks.items() if dock.built}

    def show_panel(self, key: str) -> None:
        """Bring a panel to the front; an unknown key is passed over."""
        dock = self._docks.get(key)
        if dock is None:
            return
        dock.panel()
        dock.show()
        dock.raise_()
        self._on_visible(key, True)

    def seen(self, key: str) -> bool:
        """Whether the panel is on the screen, not behind another tab."""
        return key in self._seen

    def split(self, orientation: Qt.Orientation) -> None:
        """Put the panel in front beside (or below) the others, or back among the tabs if it stands
        alone.
        """
        dock = self._docks.get(self._front)
        others = [d for d in self._docks.values() if d is not dock]
        if dock is None or not others:
            return
        if self.tabifiedDockWidgets(dock):
            area = (
                Qt.DockWidgetArea.RightDockWidgetArea
                if orientation == Qt.Orientation.Horizontal
                else Qt.DockWidgetArea.BottomDockWidgetArea
            )
            self.removeDockWidget(dock)
            self.addDockWidget(area, dock, orientation)
            dock.show()
            behind = self.tabifiedDockWidgets(others[0])
            for other in (others[0], *behind):
                if isinstance(other, _Dock):
                    other.panel()
            others[0].raise_()
        else:
            self.tabifyDockWidget(others[0], dock)
            dock.show()
            dock.raise_()
        self._dress_tabs()

    def reset_layout(self) -> None:
        """All panels as tabs, the first in front."""
        first: _Dock | None = None
        for dock in self._docks.values():
            self.removeDockWidget(dock)
            self.addDockWidget(Qt.DockWidgetArea.TopDockWidgetArea, dock)
            if first is None:
                first = dock
            else:
                self.tabifyDockWidget(first, dock)
            dock.show()
        if first is not None:
            first.raise_()
        self._dress_tabs()

    def save(self) -> QByteArray:
        return self.saveState(LAYOUT_VERSION)

    def load(self, state: QByteArray) -> bool:
        done = self.restoreState(state, LAYOUT_VERSION)
        self._dress_tabs()
        return done

    def refusal(self, key: str) -> str | None:
        """Why the model in view cannot be shown in the panel, or None."""
        return self._docks[key].judge()

    # private --------------------------------------------------------------------------------

    def _on_visible(self, key: str, visible: bool) -> None:
        """Qt keeps a dock behind another tab "visible" and tells only here that it is not seen."""
        if not self.isVisible():
            return
        panel = self._docks[key].panel() if visible or key in self._seen else None
        if panel is None:
            return
        if not visible:
            self._seen.discard(key)
            panel.deactivated()
            return
        if key not in self._seen:
            self._seen.add(key)
            panel.activated()
        if key != self._front:
            self._front = key
            self.front_changed.emit(key)

    def _judge_all(self, _slot: str) -> None:
        for dock in self._docks.values():
            dock.judge()
        self._dress_tabs()

    def _dress_tabs(self) -> None:
        """Tabs are greyed where the model cannot be shown, and say why."""
        by_title = {dock.windowTitle(): dock for dock in self._docks.values()}
        for bar in self.findChildren(QTabBar):
            if bar.parent() is not self:
                continue
            bar.setDrawBase(False)
            bar.setExpanding(False)
            bar.setAccessibleName(self.tr("Panels"))
            for index in range(bar.count()):
                dock = by_title.get(bar.tabText(index))
                if dock is None:
                    continue
                reason = dock.judge()
                shown = theme.colour("faint" if reason else "quiet")
                if index == bar.currentIndex() and not reason:
                    shown = theme.colour("text")
                bar.setTabTextColor(index, shown)
                bar.setTabToolTip(index, reason or dock.spec.title)

    def event(self, event: QEvent) -> bool:
        done = super().event(event)
        if event.type() == QEvent.Type.LayoutRequest:
            self._dress_tabs()
        return done

    def closeEvent(self, event: QCloseEvent) -> None:
        for key in sorted(self._seen):
            self._docks[key].panel().deactivated()
        self._seen.clear()
        super().closeEvent(event)
