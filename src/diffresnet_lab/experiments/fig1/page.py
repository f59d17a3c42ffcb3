"""The page of Fig. 1: convection and diffusion in turns, then a linear classifier."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from matplotlib.figure import Figure

from diffresnet.nn import DiffResNet

from ...pages.palette import CARD, INK, MUTED, RULE, SERIES, series
from ...pages.plots import Diagram, tint
from ...pages.style import SMALL
from ...pages.table import Column, table
from ..base import Experiment, PartResult, RunConfig
from .study import layer_rows

CONVECTION, DIFFUSION = SERIES[0], SERIES[2]
AXIS = 1.72
"""The data flow along this height."""


def network_part(config: RunConfig, plan: None) -> PartResult:
    """Draw the network, and list the layers of the one of the synthetic sets."""
    network = DiffResNet(in_features=2, classes=2)
    total = sum(parameter.numel() for parameter in network.parameters())
    rows = [*layer_rows(network), {"layer": "all", "parameters": total}]
    columns = [Column(name.capitalize(), name) for name in ("layer", "kind", "weight", "bias")]
    columns.append(Column("Parameters", "parameters"))
    return PartResult(
        rows,
        values={"total": total},
        tables={"layers": table(rows, columns)},
        figures={"fig1": network_diagram()},
    )


def network_diagram() -> Figure:
    """Return points, a residual block, r diffusion steps, a linear layer, and scores."""
    sheet = Diagram(7.4, 3.3)
    _points(sheet, 0.5)
    sheet.box((1.18, 0.32), 4.6, 2.62, edge=MUTED, dashed=True)
    sheet.text((3.48, 3.1), "one block; as many as wanted, one after another", colour=MUTED)
    _convection(sheet, 1.32)
    _diffusion(sheet, 4.22)
    sheet.box((6.06, AXIS - 0.3), 0.62, 0.6, face=CARD, edge=INK, text="Linear")
    sheet.text((6.37, AXIS - 0.52), "classifier", colour=MUTED)
    _scores(sheet, 7.06)
    for start, end in ((5.36, 6.06), (6.68, 6.9)):
        sheet.arrow((start, AXIS), (end, AXIS))
    return sheet.figure


def _convection(sheet: Diagram, left: float) -> None:
    _frame(sheet, left, 2.72, "convection", CONVECTION)
    boxes = (0.42, 1.1, 1.78)
    for place, name in zip(boxes, ("fc1", "ReLU", "fc2"), strict=True):
        corner = (left + place, AXIS - 0.2)
        sheet.box(corner, 0.5, 0.4, face=CARD, edge=CONVECTION, text=name)
    plus = left + 2.53
    sheet.arrow((left - 0.46, AXIS), (left + boxes[0], AXIS))
    for place in boxes[:-1]:
        sheet.arrow((left + place + 0.5, AXIS), (left + place + 0.68, AXIS))
    sheet.arrow((left + boxes[-1] + 0.5, AXIS), (plus - 0.11, AXIS))
    sheet.circle((plus, AXIS), 0.11, face=CARD, edge=CONVECTION)
    sheet.text((plus, AXIS), "+", size=SMALL + 2)
    _detour(sheet, left + 0.18, plus, AXIS + 0.11)
    middle = left + 1.36
    sheet.text((middle, AXIS + 0.54), "x itself", colour=MUTED)
    equation = r"$x \leftarrow x + W_2\,\mathrm{ReLU}(W_1 x + b_1) + b_2$"
    sheet.text((middle, 1.05), equation, size=SMALL + 1)
    sheet.text((middle, 0.72), "every point by itself", colour=MUTED)


def _diffusion(sheet: Diagram, left: float) -> None:
    _frame(sheet, left, 1.42, "diffusion", DIFFUSION)
    sheet.box((left + 0.28, AXIS - 0.28), 0.86, 0.56, face=CARD, edge=DIFFUSION)
    offsets = (0.41, -0.02), (0.56, 0.17), (0.63, -0.17), (0.79, 0.05), (0.98, 0.18), (1.01, -0.14)
    nodes = [(left + x, AXIS + y) for x, y in offsets]
    for i, j in ((0, 1), (0, 2), (1, 3), (2, 3), (3, 4), (3, 5), (4, 5), (1, 2)):
        sheet.path([nodes[i], nodes[j]], DIFFUSION)
    for node in nodes:
        sheet.circle(node, 0.05, face=DIFFUSION, edge=CARD)
    sheet.arrow((left - 0.27, AXIS), (left + 0.28, AXIS))
    _detour(sheet, left + 1.28, left + 0.14, AXIS)
    middle = left + 0.71
    sheet.text((middle, AXIS + 0.54), "r times", colour=MUTED)
    sheet.text((middle, 1.05), r"$x \leftarrow x - \gamma\,L\,x$", size=SMALL + 1)
    sheet.text((middle, 0.72), "along the graph", colour=MUTED)


def _frame(sheet: Diagram, left: float, width: float, name: str, colour: str) -> None:
    sheet.box((left, 0.46), width, 2.34, face=tint(colour), edge=colour)
    place = (left + width / 2, 2.57)
    sheet.text(place, name, colour=colour, weight="bold", size=SMALL + 1.5)


def _detour(sheet: Diagram, start: float, end: float, height: float) -> None:
    """Draw an arrow up, across and down, over what stands on the axis."""
    top = AXIS + 0.4
    sheet.arrow((start, AXIS), (end, height), (start, top), (end, top))


def _points(sheet: Diagram, centre: float) -> None:
    rng = np.random.default_rng(3)
    sheet.box((centre - 0.36, AXIS - 0.36), 0.72, 0.72, face=CARD, edge=RULE)
    for c, radius in enumerate((0.27, 0.12)):
        angle = np.linspace(0, 2 * np.pi, 22 - 8 * c, endpoint=False)
        r = radius + 0.012 * rng.standard_normal(len(angle))
        colour, marker = series(c)
        x, y = centre + r * np.cos(angle), AXIS + r * np.sin(angle)
        sheet.ax.scatter(x, y, s=9, c=colour, marker=marker, lw=0)
    sheet.text((centre, AXIS + 0.54), "points x")
    sheet.text((centre, AXIS - 0.52), "n × d", colour=MUTED)


def _scores(sheet: Diagram, centre: float) -> None:
    for row, share in enumerate((0.8, 0.25, 0.9, 0.15)):
        y = AXIS + 0.24 - 0.16 * row
        for c, (start, size) in enumerate(((0.0, share), (share, 1.0 - share))):
            left = centre - 0.16 + 0.32 * start
            sheet.ax.barh(y, 0.32 * size, 0.1, left=left, color=series(c)[0])
    sheet.text((centre, AXIS + 0.54), "scores")
    sheet.text((centre, AXIS - 0.52), "n × c", colour=MUTED)


EXPERIMENT = Experiment(Path(__file__).parent, {"network": network_part})
