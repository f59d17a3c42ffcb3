"""The page of Fig. 4: features and accuracies, and what the diffusion costs."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from ...pages.plots import Axis, Curve, LinePanel, ScatterPanel, lines, scatter_grid, square_around
from ...pages.table import Column, table
from ..base import Experiment, PartResult, RunConfig
from .plan import Fig4Plan
from .speed import MEANING, MODERATE, WAYS, compare, speed_rows
from .training import (
    EPOCHS,
    GAMMA,
    SETS,
    SIGMA,
    WEIGHT_DECAY,
    SetConfig,
    SetResult,
    Training,
    first_perfect,
    train_set,
    training_rows,
)

PAPER_SEED = 42
SHOWN = (0, 5, 10, EPOCHS)


def training_part(config: RunConfig, plan: Fig4Plan) -> PartResult:
    """Train the network of the paper, and others, without diffusion and with it."""
    others = range(config.seed + 1, config.seed + 1 + plan.others)
    results = [train_set(each, _seed(each, config), others, plan.epochs) for each in SETS]
    paper_rows = [own_row(result) for result in results]
    spread = [row for result in results for row in others_rows(result, plan.epochs)]
    early = [row for row in spread if row["steps"] == EPOCHS]
    late = [row for row in spread if row["steps"] == plan.epochs]
    features = {f"fig4_{each.config.name}": features_figure(each) for each in results}
    return PartResult(
        list(training_rows(results)),
        values={
            "own": paper_rows,
            "circle": paper_rows[0],
            "networks": sum(row["networks"] for row in early),
            "perfect": sum(row["perfect"] for row in early),
            "perfect_late": sum(row["perfect"] for row in late),
            "best_without": max(row["without"].max() for row in late),
            "steps": EPOCHS,
            "last": plan.epochs,
        },
        tables={"own": own_table(paper_rows, plan), "others": others_table(spread)},
        figures={
            "fig4": features.pop("fig4_circle"),
            **features,
            "fig4_accuracy": accuracy_figure(results),
        },
        settings={
            "gamma": GAMMA,
            "sigma": SIGMA,
            "weight_decay": WEIGHT_DECAY,
            "epochs": plan.epochs,
            "other_initial_weights": plan.others,
        }
        | {
            each.name: f"ntop {each.ntop}, r {each.steps}, learning rate {each.learning_rate}, "
            f"seed {_seed(each, config)}"
            for each in SETS
        },
    )


def speed_part(config: RunConfig, plan: Fig4Plan) -> PartResult:
    """Time the training of some sets, by the way in which the diffusion is computed."""
    results = []
    for each in SETS:
        if each.name in plan.timed:
            ways = tuple(WAYS) if each.name in plan.pytorch_loop else MODERATE
            results.append(compare(each, _seed(each, config), plan.repeats, ways))
    columns = [
        Column("Diffusion computed by", lambda row: MEANING[row["way"]]),
        Column("Seconds a network", "seconds_per_network", ".3f"),
        Column(
            "Times as fast as the plain loop",
            "times_as_fast",
            ".2f",
            unfavourable=lambda row: row["times_as_fast"] < 1.0,
        ),
    ]
    return PartResult(
        [row for result in results for row in speed_rows(result)],
        values={
            "results": results,
            "difference": max(each.loss_difference for each in results),
            "predictions": sum(each.other_predictions for each in results),
            "shared": WAYS["map, shared"],
            "epochs": EPOCHS,
        },
        tables={f"speed_{each.config.name}": table(speed_rows(each), columns) for each in results},
        settings={"repeats": plan.repeats, "epochs": EPOCHS, "precision": "float64"},
    )


def _seed(each: SetConfig, config: RunConfig) -> int:
    return each.seed if config.seed == PAPER_SEED else config.seed


def own_row(result: SetResult) -> dict[str, Any]:
    """Return the accuracies of the network of the paper's seed."""
    without, diffused = (training.accuracy[0] for _, training in result.both())
    return {
        "set": result.config.name,
        "without": without[EPOCHS],
        "with": diffused[EPOCHS],
        "since": first_perfect(diffused[: EPOCHS + 1]),
        "late": diffused[-1],
    }


