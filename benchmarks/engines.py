"""Diffusion in partitions by Dask's tasks and by Ray's actors: time of a step, and a loss.

    python benchmarks/engines.py [--rows 100000] [--partitions 8] [--classes 20]

Two worker processes of one thread for Dask, as many as two processors allow for Ray; an actor holds
a partition and its state. Every step exchanges the border as `diffuse` does. Then a worker, or an
actor, is killed half way, with nothing done about it by us. Ray is for this trial alone:
pip install ray.
"""

from __future__ import annotations

import argparse
import copy
import os
import signal
import threading
import time
from typing import Any

import dask
import numpy as np
import ray
import torch
from distributed import Client, LocalCluster, wait

from common import publish
from diffresnet.classify.partitions import DaskEngine, DiskEngine, diffusion
from diffresnet.classify.partitions.borders import rows_of
from diffresnet.classify.partitions.build import build_graph
from diffresnet.classify.partitions.router import Router
from diffresnet.classify.point_graph import NeighbourConfig
from diffresnet.classify.points import Projection
from diffresnet.progress import silent
from diffresnet.similarity import GraphSettings

TIME, TOL = 100.0, 1e-2


def clusters(n: int, columns: int = 32, seed: int = 0) -> np.ndarray:
    rng = np.random.default_rng(seed)
    centres = 1.5 * rng.normal(size=(50, columns))
    return (centres[rng.integers(50, size=n)] + rng.normal(size=(n, columns))).astype(np.float32)


class Part:
    """A partition with its state, for an actor."""

    def __init__(self, part: Any, source: np.ndarray, shown: np.ndarray, places: Any) -> None:
        self.part, self.source, self.shown_rows, self.places = part, source, shown, places
        self.now, self.before = source, None

    def shown(self) -> np.ndarray:
        return rows_of(self.now, self.shown_rows)

    def step(self, rate: float, omega: float, *boxes: np.ndarray) -> None:
        values = list(boxes), self.places
        new = diffusion._step(
            self.part, self.now, self.before, self.source, None, values, rate, omega
        )
        self.now, self.before = new, self.now

    def state(self) -> np.ndarray:
        return self.now

    def pid(self) -> int:
        return os.getpid()


def by_ray(parts: Any, sources: Any, borders: Any, kill: bool) -> tuple[list[np.ndarray], float]:
    shown, places, near = borders
    remote = ray.remote(num_cpus=2 / len(parts), max_restarts=1, max_task_retries=1)(Part)
    of_parts = zip(parts, sources, shown, places, strict=True)
    actors = [remote.remote(*each) for each in of_parts]
    pids = ray.get([actor.pid.remote() for actor in actors])
    start = time.perf_counter()
    rate, omega = TIME / (1.0 + TIME), 1.0
    steps = diffusion.chebyshev_steps(TIME, TOL)
    for step in range(steps):
        boxes = [actor.shown.remote() for actor in actors]
        done = [
            actor.step.remote(rate, omega, *(boxes[q] for q in near[p]))
            for p, actor in enumerate(actors)
        ]
        omega = 1.0 / (1.0 - rate**2 * (2.0 if step == 0 else omega) / 4.0)
        if kill and step == steps // 2:
            ray.get(done)
            os.kill(pids[0], signal.SIGKILL)
    states = ray.get([actor.state.remote() for actor in actors], timeout=60)
    return states, time.perf_counter() - start


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--partitions", type=int, default=8)
    parser.add_argument("--classes", type=int, default=20)
    parser.add_argument("--repeats", type=int, default=3)
    args = parser.parse_args()
    x, disk = clusters(args.rows), DiskEngine()
    settings = GraphSettings(n_neighbors=10, scale_neighbor=10)
    config = NeighbourConfig(settings, "auto", torch.device("cpu"))
    router = Router.fit(Projection(), False, x, args.partitions)
    graph = build_graph(disk, np.array_split(x, 4), router, config, silent)
    parts = disk.gather(graph.parts)
    rng = np.random.default_rng(1)
    sources = [rng.random((len(p.degree), args.classes), dtype=np.float32) for p in parts]
    shown = disk.gather(graph.borders.shown)
    places = [disk.gather(each) for each in graph.borders.places]
    expected = disk.gather(diffusion.diffuse(disk, graph.parts, graph.borders, sources, TIME, TOL))
    steps = diffusion.chebyshev_steps(TIME, TOL)
    dask.config.set({"distributed.worker.memory.terminate": False})
    seconds: dict[str, list[float]] = {"disk": [], "dask": [], "ray": []}
    lost = {}
    ray.init(num_cpus=2, include_dashboard=False, log_to_driver=False)
    with (
        LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address="127.0.0.1:0") as cluster,
        Client(cluster) as client,
    ):

        def by_dask(kill: bool) -> tuple[list[np.ndarray], float]:
            engine = DaskEngine(client)
            # Each by a task, so that it can be made again, as what is read from shards can.
            held = [[engine.submit(copy.copy, a) for a in arrays] for arrays in (parts, sources)]
            own = type(graph.borders)(
                graph.borders.near,
                [engine.submit(copy.copy, rows) for rows in shown],
                [[engine.submit(copy.copy, rows) for rows in each] for each in places],
            )
            wait([*held[0], *held[1], *own.shown, *(rows for each in own.places for rows in each)])
            start = time.perf_counter()
            told = [0]

            def advance(count: int) -> None:
                told[0] += count
                if kill and told[0] == engine.steps_at_once:
                    pid = next(iter(client.run(os.getpid).values()))
                    threading.Timer(0.05, os.kill, (pid, signal.SIGKILL)).start()

            found = diffusion.diffuse(engine, held[0], own, held[1], TIME, TOL, advance=advance)
            return engine.gather(found), time.perf_counter() - start

        def by_disk(kill: bool) -> tuple[list[np.ndarray], float]:
            start = time.perf_counter()
            found = diffusion.diffuse(disk, graph.parts, graph.borders, sources, TIME, TOL)
            return disk.gather(found), time.perf_counter() - start

        runs = {
            "disk": by_disk,
            "dask": by_dask,
            "ray": lambda kill: by_ray(parts, sources, (shown, places, graph.borders.near), kill),
        }
        for _ in range(args.repeats):
            for name, run in runs.items():
                found, took = run(False)
                seconds[name].append(took)
                assert all(map(np.array_equal, found, expected)), name
        for name in ("dask", "ray"):
            try:
                found, _ = runs[name](True)
                same = all(map(np.array_equal, found, expected))
                lost[name] = "the same result" if same else "finishes, with a wrong result"
            except Exception as error:
                lost[name] = f"fails: {type(error).__name__}"
    ray.shutdown()
    names = {
        "disk": "`DiskEngine`, one process",
        "dask": "Dask, tasks, 2 workers",
        "ray": f"Ray, {args.partitions} actors, 2 processors",
    }
    publish(
        "engines",
        [
            {
                "engine": names[name],
                "milliseconds a step": f"{1000 * np.median(seconds[name]) / steps:.0f}",
                "one killed half way": lost.get(name, ""),
            }
            for name in names
        ],
        points=args.rows,
        partitions=args.partitions,
        classes=args.classes,
        steps=steps,
        border=round(sum(map(len, shown)) / args.rows, 3),
    )


if __name__ == "__main__":
    main()
