import numpy as np
import pytest
import scipy.sparse as sp
import torch

from diffresnet.errors import InputError
from diffresnet.similarity import backends, nearest_neighbours
from diffresnet.similarity.graph import as_points
from diffresnet.similarity.neighbours import unit_rows

X = torch.randn(40, 5, generator=torch.Generator().manual_seed(0))


def test_auto_is_exact_for_few_points_and_clustered_for_many(monkeypatch):
    assert nearest_neighbours(X, 3).method == "exact"
    assert nearest_neighbours(X, 3).recall == 1.0
    x = torch.randn(900, 2, generator=torch.Generator().manual_seed(0))
    monkeypatch.setattr(backends, "EXACT_LIMIT", 500)
    found = nearest_neighbours(x, 3)
    assert found.method == "clustered"
    assert found.recall > 0.9


@pytest.mark.parametrize("k", [39, 40, 1000])
def test_more_neighbours_than_points_are_all_of_them(k):
    found = nearest_neighbours(X, k)
    assert found.indices.shape == (40, 39)
    assert nearest_neighbours(X, k, queries=X[:2]).indices.shape == (2, min(k, 40))


@pytest.mark.parametrize("n", [0, 1])
def test_no_others(n):
    found = nearest_neighbours(X[:n].double(), 3)
    assert found.indices.shape == found.distances.shape == (n, 0)
    assert found.distances.dtype == torch.float64


def test_cosine_is_the_distance_between_directions():
    found = nearest_neighbours(X, 4, metric="cosine")
    unit = X / X.norm(dim=1, keepdim=True)
    expected = nearest_neighbours(unit, 4)
    assert torch.equal(found.indices, expected.indices)
    np.testing.assert_allclose(found.distances, expected.distances, atol=1e-6)
    scaled = nearest_neighbours(X * torch.linspace(0.1, 9, 40)[:, None], 4, metric="cosine")
    assert torch.equal(found.indices, scaled.indices)


def test_cosine_of_queries():
    found = nearest_neighbours(X, 1, metric="cosine", queries=7.0 * X[5:9])
    assert found.indices[:, 0].tolist() == [5, 6, 7, 8]
    np.testing.assert_allclose(found.distances, 0.0, atol=1e-3)


def test_cosine_of_sparse_points():
    dense = X.clone()
    dense[dense < 0.3] = 0.0
    dense[3] = 0.0
    sparse = as_points(sp.csr_array(dense.numpy()))
    np.testing.assert_allclose(unit_rows(sparse).to_dense(), unit_rows(dense), atol=1e-6)
    found = nearest_neighbours(sparse, 4, metric="cosine")
    expected = nearest_neighbours(dense, 4, metric="cosine")
    np.testing.assert_allclose(found.distances, expected.distances, atol=1e-3)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"k": 0}, "must be at least 1, not 0"),
        ({"k": 2, "method": "annoy"}, "unknown neighbour search 'annoy'"),
    ],
)
@pytest.mark.usefixtures("unchecked")
def test_bad_options(options, message):
    with pytest.raises(InputError, match=message):
        nearest_neighbours(X, **options)


@pytest.mark.parametrize(
    "method", [name for name, index in backends.BACKENDS.items() if not index.takes_sparse]
)
def test_sparse_points_are_searched_exactly(method):
    sparse = as_points(sp.csr_array(X.numpy()))
    assert nearest_neighbours(sparse, 3).method == "exact"
    with pytest.raises(InputError, match="needs dense points; use 'exact'"):
        nearest_neighbours(sparse, 3, method=method)


def test_what_searches_refuse():
    with pytest.raises(
        InputError, match=r"metric must be euclidean or cosine, not 'zz' \(metric=\)"
    ):
        nearest_neighbours(X, 3, metric="zz")
    for method in ("exact", "clustered"):
        with pytest.raises(InputError, match="must have the 5 columns"):
            nearest_neighbours(X, 3, method=method, queries=X[:2, :4])
        assert nearest_neighbours(X[:1], 5, method=method, queries=X[:3]).indices.shape == (3, 1)
