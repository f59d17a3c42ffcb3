import numpy as np
import pytest
import scipy.sparse as sp
import torch
from hypothesis import assume, given
from hypothesis import strategies as st

from diffresnet.similarity import exact
from diffresnet.similarity.exact import ExactIndex, middle_row
from diffresnet.similarity.graph import as_points


def brute_force(x, queries=None):
    """All distances in float64; of a point to itself, infinity."""
    x = np.asarray(x, np.float64)
    q = x if queries is None else np.asarray(queries, np.float64)
    size = max(np.abs(x).max(initial=0.0), np.abs(q).max(initial=0.0)) or 1.0
    d = np.sqrt((((q[:, None] - x[None]) / size) ** 2).sum(2)) * size
    if queries is None:
        np.fill_diagonal(d, np.inf)
    return d


def exact_search(x, k, *, queries=None):
    index = ExactIndex(x)
    found = index.neighbours(k) if queries is None else index.query(queries, k)
    return found.indices, found.distances


def check(x, k, queries=None, rtol=1e-5, search=exact_search):
    """Indices are others, all different, and as near as the k nearest are."""
    true = brute_force(x, queries)
    k = min(k, len(x) - (queries is None))
    q = None if queries is None else torch.from_numpy(queries)
    indices, distances = search(torch.from_numpy(x), k, queries=q)
    assert indices.shape == distances.shape == (len(true), k)
    assert distances.dtype == torch.from_numpy(x).dtype
    indices, distances = indices.numpy(), distances.double().numpy()
    assert all(len(set(row)) == k for row in indices.tolist())
    if queries is None:
        assert (indices != np.arange(len(x))[:, None]).all()
    expected = np.sort(true, axis=1)[:, :k]
    size = expected.max(initial=0.0) or 1.0
    np.testing.assert_allclose(distances, expected, rtol=rtol, atol=rtol * 0.1 * size)
    found = np.take_along_axis(true, indices, 1)
    np.testing.assert_allclose(found, expected, rtol=rtol, atol=rtol * 0.1 * size)


@st.composite
def points(draw):
    n, d = draw(st.integers(2, 60)), draw(st.integers(1, 8))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    x = rng.normal(size=(n, d))
    if draw(st.booleans()):  # constant features
        x[:, : d // 2] = 3.0
    if draw(st.booleans()):  # duplicates
        x = x[rng.integers(0, max(1, n // 3), n)]
    x = x * draw(st.sampled_from([1e-30, 1e-3, 1.0, 1e30])) + draw(st.sampled_from([0.0, 0.0, 1e6]))
    return x.astype(draw(st.sampled_from([np.float32, np.float64])))


@given(points(), st.integers(1, 70))
def test_brute_force(x, k):
    check(x, k)


@given(points(), st.integers(1, 20), st.integers(1, 9))
def test_queries(x, k, m):
    assume((x != x[0]).any())  # equal points alone say nothing about the size of the queries
    rng = np.random.default_rng(m)
    queries = x[rng.integers(0, len(x), m)] + np.abs(x).max() * rng.normal(size=(m, x.shape[1]))
    queries = queries.astype(x.dtype)
    check(x, min(k, len(x)), queries)


def test_a_query_finds_its_own_copy_first():
    x = np.random.default_rng(0).normal(size=(30, 4)).astype(np.float32)
    indices, distances = exact_search(torch.from_numpy(x), 3, queries=torch.from_numpy(x))
    assert indices[:, 0].tolist() == list(range(30))
    assert bool((distances[:, 0] == 0).all())


def test_no_queries():
    indices, distances = exact_search(torch.randn(5, 2), 3, queries=torch.randn(0, 2))
    assert indices.shape == distances.shape == (0, 3)


@pytest.mark.parametrize("n", [1, 2])
def test_one_and_two_points(n):
    x = np.arange(2.0 * n).reshape(n, 2)
    check(x, 5)


def test_equal_points_are_at_distance_zero():
    x = np.random.default_rng(0).normal(size=(5, 300)).astype(np.float32) * 100 + 1000
    indices, distances = exact_search(torch.from_numpy(x[np.arange(40) % 5]), 7)
    assert bool((distances == 0).all())
    assert bool((indices % 5 == torch.arange(40)[:, None] % 5).all())


def test_of_equal_distances_the_lower_index_comes_first():
    # Whole numbers: nothing is rounded on the way, so that ties stay ties.
    grid = np.stack(np.meshgrid(*3 * [np.arange(4)]), -1).reshape(-1, 3).astype(np.float32)
    true = brute_force(grid)
    order = np.lexsort((np.broadcast_to(np.arange(64), true.shape), true), axis=1)
    indices, distances = exact_search(torch.from_numpy(grid), 6)
    assert set(np.unique(distances.numpy() ** 2).round(3)) <= {1.0, 2.0, 3.0, 4.0}
    np.testing.assert_array_equal(
        distances.numpy() ** 2, (np.sort(true, 1)[:, :6].astype(np.float32)) ** 2
    )
    np.testing.assert_array_equal(indices, order[:, :6])


def test_tight_group_far_from_the_origin():
    # Products alone would see nothing but rounding here.
    x = np.random.default_rng(0).normal(size=(50, 6)) + 1e6
    check(x, 8, rtol=1e-6)
    check(x.astype(np.float32), 8, rtol=1e-5)


def test_chunks_change_nothing(monkeypatch):
    x = torch.randn(90, 5, generator=torch.Generator().manual_seed(0))
    indices, distances = exact_search(x, 6)
    monkeypatch.setattr(exact, "CHUNK_BYTES", 5000)
    again, also = exact_search(x, 6)
    assert torch.equal(indices, again)
    assert torch.allclose(distances, also)


@given(st.integers(2, 50), st.integers(1, 20), st.floats(0.05, 1.0), st.integers(0, 2**32 - 1))
def test_sparse_points(n, d, density, seed):
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(n, d)) * (rng.random((n, d)) < density)
    indices, distances = exact_search(as_points(sp.csr_array(x)), min(5, n - 1))
    expected = np.sort(brute_force(x), axis=1)[:, : min(5, n - 1)]
    np.testing.assert_allclose(distances, expected, atol=1e-6)
    np.testing.assert_allclose(
        np.take_along_axis(brute_force(x), indices.numpy(), 1), expected, atol=1e-6
    )


def test_sparse_queries():
    rng = np.random.default_rng(0)
    x = rng.normal(size=(40, 30)) * (rng.random((40, 30)) < 0.2)
    q = rng.normal(size=(7, 30)) * (rng.random((7, 30)) < 0.2)
    indices, distances = exact_search(
        as_points(sp.csr_array(x)), 4, queries=as_points(sp.csr_array(q))
    )
    expected = np.sort(brute_force(x, q), axis=1)[:, :4]
    np.testing.assert_allclose(distances, expected, atol=1e-9)
    np.testing.assert_array_equal(
        np.take_along_axis(brute_force(x, q), indices.numpy(), 1), expected
    )


def test_middle_row():
    x = torch.tensor([[0.0, 0.0], [2.0, 1.0], [9.0, 9.0], [1.0, 1.0]])
    assert middle_row(x).tolist() == [[2.0, 1.0]]
    assert middle_row(torch.stack([x, -x])).tolist() == [[[2.0, 1.0]], [[-2.0, -1.0]]]
    assert middle_row(torch.zeros(0, 3)).shape == (1, 3)
    assert bool(middle_row(torch.full((50, 2), 3e38)).isfinite().all())
