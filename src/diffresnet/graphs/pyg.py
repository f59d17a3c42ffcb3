"""Graphs from PyTorch Geometric's `Data`, read by its attributes."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import scipy.sparse

from ..errors import InputError, Note
from ..files.csr import finite_numbers
from ..labels import class_numbers
from .graph import GraphData, NodeSplit

HALVES = ("torch.float16", "torch.bfloat16")
EDGE_ATTR = Note(
    "edge_attr is left alone: what edges are like is not used; weights are edge_weight"
)
MASKS = ("train_mask", "val_mask", "test_mask")


def graph_from_pyg(data: Any, name: str = "graph") -> GraphData:
    """Read the graph of any object with `edge_index`, and perhaps `x`, `y` and masks.

    torch_geometric is not imported, so that a plain object with tensors or arrays does as well.

    Parameters
    ----------
    data : object
        edge_index (2, m), integers: edges from the first row to the second; edge_weight (m,),
        optional, >= 0; x (n, d), dense or sparse, optional; y (n,), integers with -1 for
        unlabelled nodes, optional; train_mask, val_mask and test_mask (n,), bool, all or none:
        they become `split`. An edge_attr is left alone, which `notes` say.

    Raises
    ------
    InputError
        If an attribute is missing or not as said above.

    Examples
    --------
    >>> from types import SimpleNamespace
    >>> triangle = SimpleNamespace(edge_index=np.array([[0, 1, 2], [1, 2, 0]]), y=[0, 0, 1])
    >>> graph_from_pyg(triangle).edges
    3
    """
    where = f"the graph {name!r}"
    ends = _array(getattr(data, "edge_index", None))
    if ends is None:
        raise InputError(f"{where} has no edge_index; give an object as PyTorch Geometric's Data")
    if ends.ndim != 2 or ends.shape[0] != 2 or ends.dtype.kind not in "iu":
        raise InputError(f"edge_index of {where} must be (2, m) integers, not {_kind(ends)}")
    features = _features(getattr(data, "x", None), where)
    labels = _labels(_array(getattr(data, "y", None)), where)
    n = _nodes(data, features, labels, ends)
    if n == 0:
        raise InputError(f"{where} has no nodes")
    for what, array in (("x", features), ("y", labels)):
        if array is not None and array.shape[0] != n:
            raise InputError(f"{where} has {n} nodes but {array.shape[0]} rows of {what}")
    if ends.size and (ends.min() < 0 or ends.max() >= n):
        raise InputError(
            f"edge_index of {where} names node {int(ends.min() if ends.min() < 0 else ends.max())},"
            f" but its {n} nodes are 0 to {n - 1}"
        )
    weights = _weights(_array(getattr(data, "edge_weight", None)), ends.shape[1], where)
    adjacency = scipy.sparse.csr_array((weights, (ends[0], ends[1])), shape=(n, n))
    notes = () if getattr(data, "edge_attr", None) is None else (EDGE_ATTR,)
    return GraphData(name, adjacency, features, labels, _split(data, n, where), notes=notes)


def _nodes(
    data: Any,
    features: scipy.sparse.csr_array | None,
    labels: np.ndarray | None,
    ends: np.ndarray,
) -> int:
    for array in (features, labels):
        if array is not None:
            return int(array.shape[0])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Data warns where it counts the ends of edges, as we do
        stated = getattr(data, "num_nodes", None)
    return stated if isinstance(stated, int) else int(ends.max(initial=-1)) + 1


def _features(x: Any, where: str) -> scipy.sparse.csr_array | None:
    if x is None:
        return None
    if "sparse" in str(getattr(x, "layout", "")):
        coo = _host(x).to_sparse_coo().coalesce()
        values, (i, j) = coo.values().numpy(), coo.indices().numpy()
        x = scipy.sparse.coo_array((values, (i, j)), shape=tuple(coo.shape))
    if scipy.sparse.issparse(x):
        matrix = scipy.sparse.csr_array(x)
    else:
        dense = _array(x)
        if dense is None or dense.ndim != 2 or dense.dtype.kind not in "fiub":
            raise InputError(f"x of {where} must be (n, d) real numbers, not {_kind(dense)}")
        matrix = scipy.sparse.csr_array(finite_numbers(dense, "x", np.float32, where))
    matrix.data = finite_numbers(matrix.data, "x", np.float32, where)
    return matrix


def _labels(y: np.ndarray | None, where: str) -> np.ndarray | None:
    if y is None:
        return None
    if y.ndim == 2 and y.shape[1] == 1:
        y = y[:, 0]
    return class_numbers(y, f"y of {where}")


def _weights(weights: np.ndarray | None, m: int, where: str) -> np.ndarray:
    if weights is None:
        return np.ones(m)
    weights = finite_numbers(weights, "edge_weight", np.float64, where)
    if weights.shape != (m,):
        raise InputError(f"edge_weight of {where} must hold a number for each of the {m} edges")
    if (weights < 0).any():
        raise InputError(f"{where} has negative weights; they must be 0 or more")
    return weights


def _split(data: Any, n: int, where: str) -> NodeSplit | None:
    masks = {key: _array(getattr(data, key, None)) for key in MASKS}
    there = {key: mask for key, mask in masks.items() if mask is not None}
    if not there:
        return None
    if len(there) < len(MASKS):
        raise InputError(f"{where} has {', '.join(there)}; a split needs {', '.join(MASKS)}")
    for key, mask in there.items():
        if mask.ndim == 2:
            raise InputError(f"{key} of {where} holds {mask.shape[1]} splits; keep one: mask[:, 0]")
        if mask.shape != (n,) or mask.dtype != bool:
            raise InputError(f"{key} of {where} must be ({n},) booleans, not {_kind(mask)}")
    if (np.sum(list(there.values()), axis=0) > 1).any():
        raise InputError(f"the masks of {where} share nodes; a node trains, validates or tests")
    return NodeSplit(*(np.flatnonzero(mask) for mask in there.values()))


def _array(value: Any) -> np.ndarray | None:
    if value is None:
        return None
    return np.asarray(_host(value) if hasattr(value, "detach") else value)


def _host(tensor: Any) -> Any:
    """Move a tensor to where numpy reads it, in a type that numpy has."""
    tensor = tensor.detach().cpu()
    return tensor.float() if str(tensor.dtype) in HALVES else tensor


def _kind(array: np.ndarray | None) -> str:
    return "nothing" if array is None else f"{array.dtype} of shape {array.shape}"
