"""Reader of the citation graphs that Planetoid distributes, with their fixed split."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import scipy.sparse

from diffresnet.errors import InputError
from diffresnet.files.atomic import Pathlike, check_readable
from diffresnet.graphs.graph import GraphData, NodeSplit

from .restricted_pickle import load_matrix, load_neighbours

PARTS = ("x", "tx", "allx", "y", "ty", "ally", "graph", "test.index")
"""Suffixes of the files of a data set: ind.NAME.x and so on."""

VALIDATION_NODES = 500
"""Validation nodes of the fixed split: those right after the training nodes."""


def planetoid_files(name: str) -> tuple[str, ...]:
    """Return the names of the eight files of a data set.

    Examples
    --------
    >>> planetoid_files("cora")[0]
    'ind.cora.x'
    """
    return tuple(f"ind.{name}.{part}" for part in PARTS)


def read_planetoid(folder: Pathlike, name: str) -> GraphData:
    """Read ind.NAME.x, .tx, .allx, .y, .ty, .ally, .graph and .test.index (Python 2 pickles).

    Nodes are numbered as there: those of `allx` first, the test nodes at the places that
    `test.index` says. Places in between without a test node (15 isolated ones in Citeseer) get
    zero features and no label. The split is that of Yang et al., "Revisiting Semi-Supervised
    Learning with Graph Embeddings" (arXiv 1603.08861) and Kipf and Welling (arXiv 1609.02907): the
    nodes of `x` train (20 a class), the next 500 validate, those of `test.index` (1000) test.

    Nothing in the files is executed: see `restricted_pickle`.

    Raises
    ------
    InputError
        If a file is missing, damaged, holds anything but arrays, or the files do not fit together.
    """
    folder = Path(folder)
    paths = {part: folder / f"ind.{name}.{part}" for part in PARTS}
    features = [_sparse(paths[part]) for part in ("allx", "tx")]
    classes = [_one_hot(paths[part]) for part in ("ally", "ty")]
    n_train = len(_one_hot(paths["y"]))
    n_known, n_test = (matrix.shape[0] for matrix in features)
    test_nodes = _test_index(paths["test.index"])
    files = f"the Planetoid files of {name!r} in {str(folder)!r}"
    if features[0].shape[1] != features[1].shape[1] or classes[0].shape[1] != classes[1].shape[1]:
        raise InputError(
            f"{files} do not fit together: allx and tx, or ally and ty, differ in width"
        )
    if n_known != len(classes[0]) or not n_test == len(classes[1]) == len(test_nodes):
        raise InputError(f"{files} do not fit together: features, labels and test nodes differ")
    if n_known < n_train or _sparse(paths["x"]).shape[0] != n_train or n_test == 0:
        raise InputError(f"{files} do not fit together: x and y are not the first rows of allx")
    if test_nodes.min() < n_known or len(np.unique(test_nodes)) != n_test:
        raise InputError(f"{files} are damaged: a test node is named twice, or is in allx already")
    n = int(test_nodes.max()) + 1
    neighbours = load_neighbours(paths["graph"])
    if n > 2 * (n_known + n_test) or not set(neighbours) <= set(range(n)):
        raise InputError(f"{files} are damaged: the graph has other nodes than the features")
    # The rows of tx come in the order of test.index, not of the nodes.
    stacked = scipy.sparse.coo_array(scipy.sparse.vstack(features))
    node = np.concatenate([np.arange(n_known), test_nodes])
    matrix = scipy.sparse.csr_array(
        (stacked.data, (node[stacked.row], stacked.col)), shape=(n, stacked.shape[1])
    )
    labels = np.full(n, -1)
    labels[node] = np.concatenate(classes).argmax(1)
    labels[node[np.concatenate(classes).sum(1) == 0]] = -1
    split = NodeSplit(
        np.arange(n_train),
        np.arange(n_train, min(n_train + VALIDATION_NODES, n_known)),
        np.sort(test_nodes),
    )
    adjacency = _adjacency(neighbours, n, files)
    return GraphData(name, adjacency, matrix, labels, split, files=tuple(paths.values()))


def _adjacency(neighbours: dict[int, list[int]], n: int, files: str) -> scipy.sparse.csr_array:
    i = np.repeat(
        np.fromiter(neighbours, np.int64), [len(others) for others in neighbours.values()]
    )
    j = np.array([other for others in neighbours.values() for other in others], dtype=np.int64)
    if len(j) and (j.min() < 0 or j.max() >= n):
        raise InputError(f"{files} are damaged: an edge leads to node {j.max()} of {n}")
    matrix = scipy.sparse.csr_array((np.ones(len(i)), (i, j)), shape=(n, n))
    matrix.data[:] = 1.0  # citations that are listed twice
    return matrix


def _sparse(path: Path) -> scipy.sparse.csr_array:
    matrix = load_matrix(path)
    if matrix.ndim != 2:
        raise InputError(f"{str(path)!r} must hold a matrix of features")
    return scipy.sparse.csr_array(matrix, dtype=np.float32)


def _one_hot(path: Path) -> np.ndarray:
    matrix = load_matrix(path)
    if not isinstance(matrix, np.ndarray) or matrix.ndim != 2 or matrix.shape[1] == 0:
        raise InputError(f"{str(path)!r} must hold a matrix of classes, a 1 in each row")
    # A row of zeros is a node without a class.
    if not np.isin(matrix, (0, 1)).all() or (matrix.sum(1) > 1).any():
        raise InputError(f"{str(path)!r} must hold a matrix of classes, a 1 in each row")
    return matrix


def _test_index(path: Path) -> np.ndarray:
    lines = check_readable(path).read_bytes().split()
    if not lines or not all(line.isdigit() and len(line) < 10 for line in lines):
        raise InputError(f"{str(path)!r} must hold the number of a test node on each line")
    return np.array([int(line) for line in lines])
