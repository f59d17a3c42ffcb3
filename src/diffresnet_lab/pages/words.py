"""Former names of `numbers`, for experiments that have no text template yet."""

from __future__ import annotations

from .numbers import plus_minus, short, signed

__all__ = ["short", "signed", "signed_within"]


def signed_within(value: float, error: float, digits: int = 1) -> str:
    """Return `plus_minus` with a sign."""
    return plus_minus(value, error, digits, sign=True)
