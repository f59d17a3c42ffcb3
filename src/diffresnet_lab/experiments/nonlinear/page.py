"""The page of nonlinear diffusion: accuracies, differences to the linear flow, and pictures."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from ...pages.plots import Axis, Curve, LinePanel, ScatterPanel, lines, scatter_grid
from ...pages.table import Column, Table, pivot, table
from ...theory.conductance import EdgeStopping, PLaplacian
from ..base import Experiment, PartResult, RunConfig
from .data import cloud
from .flows import FLOWS, LINEAR, Variant, astray_share, moved_along
from .plan import NonlinearPlan
from .study import FlowOutcome, differences, outcome_rows, study

TITLES = {flow: title for flow, (title, _) in FLOWS.items()}
RIVALS = tuple(flow for flow in FLOWS if flow not in (LINEAR, "linear_symmetric"))
VERDICTS = ("ahead", "level", "behind")
SHOWN = {
    "Linear": Variant(PLaplacian(2.0)),
    "p = 3": Variant(PLaplacian(3.0)),
    "p = 1.5": Variant(PLaplacian(1.5)),
    "Lorentz": Variant(EdgeStopping(2.0, "lorentz")),
    "Gaussian": Variant(EdgeStopping(2.0)),
}


def study_part(config: RunConfig, plan: NonlinearPlan) -> PartResult:
    """Run all flows, and count how often each is ahead of the linear one."""
    return study_result(study(plan, config.seed), plan, config.seed)


def study_result(outcomes: list[FlowOutcome], plan: NonlinearPlan, seed: int) -> PartResult:
    """Return rows, tables and figures of all outcomes."""
    rows = compared_rows(outcomes)
    tallies = tally_rows(rows)
    rivals = [row for row in rows if row["flow"] in RIVALS]
    moons, astray = moons_figure(plan, seed)
    tables = {"tally": tally_table(tallies, list(dict.fromkeys(o.corruption for o in outcomes)))}
    for labels in plan.labels:
        cases = [row for row in rows if row["labels_per_class"] == labels]
        tables |= {
            f"accuracy_{labels}": accuracy_table(cases),
            f"difference_{labels}": difference_table(cases),
            f"choice_{labels}": choice_table(cases),
        }
    return PartResult(
        list(outcome_rows(outcomes)),
        values={
            "total": {word: sum(row["verdict"] == word for row in rivals) for word in VERDICTS},
            "comparisons": len(rivals),
            "foremost": max(tallies, key=lambda row: row["all"]["ahead"] - row["all"]["behind"]),
            "most": max(rivals, key=lambda row: row["difference"]),
            "least": min(rivals, key=lambda row: row["difference"]),
            "astray": astray,
            "titles": TITLES,
        },
        tables=tables,
        figures={
            "nonlinear": moons,
            "nonlinear_accuracy": accuracy_figure(
                [o for o in outcomes if o.labels == min(plan.labels)]
            ),
        },
        settings={
            "sets": ", ".join(plan.sets),
            "labels": ", ".join(map(str, plan.labels)),
            "tuning draws": plan.tuning,
            "draws": plan.draws,
            "label draws": plan.label_draws,
            "added": "10%",
        },
    )


def compared_rows(outcomes: Sequence[FlowOutcome]) -> list[dict[str, Any]]:
    """Return the rows of outcomes with the verdict on each difference."""
    leads = differences(outcomes)
    return [
        {**row, "verdict": leads[*outcome.case, outcome.flow].verdict}
        for row, outcome in zip(outcome_rows(outcomes), outcomes, strict=True)
    ]


def tally_rows(rows: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return how often each nonlinear flow is ahead, level and behind, in all and by corruption."""
    tallies = []
    for flow in RIVALS:
        tally: dict[str, Any] = {"flow": flow}
        for row in rows:
            if row["flow"] == flow:
                for kind in ("all", row["corruption"]):
                    tally.setdefault(kind, dict.fromkeys(VERDICTS, 0))[row["verdict"]] += 1
        tallies.append(tally)
    return tallies


def tally_table(rows: list[dict[str, Any]], kinds: list[str]) -> Table:
    """Return the tallies as ahead / level / behind."""
    flow = Column("Flow", lambda row: TITLES[row["flow"]])
    counts = [Column(kind, partial(_counts, kind)) for kind in ("all", *kinds)]
    return table(rows, [flow, *counts])


