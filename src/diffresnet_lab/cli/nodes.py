"""diffresnet nodes: node classification by the paper's protocol, with every baseline."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

import click

from diffresnet.cli.command import Outcome, command
from diffresnet.cli.options import (
    Argument,
    DataOption,
    DeviceOption,
    Option,
    PaperSeedOption,
    UnlabelledMarks,
)
from diffresnet.cli.progress import progress
from diffresnet.errors import InputError
from diffresnet.files.atomic import either, make_folder, refuse_replacing
from diffresnet.tables.formats import COLUMN_FORMATS

from .cluster import DaskOption
from .node_results import model_settings, row, sentence, write_predictions
from .results import single_thread


@dataclass(frozen=True, kw_only=True)
class NodesOptions(DaskOption, PaperSeedOption, DataOption, DeviceOption):
    """Options of `diffresnet nodes`."""

    dataset: Annotated[str, Argument(metavar="DATASET")]
    model: Annotated[
        str,
        Option(
            help="diff_resnet, no_diff_resnet, gcn, ...; a wrong name lists all.", metavar="NAME"
        ),
    ] = "diff_resnet"
    features: Annotated[
        Path | None,
        Option(
            help=f"With a list of edges: the table of its nodes, {either(COLUMN_FORMATS)}.",
            metavar="FILE",
            reads=True,
            parameter="table",
        ),
    ] = None
    label_column: Annotated[
        str, Option(help="Column of the table that holds the labels.", metavar="NAME")
    ] = "label"
    id_column: Annotated[
        str | None,
        Option(
            help="Column of the table that holds the ids.  [default: id, node or node_id, else "
            "the one that holds the ends of edges]",
            metavar="NAME",
        ),
    ] = None
    skip_unknown: Annotated[
        bool, Option(help="Leave out edges to nodes that are not in the table.")
    ] = False
    feature_columns: Annotated[
        str | None,
        Option(
            help="Columns of the table that are features: names with commas, or how they begin.  "
            "[default: all numeric ones]",
            metavar="NAMES",
            parameter="features",
        ),
    ] = None
    unlabelled: UnlabelledMarks = ()
    split: Annotated[
        Literal["random", "planetoid"],
        Option(help="planetoid: the one split that Planetoid's files come with, on all nodes."),
    ] = "random"
    splits: Annotated[int, Option(help="Random splits.", type=click.IntRange(1, 100_000))] = 100
    inits: Annotated[
        int, Option(help="Initialisations on each split.", type=click.IntRange(1, 10_000))
    ] = 20
    labels_per_class: Annotated[
        int,
        Option(
            help="Training nodes of each class.",
            type=click.IntRange(1),
            parameter="train_per_class",
        ),
    ] = 20
    validation_per_class: Annotated[
        int,
        Option(help="Validation nodes of each class; the rest test.", type=click.IntRange(1)),
    ] = 30
    epochs: Annotated[
        int,
        Option(
            help="At most; the validation nodes stop most runs within a few hundred.",
            type=click.IntRange(1),
        ),
    ] = 10_000
    predictions: Annotated[
        Path | None,
        Option(
            help="Write what was predicted, and the nodes of each split, as npz.",
            metavar="FILE",
            writes=True,
            suffixes=(".npz",),
        ),
    ] = None
    resume: Annotated[
        Path | None,
        Option(
            help="Keep finished splits in this folder, and take from it what is there.",
            metavar="DIR",
            type=click.Path(path_type=Path, file_okay=False),
        ),
    ] = None
    jobs: Annotated[int, Option(help="Processes at once.", type=click.IntRange(1))] = 1


@command("nodes")
def nodes(options: NodesOptions) -> Outcome:
    """Classify the nodes of a graph from a few labelled ones.

    DATASET is cora, citeseer, pubmed, amazon_photo, coauthor_cs or planetoid_cora, ... in the data
    folder or the cache (see `diffresnet data`); or the path of any graph: .npz with adj_data,
    adj_indices, adj_indptr, adj_shape, attr_*, labels; ind.NAME.graph among Planetoid's files; or
    a list of edges as a table, whose first two columns are ids, with --features table.csv.

    Edges lose direction and weight, self-loops are dropped, and the largest connected component is
    kept; what that leaves out is said. Training is repeated on random splits and initialisations;
    accuracy is over test nodes.

    A run on Cora takes one core about 10 seconds with gcn and most others, 20 with best, 30 with
    diff_resnet_once, 2 minutes with diff_resnet (the released model) and 5 with gcnii; the default
    of 100 splits times 20 initialisations is 2,000 runs. Begin with --splits 5 --inits 2.
    """
    _refuse_without_effect(options)
    from diffresnet.device import pick_device
    from diffresnet.graphs.notes import graph_notes

    from ..data.find import find_graph
    from ..nodes.evaluation import prepare_evaluation
    from ..nodes.protocol import Protocol
    from ..nodes.results import mean_accuracy, seconds_per_run

    graph = find_graph(
        options.dataset,
        options.data,
        table=options.features,
        label_column=options.label_column,
        id_column=options.id_column,
        features=options.feature_columns,
        unlabelled=options.unlabelled or None,
        skip_unknown=options.skip_unknown,
    )
    outputs = {"predictions": options.predictions, "json": options.json}
    refuse_replacing(outputs, graph.files)
    if graph.labels is None:
        raise InputError(
            f"the graph {options.dataset!r} has no labels to learn from; an .npz file has them in "
            f"`labels`, a table of nodes in a column",
            "label_column" if options.features is not None else "table",
        )
    public_split = options.split == "planetoid"
    evaluation = prepare_evaluation(
        graph,
        options.model,
        Protocol(
            options.splits,
            options.inits,
            options.labels_per_class,
            options.validation_per_class,
            options.seed,
        ),
        public_split=public_split,
        epochs=options.epochs,
        device=pick_device(options.device),
    )
    if options.resume is not None:
        make_folder(options.resume)
    data, spec = evaluation.data, evaluation.spec
    with (
        options.cluster(),
        single_thread(),
        progress(f"{spec.title} on {data.name}", evaluation.runs, options.quiet) as bar,
    ):
        runs = evaluation.run(options.resume, options.jobs, bar)
    accuracy, seconds = mean_accuracy(runs), seconds_per_run(runs)
    return Outcome(
        [row(evaluation, accuracy, seconds)],
        sentence(evaluation, accuracy),
        notes=graph_notes(graph, evaluation.graph),
        summary=f"{seconds:.2f} s a run, {{seconds}} s in all",
        settings={
            "nodes": len(data),
            "left_out": len(graph) - len(data),
            "edges": data.edges,
            "features": data.features.shape[1],
            "classes": data.classes,
            "labels_per_class": None if public_split else options.labels_per_class,
            "validation_per_class": None if public_split else options.validation_per_class,
            "model": model_settings(spec),
            "training": spec.training,
        },
        write=[lambda: write_predictions(options.predictions, evaluation, runs)],
    )


def _refuse_without_effect(options: NodesOptions) -> None:
    """Refuse options that would be without effect."""

    def first_given(*names: str) -> str | None:
        given = (f"--{name.replace('_', '-')}" for name in names if name in options.given)
        return next(given, None)

    of_table = first_given(
        "label_column", "id_column", "feature_columns", "unlabelled", "skip_unknown"
    )
    if of_table is not None and options.features is None:
        raise click.UsageError(f"{of_table} is about a table of nodes; give --features")
    of_random = first_given("splits", "labels_per_class", "validation_per_class")
    if of_random is not None and options.split == "planetoid":
        raise click.UsageError(f"--split planetoid is one split; leave {of_random} out")
