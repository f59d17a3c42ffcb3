"""The part of the page on moved inputs: accuracies, gains, and gradients."""

from __future__ import annotations

from typing import Any

import numpy as np

from ...pages.numbers import error_text, signed, verdict
from ...pages.table import Column, Table, pivot, table
from ..base import PartResult, RunConfig
from .figures import DRAWN, NOISY, gradient_curves, gradient_figure, robustness_figure
from .plan import PdePlan
from .robustness import ATTACKS, DIRECTIONS, SIGMAS, ModelScores, score_rows, still_bounds, sweep

SHOWN_NOISES = (0.1, 0.2)


MEASURES = ("clean", "shake 0.3", "attack 0.1", "attack 0.2")


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
            "cases": len(SIGMAS) * len(plan.sets),
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
