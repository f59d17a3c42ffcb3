import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from diffresnet_lab.nodes.oversmoothing import constant_energy, dirichlet_energy, residual_energy
from node_cases import node_data

DATA = node_data(20)
LAPLACIAN = np.eye(20) - DATA.normalized_adjacency.toarray()
features = arrays(np.float64, (20, 3), elements=st.integers(-(10**6), 10**6).map(lambda k: k / 64))


def of(x):
    return float(dirichlet_energy(torch.from_numpy(x)[None], DATA)[0])


@given(features)
def test_it_is_the_quotient_of_the_dense_laplacian(x):
    norm = (x**2).sum()
    expected = np.trace(x.T @ LAPLACIAN @ x) / norm if norm else 0.0
    assert of(x) == pytest.approx(expected, abs=1e-12)
    assert 0.0 <= of(x) <= 2.0


@given(features, st.sampled_from([1e-12, -3.0, 1e9]))
def test_scale_does_not_matter(x, scale):
    assert of(scale * x) == pytest.approx(of(x), abs=1e-12)


def test_eigenvectors_have_their_eigenvalue():
    values, vectors = np.linalg.eigh(LAPLACIAN)
    found = dirichlet_energy(torch.from_numpy(vectors.T.copy())[:, :, None], DATA)
    np.testing.assert_allclose(found, values, atol=1e-12)


def test_products_lead_to_zero_and_digits_are_kept():
    degree = np.diff(DATA.adjacency.indptr) + 1.0
    end = np.sqrt(degree)[:, None] * [[1.0, -2.0]]
    assert of(end) < 1e-30
    second = np.linalg.eigh(LAPLACIAN)[1][:, [1]] * [[1.0, 0.0]]
    near = end / np.linalg.norm(end) + 1e-9 * second
    assert of(near) == pytest.approx(1e-18 * np.linalg.eigvalsh(LAPLACIAN)[1], rel=1e-5)


def test_constant_features():
    assert constant_energy(DATA) == pytest.approx(LAPLACIAN.mean() * 20)
    assert constant_energy(DATA) == pytest.approx(of(np.full((20, 4), -7.0)))


def test_replicas_and_nothing():
    x = torch.stack([torch.zeros(20, 3), torch.ones(20, 3)])
    assert dirichlet_energy(x, DATA).tolist() == [0.0, constant_energy(DATA)]


@pytest.mark.parametrize("operator", ["products", "diffusion"])
def test_residual_energy_is_that_outside_of_the_null_space(operator):
    matrix = LAPLACIAN
    if operator == "diffusion":
        matrix = DATA.laplacian.to_dense().double().numpy()
    null = np.linalg.eigh(matrix)[1][:, :1]
    x = np.random.default_rng(0).normal(size=(20, 3))
    left = x - null @ (null.T @ x)
    replicas = torch.from_numpy(np.stack([x, 5 * left, 3 * null @ [[1.0, 2.0, 0.0]], 0 * x]))
    share = (left**2).sum() / (x**2).sum()
    np.testing.assert_allclose(
        residual_energy(replicas, DATA, operator), [share, 1, 0, 0], atol=1e-7
    )
