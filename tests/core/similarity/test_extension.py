"""Neighbours of points to which more are added, against a search of all of them."""

import numpy as np
import pytest
import torch

from diffresnet.similarity import NeighbourSearch, nearest_neighbours
from diffresnet.similarity.extension import extend_neighbours


def extended(x, n, k, numbers=None, metric="euclidean", method="exact"):
    numbers = torch.arange(len(x)) if numbers is None else numbers
    search = NeighbourSearch(x[:n], k, metric, method)
    return extend_neighbours(search, search.nearest(), x[n:], numbers)


@pytest.mark.parametrize("metric", ["euclidean", "cosine"])
@pytest.mark.parametrize(("n", "m"), [(60, 40), (60, 1), (3, 40), (1, 5), (2, 1)])
def test_they_are_the_neighbours_of_all(n, m, metric):
    x = torch.from_numpy(np.random.default_rng(0).normal(size=(n + m, 5)).astype(np.float32))
    got = extended(x, n, 7, metric=metric)
    want = nearest_neighbours(x, 7, metric=metric, method="exact")
    assert (got.indices == want.indices).all()
    torch.testing.assert_close(got.distances, want.distances)
    assert got.recall == 1.0


def test_equal_distances_are_told_apart_by_the_new_numbers():
    x = torch.from_numpy(np.random.default_rng(0).integers(0, 3, (80, 3)).astype(np.float32))
    numbers = torch.from_numpy(np.random.default_rng(1).permutation(80))
    got = extended(x, 50, 6, numbers)
    # So few candidates are kept beyond k that ties are only exact where all points are candidates.
    want = nearest_neighbours(x[torch.argsort(numbers)], 6, method="exact")
    torch.testing.assert_close(got.distances, want.distances)
    nearer = want.distances < want.distances[:, -1:]
    assert (got.indices[nearer] == want.indices[nearer]).all()


def test_a_search_that_is_not_exact_measures_its_recall():
    x = torch.from_numpy(np.random.default_rng(0).normal(size=(900, 4)).astype(np.float32))
    got = extended(x, 700, 5, method="clustered")
    want = nearest_neighbours(x, 5, method="exact")
    share = float((got.indices[:, :, None] == want.indices[:, None]).any(2).float().mean())
    assert share > 0.9
    assert got.recall == pytest.approx(share, abs=0.05)
