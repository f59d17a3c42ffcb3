"""A user's own graph: a table of edges, and a table of what its nodes are like."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import scipy.sparse

from ..errors import InputError, Note
from ..files.atomic import Pathlike
from ..labels import Labels, Marks, encode_labels, label_notes
from ..tables.column_roles import INDEX_NAME
from ..tables.columns import Columns
from ..tables.content import listed
from ..tables.formats import read_columns
from .graph import GraphData

WEIGHT = "weight"
ID_NAMES = ("id", "node", "node_id")


def read_edge_list(
    edges: Pathlike,
    table: Pathlike | None = None,
    *,
    label_column: str = "label",
    id_column: str | None = None,
    features: str | Sequence[str] | None = None,
    unlabelled: Marks = None,
    skip_unknown: bool = False,
    nodes: Columns | None = None,
) -> GraphData:
    """Read a graph from a file of edges, and one of nodes, tables of columns both.

    Parameters
    ----------
    edges : path
        A header and a row for each edge: the ids of its two ends in the first two columns, and
        perhaps its weight, 0 or more, in a column called "weight". An edge that is listed twice
        has the sum of the weights. Ids are compared as texts, trimmed: 7 and "7" are one, 07 is
        another; where all ids of a column end in .0, that is no part of them. The index of a data
        frame is left out.
    table : path, optional
        A row for each node, in any order: its id, perhaps its label (blank for none), and features.
        These are the nodes of the graph, in this order; those that no edge names are isolated.
        Without a table the nodes are the ids in the edges, in the order of the alphabet, and have
        neither features nor labels.
    label_column : str
        Where the labels are. In their order classes become 0, 1, ...
    id_column : str, optional
        By default the column called id, node or node_id; else the one that holds the most ends of
        edges; else the first one.
    features : str or sequence of str, optional
        As for `choose_features`. A table of ids and labels alone is a graph without features.
    unlabelled : mark or marks of unlabelled rows, optional
    skip_unknown : bool
        Leave out edges to nodes that are not in the table, with a note, instead of refusing them.
    nodes : Columns, optional
        The content of the table, where it has been read already.

    Raises
    ------
    InputError
        If a file is not as said above; an id is blank, is there twice, or is in an edge but not in
        the table; or a weight is negative or no number.
    """
    path, listing = Path(edges), read_columns(edges).table
    where = repr(str(path))
    index = [name for name in listing.column_names if INDEX_NAME.fullmatch(name)]
    if len(listing.column_names) - len(index) >= 2:
        listing = listing.drop_columns(index)
    if listing.num_columns < 2:
        raise InputError(
            f"{where} must have the ids of an edge's two ends in its first two columns"
        )
    names = listing.column_names[:2]
    ends = [_ids(listing[name], name, where) for name in names]
    _check_header(names, np.concatenate(ends), where)
    weights = np.ones(len(listing))
    if WEIGHT in listing.column_names[2:]:
        weights = _weights(listing[WEIGHT], where)
    notes = _unread(listing.column_names[2:], where)
    if table is None:
        ids = np.unique(np.concatenate(ends))
        adjacency, _ = _adjacency(ends, weights, ids, where, "it", skip_unknown)
        return GraphData(path.stem, adjacency, ids=ids, notes=tuple(notes), files=(path,))
    nodes = read_columns(table) if nodes is None else nodes
    if id_column is None:
        id_column = _likely_ids(nodes, label_column, np.unique(np.concatenate(ends)))
        taken = [] if id_column in (None, *ID_NAMES) else [_taken(id_column, repr(str(table)))]
        notes = [*taken, *notes]
    described = _read_nodes(nodes, Path(table), label_column, id_column, features, unlabelled)
    assert described.ids is not None
    _check_header(names, described.ids, where)
    adjacency, skipped = _adjacency(
        ends, weights, described.ids, where, repr(str(table)), skip_unknown
    )
    if skipped:
        notes.append(
            Note(f"{skipped} of {len(weights)} edges lead to nodes that are not there: skipped")
        )
    return replace(
        described,
        name=path.stem,
        adjacency=adjacency,
        files=(path, Path(table)),
        notes=(*notes, *described.notes),
    )


def _read_nodes(
    nodes: Columns,
    path: Path,
    label_column: str,
    id_column: str | None,
    features: str | Sequence[str] | None,
    unlabelled: Marks,
) -> GraphData:
    """Read the nodes of a table: ids, labels and features, and no edge between them."""
    where = repr(str(path))
    key = _id_column(nodes.names, id_column, where)
    ids = _ids(nodes.column(key), key, where)
    first, counts = np.unique(ids, return_counts=True)
    if counts.max() > 1:
        twice = str(first[counts.argmax()])
        raise InputError(
            f"column {key!r} of {where}, taken for the ids, has {counts.max()} rows of node "
            f"{twice!r} (the first is data row {int(np.flatnonzero(ids == twice)[0]) + 1}); a node "
            f"has one row",
            "id_column",
        )
    labels, class_names, notes = _labels(nodes, label_column, unlabelled, where)
    known = None
    if labels is not None and class_names is not None:
        known = Labels(np.array(class_names, dtype=object), labels)
    rest = nodes.without([key])
    matrix = None
    if features is not None or set(rest.names) - {label_column}:
        chosen = rest.choose_features(features, label_column, where, known)
        matrix = scipy.sparse.csr_array(chosen.matrix)
        notes += chosen.notes
        if features is None:
            left = [name for name in rest.names if name not in {label_column, *chosen.columns}]
            notes += [Note(f"columns {listed(left)} of {where} are no features")] if left else []
    if key not in ID_NAMES and id_column is None:
        notes.insert(0, _taken(key, where))
    n = len(ids)
    return GraphData(
        path.stem,
        scipy.sparse.csr_array((n, n)),
        matrix,
        labels,
        ids=ids,
        class_names=class_names,
        notes=tuple(notes),
    )


def _taken(key: str, where: str) -> Note:
    return Note(f"column {key!r} of {where} is taken for the ids", "id_column")


def _likely_ids(nodes: Columns, label_column: str, ends: np.ndarray) -> str | None:
    """Return the column that holds the most ends of edges; None where none holds half of them."""
    if any(name in ID_NAMES for name in nodes.names):
        return None
    shares = {}
    for name in nodes.names:
        if name == label_column or INDEX_NAME.fullmatch(name):
            continue
        try:
            if 2 * pc.count_distinct(nodes.column(name)).as_py() < nodes.count_rows():
                continue  # most features and groups, which need not be compared with the ends
            shares[name] = float(np.isin(ends, _ids(nodes.column(name), name, "")).mean())
        except (InputError, pa.ArrowNotImplementedError):  # no column of ids
            continue
    best = max(shares, key=lambda name: shares[name], default=None)
    first = nodes.names[0]
    if best is None or shares[best] <= max(0.5, shares.get(first, 0.0)):
        return None
    return best


def _ids(column: pa.ChunkedArray, name: str, where: str) -> np.ndarray:
    """(n,) texts."""
    kind = column.type
    if pa.types.is_dictionary(kind):
        column = column.cast(kind.value_type)
        kind = column.type
    if pa.types.is_floating(kind):  # data frames with a gap turn integers into these
        rounded = pc.round(column)
        if pc.any(pc.not_equal(column, rounded)).as_py():
            raise InputError(f"the ids {name!r} of {where} hold fractions; an id is a whole number")
        column = column.cast(pa.int64(), safe=False)
    elif not (
        pa.types.is_integer(kind) or pa.types.is_string(kind) or pa.types.is_large_string(kind)
    ):
        raise InputError(
            f"the ids {name!r} of {where} are of type {kind}; ids are numbers or texts"
        )
    trimmed = pc.utf8_trim_whitespace(column.cast(pa.large_string()))
    # A node may be called NA: blank alone is none.
    blank = pc.fill_null(pc.equal(trimmed, ""), True).to_numpy()
    if blank.any():
        raise InputError(
            f"column {name!r} of {where} has no id in data row {int(blank.argmax()) + 1}; each row "
            f"needs one"
        )
    if pc.all(pc.match_substring_regex(trimmed, r"^[0-9]+\.0+$")).as_py():
        trimmed = pc.replace_substring_regex(trimmed, r"\.0+$", "")  # of a data frame with a gap
    return np.array(trimmed.to_pylist(), dtype=str)


def _check_header(names: list[str], ids: np.ndarray, where: str) -> None:
    numbers = all(name.strip().lstrip("+-").isdigit() for name in names)
    if numbers or np.isin([name.strip() for name in names], ids).all():
        raise InputError(
            f"the first line of {where} is an edge ({', '.join(names)}); put a header above it, "
            f"such as source,target"
        )


def _weights(column: pa.ChunkedArray, where: str) -> np.ndarray:
    try:
        values = pc.cast(column, pa.float64()).to_numpy()
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError) as error:
        raise InputError(f"the weights of {where} must be numbers, one for each edge") from error
    bad = ~(np.isfinite(values) & (values >= 0))
    if bad.any():
        at = int(bad.argmax())
        raise InputError(
            f"the weight in data row {at + 1} of {where} is {values[at]}; weights are 0 or more"
        )
    return values


def _adjacency(
    ends: list[np.ndarray],
    weights: np.ndarray,
    ids: np.ndarray,
    where: str,
    there: str,
    skip_unknown: bool,
) -> tuple[scipy.sparse.csr_array, int]:
    """Return the adjacency, and how many edges were skipped."""
    order = np.argsort(ids)
    at = [order[np.searchsorted(ids[order[:-1]], column)] for column in ends]
    unknown = [ids[place] != column for place, column in zip(at, ends, strict=True)]
    bad = unknown[0] | unknown[1]
    if bad.any() and not (skip_unknown and not bad.all()):
        first = int(bad.argmax())
        named = ends[0 if unknown[0][first] else 1][first]
        raise InputError(
            f"data row {first + 1} of {where} names node {str(named)!r}, which has no row in "
            f"{there} ({int(bad.sum())} of {len(bad)} edges do so); skip such edges, if they are "
            f"to be left out",
            "skip_unknown",
        )
    n = len(ids)
    entries = weights[~bad], (at[0][~bad], at[1][~bad])
    return scipy.sparse.csr_array(entries, shape=(n, n)), int(bad.sum())


def _id_column(columns: list[str], given: str | None, where: str) -> str:
    if given is None:
        return next((name for name in ID_NAMES if name in columns), columns[0])
    if given not in columns:
        raise InputError(
            f"{where} has no column {given!r} of ids; there are {listed(columns)}", "id_column"
        )
    return given


def _labels(
    nodes: Columns, column: str, unlabelled: Marks, where: str
) -> tuple[np.ndarray | None, tuple[str, ...] | None, list[Note]]:
    """Class numbers, class names in their natural order, and notes."""
    if nodes.label_key(column) is None:
        if column != "label":
            raise InputError(
                f"{where} has no column {column!r}; name the one that holds the labels: "
                f"{listed(nodes.names)}",
                "label_column",
            )
        return None, None, []
    what = f"the labels {column!r} of {where}"
    labels = encode_labels(nodes.label_values(column, what), unlabelled, what)
    order = sorted(range(len(labels.names)), key=lambda code: _natural(labels.names[code]))
    rank = np.argsort(order)
    codes = np.where(labels.labelled, rank[labels.codes] if len(rank) else -1, -1)
    return codes, tuple(labels.names[code] for code in order), label_notes(labels)


def _natural(text: str) -> tuple[int, int, str]:
    """Whole numbers in their order, before texts in theirs."""
    return (0, int(text), text) if text.isdecimal() and len(text) < 19 else (1, 0, text)


def _unread(columns: list[str], where: str) -> list[Note]:
    left = [name for name in columns if name != WEIGHT]
    return [Note(f"columns {listed(left)} of {where} are left alone")] if left else []
