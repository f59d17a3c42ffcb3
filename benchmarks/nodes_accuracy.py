"""Test accuracies of a loop on n x F features and of ours: the same splits and initial weights.

    python benchmarks/nodes_accuracy.py --runs runs             # 10 splits x 2 inits, 2 hours
    python benchmarks/nodes_accuracy.py --runs runs --each      # the released model, longer

The loop is the sparse one of `nodes_plain.py`, one run at a time: the dense one computes the same
numbers in two to four times the time. Every run that is done is kept in the folder --runs; the
same command goes on from there.
"""

from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch

from common import data_file, publish
from diffresnet.graphs.graph import read_graph
from diffresnet.graphs.node_data import NodeData
from diffresnet_lab.nodes.model_spec import ModelSpec
from diffresnet_lab.nodes.protocol import Protocol
from diffresnet_lab.nodes.registry import model_spec
from diffresnet_lab.nodes.results import accuracy_difference, mean_accuracy
from diffresnet_lab.nodes.trials import run_trials
from nodes_plain import SparseDiffResNet


def loop_of(ours: ModelSpec) -> ModelSpec:
    """Return the same model as a loop, trained and stopped as ours is."""
    return replace(
        ours,
        name=f"loop_{ours.name}",
        model=lambda data, config, seeds: SparseDiffResNet(data, config, *seeds),
        replicas=1,
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", nargs="+", default=["cora", "citeseer"])
    parser.add_argument("--splits", type=int, default=10)
    parser.add_argument(
        "--inits", type=int, nargs="+", default=[2], help="of all data sets, or of each"
    )
    parser.add_argument("--runs", type=Path, required=True)
    parser.add_argument("--each", action="store_true", help="dropout before every step")
    options = parser.parse_args()
    torch.set_num_threads(1)
    rows = []
    inits = options.inits * (len(options.data) if len(options.inits) == 1 else 1)
    for name, count in zip(options.data, inits, strict=True):
        data = NodeData.from_graph(read_graph(data_file(f"graphs/{name}.npz")))
        ours = model_spec("diff_resnet" if options.each else "diff_resnet_once", data)
        protocol = Protocol(options.splits, count)
        found = {
            side: run_trials(data, model, protocol, cache=options.runs)
            for side, model in (("loop", loop_of(ours)), ("diffresnet", ours))
        }
        less = accuracy_difference(found["diffresnet"], found["loop"])
        for side, runs in found.items():
            accuracy = mean_accuracy(runs)
            rows.append(
                {
                    "data": name,
                    "dropout": "before every step" if options.each else "once",
                    "side": side,
                    "runs": f"{options.splits} × {count}",
                    "accuracy": f"{accuracy.mean:.2f} ± {accuracy.error:.2f}",
                    "difference": f"{less.mean:+.2f} ± {less.error:.2f}"
                    if side == "diffresnet"
                    else "",
                    "epochs": f"{np.mean([run.epochs.mean() for run in runs]):.0f}",
                }
            )
    publish(
        "nodes_accuracy_each" if options.each else "nodes_accuracy",
        rows,
        threads=1,
    )


if __name__ == "__main__":
    main()
