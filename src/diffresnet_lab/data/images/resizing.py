"""Resizing and centre-cropping of images to one square size."""

from __future__ import annotations

import numpy as np
import torch
import torch.nn.functional as F
from jaxtyping import UInt8

CHUNK = 2048
"""Images resized at once, so that their copies stay small."""

MAX_ASPECT_RATIO = 8
"""Longer over shorter side: a strip of one pixel's height would otherwise grow to gigabytes."""


def resize_and_crop(
    images: UInt8[np.ndarray, "n h w c"], size: int
) -> UInt8[np.ndarray, "n s s c"]:
    """Resize the shorter side to `size` pixels, bilinear and antialiased, and crop the centre.

    Images of that size already are returned as they are. Of a side more than MAX_ASPECT_RATIO
    times the other only the middle is resized, since the rest would be cut away.
    """
    if images.shape[1:3] == (size, size):
        return images
    longest = MAX_ASPECT_RATIO * min(images.shape[1:3])
    top, left = (max(side - longest, 0) // 2 for side in images.shape[1:3])
    images = images[:, top : top + longest, left : left + longest]
    n, h, w, c = images.shape
    height, width = round(h * size / min(h, w)), round(w * size / min(h, w))
    top, left = (height - size) // 2, (width - size) // 2
    out = np.empty((n, size, size, c), np.uint8)
    for start in range(0, n, CHUNK):
        part = torch.from_numpy(np.ascontiguousarray(images[start : start + CHUNK]))
        resized = F.interpolate(
            part.permute(0, 3, 1, 2), size=(height, width), mode="bilinear", antialias=True
        )
        cropped = resized[:, :, top : top + size, left : left + size]
        out[start : start + CHUNK] = cropped.permute(0, 2, 3, 1).numpy()
    return out
