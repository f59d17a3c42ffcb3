"""Results of `diffresnet nodes`: a sentence, a row, settings, and predictions."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ..nodes.evaluation import Evaluation
    from ..nodes.model_spec import ModelSpec
    from ..nodes.results import SplitRuns
    from ..statistics import Estimate

JSON_KEYS = {
    "SelfTrainingConfig": {
        "row_scaling": "rows",
        "teleport": "restart",
        "feature_graph": "similar",
        "input_dropout": "words",
        "input_weight_decay": "decay",
        "consistency_weight": "teaching",
        "ema_decay": "memory",
        "sharpening": "sharpness",
        "rampup_epochs": "ramp",
        "prior_strength": "guide",
    },
    "GRANDConfig": {"pagerank_neighbors": "rewired"},
}
"""Config -> field -> its key in --json, where scripts know it by an earlier name."""


def sentence(evaluation: Evaluation, accuracy: Estimate) -> str:
    """Return the accuracy, and of how many runs it is."""
    protocol = evaluation.protocol
    error = "" if protocol.splits == 1 else f"; standard error {accuracy.error:.2f}"
    return (
        f"{evaluation.spec.title} on {evaluation.data.name}: {accuracy.mean:.2f} % ± "
        f"{accuracy.std:.2f} (standard deviation of {protocol.splits} x {protocol.inits} "
        f"runs{error})"
    )


def row(evaluation: Evaluation, accuracy: Estimate, seconds_per_run: float) -> dict[str, Any]:
    """Return the row of --json."""
    return {
        "dataset": evaluation.data.name,
        "model": evaluation.spec.name,
        "splits": evaluation.protocol.splits,
        "inits": evaluation.protocol.inits,
        "accuracy": accuracy.mean,
        "std": accuracy.std,
        "standard_error": accuracy.error,
        "seconds_per_run": seconds_per_run,
    }


def model_settings(spec: ModelSpec) -> dict[str, Any]:
    """Return the hyperparameters of a model as --json has them."""
    keys = JSON_KEYS.get(type(spec.config).__name__, {})
    return {keys.get(name, name): value for name, value in asdict(spec.config).items()}


def write_predictions(path: Path | None, evaluation: Evaluation, runs: Sequence[SplitRuns]) -> None:
    """Write classes of all nodes by every run, true ones, the test nodes of every split, and names.

    Nothing if `path` is None.
    """
    if path is None:
        return
    from diffresnet.files.npz import save_npz

    data, ids = evaluation.data, evaluation.graph.ids
    test = np.zeros((len(runs), len(data)), dtype=bool)
    for index in range(len(runs)):
        test[index, evaluation.protocol.split(data, index).test] = True
    arrays = {
        "predicted": np.stack([split.predicted for split in runs]),
        "true": data.labels.cpu().numpy(),
        "test": test,
        "class_names": np.array(data.class_names),
    }
    save_npz(path, arrays if ids is None else {**arrays, "ids": ids})
