"""Fields against moved inputs: what the noise of the PDE gives, and what it costs."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
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
from ..experiment import Setup
from .network import SETS, FlowNetwork, FlowTraining, standard_set, trained_flow

SIGMAS = (0.05, 0.1, 0.2, 0.4)
TRAINED = (0.1, 0.2)
SHAKES = (0.1, 0.2, 0.3)
ATTACKS = (0.05, 0.1, 0.2)
DIRECTIONS = 32
SHAKE_DRAWS = 8
WINDOW_MARGIN = 0.4

FULL = FlowTraining(substeps=2, epochs=150)
QUICK = replace(FULL, epochs=100, samples=8)

Probability = Callable[[Float[np.ndarray, "m 2"]], Float[np.ndarray, " m"]]


@dataclass(frozen=True)
class Effort:
    """How much is run."""

    seeds: int = 5
    labels: tuple[int, ...] = (20, 100)
    tested: int = 400
    cells: int = 160
    training: FlowTraining = FULL

    @classmethod
    def of(cls, setup: Setup) -> Effort:
        """The one of an experiment."""
        if not setup.quick:
            return cls()
        return cls(
            seeds=2,
            labels=(20,),
            tested=200,
            cells=96,
            training=QUICK,
        )


@dataclass(frozen=True)
class Scores:
    """Of one model: what was measured -> a number a seed.

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
        """One more seed."""
        for name, value in values.items():
            self.measured.setdefault(name, []).append(value)

    def mean(self, name: str) -> float:
        """Over seeds."""
        return float(np.mean(self.measured[name]))

    def over(self, other: Scores, name: str) -> tuple[float, float]:
        """Mean and standard error of what this has more than another one, seed by seed."""
        more = np.subtract(self.measured[name], other.measured[name])
        return float(more.mean()), float(more.std(ddof=1) / np.sqrt(len(more)))


def ring(points: Float[np.ndarray, "n 2"], size: float) -> Float[np.ndarray, "k n 2"]:
    """The points moved by `size` in each of 32 directions."""
    angles = 2 * np.pi * np.arange(DIRECTIONS) / DIRECTIONS
    return points + size * np.stack([np.cos(angles), np.sin(angles)], axis=1)[:, None]


def of_right_class(
    probability: Probability, moved: Float[np.ndarray, "k n 2"], classes: Int[np.ndarray, " n"]
) -> Float[np.ndarray, "k n"]:
    """The probability of the right class, at k places for each point."""
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
    """Accuracies on clean and moved points, in percent.

    Parameters
    ----------
    rng : of the random moves.
    radius : the smoothing radius R of the field, for what can be proved; 0 proves nothing.
    doubt : what the solver may have given too much probability.
    """
    clean = of_right_class(probability, points[None], classes)[0]
    safe = radius * scipy.special.ndtri(np.clip(clean - doubt, 1e-12, 1.0 - 1e-12))
    out = {"clean": 100.0 * float((clean > 0.5).mean())}
    for size in SHAKES:
        moved = points + size * rng.standard_normal((SHAKE_DRAWS, *points.shape))
        right = of_right_class(probability, moved, classes) > 0.5
        out[f"shake {size:g}"] = 100.0 * float(right.mean())
    broken, worst = 0, clean
    for size in (ATTACKS[0] / 2, *ATTACKS):
        found = of_right_class(probability, ring(points, size), classes).min(0)
        worst = np.minimum(worst, found)
        broken += int(((safe > size) & (worst <= 0.5)).sum())
        if size in ATTACKS:
            out[f"attack {size:g}"] = 100.0 * float((worst > 0.5).mean())
            out[f"certified {size:g}"] = 100.0 * float((safe > size).mean())
    return out | {"broken": float(broken)}


def measure(
    network: FlowNetwork,
    sigma: float,
    effort: Effort,
    points: Float[np.ndarray, "n 2"],
    classes: Int[np.ndarray, " n"],
    seed: int,
) -> dict[str, float]:
    """All measures of one network with noise sigma at test, on the test points."""
    m = effort.training.substeps
    rng = np.random.default_rng(seed)  # the same moves for every model
    convection, values = network.convection, network.values
    if sigma == 0.0:

        def plain(at: np.ndarray) -> np.ndarray:
            return values(convection.transport(torch.from_numpy(at), m)).numpy()[:, 0]

        return moved_scores(plain, points, classes, rng)
    window = Grid.around(points, WINDOW_MARGIN, 100)

    def solve(cells: int) -> GridField:
        grids = block_grids(convection, window, sigma, m, cells)
        return GridSolver(sigma, m, "network")(convection, values, grids)

    solved = solve(effort.cells)
    doubt = float(np.abs(solved(points) - solve(effort.cells // 2)(points)).max())
    radius = smoothing_radius(
        sigma, m, [step_lipschitz(block, 1 / m) for block in network.residual]
    )
    at = window.nodes().numpy()
    step = 0.5 * min(solved.grid.spacing)
    sides = [
        (solved(at + step * e)[:, 0] - solved(at - step * e)[:, 0]) / (2 * step) for e in np.eye(2)
    ]
    slopes = {"slope": float(np.hypot(*sides).max()), "slope bound": gradient_bound(radius)}
    moved = moved_scores(lambda x: solved(x)[:, 0], points, classes, rng, radius, doubt)
    return slopes | {"doubt": doubt} | moved


def sweep(setup: Setup) -> list[Scores]:
    """Every set, number of labels, model and sigma, over all seeds."""
    effort = Effort.of(setup)
    found = []
    for name in SETS:
        points, classes = standard_set(name, setup.seed)
        for labels in effort.labels:
            plain = Scores(name, labels, "plain", 0.0)
            at_test = [Scores(name, labels, "noise at test", s) for s in SIGMAS]
            trained = [Scores(name, labels, "noise in training", s) for s in TRAINED]
            for seed in range(setup.seed, setup.seed + effort.seeds):
                train, test = split(classes, labels, effort.tested, seed)
                own, given = points[train], classes[train]
                asked = (effort, points[test], classes[test], seed)
                network = trained_flow(own, given, effort.training, seed=seed)
                plain.add(measure(network, 0.0, *asked))
                for scores in at_test:
                    scores.add(measure(network, scores.sigma, *asked))
                for scores in trained:
                    noisy = trained_flow(own, given, effort.training, scores.sigma, seed)
                    scores.add(measure(noisy, scores.sigma, *asked))
            found += [plain, *at_test, *trained]
    return found


def split(
    classes: Int[np.ndarray, " n"], labels: int, tested: int, seed: int
) -> tuple[Int[np.ndarray, " l"], Int[np.ndarray, " t"]]:
    """Labelled points, as many of each class, and others to test on."""
    rng = np.random.default_rng(seed)
    order = rng.permutation(len(classes))
    train = np.concatenate([order[classes[order] == c][:labels] for c in (0, 1)])
    return train, np.setdiff1d(order, train, assume_unique=True)[:tested]


def rows_of_sweep(found: list[Scores]) -> Iterator[dict[str, Any]]:
    """A row a model and measure, with the paired difference to the plain network."""
    plain = {(s.set_name, s.labels): s for s in found if s.model == "plain"}
    for scores in found:
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


def still_slopes(training: FlowTraining) -> list[float]:
    """The bound of the slope without velocity, for each sigma."""
    return [still_gradient_bound(sigma, training.blocks) for sigma in SIGMAS]
