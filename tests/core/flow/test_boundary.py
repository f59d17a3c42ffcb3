import numpy as np
import pytest
import torch

from diffresnet.flow import diffuse_with_boundary
from diffresnet.operators import DenseLaplacian, as_laplacian
from diffresnet.operators import sparse as sparse_module
from graph_cases import KINDS, features, laplacian, sparse, weights

N = 20


def oracle(w, prior, fixed, gamma):
    """Column by column: rows of fixed points say u = prior, the others (I + gamma L) u = prior."""
    out = np.empty_like(prior)
    for c in range(prior.shape[1]):
        held = fixed[:, [c if fixed.shape[1] > 1 else 0]]
        system = np.where(held, np.eye(len(w)), np.eye(len(w)) + gamma * laplacian(w))
        out[:, c] = np.linalg.solve(system, prior[:, c])
    return out


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("gamma", [0.0, 0.1, 5.0, 300.0])
@pytest.mark.parametrize("each", [False, True], ids=["same points", "a column each"])
def test_dense_oracle(kind, gamma, each):
    w, prior = weights(kind, N), features(N, 4)
    fixed = torch.from_numpy(np.random.default_rng(1).random((N, 4 if each else 1)) < 0.3)
    operator = as_laplacian(sparse(w), dtype=torch.float64)
    out = diffuse_with_boundary(operator, prior, fixed, gamma, tol=1e-11)
    np.testing.assert_allclose(out, oracle(w, prior.numpy(), fixed.numpy(), gamma), atol=1e-7)
    assert torch.equal(out[fixed.expand_as(out)], prior[fixed.expand_as(prior)])


@pytest.mark.parametrize("kind", ["symmetric", "reversible"])
def test_tends_to_the_harmonic_extension(kind):
    w, prior = weights(kind, N), features(N, 2)
    fixed = torch.zeros(N, 1, dtype=torch.bool)
    fixed[:4] = True
    matrix = laplacian(w)
    harmonic = prior.numpy().copy()
    harmonic[4:] = np.linalg.solve(matrix[4:, 4:], -matrix[4:, :4] @ harmonic[:4])
    operator = as_laplacian(sparse(w), dtype=torch.float64)
    errors = [
        np.abs(diffuse_with_boundary(operator, prior, fixed, g, tol=1e-12).numpy() - harmonic).max()
        for g in (1e2, 1e4, 1e6)
    ]
    assert errors[0] > 50 * errors[1] > 50**2 * errors[2]
    out = diffuse_with_boundary(operator, prior, fixed, 1e6, tol=1e-12)
    # The maximum principle: harmonic values lie between those that are held.
    assert bool((out.amax(0) <= prior[:4].amax(0) + 1e-4).all())


def test_minimises_what_it_says():
    undirected = weights("symmetric", N)
    degree = undirected.sum(1)
    operator = as_laplacian(sparse(undirected / degree[:, None]), dtype=torch.float64)
    prior, gamma = features(N, 1), 3.0
    fixed = torch.zeros(N, 1, dtype=torch.bool)
    fixed[:3] = True
    u = diffuse_with_boundary(operator, prior, fixed, gamma, tol=1e-13).requires_grad_()
    pairs = torch.from_numpy(undirected) * (u - u.T) ** 2
    # Each edge counted once: the sum over ordered pairs, halved, and its own half.
    energy = pairs.sum() / 4 + (torch.from_numpy(degree)[:, None] * (u - prior) ** 2).sum() / (
        2 * gamma
    )
    (gradient,) = torch.autograd.grad(energy, u)
    np.testing.assert_allclose(gradient[3:], 0.0, atol=1e-9)


def test_point_without_edges_keeps_its_prior():
    w = weights("symmetric", N)
    w[7] = w[:, 7] = 0.0
    fixed = torch.zeros(N, 1, dtype=torch.bool)
    fixed[0] = True
    operator = as_laplacian(sparse(w), dtype=torch.float64)
    out = diffuse_with_boundary(operator, features(N), fixed, 50.0, tol=1e-10)
    np.testing.assert_allclose(out[7], features(N)[7], atol=1e-8)


@pytest.mark.parametrize("each", [False, True])
def test_panels_change_nothing(monkeypatch, each):
    operator = as_laplacian(sparse(weights("reversible", N)), dtype=torch.float64)
    prior = features(N, 40)
    fixed = torch.from_numpy(np.random.default_rng(1).random((N, 40 if each else 1)) < 0.3)
    whole = diffuse_with_boundary(operator, prior, fixed, 2.0, tol=1e-11)
    monkeypatch.setattr(sparse_module, "PANEL_BYTES", 1)
    cut = diffuse_with_boundary(operator, prior, fixed, 2.0, tol=1e-11)
    np.testing.assert_allclose(cut, whole, atol=1e-9)


@pytest.mark.parametrize("panel", [1, sparse_module.PANEL_BYTES])
@pytest.mark.parametrize("gamma", [0.0, 2.0])
@pytest.mark.parametrize("tol", [1e-9, 1e-2])
def test_some_points_and_the_place_of_the_prior(monkeypatch, panel, gamma, tol):
    monkeypatch.setattr(sparse_module, "PANEL_BYTES", panel)
    operator = as_laplacian(sparse(weights("reversible", N)), dtype=torch.float64)
    prior, before = features(N, 40), features(N, 40)
    fixed = torch.from_numpy(np.random.default_rng(1).random((N, 1)) < 0.3)
    whole = diffuse_with_boundary(operator, prior, fixed, gamma, tol)
    assert torch.equal(prior, before)
    at = torch.tensor([7, 2, 2])
    assert torch.equal(diffuse_with_boundary(operator, prior, fixed, gamma, tol, at=at), whole[at])
    assert torch.equal(prior, before)
    place = diffuse_with_boundary(operator, prior, fixed, gamma, tol, in_place=True)
    assert place is prior
    assert torch.equal(prior, whole)


def test_dense_graph():
    w = weights("none", N)
    fixed = torch.zeros(N, 1, dtype=torch.bool)
    fixed[::4] = True
    out = diffuse_with_boundary(DenseLaplacian(torch.from_numpy(w)), features(N), fixed, 2.0)
    np.testing.assert_allclose(out, oracle(w, features(N).numpy(), fixed.numpy(), 2.0), atol=1e-10)


def test_default_tolerance_in_single_precision():
    w = weights("reversible", N)
    fixed = torch.zeros(N, 1, dtype=torch.bool)
    fixed[:3] = True
    out = diffuse_with_boundary(
        as_laplacian(sparse(w)), features(N, dtype=torch.float32), fixed, 20.0
    )
    np.testing.assert_allclose(out, oracle(w, features(N).numpy(), fixed.numpy(), 20.0), atol=0.05)
