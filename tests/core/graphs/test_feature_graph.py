import numpy as np
import pytest
import scipy.sparse as sp
from hypothesis import given
from hypothesis import strategies as st

from diffresnet.graphs.feature_graph import feature_knn_graph
from node_cases import node_data


def bags(n=30, f=12, seed=0, share=0.3):
    return sp.random_array(
        (n, f), density=share, rng=seed, format="csr", data_sampler=lambda size: np.ones(size)
    )


def dense_oracle(features, k):
    x = features.toarray().astype(float)
    n = len(x)
    length = np.linalg.norm(x, axis=1, keepdims=True)
    x = np.divide(x, length, out=np.zeros_like(x), where=length > 0)
    cosine = x @ x.T
    np.fill_diagonal(cosine, -1.0)
    kept = np.zeros((n, n))
    for i in range(n):
        best = np.argsort(-cosine[i], kind="stable")[:k]
        kept[i, best] = np.maximum(cosine[i, best], 0.0)
    kept = np.maximum(kept, kept.T)
    kept += np.diag(kept.sum(1) == 0)
    degree = kept.sum(1)
    root = np.divide(1.0, np.sqrt(degree), out=np.zeros(n), where=degree > 0)
    return root[:, None] * kept * root


def generic(n=25, f=40, seed=0):
    """Rows of which no two pairs are equally alike."""
    return sp.csr_array(np.random.default_rng(seed).random((n, f)) ** 4)


@given(st.integers(0, 50), st.integers(1, 30))
def test_as_a_dense_oracle_has_it(seed, k):
    features = generic(seed=seed)
    found = feature_knn_graph(features, k).toarray()
    np.testing.assert_allclose(found, dense_oracle(features, k), atol=1e-5)


@given(st.integers(0, 50), st.integers(1, 8))
def test_symmetric_with_entries_and_eigenvalues_of_at_most_one(seed, k):
    found = feature_knn_graph(bags(seed=seed), k).toarray()
    np.testing.assert_allclose(found, found.T, rtol=1e-12)
    assert not (np.diag(found) * (found > 0).sum(1) > 1).any(), "joined to itself, or to others"
    assert found.min() >= 0.0
    assert np.abs(np.linalg.eigvalsh(found)).max() <= 1.0 + 1e-9


@given(st.integers(0, 50))
def test_does_not_depend_on_the_order_of_nodes(seed):
    features, order = generic(seed=seed), np.random.default_rng(seed).permutation(25)
    moved = feature_knn_graph(features[order], 3).toarray()
    expected = feature_knn_graph(features, 3).toarray()[np.ix_(order, order)]
    np.testing.assert_allclose(moved, expected, atol=1e-5)


def test_length_of_rows_does_not_matter():
    features = generic()
    scaled = sp.csr_array(features.multiply(np.arange(1, 26)[:, None]))
    expected = feature_knn_graph(features, 3).toarray()
    np.testing.assert_allclose(feature_knn_graph(scaled, 3).toarray(), expected, atol=1e-5)


@pytest.mark.parametrize(
    "features",
    [sp.eye_array(6, format="csr"), sp.csr_array((6, 3)), -generic(6) + generic(6)],
    ids=["one of its own each", "none", "zeros that are stored"],
)
def test_nothing_in_common_joins_each_to_itself(features):
    found = feature_knn_graph(sp.csr_array(features), 2)
    np.testing.assert_array_equal(found.toarray(), np.eye(6))


def test_rows_of_zeros_stay_by_themselves():
    features = sp.vstack([generic(8), sp.csr_array((2, 40))]).tocsr()
    found = feature_knn_graph(features, 3).toarray()
    np.testing.assert_array_equal(found[8:], np.eye(10)[8:])
    np.testing.assert_allclose(found[:8, :8], feature_knn_graph(generic(8), 3).toarray(), atol=1e-6)


def test_equal_rows_are_joined_most():
    features = sp.vstack([generic(8)[:1], generic(8)]).tocsr()
    found = feature_knn_graph(features, 1).toarray()
    assert found[0].argmax() == 1
    assert found[0].max() > 0


def test_is_made_once_for_a_graph():
    data = node_data()
    assert data.feature_graph is data.feature_graph
