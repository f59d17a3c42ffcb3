"""Running the cases of the plan, and comparing models split by split."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from functools import cache, cached_property
from pathlib import Path
from typing import Any

import numpy as np

from diffresnet.graphs.graph import read_graph
from diffresnet.graphs.node_data import NodeData
from diffresnet.graphs.preset import Preset, of

from ...nodes.damage import Damage
from ...nodes.models.diff_resnet import DiffResNetNodes, DiffResNetSettings
from ...nodes.presets import preset
from ...nodes.results import SplitRuns, Summary, difference, summary
from ...nodes.sweep import Protocol, sweep
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
    def summary(self) -> Summary:
        return summary(self.runs)


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


def preset_of(model: str, data: NodeData, epochs: int | None) -> Preset:
    """As everywhere else, but for the width on a graph of very many features.

    The graph is the undamaged one: who has a damaged graph does not know it.
    """
    chosen = preset(model, data)
    if data.name in WIDTHS and "placement" in chosen.settings:
        settings = replace(DiffResNetSettings(**chosen.settings), width=WIDTHS[data.name])
        chosen = of(chosen.name, chosen.title, DiffResNetNodes, settings, chosen.training)
    if epochs is not None:
        chosen = replace(chosen, training=replace(chosen.training, epochs=epochs))
    return chosen


@cache  # the parts share what is neither damaged nor short of labels
def _measured(setup: Setup, case: Case, model: str) -> Measured:
    data = graph_of(setup.data, case.graph)
    assert data is not None
    chosen = preset_of(model, data, Plan.of(setup).epochs)
    if case.unit and "rows" not in chosen.settings:  # or the model does so itself
        data = data.with_unit_rows()
    protocol = protocol_of(setup, case)
    runs = sweep(data, chosen, protocol, damage=case.damage, shards=setup.shards)
    return Measured(case, model, chosen.title, tuple(runs))


def rows_of(found: dict[Case, list[Measured]]) -> list[dict[str, Any]]:
    """The numbers of each model in each case, with its differences to the rivals."""
    rows = []
    for case, measured in found.items():
        damage = asdict(case.damage or Damage())
        rivals = {m.model: m for m in measured if m.model in RIVALS}
        for m in measured:
            row: dict[str, Any] = {
                "dataset": case.graph,
                "labels_per_class": case.labels,
                "unit_rows": case.unit,
                **damage,
                "model": m.model,
                "splits": len(m.runs),
                "inits": len(m.runs[0].accuracy),
                "accuracy": m.summary.accuracy,
                "std": m.summary.std,
                "standard_error": _number(m.summary.error),
                "epochs": float(np.mean([run.epochs.mean() for run in m.runs])),
                "seconds_per_run": m.summary.seconds,
            }
            for name in RIVALS:
                there = name in rivals and name != m.model
                more = difference(m.runs, rivals[name].runs) if there else None
                row[f"over_{name}"] = None if more is None else more.mean
                row[f"over_{name}_error"] = None if more is None else _number(more.error)
            rows.append(row)
    return rows


def _number(value: float) -> float | None:
    return value if math.isfinite(value) else None
