"""Report of a training: its curves, and few-shot accuracies of the best backbone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from matplotlib.figure import Figure

from ..pages.numbers import count
from ..pages.plots import Axis, Curve, LinePanel, lines
from ..pages.table import Column, Table, pivot, table
from ..pages.text import Text, render_text
from .config import TrainingConfig
from .state import EpochMetrics

TITLES = {
    "nearest_prototype": "Nearest prototype",
    "nearest_prototype_cl2n": "Nearest prototype, centred and normalised",
}


def training_report(
    config: TrainingConfig,
    history: Sequence[EpochMetrics],
    results: Sequence[Mapping[str, Any]],
    settings: Mapping[str, Any],
) -> tuple[Text, dict[str, Figure]]:
    """Return the text of the report on a training, and its figures by name.

    Parameters
    ----------
    results : rows of `final_accuracies`.
    settings : with "images" and "classes" of the training set, and "skipped".
    """
    validated = [metrics for metrics in history if metrics.validation is not None]
    values = {
        "config": config,
        "settings": settings,
        "last": history[-1],
        "epochs": len(history),
        "seconds": sum(metrics.seconds for metrics in history) / len(history),
        "best": max(validated, key=lambda metrics: metrics.validation or 0.0, default=None),
        "tested": bool(results),
    }
    tables = {"accuracy": accuracy_table(results)} if results else {}
    figures = {"curves": loss_curves(history)}
    return render_text(Path(__file__).with_name("report.md.j2"), values, tables, figures), figures


def loss_curves(history: Sequence[EpochMetrics]) -> Figure:
    """Return loss above, accuracies below, over the epochs."""
    epochs = [metrics.epoch for metrics in history]
    few = len(epochs) <= 40  # marks where there are few, so that one epoch alone is seen too
    validated = [metrics for metrics in history if metrics.validation is not None]
    accuracies = [
        Curve(epochs, [metrics.accuracy for metrics in history], "training", marker=few),
        Curve(
            [metrics.epoch for metrics in validated],
            [metrics.validation or 0.0 for metrics in validated],
            "validation, 1 shot",
            style="dashed",
        ),
    ]
    loss = Curve(epochs, [metrics.loss for metrics in history], marker=few)
    epoch = Axis("epoch", whole=True)
    return lines(
        [
            LinePanel([loss], x=epoch, y=Axis("training loss")),
            LinePanel(
                accuracies[: 1 + bool(validated)],
                x=epoch,
                y=Axis("accuracy, %", limits=(0.0, 102.0)),
            ),
        ],
        columns=1,
        height=4.2,
    )


def accuracy_table(results: Sequence[Mapping[str, Any]]) -> Table:
    """Return the accuracy of each method by shots."""
    accuracy = Column("", "accuracy", ".2f", error="ci95")
    shots = {row["shots"]: count(row["shots"], "shot") for row in results}
    return table(
        pivot(results, "method", "shots"),
        [
            Column(f"{results[0]['ways']} ways", lambda row: TITLES[row["method"]]),
            *accuracy.across(shots),
        ],
    )
