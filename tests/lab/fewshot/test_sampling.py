import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from diffresnet.errors import InputError
from diffresnet_lab.fewshot.sampling import CHUNK, sample_tasks
from diffresnet_lab.fewshot.tasks import Tasks

LABELS = np.random.default_rng(0).permutation(
    np.repeat([-1, 2, 3, 5, 9, 11], [7, 30, 24, 41, 28, 25])
)


def arrays(tasks):
    return [getattr(tasks, name) for name in Tasks.__annotations__]


@given(
    ways=st.integers(2, 5),
    shots=st.integers(1, 6),
    queries=st.integers(1, 18),
    seed=st.integers(0, 1000),
    alpha=st.sampled_from([None, 0.5, 2.0]),
)
def test_tasks_are_what_was_asked_for(ways, shots, queries, seed, alpha):
    tasks = sample_tasks(LABELS, ways, shots, queries, tasks=20, seed=seed, alpha=alpha)
    assert tasks.support.shape == tasks.support_labels.shape == (20, ways * shots)
    assert tasks.query.shape == tasks.query_labels.shape == (20, ways * queries)
    for k in range(20):
        rows = np.concatenate([tasks.support[k], tasks.query[k]])
        assert len(set(rows)) == len(rows)
        assert len(set(tasks.classes[k])) == ways
        assert (LABELS[tasks.support[k]] == tasks.classes[k][tasks.support_labels[k]]).all()
        assert (LABELS[tasks.query[k]] == tasks.classes[k][tasks.query_labels[k]]).all()
        assert np.bincount(tasks.support_labels[k]).tolist() == [shots] * ways
        if alpha is None:
            assert np.bincount(tasks.query_labels[k]).tolist() == [queries] * ways
    assert -1 not in LABELS[tasks.query]
    assert (tasks.class_labels(tasks.query_labels) == LABELS[tasks.query]).all()


@given(first=st.integers(1, 300), alpha=st.sampled_from([None, 2.0]))
def test_a_longer_list_begins_with_the_shorter(first, alpha):
    few = sample_tasks(LABELS, 3, 2, 5, tasks=first, seed=4, alpha=alpha)
    many = sample_tasks(LABELS, 3, 2, 5, tasks=2 * CHUNK, seed=4, alpha=alpha)
    assert len(few) == first
    for a, b in zip(arrays(few), arrays(many[:first]), strict=True):
        assert (a == b).all()


def test_seeds_differ_and_so_do_tasks():
    one, two = (sample_tasks(LABELS, tasks=2 * CHUNK, seed=seed) for seed in (1, 2))
    assert (one.support != two.support).any()
    assert (one.support[:CHUNK] != one.support[CHUNK:]).any()
    assert len(set(one.seeds)) > 500


def test_every_class_and_every_row_is_as_likely_as_any():
    tasks = sample_tasks(LABELS, ways=2, shots=1, queries=3, tasks=20_000, seed=0)
    classes = np.bincount(tasks.classes.ravel(), minlength=12)[[2, 3, 5, 9, 11]]
    assert np.allclose(classes, 8000, atol=5 * (20_000 * 0.4 * 0.6) ** 0.5)
    for picked in (tasks.support, tasks.query[:, [0]]):
        for label in (2, 5):
            rows = np.flatnonzero(label == LABELS)
            counts = np.bincount(picked.ravel(), minlength=len(LABELS))[rows]
            expected = counts.sum() / len(rows)
            assert np.allclose(counts, expected, atol=5 * expected**0.5)


def test_dirichlet_shares_have_their_mean_and_variance():
    labels = np.repeat(np.arange(6), 400)
    tasks = sample_tasks(labels, 5, 1, 60, tasks=4000, seed=0, alpha=2.0)
    shares = np.stack([np.bincount(ways, minlength=5) for ways in tasks.query_labels]) / 300
    assert np.allclose(shares.mean(0), 0.2, atol=0.01)
    assert np.allclose(shares.var(0), 0.2 * 0.8 / 11, atol=0.002)


def test_small_classes_bound_the_imbalance():
    labels = np.repeat(np.arange(10), 20)
    tasks = sample_tasks(labels, 5, 1, 10, tasks=500, seed=0, alpha=2.0)
    counts = np.stack([np.bincount(ways, minlength=5) for ways in tasks.query_labels])
    assert (counts.sum(1) == 50).all()
    assert counts.max() == 19
    assert counts.std() > 3


def test_queries_may_differ_by_way():
    tasks = sample_tasks(LABELS, 3, 1, [9, 0, 2], tasks=50)
    counts = [np.bincount(ways, minlength=3).tolist() for ways in tasks.query_labels]
    assert counts == [[9, 0, 2]] * 50


def test_ten_thousand_tasks_do_not_take_a_loop_over_tasks(monkeypatch):
    made = []
    generator = np.random.default_rng
    monkeypatch.setattr(np.random, "default_rng", lambda seed: made.append(seed) or generator(seed))
    sample_tasks(LABELS, tasks=10_000)
    assert len(made) == -(-10_000 // CHUNK)


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        ({"ways": 6}, "there are 5 classes with labels, fewer than 6 ways"),
        (
            {"shots": 10, "queries": 16},
            "need 26 rows of each class; fewer has class 3 (24 rows), 11",
        ),
        ({"queries": [15, 15]}, "2 numbers of queries do not fit 5 ways"),
        ({"queries": [15] * 5, "alpha": 2.0}, "not both"),
        ({"alpha": 0.0}, "positive number"),
        ({"shots": 0}, "at least 2 ways, 1 shot"),
        ({"tasks": 0}, "at least 2 ways, 1 shot"),
        ({"shots": 9, "queries": 15, "alpha": 1e-3}, "too small for 75 unequal queries"),
    ],
)
def test_what_cannot_be_drawn_is_said(arguments, line):
    with pytest.raises(InputError, match=r"^[^\n]*$") as error:
        sample_tasks(LABELS, **arguments)
    assert line in str(error.value)


def test_classes_are_told_by_their_names():
    labels = np.repeat([0, 1, 3], [9, 4, 9])
    with pytest.raises(InputError, match=r"fewer has class 'ox' \(4 rows\)"):
        sample_tasks(labels, 2, 1, 5, class_names=["ant", "ox", "none", "bee"])
    with pytest.raises(InputError, match="there is 1 class with labels, fewer than 5 ways"):
        sample_tasks(np.array([3, 3, -1]))


@pytest.mark.parametrize("ways", [10**11, 10**20])
def test_more_ways_than_memory_are_more_than_classes(ways):
    with pytest.raises(InputError, match=f"fewer than {ways} ways"):
        sample_tasks(np.repeat([0, 1, 2], 20), ways=ways)
