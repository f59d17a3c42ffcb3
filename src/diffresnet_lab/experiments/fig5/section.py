"""The words, tables and the figure of Fig. 5."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import isnan

from ...pages.figures.depth import FLOOR, DepthCurve, depth_figure
from ...pages.section import Cell, Picture, Section, Table, best_cells
from ...pages.words import short, signed
from ..table1.graphs import title
from .depth import TITLES
from .study import DepthPlan, Loss, Point, clustered_error, loss

GCN_CLAIM, OURS_CLAIM = 50.0, 10.0
"""Percent lost at depth 32 on average, says the paper: GCN more than, Diff-ResNet less than."""

MEASURES = {"energy": ("before", "after"), "spread": ("spread_before", "spread_after")}

Curves = Mapping[str, Mapping[str, Sequence[Point]]]


def curves_of(points: Sequence[Point]) -> Curves:
    """Data set -> curve -> points by depth."""
    found: dict[str, dict[str, list[Point]]] = {}
    for point in points:
        found.setdefault(point.dataset, {}).setdefault(point.curve, []).append(point)
    return found


def mean_losses(points: Sequence[Point]) -> dict[str, float]:
    """Curve -> percent of the accuracy at the least depth lost at the greatest, over data sets."""
    by_curve: dict[str, list[float]] = {}
    for curves in curves_of(points).values():
        for name, line in curves.items():
            by_curve.setdefault(name, []).append(loss(line[0], line[-1]).relative)
    return {name: sum(lost) / len(lost) for name, lost in by_curve.items()}


def finding(points: Sequence[Point], plan: DepthPlan) -> str:
    """One sentence: what each network loses by depth, beside what the paper says."""
    lost = mean_losses(points)
    cut = "" if plan.trained else f"After at most {plan.epochs} epochs: "
    return (
        f"{cut}{'from' if cut else 'From'} depth {plan.depths[0]} to depth {plan.depths[-1]} GCN "
        f"{_changed(lost['gcn'])} of its accuracy; Diff-ResNet {_changed(lost['blocks'])} with as "
        f"many blocks, and {_changed(lost['steps'])} with as many diffusion steps. At depth 32 the "
        f"paper says that GCN loses more than {GCN_CLAIM:.0f}%, Diff-ResNet less than "
        f"{OURS_CLAIM:.0f}%."
    )


def _changed(lost: float) -> str:
    return f"{'loses' if lost > 0 else 'gains'} {abs(lost):.1f}%"


def depth_section(points: Sequence[Point], plan: DepthPlan) -> Section:
    """A table a data set, and one figure of all."""
    curves = curves_of(points)
    return Section(
        title="Depth (Fig. 5 of the paper)",
        text=(_networks(points, plan), _energy(points), _claim(points, plan), _collapse(points)),
        tables=tuple(table for name, of in curves.items() for table in _tables(name, of, plan)),
        galleries=((_picture(curves, plan),),),
    )


def _networks(points: Sequence[Point], plan: DepthPlan) -> str:
    cut = (
        ""
        if plan.trained
        else f" Here training was cut off after {plan.epochs} epochs at most, too early for deep "
        "networks: these numbers only show that everything runs."
    )
    return (
        f"Three networks of hidden width {plan.width}, on the splits and by the training of Table "
        f"I, {plan.splits} × {plan.inits} runs (splits × initialisations) at each depth. GCN, "
        "layers: z ← ReLU(Ã z W + b), nothing added for depth. Diff-ResNet, blocks: a linear "
        "layer to that width, then as many residual blocks x + ReLU(W x + b), each followed by one "
        "diffusion step x ← x − γ L x, so that it looks as far along the graph as the GCN. "
        "Diff-ResNet, steps: one block and as many diffusion steps; its strength t = γ r grows "
        "with its depth. Dropout is that of Diff-ResNet in Table I for all three; γ is the "
        "published one, or 0.9 of the bound 2/λ_max where the published one is past it. The paper "
        "does not say which width and how many steps a block its networks have." + cut
    )


def _energy(points: Sequence[Point]) -> str:
    constants = {title(point.dataset): point.constant for point in points}
    said = ", ".join(f"{short(value)} on {name}" for name, value in constants.items())
    return (
        "How far features collapse is measured by their Dirichlet energy tr(Xᵀ(I − Ã)X)/‖X‖², "
        "with Ã = D^(−1/2)(A + I)D^(−1/2) and ‖X‖ the Frobenius norm: a number from 0 to 2, "
        "whatever the scale of X, which is the features before the last layer, without dropout. "
        "0 is where products with Ã lead: rows that differ by the square root of the degree only. "
        "The diffusion of Diff-ResNet leads elsewhere, to rows that are all alike, which have "
        f"energy {said}: a dotted line in the figure. Near that line energy cannot tell whether a "
        "Diff-ResNet has collapsed. The spread can: the share of ‖X‖² that is not yet where the "
        "operator of each network leads, from 0 (collapsed) to 1. Untrained it is small where "
        "biases, which are alike at all nodes, outweigh features whose rows sum to 1."
    )


def _lost(found: Loss) -> str:
    error = "" if isnan(found.error) else f" ± {found.error:.1f}"
    return f"{found.relative:.1f}% ({found.points:.1f}{error} points)".replace("-", "−")


def _claim(points: Sequence[Point], plan: DepthPlan) -> str:
    said = [
        f"on {title(name)} "
        + ", ".join(
            f"{TITLES[curve]} {_lost(loss(line[0], line[-1]))}" for curve, line in of.items()
        )
        for name, of in curves_of(points).items()
    ]
    lost = mean_losses(points)
    text = (
        f"The paper says that at depth 32 GCN loses more than {GCN_CLAIM:.0f}% on average and "
        f"Diff-ResNet less than {OURS_CLAIM:.0f}%. Read as a share of the accuracy at depth "
        f"{plan.depths[0]}, lost at depth {plan.depths[-1]} (negative where it grows), it is "
        f"here: {'; '.join(said)}. "
    )
    if not plan.trained or plan.depths[-1] != 32:
        return text + "Neither depth nor training are those of the claim, so it is not judged."
    mean = (
        f"On average GCN {_changed(lost['gcn'])}; Diff-ResNet {_changed(lost['blocks'])} by blocks "
        f"and {_changed(lost['steps'])} by steps. "
    )
    return text + mean + " ".join(_verdicts(lost))


def _verdicts(lost: Mapping[str, float]) -> list[str]:
    def word(holds: bool) -> str:
        return "holds" if holds else "does not hold"

    return [
        f"The claim about GCN {word(lost['gcn'] > GCN_CLAIM)};",
        f"that about Diff-ResNet {word(lost['blocks'] < OURS_CLAIM)} for blocks and "
        f"{word(lost['steps'] < OURS_CLAIM)} for steps.",
    ]


def _collapse(points: Sequence[Point]) -> str:
    said = []
    for name, of in curves_of(points).items():
        each = [
            f"{TITLES[curve]} {short(line[0].median('spread_after'))} and "
            f"{short(line[-1].median('spread_after'))}"
            for curve, line in of.items()
        ]
        said.append(f"on {title(name)} {', '.join(each)}")
    depths = sorted({point.depth for point in points})
    return (
        f"Spread of trained features at depth {depths[0]} and at depth {depths[-1]}, the median of "
        f"all runs: {'; '.join(said)}."
    )


def _tables(name: str, of: Mapping[str, Sequence[Point]], plan: DepthPlan) -> tuple[Table, Table]:
    header = ("depth", *(TITLES[curve] for curve in of))
    by_depth = [[line[index] for line in of.values()] for index in range(len(plan.depths))]
    change = [Cell(signed(line[-1].accuracy - line[0].accuracy)) for line in of.values()]
    accuracy = Table(
        caption=f"{title(name)}: accuracy in percent on test nodes ± standard error",
        header=header,
        rows=(
            *((str(at[0].depth), _accuracies(at)) for at in by_depth),
            (f"{plan.depths[0]} to {plan.depths[-1]}", tuple(change)),
        ),
        note=f"{plan.splits} × {plan.inits} runs (splits × initialisations) each; the standard "
        "error is clustered by split. Marked where GCN is ahead of both Diff-ResNets.",
    )
    energy = Table(
        caption=f"{title(name)}: Dirichlet energy, and spread, before → after training",
        header=header,
        rows=tuple(
            (f"{at[0].depth}, {name}", tuple(_change(point, *which) for point in at))
            for at in by_depth
            for name, which in MEASURES.items()
        ),
        note="The median of all runs.",
    )
    return accuracy, energy


def _accuracies(at: Sequence[Point]) -> tuple[Cell, ...]:
    ours = max(point.accuracy for point in at if point.curve != "gcn")
    cells = []
    for point in at:
        error = clustered_error(point.by_split)
        spread = "" if isnan(error) else f"± {error:.1f}"
        behind = point.curve == "gcn" and point.accuracy > ours
        cells.append(Cell(f"{point.accuracy:.1f}", spread, loss=behind))
    return best_cells([point.accuracy for point in at], cells)


def _change(point: Point, before: str, after: str) -> Cell:
    return Cell(f"{short(point.median(before))} → {short(point.median(after))}")


def _picture(curves: Curves, plan: DepthPlan) -> Picture:
    panels = {
        title(name): {
            TITLES[curve]: DepthCurve(
                [point.depth for point in line],
                [point.accuracy for point in line],
                [clustered_error(point.by_split) for point in line],
                [point.median("before") for point in line],
                [point.median("after") for point in line],
            )
            for curve, line in of.items()
        }
        for name, of in curves.items()
    }
    constant = {title(name): of["gcn"][0].constant for name, of in curves.items()}
    ends = "; ".join(
        f"on {name} "
        + ", ".join(
            f"{label} {c.accuracy[0]:.0f} to {c.accuracy[-1]:.0f}" for label, c in of.items()
        )
        for name, of in panels.items()
    )
    return Picture(
        depth_figure(panels, constant),
        alt=f"Two rows of panels over depth {plan.depths[0]} to {plan.depths[-1]}. Above, accuracy "
        f"in percent: {ends}. Below, Dirichlet energy, which falls where features collapse.",
        caption="Above: accuracy on test nodes, with the standard error clustered by split. "
        "Below: Dirichlet energy of the features before the last layer, trained (filled, lines) "
        f"and at initialisation (hollow, dashes); below {short(FLOOR)} it is drawn there. Dotted: "
        "energy of features that are alike at all nodes.",
        name="fig5",
    )
