"""Numbers as words of a page."""

from __future__ import annotations

import math

_RAISED = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


def short(value: float) -> str:
    """Three digits, and a power of ten where the number is very large or very small.

    Examples
    --------
    >>> short(0.268), short(85.0), short(8.5e13), short(3e-11)
    ('0.268', '85', '8.5 × 10¹³', '3.0 × 10⁻¹¹')
    """
    if 1e-3 <= abs(value) < 1000 or value == 0.0 or not math.isfinite(value):
        return f"{value:.3g}"
    mantissa, exponent = f"{value:.1e}".split("e")
    return f"{mantissa} × 10{str(int(exponent)).translate(_RAISED)}"


def signed(value: float, digits: int = 1) -> str:
    """With its sign, which is a minus and not a hyphen; zero has none.

    Examples
    --------
    >>> signed(-1.25), signed(0.5, 2), signed(-0.04)
    ('−1.2', '+0.50', '0.0')
    """
    if round(value, digits) == 0.0:
        return f"{0.0:.{digits}f}"
    return f"{value:+.{digits}f}".replace("-", "−")


def signed_within(value: float, error: float, digits: int = 1) -> str:
    """A difference with its sign and its standard error, where there is one.

    Examples
    --------
    >>> signed_within(-1.26, 0.31), signed_within(0.5, float("nan"))
    ('−1.3 ± 0.3', '+0.5')
    """
    spread = f" ± {error:.{digits}f}" if math.isfinite(error) else ""
    return signed(value, digits) + spread
