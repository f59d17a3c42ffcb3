import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from diffresnet.similarity import GraphSettings, dense_similarity, similarity_graph

SETTINGS = {
    "default": GraphSettings(),
    "few_shot": GraphSettings.few_shot(),
    "synthetic": GraphSettings.synthetic(),
    "cosine": GraphSettings(metric="cosine"),
    "random walk": GraphSettings(normalize="random_walk"),
    "one way": GraphSettings(symmetrize=None),
    "after": GraphSettings(symmetrize="after", normalize="symmetric"),
}


@pytest.mark.parametrize("settings", SETTINGS.values(), ids=SETTINGS)
def test_equals_the_sparse_graph(settings):
    @given(st.integers(1, 40), st.integers(2, 9), st.integers(0, 2**32 - 1))
    def check(n, d, seed):
        x = np.random.default_rng(seed).normal(size=(n, d)) + 3.0
        dense = dense_similarity(torch.from_numpy(x), settings)
        sparse = similarity_graph(x, settings=settings).toarray()
        np.testing.assert_allclose(dense, sparse, atol=1e-6)

    check()


@pytest.mark.parametrize("settings", SETTINGS.values(), ids=SETTINGS)
def test_equals_the_sparse_graph_in_single_precision(settings):
    x = np.random.default_rng(0).normal(size=(50, 6)).astype(np.float32)
    dense = dense_similarity(torch.from_numpy(x), settings)
    assert dense.dtype == torch.float32
    np.testing.assert_allclose(dense, similarity_graph(x, settings=settings).toarray(), atol=1e-4)


@pytest.mark.parametrize("name", ["default", "few_shot", "synthetic", "one way"])
def test_ties_and_duplicates(name):
    grid = np.stack(np.meshgrid(np.arange(5.0), np.arange(5.0)), -1).reshape(-1, 2)
    x = np.concatenate([grid, grid[:4]]).astype(np.float32)
    dense = dense_similarity(torch.from_numpy(x), SETTINGS[name])
    np.testing.assert_allclose(
        dense, similarity_graph(x, settings=SETTINGS[name]).toarray(), atol=1e-6
    )


@pytest.mark.parametrize("settings", SETTINGS.values(), ids=SETTINGS)
def test_each_set_of_a_batch_by_itself(settings):
    x = torch.randn(3, 20, 5, generator=torch.Generator().manual_seed(0))
    whole = dense_similarity(x, settings)
    assert whole.shape == (3, 20, 20)
    for b in range(3):
        np.testing.assert_allclose(whole[b], dense_similarity(x[b], settings), atol=1e-5)


@pytest.mark.parametrize("settings", SETTINGS.values(), ids=SETTINGS)
def test_equal_points_never_give_nan(settings):
    x = torch.randn(1, 6, generator=torch.Generator().manual_seed(0)).expand(12, 6) * 100
    w = dense_similarity(x, settings)
    assert bool(w.isfinite().all())
    np.testing.assert_allclose(
        w, similarity_graph(x.contiguous(), settings=settings).to_dense(), atol=1e-6
    )


def test_no_gradient_flows_into_the_weights():
    assert not dense_similarity(
        torch.randn(8, 3, requires_grad=True), GraphSettings()
    ).requires_grad


def test_half_precision_and_autocast():
    x = torch.randn(30, 4, generator=torch.Generator().manual_seed(0))
    expected = dense_similarity(x, GraphSettings())
    with torch.autocast("cpu", torch.bfloat16):
        assert torch.equal(dense_similarity(x, GraphSettings()), expected)
    half = dense_similarity(x.half(), GraphSettings())
    assert half.dtype == torch.float32
    np.testing.assert_allclose(half, dense_similarity(x.half().float(), GraphSettings()))


def test_far_from_the_origin():
    x = np.random.default_rng(0).normal(size=(30, 4))
    near = dense_similarity(torch.from_numpy(x), GraphSettings())
    far = dense_similarity(torch.from_numpy(x + 1e5), GraphSettings())
    np.testing.assert_allclose(far, near, atol=1e-6)


@pytest.mark.parametrize("n", [0, 1, 2])
def test_hardly_any_points(n):
    w = dense_similarity(torch.randn(2, n, 3), GraphSettings.few_shot())
    assert w.shape == (2, n, n)
    assert bool(w.isfinite().all())
