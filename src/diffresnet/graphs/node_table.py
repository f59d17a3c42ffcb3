"""The nodes of a graph as a table to be labelled, with what is needed to write it again."""

from __future__ import annotations

import zipfile
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from ..errors import InputError
from ..files.atomic import Pathlike, check_readable
from ..files.npz import load_npz
from ..labels import Marks, encode_labels, hide_marked
from ..tables.arrays import Arrays
from ..tables.formats import read_columns
from ..tables.labelled_table import LabelledTable
from .edge_list import read_edge_list
from .graph import GraphData, graph_of_arrays


def holds_graph(path: Pathlike) -> bool:
    """Return whether a file is a graph in .npz, and no table: by the names of its arrays."""
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
    unlabelled: Marks = None,
    skip_unknown: bool = False,
) -> tuple[LabelledTable, GraphData]:
    """Read nodes, some of them with a label, and the graph that they are in.

    Parameters
    ----------
    path, edges
        A table of nodes and a list of edges, as `read_edge_list` has them; or a graph in .npz, as
        `read_graph` has it, and no edges.
    label_column, id_column, features, unlabelled, skip_unknown
        Of the table of nodes; see `read_edge_list`.

    Returns
    -------
    table : LabelledTable
        Every row and column of the file, in the order of the nodes. Features are in the graph.
    graph : GraphData

    Raises
    ------
    InputError
        If a file is not as said above, or no node has a label.
    """
    path = check_readable(path)
    if edges is None:
        arrays = load_npz(path)
        graph = graph_of_arrays(arrays, path)
        if graph.labels is None:
            raise InputError(
                f"the graph {str(path)!r} has no array 'labels'; it holds a class for each node, "
                f"-1 where there is none"
            )
        marked = hide_marked(graph.labels, unlabelled)
        table = LabelledTable.of_labels(path, Arrays(arrays), "labels", -1)
        return replace(table, labels=encode_labels(marked, -1)), replace(graph, labels=marked)
    nodes = read_columns(path)
    table = LabelledTable.of_labels(path, nodes, label_column, unlabelled)
    graph = read_edge_list(
        edges,
        path,
        label_column=label_column,
        id_column=id_column,
        features=features,
        unlabelled=unlabelled,
        skip_unknown=skip_unknown,
        nodes=nodes,
    )
    return table, graph
