"""Running the cases of the plan, and comparing models split by split."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache, cached_property
from pathlib import Path
from typing import Any

import numpy as np

from diffresnet.graphs.graph import read_graph
from diffresnet.graphs.node_data import NodeData

from ...nodes.corruption import Corruption
from ...nodes.model_spec import ModelSpec
from ...nodes.models.diff_resnet import DiffResNetConfig
from ...nodes.protocol import Protocol
from ...nodes.registry import model_spec
from ...nodes.results import SplitRuns, accuracy_difference, mean_accuracy, seconds_per_run
from ...nodes.trials import run_trials
from ...statistics import Estimate
from ..experiment import Setup
from .plan import RIVALS, WIDTHS, Case, Plan


@dataclass(frozen=True, eq=False)
class Measured:
    """One model in one case."""

    case: Case
    model: str
    title: str
    runs: tuple[SplitRuns, ...]

    @cached_property
    def accuracy(self) -> Estimate:
        return mean_accuracy(self.runs)


def run_case(setup: Setup, case: Case) -> list[Measured]:
    """Every model of the plan; empty where there is no such graph in the data folder."""
    data = graph_of(setup.data, case.graph)
    if data is None:
        return []
    return [_measured(setup, case, model) for model in Plan.of(setup).models_on(case.graph)]


def run_cases(setup: Setup, cases: Sequence[Case]) -> dict[Case, list[Measured]]:
    """Those that have a graph, in their order."""
    found = {case: run_case(setup, case) for case in cases}
    return {case: measured for case, measured in found.items() if measured}


@cache
def graph_of(folder: Path | None, name: str) -> NodeData | None:
    """A graph of the data folder, if it is there."""
    path = None if folder is None else folder / "graphs" / f"{name}.npz"
    if path is None or not path.exists():
        return None
    return NodeData.from_graph(read_graph(path))


def protocol_of(setup: Setup, case: Case) -> Protocol:
    plan = Plan.of(setup)
    return Protocol(plan.splits, plan.inits, case.labels, seed=setup.seed)


def spec_of(model: str, data: NodeData, epochs: int | None) -> ModelSpec:
    """As everywhere else, but for the width on a graph of very many features.

    The graph is the undamaged one: who has a damaged graph does not know it.
    """
    spec = model_spec(model, data)
    if data.name in WIDTHS and isinstance(spec.config, DiffResNetConfig):
        config = replace(spec.config, width=WIDTHS[data.name])
        spec = replace(spec, config=config)
    if epochs is not None:
        spec = replace(spec, training=replace(spec.training, epochs=epochs))
    return spec


@cache  # the parts share what is neither damaged nor short of labels
def _measured(setup: Setup, case: Case, model: str) -> Measured:
    data = graph_of(setup.data, case.graph)
    assert data is not None
    spec = spec_of(model, data, Plan.of(setup).epochs)
    if case.unit and not hasattr(spec.config, "row_scaling"):  # or the model does so itself
        data = data.with_unit_rows()
    protocol = protocol_of(setup, case)
    runs = run_trials(data, spec, protocol, corruption=case.damage, cache=setup.shards)
    return Measured(case, model, spec.title, tuple(runs))


def rows_of(found: dict[Case, list[Measured]]) -> list[dict[str, Any]]:
    """The numbers of each model in each case, with its differences to the rivals."""
    rows = []
    for case, measured in found.items():
        damage = case.damage or Corruption()
        rivals = {m.model: m for m in measured if m.model in RIVALS}
        for m in measured:
            row: dict[str, Any] = {
                "dataset": case.graph,
                "labels_per_class": case.labels,
                "unit_rows": case.unit,
                "rewired": damage.edge_rewiring,
                "flipped": damage.feature_noise,
                "wrong": damage.label_noise,
                "model": m.model,
                "splits": len(m.runs),
                "inits": len(m.runs[0].accuracy),
                "accuracy": m.accuracy.mean,
                "std": m.accuracy.std,
                "standard_error": _number(m.accuracy.error),
                "epochs": float(np.mean([run.epochs.mean() for run in m.runs])),
                "seconds_per_run": seconds_per_run(m.runs),
            }
            for name in RIVALS:
                there = name in rivals and name != m.model
                more = accuracy_difference(m.runs, rivals[name].runs) if there else None
                row[f"over_{name}"] = None if more is None else more.mean
                row[f"over_{name}_error"] = None if more is None else _number(more.error)
            rows.append(row)
    return rows


def _number(value: float) -> float | None:
    return value if math.isfinite(value) else None
