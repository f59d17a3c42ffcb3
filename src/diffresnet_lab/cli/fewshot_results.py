"""Results of `diffresnet fewshot`: tables, paired differences, and the file of predictions."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ..fewshot import Features, MethodRun, Outcome, Tasks
    from ..pages.table import Table
    from ..statistics import Estimate


def paired_differences(runs: Sequence[MethodRun]) -> list[dict[str, Any]]:
    """Return the paired difference of every two methods, the later one less the earlier."""
    pairs = [(run, earlier) for index, run in enumerate(runs) for earlier in runs[:index]]
    differences = [run.outcome.minus(earlier.outcome) for run, earlier in pairs]
    return [
        {
            "method": run.name,
            "minus": earlier.name,
            "difference": difference.mean,
            "ci95": difference.ci95,
        }
        for (run, earlier), difference in zip(pairs, differences, strict=True)
    ]


def format_mean(summary: Estimate) -> str:
    """Format a mean and its interval in percent."""
    return f"{summary.mean:.2f} {_plus_minus(summary)}".rstrip()


def _plus_minus(summary: Estimate) -> str:
    return f"± {summary.ci95:.2f}" if math.isfinite(summary.ci95) else ""


def format_time(outcome: Outcome) -> str:
    """Format the time of a task."""
    seconds = outcome.seconds_per_task
    return f"{seconds:.2g} s" if seconds >= 1 else f"{1e3 * seconds:.3g} ms"


def comparison_table(protocol: str, runs: Sequence[MethodRun]) -> Table:
    """Return accuracies, and paired differences from the first method."""
    from ..pages.table import Column, table

    first = runs[0]
    rows = [
        {
            "method": run.title,
            "accuracy": run.outcome.summary.mean,
            "ci95": run.outcome.summary.ci95,
            "time": format_time(run.outcome),
            **({} if run is first else _difference(run, first)),
        }
        for run in runs
    ]
    columns = [
        Column("", "method"),
        Column("accuracy", "accuracy", ".2f", error="ci95", best="largest"),
        Column(f"minus {first.title}, paired", "difference", "+.2f", error="difference_ci95"),
        Column("a task", "time"),
    ]
    return table(rows, columns, caption=f"{protocol}: accuracy in %, with 95% intervals")


def _difference(run: MethodRun, first: MethodRun) -> dict[str, float]:
    paired = run.outcome.minus(first.outcome)
    return {"difference": paired.mean, "difference_ci95": paired.ci95}


def write_predictions(
    path: Path | None, features: Features, tasks: Tasks, runs: Sequence[MethodRun]
) -> None:
    """Write rows of every task and their true and predicted labels; nothing if `path` is None."""
    if path is None:
        return
    from diffresnet.files.npz import save_npz

    arrays = {
        "support": tasks.support,
        "query": tasks.query,
        "true": features.file_labels(tasks.class_labels(tasks.query_labels)),
    }
    for run in runs:
        prefix = f"{run.name}_" if len(runs) > 1 else ""
        labels = tasks.class_labels(run.outcome.predicted)
        arrays[f"{prefix}predicted"] = features.file_labels(labels)
    save_npz(path, arrays)
