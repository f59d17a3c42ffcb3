"""All nodes of a graph labelled from a few, without validation: `NodeClassifier` beside others.

    python benchmarks/label_nodes.py                # Cora and Citeseer, 1, 2, 5, 20 labels a class

The others: the classifier that guides it, alone; label propagation; and APPNP and GCN for 200
epochs, four initialisations whose probabilities are averaged as ours are. Splits 0 to 9 of the
protocol, accuracy over the test nodes.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import torch

from common import data_file, publish
from diffresnet.classify.calibrator import expected_calibration_error
from diffresnet.graphs.graph import read_graph
from diffresnet.graphs.node_classifier import NodeClassifier
from diffresnet.graphs.node_data import NodeData
from diffresnet.graphs.self_training.propagated_prior import propagated_prior
from diffresnet.graphs.training import train_for
from diffresnet_lab.nodes.protocol import Protocol
from diffresnet_lab.nodes.registry import model_spec

REPLICAS, EPOCHS = NodeClassifier().replicas, NodeClassifier().epochs

Labels = Callable[[NodeData, torch.Tensor, int], np.ndarray]
"""Data, labelled rows and a seed -> (n, c) probabilities."""


def ours(data: NodeData, rows: torch.Tensor, seed: int) -> np.ndarray:
    return NodeClassifier(random_state=seed).fit(data).label_distributions_


def prior(data: NodeData, rows: torch.Tensor, seed: int) -> np.ndarray:
    return propagated_prior(data, rows).numpy()


def network(name: str) -> Labels:
    def labels(data: NodeData, rows: torch.Tensor, seed: int) -> np.ndarray:
        spec = model_spec(name, data)
        torch.manual_seed(seed)
        model = spec.build(data, [REPLICAS * seed + replica for replica in range(REPLICAS)])
        train_for(model, data.labels, rows, spec.training, EPOCHS)
        with torch.no_grad():
            return torch.softmax(model(torch.arange(len(data))), -1).mean(0).numpy()

    return labels


def propagated(data: NodeData, rows: torch.Tensor, seed: int) -> np.ndarray:
    model = model_spec("label_propagation", data).build(data, [seed])
    model.prepare(rows)
    return model(torch.arange(len(data)))[0].numpy()


PROPAGATION = "label propagation"
METHODS: dict[str, Labels] = {
    "NodeClassifier": ours,
    "DiffusionClassifier": prior,
    "APPNP": network("appnp"),
    "GCN": network("gcn"),
    PROPAGATION: propagated,
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", nargs="+", default=["cora", "citeseer"])
    parser.add_argument("--labels", nargs="+", type=int, default=[1, 2, 5, 20])
    parser.add_argument("--splits", type=int, default=10)
    options = parser.parse_args()
    torch.set_num_threads(1)
    rows = []
    for name in options.data:
        whole = NodeData.from_graph(read_graph(data_file(f"graphs/{name}.npz")))
        truth = whole.labels.numpy()
        for each in options.labels:
            rows += measured(whole, truth, Protocol(options.splits, 1, each))
    publish("label_nodes", rows, splits=options.splits, replicas=REPLICAS, epochs=EPOCHS)


def measured(whole: NodeData, truth: np.ndarray, protocol: Protocol) -> list[dict[str, str]]:
    """A row a method."""
    accuracy: dict[str, list[float]] = {method: [] for method in METHODS}
    sure: dict[str, list[float]] = {method: [] for method in METHODS}
    gap: dict[str, list[float]] = {method: [] for method in METHODS}
    seconds = dict.fromkeys(METHODS, 0.0)
    for index in range(protocol.splits):
        split = protocol.split(whole, index)
        known = np.full(len(truth), -1)
        known[split.train] = truth[split.train]
        data = replace(whole, labels=torch.from_numpy(known))
        for method, labels in METHODS.items():
            start = time.perf_counter()
            p = labels(data, torch.from_numpy(split.train), index)[split.test]
            seconds[method] += time.perf_counter() - start
            right = p.argmax(1) == truth[split.test]
            accuracy[method].append(100 * right.mean())
            if method != PROPAGATION:  # whose scores are no probabilities
                sure[method].append(100 * p.max(1).mean())
                gap[method].append(100 * expected_calibration_error(p.max(1), right))
    best = np.array(accuracy["NodeClassifier"])
    rows = []
    for method, found in accuracy.items():
        ahead = best - np.array(found)
        rows.append(
            {
                "data": whole.name,
                "labels a class": str(protocol.train_per_class),
                "method": method,
                "accuracy": plus_minus(np.array(found)),
                "NodeClassifier less it": ""
                if method == "NodeClassifier"
                else plus_minus(ahead, "+"),
                "mean confidence": f"{np.mean(sure[method]):.1f}" if sure[method] else "",
                "calibration error": f"{np.mean(gap[method]):.1f}" if gap[method] else "",
                "seconds": f"{seconds[method] / protocol.splits:.1f}",
            }
        )
        print(rows[-1], flush=True)
    return rows


def plus_minus(values: np.ndarray, sign: str = "") -> str:
    return f"{values.mean():{sign}.1f} ± {values.std(ddof=1) / np.sqrt(len(values)):.1f}"


if __name__ == "__main__":
    main()
