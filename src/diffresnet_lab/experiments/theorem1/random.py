"""Theorem 1 on random sets between parallel planes: separated, counted, and held against bounds."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from jaxtyping import Float, Int

from ...pages.section import Cell, Picture, Section, Table
from ...theory import SeparatingFlow, separates, separating_flow
from ..experiment import Part, Setup
from .figures import bounds_figure

DIMENSIONS = (2, 3, 10, 50)
RUNS = (3, 10, 30, 100)
QUICK = ((2, 10), (3, 10, 30))
"""Dimensions and runs, where all is to be quick."""
CLASSES = (2, 5)
DRAWS, QUICK_DRAWS = 6, 1
POINTS = 3  # of a band


def bands(
    rng: np.random.Generator, dimension: int, count: int, classes: int
) -> tuple[
    Float[np.ndarray, "n d"],
    Int[np.ndarray, " n"],
    Int[np.ndarray, " n"],
    Float[np.ndarray, " d"],
]:
    """Points in `count` bands across a random direction: points, classes, bands and direction.

    Neighbours are of different classes. Widths are exponential with mean 1, gaps 0.1 more than
    exponential with mean 0.9, and points normal with deviation 3 across the direction.
    """
    of_band = np.cumsum(rng.integers(1, classes, count)) % classes
    width, gap = rng.exponential(1.0, count), 0.1 + rng.exponential(0.9, count)
    start = np.cumsum(width + gap) - width
    band = np.repeat(np.arange(count), POINTS)
    along = start[band] + width[band] * rng.random(len(band))
    across = 3.0 * rng.standard_normal((len(band), dimension - 1))
    turn = np.linalg.qr(rng.standard_normal((dimension, dimension)))[0]
    return np.column_stack([along, across]) @ turn, of_band[band], band, turn[0]


def random_row(
    rng: np.random.Generator, dimension: int, count: int, classes: int, draws: int
) -> dict[str, Any]:
    """Build the flow for some random sets: what came out, and the bounds."""
    made: list[SeparatingFlow] = []
    right, distances = [], []
    for _ in range(draws):
        points, labels, band, direction = bands(rng, dimension, count, classes)
        network = separating_flow(points, labels, direction, subsets=band)
        right.append(_exactly_separated(network, points, labels))
        distances.append(network.distance(points, labels))
        made.append(network)
    return {
        "dimension": dimension,
        "classes": classes,
        "runs": count,
        "sets": draws,
        "separated": sum(right),
        "blocks": max(len(net.blocks) for net in made),
        "blocks_bound": max(net.bounds.blocks for net in made),
        "within_bound": all(len(net.blocks) <= net.bounds.blocks for net in made),
        "strength": max(net.strength for net in made),
        "strength_of_bound": max(_share(net.strength, net.bounds.strength) for net in made),
        "distance_of_gap": min(
            d / net.intervals.gap for d, net in zip(distances, made, strict=True)
        ),
        "distance_of_bound": min(
            d / net.bounds.distance for d, net in zip(distances, made, strict=True)
        ),
    }


def _share(value: float, bound: float) -> float:
    return value / bound if bound > 0.0 else 0.0


def _exactly_separated(
    network: SeparatingFlow, points: Float[np.ndarray, "n d"], labels: Int[np.ndarray, " n"]
) -> bool:
    with torch.no_grad():
        moved = network.features(torch.from_numpy(points)).numpy()
    head = network.classifier
    return separates(
        moved,
        np.searchsorted(network.classes, labels),
        head.weight.detach().numpy(),
        head.bias.detach().numpy(),
    )


def random_part(setup: Setup) -> Part:
    """Random sets over dimensions, runs and classes."""
    rng = np.random.default_rng(setup.seed)
    draws = QUICK_DRAWS if setup.quick else DRAWS
    dimensions, counts = QUICK if setup.quick else (DIMENSIONS, RUNS)
    rows = [
        random_row(rng, dimension, count, classes, draws)
        for classes in CLASSES
        for dimension in dimensions
        for count in counts
    ]
    sets, separated = sum(row["sets"] for row in rows), sum(row["separated"] for row in rows)
    counted = all(row["within_bound"] for row in rows)
    nearest = min(row["distance_of_bound"] for row in rows)
    strongest = max(row["strength_of_bound"] for row in rows)
    finding = (
        f"{separated} of {sets} random sets in {dimensions[0]} to {dimensions[-1]} dimensions, of "
        f"up to {counts[-1]} runs, are linearly separable after the flow; the number of blocks "
        f"{'never exceeds' if counted else 'exceeds'} its bound, the strongest block has "
        f"{strongest:.2f} of its bound, and the smallest distance is {nearest:.2f} times its bound."
    )
    section = Section(
        title="Random sets between parallel planes",
        text=(
            "Bands of points of random widths and gaps across a random direction, neighbours of "
            "different classes. With K runs of C classes the flow has K − 2 blocks for two "
            "classes, which is the least that any flow of this kind can have; for more classes one "
            "block more for each wide run of the classes between the outermost two. That the "
            "network’s own planes separate all moved points is checked in rational arithmetic.",
            "The strength of a block, and how far points are from the planes in the end, "
            "are bounded by the narrowest gap g and the extent M across the direction alone: "
            "neither depends on the number of runs. How far points are moved does: far along the "
            "direction they have passed more blocks.",
        ),
        tables=(_table(rows),),
        galleries=(
            (
                Picture(
                    bounds_figure(rows),
                    alt="Two charts over the number of runs: blocks grow by one a run for two "
                    "classes, and somewhat faster for more; the smallest distance relative to the "
                    "gap, beside dashed lines for its bounds.",
                    caption="Left: blocks, the largest of all dimensions, with the line K − 2. "
                    "Right: smallest distance from the planes between classes in units of the "
                    "narrowest gap, over all sets of that size, with its bounds (dashed).",
                    name="theorem1_random",
                ),
            ),
        ),
    )
    settings = {
        "points_of_a_band": POINTS,
        "sets": draws,
        "runs": list(counts),
        "dimensions": list(dimensions),
    }
    return Part(section, rows, finding, settings)


def _table(rows: list[dict[str, Any]]) -> Table:
    return Table(
        caption="Random sets: separated, blocks and bounds",
        header=(
            "d, C, K",
            "separated",
            "blocks",
            "bound",
            "strength",
            "of bound",
            "distance/bound",
        ),
        rows=tuple(
            (
                f"{row['dimension']}, {row['classes']}, {row['runs']}",
                (
                    Cell(f"{row['separated']} of {row['sets']}"),
                    Cell(str(row["blocks"])),
                    Cell(str(row["blocks_bound"])),
                    Cell(f"{row['strength']:.3g}"),
                    Cell(f"{row['strength_of_bound']:.2f}"),
                    Cell(f"{row['distance_of_bound']:.2f}"),
                ),
            )
            for row in rows
        ),
        note="Blocks, strength and its share of the bound: the largest of the sets; distance, as a "
        "multiple of its bound: the smallest.",
    )
