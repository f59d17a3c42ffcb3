"""Timings of whole jobs on a device, each within seconds of its own.

What does not fit is told by its part: tasks, splits or steps are timed until the time is up, and
the whole is that many times as long. The fit of points is repeated at growing sizes.
"""

from __future__ import annotations

import contextlib
import os
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import torch

from diffresnet import DiffusionClassifier
from diffresnet.graphs.graph import read_graph
from diffresnet.graphs.node_data import NodeData
from diffresnet_lab.backbones.config import AUGMENTATIONS, TrainingConfig
from diffresnet_lab.backbones.training import train_backbone
from diffresnet_lab.data.find import data_folders
from diffresnet_lab.fewshot import Features, evaluate, sample_tasks
from diffresnet_lab.fewshot.config import FewShotConfig
from diffresnet_lab.fewshot.registry import configure_method
from diffresnet_lab.nodes.protocol import Protocol
from diffresnet_lab.nodes.registry import model_spec
from diffresnet_lab.nodes.trials import run_trials
from gpu_checks import clusters, images

GROWTH = 1.3
"""Exponent of rows by which the time of a larger fit is foreseen, on the safe side."""


class Skipped(Exception):
    """Why there is nothing to be timed."""


@dataclass(frozen=True)
class Size:
    """How much a whole job is; the tiny one is for tests."""

    tasks: int = 10_000
    splits: int = 100
    inits: int = 20
    epochs: int = 10_000
    rows: tuple[int, ...] = (100_000, 1_000_000, 10_000_000)
    images: int = 38_400
    batch: int = 256
    warm_up: int = 10


TINY = Size(4, 1, 2, 2, (300, 600), 12, 4, 1)


@dataclass(frozen=True)
class Measured:
    """Seconds of a whole job, and how they are known."""

    seconds: float
    told: str


@dataclass(frozen=True)
class Timing:
    """A job and the seconds that it may be measured for.

    Parameters
    ----------
    aim : seconds of the whole that are aimed at.
    run : (device, size, seconds) -> Measured
    """

    name: str
    aim: str
    seconds: float
    run: Callable[[torch.device, Size, float], Measured]


def synchronize(device: torch.device) -> None:
    """Wait for what a device has been told to do."""
    if device.type == "cuda":
        torch.cuda.synchronize(device)


def until(
    run: Callable[[int], Any], parts: int, seconds: float, device: torch.device, whole: str
) -> Measured:
    """Run numbered parts until the time is up, and say how long all of them take."""
    synchronize(device)
    start, done, spent = time.perf_counter(), 0, 0.0
    while done < parts and (done == 0 or spent * (done + 1) / done < seconds):
        run(done)
        done += 1
        synchronize(device)
        spent = time.perf_counter() - start
    told = "measured" if done == parts else f"extrapolated from {done} of {parts} parts"
    return Measured(spent * parts / done, f"{whole}: {told}")


