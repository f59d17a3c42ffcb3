"""Which rows to label next: typical ones, apart from each other, where labels say least."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float, Int
from sklearn.cluster import KMeans, MiniBatchKMeans

from ..errors import InputError
from .domain import Domain

# Time that features diffuse before they are clustered: that of the classifier's own features.
TIME = 1 / 0.03
# Points times clusters from which on the clusters come from samples.
MANY = 50_000_000
ITERATIONS = 50


@dataclass(frozen=True)
class Suggestion:
    """Points to be labelled.

    Attributes
    ----------
    points : (count,) the most useful first.
    gain : float
        By how much the mean confidence of all rows is expected to grow with these labels, from 0
        to 1; NaN where there are no labels to tell by.
    """

    points: Int[np.ndarray, " count"]
    gain: float


def suggest_points(
    domain: Domain,
    count: int,
    labelled: Int[np.ndarray, " l"],
    uncertainty: Float[np.ndarray, " n"],
    seed: int,
) -> Suggestion:
    """Choose points of a graph to be labelled, the most useful first.

    Diffused features are cut into as many clusters as there are labels and points wanted. Those
    without a label, and with the most uncertainty in all, give the point nearest to their centre.
    So no two points are near copies, and none lies apart from all others.

    A label is expected to make its cluster as sure as clusters that have one are now.

    Parameters
    ----------
    domain : with features.
    count : at most the number of points without a label.
    labelled : points that have a label.
    uncertainty : of the label of each point, times its rows; all alike where there are no labels.

    Raises
    ------
    InputError
        If there are fewer points without a label, or no features.

    References
    ----------
    Hacohen, Dekel, Weinshall: Active Learning on a Budget (TypiClust), 2022: one typical point for
    each cluster. Here features are diffused, and the typical point is the one at the centre.
    """
    if domain.x is None:
        raise InputError("rows are suggested by their features, and this graph has none")
    free = np.ones(len(domain.x), dtype=bool)
    free[labelled] = False
    if not free.any():
        raise InputError("every row has a label, or equals one that has; none can be suggested")
    if not 0 < count <= free.sum():
        raise InputError(
            f"from 1 to {int(free.sum())} rows can be suggested, as many as differ and have no "
            f"label; not {count}",
            "n",
        )
    z = domain.directions(TIME).rows.float().cpu().numpy()
    cluster, distance = _clusters(z, min(len(z), count + len(labelled)), seed)
    clusters = int(cluster.max()) + 1
    weight = np.bincount(cluster, uncertainty * free, minlength=clusters)
    known = np.bincount(cluster[labelled], minlength=clusters) > 0
    # Clusters that have a label come last: they are needed only where others are too few.
    order = np.lexsort((-weight, known))
    nearest = np.lexsort((distance, ~free, cluster))
    first = nearest[np.searchsorted(cluster[nearest], np.arange(clusters))]
    chosen = [point for point in first[order] if free[point]][:count]
    gain = _gain(weight, np.bincount(cluster, free, minlength=clusters), known, order[:count])
    if len(chosen) < count:  # some clusters hold labelled points alone
        left = np.setdiff1d(np.flatnonzero(free), chosen)
        left = left[np.argsort(-uncertainty[left], kind="stable")]
        chosen += left[: count - len(chosen)].tolist()
    return Suggestion(np.array(chosen, dtype=np.int64), gain)


def _gain(
    uncertainty: Float[np.ndarray, " k"],
    size: Float[np.ndarray, " k"],
    known: Bool[np.ndarray, " k"],
    chosen: Int[np.ndarray, " j"],
) -> float:
    """Return how much of the mean uncertainty goes if clusters become as sure as known ones."""
    if not known.any() or size.sum() == 0:
        return float("nan")
    sure = uncertainty[known].sum() / max(size[known].sum(), 1.0)
    left = np.minimum(uncertainty[chosen], sure * size[chosen])
    return float((uncertainty[chosen] - left).sum() / size.sum())


def _clusters(
    z: Float[np.ndarray, "n d"], clusters: int, seed: int
) -> tuple[Int[np.ndarray, " n"], Float[np.ndarray, " n"]]:
    """Return the cluster of each row by k-means, and its squared distance to the centre."""
    make = KMeans if len(z) * clusters <= MANY else MiniBatchKMeans
    means = make(clusters, n_init=1, max_iter=ITERATIONS, random_state=seed).fit(z)
    difference = z - means.cluster_centers_[means.labels_]
    # k-means may leave clusters empty where there are few different rows.
    _, cluster = np.unique(means.labels_, return_inverse=True)
    return cluster, np.einsum("nd,nd->n", difference, difference)
