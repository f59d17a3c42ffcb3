"""Sizes of a run of Proposition 1."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Prop1Plan:
    """Sizes of a run.

    Parameters
    ----------
    decades, digits_decades : powers of ten by which the slowest mode is followed down, on the
        synthetic sets and on digits.
    looks : how often D and L are measured, evenly and as often again by powers.
    ntops, sigmas : of the map of XOR.
    neighbours : of digits
    counts, draws : numbers of points in a disc, and draws of each.
    cloud : points of the clouds on which the two geometries are compared.
    """

    decades: float
    digits_decades: float
    looks: int
    ntops: tuple[int, ...]
    sigmas: tuple[float, ...]
    neighbours: tuple[int, ...]
    counts: tuple[int, ...]
    draws: int
    cloud: int
