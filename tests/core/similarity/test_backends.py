"""What every neighbour search promises, held for each backend of the registry."""

import importlib.util
import os
import sys
import types

import numpy as np
import pytest
import torch

from diffresnet.errors import InputError
from diffresnet.similarity import NeighbourSearch, nearest_neighbours
from diffresnet.similarity.backends import BACKENDS
from diffresnet.similarity.exact import ExactIndex

SLOW = {"pynndescent": "compiles for half a minute"}
OPTIONAL = [index for index in BACKENDS.values() if index.library]


def blobs(n=600, d=8):
    rng = np.random.default_rng(0)
    return torch.from_numpy(
        rng.normal(size=(12, d))[rng.integers(0, 12, n)] + 0.5 * rng.normal(size=(n, d))
    ).float()


def recall_of(found, truth):
    return float((truth[:, :, None] == found[:, None, :]).any(2).float().mean())


class Brute:
    """Stands in for pynndescent, which takes half a minute to compile."""

    def __init__(self, data, n_neighbors, random_state):
        assert data.dtype == np.float32
        self.data = data
        self.neighbor_graph = self.query(data, n_neighbors)

    def query(self, rows, k):
        d = np.sqrt(((rows[:, None] - self.data[None]) ** 2).sum(2))
        order = np.argsort(d, axis=1, kind="stable")[:, :k]
        return order, np.take_along_axis(d, order, 1)


def stand_in(monkeypatch, index=Brute):
    module = types.ModuleType("pynndescent")
    module.NNDescent = index
    monkeypatch.setitem(sys.modules, "pynndescent", module)


@pytest.mark.parametrize("name", [*BACKENDS, "pynndescent, in its place"])
class TestBackends:
    @pytest.fixture
    def method(self, name, monkeypatch):
        if name.endswith("in its place"):
            stand_in(monkeypatch)
            return "pynndescent"
        if name in SLOW and not os.environ.get("DIFFRESNET_SLOW_TESTS"):
            pytest.skip(f"{name} {SLOW[name]}: set DIFFRESNET_SLOW_TESTS=1")
        library = BACKENDS[name].library
        if library and importlib.util.find_spec(library) is None:
            pytest.skip(f"{library} is not installed")
        return name

    @pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
    def test_close_to_exact(self, method, dtype):
        x = blobs().to(dtype)
        exact = ExactIndex(x).neighbours(8)
        found = nearest_neighbours(x, 8, method=method)
        assert found.method == method
        assert found.indices.dtype == torch.int64
        assert found.distances.dtype == dtype
        assert bool((found.indices != torch.arange(len(x))[:, None]).all())
        true = recall_of(found.indices, exact.indices)
        assert true > 0.95
        assert found.recall == pytest.approx(true, abs=0.02)
        assert bool((found.distances >= exact.distances - 1e-4).all())
        assert bool((found.distances.diff(dim=1) >= 0).all())
        actual = (x[found.indices] - x[:, None]).norm(dim=2)
        np.testing.assert_allclose(found.distances, actual, rtol=1e-4, atol=1e-5)

    def test_new_rows_close_to_exact(self, method):
        x = blobs()
        rows = x[:150] + 0.05
        search = NeighbourSearch(x, 8, method=method)
        found, exact = search.nearest(rows), ExactIndex(x).query(rows, 8)
        assert found.method == method
        assert found.indices.shape == found.distances.shape == (150, 8)
        assert recall_of(found.indices, exact.indices) > 0.95
        actual = (x[found.indices] - rows[:, None]).norm(dim=2)
        np.testing.assert_allclose(found.distances, actual, rtol=1e-4, atol=1e-5)
        # A row that is a point finds it first, at distance 0.
        same = search.nearest(x[:50])
        assert (same.indices[:, 0] == torch.arange(50)).float().mean() > 0.95
        np.testing.assert_allclose(same.distances[:, 0], 0.0, atol=1e-6)

    def test_duplicates(self, method):
        x = blobs(100)[torch.arange(300) % 100]
        found = nearest_neighbours(x, 2, method=method)
        assert bool((found.indices != torch.arange(300)[:, None]).all())
        assert bool(found.distances.isfinite().all())

    def test_cosine(self, method):
        x = blobs()
        found = nearest_neighbours(x, 5, metric="cosine", method=method)
        same = nearest_neighbours(3.0 * x, 5, metric="cosine", method="exact")
        np.testing.assert_allclose(found.distances.mean(), same.distances.mean(), rtol=0.02)
        new = NeighbourSearch(x, 5, "cosine", method).nearest(7.0 * x[:20])
        np.testing.assert_allclose(new.distances[:, 0], 0.0, atol=1e-3)


@pytest.mark.parametrize("index", OPTIONAL)
def test_missing_library(index, monkeypatch):
    monkeypatch.setitem(sys.modules, index.library, None)
    with pytest.raises(InputError, match=rf"pip install 'diffresnet\[{index.library}\]'"):
        nearest_neighbours(blobs(50), 3, method=index.method)


def test_a_search_that_finds_too_few_says_so(monkeypatch):
    class Lost(Brute):
        def __init__(self, *args, **options):
            self.neighbor_graph = np.full((50, 4), -1), np.zeros((50, 4))

    stand_in(monkeypatch, Lost)
    with pytest.raises(ArithmeticError, match="too few neighbours; use method='exact'"):
        nearest_neighbours(blobs(50), 3, method="pynndescent")
