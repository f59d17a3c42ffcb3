"""The page of the PDE: two solvers that agree, and what the noise does to moved inputs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from ...pages.numbers import error_text, signed, verdict
from ...pages.plots import field_grid
from ...pages.table import Column, Table, pivot, table
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
from .figures import (
    DRAWN,
    NOISY,
    convergence_figure,
    gradient_curves,
    gradient_figure,
    robustness_figure,
)
from .plan import PdePlan
from .robustness import (
    ATTACKS,
    DIRECTIONS,
    ModelScores,
    score_rows,
    still_bounds,
    sweep,
)
from .robustness import SIGMAS as NOISES

SHOWN_NOISES = (0.1, 0.2)
MEASURES = ("clean", "shake 0.3", "attack 0.1", "attack 0.2")


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


def robustness_part(config: RunConfig, plans: PdePlan) -> PartResult:
    """Train, move the inputs, and compare with the plain network."""
    plan = plans.robustness
    results = sweep(config, plan)
    plain = {(s.set_name, s.labels): s for s in results if s.model == "plain"}
    noisy = [s for s in results if s.model != "plain"]
    most = max(plan.labels)
    cost, worst = min(
        ((s.over(plain[s.set_name, s.labels], "clean")[0], s) for s in noisy),
        key=lambda pair: pair[0],
    )
    gradients = gradient_curves([s for s in noisy if s.labels == most])
    still = still_bounds(plan.training)
    gains = gain_rows(results)
    figures = {
        "pde_robustness" if labels == most else f"pde_robustness_{labels}": robustness_figure(
            [s for s in results if s.labels == labels]
        )
        for labels in sorted(plan.labels, reverse=True)
    }
    return PartResult(
        list(score_rows(results)),
        values={
            "gains": {(row["sigma"], row["measure"], row["model"]): row for row in gains},
            "cost": cost,
            "worst": worst,
            "fields": sum(len(s.measured["slope"]) for s in noisy),
            "steeper": sum(
                int(np.sum(np.greater(s.measured["slope"], s.measured["slope bound"])))
                for s in noisy
            ),
            "cases": len(NOISES) * len(plan.sets),
            "beyond": sum(
                value > bound
                for of_set in gradients["slope"].values()
                for value, bound in zip(of_set, still, strict=True)
            ),
            "certified": {
                model: np.mean([s.mean("certified 0.1") for s in _pick(results, model, 0.2)])
                for model in NOISY
            },
            "broken": int(sum(sum(s.measured["broken"]) for s in noisy)),
            "doubt": np.mean([s.mean("doubt") for s in noisy if s.sigma == 0.2]),
            "directions": DIRECTIONS,
            "attacks": (ATTACKS[0] / 2, *ATTACKS),
            "sets": plan.sets,
            "most": most,
            "labels": sorted(plan.labels, reverse=True),
        },
        tables={
            "gains": gains_table(gains),
            **{f"robustness_{name}": set_table(results, name) for name in plan.sets},
        },
        figures=figures | {"pde_slope": gradient_figure(gradients, still)},
        settings={
            "seeds": plan.seeds,
            "labels_per_class": list(plan.labels),
            "tested": plan.tested,
            "cells": plan.cells,
            "substeps": plan.training.substeps,
            "epochs": plan.training.epochs,
        },
    )


def _pick(results: list[ModelScores], model: str, sigma: float) -> list[ModelScores]:
    return [s for s in results if s.model == model and s.sigma == sigma]


def gain_rows(results: list[ModelScores]) -> list[dict[str, Any]]:
    """Return the lead over the plain network: mean over sets and numbers of labels."""
    rows = []
    plain = _pick(results, "plain", 0.0)
    for sigma in SHOWN_NOISES[::-1]:
        for measure in DRAWN:
            for model in NOISY:
                more = [
                    np.subtract(one.measured[measure], base.measured[measure])
                    for one, base in zip(_pick(results, model, sigma), plain, strict=True)
                ]
                of_seed = np.mean(more, axis=0)
                error = float(of_seed.std(ddof=1) / np.sqrt(len(of_seed)))
                rows.append(
                    {
                        "sigma": sigma,
                        "measure": measure,
                        "model": model,
                        "gain": float(of_seed.mean()),
                        "error": error,
                    }
                )
    return rows


def gains_table(rows: list[dict[str, Any]]) -> Table:
    """Return the leads, judged by two standard errors."""
    wide = pivot(rows, lambda row: (row["sigma"], row["measure"]), "model")
    gain = Column(
        "",
        "gain",
        "+.1f",
        error="error",
        verdict=lambda row: verdict(row["gain"], 2.0 * row["error"]),
    )
    name = Column("σ, measure", lambda row: f"σ = {row['sigma']:g}: {row['measure']}")
    headers = {"noise at test": "noise at test only", "noise in training": "noise in training too"}
    return table(wide, [name, *gain.across(headers)])


def set_table(results: list[ModelScores], name: str) -> Table:
    """Return accuracies on one set; marked what is worse than plain by more than its error."""
    rows = []
    for labels in sorted({s.labels for s in results}):
        same = [s for s in results if s.set_name == name and s.labels == labels]
        plain = next(s for s in same if s.model == "plain")
        shown = [s for s in same if s.model == "plain" or s.sigma in SHOWN_NOISES]
        best = {m: max(round(s.mean(m), 1) for s in shown) for m in MEASURES}
        rows += [{"scores": s, "plain": plain, "best": best} for s in shown]

    def model(row: Any) -> str:
        s = row["scores"]
        noise = "plain" if s.model == "plain" else f"{NOISY[s.model]} {s.sigma:g}"
        # Spaces that do not break: a name is one line however narrow the page.
        return f"{s.labels}: {noise}".replace(" ", "\N{NO-BREAK SPACE}")

    columns = [_accuracy(measure) for measure in MEASURES]
    return table(rows, [Column("labels a class: noise, σ", model), *columns])


def _accuracy(measure: str) -> Column:
    """Return a column of mean accuracies, with the lead over the plain network."""

    def lead(row: Any) -> tuple[float, float] | None:
        same = row["scores"] is row["plain"]
        return None if same else row["scores"].over(row["plain"], measure)

    def detail(row: Any) -> str:
        more = lead(row)
        return "" if more is None else f"{signed(more[0])} {error_text(more[1])}"

    def worse(row: Any) -> bool:
        more = lead(row)
        return more is not None and more[0] < -max(more[1], 0.05)

    return Column(
        measure,
        lambda row: row["scores"].mean(measure),
        ".1f",
        detail=detail,
        best=lambda row: round(row["scores"].mean(measure), 1) == row["best"][measure],
        unfavourable=worse,
    )


EXPERIMENT = Experiment(
    Path(__file__).parent,
    {"agreement": agreement_part, "robustness": robustness_part},
    PdePlan,
)
