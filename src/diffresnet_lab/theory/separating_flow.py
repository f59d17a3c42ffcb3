"""Theorem 1 by construction: a residual network that makes separated sets linearly separable."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from jaxtyping import Float, Int, Shaped
from torch import Tensor, nn

from diffresnet.errors import InputError
from diffresnet.nn import ResidualBlock

from .class_intervals import ClassIntervals, class_intervals, refuse_overlap
from .flow_bounds import FlowBounds, flow_bounds
from .folds import fold_line
from .inputs import as_classes, as_direction, as_points
from .level_function import level_function
from .one_relu import one_relu_block, threshold_classifier


class SeparatingFlow(nn.Module):
    """Residual blocks of one ReLU each and a linear classifier, with weights that were computed.

    In two and more dimensions every block is x <- x + s v ReLU(u . x - c) with v orthogonal to u:
    it slides one half-space along itself. u . x stays what it is, so that the block is at the same
    time the exact time-1 flow of dx/dt = s v ReLU(u . x - c), and the network is the flow of an
    ODE with piecewise constant parameters. In one dimension the blocks are folds, and no flow.

    Attributes
    ----------
    blocks : ModuleList of ResidualBlock, in float64
    classifier : Linear
        From moved points to scores, one a class.
    classes : (C,)
        The labels that scores stand for.
    direction : (d,)
        u, of length 1.
    intervals : ClassIntervals
        Maximal intervals of one class along u.
    half_extent : float
        M: half the extent of the points along v; 0 where there is no v.
    is_flow : bool
        Whether the blocks are flows.
    """

    direction: Tensor

    def __init__(
        self,
        blocks: list[ResidualBlock],
        classifier: nn.Linear,
        classes: Shaped[np.ndarray, " c"],
        direction: Float[np.ndarray, " d"],
        intervals: ClassIntervals,
        half_extent: float,
    ) -> None:
        super().__init__()
        self.blocks = nn.ModuleList(blocks)
        self.classifier = classifier
        self.classes = classes
        self.register_buffer("direction", torch.from_numpy(direction))
        self.intervals = intervals
        self.half_extent = half_extent
        self.is_flow = len(direction) > 1

    def forward(self, x: Float[Tensor, "n d"]) -> Float[Tensor, "n c"]:
        """Return class scores."""
        return self.classifier(self.features(x))

    def features(self, x: Float[Tensor, "n d"]) -> Float[Tensor, "n d"]:
        """Return the moved points, which planes separate."""
        for block in self.blocks:
            x = block(x)
        return x

    def velocity(self, t: float, x: Float[Tensor, "n d"]) -> Float[Tensor, "n d"]:
        """Return dx/dt at time t: block k drives the ODE from time k to k + 1."""
        k = int(np.floor(t))
        if not 0 <= k < len(self.blocks):
            return torch.zeros_like(x)
        return self.blocks[k](x) - x

    def trajectory(
        self, x: Float[Tensor, "n d"], steps: int = 1
    ) -> tuple[Float[np.ndarray, " s"], Float[np.ndarray, "s n d"]]:
        """Return times, `steps` a block, and points; the exact solution of the ODE if `is_flow`.

        In one dimension, what lies between whole times is only drawn, as a straight line.
        """
        times, positions = [0.0], [x]
        with torch.no_grad():
            for k, block in enumerate(self.blocks):
                moved = block(x)
                for step in range(1, steps + 1):
                    times.append(k + step / steps)
                    positions.append(torch.lerp(x, moved, step / steps))
                x = moved
        return np.array(times), torch.stack(positions).numpy()

    @property
    def bounds(self) -> FlowBounds:
        """Return the bounds that held before this network was built."""
        return flow_bounds(self.intervals, self.half_extent, len(self.direction))

    @property
    def strength(self) -> float:
        """Return the strength of the strongest block: distance moved a unit beyond its plane."""
        moves = (block.get_parameter("fc2.weight").detach() for block in self.blocks)
        return max((float(move.norm()) for move in moves), default=0.0)

    def distance(self, points: Any, labels: Any) -> float:
        """Return the smallest distance of a moved point to the plane between its class and another.

        Negative where a point is on the wrong side; infinite if there is only one class.
        """
        x = as_points(points)
        with torch.no_grad():
            scores = self(torch.from_numpy(x)).numpy()
        weights = self.classifier.weight.detach().numpy()
        given = np.asarray(labels.detach().cpu() if isinstance(labels, Tensor) else labels)
        nearest = np.inf
        for c, name in enumerate(self.classes):
            others = np.arange(len(self.classes)) != c
            ahead = scores[given == name][:, [c]] - scores[given == name][:, others]
            apart = np.linalg.norm(weights[c] - weights[others], axis=1)
            nearest = min(nearest, float((ahead / apart).min(initial=np.inf)))
        return nearest

    def predict(self, points: Any) -> Shaped[np.ndarray, " n"]:
        """Return the label of each point."""
        return np.asarray(self.classes[self._best(as_points(points))])

    def _best(self, x: Float[np.ndarray, "n d"]) -> Int[np.ndarray, " n"]:
        with torch.no_grad():
            return self(torch.from_numpy(x)).argmax(dim=1).numpy()


def separating_flow(
    points: Any, labels: Any, direction: Any, *, subsets: Any = None
) -> SeparatingFlow:
    """Build the network of Theorem 1 for subsets that lie between planes across `direction`.

    Let K be the number of intervals along the direction (neighbouring subsets of one class are one
    interval), C the number of classes, g the narrowest gap between intervals and M the half-extent
    of the points along v.

    - No block is needed where each class is one interval: K = C.
    - d >= 2, two classes: K - 2 blocks, the least possible for blocks of this form.
    - d >= 2, more classes: at most K - 2, and one more for each wide interval of a class other than
      the two with the most intervals (see `level_function`); an interval of one subset is narrow
      where the gaps beside it are at least 4 (C - 1) D, with D its diameter.
    - No block is stronger than 2 (C - 1) max(4 M / g, 1), whatever K is, and moved points are at
      least g / (8 sqrt(1 + (C - 1)^2)) away from the planes between classes, g / (4 sqrt(2)) for
      two classes: `bounds` has the numbers.
    - d = 1: at most 2 (K - C) folds, K - 2 for two classes; see `fold_line`.

    Parameters
    ----------
    points : (n, d) array or tensor
    labels : (n,)
        The class of each, of any type that can be sorted.
    direction : (d,)
        Of any length but 0.
    subsets : (n,), optional
        The subset of each point. If given, the assumption of the theorem is checked: one subset
        between neighbouring planes. If not, any interval of one class counts as a subset, however
        short, so that K may get large where classes are mixed.

    Raises
    ------
    InputError
        If points of two classes, or two subsets, overlap along the direction; if a value is not
        finite or sizes do not fit; if the gaps are too narrow for float64.

    Examples
    --------
    >>> corners = np.array([[0.0, 0.0], [1.0, 1.0], [1.0, 0.0], [0.0, 1.0]])
    >>> net = separating_flow(corners, ["same", "same", "other", "other"], direction=[1.0, 1.0])
    >>> len(net.intervals), len(net.blocks), net.predict(corners).tolist()
    (3, 1, ['same', 'same', 'other', 'other'])
    """
    x = as_points(points)
    names, classes = as_classes(labels, len(x))
    u = as_direction(direction, x.shape[1])
    p = x @ u
    if subsets is not None:
        refuse_overlap(p, as_classes(subsets, len(x))[1])
    intervals = class_intervals(p, classes)
    half_extent = 0.0
    if intervals.one_per_class:
        blocks: list[ResidualBlock] = []
        classifier = threshold_classifier(u, 0.0, intervals.classes, intervals.middles)
    elif x.shape[1] == 1:
        blocks = []
        for fold in fold_line(p, classes):
            move = -(1.0 + fold.scale) * fold.side * u
            blocks.append(one_relu_block(fold.side * u, -fold.side * fold.crease, move))
            p = fold(p)
        last = class_intervals(p, classes)
        classifier = threshold_classifier(u, 0.0, last.classes, last.middles)
    else:
        v = _narrowest_direction(x, u)
        q = x @ v
        half_extent = 0.5 * float(np.ptp(q))
        h = level_function(intervals, half_extent)
        turned = zip(h.knots.tolist(), h.slope_changes.tolist(), strict=True)
        blocks = [one_relu_block(u, -knot, turn * v) for knot, turn in turned]
        centre = 0.5 * float(q.min() + q.max())
        classifier = threshold_classifier(h.slope * u + v, h.offset - centre, h.order, h.thresholds)
    net = SeparatingFlow(blocks, classifier, names, u, intervals, half_extent)
    wrong = int((net._best(x) != classes).sum())
    if wrong:
        raise InputError(
            f"the narrowest gap, {intervals.gap:.3g}, is too narrow for float64 at this scale: "
            f"{wrong} of {len(x)} points come out wrong; take a direction with wider gaps, or "
            f"diffuse first"
        )
    return net


def _narrowest_direction(
    x: Float[np.ndarray, "n d"], u: Float[np.ndarray, " d"]
) -> Float[np.ndarray, " d"]:
    """Return a unit vector orthogonal to u along which points vary least: gentler moves do."""
    if len(u) == 2:
        return np.array([-u[1], u[0]])
    basis = np.linalg.qr(np.column_stack([u, np.eye(len(u))]))[0][:, 1:]  # (d, d - 1)
    across = (x - x.mean(axis=0)) @ basis
    scale = np.abs(across).max()
    if scale > 0.0:  # squares of tiny or huge coordinates would not be representable
        across = across / scale
    v = basis @ np.linalg.eigh(across.T @ across)[1][:, 0]
    v -= u * (u @ v)
    return np.asarray(v / np.linalg.norm(v))
