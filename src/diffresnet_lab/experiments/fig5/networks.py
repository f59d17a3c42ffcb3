"""Networks of Fig. 5 of any depth, and their training on one split."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Literal

import joblib
import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from diffresnet.graphs.node_data import NodeData

from ...cache import Arrays, RunCache
from ...nodes.models.diff_resnet import (
    PUBLISHED,
    DiffResNetConfig,
    DiffResNetNodes,
    published_config,
)
from ...nodes.models.gcn import GCN, GCNConfig
from ...nodes.oversmoothing import dirichlet_energy, residual_energy
from ...nodes.protocol import Protocol
from ...nodes.training import EarlyStoppingConfig, train_early_stopped

Network = GCN | DiffResNetNodes
NetworkConfig = GCNConfig | DiffResNetConfig


def _published(data: NodeData) -> DiffResNetConfig:
    return published_config(data) or PUBLISHED["cora"]


def stable_gamma(data: NodeData) -> float:
    """Return the published step, or 0.9 of the longest stable one where that is shorter."""
    return min(_published(data).gamma, 0.9 * data.laplacian.max_step())


def gcn(data: NodeData, depth: int, width: int) -> NetworkConfig:
    """Return a plain GCN with Diff-ResNet's dropout: its own 0.8 was tuned for two layers."""
    return GCNConfig(depth, width, _published(data).dropout)


def blocks(data: NodeData, depth: int, width: int) -> NetworkConfig:
    """Return as many blocks, each with one diffusion step, as a layer of a GCN has one product."""
    return DiffResNetConfig(
        stable_gamma(data), 1, _published(data).dropout, blocks=depth, width=width
    )


def steps(data: NodeData, depth: int, width: int) -> NetworkConfig:
    """Return one block with as many diffusion steps."""
    return DiffResNetConfig(stable_gamma(data), depth, _published(data).dropout, width=width)


NETWORKS: dict[str, Callable[[NodeData, int, int], NetworkConfig]] = {
    "blocks": blocks,
    "steps": steps,
    "gcn": gcn,
}
TITLES = {
    "blocks": "Diff-ResNet, blocks",
    "steps": "Diff-ResNet, steps",
    "gcn": "GCN, layers",
}


def build(data: NodeData, config: NetworkConfig, seeds: Sequence[int]) -> Network:
    """Return the untrained network of a configuration."""
    if isinstance(config, GCNConfig):
        return GCN(data, config, seeds)
    return DiffResNetNodes(data, config, seeds)


def hidden(model: Network) -> Float[Tensor, "m n h"]:
    """Return features of all nodes before the last layer, without dropout.

    A GCN must have two layers or more.
    """
    with torch.no_grad():
        features = model.eval().hidden()
    assert features is not None
    return features


def train_splits(
    data: NodeData,
    config: NetworkConfig,
    protocol: Protocol,
    training: EarlyStoppingConfig,
    *,
    cache: Path | None = None,
    jobs: int = 1,
) -> list[Arrays]:
    """Train a network on every split, or read what is kept of it in the folder `cache`.

    Returns
    -------
    list of arrays by name, for each split
        `accuracy` (m,) in percent on test nodes; `energy_before`, `energy_after` (m,) Dirichlet
        energy of the features before the last layer, at initialisation and trained;
        `spread_before`, `spread_after` (m,) their residual energy; `epochs` (m,); `seconds` ().
    """
    run_cache = RunCache.open(
        cache,
        f"depth-{data.name[:60]}",
        [data.adjacency, data.features, data.labels],
        [config, training, replace(protocol, splits=0)],
    )
    runs = {
        f"{split:04}": joblib.delayed(_train_split)(data, config, protocol, training, split)
        for split in range(protocol.splits)
    }
    return list(run_cache.run(runs, jobs=jobs, valid=_valid).values())


def _train_split(
    data: NodeData,
    config: NetworkConfig,
    protocol: Protocol,
    training: EarlyStoppingConfig,
    split: int,
) -> Arrays:
    start = time.perf_counter()
    nodes = protocol.split(data, split)
    rows = [torch.from_numpy(part).to(data.device) for part in (nodes.train, nodes.validation)]
    states = np.random.SeedSequence([protocol.seed, split]).generate_state(protocol.inits)
    seeds = [int(seed) // 2 for seed in states]
    state = torch.random.get_rng_state()
    torch.manual_seed(seeds[0])  # of the dropout
    model = build(data, config, seeds)
    before = _energies(model, data, "before")
    trained = train_early_stopped(model, data.labels, rows[0], rows[1], training)
    torch.random.set_rng_state(state)
    test = torch.from_numpy(nodes.test).to(data.device)
    with torch.no_grad():
        correct = model(test).argmax(-1) == data.labels[test]
    return {
        "accuracy": 100.0 * correct.double().mean(1).cpu().numpy(),
        **before,
        **_energies(model, data, "after"),
        "epochs": trained.epochs.cpu().numpy(),
        "seconds": np.array(time.perf_counter() - start),
    }


def _energies(model: Network, data: NodeData, moment: str) -> Arrays:
    x = hidden(model)
    operator: Literal["products", "diffusion"]
    operator = "products" if isinstance(model, GCN) else "diffusion"
    return {
        f"energy_{moment}": dirichlet_energy(x, data),
        f"spread_{moment}": residual_energy(x, data, operator),
    }


def _valid(name: str, arrays: Arrays) -> bool:
    """Tell whether arrays can be those of `_train_split`."""
    measures = {f"{each}_{when}" for each in ("energy", "spread") for when in ("before", "after")}
    if arrays.keys() != measures | {"accuracy", "epochs", "seconds"}:
        return False
    shapes = {array.shape for key, array in arrays.items() if key != "seconds"}
    return shapes == {arrays["accuracy"].shape} and arrays["seconds"].shape == ()
