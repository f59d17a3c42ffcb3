"""Theorem 1 on random sets between parallel planes: separated, counted, and held against bounds."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from jaxtyping import Float, Int

from ...theory import SeparatingFlow, separates, separating_flow

CLASSES = (2, 5)
POINTS = 3  # of a band


def bands(
    rng: np.random.Generator, dimension: int, count: int, classes: int
) -> tuple[
    Float[np.ndarray, "n d"],
    Int[np.ndarray, " n"],
    Int[np.ndarray, " n"],
    Float[np.ndarray, " d"],
]:
    """Draw points in `count` bands across a random direction.

    Neighbours are of different classes. Widths are exponential with mean 1, gaps 0.1 more than
    exponential with mean 0.9, and points normal with deviation 3 across the direction.

    Returns
    -------
    Points, classes, bands and direction.
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
    """Build the flow for random sets; return what came out, and the bounds."""
    networks: list[SeparatingFlow] = []
    right, distances = [], []
    for _ in range(draws):
        points, labels, band, direction = bands(rng, dimension, count, classes)
        network = separating_flow(points, labels, direction, subsets=band)
        right.append(_exactly_separated(network, points, labels))
        distances.append(network.distance(points, labels))
        networks.append(network)
    return {
        "dimension": dimension,
        "classes": classes,
        "runs": count,
        "sets": draws,
        "separated": sum(right),
        "blocks": max(len(net.blocks) for net in networks),
        "blocks_bound": max(net.bounds.blocks for net in networks),
        "within_bound": all(len(net.blocks) <= net.bounds.blocks for net in networks),
        "strength": max(net.strength for net in networks),
        "strength_of_bound": max(_share(net.strength, net.bounds.strength) for net in networks),
        "distance_of_gap": min(
            d / net.intervals.gap for d, net in zip(distances, networks, strict=True)
        ),
        "distance_of_bound": min(
            d / net.bounds.distance for d, net in zip(distances, networks, strict=True)
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
