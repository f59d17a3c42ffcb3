"""Accuracy of fields under moved inputs, with noise and without."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import scipy.special
import torch
from jaxtyping import Float, Int

from ...pde import (
    Grid,
    GridField,
    GridSolver,
    block_grids,
    gradient_bound,
    smoothing_radius,
    step_lipschitz,
    still_gradient_bound,
)
from ..base import RunConfig
from .network import FlowNetwork, FlowTrainingConfig, standard_set, trained_flow
from .plan import RobustnessPlan

SIGMAS = (0.05, 0.1, 0.2, 0.4)
TRAINED = (0.1, 0.2)
SHAKES = (0.1, 0.2, 0.3)
ATTACKS = (0.05, 0.1, 0.2)
DIRECTIONS = 32
SHAKE_DRAWS = 8
WINDOW_MARGIN = 0.4

Probability = Callable[[Float[np.ndarray, "m 2"]], Float[np.ndarray, " m"]]


@dataclass(frozen=True)
class ModelScores:
    """Measures of one model -> a number a seed.

    Measures are "clean", "shake 0.1" and "attack 0.1" (accuracies in percent under moves of that
    size), "certified 0.1" (percent of points that no move of that size can turn, by proof),
    "slope", "slope bound", "broken" (proofs that an attack has contradicted, a count) and "doubt"
    (the largest change of a probability when the grid is made half as fine).
    """

    set_name: str
    labels: int
    model: str
    sigma: float
    measured: dict[str, list[float]] = field(default_factory=dict)

    def add(self, values: dict[str, float]) -> None:
        """Add the measures of one more seed."""
        for name, value in values.items():
            self.measured.setdefault(name, []).append(value)

    def mean(self, name: str) -> float:
        """Return the mean over seeds."""
        return float(np.mean(self.measured[name]))

    def over(self, other: ModelScores, name: str) -> tuple[float, float]:
        """Return mean and standard error of the lead over another model, seed by seed."""
        more = np.subtract(self.measured[name], other.measured[name])
        return float(more.mean()), float(more.std(ddof=1) / np.sqrt(len(more)))


def ring(points: Float[np.ndarray, "n 2"], size: float) -> Float[np.ndarray, "k n 2"]:
    """Return the points moved by `size` in each of 32 directions."""
    angles = 2 * np.pi * np.arange(DIRECTIONS) / DIRECTIONS
    return points + size * np.stack([np.cos(angles), np.sin(angles)], axis=1)[:, None]


def right_class_probability(
    probability: Probability, moved: Float[np.ndarray, "k n 2"], classes: Int[np.ndarray, " n"]
) -> Float[np.ndarray, "k n"]:
    """Return the probability of the right class, at k places for each point."""
    one = probability(moved.reshape(-1, 2)).reshape(moved.shape[:2])
    return np.where(classes == 1, one, 1.0 - one)


def moved_scores(
    probability: Probability,
    points: Float[np.ndarray, "n 2"],
    classes: Int[np.ndarray, " n"],
    rng: np.random.Generator,
    radius: float = 0.0,
    doubt: float = 0.0,
) -> dict[str, float]:
    """Return accuracies on clean and moved points, in percent.

    Parameters
    ----------
    rng : of the random moves.
    radius : the smoothing radius R of the field, for what can be proved; 0 proves nothing.
    doubt : error of the probabilities by the solver.
    """
    clean = right_class_probability(probability, points[None], classes)[0]
    safe = radius * scipy.special.ndtri(np.clip(clean - doubt, 1e-12, 1.0 - 1e-12))
    out = {"clean": 100.0 * float((clean > 0.5).mean())}
    for size in SHAKES:
        moved = points + size * rng.standard_normal((SHAKE_DRAWS, *points.shape))
        right = right_class_probability(probability, moved, classes) > 0.5
        out[f"shake {size:g}"] = 100.0 * float(right.mean())
    broken, worst = 0, clean
    for size in (ATTACKS[0] / 2, *ATTACKS):
        least = right_class_probability(probability, ring(points, size), classes).min(0)
        worst = np.minimum(worst, least)
        broken += int(((safe > size) & (worst <= 0.5)).sum())
        if size in ATTACKS:
            out[f"attack {size:g}"] = 100.0 * float((worst > 0.5).mean())
            out[f"certified {size:g}"] = 100.0 * float((safe > size).mean())
    return out | {"broken": float(broken)}


def measure(
    network: FlowNetwork,
    sigma: float,
    plan: RobustnessPlan,
    points: Float[np.ndarray, "n 2"],
    classes: Int[np.ndarray, " n"],
    seed: int,
) -> dict[str, float]:
    """Measure one network with noise sigma at test, on the test points."""
    m = plan.training.substeps
    rng = np.random.default_rng(seed)  # the same moves for every model
    convection, values = network.convection, network.values
    if sigma == 0.0:

        def plain(x: np.ndarray) -> np.ndarray:
            return values(convection.transport(torch.from_numpy(x), m)).numpy()[:, 0]

        return moved_scores(plain, points, classes, rng)
    window = Grid.around(points, WINDOW_MARGIN, 100)

    def solve(cells: int) -> GridField:
        grids = block_grids(convection, window, sigma, m, cells)
        return GridSolver(sigma, m, "network")(convection, values, grids)

    solved = solve(plan.cells)
    doubt = float(np.abs(solved(points) - solve(plan.cells // 2)(points)).max())
    radius = smoothing_radius(
        sigma, m, [step_lipschitz(block, 1 / m) for block in network.residual]
    )
    nodes = window.nodes().numpy()
    step = 0.5 * min(solved.grid.spacing)
    moves = step * np.eye(2)
    sides = [(solved(nodes + e)[:, 0] - solved(nodes - e)[:, 0]) / (2 * step) for e in moves]
    slopes = {"slope": float(np.hypot(*sides).max()), "slope bound": gradient_bound(radius)}
    moved = moved_scores(lambda x: solved(x)[:, 0], points, classes, rng, radius, doubt)
    return slopes | {"doubt": doubt} | moved


def sweep(config: RunConfig, plan: RobustnessPlan) -> list[ModelScores]:
    """Measure every set, number of labels, model and sigma, over all seeds."""
    results = []
    for name in plan.sets:
        points, classes = standard_set(name, config.seed)
        for labels in plan.labels:
            plain = ModelScores(name, labels, "plain", 0.0)
            at_test = [ModelScores(name, labels, "noise at test", s) for s in SIGMAS]
            trained = [ModelScores(name, labels, "noise in training", s) for s in TRAINED]
            for seed in range(config.seed, config.seed + plan.seeds):
                train, test = split(classes, labels, plan.tested, seed)
                labelled, given = points[train], classes[train]
                tested = (plan, points[test], classes[test], seed)
                network = trained_flow(labelled, given, plan.training, seed=seed)
                plain.add(measure(network, 0.0, *tested))
                for scores in at_test:
                    scores.add(measure(network, scores.sigma, *tested))
                for scores in trained:
                    noisy = trained_flow(labelled, given, plan.training, scores.sigma, seed)
                    scores.add(measure(noisy, scores.sigma, *tested))
            results += [plain, *at_test, *trained]
    return results


def split(
    classes: Int[np.ndarray, " n"], labels: int, tested: int, seed: int
) -> tuple[Int[np.ndarray, " l"], Int[np.ndarray, " t"]]:
    """Return labelled points, as many of each class, and others to test on."""
    rng = np.random.default_rng(seed)
    order = rng.permutation(len(classes))
    train = np.concatenate([order[classes[order] == c][:labels] for c in (0, 1)])
    return train, np.setdiff1d(order, train, assume_unique=True)[:tested]


def score_rows(results: list[ModelScores]) -> Iterator[dict[str, Any]]:
    """Yield a row for each model and measure, with the paired difference to the plain network."""
    plain = {(s.set_name, s.labels): s for s in results if s.model == "plain"}
    for scores in results:
        base = plain[scores.set_name, scores.labels]
        for name in scores.measured:
            row: dict[str, Any] = {
                "set": scores.set_name,
                "labels_per_class": scores.labels,
                "model": scores.model,
                "sigma": scores.sigma,
                "measure": name,
                "seeds": len(scores.measured[name]),
                "mean": scores.mean(name),
                "over_plain": None,
                "over_plain_error": None,
            }
            if scores is not base and name in base.measured:
                row["over_plain"], row["over_plain_error"] = scores.over(base, name)
            yield row


def still_bounds(training: FlowTrainingConfig) -> list[float]:
    """Return the bound of the gradient without velocity, for each sigma."""
    return [still_gradient_bound(sigma, training.blocks) for sigma in SIGMAS]
