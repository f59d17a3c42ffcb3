"""The words, tables and the picture of Fig. 10."""

from __future__ import annotations

from collections.abc import Sequence

from ...pages.figures.cost import Cost as Panel
from ...pages.figures.cost import cost_panels
from ...pages.section import Cell, Picture, Section, Table
from ...pages.words import signed
from ..experiment import Setup
from ..fewshot.curve_section import NETWORK
from ..fewshot.runs import ahead
from ..fewshot.sources import left_out
from ..fewshot.words import all_left_out, glimpse, plus_minus, protocol, said_ahead
from .study import Cost, Plan

PLAIN, EXACT = "plain loop", "exact shortcut"


def cost_section(found: Sequence[Sequence[Cost]], plan: Plan, setup: Setup) -> Section:
    """A table a feature set and number of shots, and one picture of all."""
    sets = list(dict.fromkeys(costs[0].of for costs in found))
    text = (
        "The strength t = γ r is that of the tables, cut into r steps of length t / r; r = 0 has "
        "no diffusion and no strength. The plain loop trains one network after the other by "
        "autograd, with r products by the task’s graph in every pass, as one would write it down. "
        "The exact shortcut is the same function, and starts from the same weights: there the r "
        "steps are one fixed map, computed once and not in every pass, and no large matrix "
        "changes (docs/fewshot-training.md derives it).",
        f"Seconds are by the clock on one thread, the median of {plan.timed} "
        f"task{'s' if plan.timed > 1 else ''} trained one at a time; all r take turns on each "
        "task. The shortcut is timed from features to scores, its graph and its initial weights "
        "included; the plain loop is handed both.",
        *(f"{_title(costs)}. {_growth(costs)}{_accuracy(costs)}" for costs in found),
        NETWORK,
        protocol(sets, plan.classes, setup.seed),
        *all_left_out(left_out(setup, plan.classes, plan.sources), ()),
    )
    return Section(
        "Cost and accuracy against the number of steps (Fig. 10 of the paper)",
        text,
        tuple(_table(costs) for costs in found),
        ((_picture(found),),),
    )


def finding(found: Sequence[Sequence[Cost]], plan: Plan) -> str:
    """One sentence: what the last r costs in both ways."""
    said = []
    for costs in found:
        last = costs[-1]
        said.append(
            f"{_title(costs)}: {last.plain:.2g} s by the plain loop, {1e3 * last.exact:.0f} ms by "
            f"the shortcut, {last.plain / last.exact:.0f} times less"
        )
    return f"{glimpse(plan.classes)}A task at r = {plan.steps[-1]}: {'; '.join(said)}."


def _title(costs: Sequence[Cost]) -> str:
    return f"{costs[0].of.source.title}, {costs[0].draw.title}"


def _growth(costs: Sequence[Cost]) -> str:
    """What steps cost over none, beside what the paper says."""
    first = costs[0]
    if first.steps != 0:
        return ""
    more = [
        f"{signed(100 * (cost.plain / first.plain - 1), 0)}% and "
        f"{signed(100 * (cost.exact / first.exact - 1), 0)}% at r = {cost.steps}"
        for cost in costs
        if cost.steps in (2, 10)
    ]
    alike = min(cost.alike for cost in costs)
    return (
        f"Over r = 0, plain loop and shortcut: {'; '.join(more)} (the paper: "
        "about +25% at 2 steps and twice the time at 10). Queries that both give the same class, "
        f"at every r: {'all' if alike == 100 else f'{alike:.1f}% or more'}. "
    )


def _accuracy(costs: Sequence[Cost]) -> str:
    """Whether cutting the same strength finer changes anything."""
    moving = [cost for cost in costs if cost.steps > 0]
    last = moving[-1]
    said = [
        f"{said_ahead(ahead(last.outcome, cost.outcome), 2)} against r = {cost.steps}"
        for cost in moving[:-1]
    ]
    return f"Accuracy at r = {last.steps}, in points, paired: {'; '.join(said)}."


def _table(costs: Sequence[Cost]) -> Table:
    rows = tuple(
        (
            str(cost.steps),
            (
                Cell(f"{cost.gamma:.3g}" if cost.steps else "–"),
                Cell(f"{1e3 * cost.plain:,.0f}"),
                Cell(f"{1e3 * cost.exact:,.0f}"),
                Cell(f"{cost.plain / cost.exact:.1f}"),
                Cell(f"{cost.alike:.1f}"),
                Cell(f"{cost.outcome.summary.mean:.2f}", plus_minus(cost.outcome.summary.ci95)),
            ),
        )
        for cost in costs
    )
    return Table(
        caption=f"{_title(costs)}: {len(costs[0].outcome.accuracy):,} tasks for accuracy",
        header=("r", "γ", f"{PLAIN}, ms", f"{EXACT}, ms", "ratio", "alike, %", "accuracy, %"),
        rows=rows,
        note="Alike: queries of the timed tasks that both give the same class. What is not alike "
        "is near a tie, where rounding decides.",
    )


def _picture(found: Sequence[Sequence[Cost]]) -> Picture:
    panels = {
        f"{costs[0].of.source.title}\n{costs[0].draw.title}": Panel(
            [cost.steps for cost in costs],
            {PLAIN: [cost.plain for cost in costs], EXACT: [cost.exact for cost in costs]},
            [cost.outcome.summary.mean for cost in costs],
            [cost.outcome.summary.ci95 for cost in costs],
        )
        for costs in found
    }
    ends = "; ".join(
        f"{_title(costs)}: plain loop {1e3 * costs[0].plain:.0f} to {1e3 * costs[-1].plain:.0f} ms,"
        f" shortcut {1e3 * costs[0].exact:.0f} to {1e3 * costs[-1].exact:.0f} ms"
        for costs in found
    )
    return Picture(
        cost_panels(panels),
        alt=f"Above, milliseconds a task against the number of diffusion steps; below, accuracy. "
        f"{ends}.",
        caption="Above: time to train and label one task, on one thread. Below: accuracy at the "
        "same total strength (r = 0: none), with its 95% interval.",
        name="fig10",
    )
