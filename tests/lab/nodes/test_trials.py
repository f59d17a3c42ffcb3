from dataclasses import replace

import numpy as np
import pytest
import scipy.sparse

from diffresnet.errors import InputError
from diffresnet_lab.nodes.corruption import Corruption
from diffresnet_lab.nodes.model_spec import ModelSpec
from diffresnet_lab.nodes.models.gcn import GCN, GCNConfig
from diffresnet_lab.nodes.protocol import Protocol
from diffresnet_lab.nodes.results import SplitRuns, mean_accuracy, run_rows, seconds_per_run
from diffresnet_lab.nodes.splits import random_split, split_seeds
from diffresnet_lab.nodes.training import EarlyStoppingConfig
from diffresnet_lab.nodes.trials import run_trials
from node_cases import node_data

PROTOCOL = Protocol(splits=3, inits=3, train_per_class=4, validation_per_class=5, seed=7)


def gcn(**changes):
    config = replace(GCNConfig(hidden=6), **changes)
    training = EarlyStoppingConfig(learning_rate=0.05, epochs=12, patience=5)
    return ModelSpec("gcn", "GCN", GCN, config, training)


def same(runs, others):
    assert len(runs) == len(others)
    for one, other in zip(runs, others, strict=True):
        for name in ("predicted", "accuracy", "validation", "epochs"):
            np.testing.assert_array_equal(getattr(one, name), getattr(other, name))


def shards(folder):
    return sorted(folder.rglob("*.npz"))


@pytest.fixture(scope="module")
def data():
    return node_data()


@pytest.fixture(scope="module")
def whole(data):
    return run_trials(data, gcn(), PROTOCOL, replicas=2)


def test_shapes_and_accuracy(data, whole):
    labels = data.labels.numpy()
    for index, runs in enumerate(whole):
        split = random_split(labels, split_seeds(3, 7)[index], 4, 5)
        assert runs.predicted.shape == (3, len(data))
        right = runs.predicted[:, split.test] == labels[split.test]
        np.testing.assert_allclose(runs.accuracy, 100 * right.mean(1))
        right = runs.predicted[:, split.validation] == labels[split.validation]
        np.testing.assert_allclose(runs.validation, 100 * right.mean(1), rtol=1e-6)
        assert runs.seconds > 0
        assert ((runs.epochs >= 1) & (runs.epochs <= 12)).all()


def test_a_stopped_sweep_ends_like_a_whole_one(data, whole, tmp_path):
    steps = []
    first = run_trials(data, gcn(), PROTOCOL, cache=tmp_path, replicas=2, advance=steps.append)
    same(first, whole)
    assert steps == [2, 1, 2, 1, 2, 1]
    written = shards(tmp_path)
    assert len(written) == 6
    written[1].unlink()
    times = [path.stat().st_mtime_ns for path in (written[0], *written[2:])]
    same(run_trials(data, gcn(), PROTOCOL, cache=tmp_path, replicas=2), whole)
    assert shards(tmp_path) == written
    assert [path.stat().st_mtime_ns for path in (written[0], *written[2:])] == times


def test_what_is_there_is_read(data, tmp_path):
    runs = run_trials(data, gcn(), PROTOCOL, cache=tmp_path, replicas=2)
    again = run_trials(data, gcn(), PROTOCOL, cache=tmp_path, replicas=2)
    # Only a reading has the first run's seconds.
    assert [run.seconds for run in again] == [run.seconds for run in runs]


def test_more_splits_begin_with_those_that_are_there(data, tmp_path):
    few = run_trials(data, gcn(), replace(PROTOCOL, splits=1), cache=tmp_path, replicas=2)
    more = run_trials(data, gcn(), PROTOCOL, cache=tmp_path, replicas=2)
    same(few, more[:1])
    assert more[0].seconds == few[0].seconds
    assert len(shards(tmp_path)) == 6


