"""Colours and markers of all figures, chosen to be told apart by colour-blind readers too."""

from __future__ import annotations

INK = "#1b2330"
MUTED = "#5a6472"
RULE = "#c9ced6"
GRID = "#e6e9ee"
CARD = "#ffffff"

SERIES = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#6b7280", "#e69f00", "#56b4e9")
"""For methods and curves, the first for what the page is about: Okabe and Ito (2008)."""

MARKERS = ("o", "D", "s", "^", "v", "P", "X")
"""One to a series, so that no figure is read by colour alone."""

CLASSES = (
    "#3f90da",
    "#ffa90e",
    "#bd1f01",
    "#94a4a2",
    "#832db6",
    "#a96b59",
    "#e76300",
    "#b9ac70",
    "#717581",
    "#92dadd",
)
"""For up to ten classes: Petroff, "Accessible color sequences" (arXiv 2107.02270)."""


def series(index: int) -> tuple[str, str]:
    """Return colour and marker of a series; they repeat, and only later together."""
    return SERIES[index % len(SERIES)], MARKERS[(index + index // len(SERIES)) % len(MARKERS)]


def class_colours(classes: int) -> list[str]:
    """Return a colour for each class; past ten they repeat, and writing must tell classes apart."""
    return [CLASSES[c % len(CLASSES)] for c in range(classes)]


def legible_on(colour: str) -> str:
    """Return white or ink, whichever has more contrast on a colour."""
    channels = [int(colour[start : start + 2], 16) / 255 for start in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    luminance = 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
    return INK if luminance > 0.22 else CARD
