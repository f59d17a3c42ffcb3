"""Graphs that the authors did not report, at the standard protocol."""

from __future__ import annotations

from diffresnet.graphs.node_data import NodeData

from ...pages.section import Section
from ..experiment import Part, Setup
from .plan import PAPERS, TITLES, WIDTHS, Case, Plan
from .study import graph_of, rows_of, run_cases, spec_of
from .words import accuracies, counts, cut, differences, no_data, versus, which_model

TITLE = "Other graphs"
COPIES = 5
"""Of the weights while they train: themselves, gradient, both moments of Adam, the best state."""


def graphs_part(setup: Setup) -> Part:
    """Every model, with settings that were not made for these graphs."""
    plan = Plan.of(setup)
    cases = [Case(name, unit=unit) for name in plan.other_graphs for unit in (False, True)]
    found = run_cases(setup, cases)
    if not found:
        return no_data(TITLE)
    names = list(dict.fromkeys(case.graph for case in found))
    columns = {case.title: measured for case, measured in found.items()}
    tables = [accuracies("Accuracy, %", "model", columns)]
    against = differences("Differences, points", "models", columns)
    if against.rows:
        tables.append(against)
    fair = {case.title: measured for case, measured in found.items() if case.unit}
    finding = f"{cut(plan)}On graphs with other features, {versus(fair)}"
    section = Section(
        TITLE,
        (
            f"{counts(plan)} {which_model(plan, names)}",
            "20 training and 30 validation nodes of every class, all others for testing; largest "
            "component, features as 0 and 1, rows divided by their sum (the protocol) or by their "
            "length. Diff-ResNet takes the strength of Cora, with steps that are stable here, "
            "GRAND-l the settings of Cora; that the best Diff-ResNet centres rows was chosen on "
            "validation nodes of other splits, of Amazon Photo among them. Nothing else was tuned.",
            "The best Diff-ResNet centres rows and brings them to length 1 by itself: both columns "
            "are one run. Other models, made for nodes of 20 words, suffer from the small numbers "
            "where nodes have hundreds; the columns of length 1 are the fair ones.",
            *(_size(data) for data in (graph_of(setup.data, name) for name in names) if data),
        ),
        tuple(tables),
    )
    settings = {
        "splits": plan.splits,
        "inits": plan.inits,
        "epochs": plan.epochs,
        "labels_per_class": 20,
        "widths": {name: width for name, width in WIDTHS.items() if name in names},
    }
    return Part(section, rows_of(found), finding, settings)


def _size(data: NodeData) -> str:
    """Nodes, edges, features, and the memory that a Diff-ResNet of full width takes."""
    (n, f), mib = data.features.shape, 2**20
    config = spec_of(PAPERS, data, None).config
    own = f"It runs at hidden width {config.width}, after a linear layer that leads there. "
    return (
        f"{TITLES.get(data.name, data.name)}: {n:,} nodes, {data.edges:,} edges, {f:,} features, "
        f"{data.classes} classes; γ = {config.gamma:.3g}, {config.steps} steps (stable up to "
        f"{data.laplacian.max_step():.3f}). Where the hidden width is the number of features, the "
        f"residual block has {(f * f + f) / 1e6:.1f} million weights, in training "
        f"{COPIES * 4 * (f * f + f) / mib:,.0f} MiB for each initialisation, and every layer of "
        f"features takes {4 * n * f / mib:,.0f} MiB. "
        + (own if config.width else "It runs at that width.")
    )
