"""The page of the digits' chain: curves of L/D, what happens over time, and who is joined."""

from __future__ import annotations

from collections import Counter
from typing import Any

import numpy as np

from ...pages.figures.separation import image_pairs, ratios_over_time
from ...pages.section import Cell, Picture, Section, Table
from ..experiment import Part, Setup
from .digits import DigitsChain, Mixed, digits_chain, heaviest_joining

PAIRS = 6
ORACLE = "ORACLE: the true labels took away all edges that join classes."


def digits_part(setup: Setup) -> Part:
    """Part "digits" of theorem2."""
    found = digits_chain(0.5 if setup.quick else 1.0, setup.seed)
    chain, best = found.chain, found.best
    section = Section(
        title="The whole chain on digits",
        text=(_cleaned_words(found), _broken_words(found), _reach_words(found)),
        tables=(_table(found),),
        galleries=((_curves(found),), (_joined(found),)),
    )
    return Part(
        section,
        _rows(found),
        f"On digits the chain gets {chain.right} of {chain.points} points right on a graph that "
        f"an oracle cleaned; on the plain kNN graph, {_share(found):.1f}% of whose edges join "
        f"classes, L/D falls from {found.plain[0].ratio:.2g} to {found.plain[1].ratio:.2g} at "
        f"t = 1 already, and at best {int(best.wrong.sum())} points are on the wrong side.",
        {"neighbours": 10, "oracle": "edges between classes removed by the true labels"},
    )


def _share(found: DigitsChain) -> float:
    return float(100.0 * found.graphs.joining.mean())


def _cleaned_words(found: DigitsChain) -> str:
    chain, sizes = found.chain, np.bincount(found.pieces)
    return (
        f"Oracle. Of the {chain.points} images, joined each to its 10 nearest, the true labels "
        f"take away the edges that join two classes. {chain.subsets} components are left, each "
        f"within one of the {chain.classes} classes; {int((sizes == 1).sum())} of them are single "
        "points without a neighbour of their own class. They are the subsets. A separating "
        f"direction is found from {_time(chain.direction_at)} on; the certificate p is below "
        f"1 from {_time(chain.certificate_at)}, L/D above the ball bound from "
        f"{_time(chain.ball_at)} and above the sharp bound, {chain.needed:.0f}, from "
        f"{_time(chain.bound_at)}. The network that is then written down has {chain.blocks} "
        f"blocks of one ReLU each and labels {chain.right} of {chain.points} points rightly. This "
        "shows the theorem at work, and labels nothing that was not known before."
    )


def _broken_words(found: DigitsChain) -> str:
    graphs, start, best = found.graphs, found.plain[0], found.best
    first, second, weight = graphs.edges
    joining = graphs.joining
    pairs = Counter(
        tuple(sorted((int(graphs.classes[i]), int(graphs.classes[j]))))
        for i, j in zip(first[joining], second[joining], strict=True)
    )
    common = ", ".join(f"{a} and {b} ({count})" for (a, b), count in pairs.most_common(3))
    moved = found.plain[1:]
    top = max(found.plain, key=lambda mixed: mixed.ratio)
    wrong, outvoted = best.wrong, graphs.outvoted
    return (
        f"Plain graph. {int(joining.sum())} of {len(weight)} edges join two classes "
        f"({_share(found):.1f}%, with {100 * weight[joining].sum() / weight.sum():.1f}% of the "
        f"weight; of the links from points to their 10 nearest it is {100 * graphs.links:.1f}%), "
        f"most often {common}. L is a minimum over all pairs of points, so that a single such edge "
        "is enough: it draws its two ends together. L/D of the same components "
        f"is {start.ratio:.2g} at t = 0 and {moved[0].ratio:.2g} at t = {moved[0].moment.time:g}; "
        f"its largest value at the times looked at is {top.ratio:.2g}, at t = {top.moment.time:g}. "
        f"At {sum(mixed.joined for mixed in moved)} of the {len(moved)} times after the first "
        "the closest two points of different classes are joined by an edge. The bound is met "
        f"at {sum(mixed.ratio > found.chain.needed for mixed in found.plain)} times, and the best "
        "direction found for the ten classes leaves two of them overlapping at "
        f"{sum(mixed.overlap <= 0 for mixed in found.plain)} of {len(found.plain)} times. "
        f"The fewest points on the wrong side, nearer to the mean of another class, are "
        f"{int(wrong.sum())} of {len(wrong)}, at t = {best.moment.time:g}; "
        f"{int((wrong & outvoted).sum())} of the {int(outvoted.sum())} points with most of their "
        "weight in other classes are among them. In the end all points run together: at "
        f"t = {moved[-1].moment.time:g} even D is only {moved[-1].moment.diameter:.2g}, of "
        f"{start.moment.diameter:.2g} at first."
    )


def _reach_words(found: DigitsChain) -> str:
    separated = [mixed.moment.time for mixed in found.plain if mixed.unseparated == 0]
    last, orderly = found.plain[-1], found.orderly
    linear = (
        "no linear scores that put all points on their side were found at any time"
        if not separated
        else f"linear scores that put all points on their side were found at "
        f"{', '.join(f't = {time:g}' for time in separated)}"
    )
    raw = (
        " (the raw digits are linearly separable as they are)"
        if found.plain[0].unseparated == 0
        else ""
    )
    network = (
        "its gaps are too narrow for float64"
        if found.memorised is None
        else f"it has {found.memorised[0]} blocks and labels {found.memorised[1]} of "
        f"{found.chain.points} points rightly"
    )
    return (
        f"How far it gets all the same. Fitted to all labels, {linear}{raw}; at t = "
        f"{last.moment.time:g} the fit leaves {last.unseparated} wrong. "
        "Theorem 1 needs no large L/D, only gaps between runs, stretches of one class along a "
        f"direction. Along the best of many directions there are {found.plain[0].runs} runs at "
        f"t = 0 and at least {orderly.runs}, at t = {orderly.moment.time:g}, where ten would "
        "do. The network of Theorem 1 can be written down for them, with one or two turns a run: "
        f"{network}. Such a network has learnt single points by heart; what Theorem 2 promises, "
        "few blocks because subsets are compact, needs a graph whose edges join no classes."
    )


