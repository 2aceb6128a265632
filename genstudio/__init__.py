"""GenStudio: see how generative models work by touching them.

The public functions stand in `genstudio.api` and are handed on lazily, so that `import genstudio`
loads neither torch nor Qt.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"
__all__ = ["create", "dataset", "families", "load", "weights"]

if TYPE_CHECKING:
    from genstudio.api import create, dataset, families, load, weights


def __getattr__(name: str) -> Any:
    if name in __all__:
        from genstudio import api

        return getattr(api, name)
    raise AttributeError(f"module 'genstudio' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])
