"""Diff-ResNet on a graph: a plain dense loop, one run at a time, beside ours. The same model twice.

    python benchmarks/nodes.py                      # seconds an epoch, Cora and Citeseer
    python benchmarks/nodes.py --accuracy 10 2      # and accuracies, 10 splits x 2 inits (hours)

The plain loop is what a reader of the paper would write: dense features, r products of the graph
with n x F features, everything recorded by autograd. Both sides train by the same Adam, with
dropout before every diffusion step (the released model) or once before all of them.
"""

from __future__ import annotations

import argparse
import resource
import statistics
import time
from collections.abc import Callable

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from common import data_file, publish
from diffresnet.data.graphs import read_graph
from diffresnet.nodes.data import NodeData
from diffresnet.nodes.models.diff_resnet import DiffResNetNodes, DiffResNetSettings
from diffresnet.nodes.presets import PUBLISHED
from diffresnet.nodes.sweep import Protocol
from diffresnet.nodes.training import NodeModel, Training, train


class PlainDiffResNet(NodeModel):
    """One network, written down as the paper has it."""

    members = 1

    def __init__(self, data: NodeData, settings: DiffResNetSettings, seed: int) -> None:
        super().__init__()
        ours = DiffResNetNodes(data, settings, [seed])  # the same initial weights
        self.weight, self.bias = ours.weight, ours.bias
        self.head, self.head_bias = ours.head, ours.head_bias
        self.settings, self.x = settings, data.dense_x
        coo = data.citation.tocoo()
        index = torch.from_numpy(np.stack([coo.row, coo.col]))
        self.graph = torch.sparse_coo_tensor(index, torch.from_numpy(coo.data).float(), coo.shape)
        self.graph = self.graph.coalesce()
        self.degree = torch.from_numpy(data.citation.sum(axis=1)).float()[:, None]

    def forward(self, rows: Tensor) -> Tensor:
        how = self.settings
        x = self.x + torch.relu(self.x @ self.weight[0] + self.bias[0])
        if how.placement == "once":
            x = F.dropout(x, how.dropout, self.training)
        for _ in range(how.steps):
            if how.placement == "each":
                x = F.dropout(x, how.dropout, self.training)
            x = x - how.gamma * (self.degree * x - torch.sparse.mm(self.graph, x))
        return (x @ self.head[0] + self.head_bias[0])[rows][None]


def epoch(model: NodeModel, labels: Tensor, rows: Tensor, held: Tensor) -> Callable[[], None]:
    """A function that trains one epoch and validates, as `train` does."""
    how = Training()
    optimizer = torch.optim.Adam(
        model.parameters(), how.learning_rate, weight_decay=how.weight_decay, fused=True
    )

    def run() -> None:
        model.train()
        optimizer.zero_grad()
        nn.functional.cross_entropy(model(rows)[0], labels[rows]).backward()
        optimizer.step()
        model.eval()
        with torch.no_grad():
            model(held)

    return run


def turns(runs: dict[str, Callable[[], None]], repeats: int) -> dict[str, float]:
    """Median seconds of each; they take turns, after one warm-up each."""
    seconds: dict[str, list[float]] = {name: [] for name in runs}
    for repeat in range(repeats + 1):
        for name, run in runs.items():
            start = time.perf_counter()
            run()
            if repeat:
                seconds[name].append(time.perf_counter() - start)
    return {name: statistics.median(found) for name, found in seconds.items()}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", nargs="+", default=["cora", "citeseer"])
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--threads", type=int, default=torch.get_num_threads())
    parser.add_argument("--accuracy", type=int, nargs=2, metavar=("SPLITS", "INITS"))
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    rows = []
    for name in options.data:
        data = NodeData.from_graph(read_graph(data_file(f"graphs/{name}.npz")))
        split = Protocol().split(data, 0)
        nodes, held = torch.from_numpy(split.train), torch.from_numpy(split.validation)
        for placement in ("each", "once"):
            settings = DiffResNetSettings(**{**vars(PUBLISHED[name]), "placement": placement})
            sides = {
                "plain loop": PlainDiffResNet(data, settings, 0),
                "diffresnet": DiffResNetNodes(data, settings, [0]),
            }
            found = turns(
                {side: epoch(model, data.labels, nodes, held) for side, model in sides.items()},
                options.repeats,
            )
            accuracy = _accuracies(data, settings, options.accuracy) if options.accuracy else {}
            for side, seconds in found.items():
                row = {
                    "data": name,
                    "dropout": "before every step" if placement == "each" else "once",
                    "side": side,
                    "seconds an epoch": f"{seconds:.3f}",
                    "times as fast": f"{found['plain loop'] / seconds:.1f}",
                }
                rows.append(row | accuracy.get(side, {}))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    publish(
        "nodes", rows, threads=options.threads, repeats=options.repeats, peak_gib=round(peak, 2)
    )


def _accuracies(
    data: NodeData, settings: DiffResNetSettings, counts: tuple[int, int]
) -> dict[str, dict[str, str]]:
    """Test accuracy of both sides on the same splits and initial weights, and their difference."""
    found: dict[str, list[list[float]]] = {"plain loop": [], "diffresnet": []}
    seconds = dict.fromkeys(found, 0.0)
    for index in range(counts[0]):
        split = Protocol().split(data, index)
        train_rows, held, test = map(torch.from_numpy, (split.train, split.validation, split.test))
        for side, of_side in found.items():
            of_side.append([])
            for init in range(counts[1]):
                torch.manual_seed(1000 * index + init)
                start = time.perf_counter()
                model = (
                    PlainDiffResNet(data, settings, init)
                    if side == "plain loop"
                    else DiffResNetNodes(data, settings, [init])
                )
                train(model, data.labels, train_rows, held, Training())
                seconds[side] += time.perf_counter() - start
                with torch.no_grad():
                    right = model(test)[0].argmax(-1) == data.labels[test]
                of_side[-1].append(100.0 * float(right.float().mean()))
    ours, plain = np.array(found["diffresnet"]), np.array(found["plain loop"])
    difference = (ours - plain).mean(1)
    error = difference.std(ddof=1) / len(difference) ** 0.5 if len(difference) > 1 else np.nan
    return {
        side: {
            "accuracy": f"{np.mean(found[side]):.2f}",
            "seconds a model": f"{seconds[side] / ours.size:.1f}",
            "difference": f"{difference.mean():+.2f} ± {error:.2f}" if side == "diffresnet" else "",
        }
        for side in found
    }


if __name__ == "__main__":
    main()
