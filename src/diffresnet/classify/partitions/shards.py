"""Rows in shards, which are read one at a time."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float

from ...errors import InputError
from ...progress import Progress, silent
from .engine import DiskEngine, Engine

ReadShard = Callable[[], Float[np.ndarray, "m d"]]
# Rows of a partition, and of a stretch of one large array.
ROWS = STRETCH = 100_000


@dataclass(frozen=True)
class Shards:
    """Rows in parts, none of which is held.

    Attributes
    ----------
    parts : of each shard, what returns its rows (m, d): a function, or a Dask `Delayed`.
    sizes : rows of each.
    columns : of all.
    engine : Engine
        Where a fit to them is done.
    rows : of a partition of the graph, about.
    progress : told of every stage of a fit.
    key : names the rows, so that a graph of them is found again; "" where nothing does.

    Examples
    --------
    >>> shards = Shards.of([np.zeros((3, 2)), np.ones((4, 2))])
    >>> len(shards), shards.sizes
    (7, (3, 4))
    """

    parts: tuple[Any, ...]
    sizes: tuple[int, ...]
    columns: int
    engine: Engine
    rows: int = ROWS
    progress: Progress = silent
    key: str = ""

    @classmethod
    def of(
        cls,
        X: Any,
        *,
        engine: Engine | None = None,
        rows: int = ROWS,
        progress: Progress = silent,
    ) -> Shards:
        """Return the shards of a folder, a file, an array or several, or a Dask array.

        Parameters
        ----------
        X : a folder of .npy files, in the order of their names; a .npy file, or an array, which is
            cut into stretches of rows; a sequence of arrays; or a Dask array in blocks of rows.
        engine : by default a `DiskEngine` in a folder of its own, or the cluster of a Dask array.
        rows, progress : as attributes.

        Raises
        ------
        InputError
            If there is no such thing, or the shards have unlike columns.
        """
        if hasattr(X, "dask"):
            return cls._of_dask(X, engine, rows, progress)
        if isinstance(X, str | Path):
            path = Path(X)
            if not path.exists():
                raise InputError(f"there is no {str(path)!r}")
            paths = sorted(path.glob("*.npy")) if path.is_dir() else [path]
            if not paths:
                raise InputError(f"the folder {str(path)!r} holds no .npy files")
            named = [(str(each), _mapped(each)) for each in paths]
            readers = [
                (name, array, partial(_mapped, each))
                for each, (name, array) in zip(paths, named, strict=True)
            ]
        else:
            arrays = [X] if isinstance(X, np.ndarray) else list(X)
            readers = [
                (f"shard {number}", array, partial(_same, array))
                for number, array in enumerate(arrays)
            ]
        parts, sizes = [], []
        for name, array, read in readers:
            _check(name, array, readers[0][1].shape[-1])
            for start in range(0, len(array), STRETCH):
                stop = min(start + STRETCH, len(array))
                parts.append(
                    read if len(array) <= STRETCH else partial(_stretch, read, start, stop)
                )
                sizes.append(stop - start)
        columns, key = readers[0][1].shape[1], ""
        if isinstance(X, str | Path):
            key = file_key(paths)
        engine = DiskEngine() if engine is None else engine
        return cls(tuple(parts), tuple(sizes), columns, engine, rows, progress, key)

    @classmethod
    def _of_dask(cls, X: Any, engine: Engine | None, rows: int, progress: Progress) -> Shards:
        if X.ndim != 2 or X.numblocks[1] != 1 or np.isnan(X.chunks[0]).any():
            raise InputError(
                "a Dask array must be (n, d), in blocks of rows of known sizes; rechunk it, and "
                "compute_chunk_sizes()"
            )
        if engine is None:
            from distributed import get_client

            from .dask_engine import DaskEngine

            engine = DaskEngine(get_client())
        sizes, blocks = tuple(map(int, X.chunks[0])), tuple(X.to_delayed().ravel())
        return cls(blocks, sizes, int(X.shape[1]), engine, rows, progress)

    def __len__(self) -> int:
        return sum(self.sizes)

    def spans(self) -> Iterator[slice]:
        """Yield the rows of every shard among all."""
        start = 0
        for size in self.sizes:
            yield slice(start, start + size)
            start += size


def read_shard(read: ReadShard) -> Float[np.ndarray, "m d"]:
    """Return the rows of a shard.

    Raises
    ------
    InputError
        If they are not finite.
    """
    rows = read()
    if not rows.flags.writeable:  # torch takes no others; nothing is written
        rows = np.array(rows)
    if not np.isfinite(rows.sum(dtype=np.float64)) and not np.isfinite(rows).all():
        raise InputError("the rows have values that are NaN or infinite; fill or drop those rows")
    return rows


def file_key(paths: Sequence[Path]) -> str:
    """Return a text that is another one where files are other ones, or were changed."""
    states = [(str(path.resolve()), path.stat().st_size, path.stat().st_mtime_ns) for path in paths]
    return sha256(repr(states).encode()).hexdigest()


def _check(name: str, array: Any, columns: int) -> None:
    if array.ndim != 2 or array.dtype.kind not in "fiu" or array.shape[1] != columns:
        raise InputError(
            f"{name} must be numbers (m, {columns}), as the first shard is; it is {array.dtype} of "
            f"shape {array.shape}"
        )
    if len(array) == 0:
        raise InputError(f"{name} has no rows; leave it out")


def _mapped(path: Path) -> np.ndarray:
    try:
        return np.load(path, mmap_mode="c")  # torch takes no arrays that are read-only
    except (OSError, ValueError, EOFError) as error:
        raise InputError(f"{str(path)!r} is no .npy file of numbers, or is damaged") from error


def _same(array: np.ndarray) -> np.ndarray:
    return array


def _stretch(read: ReadShard, start: int, stop: int) -> np.ndarray:
    return read()[start:stop]