def others_rows(result: SetResult, last: int) -> list[dict[str, Any]]:
    """Return the accuracies of all other initial weights, after 20 steps and at the end."""
    rows = []
    for steps in (EPOCHS, last):
        without, diffused = (training.accuracy[1:, steps] for _, training in result.both())
        rows.append(
            {
                "set": result.config.name,
                "steps": steps,
                "networks": len(diffused),
                "without": without,
                "with": diffused,
                "perfect": int((diffused == 100.0).sum()),
            }
        )
    return rows


def own_table(rows: Sequence[dict[str, Any]], plan: Fig4Plan) -> Any:
    """Return accuracies from the paper's seed; marked where diffusion loses."""
    return table(
        rows,
        [
            Column("Set", "set"),
            Column("Without diffusion", "without", ".1f"),
            Column(
                "With diffusion", "with", ".1f", unfavourable=lambda r: r["with"] < r["without"]
            ),
            Column("100% from step on", lambda r: "never" if r["since"] is None else r["since"]),
            Column(
                f"With diffusion after {plan.epochs} steps",
                "late",
                ".1f",
                unfavourable=lambda r: r["late"] < r["with"],
            ),
        ],
    )


def others_table(rows: Sequence[dict[str, Any]]) -> Any:
    """Return medians over other initial weights; marked where diffusion loses."""

    def median(key: str) -> dict[str, Any]:
        return {
            "value": lambda row: float(np.median(row[key])),
            "format": ".1f",
            "detail": lambda row: f"({row[key].min():.1f} to {row[key].max():.1f})",
        }

    return table(
        rows,
        [
            Column("Set, training", lambda row: f"{row['set']}, {row['steps']} steps"),
            Column("Without diffusion", **median("without")),
            Column(
                "With diffusion",
                **median("with"),
                unfavourable=lambda r: np.median(r["with"]) < np.median(r["without"]),
            ),
            Column("At 100% with diffusion", lambda row: f"{row['perfect']} of {row['networks']}"),
        ],
    )


def features_figure(result: SetResult) -> Figure:
    """Return the points, and the features of both networks after some training steps."""
    classes = result.data.classes
    panels = []
    for (_, training), start, title in zip(
        result.both(),
        (result.data.points, result.diffused),
        ("input", "input, diffused"),
        strict=True,
    ):
        panels.append(ScatterPanel(start, classes, title, frame=square_around(start, 1.12), size=7))
        panels += [_panel(training, step, classes) for step in SHOWN]
    rows = ("no diffusion", "diffusion")
    columns = 1 + len(SHOWN)
    return scatter_grid(panels, columns=columns, width=5.9, height=2.75, row_labels=rows)


def _panel(training: Training, step: int, classes: np.ndarray) -> ScatterPanel:
    points, accuracy = training.features[step], training.accuracy[0, step]
    title = f"step {step}: {accuracy:.0f}%" if accuracy == 100 else f"step {step}: {accuracy:.1f}%"
    frame = square_around(points, 1.12)
    return ScatterPanel(points, classes, title, line=training.lines[step], frame=frame, size=7)


def accuracy_figure(results: Sequence[SetResult]) -> Figure:
    """Return accuracies over training: the paper's network, and the middle half of all."""
    panels = []
    for result in results:
        curves = []
        for diffusion, training in reversed(list(result.both())):
            runs = training.accuracy[:, : EPOCHS + 1]
            band = tuple(np.percentile(runs, [25, 75], axis=0))
            label = "with diffusion" if diffusion else "without"
            curves.append(Curve(np.arange(EPOCHS + 1), runs[0], label, band=band))
        last = result is results[-1]
        x = Axis("training steps" if last else "", limits=(0, EPOCHS), whole=True)
        y = Axis("accuracy, %", ticks=(40, 60, 80, 100), limits=(30, 102))
        panels.append(LinePanel(curves, result.config.name, x=x, y=y))
    return lines(panels, columns=1, height=1.75 * len(results) + 0.4, bold=True, sharex=True)


EXPERIMENT = Experiment(
    Path(__file__).parent, {"training": training_part, "speed": speed_part}, Fig4Plan
)
