"""Features of images, by a trained backbone or any callable."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from typing import Any, Literal

import numpy as np
import torch
from jaxtyping import Float, UInt8
from torch import Tensor, nn

from diffresnet.encode.vectors import check_vectors
from diffresnet.errors import InputError

from ..data.images import ImageSet
from .accelerator import seeded
from .encoder import to_floats

Precision = Literal["no", "bf16", "fp16"]
"""Of matrix products and convolutions: that of the images, or a shorter float."""

EmbeddingModel = Callable[[Float[Tensor, "b c h w"]], Any]
"""Images in [0, 1], channels first -> features (b, d), a tensor or an array."""


def embed_images(
    images: ImageSet | UInt8[np.ndarray, "n h w c"],
    model: EmbeddingModel,
    *,
    batch_size: int = 256,
    device: torch.device | str = "cpu",
    seed: int | None = None,
    mixed_precision: Precision = "no",
    advance: Callable[[int], None] | None = None,
) -> Float[np.ndarray, "n d"]:
    """Compute the features of all images, in batches, without gradients.

    Parameters
    ----------
    model : a torch module, or any callable, from images (b, c, h, w) in [0, 1] to (b, d)
        A module is moved to the device, and in evaluation mode while it works.
    seed : int, optional
        Of torch's generators meanwhile, for models that draw from them.
    advance : called with the number of images done.

    Returns
    -------
    (n, d) float32

    Raises
    ------
    InputError
        If what comes back is not (b, d) finite numbers, with one d.

    Examples
    --------
    >>> embed_images(np.zeros((5, 8, 8, 3), np.uint8), lambda images: images.mean((2, 3))).shape
    (5, 3)
    """
    pixels = torch.from_numpy(images.images if isinstance(images, ImageSet) else images)
    training = isinstance(model, nn.Module) and model.training
    if isinstance(model, nn.Module):
        model.to(device).eval()
    batches: list[np.ndarray] = []
    device = torch.device(device)
    rng = contextlib.nullcontext() if seed is None else seeded(seed, device)
    short = torch.float16 if mixed_precision == "fp16" else torch.bfloat16
    precision = torch.autocast(device.type, short, enabled=mixed_precision != "no")
    try:
        with torch.no_grad(), rng, precision:
            for batch in pixels.split(batch_size):
                output = model(to_floats(batch, device))
                features = check_vectors(output, len(batch), "the backbone", "images")
                if batches and features.shape[1] != batches[0].shape[1]:
                    raise InputError(
                        f"the backbone returned {batches[0].shape[1]} features for some images "
                        f"and {features.shape[1]} for others"
                    )
                batches.append(features)
                if advance is not None:
                    advance(len(batch))
    finally:
        if training and isinstance(model, nn.Module):
            model.train()
    return np.concatenate(batches)


def features_file(
    features: Float[np.ndarray, "n d"], images: ImageSet, dtype: str = "float32"
) -> dict[str, np.ndarray]:
    """Return the arrays of a features file: `features`, `labels` and, if any, `class_names`.

    Raises
    ------
    InputError
        If the features are too large for float16.
    """
    if dtype == "float16" and np.abs(features).max() > np.finfo(np.float16).max:
        raise InputError("the features are too large for float16; write float32", "dtype")
    arrays = {"features": features.astype(dtype), "labels": images.labels}
    if images.class_names:
        arrays["class_names"] = np.array(images.class_names)
    return arrays
