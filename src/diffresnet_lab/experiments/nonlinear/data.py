"""Sets of points with outliers among them, or with bridges between their classes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy.sparse
from jaxtyping import Float, Int

from diffresnet.similarity import similarity_graph
from diffresnet.similarity.weights import normalized

from ...data.digits import digits
from ...data.synthetic import circle, moon, spiral, xor
from .plan import Corruption

SETS = ("xor", "circle", "moon", "spiral", "digits")
CORRUPTIONS: tuple[Corruption, ...] = ("clean", "outliers", "bridges")


@dataclass(frozen=True)
class Cloud:
    """Points with classes, followed by added ones that belong to none.

    Attributes
    ----------
    points : (n + m, d)
    classes : (n,)
    subsets : (n,)
        Groups that labels are drawn from: the discs of XOR, elsewhere the classes.
    walk : (n + m, n + m)
        Random-walk weights of the house's similarity graph: 10 neighbours, self-tuning.
    even : (n + m, n + m)
        The symmetric weights that the walk comes from, times the number that gives the Laplacian
        the trace of the walk's, so that time means the same on average.
    degree : (n + m,)
        Degrees in the symmetric graph: the mass of the walk, whose centre stays put.
    """

    points: Float[np.ndarray, "m d"]
    classes: Int[np.ndarray, " n"]
    subsets: Int[np.ndarray, " n"]
    walk: scipy.sparse.csr_array
    even: scipy.sparse.csr_array
    degree: Float[np.ndarray, " m"]

    @property
    def n(self) -> int:
        """Return the number of true points."""
        return len(self.classes)


def cloud(
    name: str, corruption: Corruption, rng: np.random.Generator, per_class: int = 100
) -> Cloud:
    """Draw a set of that name (digits are always the same), and build its graph.

    Parameters
    ----------
    corruption : {"clean", "outliers", "bridges"}
        A tenth of the number of points is added: uniform in the box that holds the points, or
        uniform on the straight lines between random pairs of different classes.
    per_class : points of each class of the synthetic sets.
    """
    seed = int(rng.integers(2**32))
    if name == "digits":
        points, classes = digits()
        subsets = classes
    else:
        data = {
            "xor": lambda: xor(per_class // 2, seed=seed),
            "circle": lambda: circle(per_class, seed=seed),
            "moon": lambda: moon(per_class, seed=seed),
            "spiral": lambda: spiral(per_class, seed=seed),
        }[name]()
        points, classes, subsets = data.points, data.classes, data.subsets
    points = np.concatenate([points, added(points, classes, corruption, rng)])
    graph = similarity_graph(points)
    walk = normalized(graph, "random_walk")
    even = scipy.sparse.csr_array(graph * (walk.sum() / graph.sum()))
    return Cloud(points, classes, subsets, walk, even, graph.sum(axis=1))


def added(
    points: Float[np.ndarray, "n d"],
    classes: Int[np.ndarray, " n"],
    corruption: Corruption,
    rng: np.random.Generator,
    share: float = 0.1,
) -> Float[np.ndarray, "m d"]:
    """Draw the points that a corruption adds: round(share n) of them, or none if clean."""
    n, d = points.shape
    m = 0 if corruption == "clean" else round(share * n)
    if corruption != "bridges":
        return rng.uniform(points.min(0), points.max(0), (m, d))
    ends = rng.integers(n, size=m)
    others = np.array([rng.choice(np.flatnonzero(classes != classes[end])) for end in ends])
    along = rng.random((m, 1))
    return (1.0 - along) * points[ends] + along * points[others]


def draw_labels(
    subsets: Int[np.ndarray, " n"], each: int, draws: int, rng: np.random.Generator
) -> Int[np.ndarray, "draws l"]:
    """Draw labelled rows several times: `each` of every subset."""
    return np.stack(
        [
            np.concatenate(
                [
                    rng.choice(np.flatnonzero(subsets == s), each, replace=False)
                    for s in np.unique(subsets)
                ]
            )
            for _ in range(draws)
        ]
    )
