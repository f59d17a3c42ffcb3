"""Lists of few-shot tasks: which rows support, which are queries."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass

import numpy as np
from jaxtyping import Int

from diffresnet.errors import InputError
from diffresnet.files.atomic import Pathlike
from diffresnet.files.npz import load_npz, save_npz
from diffresnet.tables.feature_columns import listed

from .drawing import CHUNK, draw

TOO_LITTLE = "tasks need at least 2 ways, 1 shot, 1 query and 1 task"


@dataclass(frozen=True)
class Tasks:
    """Tasks with the same numbers of ways, supports and queries.

    Attributes
    ----------
    classes : (t, ways)
        The label of each way, as in the file.
    support : (t, s)
        Rows of the features, s = ways x shots, way by way.
    query : (t, q)
        Rows of the features, none of them in the support set of their task.
    support_labels, query_labels : (t, s) and (t, q)
        Ways, 0 to ways - 1.
    seeds : (t,)
        A seed for every task, for what a method draws.
    """

    classes: Int[np.ndarray, "t ways"]
    support: Int[np.ndarray, "t s"]
    query: Int[np.ndarray, "t q"]
    support_labels: Int[np.ndarray, "t s"]
    query_labels: Int[np.ndarray, "t q"]
    seeds: Int[np.ndarray, " t"]

    def __len__(self) -> int:
        return len(self.classes)

    @property
    def ways(self) -> int:
        return self.classes.shape[1]

    def __getitem__(self, which: slice) -> Tasks:
        """Some of the tasks."""
        return Tasks(**{name: array[which] for name, array in asdict(self).items()})

    def named(self, predicted: Int[np.ndarray, "t q"]) -> Int[np.ndarray, "t q"]:
        """Ways as the labels of the file."""
        return np.take_along_axis(self.classes, predicted, axis=1)

    def save(self, path: Pathlike) -> None:
        """Write as npz, atomically and without pickle."""
        save_npz(path, asdict(self))

    @classmethod
    def load(cls, path: Pathlike) -> Tasks:
        """Read what `save` wrote.

        Raises
        ------
        InputError
            If the file holds no tasks, or arrays that do not belong together.
        """
        arrays = load_npz(path)
        names = list(cls.__annotations__)
        missing = [name for name in names if name not in arrays]
        if missing:
            raise InputError(f"{str(path)!r} is no list of tasks: it has no {listed(missing)}")
        found = {name: arrays[name] for name in names}
        lengths = {len(array) for array in found.values() if array.ndim}
        fits = len(lengths) == 1 and all(
            array.dtype.kind in "iu" and array.ndim == (1 if name == "seeds" else 2)
            for name, array in found.items()
        )
        for part in ("support", "query") if fits else ():
            ways = found[f"{part}_labels"]
            fits &= found[part].shape == ways.shape and bool(
                ((ways >= 0) & (ways < found["classes"].shape[1])).all()
            )
        if not fits:
            raise InputError(f"{str(path)!r} is no list of tasks: its arrays do not fit together")
        return cls(**{name: array.astype(np.int64) for name, array in found.items()})


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
    >>> drawn = sample_tasks(np.repeat([3, 5, 8], 10), ways=2, shots=1, queries=4, tasks=100)
    >>> drawn.support.shape, drawn.query.shape
    ((100, 2), (100, 8))
    """
    labels = np.asarray(labels)
    names, sizes = np.unique(labels[labels >= 0], return_counts=True)
    if ways < 2 or shots < 1 or tasks < 1:
        raise InputError(TOO_LITTLE)
    if len(names) < ways:
        there = "is 1 class" if len(names) == 1 else f"are {len(names)} classes"
        raise InputError(f"there {there} with labels, fewer than {ways} ways; take fewer ways")
    wanted = _wanted(queries, ways, alpha)
    if min(wanted) < 0 or sum(wanted) < 1:
        raise InputError(TOO_LITTLE)
    if alpha is not None and not 0.0 < alpha < float("inf"):
        raise InputError(f"the Dirichlet concentration must be a positive number, not {alpha}")
    needed = shots + max(wanted)
    short = np.flatnonzero(sizes < needed)
    if len(short):
        told = [str(name) if class_names is None else repr(class_names[name]) for name in names]
        which = ", ".join(f"{told[c]} ({sizes[c]} rows)" for c in short[:8])
        more = f" and {len(short) - 8} more" if len(short) > 8 else ""
        raise InputError(
            f"{shots} shots and {max(wanted)} queries need {needed} rows of each class; fewer has "
            f"class {which}{more}: take fewer, or label those rows -1 to leave the class out"
        )
    order = np.argsort(labels, kind="stable")
    rows = order[np.searchsorted(labels[order], 0) :]
    drawn = [
        draw(np.random.default_rng([seed, index]), sizes, shots, wanted, alpha)
        for index in range(-(-tasks // CHUNK))
    ]
    ways_of = np.concatenate([part[0] for part in drawn])[:tasks]
    picked = [np.concatenate([part[k] for part in drawn])[:tasks] for k in (1, 2)]
    query_labels = np.concatenate([part[3] for part in drawn])[:tasks]
    seeds = np.concatenate([part[4] for part in drawn])[:tasks]
    support_labels = np.tile(np.repeat(np.arange(ways), shots), (tasks, 1))
    classes = names[ways_of].astype(np.int64)
    return Tasks(classes, rows[picked[0]], rows[picked[1]], support_labels, query_labels, seeds)


def _wanted(queries: int | Sequence[int], ways: int, alpha: float | None) -> list[int]:
    if not isinstance(queries, Sequence):
        return [queries] * ways
    if alpha is not None:
        raise InputError("queries are one number a way or drawn by Dirichlet, not both")
    if len(queries) != ways:
        raise InputError(f"{len(queries)} numbers of queries do not fit {ways} ways")
    return list(queries)
