"""The graphs whose stiffness is measured, with the settings that the authors move them by."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
import scipy.sparse
from jaxtyping import Float, Int

from diffresnet.files.npz import load_npz
from diffresnet.graphs.graph import read_graph
from diffresnet.similarity import similarity_graph

from ...data import synthetic
from ..demo.digits import digits
from ..experiment import Setup
from .spectrum import StiffGraph

CITATION = {"cora": (0.25, 20), "citeseer": (0.20, 20), "pubmed": (0.40, 10)}
"""Name: gamma and steps."""

SYNTHETIC = {"xor": (20, 200), "circle": (50, 200), "moon": (25, 60), "spiral": (25, 900)}
"""Name: ntop and steps, with gamma = 1."""

FEW_SHOT = (0.5, 6)
"""Gamma and steps."""

COLUMNS = 32
"""Features of a citation graph that are moved: the first ones."""


@dataclass(frozen=True, eq=False)
class Draws:
    """Many few-shot tasks of one kind: the longest stable step of each, and the strictest."""

    title: str
    longest_steps: Float[np.ndarray, " tasks"]
    strictest: StiffGraph

    @property
    def past(self) -> float:
        """The share of tasks for which the authors' gamma is past the bound."""
        return float((self.longest_steps < FEW_SHOT[0]).mean())


@lru_cache(maxsize=1)
def citation_graphs(setup: Setup) -> tuple[StiffGraph, ...]:
    """Those of Cora, Citeseer and Pubmed that the data folder holds."""
    found = []
    for name, (gamma, steps) in CITATION.items():
        path = _file(setup, f"graphs/{name}.npz")
        if path is None:
            continue
        graph = read_graph(path).largest_component()
        weights = similarity_graph(preset="citation", graph=graph.adjacency)
        assert graph.features is not None
        points = graph.features[:, :COLUMNS].toarray().astype(np.float64)
        found.append(StiffGraph(name, name.capitalize(), weights, points, gamma=gamma, steps=steps))
    return tuple(found)


@lru_cache(maxsize=1)
def synthetic_graphs(setup: Setup) -> tuple[StiffGraph, ...]:
    """XOR, circle, moon and spiral: row-normalised, so not symmetric."""
    found = []
    for name, (ntop, steps) in SYNTHETIC.items():
        points = getattr(synthetic, name)().points
        weights = similarity_graph(points, preset="synthetic", ntop=ntop)
        title = "XOR" if name == "xor" else name.capitalize()
        found.append(StiffGraph(name, title, weights, points, gamma=1.0, steps=steps))
    return tuple(found)


@lru_cache(maxsize=1)
def digits_graph() -> StiffGraph:
    """Digits with the library's default graph, and the random walk on it."""
    points, _ = digits()
    weights = similarity_graph(points)
    degree = weights.sum(axis=1)
    walk = scipy.sparse.csr_array(scipy.sparse.diags_array(1.0 / degree) @ weights)
    return StiffGraph("digits", "Digits, default graph", walk, points, measure=degree)


@lru_cache(maxsize=1)
def few_shot_draws(setup: Setup) -> tuple[Draws, ...]:
    """Tasks on random features, on digits, and on CIFAR-FS where the data folder holds it."""
    count = 40 if setup.quick else 200

    def noise(rng: np.random.Generator) -> np.ndarray:
        x = rng.standard_normal((80, 512))
        return np.asarray(x / np.linalg.norm(x, axis=1, keepdims=True))

    kinds: dict[str, tuple[str, Callable[[np.random.Generator], np.ndarray]]] = {
        "random": ("Few-shot, random unit features", noise),
        "digits_task": ("Few-shot, digits, 1 shot", _tasks(*digits(), shots=1)),
    }
    path = _file(setup, "embeddings/cifarfs_val_efficientnet-lite0.npz")
    base = _file(setup, "embeddings/cifarfs_base_mean_efficientnet-lite0.npz")
    if path is not None and base is not None:
        arrays = load_npz(path)
        x, y = arrays["features"].astype(np.float64), arrays["labels"]
        unit = x - load_npz(base)["mean"]
        unit /= np.linalg.norm(unit, axis=1, keepdims=True)
        for shots in (1, 5):
            name, title = f"cifar_fs_raw_{shots}", f"Few-shot, CIFAR-FS raw, {shots} shot"
            kinds[name] = (title, _tasks(x, y, shots))
        for shots in (1, 5):
            name, title = f"cifar_fs_unit_{shots}", f"Few-shot, CIFAR-FS centred, {shots} shot"
            kinds[name] = (title, _tasks(unit, y, shots))
    return tuple(
        _draws(name, title, task, count, np.random.default_rng([setup.seed, at]))
        for at, (name, (title, task)) in enumerate(kinds.items())
    )


def left_out(setup: Setup) -> str:
    """What is missing for want of data, as a sentence; empty if nothing is."""
    missing = [name.capitalize() for name in CITATION if not _file(setup, f"graphs/{name}.npz")]
    if not any(draws.strictest.name.startswith("cifar") for draws in few_shot_draws(setup)):
        missing.append("CIFAR-FS")
    if not missing:
        return ""
    return f"Left out, because no data folder holds it: {', '.join(missing)}."


def _draws(
    name: str,
    title: str,
    task: Callable[[np.random.Generator], np.ndarray],
    count: int,
    rng: np.random.Generator,
) -> Draws:
    gamma, steps = FEW_SHOT
    bounds: list[float] = []
    strictest = None
    for _ in range(count):
        x = task(rng)
        weights = similarity_graph(x, preset="few_shot")
        graph = StiffGraph(name, title, weights, x, gamma=gamma, steps=steps)
        if strictest is None or graph.laplacian.max_step() < min(bounds):
            strictest = graph
        bounds.append(graph.laplacian.max_step())
    assert strictest is not None
    return Draws(title, np.array(bounds), strictest)


def _tasks(
    x: Float[np.ndarray, "n d"], y: Int[np.ndarray, " n"], shots: int
) -> Callable[[np.random.Generator], np.ndarray]:
    """5 classes, so many shots and 15 queries of each, drawn anew at each call."""
    of_class = [np.flatnonzero(y == c) for c in np.unique(y)]

    def draw(rng: np.random.Generator) -> np.ndarray:
        chosen = rng.choice(len(of_class), 5, replace=False)
        rows = [rng.choice(of_class[c], shots + 15, replace=False) for c in chosen]
        return x[np.concatenate(rows)]

    return draw


def _file(setup: Setup, name: str) -> Path | None:
    if setup.data is None or not (setup.data / name).is_file():
        return None
    return setup.data / name
