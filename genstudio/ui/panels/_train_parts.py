"""What the parts of a loss are called, and in which plot they stand. No Qt."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable

_LEVEL = re.compile(r"loss_t(\d{1,9})")  # the loss over noise levels up to this t


def level(part: str) -> int | None:
    """The highest t of a part that is the loss at some noise levels; None for other parts."""
    match = _LEVEL.fullmatch(part)
    return int(match[1]) if match else None


def is_lower(part: str) -> bool:
    """Whether a part is of another size or kind than the loss, and stands in a plot of its own."""
    return part == "kl" or level(part) is not None


def names(parts: Iterable[str], words: Callable[[str], str]) -> dict[str, str]:
    """What each of the loss's parts is called: "t 251 to 500" after "t 1 to 250", the others as
    they are. `words` translates.
    """
    found: dict[str, str] = {}
    levels = []
    for part in dict.fromkeys(parts):
        found[part] = part
        top = level(part)
        if top is not None:
            levels.append((top, part))
    low = 1
    for top, part in sorted(levels):
        found[part] = words("t {0} to {1}").format(low, top)
        low = top + 1
    return found
