"""A fit on a Dask cluster: the answers of one machine, bit for bit, also if a worker is lost."""

import os
import signal
import threading

import numpy as np
import pytest
from sklearn.datasets import load_digits

from diffresnet import DiffusionClassifier
from diffresnet.classify.partitions import DaskEngine, DiskEngine, Shards
from diffresnet.errors import InputError
from diffresnet.progress import silent

distributed = pytest.importorskip("distributed")

X, Y = load_digits(return_X_y=True)
X, Y = X[:900].astype(np.float32), Y[:900]
FEW = np.where(np.arange(len(Y)) < 120, Y, -1)


@pytest.fixture(scope="module")
def client():
    with (
        distributed.LocalCluster(
            n_workers=2, threads_per_worker=1, dashboard_address="127.0.0.1:0", memory_limit=0
        ) as cluster,
        distributed.Client(cluster) as client,
    ):
        yield client


def fit(engine, progress=silent):
    shards = Shards.of([X[:400], X[400:]], engine=engine, rows=300, progress=progress)
    return DiffusionClassifier(random_state=0, prior_weight=0.1).fit(shards, FEW)


@pytest.fixture(scope="module")
def on_disk():
    return fit(DiskEngine())


def test_answers_are_those_of_one_machine(client, on_disk):
    model = fit(DaskEngine(client))
    assert np.array_equal(model.label_distributions_, on_disk.label_distributions_)
    assert model.recall_ == on_disk.recall_


def test_a_dask_array_is_fitted_on_its_cluster(client, on_disk):
    array = pytest.importorskip("dask.array")
    x = array.from_array(X, chunks=(450, -1))
    shards = Shards.of(x, rows=300)
    assert isinstance(shards.engine, DaskEngine)
    model = DiffusionClassifier(random_state=0, prior_weight=0.1).fit(shards, FEW)
    assert (model.transduction_ == on_disk.transduction_).mean() > 0.98
    with pytest.raises(InputError, match="blocks of rows"):
        Shards.of(array.from_array(X, chunks=(450, 10)))


def test_a_worker_that_is_killed_costs_nothing_but_time(client, on_disk):
    killed = []

    def kill():
        pid = next(iter(client.run(os.getpid).values()))
        killed.append(pid)
        os.kill(pid, signal.SIGKILL)

    def progress(what, total):
        if what == "diffusing features" and not killed:  # the graph is on the workers
            threading.Timer(0.3, kill).start()
        return silent(what, total)

    model = fit(DaskEngine(client), progress)
    assert killed
    assert np.array_equal(model.label_distributions_, on_disk.label_distributions_)


def test_what_is_wrong_with_a_shard_is_said_as_on_one_machine(client):
    bad = X.copy()
    bad[5, 5] = np.nan
    shards = Shards.of([bad], engine=DaskEngine(client), rows=300)
    with pytest.raises(InputError, match="NaN"):
        DiffusionClassifier().fit(shards, FEW)


def test_a_scheduler_that_does_not_answer_is_named():
    with (
        pytest.raises(InputError, match="no Dask scheduler answers at"),
        DaskEngine.connect("tcp://127.0.0.1:9"),
    ):
        pass
