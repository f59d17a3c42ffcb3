"""The largest scores of each row, and candidates in order, against a sort."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from diffresnet.similarity.selection import largest, nearest_first


@given(st.integers(1, 900), st.integers(1, 30), st.booleans(), st.integers(0, 2**32 - 1))
def test_largest(n, k, ties, seed):
    rng = np.random.default_rng(seed)
    scores = torch.from_numpy(
        rng.integers(0, 9, (4, n)) if ties else rng.normal(size=(4, n))
    ).float()
    scores[0, : n // 2] = -torch.inf
    k = min(k, n)
    columns = largest(scores, k)
    assert all(len(set(row)) == k for row in columns.tolist())
    assert torch.equal(
        scores.gather(1, columns).sort(dim=1).values, scores.topk(k).values.sort(dim=1).values
    )


@pytest.mark.parametrize("n", [4096, 4097, 4159])
def test_largest_of_wide_rows(n):
    scores = torch.randn(20, n, generator=torch.Generator().manual_seed(0))
    scores[:, -1] = 9.0  # in the rest that fills no group
    scores[:, 64:70] = 8.0  # all in one group
    columns = largest(scores, 10)
    assert torch.equal(
        scores.gather(1, columns).sort(dim=1).values, scores.topk(10).values.sort(dim=1).values
    )


def test_nearest_first():
    candidates = torch.tensor([[5, 3, 9, 1]])
    distances = torch.tensor([[2.0, 1.0, 1.0, 2.0]])
    indices, d = nearest_first(candidates, distances, 3)
    assert indices.tolist() == [[3, 9, 1]]
    assert d.tolist() == [[1.0, 1.0, 2.0]]
