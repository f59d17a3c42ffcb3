"""The tables of Proposition 1: eigenvalues beside fitted rates, and assumptions beside L/D."""

from __future__ import annotations

import numpy as np

from ...pages.section import Cell, Table
from ...pages.words import short
from .rates import Followed


def rates_table(cases: tuple[Followed, ...]) -> Table:
    """Eigenvalues, and factors of D a step."""
    rows = []
    for found in cases:
        value = found.graph.eigenvalue
        imaginary = f" ± {abs(value.imag):.1e} i" if abs(value.imag) > 1e-12 else ""
        window = "" if found.window is None else "steps {:,} to {:,}".format(*found.window)
        cells = (
            Cell(f"{found.graph.classes}"),
            Cell(f"{value.real:.4g}{imaginary}"),
            Cell(f"{found.graph.contraction:.6f}"),
            Cell("D does not vanish" if found.fitted is None else f"{found.fitted:.6f}", window),
        )
        rows.append((found.case.name, cells))
    return Table(
        "The slowest mode",
        ("", "closed classes", "slowest λ ≠ 0", "factor foretold", "factor fitted"),
        tuple(rows),
        note="A closed class is a set of points that all follow one another and nobody else; L "
        "has as many eigenvalues 0. In an undirected graph these are its connected components.",
    )


def geometry_table(cases: tuple[Followed, ...]) -> Table:
    """Which assumptions hold, and L/D at the start, at its lowest and at the end."""
    rows = []
    for found in cases:
        ratio, steps = found.motion.ratio, found.motion.steps
        low = found.lowest
        cells = (
            Cell(f"{len(np.unique(found.case.subsets))}"),
            Cell(_yes(found.settled and found.case.cross_weight == 0.0)),
            Cell(_yes(found.convex)),
            Cell(short(ratio[0])),
            Cell(short(ratio[low]), f"step {steps[low]:,}", loss=bool(ratio[low] < ratio[0])),
            Cell(short(ratio[-1]), f"step {steps[-1]:,}", loss=bool(ratio[-1] < ratio[0])),
            Cell(f"{short(found.end.diameter)}, {short(found.end.distance)}"),
        )
        rows.append((found.case.name, cells))
    return Table(
        "Assumptions, and what L/D does",
        (
            "",
            "subsets",
            "each its own class",
            "hulls apart",
            "L/D at the start",
            "lowest",
            "at the end",
            "D, L in the limit",
        ),
        tuple(rows),
        note="Each its own class: no edge between subsets, and all points of a subset follow one "
        "closed class. Hulls apart: a plane lies between every two subsets. The limit of "
        "infinitely many steps is computed from the graph, and written 0 below 10⁻⁹ of the first "
        "diameter.",
    )


def _yes(value: bool) -> str:
    return "yes" if value else "no"
