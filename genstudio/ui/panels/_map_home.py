"""Where a map looks first: the home view of a model's space, once it is known."""

from __future__ import annotations

from genstudio.latent import plane as planes
from genstudio.latent.scale import Linear
from genstudio.ui.panels._map_scene import Scene, Space
from genstudio.ui.panels._map_space import home_view, noise_space
from genstudio.ui.widgets.latent_plane import LatentPlane, View

ENOUGH_FOR_HOME = 500  # encodings after which the map of a model without a prior knows its place


class Home:
    """Home on the map of a model with a prior is where the prior lies; of another one it is where
    its encodings lie, and unknown until some have come.
    """

    def __init__(self, scene: Scene, plane: LatentPlane) -> None:
        self._scene, self._plane = scene, plane
        self.has_prior = True
        self.known = True
        self.kept_view: View | None = None  # where to look instead, once the space is known

    def first_space(self, dim: int, same_space: bool, noise: bool = False) -> Space:
        """The space in which a model is shown first: the one there is, where it fits. `noise` says
        that codes are noise.
        """
        space = self._scene.space
        scale = space.scale if self.has_prior else Linear()
        if same_space and space.plane.latent_dim == dim:
            return Space(space.plane, scale, space.shell)
        return noise_space(dim) if noise and dim > 2 else Space(planes.axes(dim), scale, None)

    def look(self, space: Space, move: bool) -> None:
        """Learn where home is in `space`, and go there unless the user looks elsewhere."""
        cloud = self._scene.cloud
        fits = cloud is not None and cloud.mean.shape[1] == space.plane.latent_dim
        home = home_view(space, cloud.mean if fits else None, self.has_prior)
        self._plane.set_home(home, space.bounds)
        if self.kept_view is not None:
            self._plane.set_view(self.kept_view)
            self.kept_view = None
        elif move:
            self._plane.set_view(home)

    def can_be_known(self) -> bool:
        """Whether so many encodings have come that home, unknown until now, can be told."""
        cloud = self._scene.cloud
        enough = min(ENOUGH_FOR_HOME, self._scene.subset.limit)
        return not self.known and cloud is not None and len(cloud.mean) >= enough
