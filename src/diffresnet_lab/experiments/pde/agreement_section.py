"""The page of the two solvers of the PDE."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from ...pages.figures.fields import FieldRow, convergence_chart, field_panels
from ...pages.section import Cell, Picture, Section, Table
from ..experiment import Part, Setup
from .agreement import (
    CONVERGENCE_SIGMA,
    FINE,
    FINE_NOISE,
    REFERENCE,
    SHOWN,
    SIGMAS,
    Effort,
    compare,
    convergence,
    field_row,
    graph_differences,
    make_case,
)
from .network import SETS


def agreement(setup: Setup) -> Part:
    """Both solvers on the four sets, and pictures of the fields."""
    effort = Effort.of(setup)
    cases = [make_case(name, effort, setup.seed) for name in SETS]
    rows = [
        row
        for case in cases
        for sigma in SIGMAS
        for row in compare(case, sigma, effort, setup.seed)
    ]
    by_scheme: dict[str, dict[str, list[float]]] = {"network": {}, "strang": {}}
    for case in cases:
        for scheme, errors in convergence(case, effort).items():
            by_scheme[scheme][case.name] = errors
    graph = {case.name: graph_differences(case, effort.cells // 4) for case in cases}
    return Part(
        section=_section(
            [field_row(case, effort) for case in cases], rows, by_scheme, graph, effort
        ),
        rows=rows,
        finding=_finding(rows),
        settings={
            "cells": effort.cells,
            "samples": effort.samples,
            "blocks": effort.training.blocks,
            "hidden": effort.training.hidden,
            "substeps": effort.training.substeps,
            "epochs": effort.training.epochs,
        },
    )


def _finding(rows: list[dict[str, Any]]) -> str:
    noisy = [row for row in rows if row["sigma"] > 0]
    share = {
        kind: np.mean([row["within_percent"] for row in noisy if row["equation"] == kind])
        for kind in ("network", "pde")
    }
    mean = np.mean([row["mean_difference"] for row in noisy if row["equation"] == "network"])
    error = np.mean([row["mean_standard_error"] for row in noisy if row["equation"] == "network"])
    return (
        f"With noise, Monte Carlo and the grid differ by {mean:.4f} on average, where the mean "
        f"standard error is {error:.4f}; {share['network']:.1f}% of probes agree within three "
        f"standard errors and the grid’s own error for the noisy network, {share['pde']:.1f}% for "
        f"the PDE in the limit of short steps."
    )


def _section(
    fields: list[FieldRow],
    rows: list[dict[str, Any]],
    by_scheme: Mapping[str, Mapping[str, list[float]]],
    graph: Mapping[str, tuple[float, float]],
    effort: Effort,
) -> Section:
    m = effort.training.substeps
    tables = tuple(
        Table(
            caption=caption,
            header=(
                "set, σ",
                "largest difference",
                "mean difference",
                "mean standard error",
                "grid: h/2",
                "grid: dt/2",
                "agree, %",
            ),
            rows=tuple(
                (
                    f"{row['set']},\N{NO-BREAK SPACE}{row['sigma']:g}",
                    (
                        Cell(f"{row['largest_difference']:.4f}"),
                        Cell(f"{row['mean_difference']:.4f}"),
                        Cell(f"{row['mean_standard_error']:.4f}"),
                        Cell(f"{row['largest_refinement_in_space']:.4f}"),
                        Cell(f"{row['largest_refinement_in_time']:.4f}" if kind == "pde" else "–"),
                        Cell(
                            f"{row['within_percent']:.1f}",
                            loss=row["sigma"] > 0 and row["within_percent"] < 95.0,
                        ),
                    ),
                )
                for row in rows
                if row["equation"] == kind
            ),
            note=note,
        )
        for kind, caption, note in (
            (
                "network",
                f"The noisy network ({m} steps a block): Monte Carlo against the grid",
                "Differences at the probes: points of the set and as many places of the window. "
                "h/2: the largest change since a grid of half as many cells a side. Agree: within "
                "three standard errors, that change there, and 3 / samples for what so few "
                "particles may miss. "
                "Without noise there is no standard error, and the grid smears the steepest "
                "places of the field.",
            ),
            (
                "pde",
                f"The PDE: Strang’s steps, {FINE_NOISE} a block in Monte Carlo, {FINE} on the grid",
                "dt/2: the largest change between as many steps on the grid; it is allowed for "
                "too.",
            ),
        )
    )
    order = {
        scheme: np.mean([np.log2(e[-2] / e[-1]) for e in of_set.values()])
        for scheme, of_set in by_scheme.items()
    }
    far = {name: by_scheme["network"][name][list(effort.steps).index(m)] for name in graph}
    worst = max(far, key=lambda name: far[name])
    halved = np.mean([coarse / fine for coarse, fine in graph.values()])
    return Section(
        title="A field instead of points: two solvers",
        text=(
            "u(x, t) solves u_t = v · ∇u + σ² Δu. At t = 0 it is the classifier’s probability of "
            "class 1; v is the velocity of a residual network of "
            f"{effort.training.blocks} blocks, a unit of time each, the last block first. Without "
            "noise (σ = 0) u(x, T) is the output of the plain network at x. With noise it is the "
            "mean output of the network when √(2σ² dt) times a Gaussian is added behind every "
            "residual step (Feynman and Kac).",
            "Each network was trained without noise, by Adam, on all points of its set. Sets are "
            "centred and scaled to a root mean square coordinate of 1.",
            "Long residual steps are a coarse way of solving the PDE: at σ = "
            f"{CONVERGENCE_SIGMA:g} the noisy network with {m} steps a block, as trained, is off "
            f"by up to {far[worst]:.2f} at a probe ({worst}). Halving dt at the end of the "
            f"curves below divides the error by 2 to the power {order['network']:.2f} for the "
            f"network’s steps and {order['strang']:.2f} for Strang’s, on average.",
            "A flow of the plane keeps enclosed what is enclosed: without noise, and with a "
            "straight line at the end, it can only reach the inner ring of the circle set through "
            f"a slit in the outer one. {_slit(fields)}",
            "Diffusion along the graph of the grid, by the operator and the heat flow that move "
            "points in Diff-ResNet, gives the same field up to an error of order h²: the largest "
            f"difference to the cosine transform falls by a factor of {halved:.1f} (4 once h is "
            f"small) when h is halved, to {max(fine for _, fine in graph.values()):.4f} in the "
            "worst set.",
        ),
        tables=tables,
        galleries=(
            (
                Picture(
                    field_panels(fields),
                    alt="Fields over the plane for "
                    + ", ".join(row.name for row in fields)
                    + ": the larger the noise, the softer the edge between the two classes.",
                    caption="u(x, T) over the plane: blue for class 0, orange for class 1, white "
                    "and the black line where both are as likely. Above each panel, how many of "
                    "the points it puts into their class.",
                    name="pde",
                ),
            ),
            (
                Picture(
                    convergence_chart(
                        effort.steps,
                        {
                            "network’s steps": by_scheme["network"],
                            "Strang’s steps": by_scheme["strang"],
                        },
                        "steps a block (1 / dt)",
                    ),
                    alt="Errors against the number of steps a block, falling for both schemes, "
                    f"with a last slope of {order['network']:.2f} and {order['strang']:.2f}.",
                    caption=f"Error in time at σ = {CONVERGENCE_SIGMA:g}, against Strang with "
                    f"{REFERENCE} steps a block on the same grid.",
                    name="pde_convergence",
                ),
            ),
        ),
    )


def _slit(fields: list[FieldRow]) -> str:
    """What becomes of the region of the inner ring's class as the noise grows."""
    (row,) = (row for row in fields if row.name == "circle")
    inner = row.classes[np.linalg.norm(row.points, axis=1).argmin()]
    own = row.fields if inner == 1 else 1.0 - row.fields
    border = np.ones(own.shape[1:], dtype=bool)
    border[1:-1, 1:-1] = False
    states = [
        "reaches the edge"
        if (field[border] > 0.5).any()
        else "is closed"
        if (field > 0.5).any()
        else "is gone"
        for field in own
    ]
    seen = ", ".join(f"{state} at σ = {s:g}" for s, state in zip(SHOWN, states, strict=True))
    return (
        f"In the picture the region of the inner class {seen}: with noise the field is no longer "
        "a flow followed by a line. (Residual steps that are long need not be flows either.)"
    )
