"""Why a row has its label: what every given label contributes to the score."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from jaxtyping import Bool, Float, Int

from .influence import Influence, PointInfluence
from .points import LabelledPoints, PointSet

FOR, AGAINST = 4, 2
"""Labels that the text of an explanation names, of those that speak for and against the answer."""

STEPS = 5
"""Rows of a path that it names."""


@dataclass(frozen=True)
class Contribution:
    """What one given label adds to the score of an answer.

    Attributes
    ----------
    row : int
        The labelled row.
    label : its label.
    graph : float
        What it adds along the graph. Never negative.
    prior : float
        What it adds through the prior: by the head, and by label sources where there are any.
        Negative where it speaks against the answer.
    path : tuple of int
        Rows on the likeliest walk from the explained row to this one, both included. Empty where
        every walk meets another label first.
    """

    row: int
    label: Any
    graph: float
    prior: float
    path: tuple[int, ...] = field(repr=False)

    @property
    def weight(self) -> float:
        """What it adds in all."""
        return self.graph + self.prior


@dataclass(frozen=True)
class Explanation:
    """The score of a row's answer as a sum over the given labels.

    Attributes
    ----------
    row : int
    label : its answer.
    contributions : one for every labelled row, the largest first.
    base : float
        What no label accounts for: 1 / c of the prior for each of c classes, and biases.
    reached : bool
        Whether any label is connected to the row; else the answer is that of the prior alone.
    """

    row: int
    label: Any
    contributions: tuple[Contribution, ...] = field(repr=False)
    base: float
    reached: bool = True

    @property
    def score(self) -> float:
        """The sum of all contributions and the base."""
        return sum(each.weight for each in self.contributions) + self.base

    def __str__(self) -> str:
        lines = [f"row {self.row}: {self.label}, score {self.score:.3f}"]
        if not self.reached:
            lines[0] += "; no label is connected to it, so this is the prior alone"
        shown = [each for each in self.contributions[:FOR] if each.weight > 0]
        last = self.contributions[len(shown) :][-AGAINST:]
        shown += [each for each in reversed(last) if each.weight < 0]
        for each in shown:
            through = _through(each.path[1:-1])
            lines.append(f"{each.weight:+7.3f}  row {each.row} ({each.label}){through}")
        rest = [each.weight for each in self.contributions if each not in shown]
        if rest:
            lines.append(f"{sum(rest):+7.3f}  {len(rest)} other labels")
        lines.append(f"{self.base:+7.3f}  no label")
        return "\n".join(lines)


def _through(rows: tuple[int, ...]) -> str:
    shown = [str(row) for row in rows]
    if len(shown) > STEPS:
        shown = [*shown[: STEPS - 1], "...", shown[-1]]
    return f" through {', '.join(shown)}" if shown else ""


@dataclass(frozen=True)
class GivenLabels:
    """Labelled rows, and the labelled points at which they stand.

    Attributes
    ----------
    rows : (k,) row numbers.
    codes : (k,) classes.
    of_point : (k,) index into the labelled points.
    weight : (k,) share of each in the label of its point.
    """

    rows: Int[np.ndarray, " k"]
    codes: Int[np.ndarray, " k"]
    of_point: Int[np.ndarray, " k"]
    weight: Float[np.ndarray, " k"]

    @classmethod
    def of(
        cls,
        rows: Int[np.ndarray, " k"],
        codes: Int[np.ndarray, " k"],
        at: Int[np.ndarray, " k"],
        weight: Float[np.ndarray, " k"] | None,
        labels: LabelledPoints,
    ) -> GivenLabels:
        """Gather labelled rows that stand at points `at`."""
        of_point = np.searchsorted(labels.at, at)
        weight = np.ones(len(rows)) if weight is None else weight
        return cls(rows, codes, of_point, weight / np.bincount(of_point, weight)[of_point])

    def split(
        self, influence: PointInfluence, labels: LabelledPoints, code: int
    ) -> tuple[Float[np.ndarray, " k"], Float[np.ndarray, " k"]]:
        """Split the contributions of points over their rows: (k,) along the graph, by the prior.

        Rows of the answered class share what their point adds along the graph. The prior was made
        of the likeliest class of each point, and rows of that class share what it adds.
        """
        shares = []
        for takes in (self.codes == code, self.codes == labels.codes[self.of_point]):
            weight = self.weight * takes
            total = np.bincount(self.of_point, weight, minlength=len(labels))[self.of_point]
            shares.append(np.divide(weight, total, out=np.zeros_like(weight), where=total > 0))
        graph, prior = influence.graph[self.of_point], influence.prior[self.of_point]
        return graph * shares[0], prior * shares[1]

    def representatives(self, labels: LabelledPoints) -> Int[np.ndarray, " l"]:
        """Return a row of the likeliest class for each labelled point, the first one."""
        own = np.flatnonzero(self.codes == labels.codes[self.of_point])[::-1]
        found = np.empty(len(labels), dtype=np.int64)
        found[self.of_point[own]] = self.rows[own]
        return found


@dataclass(frozen=True)
class Explainer:
    """Explains the answers of fitted rows by the labelled ones.

    Attributes
    ----------
    influence : of the labelled points.
    given : the labelled rows.
    points : PointSet
    reached : (n,) points that a label reaches.
    """

    influence: Influence
    given: GivenLabels
    points: PointSet
    reached: Bool[np.ndarray, " n"]

    def explain(
        self,
        row: int,
        code: int,
        classes: np.ndarray,
        numbers: Int[np.ndarray, " m"],
    ) -> Explanation:
        """Explain the answer of a row.

        Parameters
        ----------
        code : class of the answer.
        classes : (c,) names of classes.
        numbers : (m,) row numbers as the user has them.
        """
        labels, point = self.influence.labels, int(self.points.of_row[row])
        reached = bool(self.reached[point])
        found = self.influence.of_point(point, code, by_prior=not reached)
        graph, prior = self.given.split(found, labels, code)
        _, first = np.unique(self.points.of_row, return_index=True)
        walks = self.influence.paths(point)
        contributions = []
        for at in np.argsort(-(graph + prior), kind="stable").tolist():
            end = int(self.given.rows[at])
            inner = first[walks[self.given.of_point[at]][1:-1]]
            path = numbers[[row, *inner, end]].tolist() if walks[self.given.of_point[at]] else []
            label = classes[self.given.codes[at]]
            contributions.append(
                Contribution(
                    int(numbers[end]), label, float(graph[at]), float(prior[at]), tuple(path)
                )
            )
        return Explanation(
            int(numbers[row]), classes[code], tuple(contributions), found.base, reached
        )

    def strongest(
        self, codes: Int[np.ndarray, " n"], count: int
    ) -> tuple[Int[np.ndarray, "m k"], Float[np.ndarray, "m k"]]:
        """Return the labelled rows that add most to the answer of each row, and how much.

        Parameters
        ----------
        codes : (n,) answers of points.
        count : how many; there may be fewer.

        Returns
        -------
        rows : (m, k) labelled rows of the answered class, the strongest first, -1 for none.
        shares : (m, k) of each in what all labels of that class add; 0 for none.
        """
        labels = self.influence.labels
        which, shares = self.influence.strongest(codes, min(count, len(labels)))
        rows = self.given.representatives(labels)[which]
        none = (shares <= 0) | ~self.reached[:, None]
        rows, shares = np.where(none, -1, rows), np.where(none, 0.0, shares)
        return self.points.spread_back(rows), self.points.spread_back(shares)
