import json
import os
import signal
import sys
from dataclasses import dataclass, field
from pathlib import Path

import dask
import joblib
import numpy as np
import pytest
from distributed import LocalCluster

import diffresnet
from diffresnet.cli.app import BAD_INPUT, run
from diffresnet.errors import InputError
from diffresnet_lab.fewshot import NearestPrototype, evaluate, sample_tasks
from diffresnet_lab.sweep import on_cluster, sweep
from fewshot_cases import clusters
from fewshot_files import data_folder
from node_cases import two_blocks, write_graph


@pytest.fixture(scope="module")
def cluster():
    """Two worker processes of one thread; a call that ends its worker once is run again."""
    settings = {"distributed.scheduler.allowed-failures": 1}
    with (
        dask.config.set(settings),
        LocalCluster(
            n_workers=2,
            threads_per_worker=1,
            processes=True,
            dashboard_address=":0",
            silence_logs="CRITICAL",
        ) as cluster,
    ):
        yield cluster.scheduler_address


def square(number):
    return number**2, os.getpid()


def test_results_come_in_order_from_several_processes(cluster):
    with on_cluster(cluster):
        results = list(sweep(joblib.delayed(square)(number) for number in range(40)))
    assert [result for result, _ in results] == [number**2 for number in range(40)]
    processes = {process for _, process in results}
    assert len(processes) == 2
    assert os.getpid() not in processes
    assert list(sweep([joblib.delayed(square)(3)])) == [(9, os.getpid())]


def without_times(path):
    """The results of a --json file, less what a clock says."""
    rows = json.loads(path.read_text())["results"]
    return [{k: v for k, v in row.items() if "seconds" not in k} for row in rows]


@pytest.mark.parametrize(
    "args",
    [
        ["fewshot", "f.npz", "--method", "laplacian_shot", "--method", "logistic", "--tasks", "48"],
        ["reproduce", "table2", "--quick"],
        ["nodes", "graph.npz", "--model", "gcn", "--splits", "3", "--inits", "2", "--epochs", "20"],
    ],
    ids=lambda args: args[0],
)
def test_a_command_finds_the_same_on_a_cluster(cluster, args, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DIFFRESNET_DATA", str(data_folder(tmp_path, 1)))
    features = clusters()
    np.savez("f.npz", features=features.features, labels=features.labels)
    write_graph(Path("graph.npz"), two_blocks(n=140))
    folders = [["--out", name] if args[0] == "reproduce" else [] for name in ("here", "there")]
    assert run([*args, "-q", "--json", "here.json", *folders[0]]) == 0
    assert run([*args, "-q", "--json", "there.json", *folders[1], "--dask", cluster]) == 0
    here, there = without_times(Path("here.json")), without_times(Path("there.json"))
    assert len(here) > 0
    assert here == there


@dataclass(frozen=True)
class EndsOnce:
    """A method whose second batch ends its worker, once."""

    marker: Path
    method: NearestPrototype = field(default_factory=NearestPrototype)

    def __call__(self, batch):
        if self.marker.exists():
            return self.method(batch)
        try:
            self.marker.with_suffix(".first").touch(exist_ok=False)
        except FileExistsError:
            self.marker.touch()
            os.kill(os.getpid(), signal.SIGKILL)
        return self.method(batch)


def test_a_worker_that_is_killed_costs_nothing_but_time(cluster, tmp_path):
    features = clusters()
    tasks = sample_tasks(features.labels, 4, 1, 6, tasks=48, seed=0)
    here = evaluate(NearestPrototype(), features, tasks, batch=4)
    method = EndsOnce(tmp_path / "ended")
    with on_cluster(cluster):
        there = evaluate(method, features, tasks, batch=4)
    assert method.marker.exists()
    np.testing.assert_array_equal(here.predicted, there.predicted)


def end_worker():
    os.kill(os.getpid(), signal.SIGKILL)


def test_a_call_that_ends_every_worker_is_an_error(cluster):
    calls = [joblib.delayed(end_worker)()]
    with on_cluster(cluster), pytest.raises(RuntimeError, match="ended every worker that ran it"):
        list(sweep(calls))


def fail():
    raise ValueError("no such thing")


def test_an_error_of_a_call_is_raised_here(cluster):
    with on_cluster(cluster), pytest.raises(ValueError, match="no such thing"):
        list(sweep([joblib.delayed(fail)()]))


@pytest.mark.parametrize("address", ["tcp://127.0.0.1:1", "nowhere"])
def test_no_scheduler_is_one_line(address, tmp_path, monkeypatch, capfd):
    monkeypatch.setattr("diffresnet.cluster.PATIENCE", 0.2)
    monkeypatch.chdir(tmp_path)
    features = clusters()
    np.savez("f.npz", features=features.features, labels=features.labels)
    args = ["fewshot", "f.npz", "--method", "nearest_prototype", "--dask", address]
    assert run(args) == BAD_INPUT
    assert capfd.readouterr().err == (
        f"diffresnet: error: no Dask scheduler answers at {address!r} (--dask)\n"
    )
    assert run([*args, "--jobs", "2"]) == BAD_INPUT
    assert "--jobs is for this machine" in capfd.readouterr().err


def test_distributed_may_be_missing(monkeypatch):
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(InputError, match=r"pip install 'diffresnet\[cluster\]'"):
        on_cluster("tcp://127.0.0.1:1").__enter__()


def test_another_version_is_refused(cluster, monkeypatch):
    monkeypatch.setattr(diffresnet, "__version__", "0.0.1")
    with pytest.raises(InputError, match=r"has diffresnet 0\.\d+\.\d+\S*, not 0\.0\.1"):
        on_cluster(cluster).__enter__()


@pytest.mark.parametrize(
    ("workers", "threads", "line"), [(0, 1, "no worker has joined"), (1, 2, "has 2 threads")]
)
def test_clusters_that_are_refused(workers, threads, line, monkeypatch):
    monkeypatch.setattr("diffresnet.cluster.PATIENCE", 2)
    with (
        LocalCluster(
            n_workers=workers,
            threads_per_worker=threads,
            processes=False,
            dashboard_address=":0",
            protocol="tcp",
        ) as cluster,
        pytest.raises(InputError, match=line),
    ):
        on_cluster(cluster.scheduler_address).__enter__()
