"""Which control of Interpolate does what."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeySequence, QShortcut

from genstudio.ui.panels._interpolate_board import Slot

if TYPE_CHECKING:
    from genstudio.ui.panels.interpolate import Interpolate

FIRST_MODEL = "vae-mnist-2d"


def wire_pictures(panel: Interpolate) -> None:
    """The map, the film, the slots and the bar."""
    hand, film, slots, menus, bar = panel.hand, panel.film, panel.slots, panel.menus, panel.bar
    film.scrubbed.connect(lambda kind, t: hand.set_t(t, kind))
    hand.slot_chosen.connect(slots.choose)
    film.chosen.connect(lambda kind: hand.set_t(hand.t, kind))
    panel.square.fill_wanted.connect(lambda: panel.filler.missing(4))
    panel.stage.lacking.pressed.connect(lambda: panel.filler.missing(2))
    panel.stage.empty.pressed.connect(lambda: panel.session.try_show("A", FIRST_MODEL))
    panel.plane.menu_wanted.connect(menus.show_map_menu)
    panel.plane.dropped.connect(lambda mime: menus.take_mime(slots.place(), mime))
    slots.chosen.connect(lambda _: panel.teller.slot())
    slots.cleared.connect(panel.board.clear)
    slots.menu_wanted.connect(menus.show_slot_menu)
    slots.dropped.connect(menus.take_mime)
    panel.session.path_wanted.connect(panel.show_path)
    panel.placer.arc_fits.connect(lambda: panel.hand.set_t(panel.hand.t, "slerp"))
    bar.mode_chosen.connect(panel.set_mode)
    bar.layer_toggled.connect(panel.plane.set_layer_shown)
    bar.export_wanted.connect(menus.show_export_menu)
    random = QShortcut(QKeySequence("R"), panel)
    random.setContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
    random.activated.connect(lambda: panel.filler.random(slots.place(), panel.column.slot.kind()))


def wire_column(panel: Interpolate) -> None:
    """The Inspector."""
    column, board, filler = panel.column, panel.board, panel.filler
    slot, paths, place = column.slot, column.paths, panel.slots.place
    slot.place_chosen.connect(panel.slots.choose)
    slot.index_wanted.connect(lambda index: filler.index(place(), index))
    slot.random_wanted.connect(lambda kind: filler.random(place(), kind))
    slot.more_wanted.connect(
        lambda: panel.menus.show_slot_menu(
            place(), slot.more.mapToGlobal(slot.more.rect().bottomLeft())
        )
    )
    slot.clear_wanted.connect(lambda: board.clear(place()))
    slot.swap_wanted.connect(lambda: board.swap(0, 1))
    paths.plane_chosen.connect(panel.choose_plane)
    paths.truncated.connect(panel.set_truncation)
    paths.worst_wanted.connect(lambda: panel.film.go_to_worst(panel.hand.kind))
    paths.ways_clear_wanted.connect(board.clear_ways)
    for part in (column.analogy, column.classes):
        part.taken.connect(lambda where, z, title: board.fill(where, Slot(title, code=z)))
    column.dims.taken.connect(
        lambda z: board.fill(place(), Slot(panel.tr("one dimension"), code=z))
    )
    column.folds["dims"].toggled.connect(lambda _: column.dims.look_at(panel.handle_z()))
