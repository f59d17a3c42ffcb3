"""Diff-ResNet on a graph: loops, one run at a time, beside ours. The same model on every side.

    python benchmarks/nodes.py                      # seconds an epoch, Cora and Citeseer

The plain loop has dense features, as the paper is read; the sparse loop is what a reader would
write who knows sparse matrices. All sides train by the same Adam, with dropout before every
diffusion step (the released model) or once before all of them. `nodes_accuracy.py` has what comes
of the training.
"""

from __future__ import annotations

import argparse
import resource
from collections.abc import Callable
from dataclasses import replace

import torch
from torch import Tensor, nn

from common import data_file, medians, publish
from diffresnet.graphs.graph import read_graph
from diffresnet.graphs.node_data import NodeData
from diffresnet.graphs.training import ReplicatedModule, TrainingConfig, adam
from diffresnet_lab.nodes.models.diff_resnet import PUBLISHED, DiffResNetNodes
from diffresnet_lab.nodes.protocol import Protocol
from nodes_plain import PlainDiffResNet, SparseDiffResNet


def epoch(
    model: ReplicatedModule, labels: Tensor, rows: Tensor, held: Tensor
) -> Callable[[], None]:
    """Return a function that trains one epoch and validates, as `train_early_stopped` does."""
    optimizer = adam(model, TrainingConfig())

    def run() -> None:
        model.train()
        optimizer.zero_grad()
        nn.functional.cross_entropy(model(rows)[0], labels[rows]).backward()
        optimizer.step()
        model.eval()
        with torch.no_grad():
            model(held)

    return run


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", nargs="+", default=["cora", "citeseer"])
    parser.add_argument("--repeats", type=int, default=11)
    parser.add_argument("--threads", type=int, default=torch.get_num_threads())
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    rows = []
    for name in options.data:
        data = NodeData.from_graph(read_graph(data_file(f"graphs/{name}.npz")))
        split = Protocol().split(data, 0)
        nodes, held = torch.from_numpy(split.train), torch.from_numpy(split.validation)
        for placement in ("each", "once"):
            settings = replace(PUBLISHED[name], placement=placement)
            sides = {
                "plain loop": PlainDiffResNet(data, settings, 0),
                "sparse loop": SparseDiffResNet(data, settings, 0),
                "diffresnet": DiffResNetNodes(data, settings, [0]),
            }
            found = medians(
                {side: epoch(model, data.labels, nodes, held) for side, model in sides.items()},
                options.repeats,
            )
            for side, seconds in found.items():
                rows.append(
                    {
                        "data": name,
                        "dropout": "before every step" if placement == "each" else "once",
                        "side": side,
                        "seconds an epoch": f"{seconds:.3f}",
                        "times as fast": f"{found['plain loop'] / seconds:.1f}",
                    }
                )
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    publish(
        "nodes", rows, threads=options.threads, repeats=options.repeats, peak_gib=round(peak, 2)
    )


if __name__ == "__main__":
    main()
