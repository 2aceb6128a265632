"""What is done is kept with its model, what is half done for a few models only."""

from __future__ import annotations

import gc
import weakref
from collections.abc import Generator
from typing import Any

import torch
from torch import nn

from genstudio.metrics import _memo
from genstudio.metrics.evaluate import Progress


def counting(owner: nn.Module, begun: list[int]) -> Generator[Progress, None, float]:
    begun.append(1)
    for i in range(3):
        yield Progress(i, 3)
    return float(owner.weight.detach().sum())  # type: ignore[operator,union-attr]


def test_work_left_half_done_does_not_keep_its_models() -> None:
    models = [nn.Linear(2, 2) for _ in range(_memo.MAX_BEGUN + 3)]
    gone = [weakref.ref(model) for model in models]
    for model in models:
        next(_memo.once(model, "sum", lambda m=model: counting(m, [])))
    del model, models
    gc.collect()
    assert [ref() is None for ref in gone] == [True] * 3 + [False] * _memo.MAX_BEGUN


def test_what_is_done_goes_with_its_model() -> None:
    model = nn.Linear(2, 2)
    gone = weakref.ref(model)
    _memo.finish(_memo.once(model, "sum", lambda m=model: counting(m, [])))
    del model
    gc.collect()
    assert gone() is None


def test_works_in_turn_are_each_begun_once() -> None:
    models = [nn.Linear(2, 2) for _ in range(_memo.MAX_BEGUN)]
    begun: list[int] = []
    works = [_memo.once(m, "sum", lambda m=m: counting(m, begun)) for m in models]
    for _ in range(3):
        for work in works:
            next(work)
    assert [_memo.finish(work) for work in works] == [
        float(m.weight.detach().sum()) for m in models
    ]
    assert len(begun) == len(models)


def test_weights_that_change_half_way_begin_anew() -> None:
    model, begun = nn.Linear(2, 2), []  # type: ignore[var-annotated]
    work = _memo.once(model, "sum", lambda: counting(model, begun))
    next(work)
    with torch.no_grad():
        model.weight.fill_(1.0)
    assert _memo.finish(work) == 4.0
    assert len(begun) == 2


def test_data_read_anew_under_the_same_name_count_as_others() -> None:
    class Data:
        name = "folder:x"

    model, begun = nn.Linear(2, 2), []  # type: ignore[var-annotated]

    def ask(data: Any) -> None:
        _memo.finish(_memo.once(model, ("bank", data.name), lambda: counting(model, begun), data))

    first, second = Data(), Data()
    ask(first)
    ask(first)
    assert len(begun) == 1
    ask(second)
    assert len(begun) == 2
