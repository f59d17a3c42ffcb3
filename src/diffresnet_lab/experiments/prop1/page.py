"""The page of Proposition 1: L/D along diffusions, rates, the window, and the geometry."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from ...pages.numbers import short
from ...pages.table import Column, table
from ..base import Experiment, PartResult, RunConfig
from .figures import connecting_figure, digits_figure, rates_figure, window_map
from .geometry import geometry_rows
from .plan import Prop1Plan
from .rates import GAMMA, CaseMotion, case_motions
from .window import BOUNDS, connecting_k, digits_edges, xor_window


def steps_part(config: RunConfig, plan: Prop1Plan) -> PartResult:
    """Follow L/D along a diffusion of seven sets."""
    motions = case_motions(config, plan)
    growth = {m.case.name: float(m.motion.ratio[-1] / m.motion.ratio[0]) for m in motions}
    best = max(growth, key=lambda name: growth[name])
    held = [m for m in motions if m.applies]
    return PartResult(
        [{"set": m.case.name, **row} for m in motions for row in m.motion.rows()],
        values={
            "sets": len(motions),
            "growing": sum(value > 10.0 for value in growth.values()),
            "best": best,
            "most": growth[best],
            "held": [m.case.name for m in held],
            "held_dip": sum(m.lowest > 0 for m in held),
        },
        tables={"assumptions": table([case_row(m) for m in motions], assumption_columns())},
        figures={"prop1": rates_figure(motions)},
        settings={"gamma": GAMMA, "sigma": 0.5, "precision": "float64"},
    )


def case_row(motion: CaseMotion) -> dict[str, Any]:
    """Return the numbers of the table of assumptions."""
    steps, ratio = motion.motion.steps, motion.motion.ratio
    paper = np.flatnonzero(steps == motion.case.paper_steps)[0] if motion.case.paper_steps else None
    return motion.row() | {
        "own_class": motion.settled and motion.case.cross_weight == 0.0,
        "ratio_paper": None if paper is None else float(ratio[paper]),
        "paper_steps": motion.case.paper_steps,
    }


def assumption_columns() -> list[Column]:
    """Return the columns on what holds, and on what L/D does."""

    def below_start(key: str) -> Any:
        return lambda row: row[key] is not None and row[key] < row["ratio_start"]

    def after(key: str, steps: str) -> dict[str, Any]:
        return {
            "value": key,
            "detail": lambda row: "" if row[key] is None else f"step {row[steps]:,}",
            "unfavourable": below_start(key),
        }

    return [
        Column("", "set"),
        Column("subsets", "subsets"),
        Column("weight between subsets", "cross_weight", lambda share: f"{100 * share:.1f}%"),
        Column("each its own class", "own_class"),
        Column("hulls apart", "hulls_apart"),
        Column("L/D at the start", "ratio_start"),
        Column("lowest", **after("ratio_lowest", "step_of_lowest")),
        Column("in the paper", **after("ratio_paper", "paper_steps")),
        Column("at the end", **after("ratio_end", "steps")),
        Column(
            "D, L in the limit",
            lambda row: f"{short(row['final_diameter'])}, {short(row['final_distance'])}",
        ),
    ]


def rates_part(config: RunConfig, plan: Prop1Plan) -> PartResult:
    """Hold the fitted rate of D against the slowest mode of the graph."""
    motions = case_motions(config, plan)
    fitted = [m for m in motions if m.fitted is not None]

    def eigenvalue(row: Any) -> str:
        imaginary = abs(row["smallest_eigenvalue_imaginary"])
        real = f"{row['smallest_eigenvalue']:.4g}"
        return f"{real} ± {imaginary:.1e} i" if imaginary > 1e-12 else real

    def window(row: Any) -> str:
        if row["fitted_factor"] is None:
            return "D does not vanish"
        return f"steps {row['fitted_from']:,} to {row['fitted_to']:,}"

    columns = [
        Column("", "set"),
        Column("closed classes", "closed_classes"),
        Column("slowest λ ≠ 0", eigenvalue),
        Column("factor predicted", "predicted_factor", ".6f"),
        Column("factor fitted", "fitted_factor", ".6f", detail=window),
    ]
    rows = [m.row() for m in motions]
    return PartResult(
        rows,
        values={
            "fitted": len(fitted),
            "worst": max(
                abs((1.0 - m.fitted) / (1.0 - m.graph.contraction) - 1.0)
                for m in fitted
                if m.fitted is not None
            ),
        },
        tables={"rates": table(rows, columns)},
        settings={"fit": "log D, last third of the steps above rounding"},
    )


def window_part(config: RunConfig, plan: Prop1Plan) -> PartResult:
    """Map L/D over ntop and sigma, and count the neighbours that connect."""
    window = xor_window(plan.ntops, plan.sigmas, seed=config.seed)
    cross, pieces = digits_edges(plan.neighbours)
    connecting = np.array(
        [[connecting_k(n, config.seed + draw) for draw in range(plan.draws)] for n in plan.counts],
        float,
    )
    edges = [
        {"set": "digits", "neighbours": k, "cross_edges": float(c), "pieces": int(p)}
        for k, c, p in zip(plan.neighbours, cross, pieces, strict=True)
    ]
    connected = [
        {
            "set": "disc",
            "points": n,
            "draws": plan.draws,
            "connecting_k": float(connecting[i, :, 0].mean()),
            "one_closed_class_k": float(connecting[i, :, 1].mean()),
        }
        for i, n in enumerate(plan.counts)
    ]
    inside = [window.ntops.index(k) for k in window.applies]
    outside = np.delete(window.ratio, inside, axis=1)
    by_count = connecting.mean(1).T
    return PartResult(
        window.rows() + edges + connected,
        values={
            "inside": window.applies,
            "steps": window.steps,
            "least": window.ratio[:, inside].min(initial=np.inf),
            "most": window.ratio[:, inside].max(initial=0.0),
            "outside": outside.max(initial=0.0),
            "digits_first": edges[0],
            "digits_whole": next(row for row in edges if row["pieces"] == min(pieces)),
            "slopes": [float(np.polyfit(np.log(plan.counts), k, 1)[0]) for k in by_count],
            "bounds": BOUNDS,
        },
        figures={
            "prop1_window": window_map(window),
            "prop1_digits": digits_figure(plan, cross, pieces),
            "prop1_connectivity": connecting_figure(plan, connecting),
        },
        settings={"set": "xor", "gamma": GAMMA, "steps": window.steps, "draws": plan.draws},
    )


def geometry_part(config: RunConfig, plan: Prop1Plan) -> PartResult:
    """Measure D and L by the fast geometry and over every pair."""
    rows = geometry_rows(plan.cloud, config.seed)
    columns = [
        Column("", "set"),
        Column("points × dimensions", lambda row: f"{row['points']:,} × {row['dimensions']}"),
        Column("D", "diameter"),
        Column("L", "distance"),
        Column("relative difference", "relative_difference"),
        Column(
            "times faster", "times_faster", ".1f", unfavourable=lambda row: row["times_faster"] < 1
        ),
    ]
    return PartResult(
        rows,
        values={"worst": max(row["relative_difference"] for row in rows)},
        tables={"geometry": table(rows, columns)},
    )


EXPERIMENT = Experiment(
    Path(__file__).parent,
    {"steps": steps_part, "rates": rates_part, "window": window_part, "geometry": geometry_part},
    Prop1Plan,
)
