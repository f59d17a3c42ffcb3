"""Neighbours of a large fit, kept in a file where the work is stopped, for the next run."""

from __future__ import annotations

import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

import numpy as np
import torch
from jaxtyping import Float, Int

from ..errors import InputError
from ..files.atomic import atomic_write
from ..files.npz import load_npz
from ..similarity import Neighbours

ARRAYS = ("key", "indices", "distances", "recall", "method")
"""What such a file holds, and by which it is known."""


@dataclass
class NeighbourKeeper:
    """The file, and what would be written to it.

    Attributes
    ----------
    path : Path
    key : names the points and the search.
    order : (n,) numbers of the points, as `neighbours` has them.
    neighbours : of the points in that order; None before they are found.
    """

    path: Path
    key: str = ""
    order: Int[np.ndarray, " n"] | None = None
    neighbours: Neighbours | None = None

    def load(self, key: str) -> Neighbours | None:
        """Return the neighbours that a run before has left, if they are those of `key`."""
        if not _is_ours(self.path):
            return None
        try:
            arrays = load_npz(self.path)
        except InputError:  # damaged: they are searched again
            return None
        if str(arrays["key"]) != key:
            return None
        indices, distances = (torch.from_numpy(arrays[name]) for name in ("indices", "distances"))
        return Neighbours(indices.long(), distances, str(arrays["method"]), float(arrays["recall"]))

    def save(self) -> bool:
        """Write what was found; return whether that was anything, and the place was free."""
        found = self.neighbours
        if found is None or self.order is None or (self.path.exists() and not _is_ours(self.path)):
            return False
        rank = np.argsort(self.order)
        arrays = {
            "key": np.array(self.key),
            "indices": self.order[found.indices.cpu().numpy()][rank].astype(np.int32),
            "distances": found.distances.cpu().numpy()[rank],
            "recall": np.array(found.recall),
            "method": np.array(found.method),
        }
        with atomic_write(self.path) as temporary, temporary.open("wb") as file:
            np.savez(file, **arrays)
        return True


_KEEPER: ContextVar[NeighbourKeeper | None] = ContextVar("keeper", default=None)


def keeper() -> NeighbourKeeper | None:
    """Return where neighbours are kept meanwhile, if anywhere."""
    return _KEEPER.get()


@contextmanager
def kept_in(path: Path) -> Iterator[None]:
    """Keep neighbours that are found meanwhile in a file, if the work is stopped by Ctrl-C.

    They are taken from there by the next run on the same rows; then the file is removed.
    """
    place = NeighbourKeeper(path)
    before = _KEEPER.set(place)
    try:
        yield
        if _is_ours(path):
            path.unlink(missing_ok=True)
    except KeyboardInterrupt as error:
        if not place.save():
            raise
        raise KeyboardInterrupt(
            f"{str(path)!r} keeps the neighbours that were found, for the next run"
        ) from error
    finally:
        _KEEPER.reset(before)


def key_of(x: Float[np.ndarray, "n d"], search: str) -> str:
    """Return a text that is another one for other points, or another search."""
    digest = sha256(f"{search} {x.shape} {x.dtype} ".encode())
    digest.update(np.ascontiguousarray(x).data)
    return digest.hexdigest()


def _is_ours(path: Path) -> bool:
    if not path.is_file():
        return False
    try:
        with zipfile.ZipFile(path) as archive:
            return set(archive.namelist()) == {f"{name}.npy" for name in ARRAYS}
    except (OSError, zipfile.BadZipFile):
        return False
