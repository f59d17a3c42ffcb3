"""Networks of Fig. 5 of any depth, and what one split shows of them."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

import joblib
import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor

from diffresnet.files.npz import load_npz, save_npz
from diffresnet.graphs.node_data import NodeData

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
Settings = GCNConfig | DiffResNetConfig


@dataclass(frozen=True)
class DepthRuns:
    """All initialisations of one network on one split.

    Attributes
    ----------
    accuracy : (m,)
        In percent, on test nodes.
    before, after : (m,)
        Dirichlet energy of the features before the last layer, at initialisation and trained.
    spread_before, spread_after : (m,)
        How much of the same features is not where the network's operator leads.
    epochs : (m,)
    seconds : float
    """

    accuracy: Float[np.ndarray, " m"]
    before: Float[np.ndarray, " m"]
    after: Float[np.ndarray, " m"]
    spread_before: Float[np.ndarray, " m"]
    spread_after: Float[np.ndarray, " m"]
    epochs: Int[np.ndarray, " m"]
    seconds: float


def _published(data: NodeData) -> DiffResNetConfig:
    return published_config(data) or PUBLISHED["cora"]


def stable_gamma(data: NodeData) -> float:
    """The published step, or 0.9 of the longest stable one where that is shorter."""
    return min(_published(data).gamma, 0.9 * data.laplacian.max_step())


def gcn(data: NodeData, depth: int, width: int) -> Settings:
    """The plain network, with Diff-ResNet's dropout: its own 0.8 was tuned for two layers."""
    return GCNConfig(depth, width, _published(data).dropout)


def blocks(data: NodeData, depth: int, width: int) -> Settings:
    """As many blocks, each with one diffusion step, as a layer of a GCN has one product."""
    return DiffResNetConfig(
        stable_gamma(data), 1, _published(data).dropout, blocks=depth, width=width
    )


def steps(data: NodeData, depth: int, width: int) -> Settings:
    """One block and as many diffusion steps."""
    return DiffResNetConfig(stable_gamma(data), depth, _published(data).dropout, width=width)


CURVES: dict[str, Callable[[NodeData, int, int], Settings]] = {
    "blocks": blocks,
    "steps": steps,
    "gcn": gcn,
}
TITLES = {
    "blocks": "Diff-ResNet, blocks",
    "steps": "Diff-ResNet, steps",
    "gcn": "GCN, layers",
}


def build(data: NodeData, settings: Settings, seeds: Sequence[int]) -> Network:
    """The network of these settings."""
    if isinstance(settings, GCNConfig):
        return GCN(data, settings, seeds)
    return DiffResNetNodes(data, settings, seeds)


def hidden(model: Network) -> Float[Tensor, "m n h"]:
    """Features of all nodes before the last layer, without dropout; GCN has two layers or more."""
    with torch.no_grad():
        features = model.eval().hidden()
    assert features is not None
    return features


def depth_runs(
    data: NodeData,
    settings: Settings,
    protocol: Protocol,
    training: EarlyStoppingConfig,
    split: int,
    shards: Path | None = None,
) -> DepthRuns:
    """Train on one split, or read what was kept of it in the folder `shards`."""
    path = None if shards is None else shards / _name(data, settings, protocol, training, split)
    if path is not None and path.exists():
        return _read(path)
    start = time.perf_counter()
    nodes = protocol.split(data, split)
    rows = [torch.from_numpy(part).to(data.device) for part in (nodes.train, nodes.validation)]
    drawn = np.random.SeedSequence([protocol.seed, split]).generate_state(protocol.inits)
    seeds = [int(seed) // 2 for seed in drawn]
    state = torch.random.get_rng_state()
    torch.manual_seed(seeds[0])  # of the dropout
    model = build(data, settings, seeds)
    before = _collapse(model, data)
    trained = train_early_stopped(model, data.labels, rows[0], rows[1], training)
    torch.random.set_rng_state(state)
    test = torch.from_numpy(nodes.test).to(data.device)
    with torch.no_grad():
        right = model(test).argmax(-1) == data.labels[test]
    after = _collapse(model, data)
    found = DepthRuns(
        100.0 * right.double().mean(1).cpu().numpy(),
        before[0],
        after[0],
        before[1],
        after[1],
        trained.epochs.cpu().numpy(),
        time.perf_counter() - start,
    )
    if path is not None:
        path.parent.mkdir(parents=True, exist_ok=True)
        save_npz(path, {name: np.asarray(value) for name, value in asdict(found).items()})
    return found


def _collapse(
    model: Network, data: NodeData
) -> tuple[Float[np.ndarray, " m"], Float[np.ndarray, " m"]]:
    x = hidden(model)
    end: Literal["products", "diffusion"]
    end = "products" if isinstance(model, GCN) else "diffusion"
    return dirichlet_energy(x, data), residual_energy(x, data, end)


def _name(
    data: NodeData,
    settings: Settings,
    protocol: Protocol,
    training: EarlyStoppingConfig,
    split: int,
) -> str:
    """A file for everything that the answer depends on."""
    shown = asdict(protocol)
    del shown["splits"]
    arrays = [
        array
        for matrix in (data.adjacency, data.features)
        for array in (matrix.data, matrix.indices, matrix.indptr)
    ]
    key = joblib.hash(
        [
            *(np.ascontiguousarray(array) for array in arrays),
            data.labels.cpu().numpy(),
            type(settings).__name__,
            asdict(settings),
            shown,
            asdict(training),
        ]
    )
    return f"depth-{data.name}-{key[:16]}/{split:04}.npz"


def _read(path: Path) -> DepthRuns:
    arrays: dict[str, Any] = dict(load_npz(path))
    return DepthRuns(**{**arrays, "seconds": float(arrays["seconds"])})
