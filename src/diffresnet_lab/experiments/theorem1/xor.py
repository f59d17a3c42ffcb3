"""Theorem 1 on XOR: diffusion until parallel lines separate the discs, then the flow."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from jaxtyping import Float, Int

from ...theory import (
    SeparatingDirection,
    SeparatingFlow,
    class_intervals,
    linear_margin,
    separating_direction,
    separating_flow,
)
from ..fig3.study import XorMotion, xor_motion

ANGLES = 720


@dataclass(frozen=True)
class XorFlow:
    """XOR along its diffusion, and the flow after the last of the steps.

    Attributes
    ----------
    first : int
        The fewest diffusion steps after which a direction was found on which all four discs are
        disjoint, so that parallel lines leave one disc between each two neighbours.
    directions : list of SeparatingDirection
        The best direction for that after each number of steps.
    network : SeparatingFlow
        Network of the points after the last step, along its direction.
    """

    motion: XorMotion
    first: int
    directions: list[SeparatingDirection]
    network: SeparatingFlow


def xor_flow(steps: int, seed: int = 42) -> XorFlow:
    """Diffuse, search a direction after each step, and build the flow after the last.

    Raises
    ------
    InputError
        If no direction separates the discs after the last step.
    """
    motion = xor_motion(range(steps + 1), seed)
    directions = [separating_direction(points, motion.data.subsets) for points in motion.positions]
    first = next((step for step, each in enumerate(directions) if each.separated), steps)
    network = separating_flow(
        motion.positions[-1],
        motion.data.classes,
        to_the_right(directions[-1]),
        subsets=motion.data.subsets,
    )
    return XorFlow(motion, first, directions, network)


def to_the_right(result: SeparatingDirection) -> Float[np.ndarray, " 2"]:
    """Return the direction with the sign that is easier to read in a picture."""
    return result.direction * np.sign(result.direction[0])


def fewest_intervals(
    points: Float[np.ndarray, "n 2"], classes: Int[np.ndarray, " n"]
) -> Float[np.ndarray, " 2"]:
    """Return the direction with the fewest class intervals, of these the one of widest gap.

    Directions a quarter of a degree apart are tried.
    """
    angles = np.pi * np.arange(ANGLES) / ANGLES
    directions = np.column_stack([np.cos(angles), np.sin(angles)])
    projected = points @ directions.T
    ordered = classes[np.argsort(projected, axis=0)]
    counts = (np.diff(ordered, axis=0) != 0).sum(axis=0)
    least = np.flatnonzero(counts == counts.min())
    gaps = [class_intervals(projected[:, index], classes).gap for index in least]
    return np.asarray(directions[least[int(np.argmax(gaps))]])


def step_rows(flow: XorFlow, steps: Sequence[int]) -> list[dict[str, Any]]:
    """Return what the flow takes after some diffusion steps, along one direction or two.

    "fewest runs" asks for the classes only, "discs apart" for all four discs to be disjoint.
    """
    rows = []
    motion = flow.motion
    for step in sorted({*steps, flow.first}):
        points, apart = motion.positions[step], flow.directions[step]
        directions = {"fewest runs": fewest_intervals(points, motion.data.classes)}
        if apart.separated:
            directions["discs apart"] = apart.direction
        for name, direction in directions.items():
            network = separating_flow(points, motion.data.classes, direction)
            start = {"step": step, "direction": name, "ratio": float(motion.ratio[step])}
            rows.append({**start, **_measured(network, points, motion.data.classes)})
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
