from dataclasses import replace

import numpy as np
import pytest
import scipy.sparse

from diffresnet.errors import InputError
from diffresnet.graphs.preset import of
from diffresnet.graphs.training import Training
from diffresnet_lab.nodes.damage import Damage
from diffresnet_lab.nodes.models.gcn import GCNNodes, GCNSettings
from diffresnet_lab.nodes.results import SplitRuns, summary
from diffresnet_lab.nodes.splits import random_split, split_seeds
from diffresnet_lab.nodes.sweep import Protocol, sweep
from node_cases import node_data

PROTOCOL = Protocol(splits=3, inits=3, train_per_class=4, validation_per_class=5, seed=7)


def gcn(**changes):
    training = Training(learning_rate=0.05, epochs=12, patience=5)
    return of("gcn", "GCN", GCNNodes, replace(GCNSettings(hidden=6), **changes), training)


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
    return sweep(data, gcn(), PROTOCOL, members=2)


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
    first = sweep(data, gcn(), PROTOCOL, shards=tmp_path, members=2, advance=steps.append)
    same(first, whole)
    assert steps == [2, 1, 2, 1, 2, 1]
    written = shards(tmp_path)
    assert len(written) == 6
    written[1].unlink()
    times = [path.stat().st_mtime_ns for path in (written[0], *written[2:])]
    same(sweep(data, gcn(), PROTOCOL, shards=tmp_path, members=2), whole)
    assert shards(tmp_path) == written
    assert [path.stat().st_mtime_ns for path in (written[0], *written[2:])] == times


def test_what_is_there_is_read(data, tmp_path):
    runs = sweep(data, gcn(), PROTOCOL, shards=tmp_path, members=2)
    again = sweep(data, gcn(), PROTOCOL, shards=tmp_path, members=2)
    # Only a reading has the first run's seconds.
    assert [run.seconds for run in again] == [run.seconds for run in runs]


def test_more_splits_begin_with_those_that_are_there(data, tmp_path):
    few = sweep(data, gcn(), replace(PROTOCOL, splits=1), shards=tmp_path, members=2)
    more = sweep(data, gcn(), PROTOCOL, shards=tmp_path, members=2)
    same(few, more[:1])
    assert more[0].seconds == few[0].seconds
    assert len(shards(tmp_path)) == 6


def test_more_initialisations_go_on_from_those_that_are_there(data, whole, tmp_path):
    sweep(data, gcn(), replace(PROTOCOL, inits=2), shards=tmp_path, members=2)
    before = shards(tmp_path)
    times = [path.stat().st_mtime_ns for path in before]
    same(sweep(data, gcn(), PROTOCOL, shards=tmp_path, members=2), whole)
    assert [path.stat().st_mtime_ns for path in before] == times
    assert len(shards(tmp_path)) == 6


@pytest.mark.parametrize(
    "other",
    [
        {"preset": gcn(dropout=0.1)},
        {"preset": replace(gcn(), training=Training(epochs=12, patience=4))},
        {"protocol": replace(PROTOCOL, seed=8)},
        {"protocol": replace(PROTOCOL, train_per_class=5)},
        {"data": node_data(seed=5)},
        {"members": 3},
        {"damage": Damage(wrong=0.2)},
        {"damage": Damage(rewired=0.2)},
    ],
)
def test_other_settings_read_nothing(data, tmp_path, other):
    case = {"data": data, "preset": gcn(), "protocol": PROTOCOL, "members": 2, "damage": None}
    case |= other
    sweep(data, gcn(), replace(PROTOCOL, splits=1, inits=2), shards=tmp_path, members=2)
    (before,) = shards(tmp_path)
    protocol = replace(case["protocol"], splits=1, inits=2)
    how = {"members": case["members"], "damage": case["damage"]}
    sweep(case["data"], case["preset"], protocol, shards=tmp_path, **how)
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
    whole = sweep(data, gcn(), protocol, shards=tmp_path)
    damaged = shards(tmp_path)[0]
    damage(damaged)
    with pytest.raises(InputError, match="delete it, and it is made again") as caught:
        sweep(data, gcn(), protocol, shards=tmp_path)
    assert str(damaged) in str(caught.value)
    damaged.unlink()
    same(sweep(data, gcn(), protocol, shards=tmp_path), whole)


