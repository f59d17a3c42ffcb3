"""Rows whose label is left out, because it is likely wrong."""

from __future__ import annotations

from dataclasses import dataclass, replace
from numbers import Real

import numpy as np
from jaxtyping import Float, Int

from ..errors import InputError
from .result import LabelResult

ERROR = "error="
"""What an expected error begins with, to tell it from a share."""


@dataclass(frozen=True)
class Abstention:
    """How many labels are left out, the likeliest to be wrong first.

    Attributes
    ----------
    share : of the rows without a given label; or None
    error : expected share of wrong labels among those that are not left out; or None
    """

    share: float | None = None
    error: float | None = None

    @classmethod
    def parse(cls, value: float | str | None) -> Abstention | None:
        """Read a share such as 0.1, or an expected error such as "error=0.05"; None is none.

        Raises
        ------
        InputError
            If it is neither.
        """
        if value is None:
            return None
        is_error = isinstance(value, str) and value.strip().startswith(ERROR)
        text = value.strip().removeprefix(ERROR) if isinstance(value, str) else value
        try:
            number = float("nan") if isinstance(text, bool) else float(text)
        except (TypeError, ValueError):
            number = float("nan")
        if not isinstance(value, str | Real) or not 0.0 <= number < 1.0:
            raise InputError(
                f"a share of rows to leave is a number from 0 to below 1, such as 0.1, and an "
                f"expected error is such as {ERROR}0.05; not {value!r}",
                "abstain",
            )
        return cls(error=number) if is_error else cls(share=number)

    def rows(self, error: Float[np.ndarray, " m"]) -> Int[np.ndarray, " k"]:
        """Return which rows are left, from the probability that the label of each is wrong."""
        order = np.argsort(error, kind="stable")
        if self.error is not None:
            mean = np.cumsum(error[order]) / np.arange(1, len(error) + 1)
            kept = int(np.searchsorted(mean, self.error, side="right"))
        else:
            kept = len(error) - round((self.share or 0.0) * len(error))
        return np.sort(order[kept:])


def abstained(result: LabelResult, rule: Abstention | None) -> LabelResult:
    """Leave out labels of a result, but no given ones; without a rule it stays as it is.

    Confidence and novelty stay, as what the row was left for.
    """
    if rule is None:
        return result
    free = np.flatnonzero(result.flags != "given")
    left = free[rule.rows(result.error_probability()[free])]
    labels, flags = result.labels.copy(), result.flags.astype(object)
    labels[left], flags[left] = None, "abstained"
    because = result.because
    if because is not None:
        because = because.copy()
        because[left] = None
    return replace(result, labels=labels, flags=flags.astype(str), because=because)
