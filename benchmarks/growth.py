"""How a fit grows with rows, classes and columns: seconds of each stage, peak memory, exponents.

    python benchmarks/growth.py [--figure docs/figures/growth.png]

One of the three varies at a time. Curved clouds, 5 labels a class; every fit is a process of its
own with one thread, and its seconds are those of the processor. Exponents are those of a line
through the logarithms of the last three sizes.
"""

from __future__ import annotations

import argparse
import functools
import json
import resource
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

ROWS, COLUMNS, CLASSES = 30_000, 64, 10
VARIED = {
    "rows": [10_000, 30_000, 100_000, 300_000, 1_000_000],
    "classes": [2, 10, 100, 1000],
    "columns": [64, 256, 1280],
}
PER_CLASS, PART = 5, 10_000
STAGES = ("neighbours", "graph", "diffusion", "heads", "propagation", "answers")


def clouds(n: int, d: int, c: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return unit rows of curved clouds, their classes, and 5 labels a class."""
    rng = np.random.default_rng(0)
    y = rng.integers(0, c, n)
    centres, outward = 2.0 * rng.normal(size=(c, 20)), rng.normal(size=(20, d)) / 4
    x = np.empty((n, d), dtype=np.float32)
    for start in range(0, n, PART):
        part = x[start : start + PART]
        inner = rng.normal(size=(len(part), 20)) + centres[y[start : start + PART]]
        part[:] = np.tanh(inner @ outward) + 0.05 * rng.normal(size=part.shape)
        part /= np.linalg.norm(part, axis=1, keepdims=True)
    few = np.full(n, -1)
    for k in range(c):
        few[np.flatnonzero(y == k)[:PER_CLASS]] = k
    return x, y, few


class Stages:
    """Processor seconds of functions, without those of the functions within them."""

    def __init__(self) -> None:
        self.seconds = dict.fromkeys(STAGES, 0.0)
        self._within = [0.0]

    def time(self, owner: Any, name: str, stage: str) -> None:
        """Replace a function by one that is timed."""
        plain = getattr(owner, name)
        setattr(owner, name, self.timed(plain, stage))

    def timed(self, plain: Callable, stage: str) -> Callable:
        @functools.wraps(plain)
        def run(*args: Any, **kwargs: Any) -> Any:
            start = time.process_time()
            self._within.append(0.0)
            try:
                return plain(*args, **kwargs)
            finally:
                whole, inner = time.process_time() - start, self._within.pop()
                self._within[-1] += whole
                self.seconds[stage] += whole - inner

        return run


def one_fit(n: int, d: int, c: int) -> None:
    from diffresnet import DiffusionClassifier
    from diffresnet.classify import fold_heads, point_graph, strategies
    from diffresnet.classify.problem import Problem
    from diffresnet.classify.row_graph import RowGraph

    x, y, few = clouds(n, d, c)
    stages = Stages()
    stages.time(point_graph, "nearest_neighbours", "neighbours")
    RowGraph.of = stages.timed(RowGraph.of, "graph")
    stages.time(Problem, "diffuse", "diffusion")
    stages.time(fold_heads.FoldHeads, "fit", "heads")
    stages.time(Problem, "propagate", "propagation")
    stages.time(strategies, "choose_prior_weight", "propagation")
    stages.time(strategies, "mixed", "heads")
    fit = stages.timed(DiffusionClassifier.fit, "answers")
    model = fit(DiffusionClassifier(), x, few)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    rest = few < 0
    accuracy = 100 * float((model.transduction_ == y)[rest].mean())
    print(json.dumps({"stages": stages.seconds, "peak": peak, "accuracy": accuracy}))


def exponents(rows: list[dict[str, Any]], varied: str) -> dict[str, float]:
    """Fit a power to the last three sizes of each stage that takes time."""
    from common import exponent

    last, found = rows[-3:], {}
    for name in (*STAGES, "processor seconds", "peak memory, GiB"):
        values = [float(row[name]) for row in last]
        if min(values) >= 0.05:
            found[name] = round(exponent([row[varied] for row in last], values), 2)
    return found


def _short(size: int) -> str:
    if size >= 1_000_000:
        return f"{size / 1e6:g}M"
    return f"{size / 1e3:g}k" if size >= 10_000 else f"{size:,}"


def draw(rows: list[dict[str, Any]], path: Path) -> None:
    """Draw seconds of stages and peak memory against what varies, on logarithmic axes."""
    from diffresnet_lab.pages.palette import INK
    from diffresnet_lab.pages.plots import Axis, Curve, LinePanel, lines
    from diffresnet_lab.pages.style import png

    panels = []
    for varied in VARIED:
        of_these = [row for row in rows if row["varied"] == varied]
        sizes = [row[varied] for row in of_these]
        total = [float(row["processor seconds"]) for row in of_these]
        curves = [Curve(sizes, total, "whole fit", colour=0, width=2.4)]
        for k, stage in enumerate(STAGES):
            seconds = [max(float(row[stage]), 0.01) for row in of_these]
            curves.append(Curve(sizes, seconds, stage, colour=k + 1))
        slope = [total[0] * size / sizes[0] for size in sizes]
        line = Curve(sizes, slope, "in proportion", colour=INK, style="dotted", marker=False)
        curves.append(line)
        panels.append(
            LinePanel(
                curves,
                x=Axis(varied, scale="log", ticks={size: _short(size) for size in sizes}),
                y=Axis("processor seconds" if not panels else "", scale="log"),
            )
        )
    path.write_bytes(
        png(lines(panels, columns=3, width=9.0, height=4.2, legend_columns=4, sharey=True))
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--most", type=int, default=1_000_000, help="rows at most")
    parser.add_argument("--figure", type=Path)
    parser.add_argument("--one", type=int, nargs=3, help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.one:
        one_fit(*args.one)
        return
    from common import publish, run_alone

    rows: list[dict[str, Any]] = []
    runs: dict[tuple[int, ...], dict[str, Any]] = {}
    for varied, sizes in VARIED.items():
        for size in sizes:
            base = {"rows": ROWS, "columns": COLUMNS, "classes": CLASSES}
            at = base | {varied: size}
            if at["rows"] > args.most:
                continue
            key = (at["rows"], at["columns"], at["classes"])
            if key not in runs:
                runs[key] = run_alone(__file__, *key)
            run = runs[key]
            row = {"varied": varied, **at}
            row |= {stage: f"{run['stages'][stage]:.2f}" for stage in STAGES}
            row["processor seconds"] = f"{sum(run['stages'].values()):.1f}"
            row["peak memory, GiB"] = f"{run['peak']:.2f}"
            row["accuracy, %"] = f"{run['accuracy']:.1f}"
            rows.append(row)
            print(row, file=sys.stderr, flush=True)
    powers = [
        {"growth with": varied}
        | exponents([row for row in rows if row["varied"] == varied], varied)
        for varied in VARIED
    ]
    if args.figure:
        draw(rows, args.figure)
    publish("growth", rows, labels_per_class=PER_CLASS)
    publish("growth_exponents", powers, sizes=VARIED)


if __name__ == "__main__":
    main()
