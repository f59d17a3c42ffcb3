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
from diffresnet_lab.data.digits import digits
from diffresnet_lab.experiments.base import RunConfig
from diffresnet_lab.experiments.stiffness import methods as stiffness_methods
from diffresnet_lab.experiments.stiffness.bench import Bench, CountingLaplacian, fewest
from diffresnet_lab.experiments.stiffness.edge import (
    edge_growth,
    published_steps,
    row_sum_norms,
    step_by_step,
    transient_rows,
)
from diffresnet_lab.experiments.stiffness.figures import pubmed_figure, region_figure
from diffresnet_lab.experiments.stiffness.graphs import (
    CITATION,
    SYNTHETIC,
    digits_graph,
    synthetic_graph,
)
from diffresnet_lab.experiments.stiffness.methods_page import products_table
from diffresnet_lab.experiments.stiffness.page import EXPERIMENT, bounds_part
from diffresnet_lab.experiments.stiffness.spectrum import StiffGraph
from diffresnet_lab.experiments.stiffness.stability import bounds_row, steps_row

CONFIG = RunConfig(quick=True, data=None)


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
    xor, *others = map(synthetic_graph, SYNTHETIC)
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
    return bounds_part(CONFIG, EXPERIMENT.planned(quick=True))


def test_without_data_the_rest_is_done_and_the_gap_is_said(bounds):
    assert bounds.values["missing"] == ["Cora", "Citeseer", "Pubmed", "CIFAR-FS"]
    names = [row["graph"] for row in bounds.rows]
    assert names[:5] == ["random", "digits_task", "xor", "moon", "digits"]
    json.dumps(bounds.rows)
    assert bounds.values["past"] == bounds.values["tasks_past"] == []
    marks = [cell.unfavourable for line in bounds.tables["bounds"].rows for cell in line]
    assert not any(marks)


def test_random_tasks_allow_the_steps_that_were_measured(bounds):
    row = next(row for row in bounds.rows if row["graph"] == "random_tasks")
    assert 1.25 < row["shortest"] <= row["median"] <= row["longest"] < 1.75
    strict = next(row for row in bounds.rows if row["graph"] == "random")
    assert strict["longest_step"] == pytest.approx(row["shortest"], rel=1e-4)


def test_the_region_is_drawn_with_the_eigenvalues_in_it():
    xor = synthetic_graph("xor")
    past = small("symmetric", gamma=10.0, steps=1)
    upper, lower = region_figure(xor, [past]).axes
    inside = upper.lines[0].get_xdata() + 1j * upper.lines[0].get_ydata()
    assert np.abs(1 - inside).max() < 1.0001
    _, outside = lower.lines[:2]
    assert len(outside.get_xdata()) == (10.0 * past.eigenvalues > 2.0).sum() > 0


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
    by = {row["step_length"]: row for row in transient_rows(small("none", gamma=0.1, steps=1))}
    assert by["1 / max L_ii"]["largest_norm"] == pytest.approx(1.0)
    assert by["0.95 × the bound"]["largest_norm"] > 1.0
    assert by["1.05 × the bound"]["largest_factor"] > 1.0 > by["0.95 × the bound"]["largest_factor"]


def test_growth_at_the_edge_is_that_of_theory():
    growth = edge_growth(few_digits(walk=True), seed=0)
    assert [row["factor"] for row in growth.rows] == [0.9, 1.0, 1.01, 1.1]
    for row in growth.rows:
        assert row["foretold_rate"] == pytest.approx(abs(1 - 2 * row["factor"]), rel=1e-6)
        assert row["fastest_mode_rate"] == pytest.approx(row["foretold_rate"], rel=1e-6)
    assert growth.rows[3]["size_late"] > 1e3 * growth.rows[0]["size_late"]
    np.testing.assert_allclose(growth.predicted[1.0], growth.predicted[1.0][0])


def test_a_published_step_past_the_bound_lifts_the_fastest_mode():
    free = small("symmetric")
    graph = small("symmetric", gamma=1.05 * free.longest_step, steps=20)
    published = published_steps(graph)
    np.testing.assert_allclose(
        published.along / published.along[0], published.rate ** np.arange(31), rtol=1e-6
    )
    assert published.inside < graph.longest_step < graph.gamma
    assert published.error_inside < published.error
    rows = published.rows()
    assert (len(rows), rows[0]["size"], rows[0]["foretold"]) == (31, 1.0, 1.0)
    assert len(pubmed_figure(published).axes[0].lines) == 4


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
        assert bench.run(flow, exact).error == pytest.approx(
            bench.predicted_error(factors, 4.0), rel=1e-6
        )


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


def test_methods_are_compared_at_every_time(bench, monkeypatch):
    monkeypatch.setattr(stiffness_methods, "LONG", (1e1, 1e2))
    rows = [row for time in (0.5, 5.0) for row in stiffness_methods.method_rows(bench, time, 2)]
    assert len(rows) == 2 * 2 * 3  # times, targets, methods
    assert all(row["error"] <= row["target"] for row in rows if "error" in row)
    shown = products_table(rows[:3], {"digits": "Some digits"})
    least = min(row["products"] for row in rows[:3])
    assert [cell.best for cell in shown.rows[0][1:]] == [r["products"] == least for r in rows[:3]]
    assert len(stiffness_methods.long_rows(bench)) == 2
    products, errors = stiffness_methods.error_curves(bench, 0.5)["chebyshev"]
    assert (np.diff(products) >= 0).all()
    assert errors[-1] < errors[0]


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


def test_digits_have_a_reversible_walk():
    assert digits_graph().laplacian.symmetry == "reversible"
