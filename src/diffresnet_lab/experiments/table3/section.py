"""The words and tables of Table III."""

from __future__ import annotations

from collections.abc import Sequence

from ...pages.section import Cell, Section, Table
from ..experiment import Setup
from ..fewshot.cases import Case, accuracy_columns
from ..fewshot.quoted import SHARED, STRONGER, quoted_table
from ..fewshot.runs import ahead
from ..fewshot.sources import left_out
from ..fewshot.words import NONE, all_left_out, difference_cell, glimpse, protocol, said, said_ahead
from .plan import BALANCED_PRIOR, OURS, Plan
from .study import there


def table_section(cases: Sequence[Case], plan: Plan, setup: Setup) -> Section:
    """A table of accuracies a feature set, and one of differences for each method of ours."""
    sets = list(dict.fromkeys(case.of for case in cases))
    groups = [[case for case in cases if case.of == of] for of in sets]
    names, missing = there(plan)
    tables = [_accuracies(group) for group in groups]
    for group in groups:
        tables += [_differences(group, ours) for ours in OURS if ours in names]
    first, *others = (of.source for of in sets)
    text = (
        protocol(sets, plan.classes, setup.seed),
        "The tricks of the paper’s Table III: rows less the mean of the base classes; scaled to "
        "length 1; queries shifted by mean(labelled rows) − mean(queries) of their task; "
        "prototypes made from labelled rows and queries together. SimpleShot takes the first two, "
        "as it is published; methods that train on the labelled rows the first three. "
        f"{_own_transform(groups[0])}docs/fewshot.md has the whole table.",
        "Unequal: the numbers of queries of the classes of a task are drawn by a Dirichlet "
        f"distribution of concentration 2, times {first.ways} × {first.unequal} queries"
        + "".join(
            f" ({source.ways} × {source.unequal} on {source.title}, whose classes are small)"
            for source in others
            if source.unequal != first.unequal
        )
        + f". {_prior(names, groups[0])}",
        *all_left_out(left_out(setup, plan.classes, plan.sources), missing),
    )
    return Section(
        "Few-shot tasks with every trick (Table III of the paper)",
        tuple(paragraph for paragraph in text if paragraph),
        (*tables, quoted_table((*SHARED, *STRONGER))),
    )


def _own_transform(group: Sequence[Case]) -> str:
    """Who takes raw features instead of the tricks."""
    titles = [chosen.title for chosen in group[0].presets.values() if chosen.note]
    if not titles:
        return ""
    return f"With a transform of their own (TIM: length 1), without these: {'; '.join(titles)}. "


def _prior(names: Sequence[str], group: Sequence[Case]) -> str:
    """Who assumes balance, so that the first columns are no fair comparison."""
    titles = [group[0].presets[name].title for name in BALANCED_PRIOR if name in names]
    if not titles:
        return ""
    verb = "assumes" if len(titles) == 1 else "assume"
    return (
        f"{' and '.join(titles)} {verb} that every class has as many queries as any other, which "
        "is so in the balanced columns and seldom in practice; TIM leans towards it."
    )


def finding(cases: Sequence[Case], plan: Plan) -> str:
    """A line for each feature set: our first method, and the best that assumes no balance."""
    lines: dict[str, list[str]] = {}
    for case in cases:
        free = {n: o for n, o in case.outcomes.items() if n not in BALANCED_PRIOR}
        ours = next((n for n in ("best", "internal") if n in free), None)
        rivals = {n: o for n, o in free.items() if n not in OURS}
        if ours is None or not rivals:
            continue
        rival = max(rivals, key=lambda name: rivals[name].summary.mean)
        lines.setdefault(f"{case.of.source.title}, {case.presets[ours].title}", []).append(
            f"{case.draw.title} {said(free[ours].summary)} ({case.presets[rival].title}: "
            f"{said_ahead(ahead(free[ours], rivals[rival]))})"
        )
    if not lines:
        return "None of our methods is there to be compared."
    what = (
        f"{glimpse(plan.classes)}Accuracy in percent; in brackets the best other method without a "
        f"balanced prior, and what ours is ahead of it by, paired."
    )
    return "\n".join([what, *(f"{name}: {'; '.join(found)}." for name, found in lines.items())])


def _accuracies(group: Sequence[Case]) -> Table:
    names = list(group[0].outcomes)
    columns = accuracy_columns(group)
    rows = []
    for at, name in enumerate(names):
        first = group[0].outcomes[name]
        last = (Cell(f"{len(first.accuracy):,}"), Cell(f"{1e3 * first.seconds_per_task:,.1f}"))
        rows.append((group[0].presets[name].title, (*(column[at] for column in columns), *last)))
    return Table(
        caption=f"{group[0].of.source.title}: accuracy, %",
        header=("Method", *(case.draw.title for case in group), "tasks", "ms a task"),
        rows=tuple(rows),
        note=f"± is the 95% interval over the tasks of that row. Time by the clock, at "
        f"{group[0].draw.title}.",
    )


def _differences(group: Sequence[Case], ours: str) -> Table:
    presets = group[0].presets
    rows = []
    for name in presets:
        if name == ours:
            continue
        cells = [
            difference_cell(ahead(case.outcomes[ours], case.outcomes[name]))
            if name in case.outcomes
            else NONE
            for case in group
        ]
        rows.append((presets[name].title, tuple(cells)))
    return Table(
        caption=f"{group[0].of.source.title}: {presets[ours].title} less each method, points",
        header=("less", *(case.draw.title for case in group)),
        rows=tuple(rows),
        note="Paired over the tasks that both have, with the 95% interval of the mean difference. "
        "Marked: behind by more than the interval.",
    )
