"""What is being trained: model, optimizers, averages, generator and step; one step of it; its whole
state as bytes.
"""

from __future__ import annotations

import copy
import json
import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import torch
from safetensors.torch import load as load_tensors
from safetensors.torch import save as save_tensors
from torch import Tensor

from genstudio.abilities import BadInput
from genstudio.engine import optimizer_state
from genstudio.engine.batches import Batches, mix
from genstudio.engine.device import Choice
from genstudio.engine.faults import NotFinite
from genstudio.engine.live import LiveWeights
from genstudio.engine.schedule import lr_factor
from genstudio.engine.settings import TrainSettings
from genstudio.engine.updates import Updates
from genstudio.engine.weights_file import header_of, to_bytes
from genstudio.models import Config, Model

if TYPE_CHECKING:
    from genstudio.engine.parallel import Group

MODEL = "model.safetensors"
OPTIMIZER = "optimizer.safetensors"
ABSURD = 1e15  # a weight norm beyond this is damage, not learning
CALIBRATE_N = 4096  # training images that a snapshot's encodings are summed up over


class Learner:
    """A model in training.

    `shadow` is the copy that is evaluated, saved and shown, with averaged weights where there are
    averages; looking at it never touches the model. `group` are the processes that train it, None
    where there is one.
    """

    def __init__(
        self,
        model: Model,
        batches: Batches,
        settings: TrainSettings,
        choice: Choice,
        total: int,
        group: Group | None = None,
    ) -> None:
        self.group = group
        self.choice = choice
        self.batches = batches
        self.settings = settings
        self.total = total
        self.step = 0
        self.model = model.to(memory_format=choice.format)  # type: ignore[call-overload]
        self.model.train()
        self.shadow: Model = copy.deepcopy(self.model).eval()
        self.shadow.requires_grad_(False)
        stream = () if group is None or group.is_first else (group.rank,)
        seed = mix(settings.seed, "training", *stream)
        self.rng = torch.Generator(batches.device).manual_seed(seed)
        self._names = {id(p): name for name, p in self.model.named_parameters()}
        twins = dict(self.shadow.named_parameters())
        self.update = Updates(
            self.model.optimizers(settings),
            settings.lr,
            batches.device,
            autocast=choice.bfloat16,
            average=lambda p: twins[self._names[id(p)]],
            ema_decay=settings.ema_decay,
            share=None if group is None else group.averager(),
        )
        self.update.clip_norm = settings.clip_norm
        self._lr_moves = settings.lr_schedule != "constant" or settings.warmup_steps > 0
        self._calibrated: dict[
            str, tuple[Tensor, int]
        ] = {}  # buffers, and the version they replace

    @property
    def config(self) -> Config:
        return self.model.config

    @property
    def measures_loss(self) -> bool:
        """Whether the loss of images outside training can be computed."""
        return type(self.model).losses is not Model.losses

    def change(self, config: Config, settings: TrainSettings) -> None:
        """Go on with other live settings from the next step."""
        self.model.config = self.shadow.config = config
        self.settings = settings
        self.update.clip_norm = settings.clip_norm
        self.update.set_lr(settings.lr)

    def advance(self) -> dict[str, float]:
        """One training step; returns the loss and its parts.

        Raises: NotFinite with step, learning rate and parts.
        """
        x, y = self.batches.at(self.step, self.choice.format)
        if self._lr_moves:
            self.update.set_lr(self.settings.lr * lr_factor(self.step, self.total, self.settings))
        try:
            if self.choice.bfloat16:
                with self.choice.autocast():
                    parts = self.model.training_step(x, y, self.update, self.rng)
            else:
                parts = self.model.training_step(x, y, self.update, self.rng)
            if self.group is not None:
                parts = self.group.agree(parts)
            if not math.isfinite(parts["loss"]):
                raise NotFinite("the loss", lr=self.update.lr, parts=parts)
        except NotFinite as error:
            error.step = self.step + 1
            error.parts = {**self._parts(x, y), **error.parts}
            raise
        self.step += 1
        return parts

    @torch.no_grad()
    def _parts(self, x: Tensor, y: Tensor | None) -> dict[str, float]:
        """Loss parts of the batch that failed, for the message."""
        if not self.measures_loss:
            return {}
        rng = torch.Generator(self.batches.device).manual_seed(0)
        return {name: float(value) for name, value in self.model.losses(x, rng, y).items()}

    # The shadow ----------------------------------------------------------------------------------

    @torch.no_grad()
    def refresh(self) -> Model:
        """The shadow with the weights of now."""
        averaged = self.update.ema_decay > 0
        for (name, mine), theirs in zip(
            self.shadow.state_dict().items(), self.model.state_dict().values()
        ):
            if not (averaged and name in self._averaged):
                mine.copy_(theirs)
        return self.shadow

    @property
    def _averaged(self) -> frozenset[str]:
        if not hasattr(self, "_averaged_names"):
            params = [
                p
                for o in self.update.optimizers.values()
                for g in o.param_groups
                for p in g["params"]
            ]
            self._averaged_names = frozenset(self._names[id(p)] for p in params)
        return self._averaged_names

    def calibrate(self, limit: int | None = CALIBRATE_N) -> Model:
        """The shadow of now, its encodings summed up over `limit` training images (None: all).

        Raises: NotFinite where weights or encodings are damaged and must not be kept.
        """
        self.check_weights()
        shadow = self.refresh()
        shadow.load_training_state(self.model.training_state())
        shadow.calibrate(lambda: self.batches.sweep(limit))
        own = dict(self.model.named_buffers())
        for name, value in shadow.state_dict().items():
            if value.is_floating_point() and not torch.isfinite(value).all():
                raise NotFinite(f"{name} of the model", lr=self.update.lr, step=self.step)
        self._calibrated = {
            name: (buffer.clone(), own[name]._version)
            for name, buffer in shadow.named_buffers()
            if not torch.equal(buffer, own[name])
        }
        return shadow

    @torch.no_grad()
    def live(self) -> LiveWeights:
        """A copy of the weights of now, with the newest calibration."""
        tensors = {}
        own = dict(self.model.named_buffers())
        averaged = self._averaged if self.update.ema_decay > 0 else frozenset()
        shadow = self.shadow.state_dict()
        for name, value in self.model.state_dict().items():
            source = shadow[name] if name in averaged else value
            fresh = self._calibrated.get(name)
            if fresh is not None and own[name]._version == fresh[1]:
                source = fresh[0]
            tensors[name] = source.detach().to("cpu", copy=True)
        return LiveWeights(self.model.family, self.model.shape, self.config, tensors)

    def check_weights(self) -> None:
        """Raises: NotFinite when the weights are damaged and must not be saved."""
        weights = [p.detach() for p in self.model.parameters()]
        if weights:
            norms = torch.stack(torch._foreach_norm(weights))
            if not (norms < ABSURD).all():
                raise NotFinite(
                    "a weight",
                    lr=self.update.lr,
                    parts={"weight norm": float(norms.max())},
                    step=self.step,
                )

    # State ---------------------------------------------------------------------------------------

    def rng_states(self) -> dict[str, Tensor]:
        """States of the noise of every process, by name. All processes call it at the same step.

        Raises: RuntimeError where they hold different weights.
        """
        own = self.rng.get_state()
        if self.group is None:
            return {"rng": own}
        self.group.check_same(self.model)
        return {_rng_name(rank): state for rank, state in enumerate(self.group.gather(own))}

    def contents(self) -> tuple[dict[str, bytes], dict[str, Any]]:
        """Files of a checkpoint, and what belongs into its state.json."""
        tensors = self.rng_states()
        plain: dict[str, Any] = {}
        for name, optimizer in self.update.optimizers.items():
            packed, rest = optimizer_state.pack(name, optimizer)
            tensors |= {f"optimizer/{place}": value for place, value in packed.items()}
            plain |= rest
        for name, value in self.model.training_state().items():
            tensors[f"training/{name}"] = value
        if self.update.ema_decay > 0:
            shadow = dict(self.shadow.named_parameters())
            tensors |= {f"average/{name}": shadow[name] for name in self._averaged}
        own = {
            name: value.detach().cpu().clone(memory_format=torch.contiguous_format)
            for name, value in tensors.items()
        }
        files = {
            MODEL: to_bytes(self.model.state_dict(), header_of(self.model, step=self.step)),
            OPTIMIZER: save_tensors(own),
        }
        state = {"step": self.step, "optimizer": plain, "updates": self.update.counts}
        state["world_size"] = 1 if self.group is None else self.group.size
        return files, state

    @torch.no_grad()
    def restore(self, files: Mapping[str, bytes], state: Mapping[str, Any]) -> None:
        """Become what `contents` described.

        Raises: BadInput when it does not fit.
        """
        try:
            weights = load_tensors(files[MODEL])
            own = self.model.state_dict()
            if weights.keys() != own.keys():
                raise ValueError("other tensors")
            for name, value in own.items():
                value.copy_(weights[name])
            tensors = load_tensors(files[OPTIMIZER])
            self._restore_rest(tensors, state)
        except (KeyError, ValueError, RuntimeError, IndexError) as error:
            raise BadInput(
                f"The checkpoint does not fit this model ({error}). "
                "Resume with the settings it was made with."
            ) from error
        self.step = int(state["step"])

    def _restore_rest(self, tensors: Mapping[str, Tensor], state: Mapping[str, Any]) -> None:
        self._restore_rng(tensors, state)
        packed = _under("optimizer/", tensors)
        for name, optimizer in self.update.optimizers.items():
            optimizer_state.unpack(name, optimizer, packed, state["optimizer"])
            self.update.counts[name] = int(state["updates"][name])
        self.model.load_training_state(_under("training/", tensors))
        if self.update.ema_decay > 0:
            shadow = dict(self.shadow.named_parameters())
            for name, value in _under("average/", tensors).items():
                shadow[name].copy_(value)

    def _restore_rng(self, tensors: Mapping[str, Tensor], state: Mapping[str, Any]) -> None:
        """The noise goes on where it was; processes that are more, or other, than before begin
        streams of their own.
        """
        group = self.group
        if group is None or group.is_first:
            self.rng.set_state(tensors[_rng_name(0)])
        elif group.size == state.get("world_size", 1):
            self.rng.set_state(tensors[_rng_name(group.rank)])
        else:
            seed = mix(self.settings.seed, "training", group.rank, int(state["step"]))
            self.rng.manual_seed(seed)


def _rng_name(rank: int) -> str:
    return f"rng/{rank}" if rank else "rng"


def _under(prefix: str, tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    return {n.removeprefix(prefix): v for n, v in tensors.items() if n.startswith(prefix)}


def encode_state(state: Mapping[str, Any]) -> bytes:
    return json.dumps(state, indent=1).encode()
