"""The page of the robustness of fields."""

from __future__ import annotations

import numpy as np

from ...pages.figures.fields import SweepPanel, slope_chart, sweep_panels
from ...pages.section import Cell, Picture, Section, Table
from ...pages.words import signed
from ..experiment import Part, Setup
from .network import SETS
from .robustness import (
    ATTACKS,
    DIRECTIONS,
    SIGMAS,
    Effort,
    Scores,
    rows_of_sweep,
    still_slopes,
    sweep,
)

IN_TABLE = (0.1, 0.2)
COLUMNS = ("clean", "shake 0.3", "attack 0.1", "attack 0.2")
SHORT = {"noise at test": "test", "noise in training": "training"}
DRAWN = ("clean", "attack 0.1", "attack 0.2")
HARD = "attack 0.2"


def robustness(setup: Setup) -> Part:
    """Train, move the inputs, and say what the noise was good for."""
    effort = Effort.of(setup)
    found = sweep(setup)
    rows = list(rows_of_sweep(found))
    return Part(
        section=_section(found, effort),
        rows=rows,
        finding=_finding(found),
        settings={
            "seeds": effort.seeds,
            "labels_per_class": list(effort.labels),
            "tested": effort.tested,
            "cells": effort.cells,
            "substeps": effort.training.substeps,
            "epochs": effort.training.epochs,
        },
    )


def _pick(found: list[Scores], model: str, sigma: float) -> list[Scores]:
    return [s for s in found if s.model == model and s.sigma == sigma]


def _gain(found: list[Scores], model: str, sigma: float, measure: str) -> tuple[float, float]:
    """What a model has more than the plain network: mean over sets and numbers of labels."""
    more = [
        np.subtract(one.measured[measure], plain.measured[measure])
        for one, plain in zip(_pick(found, model, sigma), _pick(found, "plain", 0.0), strict=True)
    ]
    of_seed = np.mean(more, axis=0)
    return float(of_seed.mean()), float(of_seed.std(ddof=1) / np.sqrt(len(of_seed)))


def _gains(found: list[Scores], sigma: float, measure: str) -> str:
    test = _gain(found, "noise at test", sigma, measure)
    trained = _gain(found, "noise in training", sigma, measure)
    return (
        f"{signed(test[0])} ± {test[1]:.1f} with noise at test only and "
        f"{signed(trained[0])} ± {trained[1]:.1f} with noise in training too"
    )


def _finding(found: list[Scores]) -> str:
    return (
        f"Against the plain network, accuracy under the worst move of length 0.2 changes by "
        f"{_gains(found, 0.2, HARD)} at σ = 0.2, clean accuracy by {_gains(found, 0.2, 'clean')} "
        "(points, mean over the sets)."
    )


def _table(found: list[Scores], name: str) -> Table:
    rows = []
    for labels in sorted({s.labels for s in found}):
        own = [s for s in found if s.set_name == name and s.labels == labels]
        (plain,) = (s for s in own if s.model == "plain")
        shown = [plain] + [s for s in own if s.model != "plain" and s.sigma in IN_TABLE]
        best = {c: max(round(s.mean(c), 1) for s in shown) for c in COLUMNS}
        for scores in shown:
            cells = []
            for column in COLUMNS:
                mean = scores.mean(column)
                spread, loss = "", False
                if scores is not plain:
                    more, error = scores.over(plain, column)
                    spread, loss = f"{signed(more)} ± {error:.1f}", more < -max(error, 0.05)
                cells.append(Cell(f"{mean:.1f}", spread, round(mean, 1) == best[column], loss))
            of = "plain" if scores is plain else f"{SHORT[scores.model]} {scores.sigma:g}"
            # Spaces that do not break: a name is one line however narrow the page.
            rows.append((f"{labels}: {of}".replace(" ", "\N{NO-BREAK SPACE}"), tuple(cells)))
    return Table(
        caption=f"{name}: accuracy, %",
        header=("labels a class: noise, σ", *COLUMNS),
        rows=tuple(rows),
        note="test: noise at test only; training: in training too. In small type the difference "
        "to the plain network, mean and standard error over seeds, split by split. Marked: worse "
        "than plain by more than the standard error.",
    )


def _curves(found: list[Scores], labels: int) -> list[SweepPanel]:
    panels = []
    for name in SETS:
        own = [s for s in found if s.set_name == name and s.labels == labels]
        (plain,) = (s for s in own if s.model == "plain")
        curves, dashed = {}, set()
        for model in ("noise at test", "noise in training"):
            for measure in DRAWN:
                line = [s for s in own if s.model == model]
                if model == "noise at test":
                    line = [plain, *line]
                else:
                    dashed.add(f"{measure}, {model}")
                errors = [
                    np.std(s.measured[measure], ddof=1) / np.sqrt(len(s.measured[measure]))
                    for s in line
                ]
                curves[f"{measure}, {model}"] = (
                    [s.sigma for s in line],
                    [s.mean(measure) for s in line],
                    [float(e) for e in errors],
                )
        panels.append(SweepPanel(name, curves, frozenset(dashed)))
    return panels


