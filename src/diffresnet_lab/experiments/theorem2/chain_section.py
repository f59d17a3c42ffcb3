"""The page of the synthetic chains: when each condition holds, and what comes out."""

from __future__ import annotations

from typing import Any

from ...pages.section import Cell, Section, Table
from ..experiment import Part, Setup
from .blobs import POINTS
from .chain import SAMPLES, Chain, synthetic_chains

DIMS = (2, 3, 5, 10, 20)


def chain_part(setup: Setup) -> Part:
    """Part "chain" of theorem2."""
    dims = DIMS[::2] if setup.quick else DIMS
    per_doubling = 1 if setup.quick else 2
    chains = synthetic_chains(dims, per_doubling, setup.seed)
    done = sum(chain.complete for chain in chains.values())
    early = [
        chain.bound_at / max(chain.direction_at, 1.0)
        for chain in chains.values()
        if chain.bound_at is not None and chain.direction_at is not None
    ]
    table = Table(
        caption="Strength t of diffusion after which each condition first holds, and what the "
        "network that is then constructed does",
        header=(
            "set, d",
            "N",
            "a direction is found",
            "certificate p < 1",
            "ball bound",
            "sharp bound",
            "L/D then",
            "L/D needed",
            "blocks",
            "points right",
        ),
        rows=tuple(
            (
                f"{name}, d = {dim}",
                (
                    Cell(str(c.subsets)),
                    *(
                        Cell("never" if at is None else f"{at:.3g}", loss=at is None)
                        for at in (c.direction_at, c.certificate_at, c.ball_at, c.bound_at)
                    ),
                    Cell(f"{c.ratio:.3g}"),
                    Cell(f"{c.needed:.3g}"),
                    Cell(str(c.blocks)),
                    Cell(f"{c.right} of {c.points}", loss=not c.complete),
                ),
            )
            for (name, dim), c in chains.items()
        ),
        note=f"Times go by a factor of {2 ** (1 / per_doubling):.3g} from 1. Networks whose "
        "features are proved linearly separable in exact arithmetic: "
        f"{sum(c.separable for c in chains.values())} of {len(chains)}.",
    )
    section = Section(
        title="The whole chain on synthetic sets, with nothing trained",
        text=(
            f"{POINTS} points are drawn in each of N convex subsets of R^d: XOR is four balls "
            "about the corners of a square, opposite ones of one class; the random blobs are six "
            "ellipsoids in three classes. Points move by the heat flow of the random walk on their "
            "graph of 10 nearest neighbours, until L/D is above the sharp bound. Then a direction "
            "is searched for, and the network of Theorem 1 is written down from it.",
            "The bound is safe and not tight: it holds "
            f"{min(early, default=1.0):.0f} to {max(early, default=1.0):.0f} times as late as the "
            "search first finds a direction (times below 1 count as 1). Since L/D grows "
            "exponentially, that costs time only.",
        ),
        tables=(table,),
    )
    rows = [_row(name, chain) for (name, _), chain in chains.items()]
    return Part(
        section,
        rows,
        f"Without training, {done} of {len(chains)} synthetic sets in {min(dims)} to {max(dims)} "
        f"dimensions are diffused, given a direction and separated completely.",
        {"points_per_subset": POINTS, "neighbours": 10, "directions": SAMPLES},
    )


def _row(name: str, chain: Chain) -> dict[str, Any]:
    return {
        "set": name,
        "dim": chain.dim,
        "subsets": chain.subsets,
        "points": chain.points,
        "direction_at": chain.direction_at,
        "certificate_at": chain.certificate_at,
        "ball_bound_at": chain.ball_at,
        "sharp_bound_at": chain.bound_at,
        "ratio": chain.ratio,
        "needed": chain.needed,
        "margin": chain.margin,
        "blocks": chain.blocks,
        "right": chain.right,
        "separable": chain.separable,
    }
