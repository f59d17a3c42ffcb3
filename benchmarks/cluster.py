"""A fit on 1, 2 and 4 Dask workers: memory of each, traffic, a limit, and a worker that is killed.

    python benchmarks/cluster.py [--rows 200000] [--columns 64] [--partitions 16]

The workers are processes of this machine, of one thread each. "memory a worker" is the largest
resident size of any. The limit is half way between what one and what two workers took; nothing
goes to disk, so that a worker above it is killed by its nanny. The labels are compared with those
of `DiskEngine`.
"""

from __future__ import annotations

import argparse
import os
import resource
import signal
import tempfile
import threading
import time
import warnings
from pathlib import Path
from typing import Any

import dask
import numpy as np

from common import publish
from diffresnet import DiffusionClassifier
from diffresnet.classify.partitions import DaskEngine, DiskEngine, Shards
from diffresnet.progress import silent
from partitions import write_shards

CLASSES = 20
# Workers neither spill nor pause; only the nanny's limit is left.
dask.config.set(
    {f"distributed.worker.memory.{name}": False for name in ("target", "spill", "pause")}
)
dask.config.set({"distributed.nanny.pre-spawn-environ.MALLOC_TRIM_THRESHOLD_": 65536})


def fit(folder: Path, engine: Any, rows: int, progress: Any = silent) -> np.ndarray:
    shards = Shards.of(folder / "rows", engine=engine, rows=rows, progress=progress)
    few = np.load(folder / "few.npy")
    return DiffusionClassifier(random_state=0, device="cpu").fit(shards, few).transduction_


def on_cluster(
    folder: Path, workers: int, rows: int, limit: float = 0.0, kill: bool = False
) -> dict[str, Any]:
    """Fit on a cluster, and return the labels, or None where workers were lost for good."""
    from distributed import Client, KilledWorker, LocalCluster

    killed: list[int] = []

    def progress(what: str, total: int | None) -> Any:
        if kill and what.startswith("weighing") and not killed:
            killed.append(0)
            pid = next(iter(client.run(os.getpid).values()))
            threading.Timer(1.0, os.kill, (pid, signal.SIGKILL)).start()
        return silent(what, total)

    warnings.filterwarnings("ignore", category=UserWarning)
    own = {"threads_per_worker": 1, "dashboard_address": "127.0.0.1:0", "silence_logs": 50}
    with (
        LocalCluster(n_workers=workers, memory_limit=int(limit * 2**30), **own) as cluster,
        Client(cluster) as client,
    ):
        start, labels = time.perf_counter(), None
        try:
            labels = fit(folder, DaskEngine(client), rows, progress)
        except KilledWorker:
            return {"labels": None}
        seconds = time.perf_counter() - start
        peaks = client.run(lambda: resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
        return {"labels": labels, "seconds": seconds, "peak": max(peaks.values()) / 2**20}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, default=200_000)
    parser.add_argument("--columns", type=int, default=64)
    parser.add_argument("--partitions", type=int, default=16)
    args = parser.parse_args()
    size = args.rows // args.partitions
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        y = write_shards(folder, args.rows, args.columns, CLASSES)
        start = time.perf_counter()
        expected = fit(folder, DiskEngine(), size)
        rows = [
            {
                "workers": "none (DiskEngine)",
                "seconds": f"{time.perf_counter() - start:.0f}",
                "accuracy, %": f"{100 * (expected == y).mean():.2f}",
            }
        ]
        print(rows[-1], flush=True)
        peaks = {}

        def tell(workers: str, found: dict[str, Any], limit: float = 0.0) -> None:
            row = {"workers": workers, "limit a worker, GiB": f"{limit:.2f}" if limit else "none"}
            if found["labels"] is None:
                row["same labels"] = "not finished: over the limit"
            else:
                row |= {
                    "seconds": f"{found['seconds']:.0f}",
                    "memory a worker, GiB": f"{found['peak']:.2f}",
                    "same labels": "yes" if (found["labels"] == expected).all() else "no",
                }
            rows.append(row)
            print(row, flush=True)

        for workers in (1, 2, 4):
            found = on_cluster(folder, workers, size)
            peaks[workers] = found["peak"]
            tell(str(workers), found)
        limit = (peaks[1] + peaks[2]) / 2 / 0.95  # of which the nanny lets 95% be used
        for workers in (1, 2):
            tell(str(workers), on_cluster(folder, workers, size, limit), limit)
        tell("2, one killed half way", on_cluster(folder, 2, size, kill=True))
    publish(
        "cluster",
        [{key: row.get(key, "") for key in rows[1] | {"accuracy, %": ""}} for row in rows],
        points=args.rows,
        columns=args.columns,
        classes=CLASSES,
        partitions=args.partitions,
    )


if __name__ == "__main__":
    main()
