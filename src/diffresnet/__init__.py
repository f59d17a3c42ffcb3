"""Label everything from a handful of labels: residual networks with a diffusion layer."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .classify import DiffusionClassifier
    from .graphs import NodeClassifier
    from .labelling import label_file
    from .nn import DiffResNet, DiffusionLayer
    from .similarity import similarity_graph

__version__ = "0.1.0"
__all__ = [
    "DiffResNet",
    "DiffusionClassifier",
    "DiffusionLayer",
    "NodeClassifier",
    "label_file",
    "similarity_graph",
]

_HOMES = {
    "DiffResNet": ".nn",
    "DiffusionClassifier": ".classify",
    "DiffusionLayer": ".nn",
    "NodeClassifier": ".graphs",
    "label_file": ".labelling",
    "similarity_graph": ".similarity",
}


def __getattr__(name: str) -> Any:
    # PyTorch is imported when it is needed, not by `diffresnet --help`.
    if name in _HOMES:
        return getattr(importlib.import_module(_HOMES[name], __name__), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted([*__all__, "__version__"])
