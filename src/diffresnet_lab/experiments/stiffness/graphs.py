"""Graphs whose stiffness is measured, with the authors' settings."""

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
from ...data.digits import digits
from ..base import RunConfig
from .plan import StiffnessPlan
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
class FewShotDraws:
    """Few-shot tasks of one kind: the longest stable step of each, and the strictest."""

    title: str
    longest_steps: Float[np.ndarray, " tasks"]
    strictest: StiffGraph

    @property
    def past(self) -> float:
        """Return the share of tasks for which the authors' gamma is past the bound."""
        return float((self.longest_steps < FEW_SHOT[0]).mean())


@lru_cache(maxsize=1)
def citation_graphs(data: Path | None) -> tuple[StiffGraph, ...]:
    """Return those of Cora, Citeseer and Pubmed that the data folder holds."""
    graphs = []
    for name, (gamma, steps) in CITATION.items():
        path = _file(data, f"graphs/{name}.npz")
        if path is None:
            continue
        graph = read_graph(path).largest_component()
        weights = similarity_graph(preset="citation", graph=graph.adjacency)
        assert graph.features is not None
        points = graph.features[:, :COLUMNS].toarray().astype(np.float64)
        graphs.append(
            StiffGraph(name, name.capitalize(), weights, points, gamma=gamma, steps=steps)
        )
    return tuple(graphs)


@lru_cache(maxsize=len(SYNTHETIC))
def synthetic_graph(name: str) -> StiffGraph:
    """Return the graph of XOR, circle, moon or spiral: row-normalised, so not symmetric."""
    ntop, steps = SYNTHETIC[name]
    points = getattr(synthetic, name)().points
    weights = similarity_graph(points, preset="synthetic", ntop=ntop)
    title = "XOR" if name == "xor" else name.capitalize()
    return StiffGraph(name, title, weights, points, gamma=1.0, steps=steps)


@lru_cache(maxsize=1)
def digits_graph() -> StiffGraph:
    """Return digits with the random walk on the library's default graph."""
    points, _ = digits()
    weights = similarity_graph(points)
    degree = weights.sum(axis=1)
    walk = scipy.sparse.csr_array(scipy.sparse.diags_array(1.0 / degree) @ weights)
    return StiffGraph("digits", "Digits, default graph", walk, points, measure=degree)


@lru_cache(maxsize=1)
def few_shot_draws(data: Path | None, seed: int, count: int) -> tuple[FewShotDraws, ...]:
    """Draw tasks on random features, on digits, and on CIFAR-FS where the data folder holds it."""

    def noise(rng: np.random.Generator) -> np.ndarray:
        x = rng.standard_normal((80, 512))
        return np.asarray(x / np.linalg.norm(x, axis=1, keepdims=True))

    kinds: dict[str, tuple[str, Callable[[np.random.Generator], np.ndarray]]] = {
        "random": ("Few-shot, random unit features", noise),
        "digits_task": ("Few-shot, digits, 1 shot", _tasks(*digits(), shots=1)),
    }
    files = _cifar_fs(data)
    if files is not None:
        path, base = files
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
        _draws(name, title, task, count, np.random.default_rng([seed, index]))
        for index, (name, (title, task)) in enumerate(kinds.items())
    )


def all_graphs(config: RunConfig, plan: StiffnessPlan) -> list[StiffGraph]:
    """Return every graph of the experiment; of few-shot tasks of a kind, the strictest."""
    strict = [draws.strictest for draws in few_shot_draws(config.data, config.seed, plan.tasks)]
    synthetic_sets = [synthetic_graph(name) for name in plan.synthetic]
    return [*citation_graphs(config.data), *strict, *synthetic_sets, digits_graph()]


def missing(data: Path | None) -> list[str]:
    """Return the names of data that the folder does not hold."""
    names = [name.capitalize() for name in CITATION if not _file(data, f"graphs/{name}.npz")]
    return names if _cifar_fs(data) else [*names, "CIFAR-FS"]


def _cifar_fs(data: Path | None) -> tuple[Path, Path] | None:
    """Return the files of features and of the base mean, where both are there."""
    path = _file(data, "embeddings/cifarfs_val_efficientnet-lite0.npz")
    base = _file(data, "embeddings/cifarfs_base_mean_efficientnet-lite0.npz")
    return None if path is None or base is None else (path, base)


def _draws(
    name: str,
    title: str,
    task: Callable[[np.random.Generator], np.ndarray],
    count: int,
    rng: np.random.Generator,
) -> FewShotDraws:
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
    return FewShotDraws(title, np.array(bounds), strictest)


def _tasks(
    x: Float[np.ndarray, "n d"], y: Int[np.ndarray, " n"], shots: int
) -> Callable[[np.random.Generator], np.ndarray]:
    """Return a function that draws 5 classes, so many shots and 15 queries of each."""
    of_class = [np.flatnonzero(y == c) for c in np.unique(y)]

    def draw(rng: np.random.Generator) -> np.ndarray:
        classes = rng.choice(len(of_class), 5, replace=False)
        rows = [rng.choice(of_class[c], shots + 15, replace=False) for c in classes]
        return x[np.concatenate(rows)]

    return draw


def _file(data: Path | None, name: str) -> Path | None:
    return data / name if data is not None and (data / name).is_file() else None
