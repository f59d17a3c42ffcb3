"""diffresnet nodes: node classification by the paper's protocol, with every baseline."""

from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ..data.atomic import check_writable
from ..errors import InputError
from .options import (
    data_option,
    device_option,
    environment,
    json_option,
    quiet_option,
    write_json,
)
from .progress import note, progress
from .results import single_thread

if TYPE_CHECKING:
    from ..data.graphs import GraphData
    from ..nodes.sweep import SplitRuns


@click.command(name="nodes")
@click.argument("dataset", metavar="DATASET")
@click.option(
    "--model",
    default="diff_resnet",
    show_default=True,
    metavar="NAME",
    help="diff_resnet, best, gcn, ...; a wrong name lists all.",
)
@click.option(
    "--splits", type=click.IntRange(1), default=100, show_default=True, help="Random splits."
)
@click.option(
    "--inits",
    type=click.IntRange(1),
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
    help="Training nodes of each class; 30 of each validate, the rest test.",
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
@click.option(
    "--seed",
    type=click.IntRange(0, 2**32 - 1),
    default=42,
    show_default=True,
    help="Master seed of the splits; 42 is the paper's.",
)
@data_option
@device_option
@json_option
@quiet_option
def command(
    dataset: str,
    model: str,
    splits: int,
    inits: int,
    train_per_class: int,
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

    DATASET is cora, citeseer, pubmed, amazon_photo or coauthor_cs in the data folder, or the path
    of any graph file (npz with adj_data, adj_indices, adj_indptr, adj_shape, attr_*, labels).
    Training is repeated on random splits and initialisations; accuracy is over test nodes.
    """
    start = time.perf_counter()
    for path in (predictions, json_path):
        if path is not None:
            check_writable(path)
    from ..classify.inputs import pick_device
    from ..nodes.data import NodeData
    from ..nodes.presets import preset
    from ..nodes.sweep import Protocol, summary, sweep

    graph = NodeData.from_graph(find_graph(dataset, data), pick_device(device))
    chosen = preset(model, graph)
    chosen = replace(chosen, training=replace(chosen.training, epochs=epochs))
    protocol = Protocol(splits, inits, train_per_class, seed=seed)
    protocol.split(graph.labels.cpu().numpy(), 0)  # refuses a class that is too small, now
    with single_thread(), progress(f"{chosen.title} on {graph.name}", splits * inits, quiet) as bar:
        runs = sweep(graph, chosen, protocol, shards=resume, jobs=jobs, advance=bar)
    found = summary(runs)
    row = {
        "dataset": graph.name,
        "model": model,
        "splits": splits,
        "inits": inits,
        "accuracy": found.accuracy,
        "std": found.std,
        "standard_error": found.error,
        "seconds_per_run": found.seconds,
    }
    if predictions is not None:
        _write_predictions(predictions, graph.labels.cpu().numpy(), protocol, runs)
    payload: dict[str, Any] = {
        "experiment": "nodes",
        "settings": {
            "dataset": dataset,
            "nodes": len(graph),
            "edges": graph.edges,
            "features": graph.features.shape[1],
            "classes": graph.classes,
            "labels_per_class": train_per_class,
            "validation_per_class": protocol.validation_per_class,
            "model": dict(chosen.settings),
            "training": chosen.training,
            "seed": seed,
            "device": device,
        },
        "results": [row],
        "environment": environment(device),
        "seconds": time.perf_counter() - start,
    }
    write_json(json_path, payload)
    click.echo(
        f"{chosen.title} on {graph.name}: {found.accuracy:.2f} % ± {found.std:.2f} "
        f"(standard deviation of {splits} x {inits} runs; standard error {found.error:.2f})"
    )
    note(f"{found.seconds:.2f} s a run, {time.perf_counter() - start:.0f} s in all", quiet)


def find_graph(dataset: str, folder: Path | None) -> GraphData:
    """A graph by the path of its file, or by its name in the data folder.

    Raises
    ------
    InputError
        If it is neither.
    """
    from ..data.graphs import read_graph

    if dataset.endswith(".npz") or "/" in dataset:
        return read_graph(dataset)
    if folder is None:
        raise InputError(
            f"where is {dataset!r}? name its folder with --data or DIFFRESNET_DATA, or give the "
            f"path of an .npz file"
        )
    for path in (folder / "graphs" / f"{dataset}.npz", folder / f"{dataset}.npz"):
        if path.exists():
            return read_graph(path)
    have = sorted(path.stem for path in (folder / "graphs").glob("*.npz"))
    raise InputError(
        f"no graph {dataset!r} in {str(folder)!r}"
        + (f"; there are {', '.join(have)}" if have else "")
    )


def _write_predictions(path: Path, labels: Any, protocol: Any, runs: list[SplitRuns]) -> None:
    import numpy as np

    from ..data.npz import save_npz

    test = np.zeros((len(runs), len(labels)), dtype=bool)
    for index in range(len(runs)):
        test[index, protocol.split(labels, index).test] = True
    save_npz(
        path,
        {"predicted": np.stack([run.predicted for run in runs]), "true": labels, "test": test},
    )
