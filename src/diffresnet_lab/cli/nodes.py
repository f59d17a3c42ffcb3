"""diffresnet nodes: node classification by the paper's protocol, with every baseline."""

from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import click

from diffresnet.cli.decorators import (
    data_option,
    device_option,
    json_option,
    paper_seed_option,
    quiet_option,
)
from diffresnet.cli.output_paths import refuse_overwriting
from diffresnet.cli.progress import note, progress
from diffresnet.cli.result import environment, write_each, write_json
from diffresnet.errors import InputError
from diffresnet.files.atomic import check_writable, make_folder

from .node_results import row, sentence, write_predictions
from .results import single_thread

_OF_TABLE = ("label_column", "id_column", "feature_columns")
_FLAG = {
    "splits": "--splits",
    "train_per_class": "--labels-per-class",
    "validation_per_class": "--validation-per-class",
} | {name: f"--{name.replace('_', '-')}" for name in _OF_TABLE}
_DEFAULT = click.core.ParameterSource.DEFAULT


@click.command(name="nodes")
@click.argument("dataset", metavar="DATASET")
@click.option(
    "--model",
    default="diff_resnet",
    show_default=True,
    metavar="NAME",
    help="diff_resnet, no_diff_resnet, gcn, ...; a wrong name lists all.",
)
@click.option(
    "--features",
    "table",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="With a list of edges: the .csv or .parquet table of its nodes.",
)
@click.option(
    "--label-column",
    default="label",
    show_default=True,
    metavar="NAME",
    help="Column of the table that holds the labels.",
)
@click.option(
    "--id-column",
    metavar="NAME",
    help="Column of the table that holds the ids.  [default: id, node or node_id, else the first]",
)
@click.option(
    "--feature-columns",
    metavar="NAMES",
    help="Columns of the table that are features: names with commas, or how they begin.  "
    "[default: all numeric ones]",
)
@click.option(
    "--split",
    "kind",
    type=click.Choice(["random", "planetoid"]),
    default="random",
    show_default=True,
    help="planetoid: the one split that Planetoid's files come with, on all nodes.",
)
@click.option(
    "--splits",
    type=click.IntRange(1, 100_000),
    default=100,
    show_default=True,
    help="Random splits.",
)
@click.option(
    "--inits",
    type=click.IntRange(1, 10_000),
    default=20,
    show_default=True,
    help="Initialisations on each split.",
)
@click.option(
    "--labels-per-class",
    "train_per_class",
    type=click.IntRange(1),
    default=20,
    show_default=True,
    help="Training nodes of each class.",
)
@click.option(
    "--validation-per-class",
    type=click.IntRange(1),
    default=30,
    show_default=True,
    help="Validation nodes of each class; the rest test.",
)
@click.option(
    "--epochs",
    type=click.IntRange(1),
    default=10_000,
    show_default=True,
    help="At most; the validation nodes stop most runs within a few hundred.",
)
@click.option(
    "--predictions",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Write what was predicted, and the nodes of each split, as npz.",
)
@click.option(
    "--resume",
    type=click.Path(path_type=Path, file_okay=False),
    metavar="DIR",
    help="Keep finished splits in this folder, and take from it what is there.",
)
@click.option(
    "--jobs", type=click.IntRange(1), default=1, show_default=True, help="Processes at once."
)
@paper_seed_option
@data_option
@device_option
@json_option
@quiet_option
@click.pass_context
def command(
    ctx: click.Context,
    dataset: str,
    model: str,
    table: Path | None,
    label_column: str,
    id_column: str | None,
    feature_columns: str | None,
    kind: str,
    splits: int,
    inits: int,
    train_per_class: int,
    validation_per_class: int,
    epochs: int,
    predictions: Path | None,
    resume: Path | None,
    jobs: int,
    seed: int,
    data: Path | None,
    device: str,
    json_path: Path | None,
    quiet: bool,
) -> None:
    """Classify the nodes of a graph from a few labelled ones.

    DATASET is cora, citeseer, pubmed, amazon_photo, coauthor_cs or planetoid_cora, ... in the data
    folder or the cache (see `diffresnet data`); or the path of any graph: .npz with adj_data,
    adj_indices, adj_indptr, adj_shape, attr_*, labels; ind.NAME.graph among Planetoid's files; or
    a .csv or .parquet list of edges, whose first two columns are ids, with --features table.csv.

    Edges lose direction and weight, self-loops are dropped, and the largest connected component is
    kept; what that leaves out is said. Training is repeated on random splits and initialisations;
    accuracy is over test nodes.
    """
    start = time.perf_counter()
    whole = kind == "planetoid"
    _check_options(ctx, table, kind)
    if predictions is not None:
        check_writable(predictions, (".npz",))
    if json_path is not None:
        check_writable(json_path)
    from diffresnet.device import pick_device
    from diffresnet.graphs.node_data import NodeData
    from diffresnet.graphs.notes import graph_notes

    from ..data.find import find_graph
    from ..nodes.fixed import FixedProtocol
    from ..nodes.presets import preset
    from ..nodes.results import summary
    from ..nodes.sweep import Protocol, sweep

    given = find_graph(
        dataset,
        data,
        table=table,
        label_column=label_column,
        id_column=id_column,
        features=feature_columns,
    )
    refuse_overwriting({"--predictions": predictions, "--json": json_path}, given.files)
    if given.labels is None:
        raise InputError(
            f"the graph {dataset!r} has no labels to learn from; an .npz file has them in "
            f"`labels`, a table of nodes (--features) in the column that --label-column names"
        )
    part = given.undirected() if whole else given.largest_component()
    graph = NodeData.from_graph(part, pick_device(device), whole=whole)
    chosen = preset(model, graph)
    chosen = replace(chosen, training=replace(chosen.training, epochs=epochs))
    protocol = (
        FixedProtocol.of(graph, inits, seed)
        if whole
        else Protocol(splits, inits, train_per_class, validation_per_class, seed)
    )
    try:
        protocol.split(graph, 0)  # refuses a class that is too small, now
    except InputError as error:
        if len(part) == len(given):
            raise
        raise InputError(
            f"{error} ({len(part)} of {len(given)} nodes are in the largest component, and count)"
        ) from error
    if resume is not None:
        make_folder(resume)
    for text in graph_notes(given, part):
        note(f"note: {text}", quiet)
    count = protocol.splits * inits
    with single_thread(), progress(f"{chosen.title} on {graph.name}", count, quiet) as bar:
        runs = sweep(graph, chosen, protocol, shards=resume, jobs=jobs, advance=bar)
    found = summary(runs)
    click.echo(sentence(graph, chosen, protocol, found))
    payload: dict[str, Any] = {
        "experiment": "nodes",
        "settings": {
            "dataset": dataset,
            "split": kind,
            "nodes": len(graph),
            "left_out": len(given) - len(graph),
            "edges": graph.edges,
            "features": graph.features.shape[1],
            "classes": graph.classes,
            "labels_per_class": None if whole else train_per_class,
            "validation_per_class": None if whole else validation_per_class,
            "model": dict(chosen.settings),
            "training": chosen.training,
            "seed": seed,
            "device": device,
        },
        "results": [row(graph, chosen, protocol, found)],
        "environment": environment(device),
        "seconds": time.perf_counter() - start,
    }
    write_each(
        lambda: write_predictions(predictions, graph, part.ids, protocol, runs),
        lambda: write_json(json_path, payload),
    )
    note(f"{found.seconds:.2f} s a run, {time.perf_counter() - start:.0f} s in all", quiet)


def _check_options(ctx: click.Context, table: Path | None, kind: str) -> None:
    """Refuse options that would be without effect."""
    given = [name for name in _FLAG if ctx.get_parameter_source(name) is not _DEFAULT]
    for option in given:
        if option in _OF_TABLE and table is None:
            raise click.UsageError(f"{_FLAG[option]} is about a table of nodes; give --features")
        if option not in _OF_TABLE and kind == "planetoid":
            raise click.UsageError(f"--split planetoid is one split; leave {_FLAG[option]} out")
