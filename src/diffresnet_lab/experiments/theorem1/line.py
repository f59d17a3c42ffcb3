"""Theorem 1 on a line, where no flow can do it and folds can."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from jaxtyping import Float, Int

from ...pages.section import Cell, Picture, Section, Table
from ...theory import SeparatingFlow, class_intervals, separating_flow
from ..experiment import Part, Setup
from .figures import folds_figure
from .random import bands

SHOWN = {
    "two classes": (0, 1, 0, 1, 0, 1, 0),
    "four classes, those of both ends alone": (0, 1, 2, 1, 2, 3),
}
"""Classes of the runs that are shown."""

RUNS = (5, 10, 20, 40)
CLASSES = (2, 3, 5)
DRAWS, QUICK_DRAWS = 20, 2
BAND = 12  # points of a run that is shown


def shown_line(
    classes: tuple[int, ...], seed: int
) -> tuple[Float[np.ndarray, "n 1"], Int[np.ndarray, " n"]]:
    """Evenly filled runs of random widths and gaps on a line, 10 units long in all."""
    rng = np.random.default_rng(seed)
    widths, gaps = rng.uniform(0.3, 1.3, len(classes)), rng.uniform(0.4, 1.0, len(classes))
    start = np.cumsum(widths + gaps) - widths - gaps[0]
    p = (start[:, None] + widths[:, None] * np.linspace(0.0, 1.0, BAND)).ravel()
    return (10.0 * p / p.max())[:, None], np.repeat(np.array(classes), BAND)


def line_row(rng: np.random.Generator, count: int, classes: int, draws: int) -> dict[str, Any]:
    """Fold some random lines: how many folds, and what is left of the narrowest gap."""
    folds, bounds, left, right = [], [], [], []
    for _ in range(draws):
        points, labels, _, direction = bands(rng, 1, count, classes)
        network = separating_flow(points, labels, direction)
        _, positions = network.trajectory(torch.from_numpy(points))
        after = class_intervals(positions[-1][:, 0], labels)
        folds.append(len(network.blocks))
        bounds.append(network.bounds.blocks)
        left.append(after.gap / network.intervals.gap)
        right.append(bool((network.predict(points) == labels).all()))
    return {
        "dimension": 1,
        "classes": classes,
        "runs": count,
        "sets": draws,
        "separated": sum(right),
        "blocks": max(folds),
        "blocks_bound": max(bounds),
        "within_bound": all(made <= most for made, most in zip(folds, bounds, strict=True)),
        "gap_left_median": float(np.median(left)),
        "gap_left_least": min(left),
    }


def line_part(setup: Setup) -> Part:
    """Folds of two lines as a figure, and of many as numbers."""
    rng = np.random.default_rng(setup.seed)
    draws = QUICK_DRAWS if setup.quick else DRAWS
    rows = [line_row(rng, count, classes, draws) for classes in CLASSES for count in RUNS]
    shown = []
    for title, classes in SHOWN.items():
        points, labels = shown_line(classes, setup.seed)
        network = separating_flow(points, labels, [1.0])
        shown.append((title, network, points, labels))
    sets, separated = sum(row["sets"] for row in rows), sum(row["separated"] for row in rows)
    within = all(row["within_bound"] for row in rows)
    least = min(row["gap_left_least"] for row in rows)
    finding = (
        f"On a line, where a flow cannot change the order of points, folds separate {separated} of "
        f"{sets} random sets of up to {RUNS[-1]} runs, "
        f"{'always' if within else 'not always'} within 2 (K − C) blocks, K − 2 for two classes; "
        f"what is left of the narrowest gap is {least:.2g} of it at worst."
    )
    section = Section(
        title="On a line: folds instead of a flow",
        text=(
            "On a line, the paths of two points under a flow cannot cross, so that their order "
            "stays, and with it the number of runs: no flow separates three runs or more. "
            "A residual block can: p ← p − (1 + s) ReLU(p − c) turns what lies right of c "
            "over, at scale s. It is a step too long to be a flow.",
            "A fold turns one end of the line over so that the outermost run comes to lie beside, "
            "or onto, a run of its class. Where that would narrow the gaps too much, or the "
            "classes of both ends do not occur again, the outermost run whose class does is "
            "squeezed and carried, two blocks. Crease and scale are chosen so that gaps stay wide, "
            "but there is no bound on how narrow they get, other than in the plane. A second "
            "coordinate that is 0 everywhere avoids this: then the flow applies.",
        ),
        tables=(_table(rows),),
        galleries=((_picture(shown),),),
    )
    return Part(section, rows, finding, {"runs": list(RUNS), "sets": draws})


def _picture(
    shown: list[tuple[str, SeparatingFlow, Float[np.ndarray, "n 1"], Int[np.ndarray, " n"]]],
) -> Picture:
    counts = " and ".join(f"{len(net.blocks)} folds ({title})" for title, net, _, _ in shown)
    paths = [
        (title, net.trajectory(torch.from_numpy(points))[1][:, :, 0], labels, _creases(net))
        for title, net, points, labels in shown
    ]
    return Picture(
        folds_figure(paths),
        alt=f"Runs on a line, fold by fold from top to bottom: after {counts} each class is one "
        f"piece.",
        caption=f"Fold by fold: {counts}. Each row is the line after one fold more; a dashed mark "
        f"is the crease of the next.",
        name="theorem1_folds",
    )


def _creases(network: SeparatingFlow) -> list[float]:
    """Where each block bends the line: the zero of what its ReLU is given."""
    with torch.no_grad():
        return [
            -float(block.get_parameter("fc1.bias") / block.get_parameter("fc1.weight")[0])
            for block in network.blocks
        ]


def _table(rows: list[dict[str, Any]]) -> Table:
    return Table(
        caption="Random lines: folds, and what is left of the narrowest gap",
        header=("C, K", "separated", "folds", "bound", "gap left, median", "least"),
        rows=tuple(
            (
                f"{row['classes']}, {row['runs']}",
                (
                    Cell(f"{row['separated']} of {row['sets']}"),
                    Cell(str(row["blocks"])),
                    Cell(str(row["blocks_bound"])),
                    Cell(f"{row['gap_left_median']:.2g}"),
                    Cell(f"{row['gap_left_least']:.2g}", loss=row["gap_left_least"] < 1.0),
                ),
            )
            for row in rows
        ),
        note="Gap left: the narrowest gap after the last fold, as a share of the narrowest at "
        "first; above 1 it has grown.",
    )
