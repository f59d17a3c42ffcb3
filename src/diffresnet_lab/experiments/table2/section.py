"""The words and tables of Table II."""

from __future__ import annotations

from collections.abc import Sequence

from ...pages.section import Cell, Section, Table
from ..experiment import Setup
from ..fewshot.cases import Case, accuracy_columns
from ..fewshot.quoted import SHARED, quoted_table
from ..fewshot.runs import ahead, failed, known
from ..fewshot.sources import left_out
from ..fewshot.words import all_left_out, difference_cell, glimpse, protocol, said_ahead, verdict
from .plan import PAIRS, ROWS, Plan

KINDS = {
    "nearest_prototype": "neither",
    "laplacian_shot": "diffusion alone",
    "convection": "convection alone",
    "external": "diffusion in the loss",
    "internal": "diffusion in the network",
}
"""What moves: the two terms of the paper's equation, and where the second one stands."""


def table_section(cases: Sequence[Case], plan: Plan, setup: Setup) -> Section:
    """Two tables a feature set and kind of rows: accuracies, and what is paired."""
    sets = list(dict.fromkeys(case.of for case in cases))
    _, missing = known(plan.methods)
    groups = [
        [c for c in cases if (c.of, c.rows) == (of, rows)] for of in sets for rows in plan.rows
    ]
    text = (
        protocol(sets, plan.classes, setup.seed),
        "The five methods: the nearest mean of the labelled rows; LaplacianShot, which smooths "
        "labels over neighbouring queries; a residual network x + W₂ ReLU(W₁ x + b₁) + b₂ with a "
        "linear layer on top, trained anew on the labelled rows of every task (convection); the "
        "same with the loss term μ Σ w_ij |out_i − out_j|² over all rows of the task (external); "
        "and Diff-ResNet, the same with r diffusion steps x ← x − γ L x between the block and the "
        "linear layer (internal).",
        _rows_text(groups),
        *(_compared(group) for group in groups),
        *all_left_out(left_out(setup, plan.classes, plan.sources), missing),
    )
    tables = [table for group in groups for table in (_accuracies(group), _differences(group))]
    return Section(
        "Few-shot tasks by five methods (Table II of the paper)",
        tuple(paragraph for paragraph in text if paragraph),
        (*(table for table in tables if table.rows), quoted_table(SHARED)),
    )


def finding(cases: Sequence[Case], plan: Plan) -> str:
    """One sentence: internal against external, on each feature set."""
    said = [
        f"{case.of.source.title}, {ROWS[case.rows]}, {case.draw.title}: "
        f"{said_ahead(ahead(case.outcomes['internal'], case.outcomes['external']))}"
        for case in cases
        if {"internal", "external"} <= case.outcomes.keys()
    ]
    if not said:
        return "Internal and external diffusion are not both there to be compared."
    return (
        f"{glimpse(plan.classes)}Internal less external diffusion, in points, paired over the "
        f"same tasks: {'; '.join(said)}."
    )


def _title(group: Sequence[Case]) -> str:
    return f"{group[0].of.source.title}, {ROWS[group[0].rows]}"


def _rows_text(groups: Sequence[Sequence[Case]]) -> str:
    """Why there are two kinds of rows, with what happened on each."""
    lost = []
    for group in groups:
        for case in group:
            shares = {name: failed(found) for name, found in case.outcomes.items()}
            named = [f"{name} {share:.0f}%" for name, share in shares.items() if share >= 0.5]
            if named:
                lost.append(f"{_title(group)}, {case.draw.title}: {', '.join(named)}")
    what = (
        "The paper’s table is on raw features, and so is ours. How far SGD at the fixed rate 0.1 "
        "gets in 100 epochs depends on how long the rows are and on what they have in common, "
        "which is another matter for every backbone; so each method is also run on rows less the "
        "mean of the base classes, scaled to length 1. "
    )
    if not lost:
        return what + "No training failed."
    return (
        what + "Where training fails, all queries of a task are given to one class, which is right "
        "for one query in as many as there are classes (to the first, where it diverges and scores "
        f"are no longer numbers); that is counted as it is. Share of such tasks: {'; '.join(lost)}."
    )


def _accuracies(group: Sequence[Case]) -> Table:
    names = list(group[0].outcomes)
    columns = accuracy_columns(group)
    tasks = len(next(iter(group[0].outcomes.values())).accuracy)
    return Table(
        caption=f"{_title(group)}: accuracy, %, {tasks:,} tasks",
        header=("Method", "what moves", *(case.draw.title for case in group), "ms a task"),
        rows=tuple(
            (
                group[0].presets[name].title,
                (
                    Cell(KINDS.get(name, "")),
                    *(column[at] for column in columns),
                    Cell(f"{1e3 * group[0].outcomes[name].seconds_per_task:,.1f}"),
                ),
            )
            for at, name in enumerate(names)
        ),
        note=f"{group[0].draw.queries} queries a class. Time by the clock, at "
        f"{group[0].draw.title}.",
    )


def _pairs(group: Sequence[Case]) -> list[tuple[str, str]]:
    return [pair for pair in PAIRS if set(pair) <= group[0].outcomes.keys()]


def _differences(group: Sequence[Case]) -> Table:
    rows = []
    for one, other in _pairs(group):
        cells = [difference_cell(ahead(c.outcomes[one], c.outcomes[other])) for c in group]
        titles = group[0].presets
        rows.append((f"{titles[one].title} − {titles[other].title}", tuple(cells)))
    return Table(
        caption=f"{_title(group)}: differences, points",
        header=("Methods", *(case.draw.title for case in group)),
        rows=tuple(rows),
        note="Paired over the same tasks, with the 95% interval of the mean difference. Marked: "
        "behind by more than the interval.",
    )


def _compared(group: Sequence[Case]) -> str:
    """The paper's claim, internal before external before convection, judged on each case."""
    said = []
    for case in group:
        found = {
            (one, other): ahead(case.outcomes[one], case.outcomes[other])
            for one, other in _pairs(group)[:3]
        }
        words = ", ".join(
            f"{one} is {verdict(each)} {other} ({said_ahead(each, 2)})"
            for (one, other), each in found.items()
        )
        said.append(f"at {case.draw.title} {words}")
    if not _pairs(group):
        return ""
    return f"{_title(group)}: {'; '.join(said)}."
