"""Many few-shot tasks drawn at once, from the sizes of the classes alone."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from jaxtyping import Float, Int

from diffresnet.errors import InputError

CHUNK = 256
"""Tasks drawn from one generator, always all of them: a longer list begins with the shorter one."""

REDRAWS = 2000
"""Times that numbers of queries may be drawn anew before the wish is called impossible."""


def draw(
    rng: np.random.Generator,
    sizes: Int[np.ndarray, " c"],
    shots: int,
    wanted: Sequence[int],
    alpha: float | None,
) -> tuple[np.ndarray, ...]:
    """CHUNK tasks: classes, places in the sorted rows of support and query, query labels, seeds.

    Parameters
    ----------
    sizes : (c,)
        Rows of each class; sorted by class, the rows of one follow those of the one before.
    wanted : one number a way
        Of queries; with alpha, their mean.

    Raises
    ------
    InputError
        If classes are too small for the unequal numbers of queries that are asked for.
    """
    ways, total = len(wanted), sum(wanted)
    seeds = rng.integers(0, 2**31, size=CHUNK)
    classes = rng.random((CHUNK, len(sizes))).argsort(axis=1)[:, :ways]
    size = sizes[classes]
    counts = np.tile(wanted, (CHUNK, 1))
    if alpha is not None:
        counts = _dirichlet_counts(rng, alpha, total, size - shots)
    places = _without_replacement(rng, size, shots + int(counts.max()))
    places += (sizes.cumsum() - sizes)[classes][:, :, None]
    support = places[:, :, :shots].reshape(CHUNK, -1)
    taken = np.arange(counts.max()) < counts[:, :, None]
    query = places[:, :, shots:][taken].reshape(CHUNK, total)
    query_labels = np.nonzero(taken)[1].reshape(CHUNK, total)
    return classes, support, query, query_labels, seeds


def _without_replacement(
    rng: np.random.Generator, size: Int[np.ndarray, "t ways"], most: int
) -> Int[np.ndarray, "t ways most"]:
    """Different numbers below each size in random order; where `most` exceeds it, more follow.

    Floyd's algorithm draws the set in `most` vectorised steps, whatever the size of the classes.
    """
    # The queries come after the shots, and a class is never asked for more than it has: numbers
    # past the size of a class only fill the array.
    span = np.maximum(size, most)
    chosen = np.empty((*size.shape, most), dtype=np.int64)
    for step in range(most):
        top = span - most + step
        number = (rng.random(size.shape) * (top + 1)).astype(np.int64)
        taken = (chosen[:, :, :step] == number[:, :, None]).any(axis=2)
        chosen[:, :, step] = np.where(taken, top, number)
    # What only fills the array goes last.
    keys = rng.random(chosen.shape) + (chosen >= size[:, :, None])
    return np.take_along_axis(chosen, keys.argsort(axis=2), axis=2)


def _dirichlet_counts(
    rng: np.random.Generator, alpha: float, total: int, available: Int[np.ndarray, "t ways"]
) -> Int[np.ndarray, "t ways"]:
    """Whole numbers of sum `total` by Dirichlet shares, none above what is available."""
    counts = np.zeros_like(available)
    open_ = np.arange(len(counts))
    for _ in range(REDRAWS):
        counts[open_] = _rounded(
            total * rng.dirichlet(np.full(available.shape[1], alpha), len(open_))
        )
        open_ = open_[(counts[open_] > available[open_]).any(axis=1)]
        if not len(open_):
            return counts
    raise InputError(
        f"classes are too small for {total} unequal queries: no draw left every class enough rows; "
        f"take fewer queries"
    )


def _rounded(shares: Float[np.ndarray, "t ways"]) -> Int[np.ndarray, "t ways"]:
    """Whole numbers of the same sum, the largest remainders rounded up."""
    whole = np.floor(shares).astype(np.int64)
    missing = np.rint(shares.sum(axis=1)).astype(np.int64) - whole.sum(axis=1)
    rank = (whole - shares).argsort(axis=1, kind="stable").argsort(axis=1)
    return whole + (rank < missing[:, None])
