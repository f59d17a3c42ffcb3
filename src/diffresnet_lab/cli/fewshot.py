"""diffresnet fewshot: few-shot classification of features, with many methods on the same tasks."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Annotated, Any

import click

from diffresnet.cli.command import Outcome, command
from diffresnet.cli.options import Argument, DeviceOption, Option, SeedOption, UnlabelledMarks
from diffresnet.cli.progress import progress

from ..fewshot.config import METHOD_OPTIONS, FeatureTransforms, MethodOptions
from .fewshot_results import fewshot_outcome


@dataclass(frozen=True, kw_only=True)
class FewShotOptions(DeviceOption, SeedOption, MethodOptions):
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
    runs = run_methods(
        names,
        features,
        tasks,
        config,
        device=pick_device(options.device),
        jobs=options.jobs,
        progress=partial(progress, quiet=options.quiet),
    )
    return fewshot_outcome(options, features, tasks, runs)
