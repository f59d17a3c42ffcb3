"""Tiny graphs as files, under the names of the citation graphs."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import scipy.sparse as sp

from diffresnet.files.npz import save_npz
from node_cases import two_blocks


def write_graph(path: Path, seed: int = 0) -> None:
    graph = two_blocks(120, seed=seed, inside=0.1)
    arrays = {"labels": graph.labels}
    for name, matrix in {"adj": graph.adjacency, "attr": sp.csr_array(graph.features)}.items():
        arrays |= {
            f"{name}_data": matrix.data,
            f"{name}_indices": matrix.indices,
            f"{name}_indptr": matrix.indptr,
            f"{name}_shape": np.array(matrix.shape),
        }
    save_npz(path, arrays)
