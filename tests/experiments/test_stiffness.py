import json

import numpy as np
import pytest
import scipy.linalg
import scipy.sparse
import torch
from hypothesis import given
from hypothesis import strategies as st

from diffresnet.flow import ExplicitEuler, HeatFlow, ImplicitEuler
from diffresnet.flow.heat import chebyshev_coefficients
from diffresnet.graphs.graph import read_graph
from diffresnet.similarity import similarity_graph
from diffresnet_lab.experiments.catalogue import experiment
from diffresnet_lab.experiments.demo.digits import digits
from diffresnet_lab.experiments.experiment import Setup
from diffresnet_lab.experiments.stiffness import methods as stiffness_methods
from diffresnet_lab.experiments.stiffness.bench import Bench, fewest
from diffresnet_lab.experiments.stiffness.bounds import bounds_part, bounds_row
from diffresnet_lab.experiments.stiffness.edge import edge_part, step_by_step
from diffresnet_lab.experiments.stiffness.graphs import CITATION, digits_graph, synthetic_graphs
from diffresnet_lab.experiments.stiffness.products import CountingLaplacian
from diffresnet_lab.experiments.stiffness.region import region_part
from diffresnet_lab.experiments.stiffness.spectrum import StiffGraph
from diffresnet_lab.experiments.stiffness.steps import steps_row
from diffresnet_lab.experiments.stiffness.transients import row_sum_norms, transients

SETUP = Setup(quick=True, data=None)


def small(kind, seed=0, n=12, **settings):
    """A connected graph of few points: symmetric, a walk on it, or directed."""
    rng = np.random.default_rng(seed)
    w = rng.random((n, n)) * (rng.random((n, n)) < 0.4)
    w += np.roll(np.eye(n), 1, axis=1)  # a ring, so that all is one piece
    measure = None
    if kind != "none":
        w = w + w.T
        np.fill_diagonal(w, 0.0)
    if kind == "reversible":
        measure = w.sum(axis=1)
        w = w / measure[:, None]
    points = rng.standard_normal((n, 3))
    return StiffGraph(kind, kind, scipy.sparse.csr_array(w), points, measure, **settings)


def few_digits(walk):
    points = digits()[0][:200]
    weights = similarity_graph(points)
    degree = weights.sum(axis=1)
    if walk:
        walked = scipy.sparse.csr_array(scipy.sparse.diags_array(1.0 / degree) @ weights)
        return StiffGraph("digits", "Some digits", walked, points, measure=degree)
    return StiffGraph("digits", "Some digits", weights, points)


@given(st.sampled_from(["symmetric", "reversible", "none"]), st.integers(0, 10**6))
def test_the_longest_step_is_that_of_the_dense_matrix_and_of_the_operator(kind, seed):
    graph = small(kind, seed)
    assert graph.laplacian.symmetry == kind
    dense = graph.matrix.toarray()
    np.testing.assert_allclose(dense @ np.ones(len(graph)), 0.0, atol=1e-12)
    np.testing.assert_allclose(dense, graph.laplacian.to_dense().numpy(), atol=1e-12)
    values = scipy.linalg.eigvals(dense)
    moving = values[np.abs(values) > 1e-8]
    assert len(graph.eigenvalues) == len(moving) == len(graph) - 1
    bound = (2 * moving.real / np.abs(moving) ** 2).min()
    assert graph.longest_step == pytest.approx(bound, rel=1e-8)
    assert graph.laplacian.max_step() == pytest.approx(bound, rel=1e-5)
    assert len(graph.growing(0.999 * bound)) == 0
    past = graph.growing(1.001 * bound)
    assert len(past) >= 1
    assert past[0] == pytest.approx(np.abs(1 - 1.001 * bound * moving).max(), rel=1e-9)


