"""Features in .npy files: one array, mapped from the file; its labels are in a second file."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from ..arrays import Arrays
from ..content import Content
from ..reading import one_line_errors
from .format import ReadFormat


class NpyFormat(ReadFormat):
    """NumPy's file of one array, the features (n, d)."""

    def read(self, path: Path) -> Content:
        return Arrays({"features": map_array(path)})


def map_array(path: Path) -> np.ndarray:
    """Map the array of a .npy file, without reading it.

    Raises
    ------
    InputError
        If it is no such file, damaged, or holds pickled objects.
    """
    with one_line_errors(path, "it is no .npy file, or is damaged"):
        return np.lib.format.open_memmap(path, mode="r")


FORMAT = NpyFormat()
