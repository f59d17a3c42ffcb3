"""The page of `diffresnet demo`, from data to text."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from ...pages.numbers import count
from ...pages.plots import Axis, Dots, ScatterPanel, dots, scatter_grid
from ...pages.table import Column, Table, pivot, table
from ...pages.text import Text, render_text
from ..fig3.page import EXPERIMENT as FIG3
from ..fig3.page import xor_figures, xor_values
from ..fig3.study import xor_motion
from .digits import (
    METHODS,
    REFERENCE,
    DigitsConfig,
    Scores,
    digits_rows,
    digits_scores,
    paired_differences,
)
from .features import FeatureMotion, feature_motion


@dataclass(frozen=True)
class Demo:
    """Rows of metrics.json, the table that is printed, the page's text, and figures for files."""

    rows: list[dict[str, Any]]
    accuracies: Table
    text: Text
    figures: dict[str, Figure]


def demo_steps(config: DigitsConfig) -> int:
    """Return how often `run_demo` advances in all."""
    return config.fits + 2


def run_demo(config: DigitsConfig, advance: Callable[[int], Any] | None = None) -> Demo:
    """Label digits, move their features, and move XOR.

    XOR is always the set of the paper, whatever the seed.

    Parameters
    ----------
    advance : called with the number of steps, of `demo_steps` in all, that have been done.
    """
    tell = advance or (lambda steps: None)
    scores = digits_scores(config, tell)
    # The few labels of the picture: enough to choose a time by, few enough to be seen.
    counts = config.labels_per_class
    features = feature_motion(min(counts, key=lambda each: abs(each - 5)), config.seed)
    tell(1)
    panels = FIG3.planned(quick=False).panels
    motion = xor_motion(range(panels[-1] + 1))
    tell(1)
    rows = list(digits_rows(scores))
    differences = list(paired_differences(scores))
    tables = {"accuracy": accuracy_table(rows), "difference": difference_table(differences)}
    figures = {"digits": digits_chart(scores), "features": feature_maps(features)}
    fewest = {row["method"]: row for row in rows if row["labels_per_class"] == min(counts)}
    values = {
        "draws": config.draws,
        "labels": min(counts),
        "ours": fewest[REFERENCE],
        "logistic": fewest["logistic_regression"],
        "behind": sum(_behind(row) for row in differences),
        "compared": len(differences),
        "features": features,
        "stars": int(features.labelled.sum()) // len(np.unique(features.classes)),
        "xor": xor_values(motion, panels),
    }
    template = Path(__file__).with_name("text.md.j2")
    text = render_text(template, values, tables, figures | xor_figures(motion, panels))
    return Demo(rows, tables["accuracy"], text, figures)


def accuracy_table(rows: list[dict[str, Any]]) -> Table:
    """Return mean and standard deviation over draws, the best of each column marked."""
    accuracy = Column("", "accuracy", ".1f", error="std", best="largest")
    return table(
        pivot(rows, "method", "labels_per_class"),
        [_METHOD, *accuracy.across(_headers(rows))],
        caption="Accuracy on the unlabelled images in percent, by labels per digit",
    )


def difference_table(rows: list[dict[str, Any]]) -> Table:
    """Return the lead of the reference on the same draws; where it is behind, marked."""
    lead = Column("", "difference", "+.2f", error="standard_error", unfavourable=_behind)
    return table(pivot(rows, "method", "labels_per_class"), [_METHOD, *lead.across(_headers(rows))])


_METHOD = Column("Method", lambda row: METHODS[row["method"]][0])


def _headers(rows: list[dict[str, Any]]) -> dict[int, str]:
    return {row["labels_per_class"]: count(row["labels_per_class"], "label") for row in rows}


def _behind(row: Any) -> bool:
    return bool(round(row["difference"], 2) < 0)


def digits_chart(scores: Scores) -> Figure:
    """Return wrong labels per 100 images: each draw, and the mean of each method."""
    series = [
        Dots(
            METHODS[method][0],
            {n: 100.0 - accuracies.mean() for n, accuracies in of_method.items()},
            draws={n: 100.0 - accuracies for n, accuracies in of_method.items()},
            size=8.5,
        )
        for method, of_method in scores.items()
    ]
    ticks = (0.5, 1, 2, 5, 10, 20, 50, 100)
    wrong = Axis("wrong labels per 100 (log scale)", "log", ticks=ticks)
    return dots({"": series}, wrong, "labels per digit")


def feature_maps(motion: FeatureMotion) -> Figure:
    """Return the features on two components: stars are labelled, badges name the digits."""
    badges = {int(c): str(c) for c in np.unique(motion.classes)}
    panels = [
        ScatterPanel(
            features.points,
            motion.classes,
            title,
            labelled=motion.labelled,
            badges=badges,
            size=7.0,
        )
        for title, features in (
            ("digits as they are", motion.before),
            ("after diffusion", motion.after),
        )
    ]
    return scatter_grid(panels, width=6.4, columns=2)
