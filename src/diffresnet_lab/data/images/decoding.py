"""Decoder of image files, which leaves broken ones out and names them."""

from __future__ import annotations

import os
import warnings
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
from jaxtyping import UInt8

from diffresnet.encode.images import BrokenImageError, read_image
from diffresnet.errors import InputError

from .resizing import resize_and_crop


def decode_images(
    paths: Sequence[Path],
    *,
    size: int | None,
    channels: int | None,
    strict: bool,
    advance: Callable[[int], None] | None = None,
) -> tuple[UInt8[np.ndarray, "n s s c"], np.ndarray, tuple[str, ...]]:
    """Decode files in threads.

    Parameters
    ----------
    size : pixels; if None, all must be square and of one size.
    channels : 1 or 3; those of the first image if None.
    strict : whether a broken file is an error.
    advance : called with 1 for every file.

    Returns
    -------
    images : (m, size, size, channels)
    kept : (n,) bool
        Which of the paths are in `images`.
    skipped : the paths of the others.

    Raises
    ------
    InputError
        On a broken file if `strict`; if all are broken; if sizes differ.
    """
    if channels is None:
        channels = _first_channels(paths)

    def load(path: Path) -> np.ndarray | BrokenImageError:
        try:
            pixels = _pixels(path, channels)
        except BrokenImageError as error:
            return error
        return pixels if size is None else resize_and_crop(pixels[None], size)[0]

    images: np.ndarray | None = None  # filled as files come: a list would take the memory twice
    kept, count = np.zeros(len(paths), dtype=bool), 0
    with warnings.catch_warnings(), ThreadPoolExecutor(min(8, os.cpu_count() or 1)) as pool:
        warnings.simplefilter("ignore")  # see `read_image`
        for index, image in enumerate(pool.map(load, paths)):
            if advance is not None:
                advance(1)
            if isinstance(image, BrokenImageError):
                if strict:
                    pool.shutdown(cancel_futures=True)
                    raise InputError(f"cannot decode {str(paths[index])!r}: {image}")
                continue
            if images is None:
                images = np.empty((len(paths), *image.shape), np.uint8)
            _check_shape(image, images, paths[index])
            images[count] = image
            count += 1
            kept[index] = True
    if images is None:
        raise InputError(f"none of {len(paths)} image files can be decoded, {paths[0]} among them")
    skipped = tuple(str(path) for path, ok in zip(paths, kept, strict=True) if not ok)
    return images[:count], kept, skipped


def _pixels(path: Path, channels: int | None) -> UInt8[np.ndarray, "h w c"]:
    """Decode a file as grey (1) or RGB (3); as it is if None."""
    image = read_image(path)
    if channels is not None:
        image = image.convert("L" if channels == 1 else "RGB")
    return np.array(image).reshape(image.height, image.width, -1)


def _first_channels(paths: Sequence[Path]) -> int:
    for path in paths:
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                return int(_pixels(path, None).shape[2])
        except BrokenImageError:
            continue
    return 3


def _check_shape(image: np.ndarray, images: np.ndarray, path: Path) -> None:
    h, w = image.shape[:2]
    if h != w or images.shape[1:] != image.shape:
        raise InputError(
            f"{str(path)!r} has {w} x {h} pixels; give a size that all are brought to", "size"
        )
