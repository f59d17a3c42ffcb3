"""A cache of finished runs: npz files under names made of all that a result depends on."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, fields, is_dataclass
from pathlib import Path
from typing import Any

import numpy as np
import scipy.sparse
import torch

from diffresnet.errors import InputError
from diffresnet.files.npz import load_npz, save_npz

from .sweep import sweep

LONGEST_TITLE = 80
"""Characters of its title that a folder of shards keeps; file systems allow 255."""

Arrays = Mapping[str, np.ndarray]


@dataclass(frozen=True)
class RunCache:
    """Finished runs of one configuration, a shard (an npz file) each.

    A shard is written whole or not at all, as soon as its run is done: a command that was stopped
    goes on where it was, and one with more runs begins with those that are there.

    Parameters
    ----------
    folder : path, optional
        Of the shards; None keeps nothing.

    Examples
    --------
    >>> import tempfile
    >>> import joblib
    >>> def run(seed):
    ...     return {"accuracy": np.array([float(seed)])}
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     cache = RunCache.open(Path(folder), "gcn", {"hidden": 64}, np.arange(3))
    ...     jobs = {f"{seed:04}": joblib.delayed(run)(seed) for seed in range(2)}
    ...     runs = cache.run(jobs)
    ...     cache.missing([*jobs, "0002"])
    ['0002']
    """

    folder: Path | None = None

    @classmethod
    def open(cls, root: Path | None, title: str, *content: object) -> RunCache:
        """Return the cache of all that a result depends on but the shard's own name.

        Parameters
        ----------
        root : path, optional
            Folder of all caches; None keeps nothing.
        title : str
            Beginning of the folder's name, for people.
        *content : as `digest` takes it.
        """
        if root is None:
            return cls()
        return cls(root / f"{title[:LONGEST_TITLE]}-{digest(title, *content)}")

    def run(
        self,
        runs: Mapping[str, Any],
        *,
        jobs: int = 1,
        valid: Callable[[str, Arrays], bool] | None = None,
        advance: Callable[[str], Any] | None = None,
    ) -> dict[str, Arrays]:
        """Return the arrays of every run, in order: read what is there, and compute the rest.

        Parameters
        ----------
        runs : name of a shard -> `joblib.delayed(function)(...)`
            The function returns arrays by name.
        jobs : int
            Processes, as `sweep` takes them.
        valid : (name, arrays) -> bool, optional
            Whether a shard that was read holds what such a run writes.
        advance : called with the name of each shard once it is there.

        Raises
        ------
        InputError
            If a shard is damaged; the message names it.
        """
        tell = advance or (lambda name: None)
        missing = self.missing(runs)
        results: dict[str, Arrays] = {}
        for name in runs:
            if name not in missing:
                results[name] = self.read(name, valid)
                tell(name)
        work = sweep((runs[name] for name in missing), max(min(jobs, len(missing)), 1))
        for name, arrays in zip(missing, work, strict=True):
            self.write(name, arrays)
            results[name] = arrays
            tell(name)
        return {name: results[name] for name in runs}

    def missing(self, names: Iterable[str]) -> list[str]:
        """Return the names that have no shard yet."""
        return [name for name in names if self.folder is None or not self._path(name).exists()]

    def read(self, name: str, valid: Callable[[str, Arrays], bool] | None = None) -> Arrays:
        """Return the arrays of a shard.

        Raises
        ------
        InputError
            If it is damaged.
        """
        path = self._path(name)
        try:
            arrays = load_npz(path)
            if valid is not None and not valid(name, arrays):
                raise InputError(f"{str(path)!r} is damaged: its arrays are not those of a run")
        except InputError as error:
            raise InputError(f"{error.message}; delete it, and it is made again") from error
        return arrays

    def write(self, name: str, arrays: Arrays) -> None:
        """Keep the arrays of a run, if anything is kept.

        Raises
        ------
        OSError
            If the file cannot be written.
        """
        if self.folder is None:
            return
        self.folder.mkdir(parents=True, exist_ok=True)
        save_npz(self._path(name), arrays)

    def _path(self, name: str) -> Path:
        assert self.folder is not None
        return self.folder / f"{name}.npz"


def digest(*content: object) -> str:
    """Return 12 hexadecimal digits that depend on values alone, not on process or platform.

    Parameters
    ----------
    *content : numbers, text, None, paths, arrays of numbers, sparse matrices, tensors, dataclasses
        (by the name of their class and their fields), and sequences and mappings of such.

    Raises
    ------
    TypeError
        If there is anything else, whose values are not known.

    Examples
    --------
    >>> digest({"a": 1, "b": (2.0, None)}) == digest({"b": [2.0, None], "a": 1})
    True
    >>> digest(np.zeros(2)) == digest(np.zeros((2, 1)))
    False
    """
    content_hash = hashlib.sha256()
    for part in content:
        _update(content_hash, part)
    return content_hash.hexdigest()[:12]


def _update(content_hash: Any, value: object) -> None:
    def parts(kind: str, values: Sequence[object]) -> None:
        content_hash.update(f"{kind}[{len(values)}]".encode())
        for part in values:
            _update(content_hash, part)

    if isinstance(value, torch.Tensor):
        value = value.detach().cpu().numpy()
    if is_dataclass(value) and not isinstance(value, type):
        named = [(field.name, getattr(value, field.name)) for field in fields(value)]
        parts(type(value).__name__, named)
    elif isinstance(value, np.ndarray) and not value.dtype.hasobject:
        content_hash.update(f"array{value.dtype.str}{value.shape}".encode())
        content_hash.update(np.ascontiguousarray(value).tobytes())
    elif scipy.sparse.issparse(value):
        csr: Any = scipy.sparse.csr_array(value)
        parts(f"csr{csr.shape}", [csr.data, csr.indices, csr.indptr])
    elif isinstance(value, Mapping):
        parts("mapping", sorted(value.items()))
    elif isinstance(value, list | tuple):
        parts("sequence", value)
    elif isinstance(value, np.generic):
        _update(content_hash, value.item())
    elif value is None or isinstance(value, str | int | float):
        content_hash.update(f"{value!r}\0".encode())
    elif isinstance(value, Path):
        content_hash.update(f"path {value}\0".encode())
    else:
        raise TypeError(f"a {type(value).__name__} has no digest")
