"""Labelling and neighbour graphs beside other libraries, up to the size where each gives up.

    python benchmarks/peers.py [--rows 10000 30000 100000] [--only graph]

Each run is a process of its own with one thread; seconds are those of the processor, of the call
alone. A peer gives up where it takes more than --limit seconds or --memory GiB, and is not run on
more rows of that set. Sets are curved clouds of 64 columns and 10 classes, and embeddings of
DIFFRESNET_DATA; 5 labels a class. Recall is that of the 15 nearest neighbours of 1,000 rows.

Needs graphlearning, faiss-cpu, pynndescent and usearch. graphlearning takes the neighbours that
faiss HNSW finds: its own search needs annoy.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from typing import Any

import numpy as np

from growth import clouds

COLUMNS, CLASSES, PER_CLASS, NEIGHBORS, ASKED = 64, 10, 5, 15, 1000
REAL = {
    "Banking77": "embeddings/banking77_minilm-l6.npz",
    "CIFAR-FS novel": "embeddings/cifarfs_novel_efficientnet-lite0.npz",
}


def data(name: str) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return rows, classes and few labels of a set: a number of clouds' rows, or a name."""
    if name.isdigit():
        return clouds(int(name), COLUMNS, CLASSES)
    from common import data_file

    with np.load(data_file(REAL[name])) as file:
        x, y = file["features"].astype(np.float32), file["labels"]
    x /= np.linalg.norm(x, axis=1, keepdims=True)
    few, rng = np.full(len(y), -1), np.random.default_rng(0)
    for k in np.unique(y):
        few[rng.choice(np.flatnonzero(y == k), PER_CLASS, replace=False)] = k
    return x, y, few


def ours(x, few):
    from diffresnet import DiffusionClassifier

    return DiffusionClassifier().fit(x, few).transduction_


def label_spreading(x, few):
    from sklearn.semi_supervised import LabelSpreading

    return LabelSpreading(kernel="knn", n_neighbors=NEIGHBORS).fit(x, few).transduction_


def graphlearning(method):
    def run(x, few):
        import graphlearning

        found = faiss("HNSW")(x)[:, :NEIGHBORS]
        distances = np.linalg.norm(x[:, None] - x[found], axis=2)
        graph = graphlearning.weightmatrix.knn(x, NEIGHBORS, knn_data=(found, distances))
        model = getattr(graphlearning.ssl, method)(graph)
        labelled = np.flatnonzero(few >= 0)
        return model.fit_predict(labelled, few[labelled])

    return run


def search(method):
    def run(x):
        import torch

        from diffresnet.similarity import nearest_neighbours

        found = nearest_neighbours(torch.from_numpy(x), NEIGHBORS, method=method)
        return found.indices.numpy()

    return run


