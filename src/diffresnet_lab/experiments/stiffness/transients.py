"""What eigenvalues do not tell: growth on the way, on graphs that are not normal."""

from __future__ import annotations

from typing import Any

import numpy as np
from jaxtyping import Float

from ...pages.section import Cell, Table
from ...pages.words import short
from .spectrum import StiffGraph


def row_sum_norms(graph: StiffGraph, gamma: float, steps: int) -> Float[np.ndarray, " s"]:
    """max_i sum_j |(I - gamma L)^k|_ij for k = 1 to `steps`: how far any |x_i| can be lifted."""
    step = np.eye(len(graph)) - gamma * graph.matrix.toarray()
    product, norms = np.eye(len(graph)), []
    for _ in range(steps):
        product = product @ step
        norms.append(float(np.abs(product).sum(axis=1).max()))
    return np.array(norms)


def transients(graph: StiffGraph) -> tuple[list[dict[str, Any]], Table, list[str]]:
    """Rows, table and words on the powers of I - gamma L of a non-normal graph."""
    bound, safe, steps = graph.longest_step, 1.0 / graph.laplacian.max_degree, 100
    settings = {
        "the authors’": graph.gamma or 1.0,
        "1 / max L_ii": safe,
        "0.95 × the bound": 0.95 * bound,
        "the bound": bound,
        "1.05 × the bound": 1.05 * bound,
    }
    rows: list[dict[str, Any]] = []
    for name, gamma in settings.items():
        norms = row_sum_norms(graph, gamma, steps)
        rows.append(
            {
                "graph": graph.name,
                "step_length": name,
                "gamma": gamma,
                "largest_factor": float(graph.factors(gamma).max()),
                "first_norm": float(norms[0]),
                "largest_norm": float(norms.max()),
                "largest_at": int(norms.argmax()) + 1,
                "late_norm": float(norms[-1]),
            }
        )
    table = Table(
        caption=f"Non-normal graph ({graph.title}): how far a value can be lifted on the way",
        header=(
            "Step",
            "γ",
            "Largest |1 − γλ|, λ ≠ 0",
            "After 1 step",
            f"Largest in {steps} steps",
            f"After {steps}",
        ),
        rows=tuple(
            (
                row["step_length"],
                (
                    Cell(f"{row['gamma']:.3f}"),
                    Cell(f"{row['largest_factor']:.4f}"),
                    Cell(f"{row['first_norm']:.2f}"),
                    Cell(_norm(row["largest_norm"])),
                    Cell(_norm(row["late_norm"])),
                ),
            )
            for row in rows
        ),
        note="The largest row sum of |(I − γL)^k|: the most that k steps can multiply the largest "
        "absolute value by.",
    )
    within, authors = rows[2], rows[0]
    words = [
        "On a graph that is not normal, eigenvalues speak of the long run alone: eigenvectors are "
        "not orthogonal, and parts that cancel at first may fade at different rates. On "
        f"{graph.title}, at 0.95 times the bound, where every mode fades, values can grow to "
        f"{within['largest_norm']:.2f} times the largest before they settle. A step of at most "
        f"1 / max L_ii (here {safe:.2f}) makes I − γL a matrix of means, which lifts nothing, on "
        f"any graph; the authors’ γ = {authors['gamma']:g} is "
        f"{'such a step' if authors['gamma'] <= safe else 'longer'}.",
    ]
    return rows, table, words


def _norm(value: float) -> str:
    return f"{value:.2f}" if value < 100.0 else short(value)
