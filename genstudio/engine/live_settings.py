"""The settings of a run: as it was begun, as they are now, and what changed them at which step."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from genstudio.engine.settings import PREFIX, TrainSettings, live_change
from genstudio.models import Config, Family


class LiveSettings:
    """`config` and `settings` of now; `first_config` and `first_settings` as the run was begun."""

    def __init__(self, family: Family, config: Config, settings: TrainSettings) -> None:
        self._family = family
        self.config, self.settings = config, settings
        self.first_config, self.first_settings = config, settings
        self.changes: list[dict[str, Any]] = []

    def change(self, step: int, key: str, value: Any) -> dict[str, Any]:
        """Let `key` be `value` from the step after `step`; the entry in `changes`.

        Raises: BadInput when there is no such setting, it may not change, or `value` is not
        allowed.
        """
        record = self.settings if key.startswith(PREFIX) else self.config
        before = getattr(record, key.removeprefix(PREFIX), None)
        self.config, self.settings = live_change(
            key, value, self.config, self.settings, self._family
        )
        record = self.settings if key.startswith(PREFIX) else self.config
        held = record.model_dump(mode="json")[key.removeprefix(PREFIX)]
        self.changes.append({"step": step, "key": key, "value": held, "before": before})
        return self.changes[-1]

    def replay(self, changes: Sequence[Mapping[str, Any]]) -> None:
        """Make the `changes` of a run that is resumed once more.

        Raises: BadInput.
        """
        for change in changes:
            self.change(change["step"], change["key"], change["value"])
        self.changes = [dict(change) for change in changes]

    def state(self) -> dict[str, Any]:
        """What a checkpoint keeps of them."""
        return {
            "config": self.first_config.model_dump(mode="json"),
            "settings": self.first_settings.model_dump(mode="json"),
            "changes": self.changes,
        }
