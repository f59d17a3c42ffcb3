"""Lists of few-shot tasks (episodes): which rows support, which are queries."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields

import numpy as np
from jaxtyping import Int

from diffresnet.errors import InputError
from diffresnet.files.atomic import Pathlike
from diffresnet.files.npz import load_npz, save_npz
from diffresnet.tables.content import listed


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
        A seed for every task, for the random numbers of a method.
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
        """Return some of the tasks."""
        return Tasks(**{name: array[which] for name, array in asdict(self).items()})

    @classmethod
    def concatenate(cls, parts: Sequence[Tasks]) -> Tasks:
        """Join lists of tasks of the same shape."""
        names = [each.name for each in fields(cls)]
        return cls(
            **{name: np.concatenate([getattr(part, name) for part in parts]) for name in names}
        )

    def class_labels(self, ways: Int[np.ndarray, "t q"]) -> Int[np.ndarray, "t q"]:
        """Return the labels of the file for ways, such as predicted ones."""
        return np.take_along_axis(self.classes, ways, axis=1)

    def save(self, path: Pathlike) -> None:
        """Write as npz, atomically and without pickle."""
        save_npz(path, asdict(self))

    @classmethod
    def load(cls, path: Pathlike) -> Tasks:
        """Read a file that `save` wrote.

        Raises
        ------
        InputError
            If the file holds no tasks, or arrays that do not belong together.
        """
        arrays = load_npz(path)
        names = [each.name for each in fields(cls)]
        missing = [name for name in names if name not in arrays]
        if missing:
            raise InputError(f"{str(path)!r} is no list of tasks: it has no {listed(missing)}")
        arrays = {name: arrays[name] for name in names}
        lengths = {len(array) for array in arrays.values() if array.ndim}
        fits = len(lengths) == 1 and all(
            array.dtype.kind in "iu" and array.ndim == (1 if name == "seeds" else 2)
            for name, array in arrays.items()
        )
        for part in ("support", "query") if fits else ():
            ways = arrays[f"{part}_labels"]
            fits &= arrays[part].shape == ways.shape and bool(
                ((ways >= 0) & (ways < arrays["classes"].shape[1])).all()
            )
        if not fits:
            raise InputError(f"{str(path)!r} is no list of tasks: its arrays do not fit together")
        return cls(**{name: array.astype(np.int64) for name, array in arrays.items()})
