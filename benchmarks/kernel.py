"""Ways to multiply a graph with features, beside the machine's own copy of them.

    python benchmarks/kernel.py [--points 100000 300000] [--columns 10 40 128]

The graph joins 15 nearest neighbours of curved clouds, in the order that the classifier gives
points. A cell is milliseconds. Bytes needed are one row of x an entry, values and indices, and
x and the result once; their rate is told as a share of that of a copy of x in the same run. Times
are medians of turns taken; one thread, unless OMP_NUM_THREADS says otherwise.
"""

from __future__ import annotations

import argparse
import os
from collections.abc import Callable
from functools import partial

os.environ.setdefault("OMP_NUM_THREADS", "1")

import numba
import numpy as np
import scipy.sparse
import torch
from scipy.sparse.csgraph import reverse_cuthill_mckee
from torch.nn.functional import embedding_bag

import diffresnet.operators.sparse as sparse_module
from common import medians, publish
from diffresnet.flow import ExplicitEuler, ImplicitEuler, diffuse
from diffresnet.operators import SparseLaplacian
from diffresnet.similarity import similarity_graph
from growth import clouds

STEPS, GAMMA, TIME, TOLERANCE = 10, 0.5, 33.0, 1e-2


@numba.njit(parallel=True, fastmath=True)
def rows_by_numba(indptr, indices, values, x, out):
    n, d = out.shape
    for i in numba.prange(n):
        row = out[i]
        row[:] = 0.0
        for e in range(indptr[i], indptr[i + 1]):
            weight, other = values[e], x[indices[e]]
            for c in range(d):
                row[c] += weight * other[c]


@numba.njit(parallel=True, fastmath=True)
def steps_by_numba(indptr, indices, values, panels, spare, steps):
    """Move each panel of columns through all steps, one panel a thread."""
    count, n, width = panels.shape
    for p in numba.prange(count):
        x, y = panels[p], spare[p]
        for _ in range(steps):
            for i in range(n):
                row = y[i]
                row[:] = 0.0
                for e in range(indptr[i], indptr[i + 1]):
                    weight, other = values[e], x[indices[e]]
                    for c in range(width):
                        row[c] += weight * other[c]
            x, y = y, x
        if steps % 2:
            y[:] = x


def ordered_graph(n: int) -> scipy.sparse.csr_array:
    graph = similarity_graph(clouds(n, 64, 10)[0], n_neighbors=15)
    order = reverse_cuthill_mckee(scipy.sparse.csr_matrix(graph))
    return scipy.sparse.csr_array(graph[order][:, order])


def bag(indptr, indices, values, x: torch.Tensor) -> torch.Tensor:
    return embedding_bag(
        indices, x, indptr, mode="sum", per_sample_weights=values, include_last_offset=True
    )


def repeated(step: Callable[[torch.Tensor], torch.Tensor], x: torch.Tensor, steps: int):
    for _ in range(steps):
        x = step(x)
    return x


def candidates(
    laplacian: SparseLaplacian, x: torch.Tensor, steps: int
) -> dict[str, Callable[[], torch.Tensor]]:
    """Ways to take Euler steps; the first one is ours."""
    m = laplacian.shifted(1.0, -GAMMA)
    long = m.indptr.long(), m.indices.long(), m.values
    csr = {
        name: torch.sparse_csr_tensor(indptr, indices, m.values, laplacian.shape)
        for name, (indptr, indices) in {
            "int32": (m.indptr, m.indices),
            "int64": (m.indptr.long(), m.indices.long()),
        }.items()
    }
    host = scipy.sparse.csr_array(
        (m.values.numpy(), m.indices.numpy(), m.indptr.numpy()), shape=laplacian.shape
    )
    arrays = m.indptr.numpy(), m.indices.numpy(), m.values.numpy()
    out = np.empty_like(x.numpy())

    def numba_step(x: torch.Tensor) -> torch.Tensor:
        target = out if x.data_ptr() != out.ctypes.data else np.empty_like(out)
        rows_by_numba(*arrays, x.numpy(), target)
        return torch.from_numpy(target)

    def numba_fused() -> torch.Tensor:
        width = min(32, x.shape[1])
        cut = -x.shape[1] // width * -width
        wide = np.zeros((len(x), cut), dtype=np.float32)
        wide[:, : x.shape[1]] = x.numpy()
        panels = np.ascontiguousarray(wide.reshape(len(x), -1, width).transpose(1, 0, 2))
        steps_by_numba(*arrays, panels, np.empty_like(panels), steps)
        whole = np.ascontiguousarray(panels.transpose(1, 0, 2)).reshape(len(x), cut)
        return torch.from_numpy(whole[:, : x.shape[1]])

    def half(dtype: torch.dtype) -> torch.Tensor:
        step = partial(bag, m.indptr, m.indices, m.values.to(dtype))
        return repeated(step, x.to(dtype), steps).float()

    return {
        "ours: weighted bag, int32, panels": lambda: diffuse(
            laplacian, x, ExplicitEuler(GAMMA, steps)
        ),
        "without panels": lambda: repeated(m, x, steps),
        "int64 indices": lambda: repeated(partial(bag, *long), x, steps),
        "bfloat16, sums in float32": lambda: half(torch.bfloat16),
        "float16, sums in float32": lambda: half(torch.float16),
        "numba, a row at a time": lambda: repeated(numba_step, x, steps),
        "numba, fused steps of a panel": numba_fused,
        "torch CSR, int32": lambda: repeated(lambda v: csr["int32"] @ v, x, steps),
        "torch CSR, int64": lambda: repeated(lambda v: csr["int64"] @ v, x, steps),
        "scipy CSR": lambda: torch.from_numpy(repeated(lambda v: host @ v, x.numpy(), steps)),
    }


