"""Fewer labels a class."""

from __future__ import annotations

from ...nodes.protocol import Protocol
from ...pages.figures.levels import level_panels
from ...pages.section import Picture, Section
from ..experiment import Part, Setup
from .plan import MODELS, PAPERS, TITLES, Case, Plan
from .study import Measured, graph_of, rows_of, run_cases, spec_of
from .words import accuracies, counts, curve, cut, differences, no_data, pick, versus, which_model

TITLE = "Few labels a class"
HELD = Protocol().validation_per_class


def labels_part(setup: Setup) -> Part:
    """Every model, from few labels up to the protocol's 20 a class."""
    plan = Plan.of(setup)
    found = run_cases(
        setup, [Case(graph, labels) for graph in plan.label_graphs for labels in plan.labels]
    )
    if not found:
        return no_data(TITLE)
    graphs: dict[str, dict[int, list[Measured]]] = {case.graph: {} for case in found}
    for case, measured in found.items():
        graphs[case.graph][case.labels] = measured
    fewest = min(plan.labels)
    finding = f"{cut(plan)}With {fewest} label{'s' * (fewest > 1)} a class, " + versus(
        {TITLES[graph]: of[fewest] for graph, of in graphs.items()}
    )
    tables = []
    for graph, of in graphs.items():
        columns = {str(labels): measured for labels, measured in of.items()}
        title = TITLES[graph]
        tables.append(accuracies(f"{title}: accuracy, %", "labels a class", columns))
        against = differences(f"{title}: differences, points", "labels a class", columns)
        if against.rows:
            tables.append(against)
    section = Section(
        TITLE,
        (
            f"{counts(plan)} {which_model(plan, list(graphs))}",
            f"Each split keeps {HELD} validation nodes of every class, whatever the number of "
            f"training nodes: with {fewest} a class, {HELD // fewest} times as many labels decide "
            "when to stop as are trained on. That flatters every model that is trained; someone "
            "with so few labels has no such validation set. Label propagation alone never reads "
            "it.",
            "Settings are those of 20 labels a class throughout; nothing was tuned for fewer."
            + "".join(
                _past_the_bound(setup, graph) for graph in graphs if PAPERS in plan.models_on(graph)
            ),
        ),
        tuple(tables),
        ((_picture(graphs),),),
    )
    settings = {
        "splits": plan.splits,
        "inits": plan.inits,
        "epochs": plan.epochs,
        "labels_per_class": list(plan.labels),
        "validation_per_class": HELD,
    }
    return Part(section, rows_of(found), finding, settings)


def _past_the_bound(setup: Setup, graph: str) -> str:
    """A sentence where the published step is longer than is stable; else nothing."""
    data = graph_of(setup.data, graph)
    assert data is not None
    gamma, longest = spec_of(PAPERS, data, None).config.gamma, data.laplacian.max_step()
    if gamma <= longest:
        return ""
    return (
        f" On {TITLES[graph]} the published step γ = {gamma:g} is past the stability bound "
        f"{longest:.3f}, and is run as published."
    )


def _picture(graphs: dict[str, dict[int, list[Measured]]]) -> Picture:
    panels = {}
    for graph, of in graphs.items():
        curves = {}
        for index, model in enumerate(MODELS):
            there = {level: pick(measured, model) for level, measured in of.items()}
            have = {level: m for level, m in there.items() if m is not None}
            if have:
                title = next(iter(have.values())).title
                curves[index, title] = curve(list(have), list(have.values()))
        panels[TITLES[graph]] = curves
    return Picture(
        level_panels(panels, "labels a class", logarithmic=True),
        alt="Test accuracy against the number of labels a class, a panel a graph, a curve a model.",
        caption="Test accuracy against the number of training labels of each class. Bars: standard "
        "error clustered by split.",
        name="nodes_hard",
    )
