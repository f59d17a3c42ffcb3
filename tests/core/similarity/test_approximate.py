import os
import sys
import types

import numpy as np
import pytest
import torch

from diffresnet.errors import InputError
from diffresnet.similarity import nearest_neighbours
from diffresnet.similarity.exact import exact_search


def blobs(n=600, d=8):
    rng = np.random.default_rng(0)
    return torch.from_numpy(
        rng.normal(size=(12, d))[rng.integers(0, 12, n)] + 0.5 * rng.normal(size=(n, d))
    ).float()


def load(library, monkeypatch):
    """The library itself, or for one that takes half a minute to compile, what it promises."""
    if library != "pynndescent, in its place":
        if library == "pynndescent" and not os.environ.get("DIFFRESNET_SLOW_TESTS"):
            pytest.skip("pynndescent compiles for half a minute: set DIFFRESNET_SLOW_TESTS=1")
        pytest.importorskip(library)
        return library

    class NNDescent:
        def __init__(self, data, n_neighbors, random_state):
            assert data.dtype == np.float32
            d = np.sqrt(((data[:, None] - data[None]) ** 2).sum(2))
            order = np.argsort(d, axis=1, kind="stable")[:, :n_neighbors]
            self.neighbor_graph = order, np.take_along_axis(d, order, 1)

    module = types.ModuleType("pynndescent")
    module.NNDescent = NNDescent
    monkeypatch.setitem(sys.modules, "pynndescent", module)
    return "pynndescent"


@pytest.mark.parametrize("name", ["faiss", "pynndescent", "pynndescent, in its place"])
class TestAdapters:
    @pytest.fixture
    def library(self, name, monkeypatch):
        return load(name, monkeypatch)

    @pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
    def test_close_to_exact(self, library, dtype):
        x = blobs().to(dtype)
        truth, exact = exact_search(x, 8)
        found = nearest_neighbours(x, 8, method=library)
        assert found.method == library
        assert found.indices.dtype == torch.int64
        assert found.distances.dtype == dtype
        assert bool((found.indices != torch.arange(len(x))[:, None]).all())
        true = float((truth[:, :, None] == found.indices[:, None, :]).any(2).float().mean())
        assert true > 0.95
        assert found.recall == pytest.approx(true, abs=0.02)
        assert bool((found.distances >= exact - 1e-4).all())
        actual = (x[found.indices] - x[:, None]).norm(dim=2)
        np.testing.assert_allclose(found.distances, actual, rtol=1e-4, atol=1e-5)

    def test_duplicates(self, library):
        x = blobs(100)[torch.arange(300) % 100]
        found = nearest_neighbours(x, 2, method=library)
        assert bool((found.indices != torch.arange(300)[:, None]).all())
        assert bool(found.distances.isfinite().all())

    def test_cosine(self, library):
        x = blobs()
        found = nearest_neighbours(x, 5, metric="cosine", method=library)
        same = nearest_neighbours(3.0 * x, 5, metric="cosine", method="exact")
        np.testing.assert_allclose(found.distances.mean(), same.distances.mean(), rtol=0.02)


@pytest.mark.parametrize("library", ["faiss", "pynndescent"])
def test_missing_library(library, monkeypatch):
    monkeypatch.setitem(sys.modules, library, None)
    with pytest.raises(InputError, match=rf"pip install 'diffresnet\[{library}\]'"):
        nearest_neighbours(blobs(50), 3, method=library)


def test_a_search_that_finds_too_few_says_so(monkeypatch):
    load("pynndescent, in its place", monkeypatch)
    sys.modules["pynndescent"].NNDescent.__init__ = lambda self, *a, **k: setattr(
        self, "neighbor_graph", (np.full((50, 4), -1), np.zeros((50, 4)))
    )
    with pytest.raises(ArithmeticError, match="too few neighbours; use method='exact'"):
        nearest_neighbours(blobs(50), 3, method="pynndescent")
