"""The page of Table I: accuracies beside the published ones, and the ablation of the best model."""

from __future__ import annotations

from pathlib import Path

from matplotlib.figure import Figure

from ...nodes.protocol import Protocol
from ...pages.palette import MUTED
from ...pages.plots import Axis, Dots, dots
from ...pages.table import Column, Row, Table, pivot, table
from ...statistics import Estimate
from ..base import Experiment, PartResult, Rows, RunConfig
from ..nodes.graphs import TITLES
from ..nodes.results import all_runs, judge_row
from .ablation import ablation_rows, run_ablation
from .plan import Table1Plan, runs_text
from .study import (
    BEST,
    OURS,
    REFERENCE,
    SHORTER,
    diffusion_gains,
    mean_gain,
    published,
    rival_rows,
    run_table,
    table_rows,
    without_library,
)

CLAIM = 15.0
"""Points by which, the paper says, diffusion gains on average over No-Diff-ResNet: more than."""


def table_part(config: RunConfig, plan: Table1Plan) -> PartResult:
    """Run every model on every graph.

    Raises
    ------
    InputError
        If the graphs are not there.
    """
    results = run_table(config, plan)
    rows = table_rows(results)
    titles = {result.model: result.title for result in results}
    titled_rows = [{**row, "title": titles[row["model"]]} for row in rows]
    by_dataset = {
        name: [row for row in titled_rows if row["dataset"] == name] for name in plan.datasets
    }
    gains = gain_rows(diffusion_gains(results), plan.trained)
    missing = without_library(plan)
    protocol = Protocol()
    return PartResult(
        rows,
        values={
            "titles": {name: TITLES[name] for name in plan.datasets},
            "reference": [row for row in titled_rows if row["model"] == REFERENCE],
            "shorter": [row for row in rows if row["model"] == SHORTER],
            "gains": gains,
            "claim": CLAIM,
            "without_library": missing,
            "too_slow": {name: plan.too_slow(name) for name in plan.datasets},
        },
        tables={
            "gains": gains_table(gains),
            "rivals": rivals_table(rival_rows(results)),
            **{
                f"accuracy_{name}": accuracy_table(dataset_rows)
                for name, dataset_rows in by_dataset.items()
            },
        },
        figures={"table1": accuracy_figure(by_dataset)},
        settings={
            **plan.settings(),
            "epochs": plan.epochs,
            "device": plan.device,
            "labels_per_class": protocol.train_per_class,
            "validation_per_class": protocol.validation_per_class,
            "left_out": list(missing),
        },
        runs=all_runs(results),
    )


def accuracy_table(rows: Rows) -> Table:
    """Return the models of one data set; marked where a Diff-ResNet is behind."""
    verdict = judge_row("difference", "difference_error")
    columns = [
        Column("Model", "title"),
        Column("accuracy", "accuracy", ".1f", error="std", best="largest"),
        Column("s.e.", "standard_error", ".2f"),
        Column(
            "less Diff-ResNet",
            "difference",
            "+.1f",
            error="difference_error",
            detail=verdict,
            unfavourable=lambda row: verdict(row) == "ahead",
        ),
        Column(
            "best less it",
            "best_ahead",
            "+.1f",
            error="best_ahead_error",
            verdict=judge_row("best_ahead", "best_ahead_error"),
        ),
        Column("published", "quoted"),
        Column("runs", lambda row: runs_text((row["splits"], row["inits"]))),
        Column("s a run", "seconds_per_run", lambda s: f"{s:.0f}" if s >= 10 else f"{s:.2g}"),
    ]
    return table(rows, columns)


def gain_rows(gains: dict[str, Estimate], trained: bool) -> Rows:
    """Return the gain by diffusion on each data set and on average, which the claim is about."""
    named = {TITLES[name]: gain for name, gain in gains.items()}
    if len(named) > 1:
        named["on average"] = mean_gain(list(gains.values()))
    rows: Rows = [
        {"title": title, "gain": gain.mean, "error": gain.error} for title, gain in named.items()
    ]
    if rows and trained:
        rows[-1]["claim_holds"] = rows[-1]["gain"] > CLAIM
    return rows


def gains_table(rows: Rows) -> Table:
    """Return the gains, and whether the last is more than the paper says."""
    columns = [
        Column("Graph", "title"),
        Column("gain, points", "gain", "+.1f", error="error"),
        Column(
            f"more than {CLAIM:.0f}",
            "claim_holds",
            unfavourable=lambda row: row.get("claim_holds") is False,
        ),
    ]
    return table(rows, columns)


