"""Fig. 4: what diffusion does to the training of a network of 18 parameters."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from ..experiment import Experiment, Part, Setup
from .section import training_section
from .speed import MODERATE, WAYS, Comparison, compare
from .speed_section import speed_section
from .training import (
    EPOCHS,
    GAMMA,
    SIGMA,
    TASKS,
    WEIGHT_DECAY,
    SetResult,
    Task,
    first_perfect,
    train_set,
)

PAPER_SEED = 42
REPEATS = 3


def training_rows(results: Sequence[SetResult]) -> Iterator[dict[str, Any]]:
    """A row a set, network and step."""
    for result in results:
        for diffusion, training in result.both():
            for step, of_step in enumerate(training.accuracy.T.tolist()):
                first, *others = of_step
                yield {
                    "set": result.task.name,
                    "diffusion": diffusion,
                    "step": step,
                    "accuracy": first,
                    "loss": float(training.loss[0, step]),
                    "others_median": float(np.median(others)),
                    "others_lowest": min(others),
                    "others_highest": max(others),
                    "others_at_100": others.count(100.0),
                }


def _seed(task: Task, setup: Setup) -> int:
    return task.seed if setup.seed == PAPER_SEED else setup.seed


def _training(setup: Setup) -> Part:
    others = range(setup.seed + 1, setup.seed + (11 if setup.quick else 21))
    epochs = 60 if setup.quick else 200
    results = [train_set(task, _seed(task, setup), others, epochs) for task in TASKS]
    said = []
    for result in results:
        without = result.without.accuracy[0, EPOCHS]
        curve = result.with_diffusion.accuracy[0, : EPOCHS + 1]
        start = first_perfect(curve)
        since = "" if start is None else f" (100% from step {start} on)"
        said.append(f"{result.task.name} {without:.1f}% and {curve[-1]:.1f}%{since}")
    perfect = sum(int((r.with_diffusion.accuracy[1:, EPOCHS] == 100.0).sum()) for r in results)
    return Part(
        section=training_section(results),
        rows=list(training_rows(results)),
        finding=f"After {EPOCHS} training steps without diffusion and with it: {'; '.join(said)}. "
        f"With other initial weights, {perfect} of {len(results) * len(others)} networks with "
        f"diffusion are at 100% by then.",
        settings={
            "gamma": GAMMA,
            "sigma": SIGMA,
            "weight_decay": WEIGHT_DECAY,
            "epochs": epochs,
            "other_initial_weights": len(others),
        }
        | {
            task.name: f"ntop {task.ntop}, r {task.steps}, learning rate {task.learning_rate}, "
            f"seed {_seed(task, setup)}"
            for task in TASKS
        },
    )


def _speed(setup: Setup) -> Part:
    circle, moon, spiral = TASKS
    chosen = {circle: MODERATE}
    if not setup.quick:
        chosen |= {moon: tuple(WAYS), spiral: MODERATE}
    found = [compare(task, _seed(task, setup), REPEATS, ways) for task, ways in chosen.items()]
    said = "; ".join(
        f"{c.task.name} ({c.task.steps} diffusion steps) {c.ratio('diffuse'):.1f}, "
        f"{c.ratio('map'):.1f} and {c.ratio('map, shared'):.0f}"
        for c in found
    )
    return Part(
        section=speed_section(found, REPEATS),
        rows=[row for comparison in found for row in speed_rows(comparison)],
        finding="Times as fast as the plain loop are one call of diffuse, the precomputed map "
        f"with its making, and the map shared by {WAYS['map, shared']} networks: {said}.",
        settings={"repeats": REPEATS, "epochs": EPOCHS, "precision": "float64"},
    )


def speed_rows(found: Comparison) -> Iterator[dict[str, Any]]:
    """A row a way of computing the diffusion."""
    for way, seconds in found.seconds.items():
        yield {
            "set": found.task.name,
            "points": found.points,
            "diffusion_steps": found.task.steps,
            "way": way,
            "networks": WAYS[way],
            "seconds_per_network": seconds,
            "times_as_fast": found.ratio(way),
            "seconds_making_map": found.making if way.startswith("map") else 0.0,
            "loss_difference": found.loss_difference,
            "other_predictions": found.other_predictions,
        }


EXPERIMENT = Experiment(
    "fig4",
    "A network of 18 parameters, with diffusion and without (Fig. 4)",
    {"training": _training, "speed": _speed},
)
