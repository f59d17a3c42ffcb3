"""Labelling in partitions, on one machine's disk: seconds, processor seconds, memory, recall.

    python benchmarks/partitions.py [--rows 100000 300000 1000000 3000000] [--columns 64]

The rows are curved clusters of 20 intrinsic dimensions, 5 of each class labelled, in a folder of
.npy files of 100,000 rows, labelled by `diffresnet label` in a process of its own. "own memory" is
the peak without mapped pages of files, which the system takes back where it needs them; "peak
memory" counts them. Exponents are those of a line through the logarithms of the last three sizes.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq

from common import exponent, label, publish
from diffresnet import DiffusionClassifier
from scale import INNER

PER_CLASS, SHARD = 5, 100_000
# Of the classes' centres, so that they overlap a little.
SPREAD = 1.2


def write_shards(folder: Path, n: int, columns: int, classes: int, seed: int = 0) -> np.ndarray:
    """Write shards and few.npy, and return the classes of all rows."""
    rng = np.random.default_rng(seed)
    centres = SPREAD * rng.normal(size=(classes, INNER))
    outward = rng.normal(size=(INNER, columns)) / 4
    (folder / "rows").mkdir()
    y = rng.integers(0, classes, n).astype(np.int32)
    for number, start in enumerate(range(0, n, SHARD)):
        own = y[start : start + SHARD]
        inner = rng.normal(size=(len(own), INNER)) + centres[own]
        z = np.tanh(inner @ outward) + 0.05 * rng.normal(size=(len(own), columns))
        np.save(folder / "rows" / f"{number:05}.npy", z.astype(np.float32))
    few = np.full(n, -1, dtype=np.int32)
    for c in range(classes):
        few[np.flatnonzero(y == c)[:PER_CLASS]] = c
    np.save(folder / "few.npy", few)
    return y


def exact_accuracy(
    folder: Path, y: np.ndarray, labels: np.ndarray, count: int
) -> tuple[float, float]:
    """Accuracy on some rows: of the answers, and of a fit to these alone, by the exact graph."""
    few = np.load(folder / "few.npy")
    drawn = np.random.default_rng(0).choice(len(y), min(count, len(y)), replace=False)
    rows = np.union1d(drawn, np.flatnonzero(few >= 0))
    shards = sorted((folder / "rows").iterdir())
    x = np.concatenate(
        [
            np.load(path, mmap_mode="r")[rows[(rows // SHARD) == number] % SHARD]
            for number, path in enumerate(shards)
        ]
    )
    model = DiffusionClassifier(neighbors="exact", random_state=0, device="cpu").fit(x, few[rows])
    rest = few[rows] < 0
    right = labels[rows] == y[rows], model.transduction_ == y[rows]
    return 100 * right[0][rest].mean(), 100 * right[1][rest].mean()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    sizes = [100_000, 300_000, 1_000_000, 3_000_000]
    parser.add_argument("--rows", type=int, nargs="+", default=sizes)
    parser.add_argument("--columns", type=int, default=64)
    parser.add_argument("--classes", type=int, default=20)
    parser.add_argument("--exact", type=int, default=0, help="rows that are fitted exactly, too")
    parser.add_argument("--folder", type=Path, help="where there is room for the shards")
    parser.add_argument("--name", default="partitions", help="of the result")
    args, more = parser.parse_known_args()
    rows, found = [], []
    for n in args.rows:
        with tempfile.TemporaryDirectory(dir=args.folder) as name:
            folder = Path(name)
            y = write_shards(folder, n, args.columns, args.classes)
            told = folder / "told.json"
            measured = label(
                folder / "rows",
                "--labels",
                folder / "few.npy",
                "--out",
                folder / "out",
                "--json",
                told,
                *more,
            )
            counts = json.loads(told.read_text())["results"][0]
            rest = np.load(folder / "few.npy") < 0
            labels = pq.read_table(folder / "out", columns=["label"])["label"].to_numpy()
            accuracy = 100 * (labels == y)[rest].mean()
            exact = exact_accuracy(folder, y, labels, args.exact) if args.exact else None
        found.append(measured)
        row = {
            "rows": f"{n:,}",
            "partitions": counts["partitions"],
            "seconds": f"{measured['seconds']:.0f}",
            "processor seconds": f"{measured['processor']:.0f}",
            "own memory, GiB": f"{measured['own']:.2f}",
            "peak memory, GiB": f"{measured['peak']:.2f}",
            "recall": f"{counts['recall']:.3f}",
            "accuracy, %": f"{accuracy:.1f}",
        }
        if exact is not None:
            row |= {
                f"accuracy on {args.exact:,} rows, %": f"{exact[0]:.1f}",
                "of the exact graph of these, %": f"{exact[1]:.1f}",
            }
        rows.append(row)
        print(row, flush=True)
    exponents = {
        key: round(exponent(args.rows, [each[key] for each in found]), 2)
        for key in ("processor", "own", "peak")
        if len(args.rows) > 2
    }
    publish(
        args.name,
        rows,
        columns=args.columns,
        classes=args.classes,
        labels_a_class=PER_CLASS,
        exponents=exponents,
    )


if __name__ == "__main__":
    main()
