"""The page's words and tables on linear and nonlinear flow, with every number from the study."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np

from ...pages.figures.nonlinear import Curves, strength_panels
from ...pages.section import Cell, Picture, Table, best_cells
from ...pages.words import signed
from .flows import FLOWS, LINEAR
from .study import Difference, Outcome, differences

TITLES = {flow: title for flow, (title, _) in FLOWS.items()}
RIVALS = tuple(flow for flow in FLOWS if flow not in (LINEAR, "linear_symmetric"))


def accuracy_table(outcomes: Sequence[Outcome], labels: int) -> Table:
    """A row a set and corruption, a column a flow; unmoved points first."""
    rows = []
    for case, flows in _cases(outcomes, labels):
        values = [float(flows[LINEAR].unmoved.mean())]
        values += [float(flows[flow].accuracy.mean()) for flow in FLOWS]
        rows.append((case, best_cells(values, [Cell(f"{value:.1f}") for value in values])))
    return Table(
        caption=f"Accuracy on the unlabelled true points in percent, {_given(labels)}",
        header=("Points", "Not moved", *TITLES.values()),
        rows=tuple(rows),
        note="Means over draws, at the variant and strength chosen on other draws; the best of "
        "each row is bold.",
    )


def difference_table(outcomes: Sequence[Outcome], labels: int) -> Table:
    """Each nonlinear flow less the linear one; clear losses marked."""
    ahead = differences(outcomes)
    rows = []
    for case, flows in _cases(outcomes, labels):
        found = [ahead[*flows[flow].case, flow] for flow in RIVALS]
        cells = [
            Cell(signed(d.mean), _spread(d.error), best=d.verdict > 0, loss=d.verdict < 0)
            for d in found
        ]
        rows.append((case, tuple(cells)))
    return Table(
        caption=f"Nonlinear minus linear flow, in percentage points, {_given(labels)}",
        header=("Points", *(TITLES[flow] for flow in RIVALS)),
        rows=tuple(rows),
        note="Mean ± standard error of the differences draw by draw. Bold: clearly ahead, red: "
        "clearly behind, where Student’s 95% interval of the mean leaves out 0.",
    )


def choice_table(outcomes: Sequence[Outcome], labels: int) -> Table:
    """The strength that was chosen, and what share of weight goes astray after it."""
    shown = (LINEAR, *RIVALS)
    rows = [
        (
            case,
            tuple(
                Cell(f"{flows[flow].strength:g}", f"{100 * flows[flow].astray:.1f}%")
                for flow in shown
            ),
        )
        for case, flows in _cases(outcomes, labels)
    ]
    return Table(
        caption=f"Chosen strength, and the share of weight that goes astray, {_given(labels)}",
        header=("Points", *(TITLES[flow] for flow in shown)),
        rows=tuple(rows),
        note="Large: the strength t. Small: of the weight on the edges of true points, as it is "
        "after the flow, the share that leads to another class or to an added point.",
    )


def tally(outcomes: Sequence[Outcome], flow: str, corruption: str | None = None) -> tuple[int, ...]:
    """In how many cases a flow is clearly ahead of the linear one, even with it, and behind."""
    verdicts = [
        found.verdict
        for (_, how, _, of), found in differences(outcomes).items()
        if of == flow and corruption in (None, how)
    ]
    return tuple(verdicts.count(value) for value in (1, 0, -1))


def findings(outcomes: Sequence[Outcome]) -> tuple[str, ...]:
    """What came out, in paragraphs: by flow, by corruption, and the two ends."""
    by_flow = "; ".join(f"{TITLES[flow]} {_score(tally(outcomes, flow))}" for flow in RIVALS)
    kinds = list(dict.fromkeys(o.corruption for o in outcomes))
    by_kind = "; ".join(
        f"{kind} {_score(np.sum([tally(outcomes, flow, kind) for flow in RIVALS], axis=0))}"
        for kind in kinds
    )
    ahead = differences(outcomes)
    rivals = [o for o in outcomes if o.flow in RIVALS]
    most = max(rivals, key=lambda o: ahead[*o.case, o.flow].mean)
    least = min(rivals, key=lambda o: ahead[*o.case, o.flow].mean)
    return (
        "Against the linear flow, as clearly ahead / even / clearly behind (Student’s 95% interval "
        f"leaves out 0) in the cases of the tables below: {by_flow}. By what was added to the "
        f"points, over all nonlinear flows: {by_kind}.",
        f"The largest gain is {_end(most, ahead)}; the largest loss, {_end(least, ahead)}. "
        + _best_words(outcomes)
        + " Among so many comparisons a few are clear by chance alone.",
    )


def headline(outcomes: Sequence[Outcome]) -> str:
    """One sentence for the top of the page."""
    total = np.sum([tally(outcomes, flow) for flow in RIVALS], axis=0)
    flow = _foremost(outcomes)
    return (
        f"Of {total.sum()} comparisons with the linear flow, nonlinear flows are clearly ahead in "
        f"{total[0]}, even in {total[1]} and clearly behind in {total[2]}; the best of them, "
        f"{TITLES[flow]}, is {_score(tally(outcomes, flow))} (ahead / even / behind)."
    )


def strength_picture(outcomes: Sequence[Outcome], labels: int) -> Picture:
    """Accuracy along the strength for all flows, where points have been added."""
    here = [o for o in outcomes if o.labels == labels and o.flow != "linear_symmetric"]
    kinds = [k for k in dict.fromkeys(o.corruption for o in here) if k != "clean"]
    sets = list(dict.fromkeys(o.set for o in here))
    curves: dict[str, dict[str, Curves]] = {
        name: {
            kind: {
                TITLES[o.flow]: (o.strengths, o.curves.mean(0))
                for o in here
                if (o.set, o.corruption) == (name, kind)
            }
            for kind in kinds
        }
        for name in sets
    }
    peaks = "; ".join(
        f"{name} with {kind}: "
        + ", ".join(f"{title} {values.max():.1f}" for title, (_, values) in flows.items())
        for name, of_set in curves.items()
        for kind, flows in of_set.items()
    )
    return Picture(
        strength_panels(sets, kinds, curves),
        alt=f"Accuracy along the strength of each flow, {_given(labels)}. Highest values: {peaks}.",
        caption=f"Accuracy along the strength, {_given(labels)}: means over the draws that no "
        "strength was chosen on. Every flow at the variant chosen for it.",
        name="nonlinear_accuracy",
    )


def _best_words(outcomes: Sequence[Outcome]) -> str:
    flow = _foremost(outcomes)
    ahead, _, behind = tally(outcomes, flow)
    if ahead > behind:
        return f"{TITLES[flow]} gains more often than it loses."
    if ahead == behind:
        return f"No nonlinear flow gains more often than it loses; {TITLES[flow]} does as often."
    return "Every nonlinear flow loses more often than it gains: here linear flow is the choice."


def _foremost(outcomes: Sequence[Outcome]) -> str:
    def lead(flow: str) -> int:
        ahead, _, behind = tally(outcomes, flow)
        return ahead - behind

    return max(RIVALS, key=lead)


def _end(o: Outcome, ahead: Mapping[tuple[str, str, int, str], Difference]) -> str:
    d = ahead[*o.case, o.flow]
    return (
        f"{signed(d.mean)} ± {d.error:.1f} points ({TITLES[o.flow]} on {o.set}, {o.corruption}, "
        f"{_given(o.labels)})"
    )


def _cases(outcomes: Sequence[Outcome], labels: int) -> list[tuple[str, dict[str, Outcome]]]:
    found: dict[str, dict[str, Outcome]] = {}
    for o in outcomes:
        if o.labels == labels:
            found.setdefault(f"{o.set}, {o.corruption}", {})[o.flow] = o
    return list(found.items())


def _given(labels: int) -> str:
    return f"{labels} label{'s' * (labels != 1)} a class"


def _score(counts: Sequence[int]) -> str:
    return " / ".join(str(int(count)) for count in counts)


def _spread(value: float) -> str:
    return "" if math.isnan(value) else f"± {value:.1f}"
