"""Which control of the Manifold does what."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeySequence, QShortcut

if TYPE_CHECKING:
    from genstudio.ui.panels.manifold import Manifold


def wire(panel: Manifold) -> None:
    """The session, the map, the bar and the Inspector."""
    session, plane, scene = panel.session, panel.plane, panel.scene
    session.model_changed.connect(panel.model_changed)
    session.weights_moved.connect(panel.weights_moved)
    session.data_changed.connect(panel.data_changed)
    session.image_offered.connect(panel.image_offered)
    session.job_event.connect(panel.job_event)
    plane.menu_wanted.connect(panel.actions.show_menu)
    plane.view_wanted.connect(panel.show_status)
    scene.sheet_shown.connect(panel.sheet_shown)
    scene.sheet_failed.connect(panel.sheet_failed)
    scene.points_failed.connect(panel.points_failed)
    scene.encodings_changed.connect(panel.encodings_changed)
    panel.overlays.named.connect(panel.legend.set_classes)
    panel.study.posterior_changed.connect(panel.posterior_changed)
    panel.study.plane_found.connect(panel.set_space)
    panel.study.plane_refused.connect(lambda: panel.column.plane.set_plane(panel.scene.space.plane))
    panel.timeline().chosen.connect(panel.scrubbed)
    panel.bar.layer_toggled.connect(panel.layer_toggled)
    panel.bar.scale_chosen.connect(panel.choose_scale)
    panel.bar.reset_wanted.connect(plane.reset_view)
    panel.bar.save_wanted.connect(panel.actions.save_sheet)
    panel.legend.filter_changed.connect(panel.filter_changed)
    panel.empty.pressed.connect(panel.fill)
    column = panel.column
    column.copy_text.connect(panel.actions.copy_text)
    column.copy_python.connect(panel.actions.copy_python)
    column.subset_chosen.connect(panel.subset_chosen)
    column.style_chosen.connect(panel.choose_style)
    column.plane.plane_changed.connect(panel.set_space)
    column.plane.pca_wanted.connect(panel.study.plane_of_encodings)
    column.plane.images_wanted.connect(lambda a, b, c: panel.study.plane_through((a, b, c)))
    column.plane.shell_changed.connect(lambda on: panel.set_space(shell=on))
    column.plane.ellipse_changed.connect(panel.ellipse_chosen)
    column.help_wanted.connect(panel.show_help)
    random = QShortcut(QKeySequence("R"), plane)
    random.setContext(Qt.ShortcutContext.WidgetShortcut)
    random.activated.connect(panel.study.choose_random)
