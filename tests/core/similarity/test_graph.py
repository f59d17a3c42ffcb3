import numpy as np
import pytest
import scipy.sparse as sp
import torch
from hypothesis import given
from hypothesis import strategies as st

from diffresnet import similarity_graph
from diffresnet.errors import InputError
from diffresnet.similarity import GraphSettings, Neighbours
from diffresnet.similarity.graph import as_points

X = np.random.default_rng(0).normal(size=(60, 5))
GRID = np.stack(np.meshgrid(np.arange(6.0), np.arange(5.0)), -1).reshape(-1, 2)


def distances(x):
    return np.sqrt(((x[:, None] - x[None]) ** 2).sum(2))


# The three graphs of the paper, written down once more from its formulas.


def few_shot(x, ntop=8, scale_rank=4):
    d = distances(x)
    ordered = np.sort(d, axis=1)  # the point itself, at distance 0, is the first
    w = np.exp(-((d / ordered[:, [scale_rank - 1]]) ** 2))
    w[d >= ordered[:, [ntop - 1]]] = 0.0
    root = 1 / np.sqrt(w.sum(1))
    w = root[:, None] * w * root
    return (w + w.T) / 2


def synthetic(x, ntop=20, bandwidth=0.5):
    d = distances(x)
    order = np.argsort(d, axis=1, kind="stable")[:, :ntop]
    w = np.zeros_like(d)
    np.put_along_axis(
        w, order, np.exp(-((np.take_along_axis(d, order, 1) / bandwidth) ** 2)), axis=1
    )
    return w / w.sum(1, keepdims=True)


def citation(a):
    looped = a + np.eye(len(a))
    root = 1 / np.sqrt(looped.sum(1))
    return root[:, None] * looped * root


@pytest.mark.parametrize(
    "options", [{}, {"ntop": 5}, {"scale_rank": 6}, {"ntop": 12, "scale_rank": 2}]
)
def test_few_shot(options):
    actual = similarity_graph(X, preset="few_shot", **options).toarray()
    np.testing.assert_allclose(actual, few_shot(X, **options), atol=1e-12)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("ntop", [4, 6, 8, 9])
def test_few_shot_drops_strict_ties(ntop, dtype):
    expected = few_shot(GRID, ntop=ntop)
    actual = similarity_graph(GRID.astype(dtype), preset="few_shot", ntop=ntop).toarray()
    np.testing.assert_allclose(actual, expected, atol=1e-6)
    # On a grid most rows keep fewer than ntop points, themselves included.
    assert ((expected > 0).sum(1) < ntop).any()
    assert (np.diag(actual) > 0).all()


def test_few_shot_self_loop_weighs_about_a_third():
    rng = np.random.default_rng(0)
    x = rng.normal(size=(80, 64))
    w = similarity_graph(x / np.linalg.norm(x, axis=1, keepdims=True), preset="few_shot")
    assert 0.2 < (w.diagonal() / w.sum(axis=1)).mean() < 0.4


@pytest.mark.parametrize("options", [{}, {"ntop": 5}, {"bandwidth": 2.0}])
def test_synthetic(options):
    actual = similarity_graph(X, preset="synthetic", **options)
    np.testing.assert_allclose(actual.toarray(), synthetic(X, **options), atol=1e-12)
    np.testing.assert_allclose(actual.sum(axis=1), 1.0)


def test_citation():
    a = sp.random_array((30, 30), density=0.1, rng=np.random.default_rng(0))
    a = ((a + a.T) > 0).astype(np.int64)
    actual = similarity_graph(graph=a, preset="citation")
    np.testing.assert_allclose(actual.toarray(), citation(a.toarray()), atol=1e-12)
    assert actual.dtype == np.float64


