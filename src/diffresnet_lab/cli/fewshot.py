"""diffresnet fewshot: few-shot classification of features, with many methods on the same tasks."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import click

from diffresnet.cli.decorators import device_option, json_option, quiet_option, seed_option
from diffresnet.cli.output_paths import refuse_overwriting
from diffresnet.cli.progress import note, progress
from diffresnet.cli.result import environment, write_each, write_json
from diffresnet.files.atomic import check_writable

from .fewshot_results import Run, clock, difference, table, words, write_predictions
from .results import print_table


@click.command(name="fewshot")
@click.argument("features_path", type=click.Path(path_type=Path), metavar="FEATURES")
@click.option(
    "--method",
    "names",
    multiple=True,
    required=True,
    metavar="NAME",
    help="nearest_prototype, laplacian_shot, tim, ...; may be given several times, for the same "
    "tasks. A wrong name lists all.",
)
@click.option(
    "--ways", type=click.IntRange(2), default=5, show_default=True, help="Classes of a task."
)
@click.option(
    "--shots",
    type=click.IntRange(1),
    default=1,
    show_default=True,
    help="Labelled rows of each class.",
)
@click.option(
    "--queries",
    type=click.IntRange(1),
    default=15,
    show_default=True,
    help="Rows of each class to be labelled; their mean number with --dirichlet.",
)
@click.option(
    "--tasks", "count", type=click.IntRange(1, 10_000_000), default=1000, show_default=True
)
@click.option(
    "--dirichlet",
    "alpha",
    type=click.FloatRange(min=0.0, min_open=True),
    metavar="ALPHA",
    help="Unequal numbers of queries, by a Dirichlet distribution; 2 is usual.",
)
@click.option(
    "--tricks",
    type=click.Choice(["none", "paper"]),
    default="paper",
    show_default=True,
    help="none: raw features (Table II). paper: centred, of length 1, shifted, rectified "
    "prototypes (Table III), as far as the method takes them.",
)
@click.option(
    "--base-mean",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="npz whose array `mean` is what the tricks centre by.  [default: the mean of FEATURES]",
)
@click.option(
    "--label-column",
    default="label",
    show_default=True,
    metavar="NAME",
    help="Column, or array, of FEATURES that holds the labels.",
)
@click.option(
    "--features",
    "columns",
    metavar="NAMES",
    help="Feature columns of a table: a comma list, or a prefix. In .npz: the array.",
)
@click.option("--ntop", type=click.IntRange(3), help="Graph: neighbours and self.  [default: 8]")
@click.option(
    "--sigma",
    type=click.IntRange(2),
    help="Graph: the neighbour, self counted, whose distance is the width.  [default: 4]",
)
@click.option(
    "--gamma", type=click.FloatRange(0.0), help="Length of a diffusion step.  [default: 0.5]"
)
@click.option(
    "--steps",
    type=click.IntRange(0, 10_000),
    help="Diffusion steps.  [default: 6 at 1 shot, else 2]",
)
@click.option(
    "--balanced",
    is_flag=True,
    help="Tell the method best that every class has the same number of queries.",
)
@click.option(
    "--predictions",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Write rows, predicted and true labels of every task as npz.",
)
@click.option(
    "--jobs", type=click.IntRange(1), default=1, show_default=True, help="Processes at once."
)
@seed_option
@device_option
@json_option
@quiet_option
def command(
    features_path: Path,
    names: tuple[str, ...],
    ways: int,
    shots: int,
    queries: int,
    count: int,
    alpha: float | None,
    tricks: Any,
    base_mean: Path | None,
    label_column: str,
    columns: str | None,
    ntop: int | None,
    sigma: int | None,
    gamma: float | None,
    steps: int | None,
    balanced: bool,
    predictions: Path | None,
    jobs: int,
    seed: int,
    device: str,
    json_path: Path | None,
    quiet: bool,
) -> None:
    """Label the queries of few-shot tasks drawn from a file of features.

    FEATURES is .npz with `features` (n, d) and `labels` (n,), -1 unlabelled, or a table that
    `diffresnet label` reads. Tasks depend on the labels, the options and the seed alone, so that
    every method, device and day sees the same. Accuracy is the share of queries labelled right,
    with the 95% interval of its mean over tasks.
    """
    start = time.perf_counter()
    if predictions is not None:
        check_writable(predictions, (".npz",))
    if json_path is not None:
        check_writable(json_path)
    refuse_overwriting(
        {"--predictions": predictions, "--json": json_path}, (features_path, base_mean)
    )
    from diffresnet.device import pick_device

    from ..fewshot.evaluation import evaluate
    from ..fewshot.features import Features, read_base_mean
    from ..fewshot.presets import METHODS, Setting, preset
    from ..fewshot.tasks import sample_tasks

    given = {
        "ntop": ntop,
        "sigma": sigma,
        "gamma": gamma,
        "steps": steps,
        "balanced": balanced or None,
    }
    options: dict[str, Any] = {key: value for key, value in given.items() if value is not None}
    names = tuple(dict.fromkeys(names))
    for key in options:
        takers = [name for name, entry in METHODS.items() if key in entry.takes]
        if all(name in METHODS and name not in takers for name in names):
            whose = ", ".join(takers) or "methods that are not among these"
            raise click.UsageError(f"--{key} is an option of {whose}; leave it out")
    features = Features.read(features_path, label_column=label_column, features=columns)
    mean = features.mean if base_mean is None else read_base_mean(base_mean, features.width)
    setting = Setting(shots, tricks, mean, **options)
    presets = {name: preset(name, setting) for name in names}
    tasks = sample_tasks(
        features.labels, ways, shots, queries, count, seed, alpha, features.class_names
    )
    where = pick_device(device)
    runs = []
    for name, chosen in presets.items():
        with progress(chosen.title, count, quiet) as advance:
            outcome = evaluate(
                chosen.method,
                features,
                tasks,
                chosen.transform,
                device=where,
                jobs=jobs,
                advance=advance,
            )
        runs.append(Run(name, chosen, outcome))
    payload: dict[str, Any] = {
        "experiment": "fewshot",
        "settings": {
            "features": features_path,
            "rows": len(features),
            "width": features.width,
            "tricks": tricks,
            "base_mean": base_mean,
            "dirichlet": alpha,
            "methods": {run.name: run.preset.settings for run in runs},
            "seed": seed,
            "device": device,
            "jobs": jobs,
        },
        "results": [run.row(ways, shots, queries) for run in runs],
        "environment": environment(device),
        "seconds": time.perf_counter() - start,
        "diverged_tasks": {run.name: run.outcome.diverged for run in runs},
        "paired_differences": [
            {"method": a.name, "minus": b.name, **difference(a, b)}
            for index, a in enumerate(runs)
            for b in runs[:index]
        ],
    }
    drawn = "1 task" if count == 1 else f"{count} tasks"
    for text in features.notes:
        note(f"note: {text}", quiet)
    if base_mean is None and any(run.preset.centred for run in runs):
        note("note: centred by the mean of FEATURES itself; --base-mean names another", quiet)
    for run in runs:
        if run.preset.note:
            note(f"note: {run.preset.title} {run.preset.note}", quiet)
        if run.outcome.diverged:
            note(
                f"note: {run.preset.title} diverged on {run.outcome.diverged} of {drawn}, "
                f"whose queries count as the first class",
                quiet,
            )
    unequal = "" if alpha is None else f" by Dirichlet({alpha:g})"
    title = f"{ways}-way {shots}-shot, {queries} queries a class{unequal}, {drawn}"
    if len(runs) == 1:
        click.echo(f"{presets[runs[0].name].title}, {title}: {words(runs[0].outcome.summary)} %")
        note(f"{clock(runs[0].outcome)} a task, {time.perf_counter() - start:.0f} s in all", quiet)
    else:
        print_table(table(title, runs))
    write_each(
        lambda: write_predictions(predictions, features, tasks, runs),
        lambda: write_json(json_path, payload),
    )
