import numpy as np
import pytest
import scipy.linalg
import scipy.sparse as sp
import torch
from hypothesis import assume, given
from hypothesis import strategies as st

from diffresnet.errors import InputError, StabilityError
from diffresnet.flow import ExplicitEuler, HeatFlow, ImplicitEuler, diffuse
from diffresnet.operators import SparseLaplacian, as_laplacian
from diffresnet_lab.theory.conductance import EdgeStopping, PLaplacian
from diffresnet_lab.theory.nonlinear import diffuse_nonlinear, edge_lengths, reweighed_graph
from graph_cases import KINDS, features, graphs, laplacian, sparse, weights

FALLING = [
    PLaplacian(1.0, 0.3, quantile=None),
    PLaplacian(1.5, 0.3, quantile=None),
    EdgeStopping(1.0, quantile=None),
    EdgeStopping(1.0, "lorentz", quantile=None),
]
ALL = [*FALLING, PLaplacian(3.0), PLaplacian(1.0), EdgeStopping(1.0), EdgeStopping(2.0, "lorentz")]
FLOWS = [HeatFlow(0.3, tol=1e-12), ImplicitEuler(0.3, 2, tol=1e-12)]


def lengths_of(x):
    return np.linalg.norm(x[:, None] - x[None], axis=-1)


def oracle_weights(w, x, conductance, rescale):
    """w_ij g(|x_i - x_j|) by loops over all pairs, dense and in float64."""
    n = len(w)
    edges = [(i, j) for i in range(n) for j in range(n) if i != j and w[i, j] > 0]
    s = lengths_of(x)
    every = torch.tensor([s[i, j] for i, j in edges], dtype=torch.float64)
    g = conductance(every).numpy() if edges else []
    out = np.zeros((n, n))
    for (i, j), value in zip(edges, g, strict=True):
        out[i, j] = w[i, j] * value
    if rescale and out.sum() > 0:
        out *= (w - np.diag(np.diag(w))).sum() / out.sum()
    return out


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("conductance", ALL)
@pytest.mark.parametrize("rescale", [True, False])
def test_against_a_dense_oracle(kind, conductance, rescale):
    w, x = weights(kind, 12, density=0.4), features(12).numpy()
    w += np.diag(np.arange(12.0))  # self-loops have no part in it
    gamma, expected = 0.01, x
    for _ in range(4):
        l = laplacian(oracle_weights(w, expected, conductance, rescale))
        expected = np.linalg.matrix_power(np.eye(12) - gamma * l, 3) @ expected
    flow = ExplicitEuler(gamma, 3)
    out = diffuse_nonlinear(
        sparse(w), torch.from_numpy(x), conductance, flow, updates=4, rescale=rescale
    )
    np.testing.assert_allclose(out, expected, atol=1e-12)


@pytest.mark.parametrize("kind", KINDS)
def test_other_integrators_against_the_oracle(kind):
    w, x = weights(kind, 10), features(10)
    l = laplacian(oracle_weights(w, x.numpy(), EdgeStopping(), True))
    heat = diffuse_nonlinear(sparse(w), x, EdgeStopping(), HeatFlow(0.4, tol=1e-12))
    np.testing.assert_allclose(heat, scipy.linalg.expm(-0.4 * l) @ x.numpy(), atol=1e-9)
    implicit = diffuse_nonlinear(sparse(w), x, EdgeStopping(), ImplicitEuler(0.4, tol=1e-12))
    np.testing.assert_allclose(
        implicit, np.linalg.solve(np.eye(10) + 0.4 * l, x.numpy()), atol=1e-9
    )


@given(graphs("symmetric"), st.integers(0, 4), st.booleans())
def test_p_2_is_the_linear_flow_exactly(w, updates, rescale):
    operator = as_laplacian(sparse(w), dtype=torch.float64)
    gamma = 0.9 / operator.max_degree if operator.max_degree else 1.0
    x = features(len(w))
    out = diffuse_nonlinear(
        sparse(w), x, PLaplacian(2.0), ExplicitEuler(gamma, 2), updates, rescale=rescale
    )
    assert torch.equal(out, diffuse(operator, x, ExplicitEuler(gamma, 2 * updates)))


@given(graphs("symmetric"), st.sampled_from(ALL), st.sampled_from(FLOWS))
def test_the_mean_is_conserved(w, conductance, flow):
    x = features(len(w))
    out = diffuse_nonlinear(sparse(w), x, conductance, flow, updates=3)
    np.testing.assert_allclose(out.mean(0), x.mean(0), atol=1e-8)


@given(graphs("symmetric"), st.sampled_from(ALL))
def test_a_walk_conserves_the_mean_weighted_by_degrees(w, conductance):
    degree = w.sum(1, keepdims=True)
    walk = np.divide(w, degree, out=np.zeros_like(w), where=degree > 0)
    x = features(len(w))
    flow = ImplicitEuler(0.5, tol=1e-12)
    out = diffuse_nonlinear(sparse(walk), x, conductance, flow, updates=3)
    share = degree / max(degree.sum(), 1.0)
    np.testing.assert_allclose((share * out.numpy()).sum(0), (share * x.numpy()).sum(0), atol=1e-7)