def solve_as_before(laplacian: SparseLaplacian, x: torch.Tensor) -> torch.Tensor:
    coarse, sparse_module.COARSE = sparse_module.COARSE, float("inf")
    try:
        return diffuse(laplacian, x, ImplicitEuler(TIME, tol=TOLERANCE))
    finally:
        sparse_module.COARSE = coarse


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--points", type=int, nargs="+", default=[100_000, 300_000])
    parser.add_argument("--columns", type=int, nargs="+", default=[10, 40, 128])
    parser.add_argument("--repeats", type=int, default=5)
    args = parser.parse_args()
    torch.set_num_threads(int(os.environ["OMP_NUM_THREADS"]))
    numba.set_num_threads(int(os.environ["OMP_NUM_THREADS"]))
    table: dict[tuple[str, str], dict[str, str]] = {}
    solves: dict[str, dict[str, str]] = {}
    entries = {}
    for n in args.points:
        laplacian = SparseLaplacian.random_walk(ordered_graph(n))
        entries[n] = laplacian.nnz
        for d in args.columns:
            size = f"{n // 1000}k x {d}"
            x = torch.randn(n, d, generator=torch.Generator().manual_seed(0))
            target = torch.empty_like(x)
            for steps in (1, STEPS):
                ways = candidates(laplacian, x, steps)
                wanted = ways["without panels"]()
                errors = {k: float((way() - wanted).abs().max()) for k, way in ways.items()}
                assert max(v for k, v in errors.items() if "16" not in k) < 1e-4, errors
                copied = {"copy": lambda x=x, target=target: target.copy_(x)}
                seconds = medians(ways | copied, args.repeats)
                bandwidth = 8 * n * d / seconds["copy"]
                needed = steps * (laplacian.nnz * (4 * d + 8) + 8 * n * d)
                ours = next(iter(ways))
                for name in ways:
                    row = table.setdefault((name, f"{steps}"), {})
                    row["product"], row["steps"] = name, f"{steps}"
                    row[size] = f"{1e3 * seconds[name]:.1f}"
                    if "16" in name:
                        needed_here = steps * (laplacian.nnz * (2 * d + 6) + 4 * n * d)
                    else:
                        needed_here = needed + ("int64" in name) * steps * 4 * laplacian.nnz
                    share = needed_here / seconds[name] / bandwidth
                    row[f"{size} of a copy"] = f"{share:.2f}"
                    row[f"{size} as fast"] = f"{seconds[ours] / seconds[name]:.2f}"
                    row["largest error"] = f"{errors[name]:.0e}"
            exact = diffuse(laplacian, x, ImplicitEuler(TIME, tol=1e-6))
            both = {
                "conjugate gradients": partial(solve_as_before, laplacian, x),
                "polynomial (ours)": partial(
                    diffuse, laplacian, x, ImplicitEuler(TIME, tol=TOLERANCE)
                ),
            }
            seconds = medians(both, args.repeats)
            for name, way in both.items():
                row = solves.setdefault(name, {"solution": name})
                row[f"{size} ms"] = f"{1e3 * seconds[name]:.0f}"
                error = float((way() - exact).norm() / x.norm())
                row[f"{size} error"] = f"{error:.1e}"
            print(size, flush=True)
    rows = list(table.values())
    settings = {"gamma": GAMMA, "entries": entries, "threads": torch.get_num_threads()}
    publish("kernel", rows, **settings)
    publish("kernel_solve", list(solves.values()), time=TIME, tolerance=TOLERANCE)


if __name__ == "__main__":
    main()