def _counts(kind: str, row: dict[str, Any]) -> str:
    return " / ".join(str(row[kind][word]) for word in VERDICTS)


_CASE = Column("Points", lambda row: f"{row['data']}, {row['corruption']}")


def _by_case(rows: Sequence[dict[str, Any]]) -> list[dict[Any, Any]]:
    return pivot(rows, lambda row: (row["data"], row["corruption"]), "flow")


def accuracy_table(rows: Sequence[dict[str, Any]]) -> Table:
    """Return a row a set and corruption, a column a flow; the best of each row marked."""
    columns = [Column("Not moved", "unmoved", ".1f"), *Column("", "accuracy", ".1f").across(TITLES)]
    return table(_by_case(rows), [_CASE, *columns], best_in_row="largest")


def difference_table(rows: Sequence[dict[str, Any]]) -> Table:
    """Return each nonlinear flow less the linear one, with its verdict."""
    lead = Column("", "difference", "+.1f", error="difference_error", verdict="verdict")
    return table(_by_case(rows), [_CASE, *lead.across({flow: TITLES[flow] for flow in RIVALS})])


def choice_table(rows: Sequence[dict[str, Any]]) -> Table:
    """Return the chosen times, and the share of weight that goes astray after them."""
    time = Column("", "strength", "g", detail=lambda row: f"{row['astray']:.1f}%")
    shown = {flow: TITLES[flow] for flow in (LINEAR, *RIVALS)}
    return table(_by_case(rows), [_CASE, *time.across(shown)])


def moons_figure(plan: NonlinearPlan, seed: int) -> tuple[Figure, dict[str, float]]:
    """Return moons with outliers before and after each flow, and the shares that go astray."""
    points = cloud("moon", "outliers", np.random.default_rng(seed), per_class=200)
    moved: dict[str, np.ndarray] = {}
    astray: dict[str, float] = {}
    for title, variant in SHOWN.items():
        start, *_, z = moved_along(points, variant, plan.shown_times)
        moved.setdefault("Before", start.numpy())
        moved[title] = z.numpy()
        astray[title] = astray_share(points, z, variant)
    classes = np.append(points.classes, np.full(len(points.points) - points.n, -1))
    everything = np.concatenate(list(moved.values()))
    margin = 0.05 * np.ptp(everything, axis=0)
    low, high = everything.min(0) - margin, everything.max(0) + margin

    def frame(ax: Any) -> None:
        ax.set_aspect("equal", adjustable="box")
        ax.set(xlim=(low[0], high[0]), ylim=(low[1], high[1]))

    panels = [ScatterPanel(x, classes, title, draw=frame) for title, x in moved.items()]
    aspect = float((high - low)[1] / (high - low)[0])
    height = (len(panels) + 1) // 2 * (2.4 * aspect + 0.25)
    return scatter_grid(panels, width=4.8, height=height), astray


def accuracy_figure(outcomes: Sequence[FlowOutcome]) -> Figure:
    """Return accuracy along the time of all flows, where points have been added."""
    shown = [o for o in outcomes if o.flow != "linear_symmetric" and o.corruption != "clean"]
    panels: dict[tuple[str, str], LinePanel] = {}
    sets = list(dict.fromkeys(o.set for o in shown))
    kinds = list(dict.fromkeys(o.corruption for o in shown))
    for name, kind in product(sets, kinds):
        several = [o for o in shown if (o.set, o.corruption) == (name, kind)]
        times = np.array(several[0].times, float)
        times[0] = times[1] ** 2 / times[2]  # where 0 stands on a logarithmic scale
        powers = {t: f"{t:g}" for t in times[1:] if np.log10(t) % 1 == 0}
        panels[name, kind] = LinePanel(
            [
                Curve(times, o.curves.mean(0), TITLES[o.flow], size=3.6, width=1.2, alpha=0.9)
                for o in several
            ],
            f"{name}, {kind}",
            x=Axis("time t of the flow" * (name == sets[-1]), "log", {times[0]: "0", **powers}),
            y=Axis("accuracy, %" * (kind == kinds[0])),
        )
    height = 1.65 * len(sets) + 1.1
    return lines(
        list(panels.values()), columns=len(kinds), width=5.4, height=height, legend_columns=3
    )


EXPERIMENT = Experiment(Path(__file__).parent, {"study": study_part}, NonlinearPlan)
