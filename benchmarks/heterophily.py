"""Graphs whose edges join unlike nodes: `best` beside MLP, GCN and APPNP on the same splits.

    python benchmarks/heterophily.py                # all graphs; half an hour on one core

Each draw is a graph and a split, alike for all models: 20 nodes of each class to train on and 30 to
validate on, or 48% and 32% of all nodes (not of Cora). Validation nodes stop the training early.
`before` is `best` without the fallback to channels. A share of edges is rewired to nodes of other
classes; the homophily is the adjusted one, 0 for edges at random.
"""

from __future__ import annotations

import argparse
import math
import time
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import torch

from common import data_file, publish
from diffresnet.graphs.graph import GraphData, read_graph
from diffresnet.graphs.heterophily.homophily import adjusted_homophily
from diffresnet.graphs.node_data import NodeData
from diffresnet_lab.nodes.heterophilous_graphs import (
    block_graph,
    cyclic_compatibility,
    grid_graph,
    hub_graph,
    rewire_to_other_classes,
    uniform_compatibility,
)
from diffresnet_lab.nodes.model_spec import ModelSpec
from diffresnet_lab.nodes.protocol import Protocol, SharesProtocol
from diffresnet_lab.nodes.registry import model_spec
from diffresnet_lab.nodes.trials import run_trials
from diffresnet_lab.statistics import sample_mean

Draw = Callable[[int], GraphData]
"""A seed -> a graph."""


def rewired(name: str, share: float, *, cyclic: bool = False) -> Draw:
    def draw(seed: int) -> GraphData:
        graph = read_graph(data_file(f"graphs/{name}.npz")).largest_component()
        return rewire_to_other_classes(graph, share, cyclic=cyclic, seed=seed) if share else graph

    return draw


def blocks(classes: int, homophily: float, signal: float, *, cyclic: bool = False) -> Draw:
    compatibility = (cyclic_compatibility if cyclic else uniform_compatibility)(classes, homophily)
    return lambda seed: block_graph(compatibility, 1000, feature_signal=signal, seed=seed)


GRAPHS: dict[str, Draw] = {
    "Cora": rewired("cora", 0.0),
    "Cora, 80% rewired": rewired("cora", 0.8),
    "Cora, 80% rewired to the next class": rewired("cora", 0.8, cyclic=True),
    "5 blocks, half like edges": blocks(5, 0.5, 0.15),
    "5 blocks, edges at random": blocks(5, 0.2, 0.15),
    "5 blocks, edges to next classes": blocks(5, 0.0, 0.15, cyclic=True),
    "2 blocks, 10% like edges": blocks(2, 0.1, 0.1),
    "hubs, 5 classes": lambda seed: hub_graph(seed=seed),
    "hubs, 3 classes": lambda seed: hub_graph(800, 3, 15.0, feature_signal=0.25, seed=seed),
    "grid": lambda seed: grid_graph(40, seed=seed),
}

FEW = "20 a class"
SPLITS: dict[str, Callable[[int], Protocol]] = {
    FEW: lambda seed: Protocol(1, 1, seed=seed),
    "48%": lambda seed: SharesProtocol(1, 1, seed=seed),
}
MODELS = ("before", "best", "mlp", "gcn", "appnp")
PEERS = ("mlp", "gcn")
FIRST_DRAW = 1000
"""Draws below it are for development."""


def spec_of(model: str, data: NodeData) -> ModelSpec:
    """Return a model; `before` is `best` without channels."""
    if model != "before":
        return model_spec(model, data)
    best = model_spec("best", data)
    return replace(best, config=replace(best.config, homophily_threshold=-math.inf))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--draws", type=int, default=3)
    parser.add_argument("--first", type=int, default=FIRST_DRAW)
    parser.add_argument("--graphs", nargs="+", default=list(GRAPHS))
    parser.add_argument("--splits", nargs="+", default=list(SPLITS))
    parser.add_argument("--models", nargs="+", default=list(MODELS))
    parser.add_argument("--print", action="store_true", help="leave the kept results alone")
    options = parser.parse_args()
    torch.set_num_threads(1)
    seeds = range(options.first, options.first + options.draws)
    rows = [
        measured(graph, split, seeds, options.models)
        for split in options.splits
        for graph in options.graphs
        if split == FEW or not graph.startswith("Cora")  # of which it would take an hour
    ]
    if not options.print:
        publish("heterophily", rows, draws=options.draws, threads=1)


def measured(graph: str, split: str, seeds: range, models: list[str]) -> dict[str, str]:
    """Return the row of a graph."""
    accuracy: dict[str, list[float]] = {model: [] for model in models}
    homophily, seconds = [], 0.0
    for seed in seeds:
        data = NodeData.from_graph(GRAPHS[graph](seed))
        homophily.append(adjusted_homophily(data.adjacency, data.labels.numpy()))
        for model in models:
            start = time.perf_counter()
            runs = run_trials(data, spec_of(model, data), SPLITS[split](seed))
            accuracy[model].append(float(runs[0].accuracy.mean()))
            seconds += (time.perf_counter() - start) * (model == "best")
    found = {model: np.array(each) for model, each in accuracy.items()}
    better = max(PEERS, key=lambda model: found[model].mean())
    row = {
        "graph": graph,
        "labels": split,
        "homophily": f"{np.mean(homophily):+.2f}",
        **{NAMES[model]: plus_minus(each) for model, each in found.items()},
        "`best` less the better of MLP and GCN": plus_minus(found["best"] - found[better], "+"),
        "seconds": f"{seconds / len(seeds):.0f}",
    }
    print(row, flush=True)
    return row


NAMES = {"before": "`best` before", "best": "`best`", "mlp": "MLP", "gcn": "GCN", "appnp": "APPNP"}


def plus_minus(values: np.ndarray, sign: str = "") -> str:
    mean = sample_mean(values)
    return f"{mean.mean:{sign}.1f} ± {mean.error:.1f}"


if __name__ == "__main__":
    main()
