"""Few-shot classification: tasks, methods that are batched over tasks, and their evaluation.

Public names are those of `api.py`: `from diffresnet_lab.fewshot import LaplacianShot, evaluate`.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .api import *  # noqa: F403


def __getattr__(name: str) -> Any:
    # PyTorch is imported when it is needed, not by `diffresnet fewshot --help`.
    if not name.startswith("_"):
        api = importlib.import_module(".api", __name__)
        if hasattr(api, name):
            return getattr(api, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return [name for name in dir(importlib.import_module(".api", __name__)) if name[0] != "_"]