def _section(found: list[Scores], effort: Effort) -> Section:
    most = max(effort.labels)
    at_test = [s for s in found if s.model == "noise at test" and s.labels == most]
    slopes = {
        kind: {
            name: [float(np.max(s.measured[kind])) for s in at_test if s.set_name == name]
            for name in SETS
        }
        for kind in ("slope", "slope bound")
    }
    noisy = [s for s in found if s.model != "plain"]
    broken = int(sum(sum(s.measured["broken"]) for s in noisy))
    steeper = sum(
        int(np.sum(np.greater(s.measured["slope"], s.measured["slope bound"]))) for s in noisy
    )
    still = still_slopes(effort.training)
    beyond = sum(
        value > bound
        for of_set in slopes["slope"].values()
        for value, bound in zip(of_set, still, strict=True)
    )
    worst = min(noisy, key=lambda s: s.over(_plain_of(found, s), "clean")[0])
    cost = worst.over(_plain_of(found, worst), "clean")[0]
    certified = {
        model: np.mean([s.mean("certified 0.1") for s in _pick(found, model, 0.2)])
        for model in ("noise at test", "noise in training")
    }
    return Section(
        title="Does the noise make answers robust?",
        text=(
            "Points of each set are split into labelled and test points, "
            f"{effort.seeds} times. The plain network is trained without noise (σ = 0); the same "
            "network is then asked with noise, that is by the field u(x, T) at σ; and other "
            "networks are trained on the field itself, -log u of the right class averaged over "
            "fresh noise. All start from the same weights. “shake δ” adds a Gaussian of standard "
            "deviation δ to every coordinate of a test point; “attack ε” counts a point as right "
            f"only if it stays so under moves in {DIRECTIONS} directions by ε and by every smaller "
            f"one of {ATTACKS[0] / 2:g}, {', '.join(f'{size:g}' for size in ATTACKS)}: in the "
            "plane this leaves little to a cleverer attack.",
            f"At σ = 0.2, mean over sets and numbers of labels: clean accuracy changes by "
            f"{_gains(found, 0.2, 'clean')} points, under attack 0.1 by "
            f"{_gains(found, 0.2, 'attack 0.1')}, under attack 0.2 by {_gains(found, 0.2, HARD)}. "
            f"At σ = 0.1: clean {_gains(found, 0.1, 'clean')}; attack 0.2 "
            f"{_gains(found, 0.1, HARD)}.",
            f"The largest cost on clean points was {signed(cost)} "
            f"points ({worst.set_name}, {worst.labels} labels a class, {worst.model}, σ = "
            f"{worst.sigma:g}): noise that reaches across the gap between two classes, "
            "√(2σ²T) against half the gap, rubs out the narrower one.",
            "Noise bounds the slope of u, whatever was trained: without velocity |∇u| ≤ "
            "1 / (σ √(4πT)), and for a network |∇u| ≤ 1 / (R √(2π)), where the smoothing radius R "
            "follows from σ and from how much each residual step stretches distances. The bound "
            f"of the network was exceeded {steeper} times in "
            f"{sum(len(s.measured['slope']) for s in noisy)} fields; the bound without "
            f"velocity, which a network need not obey, in {beyond} of "
            f"{len(SIGMAS) * len(SETS)} cases of the last picture.",
            "The same R proves that a point whose class has probability p keeps it under every "
            "move shorter than R Φ⁻¹(p), which for v = 0 is the radius of randomised smoothing "
            "(Cohen et al., 2019). At σ = 0.2 this certifies "
            f"{certified['noise at test']:.1f}% of the test points against moves of length 0.1 "
            f"with noise at test only, and {certified['noise in training']:.1f}% with noise in "
            f"training; attacks contradicted {broken} of all such proofs. (From p the largest "
            "change on a grid half as fine is taken off first, "
            f"{np.mean([s.mean('doubt') for s in noisy if s.sigma == 0.2]):.3f} on average here.)",
        ),
        tables=tuple(_table(found, name) for name in SETS),
        galleries=(
            *(
                (
                    Picture(
                        sweep_panels(_curves(found, labels), "noise σ", "accuracy, %"),
                        alt=f"Accuracy against σ on the four sets with {labels} labels a class, "
                        "clean and under attack, with noise at test only and in training.",
                        caption=f"{labels} labels a class. Full lines: noise at test only, from "
                        "the plain network at σ = 0 on. Dashed, open markers: noise in training "
                        "too. Bars: standard error over seeds.",
                        name="pde_robustness" if labels == most else f"pde_robustness_{labels}",
                    ),
                )
                for labels in sorted(effort.labels, reverse=True)
            ),
            (
                Picture(
                    slope_chart(SIGMAS, slopes["slope"], still, slopes["slope bound"]),
                    alt="The largest slope of the fields falls with σ; each stays below the dotted "
                    "bound of its own network.",
                    caption=f"The steepest place of the field of plainly trained networks ({most} "
                    "labels a class, the largest over seeds), the bound proved for each network, "
                    "and the bound without velocity.",
                    name="pde_slope",
                ),
            ),
        ),
    )


def _plain_of(found: list[Scores], scores: Scores) -> Scores:
    return next(
        s
        for s in found
        if s.model == "plain" and (s.set_name, s.labels) == (scores.set_name, scores.labels)
    )
