"""The page of the benchmark: one table, differences, and how far confidence can be trusted."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure

from ...pages.palette import MUTED
from ...pages.plots import Axis, Curve, Dots, LinePanel, dots, lines
from ...pages.table import Column, Table, table
from ..base import Experiment, PartResult, RunConfig
from .peers import PEERS
from .plan import FewLabelsPlan
from .study import OURS, Cell, run_rows, study

VERDICTS = ("ahead", "level", "behind")
# Fewer rows in a bin are not drawn.
SEEN = 30


def study_part(config: RunConfig, plan: FewLabelsPlan) -> PartResult:
    """Run the sets that are there, and show where the classifier is ahead and behind."""
    cells, missing = study(config, plan)
    rows = [cell.row() for cell in cells]
    return PartResult(
        rows,
        values={
            "missing": missing,
            "peers": list(PEERS),
            "count": {word: sum(cell.verdict == word for cell in cells) for word in VERDICTS},
            "mean": float(np.mean([cell.lead.mean for cell in cells])),
            "calibration": float(np.mean([cell.calibration.mean() for cell in cells])),
            "worst_calibration": max(cells, key=lambda cell: cell.calibration.mean()),
            "least": min(cells, key=lambda cell: cell.lead.mean),
            "most": max(cells, key=lambda cell: cell.lead.mean),
        },
        tables={"fewlabels": accuracy_table(rows)},
        figures={
            "fewlabels": difference_figure(cells),
            "fewlabels_reliability": reliability_figure(cells),
        },
        settings={"sets": len({cell.set for cell in cells}), "draws": plan.draws},
        runs=run_rows(cells),
    )


def accuracy_table(rows: Sequence[dict[str, object]]) -> Table:
    """Return a row for each set and number of labels."""
    columns = [
        Column("Set", "set"),
        Column("Labels a class", "labels_per_class", "d"),
        Column(OURS, OURS, ".1f"),
        Column("Best peer", lambda row: row["best_peer"]),
        Column("its accuracy", lambda row: row[row["best_peer"]], ".1f"),
        Column("Difference", "difference", "+.1f", error="difference_error", verdict="verdict"),
        Column("Calibration error", "calibration_error", ".1f"),
        Column("Seconds", "seconds", ".2f"),
    ]
    return table(list(rows), columns)


def difference_figure(cells: Sequence[Cell]) -> Figure:
    """Return the differences to the best peer, a panel for each number of labels."""
    panels: dict[str, list[Dots]] = {}
    for labels in dict.fromkeys(cell.labels for cell in cells):
        shown = [cell for cell in cells if cell.labels == labels]
        series = Dots(
            "points ahead of the best peer, ± 2 standard errors",
            {cell.set: cell.lead.mean for cell in shown},
            {cell.set: 2 * cell.lead.error for cell in shown},
        )
        panels[f"{labels} a class" if labels > 1 else "1 label a class"] = [series]
    sets = len({cell.set for cell in cells})
    return dots(
        panels,
        Axis("points"),
        horizontal=True,
        width=2.2 + 1.5 * len(panels),
        height=1.2 + 0.28 * sets,
    )


def reliability_figure(cells: Sequence[Cell]) -> Figure:
    """Return the share of right answers at each confidence, over all sets."""
    panels = []
    for labels in dict.fromkeys(cell.labels for cell in cells):
        rows, confidence, right = np.sum(
            [cell.reliability for cell in cells if cell.labels == labels], axis=0
        )
        seen = rows >= SEEN
        panels.append(
            LinePanel(
                [
                    Curve(
                        [0.0, 1.0],
                        [0.0, 1.0],
                        "as it should be",
                        MUTED,
                        "dotted",
                        marker=False,
                    ),
                    Curve(
                        confidence[seen] / rows[seen], right[seen] / rows[seen], "measured", size=4
                    ),
                ],
                f"{labels} a class" if labels > 1 else "1 label a class",
                x=Axis("confidence"),
                y=Axis("right answers"),
            )
        )
    return lines(panels, columns=len(panels), width=1.0 + 1.9 * len(panels), height=2.6)


EXPERIMENT = Experiment(Path(__file__).parent, {"study": study_part}, FewLabelsPlan)
