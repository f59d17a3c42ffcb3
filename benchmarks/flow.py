"""The exact flow: Chebyshev beside Euler and scipy's expm_multiply, at equal error.

    python benchmarks/flow.py [--nodes 20000] [--time 10]

exp(-t L) x on a 10-NN graph of points in the plane, for a wanted error relative to the largest
entry of x. The truth is Chebyshev in float64 at 1e-13, itself checked against expm_multiply.
"""

from __future__ import annotations

import argparse

import numpy as np
import scipy.sparse
import torch
from scipy.sparse.linalg import expm_multiply

from common import medians, publish
from diffresnet.flow import ExplicitEuler, HeatFlow, diffuse
from diffresnet.flow.heat import chebyshev_coefficients
from diffresnet.operators import SparseLaplacian
from diffresnet.similarity import similarity_graph


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--nodes", type=int, default=20_000)
    parser.add_argument("--time", type=float, default=10.0)
    parser.add_argument("--columns", type=int, default=64)
    parser.add_argument("--repeats", type=int, default=5)
    args = parser.parse_args()
    rng = np.random.default_rng(0)
    graph = similarity_graph(rng.random((args.nodes, 2)), normalize="symmetric")
    x = torch.from_numpy(rng.standard_normal((args.nodes, args.columns)))
    exact = SparseLaplacian(graph, dtype=torch.float64)
    truth = diffuse(exact, x, HeatFlow(args.time, tol=1e-13))
    dense_l = scipy.sparse.csr_array(
        scipy.sparse.diags_array(np.asarray(graph.sum(axis=1))) - graph
    )
    host = x.numpy()
    check = np.abs(expm_multiply(-args.time * dense_l, host) - truth.numpy()).max()
    assert check < 1e-9, check
    single, x32 = SparseLaplacian(graph), x.float()
    size = float(x.abs().max())
    rows = []
    for wanted in (1e-2, 1e-3, 1e-4):
        heat = HeatFlow(args.time, tol=loosest(single, x32, truth, args.time, wanted * size))
        steps = euler_steps(single, x32, truth, args.time, wanted * size)
        euler = ExplicitEuler(args.time / steps, steps)
        seconds = medians(
            {
                "Chebyshev": lambda heat=heat: diffuse(single, x32, heat),
                "Euler": lambda euler=euler: diffuse(single, x32, euler),
                "expm_multiply": lambda: expm_multiply(-args.time * dense_l, host),
            },
            args.repeats,
        )
        products = {
            "Chebyshev": len(
                chebyshev_coefficients(0.5 * args.time * 1.01 * single.spectral_bound(), wanted / 4)
            )
            - 1,
            "Euler": steps,
            "expm_multiply": "",
        }
        errors = {
            "Chebyshev": float((diffuse(single, x32, heat) - truth).abs().max()) / size,
            "Euler": float((diffuse(single, x32, euler) - truth).abs().max()) / size,
            "expm_multiply": float(check) / size,
        }
        rows += [
            {
                "error wanted": f"{wanted:.0e}",
                "method": name,
                "products": products[name],
                "error": f"{errors[name]:.1e}",
                "seconds": f"{seconds[name]:.3f}",
                "times slower than Chebyshev": f"{seconds[name] / seconds['Chebyshev']:.1f}",
            }
            for name in seconds
        ]
    publish("flow", rows, nodes=args.nodes, time=args.time, columns=args.columns)


def loosest(
    laplacian: SparseLaplacian, x: torch.Tensor, truth: torch.Tensor, time: float, error: float
) -> float:
    """The largest tolerance of the heat flow that keeps the error: its bound is a worst case."""
    tol = 0.5
    while float((diffuse(laplacian, x, HeatFlow(time, tol=tol)) - truth).abs().max()) > error:
        tol /= 1.5
    return tol


def euler_steps(
    laplacian: SparseLaplacian, x: torch.Tensor, truth: torch.Tensor, time: float, error: float
) -> int:
    """The fewest stable steps with which Euler reaches the error, by bisection."""

    def reaches(steps: int) -> bool:
        moved = diffuse(laplacian, x, ExplicitEuler(time / steps, steps))
        return float((moved - truth).abs().max()) <= error

    low = int(np.ceil(time / laplacian.max_step())) - 1
    high = low + 1
    while not reaches(high):
        low, high = high, 2 * high
    while high - low > max(1, high // 50):
        middle = (low + high) // 2
        low, high = (low, middle) if reaches(middle) else (middle, high)
    return high


if __name__ == "__main__":
    main()
