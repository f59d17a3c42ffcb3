"""A whole `diffresnet label` of up to a million rows: seconds, peak memory, recall, accuracy.

    python benchmarks/scale.py [--rows 10000 30000 100000 300000 1000000]

The rows are 100 curved clusters of 20 intrinsic dimensions in 128, 5 of each labelled, in a mapped
.npy file. Every run is a process of its own, from the command to the written file. Its processor
seconds and peak memory, which counts mapped pages, are those that the system tells. The exponents
are those of a line through the logarithms of the last three sizes.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from common import publish

DIMENSIONS, INNER, CLASSES, PER_CLASS = 128, 20, 100, 5
BLOCK = 65_536


def write_clusters(folder: Path, n: int, seed: int = 0) -> np.ndarray:
    """Write x.npy and few.npz, a block at a time, and return the classes of all rows."""
    rng = np.random.default_rng(seed)
    centres = 2.0 * rng.normal(size=(CLASSES, INNER))
    outward = rng.normal(size=(INNER, DIMENSIONS)) / 4
    x = np.lib.format.open_memmap(folder / "x.npy", "w+", np.float32, (n, DIMENSIONS))
    y = np.empty(n, dtype=np.int64)
    for start in range(0, n, BLOCK):
        stop = min(start + BLOCK, n)
        y[start:stop] = rng.integers(0, CLASSES, stop - start)
        inner = rng.normal(size=(stop - start, INNER)) + centres[y[start:stop]]
        z = np.tanh(inner @ outward) + 0.05 * rng.normal(size=(stop - start, DIMENSIONS))
        x[start:stop] = z / np.linalg.norm(z, axis=1, keepdims=True)
    x.flush()
    few = np.full(n, -1)
    for c in range(CLASSES):
        few[np.flatnonzero(y == c)[:PER_CLASS]] = c
    np.savez(folder / "few.npz", labels=few)
    return y


def run(folder: Path) -> dict[str, float]:
    """Label the rows by the command, in a process of its own."""
    command = [
        sys.executable,
        "-m",
        "diffresnet",
        "label",
        str(folder / "x.npy"),
        "--device",
        "cpu",
    ]
    command += ["--labels", str(folder / "few.npz"), "--out", str(folder / "out.npz")]
    command += ["--device", "cpu"]
    start = time.perf_counter()
    child = os.posix_spawn(sys.executable, command, os.environ)
    _, status, usage = os.wait4(child, 0)
    if status:
        raise SystemExit(f"{' '.join(command)} failed")
    return {
        "seconds": time.perf_counter() - start,
        "processor": usage.ru_utime + usage.ru_stime,
        "peak": usage.ru_maxrss * 1024 / 2**30,
    }


def exponent(rows: list[int], values: list[float]) -> float:
    return float(np.polyfit(np.log(rows[-3:]), np.log(values[-3:]), 1)[0])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "--rows", type=int, nargs="+", default=[10_000, 30_000, 100_000, 300_000, 1_000_000]
    )
    args = parser.parse_args()
    rows, found = [], []
    for n in args.rows:
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            y = write_clusters(folder, n)
            measured = run(folder)
            with np.load(folder / "out.npz") as answers, np.load(folder / "few.npz") as few:
                rest = few["labels"] < 0
                accuracy = 100 * (answers["label"] == y)[rest].mean()
        found.append(measured)
        row = {
            "rows": f"{n:,}",
            "seconds": f"{measured['seconds']:.0f}",
            "processor seconds": f"{measured['processor']:.0f}",
            "peak memory, GiB": f"{measured['peak']:.2f}",
            "accuracy, %": f"{accuracy:.1f}",
        }
        rows.append(row)
        print(row, flush=True)
    exponents = {
        name: round(exponent(args.rows, [each[name] for each in found]), 2)
        for name in ("seconds", "processor", "peak")
        if len(args.rows) > 2
    }
    publish(
        "scale",
        rows,
        columns=DIMENSIONS,
        classes=CLASSES,
        labels_a_class=PER_CLASS,
        exponents=exponents,
    )


if __name__ == "__main__":
    main()