def few_shot(name: str, device: torch.device, size: Size, seconds: float) -> Measured:
    """Time 5-way 1-shot tasks of 15 queries, from 20 Gaussian classes of 600 rows of width 512."""
    x, labels = clusters(12_000, 512, 20)
    features = Features(x, labels)
    configured = configure_method(name, FewShotConfig(1, "none", features.mean))
    part = min(size.tasks, 1024 if device.type == "cuda" else 16)
    tasks = sample_tasks(labels, 5, 1, 15, size.tasks)

    def run(number: int) -> None:
        chosen = tasks[number * part : (number + 1) * part]
        evaluate(configured.method, features, chosen, configured.transform, device=device)

    run(0)  # compiles, and warms up
    return until(run, -(-size.tasks // part), seconds, device, f"{size.tasks:,} tasks")


def table1(graph: str, device: torch.device, size: Size, seconds: float) -> Measured:
    """Time the released Diff-ResNet on random splits, its initialisations side by side."""
    named = os.environ.get("DIFFRESNET_DATA")
    folders = data_folders(Path(named) if named else None)
    found = [path for f in folders if (path := f / "graphs" / f"{graph}.npz").exists()]
    if not found:
        raise Skipped(f"no graphs/{graph}.npz: set DIFFRESNET_DATA to the data folder")
    data = NodeData.from_graph(read_graph(found[0]), device)
    spec = model_spec("diff_resnet", data)
    spec = replace(spec, training=replace(spec.training, epochs=size.epochs))

    def run(number: int) -> None:
        protocol = Protocol(1, size.inits, seed=42 + number)
        run_trials(data, spec, protocol, replicas=size.inits)

    return until(run, size.splits, seconds, device, f"{size.splits} x {size.inits} runs")


def fit(device: torch.device, size: Size, seconds: float) -> Measured:
    """Time `DiffusionClassifier.fit` of rows of 128 columns, 100 classes and 5 labels of each.

    Larger sizes follow as long as the last one tells that they fit into the time.
    """
    left, told, spent, rows = seconds, [], 0.0, 0
    for n in size.rows:
        if rows and spent * (n / rows) ** GROWTH > left:
            break
        x, given = _rows(n, device)
        model = DiffusionClassifier(device=str(device), random_state=0)
        synchronize(device)
        start = time.perf_counter()
        model.fit(x, given)
        synchronize(device)
        spent, rows = time.perf_counter() - start, n
        left -= spent
        told.append(f"{n:,} rows {spent:.1f} s")
    whole = size.rows[-1]
    if rows < whole:
        told.append(f"{whole:,} extrapolated in proportion, which is the least")
    return Measured(spent * whole / rows, ", ".join(told))


def _rows(n: int, device: torch.device) -> tuple[np.ndarray, np.ndarray]:
    """Draw curved clusters of 20 inner dimensions, where there is room for them fast."""
    draw = torch.Generator(device).manual_seed(0)
    classes = min(100, n // 20)

    def normal(*shape: int) -> torch.Tensor:
        return torch.randn(shape, generator=draw, device=device)

    centres, outward = 2.0 * normal(classes, 20), normal(20, 128) / 4
    labels = torch.randint(classes, (n,), generator=draw, device=device)
    x = np.empty((n, 128), dtype=np.float32)
    for start in range(0, n, 1_000_000):
        part = slice(start, start + 1_000_000)
        inner = centres[labels[part]]
        inner += normal(*inner.shape)
        z = torch.tanh(inner @ outward)
        z += 0.05 * normal(*z.shape)
        x[part] = torch.nn.functional.normalize(z, dim=1).cpu().numpy()
    codes, given = labels.cpu().numpy(), np.full(n, -1)
    for c in range(classes):
        given[np.flatnonzero(codes == c)[:5]] = c
    return x, given


class _TimeIsUp(Exception):
    """Ends a training from inside."""


def epoch(backbone: str, device: torch.device, size: Size, seconds: float) -> Measured:
    """Time steps of training at bf16 on random images of CIFAR-FS's number and shape.

    Loading, augmentation by kornia where it is installed, and the optimiser are in a step.
    """
    train = images(size.images, classes=64)
    name = "photo" if find_spec("kornia") else "none"
    config = TrainingConfig(
        backbone, 32, 32, augmentation=AUGMENTATIONS[name], epochs=1, batch=size.batch
    )
    steps, taken, start, spent = config.steps_per_epoch(size.images), 0, 0.0, 0.0

    def advance(_: int) -> None:
        nonlocal taken, start, spent
        taken += 1
        if taken <= size.warm_up:
            synchronize(device)
            start = time.perf_counter()
        elif taken == steps or time.perf_counter() - start > seconds:
            synchronize(device)
            spent = time.perf_counter() - start
            raise _TimeIsUp

    with tempfile.TemporaryDirectory() as folder, contextlib.suppress(_TimeIsUp):
        train_backbone(
            train,
            None,
            config,
            Path(folder),
            device=device.type,
            mixed_precision="bf16",
            advance=advance,
        )
    timed = taken - size.warm_up
    told = f"{size.images:,} random images: {steps} steps of {size.batch} at the mean of {timed}"
    return Measured(spent * steps / timed, f"{told}, augmented as {name}")


TIMINGS = (
    Timing("few-shot tasks, Diff-ResNet", "10", 30.0, partial(few_shot, "internal")),
    Timing("few-shot tasks, best", "10", 20.0, partial(few_shot, "best")),
    Timing("epoch of ResNet-18 at bf16", "", 20.0, partial(epoch, "resnet18")),
    Timing("epoch of WRN-28-10 at bf16", "", 30.0, partial(epoch, "wrn28-10")),
    Timing("Table I on Cora", "600 for all three", 40.0, partial(table1, "cora")),
    Timing("Table I on Citeseer", "600 for all three", 30.0, partial(table1, "citeseer")),
    Timing("Table I on Pubmed", "600 for all three", 30.0, partial(table1, "pubmed")),
    Timing("fit of rows x 128", "", 150.0, fit),
)
