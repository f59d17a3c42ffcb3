"""Features of images, by a trained backbone or any callable."""

from __future__ import annotations

import contextlib
import pkgutil
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch
from jaxtyping import Float, UInt8
from torch import Tensor, nn

from diffresnet.errors import InputError
from diffresnet.files.atomic import reason

from ..data.images import ImageSet
from .accelerator import seeded
from .encoder import to_floats

EmbeddingModel = Callable[[Float[Tensor, "b c h w"]], Any]
"""Images in [0, 1], channels first -> features (b, d), a tensor or an array."""


def embed_images(
    images: ImageSet | UInt8[np.ndarray, "n h w c"],
    model: EmbeddingModel,
    *,
    batch_size: int = 256,
    device: torch.device | str = "cpu",
    seed: int | None = None,
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
    rng = contextlib.nullcontext() if seed is None else seeded(seed, torch.device(device))
    try:
        with torch.no_grad(), rng:
            for batch in pixels.split(batch_size):
                features = _check_features(model(to_floats(batch, device)), len(batch))
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


def load_callable(name: str) -> EmbeddingModel:
    """Import the object that `module:function` names, from the working folder too.

    Raises
    ------
    InputError
        If there is no such module or function, the module cannot be imported, or the object
        cannot be called or is a class.
    """
    folder = str(Path.cwd())
    sys.path.insert(0, folder)
    try:
        target: Any = pkgutil.resolve_name(name)
    except (Exception, SystemExit) as error:  # a module may fail in any way
        raise InputError(f"cannot find {name!r}: {reason(error)}") from error
    finally:
        sys.path.remove(folder)
    if isinstance(target, type):
        raise InputError(f"{name!r} is a class; name an object of it, or a function")
    if not callable(target):
        raise InputError(f"{name!r} is a {type(target).__name__}, which cannot be called")
    model: EmbeddingModel = target
    return model


def callable_file(name: str) -> Path | None:
    """Return the file of the imported module that `module:function` names; None without one."""
    file = getattr(sys.modules.get(name.partition(":")[0]), "__file__", None)
    return None if file is None else Path(file)


def _check_features(output: Any, n: int) -> Float[np.ndarray, "b d"]:
    if isinstance(output, Tensor):
        output = output.detach().cpu()
        output = (output.float() if output.is_floating_point() else output).numpy()
    try:
        features = np.asarray(output)
    except ValueError as error:
        raise InputError(f"the backbone must return ({n}, d) numbers: {reason(error)}") from error
    shaped = features.ndim == 2 and len(features) == n and features.shape[1] > 0
    if not shaped or features.dtype.kind not in "fiu":
        raise InputError(
            f"the backbone must return ({n}, d) numbers for {n} images, not {features.dtype} of "
            f"shape {features.shape}"
        )
    with np.errstate(over="ignore"):  # reported as infinite
        features = features.astype(np.float32)
    if not np.isfinite(features).all():
        raise InputError(
            "the backbone returned features that are NaN, infinite or beyond 32-bit floats"
        )
    return features
