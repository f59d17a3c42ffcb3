import numpy as np
import pytest
import scipy.sparse as sp
from hypothesis import given
from hypothesis import strategies as st

from diffresnet.errors import InputError
from diffresnet_lab.nodes.corruption import Corruption, flip_features, flip_labels, rewire_edges
from diffresnet_lab.nodes.splits import random_split
from node_cases import node_data

SHARES = st.integers(0, 100).map(lambda percent: percent / 100)
SEEDS = st.integers(0, 2**32 - 1)


def rounded(percent_share, of):
    """Half up, in whole numbers."""
    return (2 * round(100 * percent_share) * of + 100) // 200


def random_graph(n, density, seed):
    upper = np.triu(np.random.default_rng(seed).random((n, n)) < density, 1)
    return sp.csr_array((upper | upper.T).astype(float))


def random_bag(n, words, density, seed):
    rng = np.random.default_rng(seed)
    bag = (rng.random((n, words)) < density) * (1.0 + np.arange(n))[:, None]
    return sp.csr_array(bag.astype(np.float32))


@given(st.integers(2, 25), st.floats(0.0, 0.5), SHARES, SEEDS)
def test_rewiring_keeps_a_simple_graph_of_as_many_edges(n, density, share, seed):
    before = random_graph(n, density, seed)
    dense, edges = before.toarray(), before.nnz // 2
    count = rounded(share, edges)
    if count > n * (n - 1) // 2 - edges:
        with pytest.raises(InputError, match="pairs of nodes are not joined"):
            rewire_edges(before, share, seed)
        return
    after = rewire_edges(before, share, seed)
    got = after.toarray()
    np.testing.assert_array_equal(before.toarray(), dense)
    np.testing.assert_array_equal(got, got.T)
    assert set(np.unique(got)) <= {0.0, 1.0}
    assert not got.diagonal().any()
    assert after.nnz == before.nnz
    # As many entries went as came: twice the edges, and none of them is back.
    assert ((dense == 1) & (got == 0)).sum() == ((dense == 0) & (got == 1)).sum() == 2 * count
    np.testing.assert_array_equal(rewire_edges(before, share, seed).toarray(), got)


def test_every_edge_goes_and_every_pair_comes_as_often():
    before = random_graph(8, 0.4, seed=3)
    draws = 4000
    mean = sum(rewire_edges(before, 0.3, seed).toarray() for seed in range(draws)) / draws
    pairs = np.triu_indices(8, 1)
    joined = before.toarray()[pairs] == 1
    edges, count = joined.sum(), rounded(0.3, joined.sum())
    expected = np.where(joined, 1 - count / edges, count / (~joined).sum())
    error = np.sqrt(expected * (1 - expected) / draws)
    assert (np.abs(mean[pairs] - expected) < 5 * error).all()


def test_too_few_pairs_to_rewire_edges():
    full = sp.csr_array(np.ones((4, 4)) - np.eye(4))
    with pytest.raises(InputError, match="3 edges cannot be rewired: only 0 pairs"):
        rewire_edges(full, 0.5, seed=0)
    assert rewire_edges(full, 0.0, seed=0).nnz == 12


@given(st.integers(1, 12), st.integers(1, 15), st.floats(0.0, 1.0), SHARES, SEEDS)
def test_flipped_words_move_inside_their_row(n, words, density, share, seed):
    before = random_bag(n, words, density, seed)
    dense = before.toarray()
    after = flip_features(before, share, seed)
    got = after.toarray()
    np.testing.assert_array_equal(before.toarray(), dense)
    assert after.has_canonical_format
    np.testing.assert_array_equal((got > 0).sum(1), (dense > 0).sum(1))
    np.testing.assert_array_equal(got.max(1), dense.max(1))
    left, came = ((dense > 0) & (got == 0)).sum(1), ((dense == 0) & (got > 0)).sum(1)
    np.testing.assert_array_equal(left, came)
    count, places = rounded(share, before.nnz), (dense == 0).sum(1)
    assert left.sum() <= count
    # Fewer only where a row has no place for more.
    assert left.sum() == count or (left == places).any()
    np.testing.assert_array_equal(flip_features(before, share, seed).toarray(), got)


def test_words_leave_and_arrive_uniformly():
    before = random_bag(4, 9, 0.4, seed=1)
    present = before.toarray() > 0
    draws = 4000
    mean = sum(flip_features(before, 0.5, seed).toarray() > 0 for seed in range(draws)) / draws
    stays = 1 - rounded(0.5, before.nnz) / before.nnz
    words = present.sum(1, keepdims=True)
    expected = np.where(present, stays, (1 - stays) * words / (9 - words))
    # Those that move are drawn over all rows: a row has places for all of its own.
    assert (words <= 9 - words).all()
    error = np.sqrt(expected * (1 - expected) / draws)
    assert (np.abs(mean - expected) < 5 * error).all()


