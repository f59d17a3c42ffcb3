"""Labelled images, read from folders, the CSV files of splits, and .npz."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from diffresnet.errors import InputError

from .decoding import decode_images
from .image_set import ImageSet, join_image_sets
from .listing import LabelledFiles, list_folder, list_split
from .npz import read_npz_images

__all__ = ["ImageSet", "join_image_sets", "read_images"]


def read_images(
    paths: Sequence[Path],
    *,
    root: Path | None = None,
    size: int | None = None,
    channels: int | None = None,
    strict: bool = False,
    advance: Callable[[int], None] | None = None,
) -> ImageSet:
    """Read images of one or several sources into memory; classes of one name are one class.

    Parameters
    ----------
    paths : sequence of Path
        Each an .npz (see `read_npz_images`), a .csv split (`list_split`) or a folder with a folder
        for each class (`list_folder`).
    root : Path, optional
        The folder of the images that .csv splits name.
    size : int, optional
        Pixels: the shorter side is brought to it, and the centre cut out. If None, images must be
        square and of one size.
    channels : 1 or 3, optional
        Grey or RGB; as the first image has it if None.
    strict : bool
        Whether a broken image file is an error; it is left out and named in `skipped` otherwise.
    advance : called with 1 for every image file.

    Raises
    ------
    InputError
        If something is missing, damaged, or does not fit together.
    """
    if not paths:
        raise InputError("no images are named")
    sets = []
    for path in map(Path, paths):
        if path.suffix.lower() == ".npz":
            part = read_npz_images(path, size=size, channels=channels)
        elif path.is_dir():
            part = _decode(list_folder(path), size, channels, strict, advance)
        elif path.suffix.lower() == ".csv":
            part = _decode(list_split(path, root), size, channels, strict, advance)
        elif not path.exists():
            raise InputError(f"cannot read {str(path)!r}: no such file or directory")
        else:
            raise InputError(f"cannot read {str(path)!r}: give an .npz, a .csv split or a folder")
        channels = channels or part.channels
        sets.append(part)
    return join_image_sets(sets)


def _decode(
    files: LabelledFiles,
    size: int | None,
    channels: int | None,
    strict: bool,
    advance: Callable[[int], None] | None,
) -> ImageSet:
    images, kept, skipped = decode_images(
        [path for path, _ in files], size=size, channels=channels, strict=strict, advance=advance
    )
    names = tuple(sorted({label for _, label in files if label is not None}))
    number = {label: index for index, label in enumerate(names)}
    labels = np.array([-1 if label is None else number[label] for _, label in files])
    return ImageSet(images, labels[kept], names, skipped)
