"""Every method on every set and draw of labels; finished draws are kept."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any

import joblib
import numpy as np
from jaxtyping import Float

import diffresnet
from diffresnet import DiffusionClassifier
from diffresnet.classify.calibrator import expected_calibration_error

from ...cache import RunCache
from ...statistics import Estimate, sample_mean
from ..base import Rows, RunConfig
from .peers import PEERS, View, answer
from .plan import FewLabelsPlan
from .sets import SETS, LabelledSet, draw_labels, find_set

OURS = "DiffusionClassifier"
BINS = 15


@dataclass(frozen=True)
class Cell:
    """All draws of one set with one number of labels a class.

    Attributes
    ----------
    accuracy : method -> (draws,) in percent, over the rows without a label.
    seconds : method -> median over draws.
    calibration : (draws,) expected calibration error of ours, in points.
    reliability : (3, bins) rows, sum of confidence and number of right answers in each bin.
    """

    set: str
    labels: int
    accuracy: dict[str, Float[np.ndarray, " r"]]
    seconds: dict[str, float]
    calibration: Float[np.ndarray, " r"]
    reliability: Float[np.ndarray, "3 b"]

    @property
    def best_peer(self) -> str:
        """The peer of the largest mean accuracy; known afterwards only, which favours it."""
        return max(PEERS, key=lambda peer: self.accuracy[peer].mean())

    @property
    def lead(self) -> Estimate:
        """Points that ours is ahead of that peer, paired by draw."""
        return sample_mean(self.accuracy[OURS] - self.accuracy[self.best_peer])

    @property
    def verdict(self) -> str:
        """Ahead or behind by more than two standard errors, else level."""
        lead = self.lead
        if not abs(lead.mean) > 2 * lead.error:
            return "level"
        return "ahead" if lead.mean > 0 else "behind"

    def row(self) -> dict[str, Any]:
        """Return the numbers of this cell."""
        lead = self.lead
        return {
            "set": self.set,
            "labels_per_class": self.labels,
            "draws": len(self.calibration),
            **{name: float(values.mean()) for name, values in self.accuracy.items()},
            "best_peer": self.best_peer,
            "difference": lead.mean,
            "difference_error": lead.error if lead.clusters > 1 else None,
            "verdict": self.verdict,
            "calibration_error": float(self.calibration.mean()),
            "seconds": self.seconds[OURS],
        }


def study(config: RunConfig, plan: FewLabelsPlan) -> tuple[list[Cell], list[str]]:
    """Run all sets that are there; return their cells, and the titles of those that are not."""
    cells: list[Cell] = []
    missing: list[str] = []
    for name in plan.sets:
        data = find_set(name, config.data, plan.rows)
        if data is None:
            missing.append(SETS[name].title)
        else:
            cells += _cells(config, plan, name, data)
    return cells, missing


def _cells(config: RunConfig, plan: FewLabelsPlan, name: str, data: LabelledSet) -> list[Cell]:
    ours = RunCache.open(config.shards, f"{name}-ours", data.x, data.y, diffresnet.__version__)
    peers = RunCache.open(config.shards, f"{name}-peers", data.x, data.y, list(PEERS))
    names = {
        labels: [f"{labels:03}-{config.seed + draw:04}" for draw in range(plan.draws)]
        for labels in plan.labels
    }
    every = [shard for shards in names.values() for shard in shards]
    view = View.of(data.x) if peers.missing(every) else None
    ours_runs = ours.run({shard: joblib.delayed(_run_ours)(data, shard) for shard in every})
    peer_runs = peers.run({shard: joblib.delayed(_run_peers)(data, view, shard) for shard in every})
    return [
        _cell(SETS[name].title, labels, [{**ours_runs[s], **peer_runs[s]} for s in shards])
        for labels, shards in names.items()
    ]


def _cell(title: str, labels: int, runs: list[dict[str, np.ndarray]]) -> Cell:
    methods = (OURS, *PEERS)
    return Cell(
        title,
        labels,
        {m: np.array([float(run[f"accuracy {m}"]) for run in runs]) for m in methods},
        {m: float(np.median([run[f"seconds {m}"] for run in runs])) for m in methods},
        np.array([float(run["calibration"]) for run in runs]),
        np.sum([run["reliability"] for run in runs], axis=0),
    )


def _few(data: LabelledSet, shard: str) -> np.ndarray:
    labels, seed = map(int, shard.split("-"))
    return draw_labels(data.y, labels, seed)


def _run_ours(data: LabelledSet, shard: str) -> dict[str, np.ndarray]:
    few = _few(data, shard)
    start = time.perf_counter()
    model = DiffusionClassifier(device="cpu").fit(data.x, few)
    seconds = time.perf_counter() - start
    rest = few < 0
    right, confidence = (model.transduction_ == data.y)[rest], model.confidence_[rest]
    bins = np.minimum((confidence * BINS).astype(int), BINS - 1)
    counted = [
        np.bincount(bins, weights, minlength=BINS)
        for weights in (np.ones(len(bins)), confidence, right)
    ]
    return {
        f"accuracy {OURS}": np.array(100 * right.mean()),
        f"seconds {OURS}": np.array(seconds),
        "calibration": np.array(100 * expected_calibration_error(confidence, right, BINS)),
        "reliability": np.array(counted),
    }


def _run_peers(data: LabelledSet, view: View, shard: str) -> dict[str, np.ndarray]:
    few = _few(data, shard)
    found = {}
    for name, peer in PEERS.items():
        start = time.perf_counter()
        given = answer(peer, view, few)
        found[f"seconds {name}"] = np.array(time.perf_counter() - start)
        found[f"accuracy {name}"] = np.array(100 * (given == data.y)[few < 0].mean())
    return found


def run_rows(cells: list[Cell]) -> Rows:
    """Return a row for every draw and method."""
    return [
        {
            "set": cell.set,
            "labels_per_class": cell.labels,
            "draw": draw,
            "method": method,
            "accuracy": float(value),
        }
        for cell in cells
        for method, values in cell.accuracy.items()
        for draw, value in enumerate(values)
    ]
