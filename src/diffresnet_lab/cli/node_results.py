"""What `diffresnet nodes` tells of its runs: a sentence, a row of results, and predictions."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from diffresnet.graphs.node_data import NodeData
    from diffresnet.graphs.preset import Preset

    from ..nodes.results import SplitRuns, Summary
    from ..nodes.sweep import Protocol


def sentence(data: NodeData, preset: Preset, protocol: Protocol, found: Summary) -> str:
    """The accuracy, and of how many runs it is."""
    error = "" if protocol.splits == 1 else f"; standard error {found.error:.2f}"
    return (
        f"{preset.title} on {data.name}: {found.accuracy:.2f} % ± {found.std:.2f} "
        f"(standard deviation of {protocol.splits} x {protocol.inits} runs{error})"
    )


def row(data: NodeData, preset: Preset, protocol: Protocol, found: Summary) -> dict[str, Any]:
    """The same as --json has it."""
    return {
        "dataset": data.name,
        "model": preset.name,
        "splits": protocol.splits,
        "inits": protocol.inits,
        "accuracy": found.accuracy,
        "std": found.std,
        "standard_error": found.error,
        "seconds_per_run": found.seconds,
    }


def write_predictions(
    path: Path | None,
    data: NodeData,
    ids: np.ndarray | None,
    protocol: Protocol,
    runs: Sequence[SplitRuns],
) -> None:
    """Classes of all nodes by every run, true ones, the test nodes of every split, and names.

    Nothing if `path` is None.
    """
    if path is None:
        return
    from diffresnet.files.npz import save_npz

    test = np.zeros((len(runs), len(data)), dtype=bool)
    for index in range(len(runs)):
        test[index, protocol.split(data, index).test] = True
    arrays = {
        "predicted": np.stack([run.predicted for run in runs]),
        "true": data.labels.cpu().numpy(),
        "test": test,
        "class_names": np.array(data.class_names),
    }
    save_npz(path, arrays if ids is None else {**arrays, "ids": ids})
