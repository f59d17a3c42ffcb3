"""Graphs that the authors did not report, at the standard protocol."""

from __future__ import annotations

from ...nodes.data import NodeData
from ...report.section import Section
from ..experiment import Part, Setup
from .plan import PAPERS, TITLES, WIDTHS, Case, Plan
from .study import graph_of, preset_of, rows_of, run_cases
from .words import accuracies, counts, cut, differences, no_data, versus, which_model

TITLE = "Other graphs"
COPIES = 5
"""Of the weights while they train: themselves, gradient, both moments of Adam, the best state."""


def graphs_part(setup: Setup) -> Part:
    """Every model, with settings that were not made for these graphs."""
    plan = Plan.of(setup)
    found = {
        case.graph: measured
        for case, measured in run_cases(setup, [Case(name) for name in plan.other_graphs]).items()
    }
    if not found:
        return no_data(TITLE)
    graphs = {graph: graph_of(setup.data, graph) for graph in found}
    columns = {TITLES[graph]: measured for graph, measured in found.items()}
    tables = [accuracies("Accuracy, %", "model", columns)]
    against = differences("Differences, points", "models", columns)
    if against.rows:
        tables.append(against)
    finding = f"{cut(plan)}At the standard protocol, {versus(columns)}"
    section = Section(
        TITLE,
        (
            f"{counts(plan)} {which_model(plan, list(found))}",
            "20 training and 30 validation nodes of every class, all others for testing; largest "
            "component, features as 0 and 1. Nothing was tuned on these graphs: Diff-ResNet takes "
            "the strength of Cora, with steps that are stable here; GRAND-l the settings of Cora.",
            *(_size(data) for data in graphs.values() if data is not None),
        ),
        tuple(tables),
    )
    settings = {
        "splits": plan.splits,
        "inits": plan.inits,
        "epochs": plan.epochs,
        "labels_per_class": 20,
        "widths": {name: width for name, width in WIDTHS.items() if name in found},
    }
    rows = rows_of({measured[0].case: measured for measured in found.values()})
    return Part(section, rows, finding, settings)


def _size(data: NodeData) -> str:
    """Nodes, edges, features, and the memory that a Diff-ResNet of full width takes."""
    (n, f), mib = data.features.shape, 2**20
    chosen = preset_of(PAPERS, data, None).settings
    own = f"It runs at hidden width {chosen['width']}, after a linear layer that leads there. "
    return (
        f"{TITLES.get(data.name, data.name)}: {n:,} nodes, {data.edges:,} edges, {f:,} features, "
        f"{data.classes} classes; γ = {chosen['gamma']:.3g}, {chosen['steps']} steps (stable up to "
        f"{data.laplacian.max_step():.3f}). Where the hidden width is the number of features, the "
        f"residual block has {(f * f + f) / 1e6:.1f} million weights, in training "
        f"{COPIES * 4 * (f * f + f) / mib:,.0f} MiB for each initialisation, and every layer of "
        f"features takes {4 * n * f / mib:,.0f} MiB. "
        + (own if chosen["width"] else "It runs at that width.")
    )
