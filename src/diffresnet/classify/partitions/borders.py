"""What partitions see of each other: values at the points that have edges over a border."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from operator import attrgetter
from typing import Any

import numpy as np
from jaxtyping import Int

from .engine import Engine


@dataclass(frozen=True)
class Borders:
    """The points that partitions show each other.

    Attributes
    ----------
    near : of each partition, those it borders on, ascending.
    shown : of each partition, a handle of its points that any other sees.
    places : of each partition, handles of the places of what it sees among the points that each
        near one shows.
    """

    near: list[list[int]]
    shown: list[Any]
    places: list[list[Any]]

    @classmethod
    def find(cls, engine: Engine, parts: Sequence[Any], offsets: Int[np.ndarray, " p1"]) -> Borders:
        """Find the borders of the parts of a graph."""
        spans = [(int(a), int(b)) for a, b in pairwise(offsets)]
        borders = [engine.view(attrgetter("border"), part) for part in parts]
        near = near_partitions(engine, borders, offsets)
        wanted = [
            {q: engine.submit(within, border, *spans[q]) for q in others}
            for border, others in zip(borders, near, strict=True)
        ]
        shown = [
            engine.submit(_union, [rows[q] for rows in wanted if q in rows])
            for q in range(len(parts))
        ]
        places = [
            [engine.submit(np.searchsorted, shown[q], rows[q]) for q in rows] for rows in wanted
        ]
        return cls(near, shown, places)

    def values(self, engine: Engine, states: Sequence[Any]) -> list[tuple[list[Any], list[Any]]]:
        """Return handles of what each partition sees of states (n_i, ...), as `seen` takes them.

        A state is shown once to all: workers that hold several partitions get it once.
        """
        shown = [
            engine.submit(rows_of, state, rows)
            for state, rows in zip(states, self.shown, strict=True)
        ]
        return [
            ([shown[q] for q in near], places)
            for near, places in zip(self.near, self.places, strict=True)
        ]


def seen(values: tuple[Sequence[np.ndarray], Sequence[np.ndarray]]) -> list[np.ndarray]:
    """Return what a partition sees of each that it borders on, in the order of its border."""
    return [shown[places] for shown, places in zip(*values, strict=True)]


def near_partitions(
    engine: Engine, numbers: Sequence[Any], offsets: Int[np.ndarray, " p1"]
) -> list[list[int]]:
    """Return the partitions that ascending numbers of points are in, of every handle."""
    views = [engine.view(_partitions_of, each, offsets) for each in numbers]
    return [each.tolist() for each in engine.gather(views)]


def _partitions_of(
    numbers: Int[np.ndarray, " h"], offsets: Int[np.ndarray, " p1"]
) -> Int[np.ndarray, " q"]:
    return np.flatnonzero(np.diff(np.searchsorted(numbers, offsets)))


def _union(rows: Sequence[Int[np.ndarray, " r"]]) -> Int[np.ndarray, " r"]:
    return np.unique(np.concatenate([np.empty(0, dtype=np.int64), *rows]))


def within(numbers: Int[np.ndarray, " h"], first: int, end: int) -> Int[np.ndarray, " r"]:
    """Return those of ascending numbers in a range, counted from its begin."""
    part = slice(*np.searchsorted(numbers, [first, end]).tolist())
    return np.asarray(numbers[part] - first)


def rows_of(values: np.ndarray, rows: Int[np.ndarray, " r"]) -> np.ndarray:
    """Return some rows of an array."""
    return np.asarray(values[rows])


def rows_at(
    engine: Engine,
    handles: Sequence[Any],
    offsets: Int[np.ndarray, " p1"],
    numbers: Int[np.ndarray, " m"],
) -> list[np.ndarray]:
    """Return rows of arrays that are numbered through, of each array in turn.

    Parameters
    ----------
    offsets : number of the first row of each.
    numbers : ascending.
    """
    spans = zip(handles, offsets[:-1], offsets[1:], strict=True)
    return engine.gather(
        [engine.view(rows_of, each, within(numbers, int(a), int(b))) for each, a, b in spans]
    )