@given(graphs("symmetric"), st.sampled_from(ALL), st.integers(0, 99))
def test_names_of_points_do_not_matter(w, conductance, seed):
    order, x = np.random.default_rng(seed).permutation(len(w)), features(len(w))
    flow = ImplicitEuler(0.3, tol=1e-12)
    out = diffuse_nonlinear(sparse(w), x, conductance, flow, 2)
    other = diffuse_nonlinear(sparse(w[order][:, order]), x[order], conductance, flow, 2)
    np.testing.assert_allclose(other, out[order], atol=1e-7)


@given(graphs("symmetric"), st.sampled_from(ALL), st.integers(0, 99))
def test_turning_and_shifting_all_points_commutes_with_the_flow(w, conductance, seed):
    rng, x = np.random.default_rng(seed), features(len(w))
    turn = torch.from_numpy(np.linalg.qr(rng.standard_normal((3, 3)))[0])
    shift = torch.from_numpy(rng.standard_normal(3))
    flow = ImplicitEuler(0.3, tol=1e-12)
    out = diffuse_nonlinear(sparse(w), x, conductance, flow, 2)
    other = diffuse_nonlinear(sparse(w), x @ turn + shift, conductance, flow, 2)
    np.testing.assert_allclose(other, out @ turn + shift, atol=1e-7)


@given(graphs("none"), st.sampled_from(ALL), st.floats(0.01, 1.0))
def test_points_stay_within_the_hull(w, conductance, share):
    # In every direction: a projection of the points stays within its range.
    x = features(len(w))
    present = reweighed_graph(sparse(w), x, conductance)
    largest = present.sum(axis=1).max(initial=0.0)
    assume(largest > 0)
    out = diffuse_nonlinear(sparse(w), x, conductance, ExplicitEuler(share / largest, 1))
    directions = torch.from_numpy(np.random.default_rng(0).standard_normal((3, 20)))
    before, after = x @ directions, out @ directions
    assert bool((after.amax(0) <= before.amax(0) + 1e-9).all())
    assert bool((after.amin(0) >= before.amin(0) - 1e-9).all())


@given(
    graphs("symmetric"),
    st.sampled_from(FALLING),
    st.sampled_from(["explicit", "heat", "implicit"]),
    st.floats(0.1, 1.0),
)
def test_energy_never_grows_at_any_stable_step(w, conductance, method, share):
    # g falls with the length: the quadratic energy of frozen weights lies above the true one.
    graph, x = sparse(w), features(len(w))
    for _ in range(4):
        operator = SparseLaplacian(
            reweighed_graph(graph, x, conductance, rescale=False), dtype=torch.float64
        )
        if operator.max_degree == 0.0:
            return
        flow = {
            "explicit": ExplicitEuler(share * operator.max_step()),
            "heat": HeatFlow(10.0 * share),
            "implicit": ImplicitEuler(10.0 * share, tol=1e-10),
        }[method]
        energy = total_energy(graph, x, conductance)
        x = diffuse_nonlinear(graph, x, conductance, flow, rescale=False)
        assert total_energy(graph, x, conductance) <= energy * (1 + 1e-6) + 1e-9


def test_energy_falls_for_p_3_at_short_steps():
    graph, x, conductance = sparse(weights("symmetric", 15)), features(15), PLaplacian(3.0, 0.0)
    flow = ImplicitEuler(0.01, tol=1e-12)
    unit = 1.0
    values = []
    for _ in range(20):
        values.append(total_energy(graph, x, conductance, unit))
        x = diffuse_nonlinear(graph, x, conductance, flow, unit=unit, rescale=False)
    assert all(np.diff(values) < 0)


def total_energy(graph, x, conductance, unit=None):
    lengths = edge_lengths(graph, x)
    return float(graph.data @ conductance.energy(lengths, unit).numpy()) / 2


@given(graphs("symmetric"), st.sampled_from(ALL[2:4]))
def test_where_g_is_at_most_1_the_linear_bound_holds(w, conductance):
    bound = as_laplacian(sparse(w), dtype=torch.float64).max_step()
    assume(np.isfinite(bound))
    present = reweighed_graph(sparse(w), features(len(w)), conductance, rescale=False)
    assert as_laplacian(present, dtype=torch.float64).max_step() >= bound * (1 - 1e-6)


@given(graphs("symmetric"), st.sampled_from(ALL))
def test_rescaling_keeps_the_trace(w, conductance):
    present = reweighed_graph(sparse(w), features(len(w)), conductance)
    assert present.sum() == pytest.approx(w.sum(), rel=1e-9)


