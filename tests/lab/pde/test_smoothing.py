import math

import numpy as np
import pytest
import scipy.special
import torch
from hypothesis import given
from hypothesis import strategies as st

from diffresnet.errors import InputError
from diffresnet.nn import ResidualBlock
from diffresnet_lab.pde import (
    Convection,
    FeynmanKac,
    Grid,
    GridSolver,
    gradient_bound,
    smoothing_radius,
    step_lipschitz,
    still_gradient_bound,
)


def block_of(seed, hidden, size=1.0):
    generator = torch.Generator().manual_seed(seed)
    block = ResidualBlock(2, hidden).double().requires_grad_(False)
    for parameter in block.parameters():
        parameter.copy_(size * torch.randn(parameter.shape, generator=generator).double())
    return block


@given(sigma=st.floats(0.01, 3), substeps=st.integers(1, 5), blocks=st.integers(1, 4))
def test_without_velocity_the_radius_is_that_of_randomised_smoothing(sigma, substeps, blocks):
    radius = smoothing_radius(sigma, substeps, [1.0] * blocks)
    assert radius == pytest.approx(sigma * math.sqrt(2 * blocks))
    assert gradient_bound(radius) == pytest.approx(still_gradient_bound(sigma, blocks))


def test_a_half_plane_attains_the_flat_bound():
    still = Convection((torch.zeros_like, torch.zeros_like))
    grid = Grid((-6, -6), (6, 6), (240, 240))
    field = GridSolver(0.4, 1)(still, lambda x: (x[:, :1] > 0).double(), grid)
    assert field.gradient_norm().max() == pytest.approx(still_gradient_bound(0.4, 2), rel=5e-3)


@pytest.mark.parametrize("rate", [0.6, -0.3])
def test_the_radius_is_attained_by_a_linear_flow_and_a_half_plane(rate):
    sigma, m, blocks = 0.3, 2, 2
    q = 1 + rate / m
    n = m * blocks
    spread = sigma * math.sqrt(2 / m * sum(q ** (2 * i) for i in range(n)))
    x = torch.tensor([[0.2, 0.0]], dtype=torch.float64)
    exact = float(scipy.special.ndtr(q**n * 0.2 / spread))
    found = FeynmanKac(sigma, m, 40000)(
        Convection((lambda x: rate * x,) * blocks),
        lambda x: (x[..., :1] > 0).double(),
        x,
        torch.Generator().manual_seed(0),
    )
    assert abs(float(found.mean) - exact) < 4.5 * float(found.error)
    radius = smoothing_radius(sigma, m, [abs(q)] * blocks)
    assert scipy.special.ndtri(exact) == pytest.approx(0.2 / radius)


@given(seed=st.integers(0, 10**6), hidden=st.integers(1, 12), dt=st.floats(0.05, 1.0))
def test_no_step_stretches_more_than_its_expansion(seed, hidden, dt):
    block = block_of(seed, hidden)
    q = step_lipschitz(block, dt)
    generator = torch.Generator().manual_seed(seed)
    x = 3 * torch.randn(4000, 2, generator=generator, dtype=torch.float64)
    y = x + 0.1 * torch.randn(4000, 2, generator=generator, dtype=torch.float64)
    stretched = ((x - y) + dt * ((block(x) - x) - (block(y) - y))).norm(dim=1) / (x - y).norm(dim=1)
    assert float(stretched.max()) <= q * (1 + 1e-9)


@given(seed=st.integers(0, 10**6), hidden=st.integers(2, 8))
def test_the_expansion_is_attained(seed, hidden):
    """Oracle: the Jacobian at places all around each crossing of two lines, and far away."""
    block = block_of(seed, hidden)
    w, b = block.fc1.weight.numpy(), block.fc1.bias.numpy()
    crossings = [np.linalg.solve(w[[i, j]], -b[[i, j]]) for i in range(hidden) for j in range(i)]
    angles = np.linspace(0, 2 * np.pi, 720, endpoint=False)
    around = np.stack([np.cos(angles), np.sin(angles)], axis=1)
    near = (np.array(crossings)[:, None] + 1e-6 * around).reshape(-1, 2)
    places = torch.from_numpy(np.concatenate([near, 1e5 * around]))
    on = torch.unique((block.fc1(places) > 0).double(), dim=0)
    jacobian = torch.einsum("nh,ih,hj->nij", on, block.fc2.weight, block.fc1.weight)
    norms = torch.linalg.matrix_norm(torch.eye(2).double() + 0.5 * jacobian, ord=2)
    # Two nearly parallel lines leave a wedge too thin for these places: then q is only larger.
    thin = min(
        abs(np.linalg.det(w[[i, j]])) / np.prod(np.linalg.norm(w[[i, j]], axis=1))
        for i in range(hidden)
        for j in range(i)
    )
    if thin > 0.02:
        assert step_lipschitz(block, 0.5) == pytest.approx(float(norms.max()), rel=1e-9)


@pytest.mark.parametrize("seed", range(3))
def test_fields_of_random_networks_keep_to_the_radius(seed):
    blocks = [block_of(10 * seed + k, 6, size=0.6) for k in range(2)]
    sigma, m = 0.5, 2
    convection = Convection.of_blocks(blocks)
    grid = Grid((-12, -12), (12, 12), (360, 360))
    field = GridSolver(sigma, m, "network")(
        convection, lambda x: torch.sigmoid(20 * x[:, :1]), grid
    )
    rng = np.random.default_rng(seed)
    x = rng.uniform(-1, 1, (3000, 2))
    y = x + 0.3 * rng.standard_normal(x.shape)
    u, w = (scipy.special.ndtri(np.clip(field(at)[:, 0], 1e-3, 1 - 1e-3)) for at in (x, y))
    radius = smoothing_radius(sigma, m, [step_lipschitz(block, 1 / m) for block in blocks])
    steep = np.abs(u - w) / np.linalg.norm(x - y, axis=1) * radius
    assert steep.max() < 1.02
    assert field.gradient_norm().max() < 1.02 * gradient_bound(radius)


def test_only_the_plane():
    with pytest.raises(InputError, match="plane"):
        step_lipschitz(ResidualBlock(3), 0.5)