def test_more_initialisations_go_on_from_those_that_are_there(data, whole, tmp_path):
    run_trials(data, gcn(), replace(PROTOCOL, inits=2), cache=tmp_path, replicas=2)
    before = shards(tmp_path)
    times = [path.stat().st_mtime_ns for path in before]
    same(run_trials(data, gcn(), PROTOCOL, cache=tmp_path, replicas=2), whole)
    assert [path.stat().st_mtime_ns for path in before] == times
    assert len(shards(tmp_path)) == 6


@pytest.mark.parametrize(
    "other",
    [
        {"spec": gcn(dropout=0.1)},
        {"spec": replace(gcn(), training=EarlyStoppingConfig(epochs=12, patience=4))},
        {"protocol": replace(PROTOCOL, seed=8)},
        {"protocol": replace(PROTOCOL, train_per_class=5)},
        {"data": node_data(seed=5)},
        {"replicas": 3},
        {"corruption": Corruption(label_noise=0.2)},
        {"corruption": Corruption(edge_rewiring=0.2)},
    ],
)
def test_other_settings_read_nothing(data, tmp_path, other):
    case = {"data": data, "spec": gcn(), "protocol": PROTOCOL, "replicas": 2, "corruption": None}
    case |= other
    run_trials(data, gcn(), replace(PROTOCOL, splits=1, inits=2), cache=tmp_path, replicas=2)
    (before,) = shards(tmp_path)
    protocol = replace(case["protocol"], splits=1, inits=2)
    how = {"replicas": case["replicas"], "corruption": case["corruption"]}
    run_trials(case["data"], case["spec"], protocol, cache=tmp_path, **how)
    assert len(shards(tmp_path)) == 2
    assert before in shards(tmp_path)


def cut(path):
    path.write_bytes(path.read_bytes()[:-40])


def emptied(path):
    path.write_bytes(b"")


def with_less(path):
    with np.load(path) as file:
        arrays = {name: file[name] for name in file.files if name != "seconds"}
    np.savez(path, **arrays)


def of_other_nodes(path):
    with np.load(path) as file:
        arrays = dict(file)
    np.savez(path, **{**arrays, "predicted": arrays["predicted"][:, :5]})


@pytest.mark.parametrize("damage", [cut, emptied, with_less, of_other_nodes])
def test_a_damaged_shard_is_named_and_can_be_made_again(data, tmp_path, damage):
    protocol = replace(PROTOCOL, splits=2, inits=1)
    whole = run_trials(data, gcn(), protocol, cache=tmp_path)
    damaged = shards(tmp_path)[0]
    damage(damaged)
    with pytest.raises(InputError, match="delete it, and it is made again") as caught:
        run_trials(data, gcn(), protocol, cache=tmp_path)
    assert str(damaged) in str(caught.value)
    damaged.unlink()
    same(run_trials(data, gcn(), protocol, cache=tmp_path), whole)


def test_no_corruption_changes_nothing(data, whole):
    same(run_trials(data, gcn(), PROTOCOL, replicas=2, corruption=Corruption()), whole)


def test_corrupted_splits_are_tested_on_true_labels(data, tmp_path):
    corruption, labels = Corruption(label_noise=0.5), data.labels.numpy().copy()
    runs = run_trials(data, gcn(), PROTOCOL, cache=tmp_path, replicas=2, corruption=corruption)
    same(run_trials(data, gcn(), PROTOCOL, cache=tmp_path, replicas=2, corruption=corruption), runs)
    np.testing.assert_array_equal(data.labels.numpy(), labels)
    for index, run in enumerate(runs):
        split = PROTOCOL.split(data, index)
        right = run.predicted[:, split.test] == labels[split.test]
        np.testing.assert_allclose(run.accuracy, 100 * right.mean(1))
        # Validation is as a user with these labels would see it.
        seen = corruption.apply(data, split, [PROTOCOL.seed, index]).labels.numpy()
        right = run.predicted[:, split.validation] == seen[split.validation]
        np.testing.assert_allclose(run.validation, 100 * right.mean(1), rtol=1e-6)


def test_processes_change_nothing(data, whole):
    same(run_trials(data, gcn(), PROTOCOL, replicas=2, jobs=2), whole)


