"""New classes: groups of rows that look like none of the classes there are."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from jaxtyping import Bool, Float, Int
from scipy.cluster.hierarchy import fcluster, linkage
from scipy.sparse import csgraph

from .domain import Domain
from .points import LabelledPoints
from .suggestion import TIME

# Points that make a group; fewer are strays.
FEWEST = 3
# Typical points that a group names.
TYPICAL = 3
# Novel points whose distances fit in memory, and labelled points of each class that are compared.
MANY, COMPARED = 5000, 30


@dataclass(frozen=True)
class ProposedClass:
    """Rows that may be a class of their own.

    Attributes
    ----------
    rows : (k,) of them, ascending.
    typical : (t,) the most typical ones, the first at the centre.
    """

    rows: np.ndarray = field(repr=False)
    typical: np.ndarray

    def __len__(self) -> int:
        return len(self.rows)


def propose_points(
    domain: Domain, labels: LabelledPoints, novel: Bool[np.ndarray, " n"]
) -> list[tuple[Int[np.ndarray, " k"], Int[np.ndarray, " t"]]]:
    """Return groups of novel points, the largest first, and typical points of each.

    Diffused features are clustered by average linkage, cut half-way between the mean distance
    within a labelled class and that to the class nearest to it: as far apart as classes are here.
    Without features, groups are connected components of the graph among novel points.
    """
    points = np.flatnonzero(novel)
    if len(points) < FEWEST:
        return []
    if domain.x is None:
        inside = domain.graph[points][:, points]
        _, group = csgraph.connected_components(inside, directed=False)
        score = -np.asarray(inside.sum(axis=1)).ravel()  # the best linked are typical
        return _largest(points, group, score)
    features = domain.directions(TIME)

    def z(at: Int[np.ndarray, " k"]) -> Float[np.ndarray, "k d"]:
        return np.asarray(features.some_rows(at).double().cpu().numpy())

    points = points[:: -(-len(points) // MANY)]
    own, classes = z(points), np.unique(labels.codes)
    known = [z(labels.at[labels.codes == c][:COMPARED]) for c in classes]
    group = fcluster(linkage(own, "average"), _cut(known), "distance")
    _, group = np.unique(group, return_inverse=True)
    means = np.stack([own[group == g].mean(axis=0) for g in range(group.max() + 1)])
    return _largest(points, group, np.linalg.norm(own - means[group], axis=1))


def _cut(known: list[Float[np.ndarray, "k d"]]) -> float:
    """Return a distance between those within classes and those between neighbouring ones."""
    within = [_mean_distance(z, z) * len(z) / (len(z) - 1) for z in known if len(z) > 1]
    means = np.stack([z.mean(axis=0) for z in known])
    between = []
    for c, z in enumerate(known):
        apart = np.linalg.norm(means - means[c], axis=1)
        apart[c] = np.inf
        between.append(_mean_distance(z, known[int(apart.argmin())]))
    low = float(np.median(within)) if within else 0.0
    return max((low + float(np.median(between))) / 2.0, 1e-12)


def _mean_distance(a: Float[np.ndarray, "m d"], b: Float[np.ndarray, "k d"]) -> float:
    square = (a**2).sum(axis=1)[:, None] + (b**2).sum(axis=1) - 2.0 * a @ b.T
    return float(np.sqrt(square.clip(0.0)).mean())


def _largest(
    points: Int[np.ndarray, " m"], group: Int[np.ndarray, " m"], score: Float[np.ndarray, " m"]
) -> list[tuple[np.ndarray, np.ndarray]]:
    """Return the groups that are no strays, and their points of the lowest score."""
    sizes = np.bincount(group)
    found = []
    for g in np.argsort(-sizes, kind="stable"):
        if sizes[g] < FEWEST:
            break
        inside = np.flatnonzero(group == g)
        typical = inside[np.argsort(score[inside], kind="stable")[:TYPICAL]]
        found.append((points[inside], points[typical]))
    return found
