"""Vectors kept on disk, by the content that they were made of."""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
from jaxtyping import Float

from ..errors import InputError, Note
from ..files.atomic import make_folder
from ..files.npz import load_npz, save_npz

DIGEST = 16
"""Bytes of the hash that stands for a row's content."""


def digest(content: bytes) -> bytes:
    """Return the hash of content, DIGEST bytes."""
    return hashlib.blake2b(content, digest_size=DIGEST).digest()


class VectorCache:
    """A folder of finished batches: hashes of contents, and the vectors that they were given.

    A batch is a file of its own, written atomically, whose name carries the identity of the encoder
    and of the batch. So several encoders, and several runs at once, may share a folder.

    Parameters
    ----------
    folder : Path
        Made if it is not there.
    identity : str
        Of the encoder; batches of another one are not seen.

    Raises
    ------
    InputError
        If nothing can be written in the folder.
    """

    def __init__(self, folder: Path, identity: str) -> None:
        self.folder = make_folder(folder)
        self._prefix = digest(identity.encode("utf-8", "surrogatepass")).hex()
        self._damaged: list[Path] = []

    def batches(self) -> Iterator[tuple[list[bytes], Float[np.ndarray, "b d"]]]:
        """Yield the kept batches, one in memory at a time; a damaged one is removed."""
        for path in sorted(self.folder.glob(f"{self._prefix}-*.npz")):
            try:
                batch = _read(path)
            except InputError:
                self._damaged.append(path)
                with contextlib.suppress(OSError):  # it would be found damaged again
                    path.unlink()
            else:
                yield batch

    def keep(self, digests: Sequence[bytes], vectors: Float[np.ndarray, "b d"]) -> None:
        """Write a finished batch.

        Raises
        ------
        OSError
            If it cannot be written.
        """
        hashes = np.frombuffer(b"".join(digests), np.uint8).reshape(-1, DIGEST)
        name = f"{self._prefix}-{digest(hashes.tobytes()).hex()}.npz"
        save_npz(self.folder / name, {"hashes": hashes, "vectors": vectors})

    def notes(self) -> tuple[Note, ...]:
        """Return a note on the damaged files that were found, if there were any."""
        if not self._damaged:
            return ()
        count = len(self._damaged)
        files = "1 damaged file" if count == 1 else f"{count} damaged files"
        return (
            Note(
                f"{files} of kept vectors removed, {str(self._damaged[0])!r} first; their rows "
                f"were encoded again"
            ),
        )


def _read(path: Path) -> tuple[list[bytes], np.ndarray]:
    arrays = load_npz(path)
    hashes, vectors = arrays.get("hashes"), arrays.get("vectors")
    if hashes is None or hashes.dtype != np.uint8 or hashes.shape[1:] != (DIGEST,):
        raise InputError("no hashes")
    if vectors is None or vectors.dtype != np.float32 or vectors.ndim != 2:
        raise InputError("no vectors")
    if len(vectors) != len(hashes) or not vectors.shape[1] or not np.isfinite(vectors).all():
        raise InputError("vectors that do not belong to the hashes")
    return [row.tobytes() for row in hashes], vectors
