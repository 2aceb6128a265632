"""A bar of two parts turns where there is less room, and never keeps a window wide."""

from __future__ import annotations

from PySide6.QtWidgets import QHBoxLayout, QPushButton, QVBoxLayout, QWidget

from genstudio.ui.widgets.two_rows import TwoRows


def bar(qtbot) -> tuple[QWidget, TwoRows, QPushButton, QPushButton]:
    rows, parts, buttons = TwoRows(500), [], []
    for _ in range(2):
        button = QPushButton("wide")
        button.setMinimumWidth(300)
        part = QHBoxLayout()
        part.addWidget(button)
        parts.append(part)
        buttons.append(button)
    rows.set_parts(*parts)
    host = QWidget()
    column = QVBoxLayout(host)
    column.setContentsMargins(0, 0, 0, 0)
    column.addWidget(rows)
    qtbot.addWidget(host)
    host.resize(700, 80)
    host.show()
    return host, rows, buttons[0], buttons[1]


def test_parts_stand_side_by_side_where_there_is_room(qtbot) -> None:
    host, rows, head, tools = bar(qtbot)
    assert head.geometry().top() == tools.geometry().top()
    assert rows.minimumSizeHint().width() == 320, "a window may become narrower than both"
    with qtbot.waitSignal(rows.turned) as turned:
        host.resize(400, 80)
    assert turned.args == [False]
    qtbot.waitUntil(lambda: tools.geometry().top() > head.geometry().bottom())
    with qtbot.waitSignal(rows.turned) as turned:
        host.resize(700, 80)
    assert turned.args == [True]