def rivals_table(rows: Rows) -> Table:
    """Return how Diff-ResNets stand to the baselines; marked where they are behind of any."""

    def count(row: Row, verdict: str) -> int | None:
        return len(row[verdict]) if verdict in row else None

    columns = [
        Column("Diff-ResNet", lambda row: f"{TITLES[row['dataset']]}, {row['title']}"),
        Column("ahead of", lambda row: count(row, "ahead")),
        Column("level with", lambda row: count(row, "level")),
        Column(
            "behind",
            lambda row: ", ".join(row["behind"]) or "none" if "behind" in row else None,
            unfavourable=lambda row: bool(row.get("behind")),
        ),
        Column("closest baseline", "closest"),
        Column("less it", "points", "+.1f", error="error", verdict=judge_row("points", "error")),
        Column("splits", "splits"),
    ]
    return table(rows, columns)


def accuracy_figure(by_dataset: dict[str, Rows]) -> Figure:
    """Return a row a model and a panel a data set, the published accuracies hollow."""
    panels = {}
    for name, rows in by_dataset.items():
        accuracies = {row["title"]: row["accuracy"] for row in rows}
        errors = {row["title"]: row["standard_error"] for row in rows}
        ours = {row["title"] for row in rows if row["model"] in OURS}
        published_accuracies = {
            row["title"]: accuracy[0]
            for row in rows
            if (accuracy := published(row["model"], name)) is not None
        }
        others = {title: each for title, each in accuracies.items() if title not in ours}
        diff_resnets = {title: each for title, each in accuracies.items() if title in ours}
        panels[TITLES[name]] = [
            Dots("Diff-ResNet", diff_resnets, errors, colour=0, marker="D", rim=False),
            Dots("others", others, errors, colour=MUTED, rim=False),
            Dots("published", published_accuracies, colour=1, marker="s", hollow=True, size=6.0),
        ]
    models = {title for panel in panels.values() for each in panel for title in each.values}
    return dots(
        panels,
        Axis("accuracy, %", bins=4, whole=True),
        horizontal=True,
        side_by_side=False,
        width=2.0 + 1.25 * max(len(panels), 2),
        height=0.215 * len(models) + 1.2,
        legend_columns=3,
    )


def ablation_part(config: RunConfig, plan: Table1Plan) -> PartResult:
    """Run the best model beside itself without each of its parts.

    Raises
    ------
    InputError
        If the graphs are not there.
    """
    results = run_ablation(config, plan)
    rows = ablation_rows(results)
    verdict = judge_row("difference", "difference_error")
    summary = []
    for name in plan.ablation_datasets:
        changes = [row for row in rows if row["dataset"] == name and row["change"]]
        summary.append(
            {
                "title": TITLES[name],
                "changes": len(changes),
                "cost": [row for row in changes if verdict(row) == "behind"],
                "gain": [row for row in changes if verdict(row) == "ahead"],
            }
        )
    runs = runs_text(plan.runs_of(BEST, plan.ablation_datasets[0]))
    return PartResult(
        rows,
        values={"summary": summary, "runs": runs},
        tables={"ablation": ablation_table(rows)},
        settings={"splits_and_inits": runs, "epochs": plan.epochs},
        runs=all_runs(results),
    )


def ablation_table(rows: Rows) -> Table:
    """Return two columns a data set, a row a change; marked where a change gains."""
    datasets = {row["dataset"]: TITLES[row["dataset"]] for row in rows}
    verdict = judge_row("difference", "difference_error")
    accuracy = Column("", "accuracy", ".1f", error="standard_error").across(datasets)
    difference = Column(
        "",
        lambda row: row["difference"] if row["change"] else None,
        "+.1f",
        error="difference_error",
        detail=lambda row: verdict(row) if row["change"] else "",
        unfavourable=lambda row: verdict(row) == "ahead",
    ).across(dict.fromkeys(datasets, "less as it is"))
    pairs = zip(accuracy, difference, strict=True)
    columns = [
        Column("Change", lambda row: row["change"] or "as it is"),
        *(column for pair in pairs for column in pair),
    ]
    return table(pivot(rows, "change", "dataset"), columns)


EXPERIMENT = Experiment(
    Path(__file__).parent, {"table": table_part, "ablation": ablation_part}, Table1Plan
)
