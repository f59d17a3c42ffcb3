"""A whole `diffresnet label` of up to a million rows: seconds, peak memory, recall, accuracy.

    python benchmarks/scale.py [--rows 10000 30000 100000 300000 1000000]

The rows are 100 curved clusters of 20 intrinsic dimensions in 128, 5 of each labelled, in a mapped
.npy file. Every run is a process of its own, from the command to the written file, once with
everything in memory and once in partitions. Peak memory counts mapped pages, own memory does not.
Exponents are those of a line through the logarithms of the last three sizes.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq

from common import exponent, label, publish

DIMENSIONS, INNER, CLASSES, PER_CLASS = 128, 20, 100, 5
BLOCK = 65_536
WAYS = ("in memory", "in partitions")


def write_clusters(folder: Path, n: int, seed: int = 0) -> np.ndarray:
    """Write x.npy and few.npy, a block at a time, and return the classes of all rows."""
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
    np.save(folder / "few.npy", few)
    return y


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    sizes = [10_000, 30_000, 100_000, 300_000, 1_000_000]
    parser.add_argument("--rows", type=int, nargs="+", default=sizes)
    parser.add_argument("--folder", type=Path, help="where there is room for the rows")
    parser.add_argument("--name", default="scale", help="of the result")
    args = parser.parse_args()
    rows: list[dict[str, Any]] = []
    found: dict[str, list[dict[str, float]]] = {how: [] for how in WAYS}
    for n in args.rows:
        with tempfile.TemporaryDirectory(dir=args.folder) as name:
            folder = Path(name)
            y = write_clusters(folder, n)
            few = np.load(folder / "few.npy")
            for how in WAYS:
                out, told = folder / f"{how}.parquet", folder / f"{how}.json"
                files = ["--labels", folder / "few.npy", "--out", out, "--json", told]
                if how == "in partitions":
                    files += ["--work", folder / "work"]
                measured = label(folder / "x.npy", *files)
                answers = pq.read_table(out, columns=["label"])["label"].to_numpy()
                counts = json.loads(told.read_text())["results"][0]
                found[how].append(measured)
                row = {
                    "rows": f"{n:,}",
                    "fit": how,
                    "seconds": f"{measured['seconds']:.0f}",
                    "processor seconds": f"{measured['processor']:.0f}",
                    "own memory, GiB": f"{measured['own']:.2f}",
                    "peak memory, GiB": f"{measured['peak']:.2f}",
                    "recall": f"{counts['recall']:.3f}",
                    "accuracy, %": f"{100 * (answers == y)[few < 0].mean():.1f}",
                }
                rows.append(row)
                print(row, flush=True)
    exponents = {
        how: {
            key: round(exponent(args.rows, [each[key] for each in of_these]), 2)
            for key in ("seconds", "processor", "peak")
        }
        for how, of_these in found.items()
        if len(args.rows) > 2
    }
    publish(
        args.name,
        rows,
        columns=DIMENSIONS,
        classes=CLASSES,
        labels_a_class=PER_CLASS,
        exponents=exponents,
    )


if __name__ == "__main__":
    main()
