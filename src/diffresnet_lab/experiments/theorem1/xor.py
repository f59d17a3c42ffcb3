"""Theorem 1 on XOR: diffusion until parallel lines separate the discs, then the flow."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from jaxtyping import Float, Int

from ...pages.section import Cell, Picture, Section, Table
from ...theory import (
    SeparatingDirection,
    SeparatingFlow,
    class_intervals,
    linear_margin,
    separating_direction,
    separating_flow,
)
from ..experiment import Part, Setup
from ..fig3.study import GAMMA, XorMotion, xor_motion
from .figures import xor_figure

STEPS = (0, 1, 2, 5, 10, 20)
ANGLES = 720


@dataclass(frozen=True)
class XorFlow:
    """XOR along its diffusion, and the flow after the last of the steps.

    Attributes
    ----------
    first : int
        The fewest diffusion steps after which a direction was found on which all four discs are
        disjoint, so that parallel lines leave one disc between each two neighbours.
    found : list of SeparatingDirection
        The best direction for that after each number of steps.
    network : SeparatingFlow
        Of the points after the last step, along its direction.
    """

    motion: XorMotion
    first: int
    found: list[SeparatingDirection]
    network: SeparatingFlow


def xor_flow(seed: int = 42, steps: int = STEPS[-1]) -> XorFlow:
    """Diffuse, look for a direction after each step, and build the flow after the last.

    Raises
    ------
    InputError
        If no direction separates the discs after the last step.
    """
    motion = xor_motion(range(steps + 1), seed)
    found = [separating_direction(points, motion.data.subsets) for points in motion.positions]
    first = next((step for step, each in enumerate(found) if each.separated), steps)
    network = separating_flow(
        motion.positions[-1],
        motion.data.classes,
        _to_the_right(found[-1]),
        subsets=motion.data.subsets,
    )
    return XorFlow(motion, first, found, network)


def _to_the_right(found: SeparatingDirection) -> Float[np.ndarray, " 2"]:
    """Of the two signs, the one that can be read in a picture."""
    return found.direction * np.sign(found.direction[0])


def fewest_runs(
    points: Float[np.ndarray, "n 2"], classes: Int[np.ndarray, " n"]
) -> Float[np.ndarray, " 2"]:
    """Of directions a quarter of a degree apart, one with the fewest runs, its gap the widest."""
    angles = np.pi * np.arange(ANGLES) / ANGLES
    directions = np.column_stack([np.cos(angles), np.sin(angles)])
    projected = points @ directions.T
    ordered = classes[np.argsort(projected, axis=0)]
    counts = (np.diff(ordered, axis=0) != 0).sum(axis=0)
    least = np.flatnonzero(counts == counts.min())
    gaps = [class_intervals(projected[:, at], classes).gap for at in least]
    return np.asarray(directions[least[int(np.argmax(gaps))]])


def step_rows(flow: XorFlow) -> list[dict[str, Any]]:
    """What the flow takes after some diffusion steps, along two directions where there are two.

    "fewest runs" asks for the classes only, "discs apart" for all four discs to be disjoint.
    """
    rows = []
    motion = flow.motion
    for step in sorted({*STEPS, flow.first}):
        points, found = motion.positions[step], flow.found[step]
        directions = {"fewest runs": fewest_runs(points, motion.data.classes)}
        if found.separated:
            directions["discs apart"] = found.direction
        for name, direction in directions.items():
            network = separating_flow(points, motion.data.classes, direction)
            where = {"step": step, "direction": name, "ratio": float(motion.ratio[step])}
            rows.append({**where, **_measured(network, points, motion.data.classes)})
    return rows


def _measured(
    network: SeparatingFlow, points: Float[np.ndarray, "n 2"], classes: Int[np.ndarray, " n"]
) -> dict[str, Any]:
    u = network.direction.numpy()
    frame = np.column_stack([u, [-u[1], u[0]]])  # the program scales coordinates, here u.x and v.x
    with torch.no_grad():
        moved = network.features(torch.from_numpy(points)).numpy()
    before, after = linear_margin(points @ frame, classes), linear_margin(moved @ frame, classes)
    return {
        "runs": len(network.intervals),
        "blocks": len(network.blocks),
        "gap": network.intervals.gap,
        "spread": network.half_extent,
        "strength": network.strength,
        "strength_bound": network.bounds.strength,
        "distance": network.distance(points, classes),
        "distance_bound": network.bounds.distance,
        "margin_before": before.margin,
        "separable_before": before.separable,
        "margin_after": after.margin,
        "separable_after": after.separable,
    }


def xor_part(setup: Setup) -> Part:
    """The figure of the theorem, and how much diffusion saves the flow."""
    flow = xor_flow(setup.seed)
    rows = step_rows(flow)
    start, end = rows[0], rows[-1]
    fewest = [row for row in rows if row["direction"] == "fewest runs"]
    one = next((row for row in fewest if row["runs"] == 3), fewest[-1])
    separable = all(row["separable_after"] and not row["separable_before"] for row in rows)
    finding = (
        f"Parallel lines separate the four discs of XOR after {_count(flow.first, 'step')} of "
        f"diffusion; {_count(end['blocks'], 'block')} then "
        f"{'makes' if end['blocks'] == 1 else 'make'} the two classes linearly separable "
        f"(the linear program {'finds' if separable else 'does not always find'} a line after the "
        f"flow, and {'none' if separable else 'not always none'} before). Without diffusion it "
        "takes "
        f"{_count(start['blocks'], 'block')}, {start['strength'] / end['strength']:.0f} times as "
        f"strong as after {end['step']} steps."
    )
    first = flow.found[flow.first]
    section = Section(
        title="XOR: diffusion, then a flow, then a straight line",
        text=(
            "Theorem 1: if parallel hyperplanes leave one subset between each two neighbours, "
            "there is a flow with parameters constant in pieces after which the classes are "
            "linearly separable. The network here is not trained. Its weights are written down: "
            "each block x ← x + s v ReLU(u·x − c), with v orthogonal to u, slides one half-plane "
            "along itself, and is at once a residual block with one ReLU and the exact flow of its "
            "ODE over one unit of time.",
            f"After {_count(flow.first, 'diffusion step')} the search finds a direction on which "
            f"all four discs are disjoint, with gaps of {first.gap:.3f} or more; after fewer it "
            f"finds none. The centres at the ends of one diagonal have the same sum as those of "
            f"the other, so that on any direction one pair lies between the other: the runs of one "
            f"class are {end['runs']}, and K − 2 = {end['runs'] - 2}. Theorem 1 needs the classes "
            f"apart, not the discs, so that the two discs in the middle may also fall on each "
            f"other, as on a diagonal: with that allowed, {one['runs']} runs are left after "
            f"{_count(one['step'], 'step')} already.",
            "For a finite set some direction always leaves runs, if no two classes share a point: "
            "in the worst case every point is a run. What diffusion changes is the price: the "
            "number of blocks K − 2, and their strength, at most 2 max(4 M / g, 1), with g the "
            "narrowest gap and M half the extent of the points across the direction.",
        ),
        tables=(_table(rows),),
        galleries=((_picture(flow),),),
    )
    return Part(
        section,
        rows,
        finding,
        {"set": "xor", "ntop": 20, "sigma": 0.5, "gamma": GAMMA, "angles": ANGLES},
    )


def _picture(flow: XorFlow) -> Picture:
    motion, net = flow.motion, flow.network
    last = len(motion.positions) - 1
    points = torch.from_numpy(motion.positions[last])
    _, positions = net.trajectory(points)
    farthest = np.linalg.norm(positions[-1] - positions[0], axis=1).max()
    return Picture(
        xor_figure(
            {step: motion.positions[step] for step in (0, flow.first, last)},
            {step: _to_the_right(flow.found[step]) for step in (flow.first, last)},
            motion.data,
            net,
        ),
        alt=f"Six panels. The four discs of XOR; the discs after {flow.first} and after {last} "
        f"diffusion steps, with the direction u and three parallel lines across it, one disc "
        f"between each two neighbours; then, seen along u and v, the points before the block, "
        f"half-way, and after it, where a straight line has one class on each side.",
        caption=f"{_count(flow.first, 'diffusion step')} are the fewest after which parallel lines "
        f"have one disc between each two; after {last}, {_count(len(net.blocks), 'block')} of "
        f"strength {net.strength:.1f} and a straight line separate the classes. The last three "
        f"panels are squeezed upwards: the block moves points by up to {farthest:.0f} units.",
        name="theorem1",
    )


def _table(rows: list[dict[str, Any]]) -> Table:
    return Table(
        caption="What the flow takes after some diffusion steps",
        header=(
            "steps, direction",
            "L/D",
            "K",
            "blocks",
            "g",
            "strength",
            "distance",
            "margin",
        ),
        rows=tuple(
            (
                f"{row['step']}, {row['direction']}",
                (
                    Cell(f"{row['ratio']:.3g}"),
                    Cell(str(row["runs"])),
                    Cell(str(row["blocks"])),
                    Cell(f"{row['gap']:.2g}"),
                    Cell(f"{row['strength']:.3g}"),
                    Cell(f"{row['distance']:.2g}", f"≥ {row['distance_bound']:.2g}"),
                    Cell(f"{row['margin_before']:.1g} → {row['margin_after']:.2g}"),
                ),
            )
            for row in rows
        ),
        note="Distance: from the network’s line to the nearest moved point, and its bound "
        "g / (4√2). Margin: of the best line by a linear program before and after the flow, with "
        "u·x and v·x scaled to half-extent 1; 0 means that no line separates. That the moved "
        "points are separable was checked in exact arithmetic too.",
    )


def _count(number: int, what: str) -> str:
    return f"{number} {what}" if number == 1 else f"{number} {what}s"
