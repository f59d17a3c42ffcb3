"""Synthetic sets of the paper (Fig. 3 and 4, appendix E.1): two classes of points in the plane."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int
from sklearn.utils import check_random_state

from diffresnet.errors import InputError


@dataclass(frozen=True)
class SyntheticSet:
    """Labelled points in the plane.

    Attributes
    ----------
    points : (n, 2)
    classes : (n,)
        0 or 1.
    subsets : (n,)
        Subclass of every point in the structured data assumption (Section IV-A): a class is a
        union of subsets. The subsets are the classes themselves in every set but XOR.
    """

    points: Float[np.ndarray, "n 2"]
    classes: Int[np.ndarray, " n"]
    subsets: Int[np.ndarray, " n"]

    def __len__(self) -> int:
        return len(self.points)


def xor(points: int = 100, radius: float = 0.75, seed: int = 42) -> SyntheticSet:
    """Sample four discs at the corners of a square of side 2, opposite ones of one class.

    Uniform in each disc: radius * sqrt(u) and 2 pi v for uniform u, v. The radii of all discs are
    drawn before all angles, and the discs come as (0, 0), (2, 2) of class 0, then (2, 0), (0, 2)
    of class 1. With NumPy's legacy generator at seed 42 this order gives the diameters and
    distances of the paper's own set (docs/data.md).

    Parameters
    ----------
    points : int
        Points in each disc.

    Examples
    --------
    >>> data = xor()
    >>> data.points.shape, [int(n) for n in np.bincount(data.classes)]
    ((400, 2), [200, 200])
    """
    _check(points, radius)
    rng = check_random_state(seed)
    radii = radius * np.sqrt(rng.random_sample(4 * points))
    angles = 2.0 * np.pi * rng.random_sample(4 * points)
    centres = np.array([(0.0, 0.0), (2.0, 2.0), (2.0, 0.0), (0.0, 2.0)])
    subsets = np.repeat(np.arange(4), points)
    offsets = radii[:, None] * _unit_vectors(angles)
    return SyntheticSet(centres[subsets] + offsets, subsets // 2, subsets)


def circle(points: int = 500, noise: float = 0.05, seed: int = 42) -> SyntheticSet:
    """Sample two rings around one centre, the outer of radius 2 first, then one of radius 1.

    Evenly spaced from angle 0 to 2 pi, both included; `noise` is the standard deviation of a
    Gaussian in each coordinate, whose draws for all first coordinates come before those for all
    second ones. With this order both numbers known of the paper's set come out (docs/data.md).

    Parameters
    ----------
    points : int
        Points in each ring.

    Examples
    --------
    >>> circle(noise=0.0).points[[0, 500]]
    array([[2., 0.],
           [1., 0.]])
    """
    _check(points, noise)
    ring = _unit_vectors(np.linspace(0.0, 2.0 * np.pi, points))
    return _two_classes(2.0 * ring, ring, noise, seed)


def moon(points: int = 500, noise: float = 0.05, seed: int = 40) -> SyntheticSet:
    """Sample two interleaved half circles of radius 1, the second turned and moved by (1, 0.5).

    Evenly spaced, with noise as in `circle`.

    Parameters
    ----------
    points : int
        Points in each moon.
    """
    _check(points, noise)
    arc = _unit_vectors(np.linspace(0.0, np.pi, points))
    return _two_classes(arc, np.array([1.0, 0.5]) - arc, noise, seed)


def spiral(points: int = 500, noise: float = 0.1, seed: int = 42) -> SyntheticSet:
    """Sample two spiral arms, +-(1 + theta) (cos theta, sin theta) for theta from 0 to 2 pi.

    Evenly spaced in theta, with noise as in `circle`.

    Parameters
    ----------
    points : int
        Points in each arm.
    """
    _check(points, noise)
    theta = np.linspace(0.0, 2.0 * np.pi, points)
    arm = (1.0 + theta)[:, None] * _unit_vectors(theta)
    return _two_classes(arm, -arm, noise, seed)


def _check(points: int, scale: float) -> None:
    if points < 1:
        raise InputError(f"points must be at least 1, not {points}")
    if not 0.0 <= scale < float("inf"):
        raise InputError(f"radius and noise must be finite and not negative, not {scale}")


def _unit_vectors(angles: Float[np.ndarray, " n"]) -> Float[np.ndarray, "n 2"]:
    return np.stack([np.cos(angles), np.sin(angles)], axis=1)


def _two_classes(
    first: Float[np.ndarray, "m 2"], second: Float[np.ndarray, "m 2"], noise: float, seed: int
) -> SyntheticSet:
    draws = check_random_state(seed).standard_normal((2, 2 * len(first)))
    classes = np.repeat(np.arange(2), len(first))
    return SyntheticSet(np.concatenate([first, second]) + noise * draws.T, classes, classes.copy())
