"""Labelled points along a diffusion: diameter D, distance L and L/D at each of some steps."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from jaxtyping import Float, Int, Shaped
from torch import Tensor

from diffresnet.errors import InputError
from diffresnet.flow import ExplicitEuler, diffuse
from diffresnet.operators import Laplacian

from ..theory.geometry import SubsetGeometry, subset_geometry

NAMES = ("step", "diameter", "distance", "ratio")


@dataclass(frozen=True)
class Motion:
    """The geometry of labelled points along a diffusion.

    Attributes
    ----------
    steps : (s,)
    diameter, distance : (s,)
        D and L of the subsets after each of the steps.
    """

    steps: Int[np.ndarray, " s"]
    diameter: Float[np.ndarray, " s"]
    distance: Float[np.ndarray, " s"]

    @classmethod
    def of_geometry(cls, steps: Sequence[int], geometry: Sequence[SubsetGeometry]) -> Motion:
        """Return the curves of the geometry after each of the steps."""
        diameter, distance = ([getattr(g, name) for g in geometry] for name in NAMES[1:3])
        return Motion(np.asarray(steps), np.array(diameter), np.array(distance))

    @property
    def ratio(self) -> Float[np.ndarray, " s"]:
        """Return L / D, infinite where D is 0."""
        with np.errstate(divide="ignore"):
            return self.distance / self.diameter

    def rows(self) -> Iterator[dict[str, Any]]:
        """Yield a row for each step: step, diameter, distance, ratio."""
        columns = (self.steps, self.diameter, self.distance, self.ratio)
        for values in zip(*(column.tolist() for column in columns), strict=True):
            yield dict(zip(NAMES, values, strict=True))


def follow(
    laplacian: Laplacian,
    points: Float[np.ndarray, "n d"],
    subsets: Shaped[np.ndarray, " n"],
    steps: Sequence[int],
    gamma: float = 1.0,
) -> Iterator[tuple[Float[np.ndarray, "n d"], SubsetGeometry]]:
    """Yield the points after each of the steps, and their geometry.

    Parameters
    ----------
    steps : ascending numbers of explicit Euler steps from 0 on.

    Raises
    ------
    InputError
        If the steps do not ascend.
    """
    if not len(steps) or min(steps) < 0 or list(steps) != sorted(set(steps)):
        raise InputError("steps must be ascending numbers from 0 on")
    x: Tensor = torch.from_numpy(points)
    labels, done = torch.from_numpy(subsets), 0
    for step in steps:
        x = diffuse(laplacian, x, ExplicitEuler(gamma, step - done))
        done = step
        yield x.numpy(), subset_geometry(x, labels)


def fit_decay(
    motion: Motion, size: float, share: float = 1.0 / 3.0
) -> tuple[float, tuple[int, int]]:
    """Return the factor of D a step in the long run, by least squares on log D.

    The fit takes the last `share` of the steps that are above rounding, where D is more than 1e-11
    of the size of the coordinates: the slowest mode is alone there, or nearly.

    Parameters
    ----------
    size : float
        Largest coordinate, by which rounding is judged.
    share : float
        Of the steps above rounding, how many are fitted.

    Returns
    -------
    The factor a step, and the first and last step of the fit.

    Raises
    ------
    InputError
        If fewer than three steps can be fitted.
    """
    above = motion.diameter > 1e-11 * size
    last = int(motion.steps[above][-1]) if above.any() else 0
    fitted = above & (motion.steps >= last - share * last) & (motion.steps <= last)
    if fitted.sum() < 3:
        raise InputError("a rate needs at least three steps in the last stretch above rounding")
    steps = motion.steps[fitted]
    slope = np.polyfit(steps - steps[0], np.log(motion.diameter[fitted]), 1)[0]
    return float(np.exp(slope)), (int(steps[0]), int(steps[-1]))
