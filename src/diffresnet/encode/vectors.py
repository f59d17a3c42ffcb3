"""What comes back from an encoder, checked."""

from __future__ import annotations

from typing import Any

import numpy as np
from jaxtyping import Float
from torch import Tensor

from ..errors import InputError
from ..files.atomic import reason


def check_vectors(
    output: Any, n: int, what: str = "the encoder", rows: str = "rows"
) -> Float[np.ndarray, "n d"]:
    """Convert what was returned for n rows to (n, d) float32.

    Parameters
    ----------
    output : a tensor, an array, or a list of such rows
    what, rows : what returned it, and for what, in messages.

    Raises
    ------
    InputError
        If it is not (n, d) finite numbers.
    """
    if isinstance(output, Tensor):
        output = output.detach().cpu()
        output = (output.float() if output.is_floating_point() else output).numpy()
    try:
        vectors = np.asarray(output)
    except (TypeError, ValueError, RuntimeError) as error:
        raise InputError(f"{what} must return ({n}, d) numbers: {reason(error)}") from error
    shaped = vectors.ndim == 2 and len(vectors) == n and vectors.shape[1] > 0
    if not shaped or vectors.dtype.kind not in "fiu":
        raise InputError(
            f"{what} must return ({n}, d) numbers for {n} {rows}, not {vectors.dtype} of shape "
            f"{vectors.shape}"
        )
    with np.errstate(over="ignore"):  # reported as infinite
        vectors = vectors.astype(np.float32)
    if not np.isfinite(vectors).all():
        raise InputError(f"{what} returned features that are NaN, infinite or beyond 32-bit floats")
    return vectors
