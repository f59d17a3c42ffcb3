"""The page of hard cases: few labels, corrupted graphs, and graphs of other kinds."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from diffresnet.graphs.node_data import NodeData

from ...nodes.protocol import Protocol
from ..base import Experiment, PartResult, Rows, RunConfig
from ..nodes.graphs import TITLES, find_graph
from .comparison import (
    KINDS,
    case_tables,
    damage_name,
    difference_rows,
    graph_name,
    level_figure,
    points_lost,
    rows_of_kind,
    standings,
)
from .plan import NodesHardPlan
from .study import (
    CORRUPTIONS,
    PAPERS,
    HardCase,
    case_rows,
    corrupted_cases,
    size_numbers,
    step_bounds,
)

HELD = Protocol().validation_per_class


def labels_part(config: RunConfig, plan: NodesHardPlan) -> PartResult:
    """Run every model with few labels up to the protocol's 20 a class."""
    if not (graphs := _graphs(config, plan.label_graphs)):
        return PartResult([])
    cases = [HardCase(labels) for labels in plan.labels]
    by_graph = {data.name: case_rows(config, plan, data, cases) for data in graphs}
    rows = [row for each in by_graph.values() for row in each]
    fewest = min(plan.labels)
    panels = {TITLES[name]: graph_rows for name, graph_rows in by_graph.items()}
    return PartResult(
        rows,
        values={
            **_shared(plan, by_graph),
            "fewest": fewest,
            "held": HELD,
            "standings": standings(
                [row for row in rows if row["labels_per_class"] == fewest], graph_name
            ),
            "bounds": {
                data.name: step_bounds(config, plan, data)
                for data in graphs
                if PAPERS in plan.models_on(data.name)
            },
        },
        tables={
            name: each
            for graph, graph_rows in by_graph.items()
            for name, each in case_tables(
                f"labels_{graph}",
                graph_rows,
                lambda row: str(row["labels_per_class"]),
                "labels a class",
            ).items()
        },
        figures={
            "nodes_hard": level_figure(
                panels, lambda row: row["labels_per_class"], "labels a class", logarithmic=True
            )
        },
        settings={
            **plan.counts(),
            "labels_per_class": list(plan.labels),
            "validation_per_class": HELD,
        },
    )


def damage_part(config: RunConfig, plan: NodesHardPlan) -> PartResult:
    """Run every model on graphs corrupted in three ways, by several shares."""
    if not (graphs := _graphs(config, plan.damage_graphs)):
        return PartResult([])
    cases = corrupted_cases(plan.shares)
    by_graph = {data.name: case_rows(config, plan, data, cases) for data in graphs}
    rows = [row for each in by_graph.values() for row in each]
    most = max(plan.shares)
    return PartResult(
        rows,
        values={
            **_shared(plan, by_graph),
            "share": most,
            "losses": {
                KINDS[key]: [
                    {"title": TITLES[name], "points": points_lost(graph_rows, key, most)}
                    for name, graph_rows in by_graph.items()
                ]
                for key in CORRUPTIONS
            },
            "bounds": {data.name: step_bounds(config, plan, data, most) for data in graphs},
        },
        tables={
            name: each
            for graph, graph_rows in by_graph.items()
            for name, each in case_tables(
                f"damage_{graph}", graph_rows, damage_name, "damage"
            ).items()
        },
        figures={
            f"nodes_hard_damage_{graph}": level_figure(
                {title: rows_of_kind(graph_rows, key) for key, title in KINDS.items()},
                lambda row: 100.0 * max(row[key] for key in KINDS),
                "damaged, %",
            )
            for graph, graph_rows in by_graph.items()
        },
        settings={**plan.counts(), "shares": list(plan.shares), "labels_per_class": 20},
    )


def graphs_part(config: RunConfig, plan: NodesHardPlan) -> PartResult:
    """Run every model at the standard protocol on graphs that the authors did not report."""
    if not (graphs := _graphs(config, plan.other_graphs)):
        return PartResult([])
    cases = [HardCase(unit_rows=unit_rows) for unit_rows in (False, True)]
    by_graph = {data.name: case_rows(config, plan, data, cases) for data in graphs}
    rows = [row for each in by_graph.values() for row in each]
    return PartResult(
        rows,
        values={
            **_shared(plan, by_graph),
            "standings": standings([row for row in rows if row["unit_rows"]], graph_name),
            "sizes": {TITLES[data.name]: size_numbers(data, plan) for data in graphs},
        },
        tables=case_tables("graphs", rows, graph_name, "model"),
        settings={
            **plan.counts(),
            "labels_per_class": 20,
            "widths": {name: width for name, width in plan.widths.items() if name in by_graph},
        },
    )


def _graphs(config: RunConfig, names: Sequence[str]) -> list[NodeData]:
    """Return those of the graphs that the data folder has."""
    graphs = (find_graph(config, name) for name in names)
    return [data for data in graphs if data is not None]


def _shared(plan: NodesHardPlan, by_graph: dict[str, Rows]) -> dict[str, Any]:
    """Return what the text of every part names."""
    return {
        "titles": {name: TITLES[name] for name in by_graph},
        "slow": [TITLES[name] for name in by_graph if plan.left_out.get(name)],
        "compared": [name for name, rows in by_graph.items() if difference_rows(rows)],
    }


EXPERIMENT = Experiment(
    Path(__file__).parent,
    {"labels": labels_part, "damage": damage_part, "graphs": graphs_part},
    NodesHardPlan,
)
