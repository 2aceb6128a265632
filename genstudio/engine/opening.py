"""How a run begins: model, data and way of computing from its settings, or from a checkpoint."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

from genstudio.abilities import BadInput
from genstudio.data import Dataset
from genstudio.engine import device
from genstudio.engine.batches import Batches
from genstudio.engine.checkpoint import Checkpoint
from genstudio.engine.device import Choice
from genstudio.engine.held_out import HeldOut
from genstudio.engine.keeper import Keeper
from genstudio.engine.learner import MODEL, OPTIMIZER, Learner
from genstudio.engine.origin import Origin
from genstudio.engine.recorder import Recorder
from genstudio.models import Model

if TYPE_CHECKING:
    from genstudio.engine.parallel import Group

T = TypeVar("T")


@dataclass(frozen=True)
class Parts:
    """What a run consists of once it is under way."""

    learner: Learner
    recorder: Recorder
    held_out: HeldOut
    keeper: Keeper


@dataclass(frozen=True)
class Opening:
    """What a run is made of, and how.

    `found` is the checkpoint to go on from and `state` its state.json, None where it starts anew;
    `group` are the processes that train together, None where one does.
    """

    origin: Origin
    data: Callable[[], Dataset]
    group: Group | None
    found: Checkpoint | None
    state: Mapping[str, Any] | None

    def parts(self, run: int) -> Parts:
        """Build everything, in memory only.

        Raises: BadInput where it does not go together, in all processes alike.
        """
        group, settings, state = self.group, self.origin.live.settings, self.state
        model, batches = self._together(self._prepare)
        if group is not None:
            group.check_start(self.origin.out, None if self.found is None else self.found.step)
        choice = Choice.from_json(state["choice"]) if state else self._choose(model, batches)
        total = settings.total_steps(batches.per_epoch)
        learner = Learner(model, batches, settings, choice, total, group)
        recorder = Recorder(run, self.origin.out, total, batches.per_epoch, batches.batch_size)
        data = self.data()
        held_out = HeldOut(data.test, batches.device, settings.seed)
        keeper = Keeper(self.origin, data.sha256, learner, recorder)
        self._together(lambda: self._restore(learner, keeper))
        return Parts(learner, recorder, held_out, keeper)

    def _together(self, work: Callable[[], T]) -> T:
        return work() if self.group is None else self.group.together(work)

    def _prepare(self) -> tuple[Model, Batches]:
        """Model and data on their device."""
        group, origin, data = self.group, self.origin, self.data()
        config, settings = origin.live.config, origin.live.settings
        where = device.pick(settings.device) if group is None else group.pick(settings.device)
        share = (0, 1) if group is None else (group.rank, group.size)
        batches = Batches(data.train, settings.batch_size, settings.seed, where, share)
        if self.state is not None and self.state["data"]["sha256"] != data.sha256:
            raise BadInput(
                f"The data {origin.data} are not those that the run in {origin.out} was begun "
                "with. Bring those back, or start a new run."
            )
        model = origin.family.build(data.shape, config, settings.seed).to(where)
        if group is not None:
            group.check(model, settings, batches.batch_size)
        return model, batches

    def _choose(self, model: Model, batches: Batches) -> Choice:
        """How to compute; the first of several processes decides, all measure at the same time."""
        group, settings = self.group, self.origin.live.settings
        n_processors = None if group is None else group.processors
        choice = device.choose(
            model, settings, lambda f: batches.at(0, f), batches.device, n_processors=n_processors
        )
        return choice if group is None else group.gather(choice)[0]

    def _restore(self, learner: Learner, keeper: Keeper) -> None:
        """What every process takes from the checkpoint."""
        if self.found is None or self.state is None:
            return
        contents = {name: self.found.read(name) for name in (MODEL, OPTIMIZER)}
        learner.restore(contents, self.state)
        self.origin.live.replay(self.state["changes"])
        learner.change(self.origin.live.config, self.origin.live.settings)
        keeper.saved = (learner.step, len(self.origin.live.changes))
