import numpy as np
import pytest
import scipy.linalg
import scipy.sparse
from hypothesis import given
from hypothesis import strategies as st

from diffresnet.similarity import similarity_graph
from diffresnet_lab.data.synthetic import xor
from diffresnet_lab.theory import equilibrium as module
from diffresnet_lab.theory.equilibrium import equilibrium, limit


def graph(edges, n):
    rows, columns, values = zip(*edges, strict=True)
    return scipy.sparse.csr_array((values, (rows, columns)), shape=(n, n))


def random_graph(seed, n, symmetric):
    rng = np.random.default_rng(seed)
    w = rng.random((n, n)) * (rng.random((n, n)) < 1.5 / n)
    w = w + w.T if symmetric else w
    return scipy.sparse.csr_array(w / max(1e-9, 2.0 * w.sum(1).max()))


@given(st.integers(2, 25), st.booleans(), st.integers(0, 2**32 - 1))
def test_the_limit_is_that_of_the_exact_flow(n, symmetric, seed):
    w = random_graph(seed, n, symmetric)
    dense = np.diag(w.toarray().sum(1)) - w.toarray()
    x = np.random.default_rng(seed).normal(size=(n, 2))
    flow = scipy.linalg.expm(-dense)
    for _ in range(40):
        flow = flow @ flow  # t = 2**40
        flow /= flow.sum(1, keepdims=True)
    np.testing.assert_allclose(limit(w, x), flow @ x, atol=1e-6)


@given(st.integers(2, 25), st.booleans(), st.integers(0, 2**32 - 1))
def test_points_that_end_together_have_one_limit(n, symmetric, seed):
    w = random_graph(seed, n, symmetric)
    found = equilibrium(w)
    ends = limit(w, np.random.default_rng(seed).normal(size=(n, 3)))
    for c in range(found.classes):
        own = ends[found.ends == c]
        assert len(own)
        np.testing.assert_allclose(own, own[:1].repeat(len(own), 0), atol=1e-10)
    positions = np.array([ends[found.ends == c][0] for c in range(found.classes)])
    mixed = ends[found.ends == -1]
    if len(mixed):
        assert np.linalg.norm(mixed[:, None] - positions, axis=2).min() > 1e-9


@given(st.integers(2, 25), st.booleans(), st.integers(0, 2**32 - 1))
def test_as_many_zero_eigenvalues_as_closed_classes(n, symmetric, seed):
    w = random_graph(seed, n, symmetric)
    dense = np.diag(w.toarray().sum(1)) - w.toarray()
    found = equilibrium(w, gamma=0.7)
    values = scipy.linalg.eigvals(dense)
    values = values[np.argsort(np.abs(values))]
    np.testing.assert_allclose(values[: found.classes], 0.0, atol=1e-10)
    expected = np.abs(1.0 - 0.7 * values[found.classes :]).max(initial=0.0)
    # A defective eigenvalue is found to the root of rounding only.
    assert found.contraction == pytest.approx(expected, abs=1e-5)


def test_a_point_that_follows_two_classes_mixes_them():
    w = graph([(0, 1, 1.0), (0, 2, 3.0), (3, 0, 1.0), (4, 2, 2.0)], 5)
    found = equilibrium(w)
    assert found.classes == 2
    assert found.ends[[0, 3]].tolist() == [-1, -1]
    assert found.ends[2] == found.ends[4] != found.ends[1]
    assert sorted(found.ends[[1, 2]]) == [0, 1]
    ends = limit(w, np.array([[9.0], [0.0], [4.0], [9.0], [9.0]]))
    np.testing.assert_allclose(ends[:, 0], [3.0, 0.0, 4.0, 3.0, 4.0])


def test_without_edges_nothing_moves():
    found = equilibrium(scipy.sparse.csr_array((3, 3)))
    assert (found.classes, found.contraction, found.eigenvalue) == (3, 0.0, 0.0)
    assert found.ends.tolist() == [0, 1, 2]


@pytest.mark.parametrize("directed", [False, True])
def test_large_blocks_by_iteration(monkeypatch, directed):
    w = similarity_graph(xor().points, preset="synthetic", ntop=20, bandwidth=0.5)
    if not directed:
        w = scipy.sparse.csr_array((w + w.T) / 2.0)
    exact = equilibrium(w)
    monkeypatch.setattr(module, "DENSE_SYMMETRIC", 50)
    monkeypatch.setattr(module, "DENSE_OTHER", 50)
    assert equilibrium(w).contraction == pytest.approx(exact.contraction, rel=1e-9)
    assert exact.classes == 4


def test_steps_of_xor_shrink_by_what_was_measured():
    w = similarity_graph(xor().points, preset="synthetic", ntop=20, bandwidth=0.5)
    found = equilibrium(w)
    assert found.contraction == pytest.approx(0.9265, abs=5e-5)
    assert found.eigenvalue == pytest.approx(1 - 0.9265, abs=5e-5)