def test_a_full_row_has_nowhere_to_move_its_words():
    bag = sp.csr_array(np.array([[1.0, 1, 1, 1], [1, 1, 1, 0], [1, 0, 0, 0]]))
    got = flip_features(bag, 1.0, seed=0).toarray()
    assert got[0].tolist() == [1, 1, 1, 1]
    assert got[1].sum() == 3
    assert got[1, 3] == 1
    assert got[2, 0] == 0
    assert got[2].sum() == 1


@given(st.integers(2, 6), st.integers(0, 30), SHARES, SEEDS)
def test_flip_labels_are_of_another_class_in_those_rows_only(classes, count, share, seed):
    labels = np.arange(60) % classes * 2  # class numbers with gaps
    labels[40:45] = -1
    before = labels.copy()
    rows = np.random.default_rng(seed).permutation(40)[:count]
    after = flip_labels(labels, rows, share, seed)
    np.testing.assert_array_equal(labels, before)
    changed = np.flatnonzero(after != labels)
    assert len(changed) == rounded(share, len(rows))
    assert set(changed) <= set(rows)
    assert set(after[changed]) <= set(range(0, 2 * classes, 2))


def test_every_other_class_comes_as_often():
    labels = np.repeat([0, 1, 2, 3], 3000)
    after = flip_labels(labels, np.arange(3000), 1.0, seed=5)[:3000]
    counts = np.bincount(after, minlength=4)
    assert counts[0] == 0
    assert (np.abs(counts[1:] - 1000) < 5 * np.sqrt(3000 * 2 / 9)).all()


def test_halves_are_rounded_up_in_decimals():
    # 0.29 * 50 is 14.499999999999998 in floating point.
    after = flip_labels(np.arange(50) % 2, np.arange(50), 0.29, seed=0)
    assert (after != np.arange(50) % 2).sum() == 15


@pytest.mark.parametrize("share", [-0.1, 1.1, float("nan")])
def test_a_share_outside_zero_and_one(share):
    data = node_data()
    for corrupted in (
        lambda: rewire_edges(data.adjacency, share, 0),
        lambda: flip_features(data.features, share, 0),
        lambda: flip_labels(data.labels.numpy(), np.arange(4), share, 0),
    ):
        with pytest.raises(InputError, match="between 0 and 1, not"):
            corrupted()


def test_labels_that_cannot_be_wrong():
    with pytest.raises(InputError, match="that has a label"):
        flip_labels(np.array([0, 1, -1]), np.array([2]), 1.0, 0)
    with pytest.raises(InputError, match="second class"):
        flip_labels(np.array([0, 0, -1]), np.array([1]), 1.0, 0)


def test_only_what_is_named_is_corrupted():
    data = node_data()
    labels = data.labels.numpy()
    split = random_split(labels, 3, 5, 6)
    hurt = Corruption(label_noise=0.2).apply(data, split, [7, 0])
    wrong = np.flatnonzero(hurt.labels.numpy() != labels)
    assert np.isin(wrong, split.train).sum() == 2
    assert np.isin(wrong, split.validation).sum() == 2  # 2.4
    assert len(wrong) == 4
    assert (hurt.adjacency != data.adjacency).nnz == 0
    assert (hurt.features != data.features).nnz == 0

    hurt = Corruption(edge_rewiring=0.5).apply(data, split, [7, 0])
    assert (hurt.adjacency != data.adjacency).nnz > 0
    assert (hurt.features != data.features).nnz == 0
    assert (hurt.labels == data.labels).all()
    assert np.abs(hurt.normalized_adjacency - data.normalized_adjacency).max() > 0, (
        "nothing is left of the old graph"
    )

    hurt = Corruption(feature_noise=0.5).apply(data, split, [7, 0])
    assert (hurt.adjacency != data.adjacency).nnz == 0
    assert (hurt.features != data.features).nnz > 0
    np.testing.assert_allclose(hurt.dense_features.sum(1), data.dense_features.sum(1), rtol=1e-6)
    assert (hurt.labels == data.labels).all()
    assert hurt.name == data.name


def test_kinds_of_corruption_do_not_change_each_other():
    data = node_data()
    split = random_split(data.labels.numpy(), 3, 5, 6)
    both = Corruption(edge_rewiring=0.3, feature_noise=0.3).apply(data, split, [7, 1])
    one = Corruption(edge_rewiring=0.3).apply(data, split, [7, 1])
    other = Corruption(feature_noise=0.3).apply(data, split, [7, 1])
    assert (both.adjacency != one.adjacency).nnz == 0
    assert (both.features != other.features).nnz == 0
    assert (
        Corruption(edge_rewiring=0.3).apply(data, split, [7, 2]).adjacency != one.adjacency
    ).nnz > 0