@st.composite
def clouds(draw):
    n = draw(st.integers(1, 50))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    x = rng.normal(size=(n, draw(st.integers(1, 6)))) * draw(st.sampled_from([1e-20, 1.0, 1e20]))
    if draw(st.booleans()):
        x = x[rng.integers(0, max(1, n // 4), n)]
    return x.astype(draw(st.sampled_from([np.float32, np.float64])))


every = st.sampled_from(
    [
        {},
        {"n_neighbors": 3},
        {"metric": "cosine"},
        {"scale": "local"},
        {"scale": "global", "bandwidth": 1.0},
        {"normalize": "symmetric"},
        {"normalize": "random_walk"},
        {"symmetrize": "after", "normalize": "symmetric", "self_loops": True},
        {"scale": "global", "bandwidth": 1e-3, "normalize": "random_walk", "symmetrize": None},
        {"preset": "few_shot"},
        {"preset": "synthetic"},
    ]
)


@given(clouds(), every)
def test_weights_are_finite_and_not_negative(x, options):
    w = similarity_graph(x, **options)
    assert w.shape == (len(x), len(x))
    assert w.dtype == x.dtype
    assert np.isfinite(w.data).all()
    assert (w.data >= 0).all()


@given(clouds(), st.integers(1, 60))
def test_default_graph(x, k):
    w = similarity_graph(x, n_neighbors=k)
    assert (w != w.T).nnz == 0
    assert (w.diagonal() == 0).all()
    assert w.nnz <= 2 * k * len(x)
    assert (w.data <= 1).all()
    # Every point keeps its nearest neighbours, however far.
    assert (np.diff(w.indptr) >= min(k, len(x) - 1)).all()


@given(st.integers(2, 40), st.integers(0, 2**32 - 1), every)
def test_permuting_points_permutes_the_graph(n, seed, options):
    rng = np.random.default_rng(seed)
    x, order = rng.normal(size=(n, 4)), rng.permutation(n)
    w = similarity_graph(x, **options).toarray()
    np.testing.assert_allclose(
        similarity_graph(x[order], **options).toarray(), w[order][:, order], atol=1e-10
    )


@given(st.integers(2, 40), st.integers(0, 2**32 - 1))
def test_local_scales_make_it_blind_to_size_and_place(n, seed):
    x = np.random.default_rng(seed).normal(size=(n, 4))
    w = similarity_graph(x).toarray()
    np.testing.assert_allclose(similarity_graph(1e3 * x + 5).toarray(), w, atol=1e-7)


@given(st.integers(2, 40), st.integers(0, 2**32 - 1))
def test_single_and_double_precision_agree(n, seed):
    x = np.random.default_rng(seed).normal(size=(n, 4))
    single, double = similarity_graph(x.astype(np.float32)), similarity_graph(x)
    assert (single.dtype, double.dtype) == (np.float32, np.float64)
    np.testing.assert_allclose(single.toarray(), double.toarray(), atol=1e-4)


def test_equal_points_pull_each_other_with_weight_one():
    x = np.repeat(np.eye(3), 4, axis=0)
    w = similarity_graph(x, n_neighbors=3).toarray()
    blocks = np.kron(np.eye(3), np.ones((4, 4))) - np.eye(12)
    np.testing.assert_array_equal(w, blocks)


@pytest.mark.parametrize("preset", [None, "few_shot", "synthetic"])
@pytest.mark.parametrize("n", [0, 1, 2, 3])
def test_hardly_any_points(preset, n):
    w = similarity_graph(X[:n], preset=preset)
    assert w.shape == (n, n)
    assert np.isfinite(w.toarray()).all()
    if n == 1 and preset is None:
        assert w.nnz == 0


def test_self_loops():
    w = similarity_graph(X, self_loops=True)
    np.testing.assert_array_equal(w.diagonal(), 1.0)


@pytest.mark.parametrize("normalize", ["symmetric", "random_walk"])
def test_normalising(normalize):
    plain = similarity_graph(X).toarray()
    degree = plain.sum(1)
    expected = plain / degree[:, None]
    if normalize == "symmetric":
        expected = plain / np.sqrt(np.outer(degree, degree))
    actual = similarity_graph(X, normalize=normalize).toarray()
    np.testing.assert_allclose(actual, expected, atol=1e-12)


def test_settings_and_options_say_the_same():
    how = GraphSettings(n_neighbors=4, scale="global", bandwidth=2.0)
    one = similarity_graph(X, settings=how)
    other = similarity_graph(X, n_neighbors=4, scale="global", bandwidth=2.0)
    assert (one != other).nnz == 0
    over = similarity_graph(X, settings=how, n_neighbors=6)
    assert (over != similarity_graph(X, n_neighbors=6, scale="global", bandwidth=2.0)).nnz == 0


# In and out.


@pytest.mark.parametrize("layout", ["dense", "csr", "coo"])
def test_tensor_in_tensor_out(layout):
    x = torch.from_numpy(X)
    given_ = {"dense": x, "csr": x.to_sparse_csr(), "coo": x.to_sparse_coo()}[layout]
    w = similarity_graph(given_)
    assert w.layout == torch.sparse_csr
    assert w.dtype == torch.float64
    np.testing.assert_allclose(w.to_dense(), similarity_graph(X).toarray(), atol=1e-6)


def test_no_gradient_comes_out():
    assert not similarity_graph(torch.from_numpy(X).requires_grad_()).requires_grad


@pytest.mark.parametrize("dtype", ["f2", "f4", ">f4", "i2", "u1", "?", ">f8"])
def test_every_type_of_number(dtype):
    x = (20 * X).astype(dtype)
    w = similarity_graph(x)
    assert w.dtype == (np.float64 if dtype == ">f8" else np.float32)
    expected = similarity_graph(x.astype(np.float32))
    np.testing.assert_allclose(w.toarray(), expected.toarray(), atol=1e-3)


def test_lists_frames_and_read_only_arrays():
    expected = similarity_graph(X).toarray()
    frozen = X.copy()
    frozen.flags.writeable = False
    for x in (X.tolist(), frozen, np.asfortranarray(X), X[:, ::-1][:, ::-1]):
        np.testing.assert_array_equal(similarity_graph(x).toarray(), expected)
    pandas = pytest.importorskip("pandas")
    np.testing.assert_array_equal(similarity_graph(pandas.DataFrame(X)).toarray(), expected)


def test_sparse_points():
    x = X * (X > 0.5)
    w = similarity_graph(sp.csc_matrix(x))
    assert isinstance(w, sp.csr_array)
    np.testing.assert_allclose(w.toarray(), similarity_graph(x).toarray(), atol=1e-6)


def test_sparse_points_are_left_alone():
    twice = sp.csr_array(
        (np.ones(6), np.array([1, 0, 1, 2, 0, 0]), np.array([0, 3, 4, 6])), shape=(3, 3)
    )
    before = twice.data.copy(), twice.indices.copy(), twice.indptr.copy()
    np.testing.assert_array_equal(as_points(twice).to_dense(), twice.toarray())
    for old, new in zip(before, (twice.data, twice.indices, twice.indptr), strict=True):
        np.testing.assert_array_equal(old, new)


def test_return_neighbours():
    w, found = similarity_graph(X, return_neighbours=True)
    assert isinstance(found, Neighbours)
    assert found.indices.shape == (60, 10)
    assert (w != similarity_graph(X)).nnz == 0


def test_approximate_search_logs_its_recall(caplog):
    pytest.importorskip("faiss")
    x = np.random.default_rng(0).normal(size=(3000, 40)).astype(np.float32)
    with caplog.at_level("INFO", logger="diffresnet"):
        _, found = similarity_graph(x, method="faiss", return_neighbours=True)
    assert found.recall < 1.0
    assert "neighbours by faiss, recall 0.9" in caplog.text


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({}, "needs the points X"),
        ({"X": X, "preset": "nodes"}, "unknown preset 'nodes': few_shot, synthetic or citation"),
        ({"X": X, "neighbours": 3}, "unknown option 'neighbours' of a similarity graph"),
        ({"X": X, "ntop": 3}, "unknown option 'ntop'"),
        ({"X": X, "n_neighbors": 0}, "must be at least 1"),
        ({"X": X, "preset": "few_shot", "settings": GraphSettings()}, "not both"),
        ({"X": X, "graph": sp.eye_array(3)}, "graph= goes with preset='citation'"),
        ({"X": X, "preset": "citation"}, "takes graph=A and nothing else"),
        ({"preset": "citation"}, "takes graph=A and nothing else"),
        ({"graph": sp.eye_array(3), "preset": "citation", "ntop": 3}, "and nothing else"),
        ({"graph": np.eye(3), "preset": "citation"}, "must be a sparse"),
        ({"graph": sp.csr_array((2, 3)), "preset": "citation"}, "must be square"),
        ({"graph": -sp.eye_array(3), "preset": "citation"}, "negative, NaN or infinite"),
        ({"graph": sp.eye_array(3) * np.nan, "preset": "citation"}, "negative, NaN or infinite"),
        ({"X": X[0]}, r"points must be \(n, d\), these are \(5,\)"),
        ({"X": X[None]}, r"points must be \(n, d\), these are \(1, 60, 5\)"),
        ({"X": np.full((3, 2), np.nan)}, "NaN or infinite; fill or drop those rows"),
        ({"X": sp.csr_array(np.full((3, 2), np.inf))}, "NaN or infinite; fill or drop those rows"),
    ],
)
@pytest.mark.usefixtures("unchecked")
def test_bad_arguments(arguments, message):
    with pytest.raises(InputError, match=message):
        similarity_graph(**arguments)


def test_the_old_name_of_the_width_is_known_for_one_release():
    for preset, width, value in (("few_shot", "scale_rank", 3), ("synthetic", "bandwidth", 0.7)):
        want = similarity_graph(X, preset=preset, **{width: value})
        with pytest.warns(FutureWarning, match=f"sigma is called {width} now"):
            old = similarity_graph(X, preset=preset, sigma=value)
        assert (old != want).nnz == 0
