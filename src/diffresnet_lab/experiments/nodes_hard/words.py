"""Tables and sentences that all parts share."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from ...nodes.results import accuracy_difference
from ...pages.figures.levels import Curve
from ...pages.section import Cell, Section, Table
from ...pages.words import signed, signed_within
from ...statistics import Estimate
from ..experiment import Part
from .plan import MODELS, OURS, PAPERS, RIVALS, TITLES, Plan
from .study import Measured

COMPARED = (OURS, PAPERS)
"""Whose differences to the rivals are printed; the table of numbers has those of all."""

NONE = Cell("–")


def pick(measured: Sequence[Measured], model: str) -> Measured | None:
    return next((m for m in measured if m.model == model), None)


def spread(error: float) -> str:
    """What is printed after a mean; nothing where a single split has no error."""
    return f"± {error:.1f}" if math.isfinite(error) else ""


def accuracies(caption: str, first: str, columns: Mapping[str, Sequence[Measured]]) -> Table:
    """A row a model, a column a case; the best of a column marked."""
    best = {name: max(round(m.accuracy.mean, 1) for m in found) for name, found in columns.items()}
    rows = []
    for model in MODELS:
        of = [pick(found, model) for found in columns.values()]
        there = [m for m in of if m is not None]
        if not there:
            continue
        cells = [
            NONE
            if m is None
            else Cell(
                f"{m.accuracy.mean:.1f}",
                spread(m.accuracy.error),
                round(m.accuracy.mean, 1) == best[name],
            )
            for name, m in zip(columns, of, strict=True)
        ]
        rows.append((there[0].title, tuple(cells)))
    return Table(
        caption=caption,
        header=(first, *columns),
        rows=tuple(rows),
        note="Test accuracy in percent, mean over all runs; in small type its standard error, "
        "clustered by split.",
    )


def differences(caption: str, first: str, columns: Mapping[str, Sequence[Measured]]) -> Table:
    """What each Diff-ResNet has more than its rivals, split by split."""
    rows = []
    for rival in RIVALS:
        for model in COMPARED:
            pairs = [(pick(found, model), pick(found, rival)) for found in columns.values()]
            both = [(m, r) for m, r in pairs if m is not None and r is not None]
            if not both:
                continue
            cells = [
                NONE
                if m is None or r is None
                else _difference_cell(accuracy_difference(m.runs, r.runs))
                for m, r in pairs
            ]
            ours, rival_title = both[0][0].title, both[0][1].title
            rows.append((f"{ours.removeprefix('Diff-ResNet, ')} − {rival_title}", tuple(cells)))
    return Table(
        caption=caption,
        header=(first, *columns),
        rows=tuple(rows),
        note="Points, paired on the same splits, with the standard error clustered by split. "
        "Marked: less accurate, by more than the error.",
    )


def _difference_cell(found: Estimate) -> Cell:
    error = found.error if found.error > 0 else 0.05
    return Cell(signed(found.mean), spread(found.error), loss=found.mean < -max(0.05, error))


def versus(found: Mapping[str, Sequence[Measured]]) -> str:
    """How the Diff-ResNet that is run everywhere stands to the rivals, on every graph."""
    title = next(m.title for measured in found.values() for m in measured if m.model == OURS)
    each = "; ".join(f"{graph}, {compared(OURS, of)}" for graph, of in found.items())
    return f"{title}, is ahead (+) of others or behind (−), in points: {each}."


def cut(plan: Plan) -> str:
    """What a finding begins with where training did not run its course."""
    return "" if plan.epochs is None else f"(After {plan.epochs} epochs only.) "


def compared(model: str, measured: Sequence[Measured]) -> str:
    """ "GCN +1.2 ± 0.5, GRAND-l −0.3 ± 0.4", of those that were run."""
    ours = pick(measured, model)
    assert ours is not None
    rivals = [m for m in (pick(measured, rival) for rival in RIVALS) if m is not None]
    apart = [accuracy_difference(ours.runs, rival.runs) for rival in rivals]
    return ", ".join(
        f"{rival.title} {signed_within(found.mean, found.error)}"
        for found, rival in zip(apart, rivals, strict=True)
    )


def curve(levels: Sequence[float], found: Sequence[Measured]) -> Curve:
    return Curve(
        tuple(levels),
        tuple(m.accuracy.mean for m in found),
        tuple(m.accuracy.error for m in found),
    )


def counts(plan: Plan) -> str:
    """How often everything was run, as a sentence."""
    inits = f"{plan.inits} initialisation{'s' * (plan.inits > 1)}"
    often = f"{plan.splits} random splits x {inits}"
    if plan.splits == plan.inits == 1:
        often = "one random split and one initialisation, which has no standard error"
    stopped = (
        "training ends as the protocol has it"
        if plan.epochs is None
        else f"training is cut at {plan.epochs} epochs, so that these numbers show that everything "
        "runs, not what the models can do"
    )
    return f"Every number is over {often}; {stopped}."


def which_model(plan: Plan, graphs: Sequence[str]) -> str:
    """What stands for the paper's network, and what is not run where."""
    text = (
        "“Diff-ResNet, dropout once” stands for the paper's network; as the authors released it, "
        "with dropout before every diffusion step, it takes too long for as many cases."
    )
    short = [TITLES[graph] for graph in graphs if plan.left_out.get(graph)]
    if short:
        text += f" On {' and '.join(short)} models without a number were too slow."
    return text


def no_data(title: str) -> Part:
    """What a part says that found no graph."""
    finding = f"{title}: not run, for want of the graphs in a data folder."
    text = "Name the folder that holds graphs/cora.npz and others, with --data or DIFFRESNET_DATA."
    return Part(Section(title, (finding, text)), [], finding)