def test_damage_of_nothing_changes_nothing(data, whole):
    same(sweep(data, gcn(), PROTOCOL, members=2, damage=Damage()), whole)


def test_damaged_splits_are_tested_on_true_labels(data, tmp_path):
    damage, labels = Damage(wrong=0.5), data.labels.numpy().copy()
    runs = sweep(data, gcn(), PROTOCOL, shards=tmp_path, members=2, damage=damage)
    same(sweep(data, gcn(), PROTOCOL, shards=tmp_path, members=2, damage=damage), runs)
    np.testing.assert_array_equal(data.labels.numpy(), labels)
    for index, run in enumerate(runs):
        split = PROTOCOL.split(data, index)
        right = run.predicted[:, split.test] == labels[split.test]
        np.testing.assert_allclose(run.accuracy, 100 * right.mean(1))
        # Validation is as a user with these labels would see it.
        seen = damage.apply(data, split, [PROTOCOL.seed, index]).labels.numpy()
        right = run.predicted[:, split.validation] == seen[split.validation]
        np.testing.assert_allclose(run.validation, 100 * right.mean(1), rtol=1e-6)


def test_processes_change_nothing(data, whole):
    same(sweep(data, gcn(), PROTOCOL, members=2, jobs=2), whole)


def test_members_change_nothing_without_dropout(data):
    preset = gcn(dropout=0.0)
    one, three = (sweep(data, preset, PROTOCOL, members=members) for members in (1, 3))
    for a, b in zip(one, three, strict=True):
        np.testing.assert_array_equal(a.epochs, b.epochs)
        np.testing.assert_allclose(a.accuracy, b.accuracy)


def test_the_global_random_state_is_left_alone(data):
    import torch

    torch.manual_seed(1)
    before = torch.random.get_rng_state()
    sweep(data, gcn(), replace(PROTOCOL, splits=1), members=2)
    assert bool((before == torch.random.get_rng_state()).all())


def test_summary():
    def runs(accuracy, seconds):
        zeros = np.zeros(len(accuracy))
        return SplitRuns(zeros[:, None], np.array(accuracy), zeros, zeros, seconds)

    found = summary([runs([80.0, 82.0], 4.0), runs([70.0, 72.0], 2.0)])
    assert found.accuracy == 76.0
    np.testing.assert_allclose(found.std, np.std([80, 82, 70, 72]))
    np.testing.assert_allclose(found.error, 5.0)  # means 81 and 71: 7.071 / sqrt 2
    assert found.seconds == 1.5
    assert np.isnan(summary([runs([80.0, 82.0], 4.0)]).error)


def test_what_takes_long_is_made_before_processes_share_the_data():
    data = node_data()
    made = replace(gcn(), needs=("similar",))
    sweep(data, made, PROTOCOL, damage=Damage(rewired=0.1))
    assert "similar" not in vars(data), "a damaged graph is another one"
    sweep(data, made, PROTOCOL)
    assert "similar" in vars(data)


def test_more_nodes_or_columns_without_a_number_are_another_graph(data, tmp_path):
    n, f = data.features.shape
    wider = scipy.sparse.csr_array(
        (data.features.data, data.features.indices, data.features.indptr), shape=(n, f + 7)
    )
    protocol = replace(PROTOCOL, splits=1, inits=1)
    sweep(data, gcn(), protocol, shards=tmp_path)
    sweep(replace(data, features=wider), gcn(), protocol, shards=tmp_path)
    assert len(shards(tmp_path)) == 2


def test_a_long_name_of_a_graph_fits_into_a_file_system(data, tmp_path):
    sweep(
        replace(data, name=240 * "x"), gcn(), replace(PROTOCOL, splits=1, inits=1), shards=tmp_path
    )
    assert len(shards(tmp_path)) == 1


def test_many_jobs_are_no_more_than_there_is_to_do(data, whole):
    same(sweep(data, gcn(), PROTOCOL, members=3, jobs=10**12), sweep(data, gcn(), PROTOCOL))


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
    sweep(data, gcn(), protocol, shards=tmp_path)
    (path,) = shards(tmp_path)
    with np.load(path) as file:
        arrays = dict(file)
    np.savez(path, **{**arrays, **changed})
    with pytest.raises(InputError, match=r"is damaged.*delete it"):
        sweep(data, gcn(), protocol, shards=tmp_path)
