"""Theorems 2 and 1 in a chain, with nothing trained: diffuse, search, construct."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np
import scipy.sparse
import torch
from jaxtyping import Float, Int
from scipy.sparse.csgraph import connected_components

from diffresnet.flow import HeatFlow, diffuse
from diffresnet.operators import SparseLaplacian
from diffresnet.similarity import similarity_graph

from ...theory import (
    failure_probability,
    linear_margin,
    separating_direction,
    separating_flow,
    sufficient_ratio,
)
from ...theory.geometry import subset_geometry
from ...theory.sufficient_ratio import Form
from .blobs import random_blobs, xor_balls

# Relative error of a diffusion: what L/D is measured from must lie far above it.
TOL = 1e-12
SAMPLES = 1024
FORMS: tuple[Form, ...] = ("ball", "sharp")


@dataclass(frozen=True)
class Moment:
    """Points at one time of a diffusion."""

    time: float
    points: Float[np.ndarray, "n d"]
    diameter: float
    distance: float

    @property
    def ratio(self) -> float:
        """Return L / D."""
        return self.distance / self.diameter

    def row(self) -> dict[str, float]:
        """Return the numbers as `reproduce theorem2` writes them."""
        return {
            "time": self.time,
            "diameter": self.diameter,
            "distance": self.distance,
            "ratio": self.ratio,
        }


def geometric_times(last: float, per_doubling: float) -> tuple[float, ...]:
    """Return 0, 1, and on by a factor of 2^(1 / per_doubling) up to `last`."""
    steps = int(per_doubling * np.log2(last) + 1e-9)
    return (0.0, *(float(2.0 ** (k / per_doubling)) for k in range(steps + 1)))


def moments(
    weights: scipy.sparse.csr_array,
    points: Float[np.ndarray, "n d"],
    subsets: Int[np.ndarray, " n"],
    times: Iterable[float],
) -> Iterator[Moment]:
    """Yield points under the heat flow of the random walk, from one time to the next.

    Parameters
    ----------
    times : ascending strengths t; one unit is one explicit step with gamma = 1 of the same walk.
    """
    laplacian = SparseLaplacian.random_walk(weights, dtype=torch.float64)
    x, now, labels = torch.from_numpy(points), 0.0, torch.from_numpy(subsets)
    for time in times:
        x, now = diffuse(laplacian, x, HeatFlow(time - now, tol=TOL)), time
        geometry = subset_geometry(x, labels)
        yield Moment(time, x.numpy(), geometry.diameter, geometry.distance)


@dataclass(frozen=True)
class Chain:
    """One set in the chain.

    Attributes
    ----------
    dim, subsets, classes, points : int
        d, N, number of classes and of points.
    needed : float
        The sharp sufficient ratio.
    direction_at, certificate_at, ball_at, bound_at : float or None
        First time at which the search found a direction; at which the certificate, the ball form
        and the sharp form of the bound held. None where that was not reached.
    ratio : float
        L/D when the chain stopped, which is when the sharp form held.
    margin : float
        Of the direction then.
    blocks : int
        Of the constructed network.
    right : int
        Points that it classifies correctly.
    separable : bool
        Whether its features are linearly separable, checked in exact arithmetic.
    """

    dim: int
    subsets: int
    classes: int
    points: int
    needed: float
    direction_at: float | None
    certificate_at: float | None
    ball_at: float | None
    bound_at: float | None
    ratio: float
    margin: float
    blocks: int
    right: int
    separable: bool

    @property
    def complete(self) -> bool:
        """Return whether all points come out right, with linearly separable features."""
        return self.bound_at is not None and self.right == self.points and self.separable


def run_chain(
    moving: Iterable[Moment],
    subsets: Int[np.ndarray, " n"],
    classes: Int[np.ndarray, " n"],
    seed: int = 0,
    check_margin: bool = True,
) -> tuple[Chain, list[Moment]]:
    """Diffuse until the sharp bound holds, take a direction, construct the network of Theorem 1.

    Parameters
    ----------
    moving : as `moments` gives them; not asked for more than needed.
    check_margin : bool
        Prove by a linear program that the network's features are separable. For thousands of points
        of ten classes it takes long; then all points that the network's own linear layer labels
        rightly are the proof, up to rounding.

    Returns
    -------
    The chain, and the moments up to the last.

    Raises
    ------
    InputError
        If subsets still overlap at the last moment: there is nothing to construct.
    """
    n_subsets = len(np.unique(subsets))
    first: dict[str, float] = {}
    past = []
    for moment in moving:
        past.append(moment)
        x = moment.points
        bounds = {form: sufficient_ratio(n_subsets, x.shape[1], form) for form in FORMS}
        held: dict[str, bool] = {form: moment.ratio > bound for form, bound in bounds.items()}
        held["certificate"] = "certificate" in first or failure_probability(x, subsets) < 1.0
        if "direction" not in first:
            held["direction"] = separating_direction(x, subsets, SAMPLES, seed).separated
        for name in [name for name, holds in held.items() if holds]:
            first.setdefault(name, moment.time)
        if held["sharp"]:
            break
    best = separating_direction(x, subsets, SAMPLES, seed, on_failure="raise")
    net = separating_flow(x, classes, best.direction, subsets=subsets)
    with torch.no_grad():
        features = net.features(torch.from_numpy(x)).numpy()
    right = int((net.predict(x) == classes).sum())
    chain = Chain(
        dim=x.shape[1],
        subsets=n_subsets,
        classes=len(np.unique(classes)),
        points=len(x),
        needed=bounds["sharp"],
        direction_at=first.get("direction"),
        certificate_at=first.get("certificate"),
        ball_at=first.get("ball"),
        bound_at=first.get("sharp"),
        ratio=past[-1].ratio,
        margin=best.margin,
        blocks=len(net.blocks),
        right=right,
        separable=linear_margin(features, classes).separable if check_margin else right == len(x),
    )
    return chain, past


def synthetic_chains(
    dims: Iterable[int], per_doubling: float, seed: int
) -> dict[tuple[str, int], Chain]:
    """Run the chain on both sets in every dimension, on graphs of 10 neighbours."""
    chains = {}
    for dim in dims:
        for make in (xor_balls, random_blobs):
            blobs = make(dim, np.random.default_rng((seed, dim)))
            weights = similarity_graph(blobs.points)
            times = geometric_times(2.0**12, per_doubling)
            moving = moments(weights, blobs.points, blobs.subsets, times)
            chains[blobs.name, dim] = run_chain(moving, blobs.subsets, blobs.classes, seed)[0]
    return chains


def pieces(weights: scipy.sparse.csr_array) -> Int[np.ndarray, " n"]:
    """Return the connected component of each point."""
    return np.asarray(connected_components(weights, directed=False)[1], dtype=np.int64)