def test_the_ends_of_a_large_spectrum_are_those_of_the_dense_matrix():
    rng = np.random.default_rng(0)
    apart = np.concatenate([rng.random((300, 2)), 9.0 + rng.random((300, 2))])  # two pieces
    weights = similarity_graph(apart)
    degree = weights.sum(axis=1)
    walk = scipy.sparse.csr_array(scipy.sparse.diags_array(1.0 / degree) @ weights)
    for graph in (
        StiffGraph("g", "g", weights, apart),
        StiffGraph("g", "g", walk, apart, measure=degree),
    ):
        every = np.sort(scipy.linalg.eigvals(graph.matrix.toarray()).real)
        np.testing.assert_allclose(graph.eigenvalues[:40], every[:-41:-1], rtol=1e-7)
        assert np.abs(every[:2]).max() < 1e-10
        assert graph.eigenvalues[-1] == pytest.approx(every[2], rel=1e-6)


def test_xor_allows_the_step_that_was_measured():
    xor, *others = synthetic_graphs(SETUP)
    assert xor.longest_step == pytest.approx(1.78, abs=0.005)
    for graph in (xor, *others):
        assert graph.laplacian.symmetry == "none"
        assert np.abs(graph.eigenvalues.imag).max() > 0
        assert bounds_row(graph)["stable"]


@pytest.mark.parametrize(
    ("name", "longest", "growing"),
    [("cora", 0.346, 0), ("citeseer", 0.475, 0), ("pubmed", 0.356, 3)],
)
def test_citation_graphs_allow_the_steps_that_were_measured(data_file, name, longest, growing):
    graph = read_graph(data_file(f"graphs/{name}.npz")).largest_component()
    weights = similarity_graph(preset="citation", graph=graph.adjacency)
    gamma, steps = CITATION[name]
    points = graph.features[:, :2].toarray().astype(float)
    row = bounds_row(StiffGraph(name, name, weights, points, gamma=gamma, steps=steps))
    assert row["longest_step"] == pytest.approx(longest, abs=5e-4)
    assert row["longest_step_by_operator"] == pytest.approx(row["longest_step"], rel=1e-4)
    assert row["lambda_max"] < row["gershgorin"]
    assert (row["growing_modes"], row["stable"]) == (growing, growing == 0)
    if growing:
        assert row["growth"] == pytest.approx(9.2, abs=0.05)


@pytest.fixture(scope="module")
def bounds():
    return bounds_part(SETUP)


def test_without_data_the_rest_is_done_and_the_gap_is_said(bounds):
    left = [text for text in bounds.section.text if "Left out" in text]
    assert len(left) == 1
    assert all(name in left[0] for name in ("Cora", "Citeseer", "Pubmed", "CIFAR-FS"))
    names = [row["graph"] for row in bounds.rows]
    assert names[:7] == ["random", "digits_task", "xor", "circle", "moon", "spiral", "digits"]
    json.dumps(bounds.rows)
    assert [len(table.header) for table in bounds.section.tables] == [11, 6]


def test_random_tasks_allow_the_steps_that_were_measured(bounds):
    row = next(row for row in bounds.rows if row["graph"] == "random_tasks")
    assert 1.25 < row["shortest"] <= row["median"] <= row["longest"] < 1.75
    strict = next(row for row in bounds.rows if row["graph"] == "random")
    assert strict["longest_step"] == pytest.approx(row["shortest"], rel=1e-4)


def test_the_region_is_drawn_with_the_eigenvalues_in_it():
    part = region_part(SETUP)
    ((picture,),) = part.section.galleries
    upper, lower = picture.figure.axes
    assert picture.name == "stiffness"
    assert len(lower.texts) == 2  # random features, digits tasks
    assert len(upper.lines) == 3  # the axis and two clouds
    assert np.abs(1 - (upper.lines[2].get_xdata() + 1j * upper.lines[2].get_ydata())).max() < 1.0001
    json.dumps(part.rows)


