"""diffresnet label: every row of a file gets a label, a confidence and a flag."""

from __future__ import annotations

import time
from collections import Counter
from pathlib import Path
from typing import Any

import click
import numpy as np

from ..errors import InputError
from ..files.atomic import check_readable, check_writable
from ..graphs.edge_list import SUFFIXES as EDGE_SUFFIXES
from ..graphs.graph import GraphData
from ..graphs.node_table import holds_graph, read_node_table
from ..graphs.notes import graph_notes
from ..labels import labelled, similar_names
from ..tables.labelled_table import SUFFIXES, FeatureTable, read_table
from ..tables.outputs import check_output, write_table
from .decorators import device_option, json_option, quiet_option, seed_option
from .labelling import Labelling, fit, fit_nodes, label_with
from .output_paths import refuse_overwriting
from .progress import note, status
from .result import write_json

LISTED = 12
"""Classes up to which the summary counts each one."""


@click.command(name="label")
@click.argument("file", type=click.Path(path_type=Path))
@click.option(
    "--out",
    required=True,
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Where to write: .npz, .csv or .parquet; FILE itself is allowed.",
)
@click.option(
    "--label-column",
    default="label",
    show_default=True,
    metavar="NAME",
    help="Column, or array, that holds the labels.",
)
@click.option(
    "--features",
    metavar="NAMES",
    help="Feature columns: a comma list, or a prefix. By default every numeric column, or the "
    "column of vectors if there is one. In .npz: the array.",
)
@click.option(
    "--graph",
    "edges",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="A .csv or .parquet list of edges between the rows of FILE: ids of the two ends in the "
    "first two columns.",
)
@click.option(
    "--id-column",
    metavar="NAME",
    help="With --graph: the column of FILE that holds the ids.  [default: id, node or node_id, "
    "else the first]",
)
@click.option(
    "--model",
    "model_out",
    type=click.Path(path_type=Path),
    metavar="PATH",
    help="Save the fitted model.",
)
@click.option(
    "--with",
    "model_in",
    type=click.Path(path_type=Path),
    metavar="PATH",
    help="Label with a model saved before, without fitting; FILE then needs no labels.",
)
@click.option("--relabel", is_flag=True, help="Let given labels be overruled too.")
@device_option
@seed_option
@json_option
@quiet_option
def command(
    file: Path,
    out: Path,
    label_column: str,
    features: str | None,
    edges: Path | None,
    id_column: str | None,
    model_out: Path | None,
    model_in: Path | None,
    relabel: bool,
    device: str,
    seed: int,
    json_path: Path | None,
    quiet: bool,
) -> None:
    """Label every row of FILE, given labels for some.

    FILE is .npz (arrays `features`, and `labels` with -1 where there is none), .csv or .parquet (a
    column of labels, blank where there is none). The output holds all rows and columns of FILE,
    and a label, a confidence, and a flag for each row: given, predicted, or unreached where no
    label is connected to the row.

    Where rows are linked, as papers are by citations, --graph names the links, and labels follow
    them as well as the features. A .npz FILE with adj_data, adj_indices, adj_indptr, adj_shape and
    labels is such a graph by itself.
    """
    start = time.perf_counter()
    _check_places(file, out, edges, model_out, model_in, json_path)
    if id_column is not None and edges is None:
        raise click.UsageError("--id-column is about the rows that edges join; give --graph")
    graph = None
    with status(f"reading {file}", quiet):
        if edges is not None or holds_graph(file):
            _check_of_graph(file, edges, model_out, model_in, relabel, features, label_column)
            table, graph = read_node_table(
                file, edges, label_column=label_column, id_column=id_column, features=features
            )
        else:
            table = read_table(
                file,
                label_column=label_column,
                features=features,
                labels_required=model_in is None,
            )
    if table.label_column is None and label_column != "label":
        raise InputError(f"{str(file)!r} has no labels {label_column!r}; leave --label-column out")
    check_output(out, table)
    if graph is not None:
        labelling = fit_nodes(table, graph, device, seed, quiet)
    elif model_in is not None:
        with status(f"labelling {len(table)} rows", quiet):
            labelling = label_with(model_in, table, relabel)
    else:
        with status(f"labelling {len(table)} rows", quiet):
            labelling, model = fit(table, device, seed, relabel)
        if model_out is not None:
            model.save(model_out)
    given = table.labelled & (not relabel)
    flags = np.where(given, "given", np.where(labelling.reached, "predicted", "unreached"))
    with status(f"writing {out}", quiet):
        write_table(out, table, labelling.labels, labelling.confidence, flags)
    seconds = time.perf_counter() - start
    result = _result(table, labelling, flags)
    # Not before: a failure is to be the one line on stderr.
    notes = (*table.notes, *similar_names(table.labels))
    if graph is not None:
        notes = tuple(graph_notes(graph, graph.undirected()))
    for text in notes:
        note(f"note: {text}", quiet)
    rows = _features(table) if graph is None else _links(graph)
    note(_summary(table, labelling, result, rows, seconds, out), quiet)
    settings = {
        "file": file,
        "out": out,
        "label_column": label_column,
        "features": features,
        "graph": edges,
        "id_column": id_column,
        "model": model_out,
        "with": model_in,
        "relabel": relabel,
        "device": device,
        "seed": seed,
    }
    write_json(
        json_path,
        {"experiment": "label", "settings": settings, "results": [result], "seconds": seconds},
    )


