"""Rows in shards, which are read one at a time."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from hashlib import sha256
from numbers import Integral
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float

from ...errors import LARGEST, InputError
from ...progress import Progress, silent
from .engine import DiskEngine, Engine

ReadShard = Callable[[], Float[np.ndarray, "m d"]]
# Rows of a partition, and of a stretch of one large array.
ROWS = STRETCH = 100_000
# Of a file, that say whether it is the same: so many, of so many bytes.
BLOCKS, BLOCK = 64, 4096


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

    Raises
    ------
    InputError
        If a partition is to have no rows.

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

    def __post_init__(self) -> None:
        if isinstance(self.rows, bool) or not isinstance(self.rows, Integral) or self.rows < 1:
            raise InputError(
                f"the rows of a partition are a whole number of 1 or more, not {self.rows!r}",
                "rows",
            )

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
            cut into stretches of rows; a sequence of either; or a Dask array in blocks of rows.
        engine : by default a `DiskEngine` in a folder of its own, or the cluster of a Dask array.
        rows, progress : as attributes.

        Raises
        ------
        InputError
            If there is no such thing, or the shards have unlike columns.
        """
        if hasattr(X, "dask"):
            return cls._of_dask(X, engine, rows, progress)
        sources = _sources(X)
        parts: list[_Part] = []
        columns = None
        for name, read in sources:
            array = read()
            shown = repr(name) if read.func is _mapped else name
            columns = check_shard(shown, array, columns)
            starts = range(0, len(array), STRETCH)
            parts += [_Part(shown, read, i, min(i + STRETCH, len(array))) for i in starts]
        sizes = tuple(part.stop - part.start for part in parts)
        paths = [Path(name) for name, read in sources if read.func is _mapped]
        key = file_key(paths) if paths else ""
        engine = DiskEngine() if engine is None else engine
        assert columns is not None
        return cls(tuple(parts), sizes, columns, engine, rows, progress, key)

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


@dataclass(frozen=True)
class _Part:
    """Returns a stretch of rows.

    Attributes
    ----------
    name : of what has them.
    read : returns all its rows.
    start, stop : of the stretch.
    """

    name: str
    read: ReadShard
    start: int
    stop: int

    def __call__(self) -> np.ndarray:
        return self.read()[self.start : self.stop]


def _sources(X: Any) -> list[tuple[str, partial[np.ndarray]]]:
    """Return the name of each file or array, and what returns its rows."""
    if isinstance(X, str | Path):
        path = Path(X)
        if not path.exists():
            raise InputError(f"there is no {str(path)!r}")
        paths = npy_files(path) if path.is_dir() else [path]
        if not paths:
            raise InputError(
                f"the folder {str(path)!r} holds no .npy files; label_file labels folders of tables"
            )
        X = paths
    several = [X] if isinstance(X, np.ndarray) else X
    if not isinstance(several, Sequence) or not several:
        raise InputError(
            f"shards are a folder of .npy files, a file, an array or several, or a Dask array, not "
            f"{type(X).__name__}{' without any' if isinstance(X, Sequence) else ''}"
        )
    found: list[tuple[str, partial[np.ndarray]]] = []
    for number, each in enumerate(several):
        if isinstance(each, str | Path):
            found.append((str(each), partial(_mapped, Path(each))))
        elif isinstance(each, np.ndarray):
            found.append((f"shard {number}", partial(_same, each)))
        else:
            raise InputError(f"shard {number} is no array and no file, but a {type(each).__name__}")
    return found


def npy_files(folder: Path) -> list[Path]:
    """Return the .npy files of a folder that are not hidden, in the order of their names."""
    files = [each for each in folder.iterdir() if each.suffix.lower() == ".npy"]
    return sorted(each for each in files if not each.name.startswith("."))


def read_shard(read: ReadShard) -> Float[np.ndarray, "m d"]:
    """Return the rows of a shard.

    Raises
    ------
    InputError
        If a value is not finite, or too large.
    """
    rows = read()
    if rows.dtype.kind in "biu" or rows.dtype == np.float16:
        rows = rows.astype(np.float32)
    elif not rows.flags.writeable:  # torch takes no others; nothing is written
        rows = np.array(rows)
    with np.errstate(invalid="ignore"):
        sound = rows.size == 0 or max(rows.max(), -float(rows.min())) <= LARGEST
    if not sound:  # not even compared with NaN
        row, column = np.argwhere(~(np.abs(rows) <= LARGEST))[0].tolist()
        name, first = getattr(read, "name", "the shard"), getattr(read, "start", 0)
        value = "NaN" if np.isnan(rows[row, column]) else rows[row, column]
        raise InputError(
            f"{name} holds {value} (row {first + row}, column {column}); features are numbers up "
            f"to {LARGEST:.0e}; fill or drop those rows"
        )
    return rows


def file_key(paths: Sequence[Path]) -> str:
    """Return a text that is another one where files are other ones, or were changed.

    They are compared by name, size, time, and a sample of what they hold.
    """
    key = sha256()
    for path in paths:
        state = path.stat()
        key.update(repr((str(path.resolve()), state.st_size, state.st_mtime_ns)).encode())
        with path.open("rb") as file:
            for start in np.linspace(0, max(0, state.st_size - BLOCK), BLOCKS).astype(int).tolist():
                file.seek(start)
                key.update(file.read(BLOCK))
    return key.hexdigest()


def check_shard(name: str, array: Any, columns: int | None) -> int:
    """Return the columns of a shard, or refuse it.

    Parameters
    ----------
    columns : that it must have, or None for any number.

    Raises
    ------
    InputError
    """
    if array.ndim != 2 or array.dtype.kind not in "fiub" or columns not in (None, array.shape[1]):
        wanted = "(m, d)" if columns is None else f"(m, {columns}), as the first is"
        raise InputError(
            f"{name} must be numbers {wanted}; it is {array.dtype} of shape {array.shape}"
        )
    if array.size == 0:
        raise InputError(f"{name} has no {'columns' if len(array) else 'rows'}; leave it out")
    return int(array.shape[1])


def _mapped(path: Path) -> np.ndarray:
    try:
        array = np.load(path, mmap_mode="c")  # torch takes no arrays that are read-only
    except (OSError, ValueError, EOFError) as error:
        raise InputError(f"{str(path)!r} is no .npy file of numbers, or is damaged") from error
    if not isinstance(array, np.ndarray):
        raise InputError(f"{str(path)!r} is no .npy file; write its array of features to one")
    return array


def _same(array: np.ndarray) -> np.ndarray:
    return array
