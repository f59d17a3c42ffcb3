import numpy as np
import pytest
import scipy.linalg
import torch
from hypothesis import given
from hypothesis import strategies as st

from diffresnet.errors import InputError
from diffresnet.flow import HeatFlow, diffuse
from diffresnet_lab.pde import Grid, GridField
from diffresnet_lab.pde.semi_lagrangian import cosine_flow

BOX = Grid((-1.0, 0.0), (1.0, 3.0), (8, 9))


def test_nodes_are_the_centres_of_cells():
    nodes = BOX.nodes().numpy()
    assert nodes.shape == (72, 2)
    np.testing.assert_allclose(nodes[0], (-0.875, 1 / 6))
    np.testing.assert_allclose(nodes[-1], (0.875, 3 - 1 / 6))
    index = BOX.index(nodes).T.reshape(8, 9, 2)
    np.testing.assert_allclose(index[3, 5], (3, 5), atol=1e-12)
    np.testing.assert_allclose(BOX.index(np.array([[-9.0, 9.0]])), [[-0.5], [8.5]])


@given(margin=st.floats(0.0, 2.0), cells=st.integers(4, 50), seed=st.integers(0, 99))
def test_a_grid_around_points_holds_them(margin, cells, seed):
    points = np.random.default_rng(seed).standard_normal((6, 2)) * (1, 5)
    grid = Grid.around(points, margin, cells)
    slack = 1e-9 * (1 + np.abs(points).max())
    assert (points.min(0) - margin >= np.array(grid.low) - slack).all()
    assert (points.max(0) + margin <= np.array(grid.high) + slack).all()
    assert grid.spacing[0] == pytest.approx(grid.spacing[1])
    assert max(grid.shape) == cells


def test_refined_and_widened():
    assert BOX.refined().shape == (16, 18)
    wide = BOX.widened(2.0)
    assert (wide.low, wide.high, wide.shape) == ((-2.0, -1.5), (2.0, 4.5), (16, 18))
    assert wide.spacing == pytest.approx(BOX.spacing)


def test_splines_are_exact_at_nodes_and_of_high_order_between():
    def wave(x):
        return np.cos(np.pi * (x[:, 0] + 1) / 2) * np.cos(np.pi * x[:, 1])

    at = np.random.default_rng(0).uniform((-1, 0), (1, 3), (200, 2))
    errors = []
    for grid in (BOX.refined(4), BOX.refined(8)):
        nodes = grid.nodes().numpy()
        field = GridField(grid, wave(nodes).reshape(1, *grid.shape))
        np.testing.assert_allclose(field(nodes)[:, 0], wave(nodes), atol=1e-12)
        errors.append(np.abs(field(at)[:, 0] - wave(at)).max())
    assert errors[1] < errors[0] / 12  # order 4 gives 16


def test_slope_of_a_plane():
    x = BOX.nodes().numpy()
    field = GridField(BOX, (3 * x[:, 0] - 4 * x[:, 1]).reshape(1, *BOX.shape))
    np.testing.assert_allclose(field.gradient_norm(), 5.0)


def test_the_graph_of_a_grid_moves_as_its_cosines_do():
    """Diff-ResNet's operator and flow, a dense exponential, and the cosine form are one."""
    u = np.random.default_rng(1).standard_normal((1, *BOX.shape))
    time = 0.07
    graph = BOX.laplacian()
    assert graph.symmetry == "symmetric"
    moved = diffuse(graph, torch.from_numpy(u.reshape(-1, 1)), HeatFlow(time, tol=1e-12)).numpy()
    dense = scipy.linalg.expm(-time * graph.to_dense().numpy()) @ u.reshape(-1, 1)
    np.testing.assert_allclose(moved, dense, atol=1e-11)
    rates = [
        (2 - 2 * np.cos(np.pi * np.arange(n) / n)) / h**2
        for n, h in zip(BOX.shape, BOX.spacing, strict=True)
    ]
    by_cosines = cosine_flow(u, rates[0][:, None] + rates[1], time)
    np.testing.assert_allclose(by_cosines.reshape(-1, 1), dense, atol=1e-12)


@pytest.mark.parametrize(
    ("high", "shape"), [((0.0, 1.0), (8, 8)), ((1.0, 1.0), (3, 8)), ((1.0, -1.0), (8, 8))]
)
def test_bad_grids_are_refused(high, shape):
    with pytest.raises(InputError):
        Grid((0.0, 0.0), high, shape)
