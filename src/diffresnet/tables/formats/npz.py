"""Tables in .npz files: named arrays, read without trust."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa

from ...files.npz import load_npz, save_npz
from ..arrays import Arrays
from ..content import BECAUSE, NOVELTY, Content, Features, RowResult
from .format import Format


class NpzFormat(Format):
    """NumPy's archive of arrays."""

    def read(self, path: Path) -> Content:
        return Arrays(load_npz(path))

    def write(
        self,
        path: Path,
        content: Content,
        features: Features | None,
        like: pa.ChunkedArray | None,
        result: RowResult,
    ) -> None:
        arrays = content.to_arrays(features)
        if any(isinstance(value, str) for value in result.values):
            arrays["label"] = np.array(["" if value is None else value for value in result.values])
        else:
            codes = [-1 if value is None else value for value in result.values]
            arrays["label"] = np.array(codes, dtype=np.int64)
        arrays["confidence"] = result.confidence.astype(np.float32)
        arrays["flag"] = np.array(result.flags, dtype=str)
        if result.novelty is not None:
            arrays[NOVELTY] = result.novelty.astype(np.float32)
        if result.because is not None:
            arrays[BECAUSE] = np.array([text or "" for text in result.because])
        save_npz(path, arrays)


FORMAT = NpzFormat()
