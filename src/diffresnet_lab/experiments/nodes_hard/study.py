"""Models on graphs with few labels, on corrupted graphs, and on graphs of other kinds."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np

from diffresnet.graphs.node_data import NodeData

from ...nodes.corruption import Corruption
from ...nodes.model_spec import ModelSpec
from ...nodes.models.diff_resnet import DiffResNetConfig
from ...nodes.protocol import Protocol
from ...nodes.registry import model_spec
from ..base import Rows, RunConfig
from ..nodes.results import ModelResult, train_model
from .plan import NodesHardPlan

OURS = "best"
"""Speaks for us wherever one number must."""

PAPERS = "diff_resnet_once"
"""The paper's network; as released, with dropout at every step, it takes 4 to 8 times as long."""

RIVALS = ("gcn", "grand_l", "appnp")
"""What every model is compared to, split by split."""

CORRUPTIONS = {"rewired": "edge_rewiring", "flipped": "feature_noise", "wrong": "label_noise"}
"""Key of a row -> field of `Corruption`."""

COPIES = 5
"""Of the weights while they train: themselves, gradient, both moments of Adam, the best state."""


@dataclass(frozen=True)
class HardCase:
    """What is asked of the models on a graph.

    Parameters
    ----------
    labels : training labels of each class.
    unit_rows : whether rows of the features have length 1, not sum 1 as the protocol says.
    """

    labels: int = 20
    corruption: Corruption | None = None
    unit_rows: bool = False


def corrupted_cases(shares: Iterable[float]) -> list[HardCase]:
    """Return the graph as it is, and each kind of corruption by each share."""
    return [HardCase()] + [
        HardCase(corruption=Corruption(**{field: share}))
        for field in CORRUPTIONS.values()
        for share in shares
    ]


def case_rows(
    config: RunConfig, plan: NodesHardPlan, data: NodeData, cases: Iterable[HardCase]
) -> Rows:
    """Return a row for each model of the plan in each case, with its differences to the rivals."""
    rows = []
    for case in cases:
        results = {
            model: _train(config, plan, data, case, model) for model in plan.models_on(data.name)
        }
        corruption = asdict(case.corruption or Corruption())
        for result in results.values():
            row: dict[str, Any] = {
                "dataset": data.name,
                "labels_per_class": case.labels,
                "unit_rows": case.unit_rows,
                **{key: corruption[name] for key, name in CORRUPTIONS.items()},
                "model": result.model,
                **result.row(),
                "epochs": float(np.mean([run.epochs.mean() for run in result.runs])),
                "seconds_per_run": result.seconds,
            }
            for name in RIVALS:
                compared = name in results and name != result.model
                difference = result.less(results[name]) if compared else None
                row[f"over_{name}"] = None if difference is None else difference.mean
                row[f"over_{name}_error"] = None if difference is None else difference.error
            rows.append({key: _finite(value) for key, value in row.items()})
    return rows


def _finite(value: Any) -> Any:
    return None if isinstance(value, float) and not math.isfinite(value) else value


def _train(
    config: RunConfig, plan: NodesHardPlan, data: NodeData, case: HardCase, model: str
) -> ModelResult:
    spec = adapted_spec(model, data, plan)
    if case.unit_rows and not hasattr(spec.config, "row_scaling"):  # or the model does so itself
        data = data.with_unit_rows()
    protocol = Protocol(plan.splits, plan.inits, case.labels, seed=config.seed)
    return train_model(config, data, spec, protocol, epochs=plan.epochs, corruption=case.corruption)


def adapted_spec(model: str, data: NodeData, plan: NodesHardPlan) -> ModelSpec:
    """Return the model as everywhere else, but for the width on a graph of very many features.

    The graph is the undamaged one: who has a damaged graph does not know it.
    """
    spec = model_spec(model, data)
    if data.name in plan.widths and isinstance(spec.config, DiffResNetConfig):
        spec = replace(spec, config=replace(spec.config, width=plan.widths[data.name]))
    return spec


def step_bounds(
    config: RunConfig, plan: NodesHardPlan, data: NodeData, rewired: float = 0.0
) -> dict[str, float]:
    """Return the step of the paper's network, and its stability bound.

    Parameters
    ----------
    rewired : float
        Share of the edges that are rewired.

    Returns
    -------
    `gamma`; the `bound` of the graph as it is; the smallest `rewired_bound` of all splits.
    """
    protocol, corruption = Protocol(seed=config.seed), Corruption(edge_rewiring=rewired)
    bounds = [
        corruption.apply(
            data, protocol.split(data, index), [protocol.seed, index]
        ).laplacian.max_step()
        for index in range(plan.splits if rewired else 0)
    ]
    return {
        "gamma": adapted_spec(PAPERS, data, plan).config.gamma,
        "bound": data.laplacian.max_step(),
        "rewired_bound": min(bounds, default=data.laplacian.max_step()),
    }


def size_numbers(data: NodeData, plan: NodesHardPlan) -> dict[str, Any]:
    """Return the size of a graph, and what a Diff-ResNet as wide as its features would take."""
    nodes, features = data.features.shape
    config = adapted_spec(PAPERS, data, plan).config
    weights = features * features + features
    return {
        "nodes": nodes,
        "edges": data.edges,
        "features": features,
        "classes": data.classes,
        "gamma": config.gamma,
        "steps": config.steps,
        "bound": data.laplacian.max_step(),
        "width": config.width,
        "weights": weights,
        "training_mib": COPIES * 4 * weights / 2**20,
        "layer_mib": 4 * nodes * features / 2**20,
    }