@given(graphs("symmetric"), st.sampled_from(ALL), st.integers(1, 4))
def test_equal_points_give_no_nan(w, conductance, places):
    x = features(places)[torch.arange(len(w)) % places]
    out = diffuse_nonlinear(sparse(w), x, conductance, ImplicitEuler(1.0), 3)
    assert bool(torch.isfinite(out).all())


@pytest.mark.parametrize("conductance", ALL)
def test_collapsed_points_stay(conductance):
    x = features(1).expand(9, 3).clone()
    out = diffuse_nonlinear(sparse(weights("symmetric", 9)), x, conductance, FLOWS[1], 5)
    np.testing.assert_allclose(out, x, atol=1e-12)


@pytest.mark.parametrize("conductance", ALL)
def test_points_without_edges_stay(conductance):
    w = weights("symmetric", 8)
    w[3], w[:, 3] = 0.0, 0.0
    out = diffuse_nonlinear(sparse(w), features(8), conductance, FLOWS[1], 5)
    assert not torch.equal(out[2], features(8)[2])
    np.testing.assert_allclose(out[3], features(8)[3], rtol=1e-14)


def test_a_graph_where_nothing_conducts_stands_still():
    x = 1e3 * features(6)
    conductance = EdgeStopping(1.0, quantile=None)
    out = diffuse_nonlinear(sparse(weights("symmetric", 6)), x, conductance, HeatFlow(1.0), 2)
    assert torch.equal(out, x)


def test_edges_of_length_1_let_two_pairs_meet_and_keep_apart():
    path = sp.csr_array(np.eye(4, k=1) + np.eye(4, k=-1))
    x = torch.tensor([[0.0], [1.0], [9.0], [10.0]], dtype=torch.float64)
    apart = diffuse_nonlinear(path, x, EdgeStopping(), ImplicitEuler(1.0), 10)[:, 0]
    linear = diffuse_nonlinear(path, x, PLaplacian(2.0), ImplicitEuler(1.0), 10)[:, 0]
    assert apart.tolist() == pytest.approx([0.5, 0.5, 9.5, 9.5], abs=1e-3)
    assert float(linear[2] - linear[1]) < 1.0


def test_lengths_in_chunks(monkeypatch):
    graph, x = sparse(weights("none", 20)), features(20)
    whole = edge_lengths(graph, x)
    monkeypatch.setattr("diffresnet_lab.theory.nonlinear.CHUNK", 7)
    assert torch.equal(edge_lengths(graph, x), whole)
    rows, columns = graph.tocoo().coords
    np.testing.assert_allclose(whole, lengths_of(x.numpy())[rows, columns], rtol=1e-14)


@pytest.mark.parametrize("dtype", [torch.float16, torch.float32, torch.float64])
def test_precision_is_kept_and_the_input_too(dtype):
    x = features(9, dtype=dtype)
    before = x.clone()
    out = diffuse_nonlinear(sparse(weights("symmetric", 9)), x, EdgeStopping(), HeatFlow(0.1), 2)
    assert out.dtype == dtype
    assert torch.equal(x, before)
    exact = diffuse_nonlinear(
        sparse(weights("symmetric", 9)), x.double(), EdgeStopping(), HeatFlow(0.1), 2
    )
    tolerance = {torch.float16: 5e-3, torch.float32: 1e-4, torch.float64: 1e-12}[dtype]
    np.testing.assert_allclose(out.double(), exact, atol=tolerance)


def test_there_is_no_gradient():
    x = features(5).requires_grad_()
    out = diffuse_nonlinear(sparse(weights("symmetric", 5)), x, EdgeStopping(), HeatFlow(0.1))
    assert not out.requires_grad


def test_an_explicit_step_is_checked_in_every_stretch():
    # Stable at first; once the outer points have come near, the middle edge is one of the long.
    w, x = sparse(np.ones((2, 2))), torch.tensor([[0.0], [10.0]], dtype=torch.float64)
    strong = PLaplacian(3.0, quantile=None)
    with pytest.raises(StabilityError):
        diffuse_nonlinear(w, x, strong, ExplicitEuler(0.5), rescale=False)
    out = diffuse_nonlinear(w, x, strong, ExplicitEuler(0.05), 50, rescale=False)
    assert float(out[1, 0] - out[0, 0]) < 1.0


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"updates": -1}, "updates must be >= 0, not -1"),
        ({"x": features(4)}, "features of 4 points cannot move on a graph 5 x 5"),
        ({"weights": -sparse(np.ones((5, 5)))}, "negative, NaN or infinite"),
        ({"weights": sparse(np.full((5, 5), np.nan))}, "negative, NaN or infinite"),
    ],
)
def test_bad_input(arguments, message):
    given_ = {
        "weights": sparse(np.ones((5, 5))),
        "x": features(5),
        "conductance": EdgeStopping(),
        "flow": HeatFlow(0.1),
        "updates": 1,
    }
    with pytest.raises(InputError, match=message):
        diffuse_nonlinear(**{**given_, **arguments})
