"""Names of features, held against those of a fit."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ..errors import InputError


def require_names(fitted: Sequence[Any], given: Sequence[Any]) -> None:
    """Refuse features of other names than those of a fit, and name one.

    Raises
    ------
    InputError
        If a name is missing or unknown, or the order is another.
    """
    fitted, given = [str(name) for name in fitted], [str(name) for name in given]
    if fitted == given:
        return
    for what, some, others, known in (
        ("lack", fitted, given, "which the model was fitted on"),
        ("have", given, fitted, "which the model does not know"),
    ):
        odd = [name for name in some if name not in set(others)]
        if odd:
            more = f" (and {len(odd) - 1} more)" if len(odd) > 1 else ""
            raise InputError(f"the features {what} {odd[0]!r}{more}, {known}", "features")
    at = next(i for i, (a, b) in enumerate(zip(fitted, given, strict=True)) if a != b)
    raise InputError(
        f"the features are in another order than the model was fitted on: number {at + 1} was "
        f"{fitted[at]!r}, and is {given[at]!r}",
        "features",
    )