def faiss(kind):
    def run(x):
        import faiss

        faiss.omp_set_num_threads(1)
        n, d = x.shape
        if kind == "flat":
            index = faiss.IndexFlatL2(d)
        elif kind == "HNSW":
            index = faiss.IndexHNSWFlat(d, 32)
            index.hnsw.efSearch = 64
        else:
            cells = int(4 * n**0.5)
            index = faiss.IndexIVFFlat(faiss.IndexFlatL2(d), d, cells)
            index.cp.min_points_per_centroid = 1
            index.nprobe = max(1, cells // 40)
            index.train(x)
        index.add(x)
        return index.search(x, NEIGHBORS + 1)[1]

    return run


def pynndescent(x):
    from pynndescent import NNDescent

    return NNDescent(x, n_neighbors=NEIGHBORS + 1, random_state=0, n_jobs=1).neighbor_graph[0]


def usearch(x):
    from usearch.index import Index

    index = Index(ndim=x.shape[1], metric="l2sq", dtype="f32")
    index.add(np.arange(len(x)), x, threads=1)
    return index.search(x, NEIGHBORS + 1, threads=1).keys.astype(np.int64)


LABELLERS: dict[str, Callable] = {
    "diffresnet": ours,
    "LabelSpreading, knn": label_spreading,
    "graphlearning, Laplace": graphlearning("laplace"),
    "graphlearning, Poisson": graphlearning("poisson"),
}
SEARCHES: dict[str, Callable] = {
    "diffresnet, auto": search("auto"),
    "diffresnet, exact": search("exact"),
    "faiss, flat": faiss("flat"),
    "faiss, HNSW": faiss("HNSW"),
    "faiss, IVF": faiss("IVF"),
    "pynndescent": pynndescent,
    "usearch": usearch,
}


def recall(x: np.ndarray, found: np.ndarray) -> float:
    """Share of the true neighbours of some rows that were found, the row itself left out."""
    asked = np.random.default_rng(1).choice(len(x), min(ASKED, len(x)), replace=False)
    squares, hits = (x**2).sum(axis=1), 0
    for i in asked:
        distance = squares - 2.0 * (x @ x[i])
        distance[i] = np.inf
        true = np.argpartition(distance, NEIGHBORS)[:NEIGHBORS]
        hits += len(np.intersect1d(true, found[i][found[i] != i][:NEIGHBORS]))
    return hits / (NEIGHBORS * len(asked))


def one_run(method: str, name: str, limit: float) -> None:
    x, y, few = data(name)
    # Imports and compilation are not counted.
    small, run = clouds(2000, x.shape[1], CLASSES), (LABELLERS | SEARCHES)[method]
    run(*(small[::2] if method in LABELLERS else small[:1]))
    start = time.process_time()
    used = int(start + limit) + 1
    resource.setrlimit(resource.RLIMIT_CPU, (used, resource.RLIM_INFINITY))
    found = run(x, few) if method in LABELLERS else run(x)
    seconds = time.process_time() - start
    resource.setrlimit(resource.RLIMIT_CPU, (resource.RLIM_INFINITY,) * 2)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    rest = few < 0
    good = 100 * float((found == y)[rest].mean()) if method in LABELLERS else recall(x, found)
    print(json.dumps({"seconds": seconds, "peak": peak / 2**20}))
    print(json.dumps(good))


def measured(method: str, name: str, limit: float, memory: float) -> dict[str, Any] | str:
    """Run a method on a set, or say in what it gives up."""
    command = [sys.executable, "-W", "ignore", __file__, "--one", method, name]
    command += ["--limit", str(limit)]
    environment = os.environ | dict.fromkeys(
        ("OMP_NUM_THREADS", "NUMBA_NUM_THREADS", "OPENBLAS_NUM_THREADS"), "1"
    )
    slow = f"gives up: more than {limit:.0f} s"
    done = subprocess.run(command, env=environment, capture_output=True, text=True)
    if done.returncode == -signal.SIGXCPU:
        return slow
    if done.returncode:
        last = done.stderr.strip().splitlines()[-1] if done.stderr.strip() else "killed"
        return f"gives up: {last[:80]}"
    *_, first, second = done.stdout.strip().splitlines()
    run = json.loads(first) | {"good": json.loads(second)}
    if run["seconds"] > limit:
        return slow
    return run if run["peak"] <= memory else f"gives up: {run['peak']:.1f} GiB"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, nargs="+", default=[10_000, 30_000, 100_000])
    parser.add_argument("--limit", type=float, default=180.0)
    parser.add_argument("--memory", type=float, default=12.0)
    parser.add_argument("--only", choices=("labels", "graph"))
    parser.add_argument("--one", nargs=2, help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.one:
        one_run(*args.one, args.limit)
        return
    from common import publish

    sets = [*REAL, *map(str, sorted(args.rows))]
    for part, methods in (("labels", LABELLERS), ("graph", SEARCHES)):
        if args.only not in (None, part):
            continue
        good = "accuracy, %" if part == "labels" else "recall of 15"
        rows, out = [], set()
        for name in sets if part == "labels" else sets[1:]:
            for method in methods:
                if method in out and name.isdigit():
                    continue
                shown = f"{int(name):,} clouds" if name.isdigit() else name
                row = {"data": shown, "method": method}
                run = measured(method, name, args.limit, args.memory)
                if isinstance(run, str):
                    row["seconds"] = run
                    if name.isdigit():
                        out.add(method)
                else:
                    row["seconds"] = f"{run['seconds']:.1f}"
                    row["peak memory, GiB"] = f"{run['peak']:.2f}"
                    row[good] = f"{run['good']:.1f}" if part == "labels" else f"{run['good']:.3f}"
                rows.append(row)
                print(row, file=sys.stderr, flush=True)
            publish(
                "peers" if part == "labels" else "peers_graph",
                rows,
                columns=COLUMNS,
                classes=CLASSES,
                labels_per_class=PER_CLASS,
                neighbors=NEIGHBORS,
                limit_seconds=args.limit,
                limit_gib=args.memory,
                threads=1,
            )


if __name__ == "__main__":
    main()
