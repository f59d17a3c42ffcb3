"""Features of images, by a backbone of ours or any callable."""

from __future__ import annotations

import importlib
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
from .views import as_floats

Embedding = Callable[[Float[Tensor, "b c h w"]], Any]
"""Images in [0, 1], channels first -> features (b, d), a tensor or an array."""


def embed(
    images: ImageSet | UInt8[np.ndarray, "n h w c"],
    model: Embedding,
    *,
    batch: int = 256,
    device: torch.device | str = "cpu",
    advance: Callable[[int], None] | None = None,
) -> Float[np.ndarray, "n d"]:
    """Features of all images, in batches, without gradients.

    Parameters
    ----------
    model : a torch module, or any callable, from images (b, c, h, w) in [0, 1] to (b, d)
        A module is moved to the device, and in evaluation mode while it works.
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
    >>> embed(np.zeros((5, 8, 8, 3), np.uint8), lambda images: images.mean((2, 3))).shape
    (5, 3)
    """
    pixels = torch.from_numpy(images.images if isinstance(images, ImageSet) else images)
    training = isinstance(model, nn.Module) and model.training
    if isinstance(model, nn.Module):
        model.to(device).eval()
    parts: list[np.ndarray] = []
    try:
        with torch.no_grad():
            for start in range(0, len(pixels), batch):
                part = pixels[start : start + batch]
                found = _checked(model(as_floats(part, device)), len(part))
                if parts and found.shape[1] != parts[0].shape[1]:
                    raise InputError(
                        f"the backbone returned {parts[0].shape[1]} features for some images and "
                        f"{found.shape[1]} for others"
                    )
                parts.append(found)
                if advance is not None:
                    advance(len(part))
    finally:
        if training and isinstance(model, nn.Module):
            model.train()
    return np.concatenate(parts)


def _checked(found: Any, n: int) -> Float[np.ndarray, "b d"]:
    if isinstance(found, Tensor):
        found = found.detach().cpu()
        found = (found.float() if found.is_floating_point() else found).numpy()
    try:
        features = np.asarray(found)
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


def source_of(name: str) -> Path | None:
    """The file of the module that `module:function` names, once it is imported; None without."""
    file = getattr(sys.modules.get(name.partition(":")[0]), "__file__", None)
    return None if file is None else Path(file)


def find_callable(name: str) -> Embedding:
    """The object that `module:function` names; modules in the working folder are found too.

    Raises
    ------
    InputError
        If there is no such module or function, the module cannot be imported, or what is found
        cannot be called or is a class.
    """
    module_name, _, attribute = name.partition(":")
    here = str(Path.cwd())
    sys.path.insert(0, here)
    try:
        found: Any = importlib.import_module(module_name)
        for part in attribute.split("."):
            found = getattr(found, part)
    except (Exception, SystemExit) as error:  # a module may fail in any way
        raise InputError(f"cannot find {name!r}: {reason(error)}") from error
    finally:
        sys.path.remove(here)
    if isinstance(found, type):
        raise InputError(f"{name!r} is a class; name an object of it, or a function")
    if not callable(found):
        raise InputError(f"{name!r} is a {type(found).__name__}, which cannot be called")
    embedding: Embedding = found
    return embedding
