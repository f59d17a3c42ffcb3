"""Sampling of few-shot tasks from the labels alone, many tasks at once."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from jaxtyping import Float, Int

from diffresnet.errors import InputError

from .tasks import Tasks

CHUNK = 256
"""Tasks from one generator, always all of them: a longer list begins with the shorter one."""

MAX_REDRAWS = 2000
"""Attempts at unequal numbers of queries before they are called impossible."""


def sample_tasks(
    labels: Int[np.ndarray, " n"],
    ways: int = 5,
    shots: int = 1,
    queries: int | Sequence[int] = 15,
    tasks: int = 1000,
    seed: int = 0,
    alpha: float | None = None,
    class_names: Sequence[str] | None = None,
) -> Tasks:
    """Draw tasks: classes, then rows of each, all without replacement within a task.

    The i-th task depends on the labels and the other arguments, not on how many tasks are drawn.

    Parameters
    ----------
    labels : (n,)
        -1 is unlabelled and never drawn.
    queries : int or one number a way
        Rows to be labelled of each class.
    alpha : float, optional
        Unequal numbers of queries: shares from a symmetric Dirichlet distribution of this
        concentration times ways x queries, rounded to whole numbers of the same sum (the largest
        remainders up). alpha = 2 is the protocol of Veilleux et al., "Realistic evaluation of
        transductive few-shot learning" (NeurIPS 2021). A draw that asks a class for more rows than
        it has is drawn again, so that small classes make for less unequal tasks.
    class_names : sequence of str, optional
        Names of the labels 0, 1, ... for errors.

    Raises
    ------
    InputError
        If there are fewer classes than ways, or a class has fewer rows than shots + queries. Such
        a class is never skipped in silence: that would be another benchmark.

    Examples
    --------
    >>> tasks = sample_tasks(np.repeat([3, 5, 8], 10), ways=2, shots=1, queries=4, tasks=100)
    >>> tasks.support.shape, tasks.query.shape
    ((100, 2), (100, 8))
    """
    labels = np.asarray(labels)
    classes, sizes = np.unique(labels[labels >= 0], return_counts=True)
    if len(classes) < ways:
        verb = "is 1 class" if len(classes) == 1 else f"are {len(classes)} classes"
        raise InputError(
            f"there {verb} with labels, fewer than {ways} ways; take fewer ways", "ways"
        )
    per_way = _queries_per_way(queries, ways, alpha)
    if ways < 2 or shots < 1 or tasks < 1 or min(per_way) < 0 or sum(per_way) < 1:
        raise InputError("tasks need at least 2 ways, 1 shot, 1 query and 1 task")
    if alpha is not None and not 0.0 < alpha < float("inf"):
        raise InputError(
            f"the Dirichlet concentration must be a positive number, not {alpha}", "alpha"
        )
    needed = shots + max(per_way)
    if (sizes < needed).any():
        names = [str(k) if class_names is None else repr(class_names[k]) for k in classes]
        small = [f"{names[k]} ({sizes[k]} rows)" for k in np.flatnonzero(sizes < needed)]
        more = f" and {len(small) - 8} more" if len(small) > 8 else ""
        raise InputError(
            f"{shots} shots and {max(per_way)} queries need {needed} rows of each class; fewer has "
            f"class {', '.join(small[:8])}{more}: take fewer, or take the labels off those rows "
            f"to leave the class out"
        )
    order = np.argsort(labels, kind="stable")
    rows = order[np.searchsorted(labels[order], 0) :]
    chunks = [
        _sample_chunk(
            np.random.default_rng([seed, index]), classes, sizes, rows, shots, per_way, alpha
        )
        for index in range(-(-tasks // CHUNK))
    ]
    return Tasks.concatenate(chunks)[:tasks]


def _queries_per_way(queries: int | Sequence[int], ways: int, alpha: float | None) -> Sequence[int]:
    if not isinstance(queries, Sequence):
        return [queries] * ways
    if alpha is not None:
        raise InputError("queries are one number a way or drawn by Dirichlet, not both")
    if len(queries) != ways:
        raise InputError(f"{len(queries)} numbers of queries do not fit {ways} ways", "queries")
    return queries


def _sample_chunk(
    rng: np.random.Generator,
    classes: Int[np.ndarray, " c"],
    sizes: Int[np.ndarray, " c"],
    rows: Int[np.ndarray, " n"],
    shots: int,
    queries: Sequence[int],
    alpha: float | None,
) -> Tasks:
    """Draw CHUNK tasks.

    Parameters
    ----------
    classes, sizes : (c,)
        Labels, and the number of rows of each.
    rows : (n,)
        Rows sorted by class.
    queries : one number a way
        With alpha, their sum is kept.

    Raises
    ------
    InputError
        If classes are too small for the unequal numbers of queries that are asked for.
    """
    ways, total = len(queries), sum(queries)
    seeds = rng.integers(0, 2**31, size=CHUNK)
    drawn = rng.random((CHUNK, len(sizes))).argsort(axis=1)[:, :ways]
    size = sizes[drawn]
    counts = np.tile(queries, (CHUNK, 1))
    if alpha is not None:
        counts = _dirichlet_counts(rng, alpha, total, size - shots)
    positions = _without_replacement(rng, size, shots + int(counts.max()))
    positions += (sizes.cumsum() - sizes)[drawn][:, :, None]
    support = positions[:, :, :shots].reshape(CHUNK, -1)
    is_query = np.arange(counts.max()) < counts[:, :, None]
    query = positions[:, :, shots:][is_query].reshape(CHUNK, total)
    return Tasks(
        classes=classes[drawn].astype(np.int64),
        support=rows[support],
        query=rows[query],
        support_labels=np.tile(np.repeat(np.arange(ways), shots), (CHUNK, 1)),
        query_labels=np.nonzero(is_query)[1].reshape(CHUNK, total),
        seeds=seeds,
    )


def _without_replacement(
    rng: np.random.Generator, size: Int[np.ndarray, "t ways"], count: int
) -> Int[np.ndarray, "t ways count"]:
    """Draw different numbers below each size; where `count` exceeds it, larger ones follow.

    Floyd's algorithm draws the set in `count` vectorised steps, whatever the size of the classes.
    """
    # The queries come after the shots, and a class is never asked for more than it has: numbers
    # past the size of a class only fill the array.
    span = np.maximum(size, count)
    drawn = np.empty((*size.shape, count), dtype=np.int64)
    for step in range(count):
        top = span - count + step
        number = (rng.random(size.shape) * (top + 1)).astype(np.int64)
        taken = (drawn[:, :, :step] == number[:, :, None]).any(axis=2)
        drawn[:, :, step] = np.where(taken, top, number)
    # Fillers go last.
    keys = rng.random(drawn.shape) + (drawn >= size[:, :, None])
    return np.take_along_axis(drawn, keys.argsort(axis=2), axis=2)


def _dirichlet_counts(
    rng: np.random.Generator, alpha: float, total: int, available: Int[np.ndarray, "t ways"]
) -> Int[np.ndarray, "t ways"]:
    """Draw whole numbers of sum `total` by Dirichlet shares, none above what is available."""
    counts = np.zeros_like(available)
    pending = np.arange(len(counts))
    concentration = np.full(available.shape[1], alpha)
    for _ in range(MAX_REDRAWS):
        counts[pending] = _round_shares(total * rng.dirichlet(concentration, len(pending)))
        pending = pending[(counts[pending] > available[pending]).any(axis=1)]
        if not len(pending):
            return counts
    raise InputError(
        f"classes are too small for {total} unequal queries: no draw left every class enough rows; "
        f"take fewer queries",
        "queries",
    )


def _round_shares(shares: Float[np.ndarray, "t ways"]) -> Int[np.ndarray, "t ways"]:
    """Round to whole numbers of the same sum, the largest remainders up."""
    whole = np.floor(shares).astype(np.int64)
    missing = np.rint(shares.sum(axis=1)).astype(np.int64) - whole.sum(axis=1)
    rank = (whole - shares).argsort(axis=1, kind="stable").argsort(axis=1)
    return whole + (rank < missing[:, None])
