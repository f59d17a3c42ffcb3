"""Results of `diffresnet fewshot`: text, rows of --json, and the file of predictions."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from diffresnet.cli.command import Outcome as CommandOutcome

if TYPE_CHECKING:
    from diffresnet.errors import Note

    from ..fewshot import Features, MethodRun, Outcome, Tasks
    from ..pages.table import Table
    from ..statistics import Estimate
    from .fewshot import FewShotOptions


def fewshot_outcome(
    options: FewShotOptions, features: Features, tasks: Tasks, runs: Sequence[MethodRun]
) -> CommandOutcome:
    """Return the outcome of the command: the accuracy of one method, or a table of several."""
    first = runs[0]
    task_count = "1 task" if len(tasks) == 1 else f"{len(tasks)} tasks"
    unequal = "" if options.dirichlet is None else f" by Dirichlet({options.dirichlet:g})"
    protocol = (
        f"{options.ways}-way {options.shots}-shot, {options.queries} queries a class{unequal}, "
        f"{task_count}"
    )
    if len(runs) == 1:
        text = f"{first.title}, {protocol}: {format_mean(first.outcome.summary)} %"
        summary = f"{format_time(first.outcome)} a task, {{seconds}} s in all"
    else:
        from .results import table_text

        text, summary = table_text(comparison_table(protocol, runs)), ""
    return CommandOutcome(
        results=[result_row(run, options) for run in runs],
        text=text,
        notes=_notes(options, features, runs, task_count),
        summary=summary,
        settings={
            "rows": len(features),
            "width": features.width,
            "methods": {run.name: run.configured.settings for run in runs},
        },
        extra={
            "diverged_tasks": {run.name: run.outcome.diverged for run in runs},
            "paired_differences": paired_differences(runs),
        },
        write=[lambda: write_predictions(options.predictions, features, tasks, runs)],
    )


def result_row(run: MethodRun, options: FewShotOptions) -> dict[str, Any]:
    """Return the row of a method in --json."""
    return {
        "method": run.name,
        "ways": options.ways,
        "shots": options.shots,
        "queries": options.queries,
        "tasks": len(run.outcome.accuracy),
        "accuracy": run.outcome.summary.mean,
        "ci95": run.outcome.summary.ci95,
        "seconds_per_task": run.outcome.seconds_per_task,
    }


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


def _notes(
    options: FewShotOptions, features: Features, runs: Sequence[MethodRun], task_count: str
) -> list[Note | str]:
    notes: list[Note | str] = list(features.notes)
    if options.base_mean is None and any(run.configured.uses_base_mean for run in runs):
        notes.append("centred by the mean of FEATURES itself; --base-mean names another")
    for run in runs:
        if run.configured.note:
            notes.append(run.configured.note)
        if run.outcome.diverged:
            notes.append(
                f"{run.title} diverged on {run.outcome.diverged} of {task_count}, whose queries "
                f"count as the first class"
            )
    return notes


def format_mean(summary: Estimate) -> str:
    """Format a mean and its interval in percent."""
    return f"{summary.mean:.2f} {_plus_minus(summary)}".rstrip()


def _plus_minus(summary: Estimate) -> str:
    return f"± {summary.ci95:.2f}" if math.isfinite(summary.ci95) else ""


def format_time(outcome: Outcome) -> str:
    """Format the time of a task."""
    return f"{1e3 * outcome.seconds_per_task:.3g} ms"


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
