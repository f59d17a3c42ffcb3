"""What each part of the best Diff-ResNet earns: one changed at a time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from ...nodes.protocol import Protocol
from ...nodes.registry import model_spec
from ..base import Rows, RunConfig
from ..nodes.graphs import required_graphs
from ..nodes.results import ModelResult, find_result, train_model
from .plan import Table1Plan
from .study import BEST

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
"""Name of a change -> fields of the configuration that it changes."""


def run_ablation(config: RunConfig, plan: Table1Plan) -> list[ModelResult]:
    """Train the best model as it is and with each change, or read what `config.shards` has.

    Raises
    ------
    InputError
        If the graphs are not there.
    """
    results = []
    for data in required_graphs(config, plan.ablation_datasets):
        best = model_spec(BEST, data)
        changed = {
            name: replace(
                best, name="best_changed", title=name, config=replace(best.config, **CHANGES[name])
            )
            for name in plan.changes
        }
        protocol = Protocol(*plan.runs_of(BEST, data.name), seed=config.seed)
        for name, spec in {BEST: best, **changed}.items():
            result = train_model(config, data, spec, protocol, epochs=plan.epochs, jobs=plan.jobs)
            results.append(replace(result, model=name, title=name))
    return results


def ablation_rows(results: Sequence[ModelResult]) -> Rows:
    """Return a row for each data set and change, with its difference to the model as it is."""
    rows = []
    for result in results:
        best = find_result(results, result.dataset, BEST)
        assert best is not None
        difference = result.less(best)
        accuracy = result.row()
        del accuracy["std"]
        rows.append(
            {
                "dataset": result.dataset,
                "change": "" if result is best else result.model,
                **accuracy,
                "difference": difference.mean,
                "difference_error": difference.error,
            }
        )
    return rows
