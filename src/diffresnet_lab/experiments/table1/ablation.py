"""What each part of the best Diff-ResNet earns: one changed at a time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import isnan
from typing import Any

from ...nodes.model_spec import ModelSpec
from ...nodes.protocol import Protocol
from ...nodes.registry import model_spec
from ...nodes.trials import run_trials
from ...pages.section import Cell, Section, Table
from ..experiment import Part, Setup
from .graphs import citation_graphs, title
from .plan import Counts
from .study import BEST, Result, all_runs, difference, find
from .words import ahead, datasets

CHANGES: dict[str, dict[str, Any]] = {
    "no teacher": {"consistency_weight": 0.0},
    "a teacher without guide": {"prior_strength": 0.0},
    "a teacher without memory": {"ema_decay": 0.0},
    "a sharpened teacher": {"sharpening": 1.5},
    "no edges between similar nodes": {"feature_graph": 0.0},
    "no residual path": {"residual": False},
    "rows not centred": {"row_scaling": "unit"},
    "rows as they are": {"row_scaling": "raw"},
    "weak decay": {"input_weight_decay": 5e-3},
    "no dropout of words": {"input_dropout": 0.0},
    "no diffusion": {"steps": 0},
}
"""What is changed, in words, and in the settings."""


@dataclass(frozen=True)
class AblationPlan:
    """What is run."""

    counts: Counts
    datasets: tuple[str, ...] = ("cora", "citeseer")
    changes: tuple[str, ...] = tuple(CHANGES)
    epochs: int = 10_000
    jobs: int = 2


TWO_CORES = AblationPlan(Counts(10, 2))
"""As many runs as Table I has of the best model, which are read from there."""

QUICK = AblationPlan(Counts(2, 1), ("cora",), ("no teacher", "no diffusion"), epochs=10, jobs=1)


def ablation(setup: Setup, plan: AblationPlan | None = None) -> Part:
    """The best model beside itself without each of its parts.

    Raises
    ------
    InputError
        If the graphs are not there.
    """
    if plan is None:
        plan = QUICK if setup.quick else TWO_CORES
    results = run_ablation(setup, plan)
    settings = {"splits_and_inits": str(plan.counts), "epochs": plan.epochs}
    return Part(
        ablation_section(results, plan),
        _rows(results),
        _finding(results, plan),
        settings,
        all_runs(results),
    )


def run_ablation(setup: Setup, plan: AblationPlan) -> list[Result]:
    """Train everything, or read what `setup.shards` has of it."""
    protocol = Protocol(plan.counts.splits, plan.counts.inits, seed=setup.seed)
    results = []
    for data in citation_graphs(setup, plan.datasets, "cpu"):
        whole = model_spec(BEST, data)
        for name, each in {BEST: whole, **_variants(whole, plan)}.items():
            training = replace(each.training, epochs=min(plan.epochs, each.training.epochs))
            runs = run_trials(
                data,
                replace(each, training=training),
                protocol,
                cache=setup.shards,
                jobs=plan.jobs,
            )
            results.append(Result(data.name, name, name, runs))
    return results


def _variants(whole: ModelSpec, plan: AblationPlan) -> dict[str, ModelSpec]:
    return {
        name: replace(
            whole, name="best_changed", title=name, config=replace(whole.config, **CHANGES[name])
        )
        for name in plan.changes
    }


def ablation_section(results: Sequence[Result], plan: AblationPlan) -> Section:
    """A column a data set, a row a change."""
    names = datasets(results)
    rows = []
    for change in (BEST, *plan.changes):
        cells = []
        for name in names:
            one, best = find(results, name, change), find(results, name, BEST)
            assert one is not None
            assert best is not None
            cells.append(Cell(f"{one.accuracy.mean:.1f}", f"± {one.accuracy.error:.1f}"))
            cells.append(_less(one, best))
        rows.append(("as it is" if change == BEST else change, tuple(cells)))
    header = [part for name in names for part in (title(name), "less as it is")]
    cut = "" if plan.epochs >= 1000 else f" Cut off after {plan.epochs} epochs: only a look."
    return Section(
        title="What earns what in the best Diff-ResNet",
        text=(
            "One part is changed at a time. Differences are paired by split, ± the standard error "
            "clustered by split; a change that gains is marked, since it speaks against the "
            "settings as they are." + cut,
        ),
        tables=(
            Table(
                caption=f"Accuracy in percent on test nodes, {plan.counts} runs each",
                header=("Change", *header),
                rows=tuple(rows),
            ),
        ),
    )


def _less(one: Result, best: Result) -> Cell:
    if one is best:
        return Cell("–")
    found = difference(one, best)
    value, _, spread = ahead(found).partition(" ")
    return Cell(value, spread, loss=round(found.mean, 1) > 0)


def _rows(results: Sequence[Result]) -> list[dict[str, Any]]:
    rows = []
    for result in results:
        best = find(results, result.dataset, BEST)
        assert best is not None
        found = difference(result, best)
        rows.append(
            {
                "dataset": result.dataset,
                "change": "" if result is best else result.model,
                "splits": result.splits,
                "inits": result.inits,
                "accuracy": result.accuracy.mean,
                "standard_error": result.accuracy.error,
                "difference": found.mean,
                "difference_error": found.error,
            }
        )
    return rows


def _finding(results: Sequence[Result], plan: AblationPlan) -> str:
    """Which changes cost more than two standard errors."""
    if plan.epochs < 1000:
        return f"Cut off after {plan.epochs} epochs, the ablation says nothing yet."
    said = []
    for name in datasets(results):
        best = find(results, name, BEST)
        assert best is not None
        found = {
            r.title: difference(r, best) for r in results if r.dataset == name and r is not best
        }
        worse = [f"{who} ({ahead(d)})" for who, d in found.items() if _clear(d.mean, d.error) < 0]
        better = [f"{who} ({ahead(d)})" for who, d in found.items() if _clear(d.mean, d.error) > 0]
        said.append(
            f"on {title(name)} {', '.join(worse) or 'no change'} costs more than two standard "
            f"errors, {', '.join(better) or 'none'} gains as much"
        )
    return "Of the best Diff-ResNet’s parts, " + "; ".join(said) + "."


def _clear(mean: float, error: float) -> int:
    if isnan(error) or abs(mean) <= 2 * error:
        return 0
    return 1 if mean > 0 else -1
