"""Numbers as readers see them: in cells of tables, and as filters in the text of a page."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

_RAISED = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")

NONE = "–"
"""Written where there is no number."""

Format = str | Callable[[Any], str]
"""A format specification (".2f", "+.1f", ","), a template ("{:.1f}%"), or a function."""


def short(value: float) -> str:
    """Return three digits, and a power of ten where the number is very large or very small.

    Examples
    --------
    >>> short(0.268), short(85.0), short(8.5e13), short(3e-11)
    ('0.268', '85', '8.5 × 10¹³', '3.0 × 10⁻¹¹')
    """
    if 1e-3 <= abs(value) < 1000 or value == 0.0 or not math.isfinite(value):
        return f"{value:.3g}".replace("-", "−")
    mantissa, exponent = f"{value:.1e}".split("e")
    return f"{mantissa} × 10{str(int(exponent)).translate(_RAISED)}".replace("-", "−")


def signed(value: float, digits: int = 1) -> str:
    """Return a number with its sign, which is a minus and not a hyphen; zero has none.

    Examples
    --------
    >>> signed(-1.25), signed(0.5, 2), signed(-0.04)
    ('−1.2', '+0.50', '0.0')
    """
    if round(value, digits) == 0.0:
        return f"{0.0:.{digits}f}"
    return f"{value:+.{digits}f}".replace("-", "−")


def percent(share: float, digits: int = 1) -> str:
    """Return a share as percent.

    Examples
    --------
    >>> percent(0.0443), percent(0.5, 0)
    ('4.4%', '50%')
    """
    return f"{100.0 * share:.{digits}f}%".replace("-", "−")


def plus_minus(value: float, error: float | None, digits: int = 1, sign: bool = False) -> str:
    """Return a number and its error, where there is one.

    Parameters
    ----------
    sign : bool
        Write the sign of a difference.

    Examples
    --------
    >>> plus_minus(80.04, 0.31), plus_minus(-1.26, 0.3, sign=True), plus_minus(0.5, float("nan"))
    ('80.0 ± 0.3', '−1.3 ± 0.3', '0.5')
    """
    text = signed(value, digits) if sign else f"{value:.{digits}f}".replace("-", "−")
    return f"{text} {error_text(error, f'.{digits}f')}".rstrip()


def error_text(error: float | None, form: Format = ".1f") -> str:
    """Return "± error", or nothing where there is no finite one."""
    if error is None or not math.isfinite(error):
        return ""
    return f"± {number(error, form.lstrip('+') if isinstance(form, str) else form)}"


def number(value: Any, form: Format = "") -> str:
    """Return any value as text: None and NaN as a dash, booleans as yes and no, text as it is.

    Parameters
    ----------
    form : format
        Without one, integers have commas and other numbers are `short`.

    Examples
    --------
    >>> number(1797), number(0.5, ".2f"), number(-2.0, "+.1f"), number(9.2, "× {:.1f}")
    ('1,797', '0.50', '−2.0', '× 9.2')
    """
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return NONE
    if callable(form):
        return form(value)
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "yes" if value else "no"
    if form.startswith("+.") and form.endswith("f"):
        return signed(float(value), int(form[2:-1]))
    if form:
        return (form.format(value) if "{" in form else format(value, form)).replace("-", "−")
    return f"{value:,}" if isinstance(value, int) else short(float(value))


def count(number: int, noun: str) -> str:
    """Return a count with its noun, which takes an s unless there is one.

    Examples
    --------
    >>> count(1, "step"), count(1200, "block")
    ('1 step', '1,200 blocks')
    """
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def verdict(difference: float, error: float | None, smallest: float = 0.0) -> str:
    """Return "ahead", "behind" or "level": apart only where the interval leaves out zero.

    Parameters
    ----------
    error : half the width of the interval; without one nothing is apart.
    smallest : a difference that is smaller is none, however small its error.

    Examples
    --------
    >>> verdict(1.0, 0.5), verdict(-1.0, 0.5), verdict(0.2, 0.5), verdict(3.0, None)
    ('ahead', 'behind', 'level', 'level')
    """
    if error is None or not abs(difference) > max(error, smallest):
        return "level"
    return "ahead" if difference > 0 else "behind"


FILTERS: dict[str, Callable[..., str]] = {
    "short": short,
    "signed": signed,
    "percent": percent,
    "plus_minus": plus_minus,
    "number": number,
    "count": count,
}
"""Filters of `text.md.j2` besides those of Jinja."""
