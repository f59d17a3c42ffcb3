"""Reader of images in .npz files."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np

from diffresnet.errors import InputError
from diffresnet.files.npz import load_npz
from diffresnet.labels import decoded

from .image_set import ImageSet
from .resizing import resize_and_crop


def read_npz_images(
    path: Path, *, size: int | None = None, channels: int | None = None
) -> ImageSet:
    """Read the images of an .npz file.

    Its arrays: `images`, bytes or booleans (white where True), of shape (n, h, w) or (n, h, w, 3),
    or with several leading dimensions that `labels` shares; `labels`, integers with -1 for none;
    `class_names`, which labels count into. Without names a class is called by its number; without
    labels no class is known.

    Raises
    ------
    InputError
        If an array is missing, or its type, shape or values are others.
    """
    arrays = load_npz(path)
    name = str(path)
    if "images" not in arrays:
        others = ", ".join(arrays) or "nothing"
        raise InputError(f"{name!r} has no array 'images'; it holds {others}")
    images, labels = arrays["images"], arrays.get("labels")
    if images.dtype not in (np.uint8, np.bool_):
        raise InputError(f"the images of {name!r} are {images.dtype}; save them as uint8 or bool")
    leading = 1 if labels is None else labels.ndim
    if images.ndim - leading not in (2, 3) or (
        labels is not None and (labels.shape != images.shape[:leading] or not leading)
    ):
        shape = "" if labels is None else f" and labels {labels.shape}"
        raise InputError(
            f"{name!r} has images {images.shape}{shape}; they must be (n, h, w) or (n, h, w, 3) "
            f"with labels (n,)"
        )
    pixels = images.reshape(math.prod(images.shape[:leading]), *images.shape[leading:])
    if pixels.ndim == 3:
        pixels = pixels[..., None]
    if pixels.shape[3] not in (1, 3) or 0 in pixels.shape:
        raise InputError(f"{name!r} has images {images.shape}, without pixels or channels 1 or 3")
    pixels = pixels.astype(np.uint8) * np.uint8(255) if pixels.dtype == np.bool_ else pixels
    if size is None and pixels.shape[1] != pixels.shape[2]:
        raise InputError(f"the images of {name!r} are not square; give a size", "size")
    pixels = _convert_channels(pixels if size is None else resize_and_crop(pixels, size), channels)
    codes, names = _classes(labels, arrays.get("class_names"), len(pixels), name)
    return ImageSet(pixels, codes, names)


def _convert_channels(pixels: np.ndarray, channels: int | None) -> np.ndarray:
    if channels in (None, pixels.shape[3]):
        return pixels
    if channels == 3:
        return np.repeat(pixels, 3, axis=3)
    weights = np.array([0.299, 0.587, 0.114], np.float32)  # ITU-R 601, as Pillow's grey
    return np.rint(pixels @ weights)[..., None].astype(np.uint8)


def _classes(
    labels: np.ndarray | None, names: np.ndarray | None, n: int, name: str
) -> tuple[np.ndarray, tuple[str, ...]]:
    if labels is None:
        return np.full(n, -1), ()
    if labels.dtype.kind not in "iu":
        raise InputError(f"the labels of {name!r} are {labels.dtype}; they must be integers")
    codes = labels.reshape(-1).astype(np.int64)
    if codes.min() < -1:
        raise InputError(f"{name!r} has the label {codes.min()}; use -1 for no label")
    if names is None:
        numbers, position = np.unique(codes[codes >= 0], return_inverse=True)
        codes[codes >= 0] = position
        return codes, tuple(str(number) for number in numbers.tolist())
    if names.ndim != 1 or codes.max() >= len(names):
        raise InputError(
            f"{name!r} has labels up to {codes.max()} and class_names {names.shape}; every label "
            f"needs a name"
        )
    texts = tuple(str(text) for text in decoded(names).tolist())
    if len(set(texts)) < len(texts):
        raise InputError(f"two classes of {name!r} have one name")
    return codes, texts
