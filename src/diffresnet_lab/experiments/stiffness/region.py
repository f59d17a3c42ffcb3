"""The stability region of explicit Euler in the complex plane, with real graphs in it."""

from __future__ import annotations

import numpy as np

from ...pages.figures.stability import stability_region
from ...pages.section import Picture, Section
from ..experiment import Part, Setup
from .bounds import all_graphs
from .graphs import synthetic_graphs


def region_part(setup: Setup) -> Part:
    """Where the eigenvalues lie, times the step, and the disc that they must lie in."""
    xor = synthetic_graphs(setup)[0]
    longest = xor.longest_step
    clouds = {
        f"XOR, γ = {xor.gamma:g} (authors)": xor.gamma * xor.eigenvalues,
        f"XOR, γ = {longest:.2f} (the longest)": longest * xor.eigenvalues,
    }
    real = [graph for graph in all_graphs(setup) if graph.laplacian.symmetry == "symmetric"]
    shown = [graph for graph in real if not graph.name.endswith("_5")]
    rays = {
        f"{graph.title}, γ = {graph.gamma:.2f}": np.asarray(graph.gamma * graph.eigenvalues)
        for graph in shown
        if graph.gamma is not None
    }
    outside = {name: int((values > 2.0 + 1e-9).sum()) for name, values in rays.items()}
    named = [f"{name} ({count})" for name, count in outside.items() if count]
    beyond = ", ".join(named) if named else "none"
    imaginary = float(np.abs(xor.eigenvalues.imag).max())
    decisive = complex(xor.eigenvalues[np.abs(xor.factors(longest) - 1.0).argmin()])
    named_value = f"{decisive.real:.4f}"
    if abs(decisive.imag) > 1e-9:
        named_value += f" ± {abs(decisive.imag):.4f}i"
    rows = [
        {
            "graph": graph.name,
            "gamma": graph.gamma,
            "index": index,
            "real": float(np.real(graph.gamma * value)),
            "imaginary": float(np.imag(graph.gamma * value)),
        }
        for graph in [xor, *shown]
        if graph.gamma is not None
        for index, value in enumerate(graph.eigenvalues[:40])
    ]
    section = Section(
        title="The stability region, and where real graphs lie",
        text=(
            "A mode with eigenvalue λ does not grow if γλ lies in the disc of radius 1 around 1. "
            "Undirected graphs and walks on them have real eigenvalues: only the right end of the "
            "disc, γλ = 2, matters. XOR’s graph is neither: each point is linked to its nearest "
            "19, which need not be linked to it, and rows are divided by their sums. Its "
            f"eigenvalues are complex, with imaginary parts of up to {imaginary:.3f}. The bound of "
            f"{longest:.4f} is set by λ = {named_value}.",
        ),
        galleries=(
            (
                Picture(
                    stability_region(clouds, rays),
                    alt="Above, the disc of radius 1 around 1 in the complex plane, with the "
                    "eigenvalues of XOR’s graph times γ inside it. Below, the largest eigenvalues "
                    f"of other graphs times the authors’ γ along a line; past 2 are: {beyond}.",
                    caption="Above: γλ of XOR’s graph, in the disc |1 − γλ| ≤ 1. Below: the "
                    "largest γλ of graphs with real eigenvalues, at the authors’ γ. "
                    f"Past the edge, with the number of modes: {beyond}.",
                    name="stiffness",
                ),
            ),
        ),
    )
    finding = (
        f"Eigenvalues drawn past the edge of the stability region: {beyond}."
        if named
        else "No eigenvalue that is drawn is past the edge of the stability region."
    )
    return Part(section, rows, finding)
