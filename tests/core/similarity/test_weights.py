import numpy as np
import pytest
import scipy.sparse as sp
import torch
from hypothesis import given
from hypothesis import strategies as st

from diffresnet.similarity import GraphSettings
from diffresnet.similarity.weights import FAINTEST, bandwidth, gaussian, kept, normalized
from graph_cases import weights

LOCAL = GraphSettings(scale="local", bandwidth=2.0, scale_neighbor=2, n_neighbors=2)


def test_bandwidth_is_the_distance_of_a_neighbour():
    d = torch.tensor([[1.0, 3.0, 5.0], [2.0, 2.0, 2.0]])
    assert bandwidth(d, LOCAL).tolist() == [6.0, 4.0]


def test_bandwidth_where_neighbours_are_equal():
    d = torch.tensor([[0.0, 0.0, 5.0], [0.0, 0.0, 0.0]])
    assert bandwidth(d, LOCAL).tolist() == [10.0, 2.0]


def test_bandwidth_with_fewer_neighbours_than_it_asks_for():
    assert bandwidth(torch.tensor([[4.0]]), LOCAL).tolist() == [8.0]
    assert bandwidth(torch.empty(1, 0), LOCAL).tolist() == [1.0]


def test_global_bandwidth():
    how = GraphSettings(scale="global", bandwidth=0.25)
    assert bandwidth(torch.tensor([[4.0], [0.0]]), how).tolist() == [0.25, 0.25]


@pytest.mark.parametrize("scale", ["self_tuning", "local", "global"])
def test_gaussian(scale):
    how = GraphSettings(scale=scale)
    d, own = torch.tensor([[1.0, 2.0]]), torch.tensor([2.0])
    other = torch.tensor([[4.0, 1.0]])
    product = own[:, None] * other if scale == "self_tuning" else own[:, None] ** 2
    np.testing.assert_allclose(gaussian(d, own, other, how), torch.exp(-(d**2) / product))


def test_an_edge_that_was_kept_does_not_vanish():
    d, h = torch.tensor([[100.0]]), torch.tensor([1.0])
    assert float(gaussian(d, h, h[:, None], GraphSettings())) == pytest.approx(FAINTEST)


def test_huge_distances_do_not_overflow():
    d = torch.tensor([[1e30]])
    assert float(gaussian(d, d[0], d, GraphSettings())) == pytest.approx(np.exp(-1))


def test_kept():
    d = torch.tensor([[1.0, 2.0, 2.0, 3.0]])
    assert kept(d, GraphSettings(n_neighbors=2)).tolist() == [[True, True, False, False]]
    # The first one left out is as far as the last one kept: both go.
    assert kept(d, GraphSettings(n_neighbors=2, strict=True)).tolist() == [
        [True, False, False, False]
    ]
    assert kept(d, GraphSettings(n_neighbors=3, strict=True)).tolist() == [
        [True, True, True, False]
    ]
    assert kept(d, GraphSettings(n_neighbors=9, strict=True)).all()


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_normalized(dtype):
    w = weights("none", 9).astype(dtype)
    w[4] = 0.0
    full = w.sum(1) > 0
    walk = normalized(sp.csr_array(w), "random_walk")
    np.testing.assert_allclose(walk.sum(axis=1), full, rtol=1e-6)
    assert walk.dtype == dtype
    degree = np.where(full, w.sum(1), np.inf)
    both = normalized(sp.csr_array(w), "symmetric").toarray()
    np.testing.assert_allclose(both, w / np.sqrt(np.outer(degree, degree)), rtol=1e-6)
    plain = sp.csr_array(w)
    assert normalized(plain, None) is plain


@given(st.floats(1e-45, 1e38))
def test_faint_rows_never_turn_infinite(size):
    w = sp.csr_array(np.array([[0.0, size], [1.0, 0.0]], np.float32))
    for how in ("random_walk", "symmetric"):
        assert np.isfinite(normalized(w, how).data).all()
