"""Few-shot validation of features: nearest prototypes on tasks of held-out classes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor

from diffresnet.errors import InputError

from ..data.images import ImageSet
from ..fewshot import Tasks, sample_tasks
from ..statistics import sample_mean
from .checkpoint import load_backbone
from .config import TrainingConfig, ValidationConfig
from .embedding import Precision, embed_images

CHUNK = 128
"""Tasks at once."""

FINAL_SHOTS = (1, 5)


def sample_validation_tasks(
    images: ImageSet, config: ValidationConfig, seed: int, shots: int | None = None
) -> Tasks:
    """Sample few-shot tasks of validation images, with `config.shots` unless others are given.

    Raises
    ------
    InputError
        If there are too few classes, or images of a class.
    """
    try:
        return sample_tasks(
            images.labels,
            config.ways,
            shots or config.shots,
            config.queries,
            tasks=config.tasks,
            seed=seed,
            class_names=images.class_names,
        )
    except InputError as error:
        message = f"of the validation images {error.message}"
        raise InputError(message, error.parameter) from error


def prototype_accuracies(
    features: Float[Tensor, "n d"], tasks: Tasks, base_mean: Float[Tensor, " d"] | None = None
) -> Float[np.ndarray, " t"]:
    """Return the accuracy of nearest prototypes in percent on each task, in Euclidean distance.

    Parameters
    ----------
    base_mean : (d,), optional
        Subtracted, after which every row is scaled to length 1: SimpleShot's CL2N (Wang et al.,
        2019). Features are taken as they are otherwise.
    """
    if base_mean is not None:
        features = F.normalize(features - base_mean, dim=1)
    accuracies = []
    for start in range(0, len(tasks), CHUNK):
        chunk = tasks[start : start + CHUNK]
        support = features[torch.from_numpy(chunk.support)]  # (t, ways x shots, d), way by way
        query = features[torch.from_numpy(chunk.query)]
        prototypes = support.unflatten(1, (chunk.ways, -1)).mean(2)
        nearest = torch.cdist(query, prototypes).argmin(-1).cpu().numpy()
        accuracies.append(100.0 * (nearest == chunk.query_labels).mean(1))
    return np.concatenate(accuracies)


def final_accuracies(
    folder: Path,
    train: ImageSet,
    validation: ImageSet | None,
    config: TrainingConfig,
    device: torch.device | str = "cpu",
    mixed_precision: Precision = "no",
) -> list[dict[str, Any]]:
    """Evaluate the best backbone of a training at 1 and, where there are images, 5 shots.

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

    def embed(images: ImageSet) -> Tensor:
        return torch.from_numpy(
            embed_images(images, model, device=device, mixed_precision=mixed_precision)
        )

    mean, features = embed(train).mean(0), embed(validation)
    sizes = np.bincount(validation.labels[validation.labels >= 0])
    rows = []
    for shots in FINAL_SHOTS:
        if shots + config.validation.queries > sizes[sizes > 0].min():
            continue
        tasks = sample_validation_tasks(validation, config.validation, config.seed + 1, shots)
        for method, base_mean in (("nearest_prototype", None), ("nearest_prototype_cl2n", mean)):
            summary = sample_mean(prototype_accuracies(features, tasks, base_mean))
            rows.append(
                {
                    "method": method,
                    "ways": config.validation.ways,
                    "shots": shots,
                    "queries": config.validation.queries,
                    "tasks": config.validation.tasks,
                    "accuracy": summary.mean,
                    "ci95": summary.ci95,
                }
            )
    return rows
