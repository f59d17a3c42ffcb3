"""Rows to be encoded, as texts or as files of images: their hashes, their reading, their faults."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from .cache import digest
from .encoder import Kind
from .images import BrokenImageError, file_digest, read_image, require_pillow

READERS = 2
"""Threads that read images."""

WINDOW = 8
"""Images that are read ahead."""

SIDE = 1024
"""Pixels of the shorter side of an image in memory: more than encoders look at."""


class Texts:
    """Texts; a blank one has no content."""

    kind: Kind = "text"
    batch = 1024  # rows encoded, and kept, at once

    def __init__(self, rows: Sequence[str]) -> None:
        self._rows = rows

    def digests(self) -> Iterator[bytes | str]:
        """Yield the hash of each row's content, or why it has none."""
        for text in self._rows:
            yield digest(text.encode("utf-8", "surrogatepass")) if text.strip() else "blank"

    def length(self, row: int) -> int:
        """Return about how long a row takes, to encode those alike together."""
        return len(self._rows[row])

    def read(self, rows: Sequence[int]) -> Iterator[Any]:
        """Yield the content of some rows, none of them blank."""
        return (self._rows[row] for row in rows)

    def fault(self, why: Mapping[int, str]) -> str:
        """Return what is wrong with the rows that failed, in a few words."""
        if len(why) == 1:
            return f"1 text is blank, in data row {min(why) + 1}"
        return f"{len(why)} texts are blank, the first in data row {min(why) + 1}"


class Images:
    """Image files; a missing or a broken one has no content."""

    kind: Kind = "image"
    batch = 64

    def __init__(self, rows: Sequence[Path]) -> None:
        require_pillow()
        self._rows = rows

    def digests(self) -> Iterator[bytes | str]:
        """Yield the hash of each file's bytes, or why they cannot be read."""
        for path in self._rows:
            try:
                yield file_digest(path)
            except BrokenImageError as error:
                yield str(error)

    def length(self, row: int) -> int:
        """Return 0: encoders bring images to one size."""
        return 0

    def read(self, rows: Sequence[int]) -> Iterator[Any]:
        """Yield images, upright and in RGB, or a `BrokenImageError` in the place of one."""
        with ThreadPoolExecutor(READERS) as pool:
            for start in range(0, len(rows), WINDOW):
                with warnings.catch_warnings():  # see `read_image`; not while others work
                    warnings.simplefilter("ignore")
                    images = list(pool.map(self._image, rows[start : start + WINDOW]))
                yield from images

    def fault(self, why: Mapping[int, str]) -> str:
        """Return what is wrong with the files that failed, in a few words."""
        first = min(why)
        named = f"{str(self._rows[first])!r}: {why[first]}"
        if len(why) == 1:
            return f"1 image cannot be read ({named})"
        return f"{len(why)} images cannot be read, the first is {named}"

    def _image(self, row: int) -> Any:
        try:
            return read_image(self._rows[row], SIDE).convert("RGB")
        except BrokenImageError as error:
            return error