def _table(found: DigitsChain) -> Table:
    cleaned = {moment.time: moment.ratio for moment in found.cleaned}
    return Table(
        caption="Digits over the diffusion. N is the number of components of the oracle's graph, "
        f"{found.chain.subsets}; the sharp bound is L/D > {found.chain.needed:.0f}",
        header=(
            "t",
            "oracle: L/D",
            "plain: L/D",
            "plain: L/D of classes",
            "best margin",
            "wrong side",
            "linear scores",
            "fewest runs",
        ),
        rows=tuple(
            (
                f"{mixed.moment.time:g}",
                (
                    Cell(_number(cleaned[mixed.moment.time]))
                    if mixed.moment.time in cleaned
                    else Cell("–"),
                    Cell(_number(mixed.ratio)),
                    Cell(_number(mixed.class_ratio)),
                    Cell(f"{mixed.overlap:.3f}", loss=mixed.overlap <= 0),
                    Cell(str(int(mixed.wrong.sum())), best=mixed is found.best),
                    Cell(str(mixed.unseparated)),
                    Cell(str(mixed.runs), best=mixed is found.orderly),
                ),
            )
            for mixed in found.plain
        ),
        note=f"{ORACLE} All other columns are of the plain graph. best margin: the smallest gap "
        "between the ten classes along the best direction found, relative to the extent; negative "
        "where two overlap. wrong side: points nearer to the mean of another class. linear "
        "scores: points that a logistic regression fitted to all labels leaves wrong.",
    )


def _curves(found: DigitsChain) -> Picture:
    chain = found.chain
    times = [mixed.moment.time for mixed in found.plain]
    curves = {
        "oracle’s graph, its components": (
            [moment.time for moment in found.cleaned],
            [moment.ratio for moment in found.cleaned],
        ),
        "plain graph, the same components": (times, [mixed.ratio for mixed in found.plain]),
        "plain graph, the ten classes": (times, [mixed.class_ratio for mixed in found.plain]),
    }
    ratios = {moment.time: moment.ratio for moment in found.cleaned}
    marked = {
        words: (at, ratios[at])
        for words, at in (
            ("direction found", chain.direction_at),
            ("certificate", chain.certificate_at),
        )
        if at is not None
    }
    return Picture(
        ratios_over_time(curves, {f"enough: L/D > {chain.needed:.0f}": chain.needed}, marked),
        alt=f"L/D against the strength of diffusion. On the oracle's graph it rises from "
        f"{found.cleaned[0].ratio:.2g} to {_number(found.cleaned[-1].ratio)}, above the sufficient "
        f"{chain.needed:.0f}. On the plain graph it falls from {found.plain[0].ratio:.2g} to "
        f"{_number(found.plain[-1].ratio)}.",
        caption=f"L/D of digits under diffusion. {ORACLE} The plain kNN graph keeps them. Stars: "
        "from where on a direction is found, and the certificate holds, on the oracle’s graph.",
        name="theorem2_digits",
    )


def _joined(found: DigitsChain) -> Picture:
    graphs = found.graphs
    chosen = heaviest_joining(graphs, PAIRS)
    images = graphs.points.reshape(-1, 8, 8)
    first, second, weight = graphs.edges
    pairs = [(images[first[e]], images[second[e]]) for e in chosen]
    titles = [(f"a {graphs.classes[first[e]]}", f"a {graphs.classes[second[e]]}") for e in chosen]
    names = ", ".join(f"{a} with {b}" for a, b in titles)
    return Picture(
        image_pairs(pairs, titles),
        alt=f"Pairs of digit images that look alike and are of different classes: {names}.",
        caption=f"Where the chain breaks: the {len(chosen)} heaviest edges between two classes, "
        f"of weight {weight[chosen].min():.2f} to {weight[chosen].max():.2f} (the median of all "
        f"edges is {np.median(weight):.2f}). Each image is shown once; its label is as given.",
        name="theorem2_joined",
    )


def _rows(found: DigitsChain) -> list[dict[str, Any]]:
    cleaned = [
        {
            "graph": "oracle",
            "time": m.time,
            "diameter": m.diameter,
            "distance": m.distance,
            "ratio": m.ratio,
        }
        for m in found.cleaned
    ]
    return cleaned + [_plain_row(mixed) for mixed in found.plain]


def _plain_row(mixed: Mixed) -> dict[str, Any]:
    return {
        "graph": "plain",
        "time": mixed.moment.time,
        "diameter": mixed.moment.diameter,
        "distance": mixed.moment.distance,
        "ratio": mixed.ratio,
        "class_ratio": mixed.class_ratio,
        "closest_joined": mixed.joined,
        "best_margin": mixed.overlap,
        "wrong_side": int(mixed.wrong.sum()),
        "linear_wrong": mixed.unseparated,
        "fewest_runs": mixed.runs,
    }


def _a(digit: int) -> str:
    return f"an {digit}" if digit == 8 else f"a {digit}"


def _number(value: float) -> str:
    return f"{value:.3g}" if 1e-3 <= value < 1e4 else f"{value:.1e}"


def _time(at: float | None) -> str:
    return "never (not within the times looked at)" if at is None else f"t = {round(at, 1):g}"
