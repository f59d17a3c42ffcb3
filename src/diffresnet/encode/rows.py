"""Rows of texts or images as a matrix of features; equal ones once, finished ones never again."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float, Int

from ..errors import InputError, Note
from ..files.atomic import reason
from .cache import VectorCache
from .contents import Images, Texts
from .encoder import Encoder
from .images import BrokenImageError
from .vectors import check_vectors


@dataclass(frozen=True)
class Encoded:
    """Rows as features.

    Attributes
    ----------
    matrix : (n, d) float32
        Zeros for the rows that failed.
    failed : (m,)
        Blank texts and unreadable images, by row from 0.
    notes : tuple of Note
        What a user should know.
    """

    matrix: Float[np.ndarray, "n d"]
    failed: Int[np.ndarray, " m"]
    notes: tuple[Note, ...]


def encode_rows(
    encoder: Encoder,
    rows: Sequence[str] | Sequence[Path],
    *,
    cache: Path | None = None,
    strict: bool = False,
    advance: Callable[[int], None] | None = None,
) -> Encoded:
    """Encode texts, or images by the paths of their files.

    Parameters
    ----------
    encoder : Encoder
        Fitted, if it learns.
    rows : n texts, or n paths
    cache : Path, optional
        A folder of finished batches: what lies there is not encoded again, so that an interrupted
        run goes on where it stopped.
    strict : bool
        Whether a blank text or an unreadable image is an error; its features are zeros otherwise.
    advance : called with the number of rows done.

    Raises
    ------
    InputError
        If the encoder does not take such rows or returns no finite numbers, no row can be encoded,
        or any cannot and `strict`.
    OSError
        If the cache cannot be written.

    Examples
    --------
    >>> from diffresnet.encode import encoder_of
    >>> encoder, texts = encoder_of("tfidf"), ["my card", "my cards", "", "my card"]
    >>> encoder.fit(texts)
    >>> encoded = encode_rows(encoder, texts)
    >>> encoded.matrix.shape, encoded.failed.tolist(), encoded.notes[0].message
    ((4, 2), [2], '1 text is blank, in data row 3; its features are zeros')
    """
    if len(rows) == 0:
        raise InputError("there are no rows to encode")
    contents = Texts(rows) if isinstance(rows[0], str) else Images(rows)  # type: ignore[arg-type]
    if contents.kind not in encoder.kinds:
        raise InputError(f"{encoder.spec!r} encodes no {contents.kind}s", "encoder")
    store = None if cache is None or not encoder.reusable else VectorCache(cache, encoder.identity)
    table = _Table(len(rows), encoder.spec, advance)
    for row, found in enumerate(contents.digests()):
        if isinstance(found, bytes):
            table.waiting.setdefault(found, []).append(row)
        else:
            table.fail([row], found)
            _refuse(strict, contents, table)
    for digests, vectors in () if store is None else store.batches():
        table.fill(digests, vectors)
    # Those alike in length together, the longest first: where memory is too small, it is so at
    # once. By content among equals, so that the order of the rows makes no difference.
    order = sorted(table.waiting, key=lambda each: (-contents.length(table.waiting[each][0]), each))
    read = zip(order, contents.read([table.waiting[each][0] for each in order]), strict=True)
    for digests, batch in _batches(read, contents.batch, table):
        vectors = check_vectors(
            _encode(encoder, batch), len(batch), f"{encoder.spec!r}", f"{contents.kind}s"
        )
        table.fill(digests, vectors)
        if store is not None:
            store.keep(digests, vectors)
        _refuse(strict, contents, table)
    _refuse(strict, contents, table)
    if table.matrix is None:
        raise InputError(f"nothing can be encoded: {contents.fault(table.failed)}")
    notes = () if store is None else store.notes()
    if table.failed:
        features = "its features are" if len(table.failed) == 1 else "their features are"
        notes = (Note(f"{contents.fault(table.failed)}; {features} zeros", "strict"), *notes)
    return Encoded(table.matrix, np.array(sorted(table.failed), np.int64), notes)


class _Table:
    """A matrix that fills row by row.

    Attributes
    ----------
    matrix : (n, d) float32, or None until the first vectors come
    waiting : hash of content -> the rows of that content, which are still to be encoded
    failed : row -> why it has no features
    """

    def __init__(self, n: int, spec: str, advance: Callable[[int], None] | None) -> None:
        self.matrix: np.ndarray | None = None
        self.waiting: dict[bytes, list[int]] = {}
        self.failed: dict[int, str] = {}
        self._n, self._spec = n, spec
        self._advance = advance or (lambda rows: None)

    def fill(self, digests: Sequence[bytes], vectors: Float[np.ndarray, "b d"]) -> None:
        """Write the vectors of contents that rows wait for."""
        if self.matrix is None:
            self.matrix = np.zeros((self._n, vectors.shape[1]), np.float32)
        if vectors.shape[1] != self.matrix.shape[1]:
            raise InputError(
                f"{self._spec!r} returned {self.matrix.shape[1]} features for some rows and "
                f"{vectors.shape[1]} for others; if it has changed, remove its cache"
            )
        done = 0
        for each, vector in zip(digests, vectors, strict=True):
            rows = self.waiting.pop(each, [])
            self.matrix[rows] = vector
            done += len(rows)
        self._advance(done)

    def fail(self, rows: Iterable[int], why: str) -> None:
        """Note that rows have no features."""
        for row in rows:
            self.failed[row] = why
            self._advance(1)


def _batches(
    read: Iterable[tuple[bytes, Any]], size: int, table: _Table
) -> Iterator[tuple[list[bytes], list[Any]]]:
    """Yield batches of what can be read, so that broken rows do not shift the others' batches."""
    digests: list[bytes] = []
    batch: list[Any] = []
    for each, content in read:
        if isinstance(content, BrokenImageError):
            table.fail(table.waiting.pop(each), str(content))
            continue
        digests.append(each)
        batch.append(content)
        if len(batch) == size:
            yield digests, batch
            digests, batch = [], []
    if batch:
        yield digests, batch


def _encode(encoder: Encoder, batch: list[Any]) -> Any:
    try:
        return encoder.encode(batch)
    except (InputError, MemoryError):
        raise
    except Exception as error:  # code of others may fail in any way
        raise InputError(
            f"the encoder {encoder.spec!r} failed: {reason(error)}", "encoder"
        ) from error


def _refuse(strict: bool, contents: Texts | Images, table: _Table) -> None:
    if strict and table.failed:
        raise InputError(contents.fault(table.failed))
