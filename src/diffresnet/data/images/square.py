"""Images brought to one square size."""

from __future__ import annotations

import numpy as np
import torch
import torch.nn.functional as F
from jaxtyping import UInt8

CHUNK = 2048
"""Images that are resized at once, so that their copies stay small."""


def square(images: UInt8[np.ndarray, "n h w c"], size: int) -> UInt8[np.ndarray, "n s s c"]:
    """Resize the shorter side to `size` pixels, smoothed (bilinear), and cut out the centre.

    Images of that size already are returned as they are.
    """
    n, h, w, c = images.shape
    if (h, w) == (size, size):
        return images
    height, width = round(h * size / min(h, w)), round(w * size / min(h, w))
    top, left = (height - size) // 2, (width - size) // 2
    out = np.empty((n, size, size, c), np.uint8)
    for start in range(0, n, CHUNK):
        part = torch.from_numpy(np.ascontiguousarray(images[start : start + CHUNK]))
        resized = F.interpolate(
            part.permute(0, 3, 1, 2), size=(height, width), mode="bilinear", antialias=True
        )
        cut = resized[:, :, top : top + size, left : left + size]
        out[start : start + CHUNK] = cut.permute(0, 2, 3, 1).numpy()
    return out
