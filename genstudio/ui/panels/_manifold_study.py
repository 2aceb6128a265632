"""One image on the map: found or handed in, encoded, reconstructed, drawn from its posterior."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QObject, Signal

from genstudio.abilities import BadInput
from genstudio.engine.messages import Answer, Failure
from genstudio.latent import plane as planes
from genstudio.ui.panels._manifold_image import ImageSection
from genstudio.ui.panels._map_scene import Scene
from genstudio.ui.session import Session

if TYPE_CHECKING:
    from genstudio.latent.encodings import ImagePosterior

MAX_DOTS = 40


class Study(QObject):
    """Keeps the image, its posterior under the model shown, and the draws from it."""

    posterior_changed = Signal()  # another posterior, or none
    dots_changed = Signal()
    plane_found = Signal(object)  # through three images, or of the encodings
    plane_refused = Signal()  # there is none; `Session.failed` says why

    def __init__(self, session: Session, scene: Scene, section: ImageSection) -> None:
        super().__init__(section)
        self._session, self._scene, self._section = session, scene, section
        self.image: np.ndarray | None = None
        self.title = ""
        self.index: int | None = None
        self.count = 0  # images in the test set, once one is known
        self.mean: np.ndarray | None = None
        self.std: np.ndarray | None = None
        self.noises: list[np.ndarray] = []  # of each draw, from N(0, I)
        self.fresh = False  # another image was chosen, and its posterior is to be looked at
        self._seed = 0
        section.index_wanted.connect(self.choose)
        section.random_wanted.connect(self.choose_random)
        section.draw_wanted.connect(self.draw_again)

    # The image ---------------------------------------------------------------------------------

    def choose(self, index: int, split: str = "test", quiet: bool = False) -> None:
        """Image `index` of a split of the data set in view."""

        def found(answer: Answer) -> None:
            got = answer.value
            if split == "test":
                self.count = got.count
            name = self.tr("%1 image %2").replace("%1", got.split).replace("%2", f"{got.index:,}")
            if got.name:
                named = self.tr("%1, class %2")
                name = named.replace("%1", name).replace("%2", got.name)
            self.set_image(got.image, name, got.index if split == "test" else None)

        self._ask_image(index, split, "image", found, quiet)

    def choose_random(self) -> None:
        """A test image by lot; the number stands in the field."""
        if not self.count:
            self._ask_image(0, "test", "image", self._count_then_random, False)
            return
        self.choose(int(np.random.default_rng().integers(self.count)))

    def _count_then_random(self, answer: Answer) -> None:
        self.count = answer.value.count
        self.choose_random()

    def _ask_image(
        self, index: int, split: str, key: str, then: Callable[[Answer], None], quiet: bool
    ) -> None:
        self._session.ask(
            self,
            key,
            "latent.pictures:pick",
            model="",
            then=then,
            failed=(lambda failure: None) if quiet else self._session.failed.emit,
            data=self._session.data,
            split=split,
            index=index,
        )

    def set_image(self, image: np.ndarray, title: str, index: int | None = None) -> None:
        """Encode `image` (C, H, W), whoever brought it."""
        self.image, self.title, self.index = image, title, index
        self._seed = self._session.seed
        self.noises.clear()
        self.fresh = True
        self.encode()

    def forget(self) -> None:
        self.image = self.mean = self.std = None
        self.noises.clear()
        self._section.set_none()
        self.posterior_changed.emit()

    @property
    def draws(self) -> list[np.ndarray]:
        """z of each draw under the posterior there is now: mean + std * noise."""
        if self.mean is None or self.std is None:
            return []
        return [self.mean + self.std * noise for noise in self.noises]

    # The posterior -----------------------------------------------------------------------------

    def encode(self) -> None:
        """Ask for the posterior of the image under the model shown now."""
        if self.image is None or not self._scene.source:
            return
        self._session.ask(
            self,
            "posterior",
            "latent.encodings:posterior",
            model=self._scene.source,
            then=partial(self._show, self.title, self.index),
            failed=self._session.failed.emit,
            image=self.image,
        )

    def _show(self, title: str, index: int | None, answer: Answer) -> None:
        got: ImagePosterior = answer.value
        self.mean, self.std = got.mean, got.std
        self._section.set_image(got.image, title, index)
        self._section.set_posterior(got.reconstruction, got.std is not None)
        self.posterior_changed.emit()
        if self.noises and self.noises[0].shape != got.mean.shape:
            self.noises.clear()
        if got.std is not None:
            self._ask_draw(another=not self.noises)
        self.dots_changed.emit()

    def draw_again(self) -> None:
        """Another draw, with the next seed."""
        self._seed += 1
        self._ask_draw(another=True)

    def _ask_draw(self, another: bool) -> None:
        """Draw with the seed there is: `another`, or the last one again, of a posterior that has
        moved.
        """
        if self.mean is None or self.std is None:
            return
        self._session.ask(
            self,
            "draw",
            "latent.encodings:draw",
            model=self._scene.source,
            then=partial(self._show_draw, another, self._seed, self.mean, self.std),
            failed=self._session.failed.emit,
            mean=self.mean,
            std=self.std,
            seed=self._seed,
        )

    def _show_draw(
        self, another: bool, seed: int, mean: np.ndarray, std: np.ndarray, answer: Answer
    ) -> None:
        if mean is not self.mean:
            return  # the posterior has moved meanwhile, and its own draw is on the way
        got = answer.value
        if another or not self.noises:
            self.noises = [*self.noises, got.noise][-MAX_DOTS:]
        plane = self._scene.space.plane
        first = plane.dims or (0, 1)
        rows = tuple(np.asarray(v)[list(first)] for v in (mean, std, got.noise, got.z))
        labels = (f"z{first[0] + 1}", f"z{first[1] + 1}")
        self._section.set_draw(labels, rows, got.image, seed)  # type: ignore[arg-type]
        self.dots_changed.emit()

    # Planes ------------------------------------------------------------------------------------

    def plane_of_encodings(self) -> None:
        """Find the plane of the first two principal components of the encodings shown."""
        cloud = self._scene.cloud
        means = cloud.mean if cloud is not None else np.empty((0, 0))
        self._find(lambda: planes.pca(means))

    def _find(self, make: Callable[[], planes.Plane]) -> None:
        try:
            found = make()
        except BadInput as error:
            self._session.failed.emit(Failure(str(error)))
            self.plane_refused.emit()
            return
        self.plane_found.emit(found)

    def plane_through(self, indices: tuple[int, int, int]) -> None:
        """Find the plane through the encodings of three test images."""
        means: dict[int, np.ndarray] = {}

        def encoded(place: int, answer: Answer) -> None:
            means[place] = answer.value.mean
            if len(means) == 3:
                self._find(lambda: planes.through(means[0], means[1], means[2]))

        def picked(place: int, answer: Answer) -> None:
            self._session.ask(
                self,
                f"corner {place}",
                "latent.encodings:posterior",
                model=self._scene.source,
                then=partial(encoded, place),
                image=answer.value.image,
            )

        for place, index in enumerate(indices):
            self._ask_image(index, "test", f"pick {place}", partial(picked, place), False)