@given(st.sampled_from(["symmetric", "reversible"]), st.floats(0.5, 1.2), st.integers(0, 10**6))
def test_the_fastest_mode_moves_as_foretold(kind, factor, seed):
    graph = small(kind, seed)
    gamma = factor * graph.longest_step
    _, along = step_by_step(graph, graph.centred, gamma, 6)
    rate = abs(1 - gamma * np.abs(graph.eigenvalues).max())
    np.testing.assert_allclose(along, along[0] * rate ** np.arange(7), atol=1e-9 * (1 + along[0]))


def test_a_mode_is_of_length_one_in_the_norm_of_its_graph():
    graph = few_digits(walk=True)
    mode = graph.fastest_mode  # a left eigenvector: d times the right one
    right = mode / graph.measure
    assert graph.size(right[:, None]) == pytest.approx(1.0)
    top = float(graph.eigenvalues[0])
    np.testing.assert_allclose(graph.matrix @ right, top * right, atol=1e-9)


@given(st.integers(0, 10**6), st.floats(0.1, 1.0))
def test_steps_up_to_one_over_the_degree_lift_nothing(seed, share):
    graph = small("none", seed)
    norms = row_sum_norms(graph, share / graph.laplacian.max_degree, 5)
    np.testing.assert_allclose(norms, 1.0, atol=1e-12)
    assert row_sum_norms(graph, 1.5 / graph.laplacian.max_degree, 1)[0] == pytest.approx(2.0)


def test_transients_tell_growth_on_the_way_from_growth_for_good():
    rows, table, words = transients(small("none", gamma=0.1, steps=1))
    by = {row["step_length"]: row for row in rows}
    assert by["1 / max L_ii"]["largest_norm"] == pytest.approx(1.0)
    assert by["0.95 × the bound"]["largest_norm"] > 1.0
    assert by["1.05 × the bound"]["largest_factor"] > 1.0 > by["0.95 × the bound"]["largest_factor"]
    assert len(table.rows) == len(rows)
    assert len(words) == 1


def test_the_edge_is_drawn_and_growth_is_that_of_theory():
    part = edge_part(SETUP)
    around = [row for row in part.rows if "factor" in row]
    assert [row["factor"] for row in around] == [0.9, 1.0, 1.01, 1.1]
    for row in around:
        assert row["foretold_rate"] == pytest.approx(abs(1 - 2 * row["factor"]), rel=1e-6)
        assert row["fastest_mode_rate"] == pytest.approx(row["foretold_rate"], rel=1e-6)
    assert around[3]["size_late"] > 1e3 * around[0]["size_late"]
    assert [picture.name for picture in part.section.galleries[0]] == ["stiffness_edge"]
    json.dumps(part.rows)


@pytest.mark.parametrize("walk", [False, True])
def test_every_product_is_counted_and_none_is_changed(walk):
    graph = few_digits(walk)
    counting = CountingLaplacian(graph.weights, measure=graph.measure, dtype=torch.float64)
    x = torch.from_numpy(graph.centred)
    top = 1.01 * counting.spectral_bound()
    for flow, count in (
        (ExplicitEuler(0.1, 7), 7),
        (HeatFlow(3.0), len(chebyshev_coefficients(1.5 * top, 1e-6)) - 1),
        (ImplicitEuler(3.0, 2), None),
    ):
        counting.products = 0
        torch.testing.assert_close(flow(counting, x), flow(graph.laplacian, x))
        if count is not None:
            assert counting.products == count
        else:
            # Conjugate gradients take one product an iteration, and both steps need some.
            assert 2 < counting.products < 2 * len(graph)
            loose = counting.products
            counting.products = 0
            ImplicitEuler(3.0, 2, tol=1e-12)(counting, x)
            assert counting.products > loose


@pytest.fixture(scope="module")
def bench():
    return Bench(few_digits(walk=True))


def test_the_exact_flow_is_the_matrix_exponential(bench):
    graph = bench.graph
    exact = scipy.linalg.expm(-3.0 * graph.matrix.toarray()) @ bench.start.numpy()
    np.testing.assert_allclose(bench.exact(3.0), exact, atol=1e-12)
    assert bench.run(HeatFlow(3.0, tol=1e-12), bench.exact(3.0)).error < 1e-10


