"""Data sets of the laboratory: catalogue, download, verification, readers, synthetic sets."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .catalogue import CATALOGUE, DataFile, DataSet, GraphCounts, get_data_set, read_catalogue
    from .fetch import FetchError, fetch_data_set
    from .find import cache_folder, data_folders, find_graph
    from .images import ImageSet, read_images
    from .planetoid import read_planetoid
    from .synthetic import SyntheticSet, circle, moon, spiral, xor
    from .verify import VerificationResult, verify_data_set

_HOMES = {
    "catalogue": (
        "CATALOGUE",
        "DataFile",
        "DataSet",
        "GraphCounts",
        "get_data_set",
        "read_catalogue",
    ),
    "fetch": ("FetchError", "fetch_data_set"),
    "find": ("cache_folder", "data_folders", "find_graph"),
    "images": ("ImageSet", "read_images"),
    "planetoid": ("read_planetoid",),
    "synthetic": ("SyntheticSet", "circle", "moon", "spiral", "xor"),
    "verify": ("VerificationResult", "verify_data_set"),
}
_HOME_OF = {name: home for home, names in _HOMES.items() for name in names}

__all__ = [
    "CATALOGUE",
    "DataFile",
    "DataSet",
    "FetchError",
    "GraphCounts",
    "ImageSet",
    "SyntheticSet",
    "VerificationResult",
    "cache_folder",
    "circle",
    "data_folders",
    "fetch_data_set",
    "find_graph",
    "get_data_set",
    "moon",
    "read_catalogue",
    "read_images",
    "read_planetoid",
    "spiral",
    "verify_data_set",
    "xor",
]


def __getattr__(name: str) -> Any:
    # Images need torch and the download needs pooch, which synthetic points do not.
    if name in _HOME_OF:
        return getattr(importlib.import_module(f".{_HOME_OF[name]}", __name__), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
