"""The four synthetic sets of the paper (Fig. 3 and 4, appendix E.1): points in the plane."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int
from sklearn.utils import check_random_state

from ..errors import InputError


@dataclass(frozen=True)
class SyntheticSet:
    """Points in the plane, and what they belong to.

    Attributes
    ----------
    points : (n, 2)
    classes : (n,)
        0 or 1.
    subsets : (n,)
        The subclasses of the structured data assumption (Section IV-A): a class is a union of
        them. They are the classes themselves in every set but XOR.
    """

    points: Float[np.ndarray, "n 2"]
    classes: Int[np.ndarray, " n"]
    subsets: Int[np.ndarray, " n"]

    def __len__(self) -> int:
        return len(self.points)


def xor(points: int = 100, radius: float = 0.75, seed: int = 42) -> SyntheticSet:
    """Four discs at the corners of a square of side 2, opposite ones of one class.

    Uniform in each disc: radius * sqrt(u) and 2 pi v for uniform u, v. The radii of all discs are
    drawn before all angles, and the discs come as (0, 0), (2, 2) of class 0, then (2, 0), (0, 2)
    of class 1. With NumPy's legacy generator at seed 42 this order gives the diameters and
    distances that were measured on the paper's set, to all digits known, at each of the steps
    0, 1, 10, 20, 100 and 200; the same discs drawn in row order, (0, 0), (0, 2), (2, 0), (2, 2),
    agree before the first step and differ after it.

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
    r = radius * np.sqrt(rng.random_sample(4 * points))
    angle = 2.0 * np.pi * rng.random_sample(4 * points)
    centres = np.array([(0.0, 0.0), (2.0, 2.0), (2.0, 0.0), (0.0, 2.0)])
    subsets = np.repeat(np.arange(4), points)
    return SyntheticSet(centres[subsets] + r[:, None] * _direction(angle), subsets // 2, subsets)


def circle(points: int = 500, noise: float = 0.05, seed: int = 42) -> SyntheticSet:
    """Two rings around one centre, of radius 1 and 2.

    Angles are uniform, and `noise` is the standard deviation of a Gaussian in each coordinate.
    How the paper draws its points is not known; the numbers of points, radii and noise are.

    Parameters
    ----------
    points : int
        Points in each ring.
    """
    _check(points, noise)
    rng = check_random_state(seed)
    classes = np.repeat(np.arange(2), points)
    angle = 2.0 * np.pi * rng.random_sample(2 * points)
    return _noisy((1.0 + classes)[:, None] * _direction(angle), classes, noise, rng)


def moon(points: int = 500, noise: float = 0.05, seed: int = 40) -> SyntheticSet:
    """Two interleaved half circles of radius 1, the second turned and moved by (1, 0.5).

    Evenly spaced, with Gaussian noise as in `circle`.

    Parameters
    ----------
    points : int
        Points in each moon.
    """
    _check(points, noise)
    rng = check_random_state(seed)
    arc = _direction(np.linspace(0.0, np.pi, points))
    both = np.concatenate([arc, np.array([1.0, 0.5]) - arc])
    return _noisy(both, np.repeat(np.arange(2), points), noise, rng)


def spiral(points: int = 500, noise: float = 0.1, seed: int = 42) -> SyntheticSet:
    """Two arms, +(1 + theta) and -(1 + theta) times (cos theta, sin theta), 0 <= theta <= 2 pi.

    Angles are uniform, with Gaussian noise as in `circle`.

    Parameters
    ----------
    points : int
        Points in each arm.
    """
    _check(points, noise)
    rng = check_random_state(seed)
    classes = np.repeat(np.arange(2), points)
    theta = 2.0 * np.pi * rng.random_sample(2 * points)
    radius = (1.0 - 2.0 * classes) * (1.0 + theta)
    return _noisy(radius[:, None] * _direction(theta), classes, noise, rng)


def _check(points: int, spread: float) -> None:
    if points < 1:
        raise InputError(f"points must be at least 1, not {points}")
    if not 0.0 <= spread < float("inf"):
        raise InputError(f"radius and noise must be finite and not negative, not {spread}")


def _direction(angle: Float[np.ndarray, " n"]) -> Float[np.ndarray, "n 2"]:
    return np.stack([np.cos(angle), np.sin(angle)], axis=1)


def _noisy(
    points: Float[np.ndarray, "n 2"],
    classes: Int[np.ndarray, " n"],
    noise: float,
    rng: np.random.RandomState,
) -> SyntheticSet:
    moved = points + noise * rng.standard_normal(points.shape)
    return SyntheticSet(moved, classes, classes.copy())
