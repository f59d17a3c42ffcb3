"""Kinds of plots; nothing here touches pyplot or changes a setting for others.

A figure is data and a kind: `lines` (curves, with bands or bars), `dots` (marks over categories),
`scatter_grid` (points by class), `heat_map`, `field_grid`, `image_pairs` and `Diagram`; `stack`
puts several below each other. Panels take a function `draw(ax)` for what is special.
"""

from .axes import Axis, legend, stack
from .diagram import Diagram, tint
from .dots import Dots, dots
from .fields import FieldRow, field_grid, heat_map
from .images import image_pairs
from .lines import Curve, LinePanel, Rule, key, lines
from .scatter import ScatterPanel, scatter_grid, square_around

__all__ = [
    "Axis",
    "Curve",
    "Diagram",
    "Dots",
    "FieldRow",
    "LinePanel",
    "Rule",
    "ScatterPanel",
    "dots",
    "field_grid",
    "heat_map",
    "image_pairs",
    "key",
    "legend",
    "lines",
    "scatter_grid",
    "square_around",
    "stack",
    "tint",
]
