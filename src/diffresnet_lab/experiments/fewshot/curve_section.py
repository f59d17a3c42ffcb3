"""The words, tables and the picture of an accuracy against a setting."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from ...pages.figures.bands import Band, band_panels
from ...pages.section import Cell, Picture, Section, Table, best_cells
from ...pages.words import signed
from ..experiment import Part, Setup
from .curves import Curve, Plan, curve_rows
from .sources import left_out
from .words import all_left_out, glimpse, plus_minus, protocol, said_ahead


@dataclass(frozen=True)
class Words:
    """What differs from figure to figure.

    Parameters
    ----------
    name : str
        Of the experiment.
    column : str
        Of the setting in metrics.json.
    symbol : str
        Of the setting in sentences and on the axis.
    title : str
    text : paragraphs on what is varied, and what is kept.
    share_label : of what `Curve.past` counts.
    """

    name: str
    column: str
    symbol: str
    title: str
    text: tuple[str, ...]
    logarithmic: bool = False
    share_label: str = ""


NETWORK = (
    "The method is Diff-ResNet (internal diffusion) with the tricks of Table III: a network "
    "trained anew on the labelled rows of every task, rows centred by the mean of the base "
    "classes, of length 1, queries shifted. The graph of a task joins all its rows, labelled or "
    "not."
)


def curve_part(
    setup: Setup,
    plan: Plan,
    words: Words,
    found: Sequence[Curve],
    more: Callable[[Sequence[Curve]], str] = lambda found: "",
) -> Part:
    """The whole part of a figure.

    Parameters
    ----------
    more : a paragraph from the curves.
    """
    sets = list(dict.fromkeys(curve.of for curve in found))
    text = (
        *words.text,
        *(f"{curve.title}: {_judged(curve, words.symbol)}" for curve in found),
        more(found),
        NETWORK,
        protocol(sets, plan.classes, setup.seed),
        *all_left_out(left_out(setup, plan.classes, plan.sources), ()),
    )
    section = Section(
        words.title,
        tuple(paragraph for paragraph in text if paragraph),
        tuple(_table(curve, words) for curve in found),
        ((_picture(found, words),),),
    )
    finding = (
        f"{glimpse(plan.classes)}Best {words.symbol}, and what the chosen one is behind it: "
        + "; ".join(_short(curve, words.symbol) for curve in found)
        + "."
    )
    settings = {
        "tasks": plan.tasks,
        "classes": plan.classes,
        "threads": plan.jobs,
        words.column: sorted({value.x for curve in found for value in curve.values}),
    }
    return Part(section, curve_rows(found, words.column), finding, settings)


def _short(curve: Curve, symbol: str) -> str:
    at, best = curve.at_chosen, curve.values[curve.best].x
    if at is None:
        return f"{curve.title}: {best:.3g}"
    if at == curve.best:
        return f"{curve.title}: {best:.3g}, the chosen one"
    return f"{curve.title}: {best:.3g} (chosen {curve.chosen:.3g}: {_points(curve, at)})"


def _points(curve: Curve, index: int) -> str:
    return f"{said_ahead(curve.behind_best(index), 2)} points"


def _judged(curve: Curve, symbol: str) -> str:
    """Which values cannot be told from the best, and how much there is to lose."""
    alike = [
        f"{value.x:.3g}"
        for index, value in enumerate(curve.values)
        if index != curve.best and not _clearly_behind(curve, index)
    ]
    worst = min(range(len(curve.values)), key=lambda i: curve.outcomes[i].summary.mean)
    best = curve.outcomes[curve.best].summary
    text = (
        f"the largest mean, {best.mean:.2f} {plus_minus(best.ci95)}, is at {symbol} = "
        f"{curve.values[curve.best].x:.3g}; "
    )
    text += (
        f"not clearly behind it {'is' if len(alike) == 1 else 'are'} {', '.join(alike)}; "
        if alike
        else "all others are clearly behind; "
    )
    text += (
        f"the smallest mean, at {curve.values[worst].x:.3g}, is {_points(curve, worst)} from it."
    )
    at = curve.at_chosen
    if at is not None and at != curve.best:
        text += f" The chosen {symbol} = {curve.chosen:.3g} is {_points(curve, at)} from it."
    return text


def _clearly_behind(curve: Curve, index: int) -> bool:
    found = curve.behind_best(index)
    return found.mean < -found.ci95


def _table(curve: Curve, words: Words) -> Table:
    found = [outcome.summary for outcome in curve.outcomes]
    cells = [Cell(f"{each.mean:.2f}", plus_minus(each.ci95)) for each in found]
    rows = []
    for index, cell in enumerate(best_cells([each.mean for each in found], cells, digits=2)):
        value, behind = curve.values[index], curve.behind_best(index)
        name = f"{value.x:.3g}" + (" (chosen)" if index == curve.at_chosen else "")
        difference = Cell("–")
        if index != curve.best:
            difference = Cell(signed(behind.mean, 2), plus_minus(behind.ci95))
        extra = () if curve.past is None else (Cell(f"{curve.past[index]:.0f}"),)
        rows.append((name, (cell, difference, *extra)))
    past = () if curve.past is None else ("past the bound, %",)
    return Table(
        caption=f"{curve.title}: {len(curve.outcomes[0].accuracy):,} tasks",
        header=(words.symbol, "accuracy, %", "less the best", *past),
        rows=tuple(rows),
        note="Less the best: points, paired over the same tasks, with the 95% interval. The best "
        "was picked on these very tasks, which flatters it a little.",
    )


def _picture(found: Sequence[Curve], words: Words) -> Picture:
    panels = {
        f"{curve.of.source.title}\n{curve.draw.title}": Band(
            [value.x for value in curve.values],
            [outcome.summary.mean for outcome in curve.outcomes],
            [outcome.summary.ci95 for outcome in curve.outcomes],
            curve.chosen,
            curve.past,
        )
        for curve in found
    }
    ends = "; ".join(
        f"{curve.title}: from {band.mean[0]:.1f} at {band.x[0]:.3g} to {band.mean[-1]:.1f} at "
        f"{band.x[-1]:.3g}, at most {max(band.mean):.1f}"
        for curve, band in zip(found, panels.values(), strict=True)
    )
    return Picture(
        band_panels(
            panels,
            words.symbol,
            logarithmic=words.logarithmic,
            share_label=words.share_label,
        ),
        alt=f"Accuracy in percent against {words.symbol}, a panel each. {ends}.",
        caption=f"Accuracy against {words.symbol}; the band is the 95% interval of each mean, "
        "wider than that of differences, since all values share their tasks. Dashed: the setting "
        "that the tables use. Panels differ in scale.",
        name=words.name,
    )
