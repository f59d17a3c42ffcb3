"""Image files, decoded without trust: upright, eight bits a channel, broken ones told apart."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ..errors import InputError
from ..files.atomic import reason

if TYPE_CHECKING:
    from PIL.Image import Image

_FORMATS = ("JPEG", "PNG", "BMP", "GIF", "WEBP", "TIFF", "PPM")  # none that runs a program
_GREY = ("1", "L", "LA", "La")


class BrokenImageError(Exception):
    """A file that is no image, or a damaged one."""


def read_image(path: Path, side: int | None = None) -> Image:
    """Decode an image file, upright; of an animation the first frame.

    Sixteen bits and floats are brought to eight bits; what is transparent lies on white.

    Parameters
    ----------
    side : int, optional
        Pixels that the shorter side is reduced to where it is longer.

    Returns
    -------
    PIL.Image.Image
        In mode "L" where the file is grey, "RGB" otherwise.

    Raises
    ------
    BrokenImageError
        If it cannot be decoded, or claims more pixels than Pillow holds safe.
    InputError
        If Pillow is not installed.

    Notes
    -----
    Pillow's decoders warn of what they mend. Callers with threads silence them once outside of
    these: Python's filters of warnings are one for all threads.
    """
    pil = require_pillow()
    try:
        with pil.open(path, formats=_FORMATS) as image:
            limit = pil.MAX_IMAGE_PIXELS
            if limit is not None and image.width * image.height > limit:
                raise BrokenImageError(
                    f"{image.width} x {image.height} pixels are more than is safe to unpack"
                )
            if side is not None:
                image.draft(None, (side, side))  # a JPEG is unpacked smaller, and faster
            return _reduce(_plain(_upright(image)), side)
    except BrokenImageError:
        raise
    except Exception as error:  # the decoders raise errors of many kinds on damaged files
        raise BrokenImageError(reason(error)) from error


def file_digest(path: Path) -> bytes:
    """Return a hash of a file's content, 16 bytes.

    Raises
    ------
    BrokenImageError
        If the file cannot be read.
    """
    try:
        with open(path, "rb") as file:
            return hashlib.file_digest(file, lambda: hashlib.blake2b(digest_size=16)).digest()
    except (OSError, ValueError) as error:  # ValueError: a null character in the name
        raise BrokenImageError(reason(error)) from error


def require_pillow() -> Any:
    """Import Pillow's module of images; raises `InputError` if it is not installed."""
    try:
        from PIL import Image
    except ImportError as error:
        raise InputError("image files need Pillow: pip install pillow") from error
    return Image


def _upright(image: Image) -> Image:
    from PIL import ImageOps

    turned = ImageOps.exif_transpose(image)
    return image if turned is None else turned


def _plain(image: Image) -> Image:
    """Convert any mode to "L" or "RGB"."""
    if image.mode in ("I", "F") or image.mode.startswith("I;16"):
        return require_pillow().fromarray(_eight_bits(image))
    grey = image.mode in _GREY
    if image.has_transparency_data:
        layers = image.convert("RGBA")
        paper = require_pillow().new("RGBA", layers.size, "white")
        image = require_pillow().alpha_composite(paper, layers)
    return image.convert("L" if grey else "RGB")


def _eight_bits(image: Image) -> np.ndarray:
    """Bring 16 bits, 32 bits or floats to 0..255: Pillow itself would cut off what is above."""
    values = np.nan_to_num(np.asarray(image, dtype=np.float32))
    top = values.max(initial=0)
    if image.mode == "F" and top <= 1:
        scale = 255.0
    elif image.mode in ("I", "F") and top <= 255:
        scale = 1.0
    else:
        scale = 255 / max(65535.0, top)
    return np.clip(np.rint(values * scale), 0, 255).astype(np.uint8)


def _reduce(image: Image, side: int | None) -> Image:
    shorter = min(image.size)
    if side is None or shorter <= side:
        return image
    width, height = (max(1, round(length * side / shorter)) for length in image.size)
    return image.resize((width, height), require_pillow().Resampling.BICUBIC)  # antialiased
