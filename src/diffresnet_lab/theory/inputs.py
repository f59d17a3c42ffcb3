"""Validation of points, labels and directions; all become float64 arrays."""

from __future__ import annotations

from typing import Any

import numpy as np
from jaxtyping import Float, Int, Shaped
from torch import Tensor

from diffresnet.errors import InputError


def as_points(points: Any) -> Float[np.ndarray, "n d"]:
    """Return a float64 copy of an array, a tensor or rows of numbers.

    Raises
    ------
    InputError
        If they are not (n, d), there are none, or values are not finite.
    """
    if isinstance(points, Tensor):
        points = points.detach().cpu().numpy()
    x = np.array(points, dtype=np.float64)
    if x.ndim != 2 or x.size == 0:
        raise InputError(f"points must be (n, d) with n and d at least 1, these are {x.shape}")
    if not np.isfinite(x).all():
        raise InputError("the points have values that are NaN or infinite; fill or drop those rows")
    return x


def as_classes(labels: Any, n: int) -> tuple[Shaped[np.ndarray, " c"], Int[np.ndarray, " n"]]:
    """Return the distinct labels in order, and the index of each point's label.

    Raises
    ------
    InputError
        If there is not one a point, or they cannot be sorted.
    """
    given = np.asarray(labels.detach().cpu() if isinstance(labels, Tensor) else labels)
    if given.shape != (n,):
        raise InputError(f"there must be one label a point: {n} points, labels {given.shape}")
    try:
        names, classes = np.unique(given, return_inverse=True)
    except TypeError as error:
        raise InputError("labels must be of one type, all numbers or all text") from error
    return names, classes


def as_direction(direction: Any, d: int) -> Float[np.ndarray, " d"]:
    """Return a direction scaled to length 1.

    Raises
    ------
    InputError
        If it has another dimension than d, is zero, or has values that are not finite.
    """
    if isinstance(direction, Tensor):
        direction = direction.detach().cpu().numpy()
    u = np.array(direction, dtype=np.float64)
    if u.shape != (d,):
        raise InputError(f"the direction must be ({d},) as the points are, it is {u.shape}")
    largest = np.abs(u).max()
    if not 0.0 < largest < np.inf:
        raise InputError("the direction must be finite and not zero")
    u = u / largest
    return np.asarray(u / np.linalg.norm(u))