def test_replicas_change_nothing_without_dropout(data):
    spec = gcn(dropout=0.0)
    one, three = (run_trials(data, spec, PROTOCOL, replicas=replicas) for replicas in (1, 3))
    for a, b in zip(one, three, strict=True):
        np.testing.assert_array_equal(a.epochs, b.epochs)
        np.testing.assert_allclose(a.accuracy, b.accuracy)


def test_the_global_random_state_is_left_alone(data):
    import torch

    torch.manual_seed(1)
    before = torch.random.get_rng_state()
    run_trials(data, gcn(), replace(PROTOCOL, splits=1), replicas=2)
    assert bool((before == torch.random.get_rng_state()).all())


def test_accuracy_and_seconds_of_runs():
    def runs(accuracy, seconds):
        zeros = np.zeros(len(accuracy), int)
        return SplitRuns(zeros[:, None], np.array(accuracy), 1.0 * zeros, zeros, seconds)

    both = [runs([80.0, 82.0], 4.0), runs([70.0, 72.0], 2.0)]
    accuracy = mean_accuracy(both)
    assert (accuracy.mean, accuracy.clusters) == (76.0, 2)
    np.testing.assert_allclose(accuracy.std, np.std([80, 82, 70, 72]))
    np.testing.assert_allclose(accuracy.error, 5.0)  # means 81 and 71: 7.071 / sqrt 2
    assert seconds_per_run(both) == 1.5
    rows = run_rows(both)
    assert [(row["split"], row["init"]) for row in rows] == [(0, 0), (0, 1), (1, 0), (1, 1)]
    assert [row["accuracy"] for row in rows] == [80.0, 82.0, 70.0, 72.0]
    assert [row["seconds"] for row in rows] == [2.0, 2.0, 1.0, 1.0]


def test_what_takes_long_is_made_before_processes_share_the_data():
    data = node_data()
    made = replace(gcn(), needs=("feature_graph",))
    run_trials(data, made, PROTOCOL, corruption=Corruption(edge_rewiring=0.1))
    assert "feature_graph" not in vars(data), "a corrupted graph is another one"
    run_trials(data, made, PROTOCOL)
    assert "feature_graph" in vars(data)


def test_more_nodes_or_columns_without_a_number_are_another_graph(data, tmp_path):
    n, f = data.features.shape
    wider = scipy.sparse.csr_array(
        (data.features.data, data.features.indices, data.features.indptr), shape=(n, f + 7)
    )
    protocol = replace(PROTOCOL, splits=1, inits=1)
    run_trials(data, gcn(), protocol, cache=tmp_path)
    run_trials(replace(data, features=wider), gcn(), protocol, cache=tmp_path)
    assert len(shards(tmp_path)) == 2


def test_a_long_name_of_a_graph_fits_into_a_file_system(data, tmp_path):
    run_trials(
        replace(data, name=240 * "x"), gcn(), replace(PROTOCOL, splits=1, inits=1), cache=tmp_path
    )
    assert len(shards(tmp_path)) == 1


def test_many_jobs_are_no_more_than_there_is_to_do(data, whole):
    same(
        run_trials(data, gcn(), PROTOCOL, replicas=3, jobs=10**12),
        run_trials(data, gcn(), PROTOCOL),
    )


@pytest.mark.parametrize(
    "changed",
    [
        {"accuracy": np.array([np.nan])},
        {"accuracy": np.array([-500.0])},
        {"accuracy": np.array(["90"])},
        {"seconds": np.array("long")},
        {"epochs": np.array([1.5])},
    ],
)
def test_a_shard_with_numbers_that_no_sweep_finds_is_damaged(data, tmp_path, changed):
    protocol = replace(PROTOCOL, splits=1, inits=1)
    run_trials(data, gcn(), protocol, cache=tmp_path)
    (path,) = shards(tmp_path)
    with np.load(path) as file:
        arrays = dict(file)
    np.savez(path, **{**arrays, **changed})
    with pytest.raises(InputError, match=r"is damaged.*delete it"):
        run_trials(data, gcn(), protocol, cache=tmp_path)
