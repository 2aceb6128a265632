"""What a run leaves in its folder: snapshots, checkpoints, and weights with their card at the top.

Nothing that is not finite is written: the last good state stays.
"""

from __future__ import annotations

import platform
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch

from genstudio.abilities import Card
from genstudio.engine import checkpoint, files, resume, runs
from genstudio.engine.checkpoint import Checkpoint
from genstudio.engine.learner import CALIBRATE_N, Learner, encode_state
from genstudio.engine.origin import Origin
from genstudio.engine.recorder import Recorder
from genstudio.engine.weights_file import header_of, to_bytes
from genstudio.models import Model


class Keeper:
    """Writes a run into its folder. Beside the first of several processes it writes nothing.

    `saved` are the step and the number of live changes of the last checkpoint. `metrics` go on the
    card; `seconds` and `sha256` are those of the weights written last.
    """

    def __init__(
        self, origin: Origin, data_sha256: str, learner: Learner, recorder: Recorder
    ) -> None:
        self.saved: tuple[int, int] | None = None
        self.seconds = 0.0
        self.metrics: dict[str, Any] = {}
        self.sha256 = ""
        self._origin = origin
        self._data_sha256 = data_sha256
        self._learner = learner
        self._recorder = recorder

    @property
    def _out(self) -> Path:
        return self._origin.out

    def card(self) -> Card:
        """What is known of the model as it is now."""
        learner = self._learner
        metrics = {**self.metrics, "steps": learner.step}
        return self._origin.card(learner.model, self.seconds, metrics, self.sha256)

    @property
    def is_saved(self) -> bool:
        """Whether the last checkpoint holds all there is."""
        return self.saved == self._now()

    def _now(self) -> tuple[int, int]:
        return self._learner.step, len(self._origin.live.changes)

    def snapshot(self) -> None:
        """Write the weights of now for time travel.

        Raises: NotFinite, CannotSave.
        """
        step = self._learner.step
        path = runs.snapshot_path(self._out, step)
        files.replace(path, self._weights(self._learner.calibrate()))
        self._recorder.event(step, "snapshot", f"Snapshot of step {step:,}.", path=str(path))

    def save(self, final: bool = False) -> None:
        """Write a checkpoint, then weights and card at the top of the run folder.

        Raises: NotFinite, CannotSave; what was saved before is then intact.
        """
        learner, recorder = self._learner, self._recorder
        learner.check_weights()
        if learner.group is not None and not learner.group.is_first:
            learner.rng_states()  # the first process keeps them
            self.saved = self._now()
            return
        shadow = learner.calibrate(None if final else CALIBRATE_N)
        self.seconds = recorder.seconds
        contents, state = learner.contents()
        contents[resume.STATE] = encode_state({**state, **self._state()})
        kept = checkpoint.write(self._out, learner.step, contents)
        self.saved = self._now()
        self._put_on_top(shadow)
        text = f"Saved at step {learner.step:,}."
        recorder.event(learner.step, "checkpoint", text, path=str(kept.path))

    def _state(self) -> dict[str, Any]:
        """What state.json holds beside the learner's own."""
        learner = self._learner
        return {
            "schema_version": resume.SCHEMA_VERSION,
            "epoch": learner.step // learner.batches.per_epoch,
            "family": self._origin.family.key,
            **self._origin.live.state(),
            "choice": learner.choice.to_json(),
            "data": {"name": self._origin.data, "sha256": self._data_sha256},
            "seconds": self.seconds,
            "metrics": self.metrics,
            "versions": {"python": platform.python_version(), "torch": torch.__version__},
            "total": learner.total,
        }

    def restore(self, found: Checkpoint, state: Mapping[str, Any]) -> None:
        """Take up the folder as it was when checkpoint `found` was written."""
        step = self._learner.step
        self.seconds = self._recorder.seconds = float(state["seconds"])
        self.metrics = dict(state["metrics"])
        runs.drop_after(self._out, step)
        self.sha256 = resume.weights_of(self._out, step)
        if not self.sha256:  # killed after the checkpoint and before the weights at the top
            final = step >= self._learner.total
            self._put_on_top(self._learner.calibrate(None if final else CALIBRATE_N))
        for note in found.notes:
            self._recorder.event(step, "alarm", note)

    def _put_on_top(self, shadow: Model) -> None:
        weights = self._weights(shadow)
        self.sha256 = files.sha256(weights)
        files.replace(self._out / runs.MODEL, weights)
        files.replace(self._out / runs.CARD, self.card().model_dump_json(indent=1).encode())

    def _weights(self, shadow: Model) -> bytes:
        header = header_of(
            shadow,
            title=self._origin.family.title,
            data=self._origin.data,
            seed=self._origin.live.settings.seed,
            step=self._learner.step,
        )
        return to_bytes(shadow.state_dict(), header)
