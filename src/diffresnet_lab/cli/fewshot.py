"""diffresnet fewshot: few-shot classification of features, with many methods on the same tasks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import click

from diffresnet.cli.command import Outcome, command
from diffresnet.cli.options import Argument, DeviceOption, Option, SeedOption, UnlabelledMarks
from diffresnet.cli.progress import progress

from ..fewshot.config import METHOD_OPTIONS, FeatureTransforms, MethodOptions
from .cluster import DaskOption
from .fewshot_results import (
    comparison_table,
    format_mean,
    format_time,
    paired_differences,
    write_predictions,
)
from .results import table_text

if TYPE_CHECKING:
    from diffresnet.errors import Note

    from ..fewshot import Features, MethodRun, Tasks


@dataclass(frozen=True, kw_only=True)
class FewShotOptions(DaskOption, DeviceOption, SeedOption, MethodOptions):
    """Options of `diffresnet fewshot`; those of single methods are `MethodOptions`."""

    features: Annotated[Path, Argument(metavar="FEATURES", reads=True, parameter="path")]
    method: Annotated[
        tuple[str, ...],
        Option(
            help="nearest_prototype, laplacian_shot, tim, ...; may be given several times, for the "
            "same tasks. A wrong name lists all.",
            metavar="NAME",
        ),
    ]
    ways: Annotated[int, Option(help="Classes of a task.", type=click.IntRange(2))] = 5
    shots: Annotated[int, Option(help="Labelled rows of each class.", type=click.IntRange(1))] = 1
    queries: Annotated[
        int,
        Option(
            help="Rows of each class to be labelled; their mean number with --dirichlet.",
            type=click.IntRange(1),
        ),
    ] = 15
    tasks: Annotated[
        int, Option(help="Tasks that are drawn.", type=click.IntRange(1, 10_000_000))
    ] = 1000
    dirichlet: Annotated[
        float | None,
        Option(
            help="Unequal numbers of queries, by a Dirichlet distribution; 2 is usual.",
            type=click.FloatRange(min=0.0, min_open=True),
            metavar="ALPHA",
            parameter="alpha",
        ),
    ] = None
    tricks: Annotated[
        FeatureTransforms,
        Option(
            help="none: raw features (Table II). paper: centred, of length 1, shifted, rectified "
            "prototypes (Table III), as far as the method takes them.",
            parameter="feature_transforms",
        ),
    ] = "paper"
    base_mean: Annotated[
        Path | None,
        Option(
            help="npz whose array `mean` is what the tricks centre by.  [default: the mean of "
            "FEATURES]",
            metavar="FILE",
            reads=True,
        ),
    ] = None
    label_column: Annotated[
        str,
        Option(help="Column, or array, of FEATURES that holds the labels.", metavar="NAME"),
    ] = "label"
    columns: Annotated[
        str | None,
        Option(
            help="Feature columns of a table: a comma list, or a prefix. In .npz: the array.",
            metavar="NAMES",
            flag="--features",
            parameter="features",
        ),
    ] = None
    unlabelled: UnlabelledMarks = ()
    predictions: Annotated[
        Path | None,
        Option(
            help="Write rows, predicted and true labels of every task as npz.",
            metavar="FILE",
            writes=True,
            suffixes=(".npz",),
        ),
    ] = None
    jobs: Annotated[int, Option(help="Processes at once.", type=click.IntRange(1))] = 1

    def settings(self) -> dict[str, Any]:
        """Return the settings of --json; those of single methods stand under `methods` there."""
        settings = super().settings()
        return {name: value for name, value in settings.items() if name not in METHOD_OPTIONS}


@command("fewshot")
def fewshot(options: FewShotOptions) -> Outcome:
    """Label the queries of few-shot tasks drawn from a file of features.

    FEATURES is .npz with `features` (n, d) and `labels` (n,), -1 unlabelled, or a table that
    `diffresnet label` reads. Tasks depend on the labels, the options and the seed alone, so that
    every method, device and day sees the same. Accuracy is the share of queries labelled right,
    with the 95% interval of its mean over tasks.
    """
    from diffresnet.device import pick_device

    from ..fewshot import Features, FewShotConfig, read_base_mean, run_methods, sample_tasks
    from ..fewshot.registry import refuse_unused_options

    names = tuple(dict.fromkeys(options.method))
    refuse_unused_options(names, options.given)
    features = Features.read(
        options.features,
        label_column=options.label_column,
        features=options.columns,
        unlabelled=options.unlabelled or None,
    )
    mean = features.mean
    if options.base_mean is not None:
        mean = read_base_mean(options.base_mean, features.width)
    method_options = {name: getattr(options, name) for name in METHOD_OPTIONS}
    config = FewShotConfig(options.shots, options.tricks, mean, **method_options)
    tasks = sample_tasks(
        features.labels,
        options.ways,
        options.shots,
        options.queries,
        options.tasks,
        options.seed,
        options.dirichlet,
        features.class_names,
    )
    with options.cluster():
        runs = run_methods(
            names,
            features,
            tasks,
            config,
            device=pick_device(options.device),
            jobs=options.jobs,
            progress=partial(progress, quiet=options.quiet),
        )
    return _outcome(options, features, tasks, runs)


def _outcome(
    options: FewShotOptions, features: Features, tasks: Tasks, runs: Sequence[MethodRun]
) -> Outcome:
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
        text, summary = table_text(comparison_table(protocol, runs)), ""
    return Outcome(
        results=[_row(run, options) for run in runs],
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


def _row(run: MethodRun, options: FewShotOptions) -> dict[str, Any]:
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
