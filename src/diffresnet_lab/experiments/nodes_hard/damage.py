"""Edges rewired, features flipped, labels wrong."""

from __future__ import annotations

from collections.abc import Mapping

from ...nodes.corruption import Corruption
from ...nodes.results import accuracy_difference
from ...pages.figures.levels import level_panels
from ...pages.section import Picture, Section, Table
from ..experiment import Part, Setup
from .plan import MODELS, OURS, PAPERS, RIVALS, TITLES, Case, Plan
from .study import Measured, graph_of, protocol_of, rows_of, run_cases, spec_of
from .words import accuracies, counts, curve, cut, differences, no_data, pick, which_model

TITLE = "Damaged graphs"
KINDS = {
    "edge_rewiring": "edges rewired",
    "feature_noise": "features flipped",
    "label_noise": "labels wrong",
}

Levels = Mapping[float, list[Measured]]
"""Share that is damaged -> every model; share 0 is the graph as it is."""


def damage_part(setup: Setup) -> Part:
    """Every model on graphs damaged in three ways, by several shares."""
    plan = Plan.of(setup)
    graphs = {graph: _levels(setup, graph) for graph in plan.damage_graphs}
    graphs = {graph: kinds for graph, kinds in graphs.items() if kinds}
    if not graphs:
        return no_data(TITLE)
    most = max(plan.shares)
    found = {
        m[0].case: m
        for kinds in graphs.values()
        for levels in kinds.values()
        for m in levels.values()
    }
    tables: list[Table] = []
    for graph, kinds in graphs.items():
        columns = {"none": next(iter(kinds.values()))[0.0]} | {
            f"{name.split()[0]} {share:.0%}": kinds[kind][share]
            for kind, name in KINDS.items()
            for share in plan.shares
        }
        tables.append(accuracies(f"{TITLES[graph]}: accuracy, %", "damage", columns))
        compared = differences(f"{TITLES[graph]}: differences, points", "damage", columns)
        if compared.rows:
            tables.append(compared)
    finding = f"{cut(plan)}Points lost: " + "; ".join(
        f"with {most:.0%} of {name}, {_costs(graphs, kind, most)}" for kind, name in KINDS.items()
    )
    finding += "."
    section = Section(
        TITLE,
        (
            f"{counts(plan)} {which_model(plan, list(graphs))}",
            "Rewired: that share of the edges is taken away, and as many new ones join random "
            "pairs that no edge joined; degrees are not kept, and nodes may end up alone. Flipped: "
            "that share of all words present moves, each to a place of the same node that held no "
            "word, so that every node keeps its number of words. Wrong: that share of the "
            "training labels, and of the validation labels, becomes another class, uniformly; "
            "labels that are tested against are true. The damage is drawn anew for every split, "
            "the same for all models, and the errors hold its chance.",
            "Settings are those of the undamaged graph: nobody who has a damaged graph knows it. "
            + " ".join(_bounds(setup, graph, most) for graph in graphs),
        ),
        tuple(tables),
        tuple((_picture(graph, kinds),) for graph, kinds in graphs.items()),
    )
    settings = {
        "splits": plan.splits,
        "inits": plan.inits,
        "epochs": plan.epochs,
        "shares": list(plan.shares),
        "labels_per_class": 20,
    }
    return Part(section, rows_of(found), finding, settings)


def _levels(setup: Setup, graph: str) -> dict[str, Levels]:
    """Kind of damage -> share -> models; empty without the graph."""
    shares = Plan.of(setup).shares
    found: dict[str, Levels] = {}
    for kind in KINDS:
        cases = {0.0: Case(graph)}
        cases |= {share: Case(graph, damage=Corruption(**{kind: share})) for share in shares}
        of_case = run_cases(setup, list(cases.values()))
        if of_case:
            found[kind] = {share: of_case[case] for share, case in cases.items()}
    return found


def _costs(graphs: Mapping[str, Mapping[str, Levels]], kind: str, share: float) -> str:
    """What the damage costs us, and in brackets what it costs the rivals."""
    of_graph = []
    for graph, kinds in graphs.items():
        words = []
        for model in (OURS, *RIVALS):
            whole, hurt = pick(kinds[kind][0.0], model), pick(kinds[kind][share], model)
            if whole is not None and hurt is not None:
                lost = f"{accuracy_difference(whole.runs, hurt.runs).mean:.1f}".replace("-", "−")
                words.append(f"{whole.title} {lost}")
        ours, *rivals = words
        of_graph.append(f"{ours} on {TITLES[graph]} ({', '.join(rivals)})")
    return " and ".join(of_graph)


def _bounds(setup: Setup, graph: str, share: float) -> str:
    """Whether the step is still stable on the rewired graphs."""
    data = graph_of(setup.data, graph)
    assert data is not None
    protocol = protocol_of(setup, Case(graph))
    damage = Corruption(edge_rewiring=share)
    longest = min(
        damage.apply(data, protocol.split(data, index), [protocol.seed, index]).laplacian.max_step()
        for index in range(protocol.splits)
    )
    gamma = spec_of(PAPERS, data, None).config.gamma
    how = "is past" if gamma > longest else "is below"
    return (
        f"On {TITLES[graph]} the step γ = {gamma:g} {how} {longest:.3f}, the smallest stability "
        f"bound of the graphs with {share:.0%} of their edges rewired; as given, the bound is "
        f"{data.laplacian.max_step():.3f}."
    )


def _picture(graph: str, kinds: Mapping[str, Levels]) -> Picture:
    panels = {}
    for kind, levels in kinds.items():
        curves = {}
        for index, model in enumerate(MODELS):
            there = {share: pick(found, model) for share, found in levels.items()}
            have = {100 * share: m for share, m in there.items() if m is not None}
            if have:
                title = next(iter(have.values())).title
                curves[index, title] = curve(list(have), list(have.values()))
        panels[KINDS[kind]] = curves
    return Picture(
        level_panels(panels, "damaged, %"),
        alt=f"{TITLES[graph]}: test accuracy against the share that is damaged, a panel for edges, "
        "features and labels, a curve a model.",
        caption=f"{TITLES[graph]}: test accuracy against the share of edges rewired, of features "
        "flipped and of labels wrong. Bars: standard error clustered by split.",
        name=f"nodes_hard_damage_{graph}",
    )
