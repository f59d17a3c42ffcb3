"""The words, tables and the figure of Table I."""

from __future__ import annotations

from collections.abc import Sequence
from math import isnan

from ...pages.figures.accuracies import Dot, accuracy_dots
from ...pages.section import Cell, Picture, Section, Table, best_cells
from .graphs import title
from .plan import Plan
from .quoted import FOOTNOTE
from .study import BEST, OURS, REFERENCE, Result, difference, find
from .words import ahead, best_text, bound_text, datasets, gain_text, rivals_text


def table_section(results: Sequence[Result], plan: Plan, left_out: Sequence[str]) -> Section:
    """A table a data set, and one figure of all."""
    words = (
        _protocol(plan),
        gain_text(results, plan.trained),
        bound_text(results),
        rivals_text(results),
        best_text(results),
    )
    return Section(
        title="Twenty labels a class on citation graphs (Table I of the paper)",
        text=tuple(paragraph for paragraph in words if paragraph),
        tables=tuple(_table(results, plan, name, left_out) for name in datasets(results)),
        galleries=((_picture(results),),),
    )


def _protocol(plan: Plan) -> str:
    cut = (
        f" Here training was cut off after {plan.epochs} epochs at most, long before most models "
        "are done: the numbers show that everything runs, and nothing of how good a model is."
        if not plan.trained
        else ""
    )
    return (
        "Nodes are papers, edges are citations, features are the words of a paper, each row "
        "divided by its sum. Of the largest connected component, 20 nodes of each class are "
        "labelled and 30 of each validate; accuracy is counted on all others. Every model has the "
        "same splits and the same training loop: Adam on all labelled nodes at once, stopped when "
        "for 50 epochs neither the validation loss falls nor the validation accuracy rises, and "
        "put back to its best epoch. Runs are random splits times initialisations; the standard "
        "deviation is over all of them, the standard error (s.e.) of the mean takes splits as the "
        "independent unit." + cut
    )


def _table(results: Sequence[Result], plan: Plan, name: str, left_out: Sequence[str]) -> Table:
    own = [result for result in results if result.dataset == name]
    found = [result.accuracy for result in own]
    accuracies = best_cells(
        [each.mean for each in found],
        [Cell(f"{each.mean:.1f}", f"± {each.std:.1f}") for each in found],
    )
    reference, best = find(results, name, REFERENCE), find(results, name, BEST)
    rows = []
    for result, each, accuracy in zip(own, found, accuracies, strict=True):
        cells = (
            accuracy,
            Cell("–" if isnan(each.error) else f"{each.error:.2f}"),
            _less(result, reference, loss=1),
            _less(best, result, loss=-1),
            Cell("–" if result.quoted is None else str(result.quoted)),
            Cell(f"{result.splits} × {result.inits}"),
            Cell(f"{result.seconds:.0f}" if result.seconds >= 10 else f"{result.seconds:.2g}"),
        )
        rows.append((result.title, cells))
    missing = (
        f" Left out, because torchdiffeq is not installed: {', '.join(left_out)}."
        if left_out
        else ""
    )
    if slow := plan.too_slow(name):
        missing += f" Left out, because a run takes too long here: {', '.join(slow)}."
    return Table(
        caption=f"{title(name)}: accuracy in percent on test nodes, mean ± standard deviation",
        header=(
            "Model",
            "accuracy",
            "s.e.",
            "less Diff-ResNet",
            "best less it",
            "quoted",
            "runs",
            "s a run",
        ),
        rows=tuple(rows),
        note="Less Diff-ResNet: points ahead of Diff-ResNet as published, paired by split, ± the "
        "standard error clustered by split; marked where Diff-ResNet is behind. Best less it: "
        "the same for Diff-ResNet, best; marked where that is behind. Runs: splits × "
        f"initialisations. {FOOTNOTE}{missing}",
    )


def _less(one: Result | None, other: Result | None, loss: int) -> Cell:
    """One less the other, paired; a loss where that has the sign of `loss`."""
    if one is None or other is None or one is other:
        return Cell("–")
    found = difference(one, other)
    value, _, spread = ahead(found).partition(" ")
    return Cell(value, spread, loss=round(found.mean, 1) * loss > 0)


def _picture(results: Sequence[Result]) -> Picture:
    panels = {
        title(name): {
            result.title: Dot(
                result.accuracy.mean,
                result.accuracy.error,
                None if result.quoted is None else result.quoted.accuracy,
                result.model in OURS,
            )
            for result in results
            if result.dataset == name
        }
        for name in datasets(results)
    }
    best = [
        f"on {name} {max(dots, key=lambda model: dots[model].accuracy)}"
        for name, dots in panels.items()
    ]
    return Picture(
        accuracy_dots(panels),
        alt=f"A row for each model, a panel for each data set, a dot at each accuracy. Farthest to "
        f"the right is {', '.join(best)}.",
        caption="Filled: measured here, with the standard error clustered by split. Hollow: "
        "published, on other splits.",
        name="table1",
    )
