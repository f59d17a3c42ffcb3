"""Small data sets in Planetoid's old files, pickled as Python 2 did it."""

from __future__ import annotations

import io
import pickle
import struct
from collections import defaultdict
from pathlib import Path
from typing import ClassVar

import numpy as np
import scipy.sparse as sp

MOVED = {
    b"numpy._core.multiarray": b"numpy.core.multiarray",
    b"scipy.sparse._csr": b"scipy.sparse.csr",
}


class Python2Pickler(pickle._Pickler):
    """Bytes are strings, as they were."""

    dispatch: ClassVar = dict(pickle._Pickler.dispatch)

    def save_bytes(self, content):
        if self.bin:
            self.write(pickle.BINSTRING + struct.pack("<i", len(content)) + content)
        else:
            self.write(pickle.STRING + repr(content)[1:].encode() + b"\n")

    dispatch[bytes] = save_bytes


def python2(content: object, protocol: int = 2) -> bytes:
    """What Python 2, numpy 1 and an old scipy would have written."""
    buffer = io.BytesIO()
    Python2Pickler(buffer, protocol).dump(content)
    raw = buffer.getvalue()
    for new, old in MOVED.items():
        raw = raw.replace(b"c" + new, b"c" + old)
    return raw


def write_planetoid(
    folder: Path, name: str = "toy", *, dump=python2, known: int = 60, gap: bool = True
) -> dict[str, np.ndarray]:
    """Write the eight files; returns the features, labels, adjacency and test nodes they stand for.

    Two classes, 6 training nodes, `known` nodes in allx, then 10 test nodes in a shuffled order,
    and with `gap` one place among them that no file says anything of.
    """
    rng = np.random.default_rng(0)
    n = known + 10 + gap
    places = np.setdiff1d(np.arange(known, n), [known + 4] if gap else [])
    features = (rng.random((n, 12)) < 0.3).astype(np.float32)
    labels = np.arange(n) % 2
    features[:, 0] = labels
    if gap:
        features[known + 4], labels[known + 4] = 0, -1
    one_hot = np.eye(2, dtype=np.int32)[labels] * (labels >= 0)[:, None].astype(np.int32)
    order = rng.permutation(places)
    neighbours = defaultdict(list)
    for i in range(n):
        if not (gap and i == known + 4):
            j = (i + 2) % n
            j = (j + 2) % n if gap and j == known + 4 else j
            neighbours[i].append(j)
            neighbours[j].append(i)
    neighbours[0].extend([1, 1, 0])  # twice, one way, and a self-loop
    for row in list(neighbours):
        neighbours[row] = neighbours[row] or []
    adjacency = np.zeros((n, n))
    for i, others in neighbours.items():
        adjacency[i, others] = 1
    parts = {
        "x": sp.csr_matrix(features[:6]),
        "tx": sp.csr_matrix(features[order]),
        "allx": sp.csr_matrix(features[:known]),
        "y": one_hot[:6],
        "ty": one_hot[order],
        "ally": one_hot[:known],
        "graph": neighbours,
    }
    folder.mkdir(parents=True, exist_ok=True)
    for part, content in parts.items():
        (folder / f"ind.{name}.{part}").write_bytes(dump(content))
    (folder / f"ind.{name}.test.index").write_text("".join(f"{i}\n" for i in order))
    return {"features": features, "labels": labels, "adjacency": adjacency, "test": places}
