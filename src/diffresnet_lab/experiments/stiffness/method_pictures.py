"""What accuracy costs by each method, drawn."""

from __future__ import annotations

from typing import Any

import numpy as np

from diffresnet.flow import ExplicitEuler, HeatFlow, ImplicitEuler, Integrator

from ...pages.figures.stability import cost_curves
from ...pages.section import Picture
from ...pages.words import short
from .bench import Bench
from .spectrum import StiffGraph

TITLES = {"euler": "Explicit Euler", "chebyshev": "Chebyshev", "implicit": "Implicit Euler"}
TARGETS = (1e-2, 1e-4)


def chosen(rows: list[dict[str, Any]], **keys: Any) -> list[dict[str, Any]]:
    """The rows that have these values."""
    return [row for row in rows if all(row[key] == value for key, value in keys.items())]


def scaling_picture(rows: list[dict[str, Any]], graph: StiffGraph) -> Picture:
    """Products against strength, for the first of the errors asked for."""
    curves = {}
    for method, title in TITLES.items():
        done = [row for row in chosen(rows, method=method, target=TARGETS[0]) if "products" in row]
        curves[title] = (
            np.array([row["strength"] for row in done]),
            np.array([float(row["products"]) for row in done]),
        )
    last = {title: int(y[-1]) for title, (_, y) in curves.items() if len(y)}
    ends = ", ".join(f"{title} {count:,}" for title, count in last.items())
    slopes = ", ".join(
        f"{np.log(y[-1] / y[-2]) / np.log(x[-1] / x[-2]):.2f} ({title})"
        for title, (x, y) in curves.items()
        if len(x) > 1
    )
    return Picture(
        cost_curves(curves, "strength t (log scale)", "products with L (log scale)"),
        alt=f"Products with L that each method needs for an error of {TARGETS[0]:g} on "
        f"{graph.title}, against the strength, both on logarithmic scales. At the right end: "
        f"{ends}.",
        caption=f"What an error of {TARGETS[0]:g} costs on {graph.title}. Between the last two "
        f"strengths products grow like t to the power of {slopes}; theory says 1 for explicit "
        "Euler once stability decides, ½ for Chebyshev.",
        name="stiffness_methods",
    )


def error_picture(bench: Bench, strength: float, name: str) -> Picture:
    """Error against products, at one strength."""
    exact = bench.exact(strength)
    least = bench.least_steps(strength)
    doublings = 2 ** np.arange(0, 8)
    flows: dict[str, list[Integrator]] = {
        "euler": [ExplicitEuler(strength / (least * k), int(least * k)) for k in doublings],
        "chebyshev": [HeatFlow(strength, tol=10.0**-k) for k in range(1, 11)],
        "implicit": [ImplicitEuler(strength / int(k), int(k), tol=1e-6) for k in doublings],
    }
    curves = {}
    for method, title in TITLES.items():
        runs = [bench.run(flow, exact) for flow in flows[method]]
        curves[title] = (
            np.array([float(run.products) for run in runs]),
            np.array([run.error for run in runs]),
        )
    ends = "; ".join(
        f"{title} {short(float(y[-1]))} after {x[-1]:,.0f} products"
        for title, (x, y) in curves.items()
    )
    return Picture(
        cost_curves(curves, "products with L (log scale)", "relative error (log scale)"),
        alt=f"Error against products with L on {bench.graph.title} at strength {strength:g}, both "
        f"on logarithmic scales. The last points are: {ends}.",
        caption=f"t = {strength:g}. Explicit Euler starts at its fewest stable steps ({least}); "
        "steps are doubled from point to point. Chebyshev’s tolerance falls tenfold. Implicit "
        "systems are solved to 10⁻⁶.",
        name=f"stiffness_methods_{name}",
    )
