"""Many splits and initialisations of one model, resumable from a cache of finished runs."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import joblib
import numpy as np
import torch

from diffresnet.graphs.node_data import NodeData

from ..cache import Arrays, RunCache
from .corruption import Corruption
from .model_spec import ModelSpec
from .protocol import Protocol
from .results import SplitRuns
from .training import train_early_stopped

_DTYPE_KINDS = {"predicted": "i", "accuracy": "f", "validation": "f", "epochs": "i", "seconds": "f"}


def run_trials(
    data: NodeData,
    spec: ModelSpec,
    protocol: Protocol,
    *,
    corruption: Corruption | None = None,
    cache: Path | None = None,
    replicas: int | None = None,
    jobs: int = 1,
    advance: Callable[[int], Any] | None = None,
) -> list[SplitRuns]:
    """Train a model on every split, and test it.

    Parameters
    ----------
    spec : ModelSpec
        Adapted to the data (`model_spec(name, data)`).
    corruption : Corruption, optional
        Of the graph before training, drawn anew for every split, the same for all models. Splits,
        and the labels that are tested against, are those of the data as given.
    cache : path, optional
        Folder of finished runs, some initialisations of a split at a time; what is there already,
        made with the same data, corruption, settings and seed, is read instead of run. More
        splits, or more initialisations, go on from there.
    replicas : int, optional
        Initialisations that are trained at once; `spec.replicas` if not given. The answer does
        not depend on it but for the order in which random numbers of dropout are drawn, so that
        the cache knows it.
    jobs : int
        Processes, each with whole splits, as `sweep` takes them.
    advance : called with the number of initialisations done.
    """
    replicas = replicas or spec.replicas
    batches = [
        (index, range(first, min(first + replicas, protocol.inits)))
        for index in range(protocol.splits)
        for first in range(0, protocol.inits, replicas)
    ]
    runs = {
        _shard(index, inits): joblib.delayed(_run)(data, spec, protocol, index, inits, corruption)
        for index, inits in batches
    }
    sizes = {_shard(index, inits): len(inits) for index, inits in batches}
    run_cache = RunCache.open(
        cache,
        f"{data.name[:60]}-{spec.name}",
        [data.adjacency, data.features, data.labels],
        [spec.config, spec.training, replicas],
        [replace(protocol, splits=0, inits=0), corruption],
    )
    if run_cache.missing(runs) and corruption is None:  # a corrupted graph differs by split
        for name in spec.needs:
            getattr(data, name)
    shards = run_cache.run(
        runs,
        jobs=jobs,
        valid=lambda name, arrays: _valid(arrays, sizes[name], len(data)),
        advance=None if advance is None else lambda name: advance(sizes[name]),
    )
    return [
        _concatenate([shards[_shard(index, inits)] for index, inits in batches if index == split])
        for split in range(protocol.splits)
    ]


def _run(
    data: NodeData,
    spec: ModelSpec,
    protocol: Protocol,
    index: int,
    inits: Sequence[int],
    corruption: Corruption | None,
) -> Arrays:
    """Train some initialisations on one split side by side, and test them."""
    true_labels = data.labels.cpu().numpy()
    split = protocol.split(data, index)
    if corruption is not None:
        data = corruption.apply(data, split, [protocol.seed, index])
    train_rows, validation_rows = (
        torch.from_numpy(nodes).to(data.device) for nodes in (split.train, split.validation)
    )
    seeds = [_seed(protocol.seed, index, init) for init in inits]
    start = time.perf_counter()
    with torch.random.fork_rng(devices=[data.device] if data.device.type == "cuda" else []):
        torch.manual_seed(seeds[0])  # of the dropout
        model = spec.build(data, seeds)
        trained = train_early_stopped(
            model, data.labels, train_rows, validation_rows, spec.training
        )
    with torch.no_grad():
        scores = model(torch.arange(len(data), device=data.device))
    predicted = scores.argmax(-1).to(torch.int16).cpu().numpy()
    correct = predicted[:, split.test] == true_labels[split.test]
    return {
        "predicted": predicted,
        "accuracy": 100.0 * correct.mean(1),
        "validation": trained.validation.cpu().numpy(),
        "epochs": trained.epochs.cpu().numpy(),
        "seconds": np.array(time.perf_counter() - start),
    }


def _concatenate(shards: Sequence[Arrays]) -> SplitRuns:
    """Join the initialisations of one split."""
    arrays = {
        name: np.concatenate([shard[name] for shard in shards])
        for name in ("predicted", "accuracy", "validation", "epochs")
    }
    return SplitRuns(**arrays, seconds=sum(float(shard["seconds"]) for shard in shards))


def _shard(index: int, inits: range) -> str:
    return f"{index:04}-{inits[0]:04}-{len(inits)}"


def _seed(master: int, split: int, init: int) -> int:
    return int(np.random.SeedSequence([master, split, init]).generate_state(1)[0]) // 2


def _valid(arrays: Arrays, m: int, nodes: int) -> bool:
    """Tell whether arrays can be those of `_run`: kinds, shapes, percents and classes."""
    shapes: dict[str, tuple[int, ...]] = {"predicted": (m, nodes), "seconds": ()}
    per_run = dict.fromkeys(("accuracy", "validation", "epochs"), (m,))
    if {name: array.shape for name, array in arrays.items()} != shapes | per_run:
        return False
    if {name: array.dtype.kind for name, array in arrays.items()} != _DTYPE_KINDS:
        return False
    percents = np.concatenate([arrays["accuracy"], arrays["validation"]])
    in_range = ((percents >= 0) & (percents <= 100)).all()
    return bool(in_range and (arrays["predicted"] >= 0).all())
