"""Do the two solvers of the PDE agree, and how far is the network from it?"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from jaxtyping import Float

from ...pages.figures.fields import FieldRow
from ...pde import FeynmanKac, Grid, GridField, GridSolver, Scheme, block_grids
from ..experiment import Setup
from .network import FlowNetwork, FlowTraining, standard_set, trained_flow

SIGMAS = (0.0, 0.1, 0.2, 0.4)
SHOWN = (0.0, 0.2, 0.4)
CONVERGENCE_SIGMA = 0.2
FINE = 16
FINE_NOISE = 8
REFERENCE = 32
WINDOW_MARGIN = 0.3
PIXELS = 160


@dataclass(frozen=True)
class Effort:
    """How finely the two solvers are compared."""

    cells: int = 256
    samples: int = 2048
    fine_samples: int = 512
    probes: int = 100
    training: FlowTraining = field(default_factory=FlowTraining)
    steps: tuple[int, ...] = (1, 2, 4, 8)

    @classmethod
    def of(cls, setup: Setup) -> Effort:
        """The one of an experiment."""
        if not setup.quick:
            return cls()
        return cls(
            cells=160, samples=1024, fine_samples=256, probes=50, training=FlowTraining(epochs=150)
        )


@dataclass(frozen=True)
class Case:
    """A trained flow, the plane it is asked about, and where the solvers are compared."""

    name: str
    network: FlowNetwork
    points: Float[np.ndarray, "n 2"]
    classes: Any
    window: Grid
    probes: Float[np.ndarray, "p 2"]


def make_case(name: str, effort: Effort, seed: int) -> Case:
    """Train on all points of a set; probe at some of them, and at as many places of the window."""
    points, classes = standard_set(name, seed)
    window = Grid.around(points, WINDOW_MARGIN, 100)
    rng = np.random.default_rng(seed)
    some = rng.choice(len(points), effort.probes, replace=False)
    anywhere = rng.uniform(window.low, window.high, (effort.probes, 2))
    network = trained_flow(points, classes, effort.training, seed=seed)
    return Case(name, network, points, classes, window, np.concatenate([points[some], anywhere]))


def on_grid(case: Case, sigma: float, substeps: int, cells: int, **how: Any) -> GridField:
    """The field of a case by the grid solver."""
    convection = case.network.convection
    grids = block_grids(convection, case.window, sigma, 4, cells)
    return GridSolver(sigma, substeps, **how)(convection, case.network.values, grids)


def by_noise(
    case: Case, sigma: float, substeps: int, samples: int, scheme: Scheme, seed: int
) -> tuple[Float[np.ndarray, " p"], Float[np.ndarray, " p"]]:
    """Mean and standard error of Monte Carlo at the probes."""
    found = FeynmanKac(sigma, substeps, samples, scheme)(
        case.network.convection,
        case.network.values,
        torch.from_numpy(case.probes),
        torch.Generator().manual_seed(seed),
    )
    return found.mean[:, 0].numpy(), found.error[:, 0].numpy()


def compare(case: Case, sigma: float, effort: Effort, seed: int) -> list[dict[str, Any]]:
    """Both solvers at one sigma: a row for the noisy network, and one for the PDE itself."""
    at, m = case.probes, effort.training.substeps
    rows = []
    runs: tuple[tuple[str, Scheme, int, int, int], ...] = (
        ("network", "network", m, m, effort.samples),
        ("pde", "strang", FINE, FINE_NOISE, effort.fine_samples),
    )
    for equation, scheme, substeps, mc_substeps, samples in runs:
        grid = on_grid(case, sigma, substeps, effort.cells, scheme=scheme)(at)[:, 0]
        coarser = on_grid(case, sigma, substeps, effort.cells // 2, scheme=scheme)(at)[:, 0]
        in_space = np.abs(grid - coarser)
        in_time = np.zeros_like(grid)
        if equation == "pde":
            longer = on_grid(case, sigma, FINE_NOISE, effort.cells, scheme=scheme)(at)[:, 0]
            in_time = np.abs(grid - longer)  # as long as the steps of Monte Carlo
        drawn = samples if sigma > 0 else 4  # without noise all particles are one
        mean, error = by_noise(case, sigma, mc_substeps, drawn, scheme, seed)
        apart = np.abs(mean - grid)
        # An event that none of N particles has seen has a probability up to 3 / N (at 95%).
        unseen = 3 / drawn if sigma > 0 else 0.0
        allowed = 3 * error + in_space + in_time + unseen
        rows.append(
            {
                "set": case.name,
                "sigma": sigma,
                "equation": equation,
                "substeps_grid": substeps,
                "substeps_monte_carlo": mc_substeps,
                "probes": len(at),
                "largest_difference": float(apart.max()),
                "mean_difference": float(apart.mean()),
                "largest_standard_error": float(error.max()),
                "mean_standard_error": float(error.mean()),
                "largest_refinement_in_space": float(in_space.max()),
                "largest_refinement_in_time": float(in_time.max()),
                "within_percent": 100.0 * float((apart <= allowed).mean()),
            }
        )
    return rows


def convergence(case: Case, effort: Effort) -> dict[str, list[float]]:
    """Largest error at the probes of each scheme against the finest, for the steps a block."""

    def solved(scheme: Scheme, substeps: int) -> np.ndarray:
        return on_grid(case, CONVERGENCE_SIGMA, substeps, effort.cells, scheme=scheme)(case.probes)

    reference = solved("strang", REFERENCE)
    schemes: tuple[Scheme, ...] = ("network", "strang")
    return {
        scheme: [float(np.abs(solved(scheme, m) - reference).max()) for m in effort.steps]
        for scheme in schemes
    }


def graph_differences(case: Case, cells: int) -> tuple[float, float]:
    """Largest difference of diffusion along the grid's graph to cosines, on a grid and at h/2."""
    both = [
        on_grid(case, CONVERGENCE_SIGMA, 4, n, scheme="network", diffusion=how)(case.probes)
        for n in (cells, 2 * cells)
        for how in ("graph", "cosine")
    ]
    return float(np.abs(both[0] - both[1]).max()), float(np.abs(both[2] - both[3]).max())


def field_row(case: Case, effort: Effort) -> FieldRow:
    """The set under the fields of the noisy network at several sigma."""
    centre = np.add(case.window.low, case.window.high) / 2
    reach = float(np.subtract(case.window.high, case.window.low).max()) / 2
    low, high = centre - reach, centre + reach
    square = Grid((low[0], low[1]), (high[0], high[1]), (PIXELS, PIXELS))
    pixels, m = square.nodes(), effort.training.substeps
    fields, titles = [], []
    for sigma in SHOWN:
        if sigma == 0.0:
            seen = case.network.values(case.network.convection.transport(pixels, m)).numpy()
            own = case.network.convection.transport(torch.from_numpy(case.points), m)
            of_points = case.network.values(own).numpy()
        else:
            solved = on_grid(case, sigma, m, effort.cells, scheme="network")
            seen, of_points = solved(pixels.numpy()), solved(case.points)
        right = 100.0 * float(((of_points[:, 0] > 0.5) == case.classes).mean())
        fields.append(seen.reshape(PIXELS, PIXELS))
        titles.append(f"σ = {sigma:g}: {right:.1f}%")
    return FieldRow(
        case.name,
        case.points,
        case.classes,
        np.stack(fields),
        tuple(titles),
        (float(centre[0]), float(centre[1])),
        reach,
    )
