"""The flows that are compared: their variants, their paths, and measures along them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor

from diffresnet.flow import ImplicitEuler

from ...theory.conductance import Conductance, EdgeStopping, PLaplacian
from ...theory.nonlinear import diffuse_nonlinear, edge_lengths, reweighed_graph
from .data import Cloud

# Stretches of frozen weights from one measured time to the next.
UPDATES = 2
TIMES: Mapping[str, tuple[float, ...]] = {
    "xor": (0, 10, 30, 100, 300),
    "plane": (0, 100, 300, 1000, 3000, 10000, 30000),
    "digits": (0, 10, 30, 100, 300, 1000),
}


@dataclass(frozen=True)
class Variant:
    """A conductance, and whether h follows the lengths or stays at their median at the start."""

    conductance: Conductance
    follows: bool = False
    graph: str = "walk"

    @property
    def parameter(self) -> str:
        """Return the parameter that sets it apart from the other variant of its flow."""
        match self.conductance:
            case PLaplacian(p=2.0):
                return "no parameter"
            case PLaplacian(eps=eps):
                return f"eps {eps:g}"
            case EdgeStopping(kappa=kappa):
                return f"kappa {kappa:g}"
        raise AssertionError(self.conductance)


LINEAR = "linear"
FLOWS: Mapping[str, tuple[str, tuple[Variant, ...]]] = {
    LINEAR: ("Linear", (Variant(PLaplacian(2.0)),)),
    "linear_symmetric": ("Linear, symmetric", (Variant(PLaplacian(2.0), graph="even"),)),
    **{
        f"p{p:g}": (f"p = {p:g}", tuple(Variant(PLaplacian(p, eps)) for eps in (0.1, 1.0)))
        for p in (1.0, 1.5, 3.0)
    },
    "gaussian": ("Gaussian", tuple(Variant(EdgeStopping(k)) for k in (2.0, 4.0))),
    "lorentz": ("Lorentz", tuple(Variant(EdgeStopping(k, "lorentz")) for k in (2.0, 4.0))),
    "lorentz_following": (
        "Lorentz, h follows",
        tuple(Variant(EdgeStopping(k, "lorentz"), follows=True) for k in (2.0, 4.0)),
    ),
}
"""Key: name for readers, and the variants of which one is chosen."""


def moved_along(points: Cloud, variant: Variant, times: tuple[float, ...]) -> Iterator[Tensor]:
    """Yield the points at each of the ascending times, by implicit Euler steps."""
    # The plane is stiff at long times: conjugate gradients need the digits of float64 there.
    dtype = torch.float64 if points.points.shape[1] == 2 else torch.float32
    weights = getattr(points, variant.graph)
    mass = points.degree if variant.graph == "walk" else np.ones_like(points.degree)
    # The centre of mass is at 0 and stays there: residuals then shrink with the points.
    centred = points.points - np.average(points.points, axis=0, weights=mass)
    x, now = torch.from_numpy(centred).to(dtype), 0.0
    unit = None if variant.follows else start_unit(points, variant)
    for time in times:
        if time > now:
            flow = ImplicitEuler((time - now) / UPDATES, tol=1e-3)
            x = diffuse_nonlinear(weights, x, variant.conductance, flow, UPDATES, unit=unit)
            now = time
        yield x


def start_unit(points: Cloud, variant: Variant) -> float:
    """Return the h of the points before they move."""
    lengths = edge_lengths(points.walk, torch.from_numpy(points.points))
    return variant.conductance.unit(lengths)


def accuracy(
    z: Float[Tensor, "m d"],
    classes: Int[np.ndarray, " n"],
    labelled: Int[np.ndarray, "draws l"],
) -> float:
    """Return the accuracy in percent of the nearest labelled point on the other true points."""
    draws, each = labelled.shape
    n = len(classes)
    distance = torch.cdist(z[:n], z[torch.from_numpy(labelled.ravel())])
    nearest = distance.reshape(n, draws, each).argmin(2).numpy()
    predicted = classes[labelled[np.arange(draws), nearest]]
    right = predicted == classes[:, None]
    right[labelled, np.arange(draws)[:, None]] = False
    return float(100.0 * right.sum() / (draws * (n - each)))


def astray_share(points: Cloud, z: Float[Tensor, "m d"], variant: Variant) -> float:
    """Return the share of weight of true points that leads to another class or added point."""
    unit = None if variant.follows else start_unit(points, variant)
    weights = getattr(points, variant.graph)
    graph = reweighed_graph(weights, z, variant.conductance, unit=unit).tocoo()
    owner = np.concatenate([points.classes, np.full(len(points.points) - points.n, -1)])
    row, column = owner[graph.coords[0]], owner[graph.coords[1]]
    outgoing = row >= 0
    total = graph.data[outgoing].sum()
    return (
        float(graph.data[outgoing & (row != column)].sum() / total) if total > 0 else float("nan")
    )
