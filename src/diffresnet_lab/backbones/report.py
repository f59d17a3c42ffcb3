"""Report of a training: its curves, and few-shot accuracies of the best backbone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ..pages import Cell, Picture, Section, Table
from ..pages.figures.losses import loss_curves
from .config import TrainingConfig
from .state import EpochMetrics


def training_section(
    config: TrainingConfig,
    history: Sequence[EpochMetrics],
    results: Sequence[Mapping[str, Any]],
    settings: Mapping[str, Any],
) -> Section:
    """Return the section of the report on a training.

    Parameters
    ----------
    results : rows of `final_accuracies`.
    settings : with "images" and "classes" of the training set, and "skipped".
    """
    last = history[-1]
    seconds = sum(metrics.seconds for metrics in history) / len(history)
    text = [
        f"{config.backbone} on {settings['images']:,} images of {settings['classes']} classes at "
        f"{config.size} pixels, {len(history)} epochs of {seconds:.0f} s. In the last epoch the "
        f"loss was {last.loss:.3f}, and {last.accuracy:.1f} % of the training views were right."
    ]
    if settings["skipped"]:
        text.append(f"{settings['skipped']} broken images were left out.")
    validated = [metrics for metrics in history if metrics.validation is not None]
    if validated:
        best = max(validated, key=lambda metrics: metrics.validation or 0.0)
        text.append(
            f"Kept: epoch {best.epoch}, with {best.validation:.2f} % on "
            f"{config.validation.tasks:,} {config.validation.ways}-way 1-shot tasks of the "
            f"validation classes, by the nearest prototype."
        )
    else:
        text.append("No validation images were given, so the last epoch was kept.")
    picture = Picture(
        loss_curves(
            [metrics.epoch for metrics in history],
            [metrics.loss for metrics in history],
            [metrics.accuracy for metrics in history],
            [metrics.validation for metrics in history],
        ),
        alt=f"Training loss, training accuracy and validation accuracy over {len(history)} epochs.",
        caption="Above: loss on the training views. Below: share of training views that are right, "
        "and nearest-prototype accuracy on validation tasks in the epochs that were looked at.",
        name="curves",
    )
    return Section(
        "Training", tuple(text), (_accuracy_table(results),) if results else (), ((picture,),)
    )


def _accuracy_table(results: Sequence[Mapping[str, Any]]) -> Table:
    titles = {
        "nearest_prototype": "Nearest prototype",
        "nearest_prototype_cl2n": "Nearest prototype, centred and normalised",
    }
    shots = list(dict.fromkeys(row["shots"] for row in results))
    rows = []
    for method, title in titles.items():
        cells = [
            Cell(f"{row['accuracy']:.2f}", f"± {row['ci95']:.2f}")
            for row in results
            if row["method"] == method
        ]
        rows.append((title, tuple(cells)))
    return Table(
        f"Accuracy in % on {results[0]['tasks']:,} validation tasks, with the 95% interval",
        (f"{results[0]['ways']} ways", *(f"{s} shot{'s' if s > 1 else ''}" for s in shots)),
        tuple(rows),
        "Other tasks than those by which the epoch was chosen, of the same classes. Centred by the "
        "mean of the training images.",
    )
