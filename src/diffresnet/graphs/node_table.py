"""The nodes of a graph as a table to be labelled, with what is needed to write it again."""

from __future__ import annotations

import zipfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from ..errors import InputError
from ..files.atomic import Pathlike
from ..files.npz import load_npz
from ..labels import labels_of_column
from ..tables.feature_columns import listed
from ..tables.labelled_table import FeatureTable, check_labelled
from .edge_list import read_columns, read_edge_list
from .graph import GraphData, graph_of_arrays


def holds_graph(path: Pathlike) -> bool:
    """Whether a file is a graph in .npz, and no table of features: by the names of its arrays."""
    if Path(path).suffix.lower() != ".npz":
        return False
    try:
        with zipfile.ZipFile(path) as archive:
            names = archive.namelist()
    except (OSError, zipfile.BadZipFile):
        return False  # what reads it as a table says what is wrong with it
    return "adj_data.npy" in names and "features.npy" not in names


def read_node_table(
    path: Pathlike,
    edges: Pathlike | None = None,
    *,
    label_column: str = "label",
    id_column: str | None = None,
    features: str | Sequence[str] | None = None,
) -> tuple[FeatureTable, GraphData]:
    """Read nodes, some of them with a label, and the graph that they are in.

    Parameters
    ----------
    path, edges
        A table of nodes and a list of edges, as `read_edge_list` has them; or a graph in .npz, as
        `read_graph` has it, and no edges.
    label_column, id_column, features
        Of the table of nodes; see `read_edge_list`.

    Returns
    -------
    table : FeatureTable
        Every row and column of the file, in the order of the nodes. Features are in the graph.
    graph : GraphData

    Raises
    ------
    InputError
        If a file is not as said above, or no node has a label.
    """
    if edges is None:
        table, graph = _of_arrays(Path(path))
    else:
        table, graph = _of_columns(Path(path), edges, label_column, id_column, features)
    check_labelled(table)
    return table, graph


def _of_arrays(path: Path) -> tuple[FeatureTable, GraphData]:
    arrays = load_npz(path)
    graph = graph_of_arrays(arrays, path)
    if graph.labels is None:
        raise InputError(
            f"the graph {str(path)!r} has no array 'labels'; it holds a class for each node, -1 "
            f"where there is none"
        )
    return _table(path, graph.labels, "labels", arrays), graph


def _of_columns(
    path: Path,
    edges: Pathlike,
    label_column: str,
    id_column: str | None,
    features: str | Sequence[str] | None,
) -> tuple[FeatureTable, GraphData]:
    columns = read_columns(path)
    if label_column not in columns.column_names:
        raise InputError(
            f"{str(path)!r} has no column {label_column!r}; name the one that holds the labels "
            f"with --label-column: {listed(columns.column_names)}"
        )
    labels = labels_of_column(
        columns[label_column], f"label column {label_column!r} of {str(path)!r}"
    )
    graph = read_edge_list(
        edges,
        path,
        label_column=label_column,
        id_column=id_column,
        features=features,
        feature_option="--features",
        nodes=columns,
    )
    return _table(path, labels, label_column, columns), graph


def _table(path: Path, labels: np.ndarray, column: str, carried: object) -> FeatureTable:
    return FeatureTable(
        path=path,
        features=np.empty((len(labels), 0), dtype=np.float32),
        labels=labels,
        feature_names=(),
        feature_columns=(),
        label_column=column,
        carried=carried,
    )
