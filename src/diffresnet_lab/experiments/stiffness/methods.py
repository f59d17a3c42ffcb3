"""Explicit Euler, implicit Euler and Chebyshev at equal time: cost for an error, and error."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from diffresnet.flow import ExplicitEuler, HeatFlow, ImplicitEuler, Integrator

from .bench import Bench, MeasuredRun

METHODS = {"euler": "Explicit Euler", "chebyshev": "Chebyshev", "implicit": "Implicit Euler"}
TARGETS = (1e-2, 1e-4)
LONG = (1e1, 1e3, 1e5)

Rows = list[dict[str, Any]]


def method_rows(bench: Bench, time: float, turns: int) -> Rows:
    """Return the cheapest run of each method at one time, for both errors asked for."""
    rows = []
    for target in TARGETS:
        cheapest = {method: bench.cheapest(method, time, target) for method in METHODS}
        runs = {m: run for m, run in cheapest.items() if isinstance(run, MeasuredRun)}
        spent = dict(zip(runs, bench.seconds(list(runs.values()), turns), strict=True))
        for method, run in cheapest.items():
            row: dict[str, Any] = {
                "graph": bench.graph.name,
                "strength": time,
                "target": target,
                "method": method,
            }
            if isinstance(run, MeasuredRun):
                row |= {
                    "steps": run.flow.steps,
                    "products": run.products,
                    "error": run.error,
                    "seconds": spent[method],
                    "time_ratio": spent[method] / spent["chebyshev"],
                }
            elif run is not None:
                row["steps"] = run
            rows.append(row)
    return rows


def long_rows(bench: Bench) -> Rows:
    """Return products of one implicit step of length t, and of exp(-tL), each to 1e-6 of x."""
    rows = []
    for time in LONG:
        row: dict[str, Any] = {"graph": bench.graph.name, "strength": time, "tolerance": 1e-6}
        flows = {"chebyshev": HeatFlow(time, tol=1e-6), "implicit": ImplicitEuler(time, tol=1e-6)}
        for method, flow in flows.items():
            row[f"{method}_products"] = bench.run(flow, bench.start.numpy()).products
        rows.append(row)
    return rows


def error_curves(bench: Bench, time: float) -> Mapping[str, tuple[np.ndarray, np.ndarray]]:
    """Return products and errors of each method at one time, from coarse to fine."""
    exact = bench.exact(time)
    least = bench.least_steps(time)
    doublings = 2 ** np.arange(0, 8)
    flows: dict[str, list[Integrator]] = {
        "euler": [ExplicitEuler(time / (least * k), int(least * k)) for k in doublings],
        "chebyshev": [HeatFlow(time, tol=10.0**-k) for k in range(1, 11)],
        "implicit": [ImplicitEuler(time / int(k), int(k), tol=1e-6) for k in doublings],
    }
    curves = {}
    for method in METHODS:
        runs = [bench.run(flow, exact) for flow in flows[method]]
        products = np.array([float(run.products) for run in runs])
        curves[method] = (products, np.array([run.error for run in runs]))
    return curves
