"""The page of the PDE: two solvers that agree, and what the noise does to moved inputs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from ...pages.plots import field_grid
from ...pages.table import Column, Table, table
from ..base import Experiment, PartResult, RunConfig
from .agreement import (
    CONVERGENCE_SIGMA,
    FINE,
    FINE_NOISE,
    REFERENCE,
    SIGMAS,
    compare,
    convergence,
    field_row,
    graph_differences,
    inner_regions,
    make_case,
)
from .figures import convergence_figure
from .plan import PdePlan
from .robustness_page import robustness_part


def agreement_part(config: RunConfig, plans: PdePlan) -> PartResult:
    """Compare both solvers on each set, and draw the fields."""
    plan = plans.agreement
    cases = [make_case(name, plan, config.seed) for name in plan.sets]
    rows = [
        row for case in cases for sigma in SIGMAS for row in compare(case, sigma, plan, config.seed)
    ]
    errors = {case.name: convergence(case, plan) for case in cases}
    graph = {case.name: graph_differences(case, plan.cells // 4) for case in cases}
    fields = [field_row(case, plan) for case in cases]
    by_equation = {
        kind: [row for row in rows if row["equation"] == kind] for kind in ("network", "pde")
    }
    noisy = {kind: [row for row in same if row["sigma"] > 0] for kind, same in by_equation.items()}
    at_training = list(plan.steps).index(plan.training.substeps)
    far = {name: of_set["network"][at_training] for name, of_set in errors.items()}
    worst = max(far, key=lambda name: far[name])

    def mean(kind: str, name: str) -> float:
        return float(np.mean([row[name] for row in noisy[kind]]))

    return PartResult(
        rows,
        values={
            "difference": mean("network", "mean_difference"),
            "error": mean("network", "mean_standard_error"),
            "network": mean("network", "within_percent"),
            "pde": mean("pde", "within_percent"),
            "substeps": plan.training.substeps,
            "blocks": plan.training.blocks,
            "sigma": CONVERGENCE_SIGMA,
            "fine": FINE,
            "fine_noise": FINE_NOISE,
            "reference": REFERENCE,
            "worst": worst,
            "farthest": far[worst],
            "order": {
                scheme: np.mean([np.log2(e[scheme][-2] / e[scheme][-1]) for e in errors.values()])
                for scheme in ("network", "strang")
            },
            "inner": inner_regions(next(row for row in fields if row.name == "circle")),
            "halved": np.mean([coarse / fine for coarse, fine in graph.values()]),
            "graph_worst": max(fine for _, fine in graph.values()),
        },
        tables={f"agreement_{kind}": agreement_table(by_equation[kind]) for kind in by_equation},
        figures={"pde": field_grid(fields), "pde_convergence": convergence_figure(plan, errors)},
        settings={
            "cells": plan.cells,
            "samples": plan.samples,
            "blocks": plan.training.blocks,
            "hidden": plan.training.hidden,
            "substeps": plan.training.substeps,
            "epochs": plan.training.epochs,
        },
    )


def agreement_table(rows: list[dict[str, Any]]) -> Table:
    """Return differences of the solvers beside what is not known of them."""

    def in_time(row: Any) -> float | None:
        return row["largest_refinement_in_time"] if row["equation"] == "pde" else None

    return table(
        rows,
        [
            Column("set, σ", lambda row: f"{row['set']},\N{NO-BREAK SPACE}{row['sigma']:g}"),
            Column("largest difference", "largest_difference", ".4f"),
            Column("mean difference", "mean_difference", ".4f"),
            Column("mean standard error", "mean_standard_error", ".4f"),
            Column("grid: h/2", "largest_refinement_in_space", ".4f"),
            Column("grid: dt/2", in_time, ".4f"),
            Column(
                "agree, %",
                "within_percent",
                ".1f",
                unfavourable=lambda row: row["sigma"] > 0 and row["within_percent"] < 95.0,
            ),
        ],
    )


EXPERIMENT = Experiment(
    Path(__file__).parent,
    {"agreement": agreement_part, "robustness": robustness_part},
    PdePlan,
)
