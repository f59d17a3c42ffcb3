"""Agreement of the two solvers of the PDE, and distance of the network from it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from jaxtyping import Float

from ...pages.plots import FieldRow
from ...pde import FeynmanKac, Grid, GridField, GridSolver, Scheme, block_grids
from .network import FlowNetwork, standard_set, trained_flow
from .plan import AgreementPlan

SIGMAS = (0.0, 0.1, 0.2, 0.4)
SHOWN = (0.0, 0.2, 0.4)
CONVERGENCE_SIGMA = 0.2
FINE = 16
FINE_NOISE = 8
REFERENCE = 32
WINDOW_MARGIN = 0.3
PIXELS = 160


@dataclass(frozen=True)
class TrainedCase:
    """A trained flow, a window of the plane, and the probes at which solvers are compared."""

    name: str
    network: FlowNetwork
    points: Float[np.ndarray, "n 2"]
    classes: Any
    window: Grid
    probes: Float[np.ndarray, "p 2"]


def make_case(name: str, plan: AgreementPlan, seed: int) -> TrainedCase:
    """Train on all points of a set; probe some of them, and as many places of the window."""
    points, classes = standard_set(name, seed)
    window = Grid.around(points, WINDOW_MARGIN, 100)
    rng = np.random.default_rng(seed)
    some = rng.choice(len(points), plan.probes, replace=False)
    elsewhere = rng.uniform(window.low, window.high, (plan.probes, 2))
    network = trained_flow(points, classes, plan.training, seed=seed)
    return TrainedCase(
        name, network, points, classes, window, np.concatenate([points[some], elsewhere])
    )


def on_grid(
    case: TrainedCase, sigma: float, substeps: int, cells: int, **options: Any
) -> GridField:
    """Return the field of a case by the grid solver."""
    convection = case.network.convection
    grids = block_grids(convection, case.window, sigma, 4, cells)
    return GridSolver(sigma, substeps, **options)(convection, case.network.values, grids)


def by_monte_carlo(
    case: TrainedCase, sigma: float, substeps: int, samples: int, scheme: Scheme, seed: int
) -> tuple[Float[np.ndarray, " p"], Float[np.ndarray, " p"]]:
    """Return mean and standard error of Monte Carlo at the probes."""
    estimate = FeynmanKac(sigma, substeps, samples, scheme)(
        case.network.convection,
        case.network.values,
        torch.from_numpy(case.probes),
        torch.Generator().manual_seed(seed),
    )
    return estimate.mean[:, 0].numpy(), estimate.error[:, 0].numpy()


def compare(
    case: TrainedCase, sigma: float, plan: AgreementPlan, seed: int
) -> list[dict[str, Any]]:
    """Compare both solvers at one sigma: for the noisy network, and for the PDE itself."""
    probes, m = case.probes, plan.training.substeps
    rows = []
    runs: tuple[tuple[str, Scheme, int, int, int], ...] = (
        ("network", "network", m, m, plan.samples),
        ("pde", "strang", FINE, FINE_NOISE, plan.fine_samples),
    )
    for equation, scheme, substeps, mc_substeps, samples in runs:
        grid = on_grid(case, sigma, substeps, plan.cells, scheme=scheme)(probes)[:, 0]
        coarser = on_grid(case, sigma, substeps, plan.cells // 2, scheme=scheme)(probes)[:, 0]
        in_space = np.abs(grid - coarser)
        in_time = np.zeros_like(grid)
        if equation == "pde":
            longer = on_grid(case, sigma, FINE_NOISE, plan.cells, scheme=scheme)(probes)[:, 0]
            in_time = np.abs(grid - longer)  # as long as the steps of Monte Carlo
        drawn = samples if sigma > 0 else 4  # without noise all particles are one
        mean, error = by_monte_carlo(case, sigma, mc_substeps, drawn, scheme, seed)
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
                "probes": len(probes),
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


def convergence(case: TrainedCase, plan: AgreementPlan) -> dict[str, list[float]]:
    """Return the largest error of each scheme against the finest, for the steps a block."""

    def solved(scheme: Scheme, substeps: int) -> np.ndarray:
        return on_grid(case, CONVERGENCE_SIGMA, substeps, plan.cells, scheme=scheme)(case.probes)

    reference = solved("strang", REFERENCE)
    schemes: tuple[Scheme, ...] = ("network", "strang")
    return {
        scheme: [float(np.abs(solved(scheme, m) - reference).max()) for m in plan.steps]
        for scheme in schemes
    }


def graph_differences(case: TrainedCase, cells: int) -> tuple[float, float]:
    """Return the largest difference of graph diffusion to cosines, on a grid and at h/2."""
    both = [
        on_grid(case, CONVERGENCE_SIGMA, 4, n, scheme="network", diffusion=kind)(case.probes)
        for n in (cells, 2 * cells)
        for kind in ("graph", "cosine")
    ]
    return float(np.abs(both[0] - both[1]).max()), float(np.abs(both[2] - both[3]).max())


def field_row(case: TrainedCase, plan: AgreementPlan) -> FieldRow:
    """Return the set under the fields of the noisy network at several sigma."""
    centre = np.add(case.window.low, case.window.high) / 2
    reach = float(np.subtract(case.window.high, case.window.low).max()) / 2
    low, high = centre - reach, centre + reach
    square = Grid((low[0], low[1]), (high[0], high[1]), (PIXELS, PIXELS))
    pixels, m = square.nodes(), plan.training.substeps
    fields, titles = [], []
    for sigma in SHOWN:
        if sigma == 0.0:
            field = case.network.values(case.network.convection.transport(pixels, m)).numpy()
            moved = case.network.convection.transport(torch.from_numpy(case.points), m)
            of_points = case.network.values(moved).numpy()
        else:
            solved = on_grid(case, sigma, m, plan.cells, scheme="network")
            field, of_points = solved(pixels.numpy()), solved(case.points)
        right = 100.0 * float(((of_points[:, 0] > 0.5) == case.classes).mean())
        fields.append(field.reshape(PIXELS, PIXELS))
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


def inner_regions(row: FieldRow) -> dict[float, str]:
    """Return the state of the inner class's region at each sigma: open to the edge, closed, gone.

    A flow of the plane keeps enclosed what is enclosed, so that without noise a line at the end
    can reach an inner ring only through a slit in the outer one.
    """
    inner = row.classes[np.linalg.norm(row.points, axis=1).argmin()]
    fields = row.fields if inner == 1 else 1.0 - row.fields
    border = np.ones(fields.shape[1:], dtype=bool)
    border[1:-1, 1:-1] = False
    states = {}
    for sigma, field in zip(SHOWN, fields, strict=True):
        if (field[border] > 0.5).any():
            states[sigma] = "open to the edge"
        else:
            states[sigma] = "closed" if (field > 0.5).any() else "gone"
    return states
