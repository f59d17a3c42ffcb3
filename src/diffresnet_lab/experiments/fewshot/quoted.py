"""Published few-shot accuracies on data sets that cannot be had here."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from ...pages.section import Cell, Table


@dataclass(frozen=True)
class Quoted:
    """Accuracies in percent at 1 and 5 shots, as printed by those who measured them.

    Parameters
    ----------
    balanced : bool
        Whether all classes have equally many queries; else Dirichlet with concentration 2.
    """

    method: str
    data: str
    backbone: str
    one: str
    five: str
    balanced: bool = True


_WRN, _RN18 = "WRN-28-10", "ResNet-18"

SHARED = (
    Quoted("SimpleShot", "miniImageNet", _WRN, "65.87", "82.09"),
    Quoted("SimpleShot", "tieredImageNet", _WRN, "70.90", "85.76"),
    Quoted("SimpleShot", "CUB", _RN18, "70.28", "86.37"),
    Quoted("LaplacianShot", "miniImageNet", _WRN, "73.44", "83.93"),
    Quoted("LaplacianShot", "tieredImageNet", _WRN, "78.80", "87.48"),
    Quoted("LaplacianShot", "CUB", _RN18, "79.90", "88.69"),
)
"""From the corrected README of LaplacianShot: no labels are matched after the fact."""

STRONGER = (
    Quoted("TIM-GD", "miniImageNet", _RN18, "73.9", "85.0"),
    Quoted("PT-MAP", "miniImageNet", _WRN, "82.9", "88.8"),
    Quoted("iLPC", "miniImageNet", _WRN, "83.1", "88.8"),
    Quoted("alpha-TIM", "miniImageNet", _RN18, "67.4", "82.5", balanced=False),
    Quoted("PT-MAP", "miniImageNet", _RN18, "60.1", "67.1", balanced=False),
)
"""From the READMEs of their authors, and of alpha-TIM for unequal queries."""


def quoted_table(rows: Sequence[Quoted]) -> Table:
    """The published numbers, for the size of things."""
    return Table(
        caption="Quoted, not measured here: 5-way accuracy, %, on data sets of the paper",
        header=("Method", "data", "backbone", "queries", "1 shot", "5 shots"),
        rows=tuple(
            (
                row.method,
                (
                    Cell(row.data),
                    Cell(row.backbone),
                    Cell("equal" if row.balanced else "Dirichlet(2)"),
                    Cell(row.one),
                    Cell(row.five),
                ),
            )
            for row in rows
        ),
        note="As their authors print them (for LaplacianShot and SimpleShot, the corrected README "
        "of LaplacianShot, whose first release matched labels to clusters by their true labels). "
        "Other images and other backbones: no comparison with the numbers above. What the paper "
        "prints of Diff-ResNet is not known to us.",
    )


def quoted_rows(rows: Sequence[Quoted]) -> list[dict[str, Any]]:
    """For metrics.json: no accuracy, but `quoted`."""
    return [
        {
            "data": row.data,
            "backbone": row.backbone,
            "method": row.method,
            "ways": 5,
            "shots": shots,
            "dirichlet": None if row.balanced else 2.0,
            "accuracy": None,
            "quoted": value,
        }
        for row in rows
        for shots, value in ((1, row.one), (5, row.five))
    ]
