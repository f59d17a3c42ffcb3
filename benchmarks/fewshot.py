"""Diff-ResNet on few-shot tasks: a plain loop, one task at a time, beside ours. The same function.

    python benchmarks/fewshot.py                           # 5-way 1-shot, width 512, r = 6
    python benchmarks/fewshot.py --steps 0 2 4 6 8 10      # cost against r (Fig. 10)
    python benchmarks/fewshot.py --features embeddings/cifarfs_val_efficientnet-lite0.npz

The plain loop is what a reader of the paper would write: an nn.Module trained by torch's autograd
and SGD, with r diffusion steps in every pass. Both sides start from the same weights. Ours is timed
from features to scores, drawing those weights and building graphs included; the plain loop is
handed both.
"""

from __future__ import annotations

import argparse
import resource
import time
from dataclasses import replace

import numpy as np
import torch
from torch import Tensor

from common import data_file, publish
from diffresnet_lab.fewshot import (
    Chain,
    Features,
    TaskBatch,
    centre_and_normalize,
    gather,
    sample_tasks,
)
from diffresnet_lab.fewshot.exact import exact_scores
from diffresnet_lab.fewshot.kernel import compiled, kernel_scores
from diffresnet_lab.fewshot.network import NetworkConfig, TrainingConfig, initial_weights
from diffresnet_lab.fewshot.objective import TaskObjective
from diffresnet_lab.fewshot.plain import plain_task

SIDES = {"batched torch": exact_scores} | ({"compiled": kernel_scores} if compiled() else {})
TOGETHER = 16


def clusters(width: int, classes: int = 20, each: int = 100) -> Features:
    """Gaussian classes that a prototype gets right about two times in three."""
    rng = np.random.default_rng(0)
    labels = np.repeat(np.arange(classes), each)
    centres = rng.normal(size=(classes, width))
    noise = rng.normal(size=(len(labels), width))
    return Features((centres[labels] + width**0.25 * noise).astype(np.float32), labels)


def part_of(batch: TaskBatch, which: slice) -> TaskBatch:
    return replace(
        batch,
        support=batch.support[which],
        labels=batch.labels[which],
        query=batch.query[which],
        seeds=batch.seeds[which],
    )


def now() -> np.ndarray:
    """Seconds by the clock, and seconds of all cores, which tell more where others work too."""
    return np.array([time.perf_counter(), time.process_time()])


def ours(batch: TaskBatch, network: NetworkConfig, side: str) -> tuple[Tensor, np.ndarray]:
    """Scores of the queries, and the time."""
    scores, start = [], now()
    for first in range(0, len(batch), TOGETHER):
        part = part_of(batch, slice(first, first + TOGETHER))
        objective = TaskObjective.from_batch(part, network)
        weights = initial_weights(part.seeds, part.support.shape[-1], part.ways, part.support)
        scores.append(SIDES[side](objective, TrainingConfig(), weights)[:, part.support.shape[1] :])
    return torch.cat(scores), now() - start


def plain(batch: TaskBatch, network: NetworkConfig) -> tuple[Tensor, np.ndarray]:
    """The same by the plain loop; graphs and weights are not in its time."""
    scores, seconds = [], np.zeros(2)
    for task in range(len(batch)):
        part = part_of(batch, slice(task, task + 1))
        objective = TaskObjective.from_batch(part, network)
        weights = initial_weights(part.seeds, part.support.shape[-1], part.ways, part.support)
        start = now()
        scores.append(plain_task(objective, TrainingConfig(), weights, 0)[part.support.shape[1] :])
        seconds += now() - start
    return torch.stack(scores), seconds


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--width", type=int, default=512)
    parser.add_argument("--features", help="a features file below DIFFRESNET_DATA, not clusters")
    parser.add_argument("--raw", action="store_true", help="do not centre and normalise features")
    parser.add_argument("--tasks", type=int, default=200)
    parser.add_argument("--ways", type=int, default=5)
    parser.add_argument("--shots", type=int, default=1)
    parser.add_argument("--queries", type=int, default=15)
    parser.add_argument("--steps", type=int, nargs="+", default=[6])
    parser.add_argument("--mu", type=float, default=0.0, help="of external diffusion")
    parser.add_argument("--threads", type=int, default=torch.get_num_threads())
    parser.add_argument("--name", default="fewshot", help="of the file in results/")
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    if options.features:
        features = Features.read(data_file(options.features))
    else:
        features = clusters(options.width)
    transform = Chain() if options.raw else centre_and_normalize(features.mean)
    tasks = sample_tasks(
        features.labels, options.ways, options.shots, options.queries, options.tasks
    )
    batch = transform(gather(features.tensor(), tasks))
    truth = torch.from_numpy(tasks.query_labels)
    rows = []
    for steps in options.steps:
        network = NetworkConfig(steps=steps, mu=options.mu)
        for side in SIDES:  # warm up, and compile
            ours(part_of(batch, slice(2)), network, side)
        plain(part_of(batch, slice(1)), network)
        found = {"plain loop": plain(batch, network)}
        found |= {side: ours(batch, network, side) for side in SIDES}
        expected, slow = found["plain loop"]
        for side, (scores, seconds) in found.items():
            right = (scores.argmax(-1) == truth).float()
            same = (scores.argmax(-1) == expected.argmax(-1)).float().mean()
            rows.append(
                {
                    "r": steps,
                    "side": side,
                    "ms a task": f"{1e3 * seconds[0] / len(batch):.1f}",
                    "times as fast": f"{slow[0] / seconds[0]:.1f}",
                    "CPU ms a task": f"{1e3 * seconds[1] / len(batch):.1f}",
                    "by CPU time": f"{slow[1] / seconds[1]:.1f}",
                    "same predictions": f"{100 * float(same):.3f}%",
                    "accuracy": f"{100 * float(right.mean()):.2f}",
                }
            )
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    settings = vars(options) | {"width": features.width, "peak_gib": round(peak, 2)}
    publish(settings.pop("name"), rows, **settings)


if __name__ == "__main__":
    main()
