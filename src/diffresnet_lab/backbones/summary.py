"""What a training came to: few-shot accuracies of the backbone that was kept, and the page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch

from ..data.images import ImageSet
from ..fewshot import sample_tasks
from ..pages import Cell, Picture, Section, Table
from ..pages.figures.losses import loss_curves
from .checkpoint import load_backbone
from .embed import embed
from .settings import TrainingSettings
from .state import EpochRow
from .validation import mean_and_interval, prototype_accuracies

SHOTS = (1, 5)


def final_accuracies(
    folder: Path,
    train: ImageSet,
    validation: ImageSet | None,
    settings: TrainingSettings,
    device: torch.device | str = "cpu",
) -> list[dict[str, Any]]:
    """Nearest-prototype accuracy of the kept backbone, at 1 and, where there are rows, 5 shots.

    The tasks are others than those that it was chosen by, though of the same validation classes.
    Features as they are, and centred by the mean of the training images and scaled to length 1.

    Returns
    -------
    Rows "method", "ways", "shots", "queries", "tasks", "accuracy", "ci95"; none without validation
    images.
    """
    if validation is None:
        return []
    model, _ = load_backbone(folder)
    mean = torch.from_numpy(embed(train, model, device=device)).mean(0)
    features = torch.from_numpy(embed(validation, model, device=device))
    chosen = settings.validation
    smallest = np.unique(validation.labels[validation.labels >= 0], return_counts=True)[1].min()
    rows = []
    for shots in SHOTS:
        if shots + chosen.queries > smallest:
            continue
        tasks = sample_tasks(
            validation.labels,
            chosen.ways,
            shots,
            chosen.queries,
            tasks=chosen.tasks,
            seed=settings.seed + 1,
        )
        for method, centre in (("nearest_prototype", None), ("nearest_prototype_cl2n", mean)):
            accuracy, interval = mean_and_interval(prototype_accuracies(features, tasks, centre))
            rows.append(
                {
                    "method": method,
                    "ways": chosen.ways,
                    "shots": shots,
                    "queries": chosen.queries,
                    "tasks": chosen.tasks,
                    "accuracy": accuracy,
                    "ci95": interval,
                }
            )
    return rows


def section(
    settings: TrainingSettings,
    rows: Sequence[EpochRow],
    found: Sequence[Mapping[str, Any]],
    facts: Mapping[str, Any],
) -> Section:
    """The page of a training.

    Parameters
    ----------
    facts : with "images" and "classes" of the training set, and "skipped".
    """
    last = rows[-1]
    seconds = sum(row.seconds for row in rows) / len(rows)
    text = [
        f"{settings.backbone} on {facts['images']:,} images of {facts['classes']} classes at "
        f"{settings.size} pixels, {len(rows)} epochs of {seconds:.0f} s. In the last epoch the "
        f"loss was {last.loss:.3f}, and {last.accuracy:.1f} % of the training views were right."
    ]
    if facts["skipped"]:
        text.append(f"{facts['skipped']} broken images were left out.")
    looked = [row for row in rows if row.validation is not None]
    if looked:
        best = max(looked, key=lambda row: row.validation or 0.0)
        text.append(
            f"Kept: epoch {best.epoch}, with {best.validation:.2f} % on "
            f"{settings.validation.tasks:,} {settings.validation.ways}-way 1-shot tasks of the "
            f"validation classes, by the nearest prototype."
        )
    else:
        text.append("No validation images were given, so the last epoch was kept.")
    picture = Picture(
        loss_curves(
            [row.epoch for row in rows],
            [row.loss for row in rows],
            [row.accuracy for row in rows],
            [row.validation for row in rows],
        ),
        alt=f"Training loss, training accuracy and validation accuracy over {len(rows)} epochs.",
        caption="Above: loss on the training views. Below: share of training views that are right, "
        "and nearest-prototype accuracy on validation tasks in the epochs that were looked at.",
        name="curves",
    )
    return Section("Training", tuple(text), (_table(found),) if found else (), ((picture,),))


def _table(found: Sequence[Mapping[str, Any]]) -> Table:
    titles = {
        "nearest_prototype": "Nearest prototype",
        "nearest_prototype_cl2n": "Nearest prototype, centred and normalised",
    }
    shots = list(dict.fromkeys(row["shots"] for row in found))
    rows = []
    for method, title in titles.items():
        cells = [
            Cell(f"{row['accuracy']:.2f}", f"± {row['ci95']:.2f}")
            for row in found
            if row["method"] == method
        ]
        rows.append((title, tuple(cells)))
    return Table(
        f"Accuracy in % on {found[0]['tasks']:,} validation tasks, with the 95% interval",
        (f"{found[0]['ways']} ways", *(f"{s} shot{'s' if s > 1 else ''}" for s in shots)),
        tuple(rows),
        "Other tasks than those by which the epoch was chosen, of the same classes. Centred by the "
        "mean of the training images.",
    )
