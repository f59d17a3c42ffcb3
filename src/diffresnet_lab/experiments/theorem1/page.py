"""The page of Theorem 1: XOR, random sets, and lines."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import torch

from ...pages.table import Column, table
from ...theory import separating_flow
from ..base import Experiment, PartResult, RunConfig
from ..fig3.study import GAMMA, NTOP, SIGMA
from .figures import bounds_figure, folds_figure, xor_figure
from .line import CLASSES as LINE_CLASSES
from .line import COUNTS, SHOWN, line_row, shown_line
from .plan import Theorem1Plan
from .random_sets import CLASSES, POINTS, random_row
from .xor import ANGLES, step_rows, xor_flow


def xor_part(config: RunConfig, plan: Theorem1Plan) -> PartResult:
    """Move XOR after some diffusion steps, and show the flow after the last."""
    flow = xor_flow(plan.steps[-1], config.seed)
    rows = step_rows(flow, plan.steps)
    fewest = [row for row in rows if row["direction"] == "fewest runs"]
    _, positions = flow.network.trajectory(torch.from_numpy(flow.motion.positions[-1]))
    columns = [
        Column("steps, direction", lambda row: f"{row['step']}, {row['direction']}"),
        Column("L/D", "ratio", ".3g"),
        Column("K", "runs"),
        Column("blocks", "blocks"),
        Column("g", "gap", ".2g"),
        Column("strength", "strength", ".3g"),
        Column("distance", "distance", ".2g", detail=lambda r: f"≥ {r['distance_bound']:.2g}"),
        Column("margin before", "margin_before", ".1g"),
        Column("margin after", "margin_after", ".2g"),
    ]
    return PartResult(
        rows,
        values={
            "start": rows[0],
            "end": rows[-1],
            "three": next((row for row in fewest if row["runs"] == 3), fewest[-1]),
            "first": flow.first,
            "gap": flow.directions[flow.first].gap,
            "before": sum(row["separable_before"] for row in rows),
            "after": sum(row["separable_after"] for row in rows),
            "farthest": np.linalg.norm(positions[-1] - positions[0], axis=1).max(),
        },
        tables={"xor": table(rows, columns)},
        figures={"theorem1": xor_figure(flow)},
        settings={"set": "xor", "ntop": NTOP, "sigma": SIGMA, "gamma": GAMMA, "angles": ANGLES},
    )


def random_part(config: RunConfig, plan: Theorem1Plan) -> PartResult:
    """Separate random sets over dimensions, class intervals and classes."""
    rng = np.random.default_rng(config.seed)
    rows = [
        random_row(rng, dimension, count, classes, plan.sets)
        for classes in CLASSES
        for dimension in plan.dimensions
        for count in plan.counts
    ]
    columns = [
        Column("d, C, K", lambda r: f"{r['dimension']}, {r['classes']}, {r['runs']}"),
        Column("separated", lambda row: f"{row['separated']} of {row['sets']}"),
        Column("blocks", "blocks"),
        Column("bound", "blocks_bound"),
        Column("strength", "strength", ".3g"),
        Column("of bound", "strength_of_bound", ".2f"),
        Column("distance/bound", "distance_of_bound", ".2f"),
    ]
    return PartResult(
        rows,
        values=_counted(rows)
        | {
            "strongest": max(row["strength_of_bound"] for row in rows),
            "nearest": min(row["distance_of_bound"] for row in rows),
        },
        tables={"random": table(rows, columns)},
        figures={"theorem1_random": bounds_figure(rows)},
        settings={
            "points_of_a_band": POINTS,
            "sets": plan.sets,
            "runs": list(plan.counts),
            "dimensions": list(plan.dimensions),
        },
    )


def line_part(config: RunConfig, plan: Theorem1Plan) -> PartResult:
    """Fold two lines for a figure, and many as numbers."""
    rng = np.random.default_rng(config.seed)
    rows = [line_row(rng, n, classes, plan.lines) for classes in LINE_CLASSES for n in COUNTS]
    shown = {}
    for title, classes in SHOWN.items():
        points, labels = shown_line(classes, config.seed)
        shown[title] = (separating_flow(points, labels, [1.0]), points, labels)
    columns = [
        Column("C, K", lambda row: f"{row['classes']}, {row['runs']}"),
        Column("separated", lambda row: f"{row['separated']} of {row['sets']}"),
        Column("folds", "blocks"),
        Column("bound", "blocks_bound"),
        Column("gap left, median", "gap_left_median", ".2g"),
        Column("least", "gap_left_least", ".2g", unfavourable=lambda r: r["gap_left_least"] < 1.0),
    ]
    return PartResult(
        rows,
        values=_counted(rows)
        | {
            "least": min(row["gap_left_least"] for row in rows),
            "shown": {title: len(net.blocks) for title, (net, _, _) in shown.items()},
        },
        tables={"line": table(rows, columns)},
        figures={"theorem1_folds": folds_figure(shown)},
        settings={"runs": list(COUNTS), "sets": plan.lines},
    )


def _counted(rows: list[dict[str, Any]]) -> dict[str, int]:
    """Return how many sets there are, are separated, and keep to the bound on blocks."""
    return {
        "sets": sum(row["sets"] for row in rows),
        "separated": sum(row["separated"] for row in rows),
        "settings": len(rows),
        "within": sum(row["within_bound"] for row in rows),
    }


EXPERIMENT = Experiment(
    Path(__file__).parent,
    {"xor": xor_part, "random": random_part, "line": line_part},
    Theorem1Plan,
)
