"""The diffusion product beside scipy and torch: forward, and forward with backward.

    python benchmarks/product.py [--nodes 100000] [--entries 2000000] [--columns 128]

One explicit Euler step x - gamma L x on a random undirected graph, which has no locality to
profit from. The bandwidth column is what the product reads and writes at least (one row of x an
entry, values and indices, x and the result once), over its time, beside a plain copy.
"""

from __future__ import annotations

import argparse
from typing import Any

import numpy as np
import scipy.sparse
import torch

from common import medians, publish
from diffresnet.flow import ExplicitEuler, diffuse
from diffresnet.operators import SparseLaplacian


def random_graph(n: int, entries: int) -> scipy.sparse.csr_array:
    rng = np.random.default_rng(0)
    i, j = rng.integers(0, n, (2, entries // 2))
    a = scipy.sparse.coo_array((rng.random(len(i)), (i, j)), shape=(n, n)).tocsr()
    return scipy.sparse.csr_array(a + a.T)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--nodes", type=int, default=100_000)
    parser.add_argument("--entries", type=int, default=2_000_000)
    parser.add_argument("--columns", type=int, default=128)
    parser.add_argument("--steps", type=int, default=1)
    parser.add_argument("--repeats", type=int, default=9)
    args = parser.parse_args()
    graph = random_graph(args.nodes, args.entries)
    laplacian = SparseLaplacian(graph)
    gamma = 0.9 / laplacian.max_degree
    flow = ExplicitEuler(gamma, args.steps)
    degree = scipy.sparse.diags_array(np.asarray(graph.sum(axis=1)))
    step = scipy.sparse.csr_array(
        scipy.sparse.eye_array(args.nodes) - gamma * (degree - graph), dtype=np.float32
    )
    csr = torch.sparse_csr_tensor(
        torch.from_numpy(step.indptr), torch.from_numpy(step.indices), torch.from_numpy(step.data),
        step.shape,
    )  # fmt: skip
    x = torch.randn(args.nodes, args.columns, generator=torch.Generator().manual_seed(0))
    x_host = x.numpy()
    leaf = x.clone().requires_grad_()
    seed = torch.ones_like(x)

    def ours() -> torch.Tensor:
        return diffuse(laplacian, x, flow)

    def with_torch(x: torch.Tensor) -> torch.Tensor:
        for _ in range(args.steps):
            x = csr @ x
        return x

    def with_scipy() -> np.ndarray:
        y = x_host
        for _ in range(args.steps):
            y = step @ y
        return y

    def backward(f: Any) -> None:
        leaf.grad = None
        f(leaf).backward(seed)

    error = float((ours() - with_torch(x)).abs().max())
    assert error < 1e-4, error
    target = torch.empty_like(x)
    forward = medians(
        {
            "diffresnet": ours,
            "torch CSR": lambda: with_torch(x),
            "scipy": with_scipy,
            "copy": lambda: target.copy_(x),
        },
        args.repeats,
    )
    both = medians(
        {
            "diffresnet": lambda: backward(lambda v: diffuse(laplacian, v, flow)),
            "torch CSR": lambda: backward(with_torch),
        },
        args.repeats,
    )
    moved = args.steps * (step.nnz * (4 * args.columns + 8) + 8 * args.nodes * args.columns)
    copied = 8 * args.nodes * args.columns
    rows = []
    for name in ("diffresnet", "torch CSR", "scipy", "copy"):
        amount = copied if name == "copy" else moved
        rows.append(
            {
                "product": {"copy": "(copy of x)"}.get(name, name),
                "forward, ms": f"{1e3 * forward[name]:.0f}",
                "forward + backward, ms": f"{1e3 * both[name]:.0f}" if name in both else "",
                "times faster, forward": f"{forward[name] / forward['diffresnet']:.2f}",
                "forward + backward": (
                    f"{both[name] / both['diffresnet']:.2f}" if name in both else ""
                ),
                "GB/s": f"{amount / forward[name] / 1e9:.0f}",
            }
        )
    publish(
        "product" if args.steps == 1 else f"product_{args.steps}_steps",
        rows,
        nodes=args.nodes,
        entries=int(graph.nnz),
        columns=args.columns,
        steps=args.steps,
        max_difference=error,
    )


if __name__ == "__main__":
    main()
