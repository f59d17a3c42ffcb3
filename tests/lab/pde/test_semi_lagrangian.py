import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from diffresnet.errors import InputError
from diffresnet_lab.pde import Convection, FeynmanKac, Grid, GridSolver, block_grids
from pde_cases import CASES, PROBES, bump, swirl

WIDE = Grid((-6.0, -6.0), (6.0, 6.0), (160, 160))
SMALL = Grid((-1.0, -1.0), (1.0, 2.0), (12, 18))


def largest_error(solver, case, grid=WIDE):
    found = solver(case.convection, bump, grid)(PROBES)[:, 0]
    return np.abs(found - case.field(PROBES, solver.sigma)).max()


@pytest.mark.parametrize("sigma", [0.0, 0.4])
@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_it_agrees_with_closed_forms(case, sigma):
    assert largest_error(GridSolver(sigma, substeps=12), case) < 2e-3


def test_the_order_of_blocks_matters():
    found = GridSolver(0.4, 12)(CASES["pull_then_shift"].convection, bump, WIDE)(PROBES)[:, 0]
    assert np.abs(found - CASES["shift_then_pull"].field(PROBES, 0.4)).max() > 0.05


@pytest.mark.parametrize(("scheme", "order"), [("network", 1), ("strang", 2)])
def test_the_order_in_time(scheme, order):
    case = CASES["shift_then_pull"]
    errors = [largest_error(GridSolver(0.5, m, scheme), case) for m in (2, 4)]
    assert np.log2(errors[0] / errors[1]) == pytest.approx(order, abs=0.35)


def test_the_order_in_space_of_diffusion_along_the_graph():
    case = CASES["still"]
    errors = [
        largest_error(GridSolver(0.4, 1, diffusion="graph"), case, Grid((-6, -6), (6, 6), (n, n)))
        for n in (60, 120)
    ]
    assert np.log2(errors[0] / errors[1]) == pytest.approx(2, abs=0.2)


@pytest.mark.parametrize("scheme", ["network", "strang"])
@pytest.mark.parametrize("substeps", [1, 3])
def test_it_is_the_mean_of_the_noisy_network_at_any_step(scheme, substeps):
    convection = Convection((swirl, lambda x: 0.5 * swirl(x.flip(-1))))
    grid = GridSolver(0.4, substeps, scheme)(convection, bump, WIDE)(PROBES)[:, 0]
    solver = FeynmanKac(0.4, substeps, 20000, scheme)
    found = solver(convection, bump, torch.from_numpy(PROBES), torch.Generator().manual_seed(5))
    z = (found.mean[:, 0].numpy() - grid) / found.error[:, 0].numpy()
    assert np.abs(z).max() < 4.5
    assert 0.6 < np.sqrt(np.mean(z**2)) < 1.5  # neither far off nor suspiciously close


@given(
    value=st.floats(-5, 5),
    sigma=st.floats(0, 2),
    substeps=st.integers(1, 3),
    scheme=st.sampled_from(["network", "strang"]),
    diffusion=st.sampled_from(["cosine", "graph"]),
)
def test_constants_are_preserved(value, sigma, substeps, scheme, diffusion):
    solver = GridSolver(sigma, substeps, scheme, diffusion)
    field = solver(Convection((swirl,)), lambda x: 0 * x[:, :1] + value, SMALL)
    np.testing.assert_allclose(field.values, value, atol=1e-8)


@given(sigma=st.floats(0.01, 2), seed=st.integers(0, 99), how=st.sampled_from(["cosine", "graph"]))
def test_mass_is_conserved_without_velocity(sigma, seed, how):
    start = torch.randn(12 * 18, 2, generator=torch.Generator().manual_seed(seed)).double()
    diffusion = GridSolver(sigma, 1, diffusion=how)._diffusion(SMALL)
    u = start.T.reshape(2, 12, 18).numpy()
    spread = diffusion(u, sigma**2)
    np.testing.assert_allclose(spread.sum((1, 2)), u.sum((1, 2)), atol=1e-6)
    assert (spread.std((1, 2)) <= u.std((1, 2)) + 1e-9).all()


@given(sigma=st.floats(0.01, 2), seed=st.integers(0, 99))
def test_the_maximum_principle_along_the_graph(sigma, seed):
    u = np.random.default_rng(seed).integers(0, 2, (1, 12, 18)).astype(float)
    spread = GridSolver(sigma, 1, diffusion="graph")._diffusion(SMALL)(u, sigma**2)
    assert spread.min() >= -1e-8
    assert spread.max() <= 1 + 1e-8


def test_it_is_linear_in_the_classifier():
    convection, grid = Convection((swirl,)), Grid((-3, -3), (3, 3), (40, 40))
    solver = GridSolver(0.3, 2)
    one, two = (solver(convection, f, grid).values for f in (bump, torch.sin))
    both = solver(convection, lambda x: torch.cat([bump(x), torch.sin(x)], 1), grid).values
    np.testing.assert_allclose(both, np.concatenate([one, two]), atol=1e-12)


def test_grids_follow_the_particles():
    away = Convection((lambda x: 2.0 * x, lambda x: 0 * x + 1, torch.zeros_like))
    window = Grid((-1.0, -1.0), (1.0, 1.0), (10, 10))
    grids = block_grids(away, window, 0.1, 8, cells=120)
    assert max(grids[0].low) <= -1.0
    assert min(grids[0].high) >= 1.0
    assert grids[1].high[0] > 6
    assert grids[2].low[0] > grids[1].low[0] + 0.5
    at = np.random.default_rng(2).uniform(-1, 1, (50, 2))
    # One grid, large and fine enough for all blocks, gives the same field.
    one = Grid((-12, -12), (12, 12), (400, 400))

    def wide(x):
        return torch.exp(-x.square().sum(-1, keepdim=True) / 8)

    pieces, whole = (GridSolver(0.1, 4)(away, wide, g)(at) for g in (grids, one))
    np.testing.assert_allclose(pieces, whole, atol=2e-3)
    assert grids == block_grids(away, window, 0.1, 8, cells=120)


@pytest.mark.usefixtures("unchecked")
def test_bad_settings_are_refused():
    with pytest.raises(InputError, match="scheme"):
        GridSolver(0.1, scheme="lie")
    with pytest.raises(InputError, match="diffusion"):
        GridSolver(0.1, diffusion="fourier")
    with pytest.raises(InputError, match="as many grids"):
        GridSolver(0.1)(Convection((swirl, swirl)), bump, [SMALL])
