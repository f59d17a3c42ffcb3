"""What the page of Proposition 1 says, from what was measured."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from jaxtyping import Float, Int

from ...pages.words import short
from .rates import Followed
from .window import Window

MATHS = (
    "One diffusion step is x ← x − γ L x with L = diag(W 1) − W: each point moves towards the mean "
    "of the points that it is linked to. D is the largest diameter of a subset and L the smallest "
    "distance between two (not to be confused with the Laplacian). Proposition 1 says that L/D "
    "grows exponentially if each subset is a connected component of the graph and is convex.",
    "Why: a step with γ times the row sum of W at most 1 replaces each point by a weighted mean of "
    "points of its own subset, so the subset’s convex hull can only shrink. Hence D never grows, "
    "and the distance between the hulls, which L is at least, never falls. All points of a "
    "component tend to one point, and D in the long run falls by the factor ρ = max |1 − γλ| a "
    "step, over the eigenvalues λ ≠ 0 of the Laplacian. So if the hulls are disjoint at the start, "
    "L/D grows like ρ⁻ʳ over r steps. Without disjoint hulls D falls all the same, but L may "
    "pass through small values; in the end L/D grows if the limits are different points.",
)


def moral(cases: Sequence[Followed]) -> tuple[str, ...]:
    """What the sets show: with the assumptions, without convexity, without components."""
    held = [f for f in cases if f.applies]
    rings = [f for f in cases if f.settled and f.case.cross_weight == 0.0 and not f.convex]
    other = [f for f in cases if not f.applies and f not in rings]
    said = []
    if held:
        never = all(f.lowest == 0 for f in held)
        said.append(
            f"Both assumptions hold for {_list(held)}. There L/D "
            + (
                "is never below its start, and its growth becomes that of the slowest mode."
                if never
                else "dips below its start before it grows."
            )
        )
    if rings:
        said.append(
            "Each subset is a component, but the hulls meet, for "
            f"{_list(rings)}: " + " ".join(_ring(f) for f in rings)
        )
    said += [_other(f) for f in other]
    return tuple(said)


def _ring(found: Followed) -> str:
    ratio, steps, low = found.motion.ratio, found.motion.steps, found.lowest
    name, start = found.case.name, short(ratio[0])
    paper = ratio[np.flatnonzero(steps == found.case.paper_steps)[0]]
    after = f"after the paper’s {found.case.paper_steps} steps L/D is {short(paper)}"
    if low > 0:
        dip = f"falls from {start} to {short(ratio[low])} at step {steps[low]:,}"
        dip += ", where parts of the two come close on their way; "
    else:
        dip = f"never falls below its start, {start}; "
    if found.end.distance > 0.0:
        end = (
            f"the limits of its subsets are {short(found.end.distance)} apart, so that it grows "
            f"in the end all the same, to {short(ratio[-1])}."
        )
    else:
        end = f"its subsets have one limit, and it ends at {short(ratio[-1])}."
    return f"On {name}, {after}; L/D {dip}{end}"


def _other(found: Followed) -> str:
    ratio = found.motion.ratio
    if found.end.diameter == 0.0:
        places = "one place" if found.graph.classes == 1 else "the same few places"
        return (
            f"{_capital(found.case.name)}: {100 * found.case.cross_weight:.1f}% of the weight "
            f"joins two subsets, and there is {_count(found.graph.classes)}. D vanishes, but L "
            f"with it, for all points tend to {places}: L/D goes from "
            f"{short(ratio[0])} to {short(ratio[-1])}. Proposition 1 does not apply."
        )
    return (
        f"{_capital(found.case.name)}: the {len(np.unique(found.case.subsets))} subsets fall into "
        f"{found.graph.classes} closed classes, each of which ends at a point of its own. D tends "
        f"to {short(found.end.diameter)}, not to 0, and L/D to {short(found.end.ratio)}; it is "
        f"{short(ratio[-1])} at the end."
    )


def window_text(
    window: Window,
    neighbours: Sequence[int],
    cross: Float[np.ndarray, " k"],
    pieces: Int[np.ndarray, " k"],
    slopes: Sequence[float],
    bounds: tuple[float, float],
    draws: int,
) -> tuple[str, ...]:
    """The remark after the proposition, in numbers."""
    inside = window.applies
    if inside:
        columns = [window.ntops.index(k) for k in inside]
        held = window.ratio[:, columns]
        first = (
            f"On XOR that holds for ntop from {inside[0]} to {inside[-1]}: below, some disc falls "
            f"into several closed classes; above, edges join two discs. Which points are linked "
            f"does not depend on σ, but the weights and so the speed do: inside the window L/D "
            f"after {window.steps} steps is anything from {short(held.min())} to "
            f"{short(held.max())}. Outside it reaches {short(_outside(window, columns))} at most."
        )
    else:
        first = "On XOR no ntop of the grid achieves both."
    whole = np.flatnonzero(pieces == pieces.min())[0]
    clean = neighbours[0] if cross[0] == 0 else None
    second = (
        f"The digits have {'a' if clean else 'no such'} window: with {neighbours[0]} neighbour "
        f"{100 * cross[0]:.1f}% of the edges already join two classes, while the classes need "
        f"{neighbours[whole]} neighbours to fall into {pieces[whole]} pieces, where "
        f"{100 * cross[whole]:.1f}% do."
    )
    third = (
        "How large must k be to connect a subset of n points? For random points in a disc the "
        f"smallest k that connects them (mean of {draws} draws) grows by {slopes[0]:.2f} for each "
        f"unit of ln n where directions of edges are forgotten, and by {slopes[1]:.2f} where the "
        "graph with directions, which the flow sees, must have one closed class. As n grows the "
        f"first lies between {bounds[0]} ln n and {bounds[1]} ln n (Balister, Bollobás, Sarkar and "
        "Walters 2005, for random points in a square): ntop need grow with log n only."
    )
    return (
        "The remark after the proposition: ntop must be so small that no edge joins two subsets, "
        "and so large that each subset is connected. " + first,
        second,
        third,
    )


def _outside(window: Window, columns: list[int]) -> float:
    rest = np.delete(window.ratio, columns, axis=1)
    return float(rest.max()) if rest.size else float("nan")


def _list(cases: Sequence[Followed]) -> str:
    names = [found.case.name for found in cases]
    return " and ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)


def _count(classes: int) -> str:
    return "one closed class" if classes == 1 else f"{classes} closed classes"


def _capital(name: str) -> str:
    return name[0].upper() + name[1:]