def _check_of_graph(
    file: Path,
    edges: Path | None,
    model_out: Path | None,
    model_in: Path | None,
    relabel: bool,
    features: str | None,
    label_column: str,
) -> None:
    """Refuse options that have no meaning for a graph."""
    unused = {"--model": model_out, "--with": model_in, "--relabel": relabel or None}
    for option, value in unused.items():
        if value is not None:
            raise click.UsageError(
                f"{option} is for tables without a graph: the nodes of a graph are labelled "
                f"together, and given labels are kept"
            )
    if edges is None and (features is not None or label_column not in ("label", "labels")):
        raise click.UsageError(
            f"{file} is a graph: its features are attr_*, its labels the array labels; leave "
            f"--features and --label-column out"
        )


def _check_places(
    file: Path,
    out: Path,
    edges: Path | None,
    model_out: Path | None,
    model_in: Path | None,
    json_path: Path | None,
) -> None:
    if model_in is not None and model_out is not None:
        raise click.UsageError("--model saves what is fitted, and --with fits nothing; leave one")
    check_readable(file, SUFFIXES)
    check_writable(out, SUFFIXES)
    if edges is not None:
        check_readable(edges, EDGE_SUFFIXES)
    if model_in is not None:
        check_readable(model_in)
    beside = {"--model": model_out, "--json": json_path}
    for path in beside.values():
        if path is not None:
            check_writable(path)
    refuse_overwriting({"--out": out, **beside}, (model_in, edges))
    refuse_overwriting(beside, (file,))  # which --out may replace


def _result(table: FeatureTable, labelling: Labelling, flags: np.ndarray) -> dict[str, Any]:
    counts = Counter(flags.tolist())
    predicted = labelling.confidence[flags == "predicted"]
    there = labelled(table.labels)
    classes = table.labels[there] if there.any() else labelling.labels
    return {
        "rows": len(table),
        "labelled": int(there.sum()),
        "classes": len(set(classes.tolist())),
        "predicted": counts["predicted"],
        "unreached": counts["unreached"],
        "mean_confidence": float(predicted.mean()) if len(predicted) else None,
    }


def _summary(
    table: FeatureTable,
    labelling: Labelling,
    result: dict[str, Any],
    rows: str,
    seconds: float,
    out: Path,
) -> str:
    blank = ~table.labelled
    sure = result["mean_confidence"]
    lines = {
        "rows": f"{len(table)}, with {rows}",
        "labelled": f"{result['labelled']} {_per_class(table)}".rstrip(),
        "reach": f"{int(labelling.reached[blank].sum())} of {int(blank.sum())} unlabelled rows "
        f"are connected to a label",
        "predicted": f"{result['predicted']}"
        + (f", mean confidence {sure:.3f}" if sure is not None else ""),
        "seconds": f"{seconds:.1f}",
        "written": str(out),
    }
    return "\n".join(f"{name:<10}{text}" for name, text in lines.items())


def _features(table: FeatureTable) -> str:
    return f"{len(table.feature_names)} features {_ends(table.feature_names)}"


def _links(graph: GraphData) -> str:
    features = 0 if graph.features is None else graph.features.shape[1]
    return f"{features} features and {graph.edges} edges"


def _ends(names: tuple[str, ...]) -> str:
    return f"({', '.join(names)})" if len(names) <= 3 else f"({names[0]} ... {names[-1]})"


def _printable(name: object) -> str:
    return str(name) if str(name).isprintable() else repr(name)


def _per_class(table: FeatureTable) -> str:
    """How many rows each class has, at a glance."""
    counts = Counter(table.labels[table.labelled].tolist())
    if not counts:
        return ""
    if len(counts) > LISTED:
        least, most = min(counts.values()), max(counts.values())
        each = f"{least}" if least == most else f"{least} to {most}"
        return f"in {len(counts)} classes, {each} in each"
    names = table.class_names
    parts = [
        f"{_printable(label if names is None else names[label])}: {counts[label]}"
        for label in sorted(counts)
    ]
    return f"in {len(counts)} classes ({', '.join(parts)})"