def test_errors_are_as_the_spectrum_foretells(bench):
    exact = bench.exact(4.0)
    for flow, factors in (
        (ExplicitEuler(0.5, 8), (1 - 0.5 * bench.values) ** 8),
        (ImplicitEuler(0.5, 8, tol=1e-12), (1 + 0.5 * bench.values) ** -8),
    ):
        assert bench.run(flow, exact).error == pytest.approx(bench.foretold(factors, 4.0), rel=1e-6)


@pytest.mark.parametrize("method", ["euler", "chebyshev", "implicit"])
def test_the_cheapest_run_reaches_the_target_and_cheaper_ones_do_not(bench, method):
    run = bench.cheapest(method, 4.0, 1e-2)
    assert run.error <= 1e-2
    assert run.flow.time == pytest.approx(4.0)
    if method == "chebyshev":
        fewer = HeatFlow(4.0, tol=run.flow.tol * 10**0.25)
    elif method == "euler":
        fewer = ExplicitEuler(4.0 / (run.flow.steps - 1), run.flow.steps - 1)
    else:
        steps = int(0.8 * run.flow.steps)  # a tenth of the error is left to the solver
        fewer = ImplicitEuler(4.0 / steps, steps, tol=1e-9)
    assert bench.run(fewer, bench.exact(4.0)).error > 1e-2


def test_what_takes_too_many_steps_is_counted_and_not_run(bench):
    assert bench.cheapest("implicit", 4.0, 1e-4) > 300
    assert bench.cheapest("euler", 4.0, 1e-9) is None


@given(st.integers(1, 50), st.integers(1, 50), st.integers(1, 400))
def test_fewest_is_the_first_that_is_enough(least, span, threshold):
    most = least + span
    expected = max(least, threshold)
    found = fewest(lambda steps: steps >= threshold, least, most)
    assert found == (expected if expected <= most else None)


def test_methods_are_compared_on_every_strength(monkeypatch):
    graph = few_digits(walk=True)
    monkeypatch.setattr(stiffness_methods, "digits_graph", lambda: graph)
    monkeypatch.setattr(stiffness_methods, "LONG", (1e1, 1e2))
    part = stiffness_methods.methods_part(SETUP)
    rows = [row for row in part.rows if "target" in row]
    assert len(rows) == 3 * 2 * 3  # strengths, targets, methods
    assert all(row["error"] <= row["target"] for row in rows if "error" in row)
    names = [picture.name for gallery in part.section.galleries for picture in gallery]
    assert names == ["stiffness_methods", "stiffness_methods_short", "stiffness_methods_long"]
    assert [len(table.rows) for table in part.section.tables] == [3, 3, 2]
    json.dumps(part.rows)


def test_steps_are_the_fewest_that_are_stable_and_accurate():
    graph = small("reversible", gamma=0.5, steps=8)
    row = steps_row(graph)
    assert row["strength"] == 4.0
    assert row["stable_steps"] == int(np.ceil(4.0 / graph.longest_step))
    exact = scipy.linalg.expm(-4.0 * graph.matrix.toarray()) @ graph.centred

    def error(steps):
        step = np.eye(len(graph)) - 4.0 / steps * graph.matrix.toarray()
        moved = np.linalg.matrix_power(step, steps) @ graph.centred
        return graph.size(moved - exact) / graph.size(exact)

    assert row["authors_error"] == pytest.approx(error(8), rel=1e-6)
    assert row["stable_error"] == pytest.approx(error(row["stable_steps"]), rel=1e-6)
    assert error(row["accurate_steps"]) <= 1e-2 < error(row["accurate_steps"] - 1)


def test_the_experiment_has_its_parts():
    assert list(experiment("stiffness").parts) == ["bounds", "region", "edge", "methods", "steps"]
    assert digits_graph().laplacian.symmetry == "reversible"
