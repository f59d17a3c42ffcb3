import numpy as np
import pytest
import torch

from diffresnet.errors import InputError
from diffresnet_lab.pde import Convection, FeynmanKac
from pde_cases import CASES, PROBES, bump, swirl

X = torch.from_numpy(PROBES)


def draw(seed=0):
    return torch.Generator().manual_seed(seed)


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_it_agrees_with_closed_forms(case):
    solver = FeynmanKac(0.4, substeps=12, samples=8000, scheme="strang")
    found = solver(case.convection, bump, X, draw())
    apart = np.abs(found.mean[:, 0].numpy() - case.field(PROBES, 0.4))
    assert (apart <= 4.5 * found.error[:, 0].numpy() + 1e-3).all()
    assert found.error.max() < 0.01


def test_the_order_of_blocks_matters():
    swapped, case = CASES["pull_then_shift"], CASES["shift_then_pull"]
    found = FeynmanKac(0.4, 12, samples=8000)(swapped.convection, bump, X, draw())
    apart = np.abs(found.mean[:, 0].numpy() - case.field(PROBES, 0.4))
    assert (apart > 4.5 * found.error[:, 0].numpy() + 1e-3).any()


def test_without_noise_it_is_the_network_and_exact():
    convection = Convection((swirl, lambda x: -swirl(x)))
    found = FeynmanKac(0.0, substeps=3, samples=4)(convection, bump, X, draw())
    expected = bump(convection.transport(X, 3))
    torch.testing.assert_close(found.mean, expected, rtol=0, atol=1e-15)
    assert float(found.error.max()) < 1e-15


@pytest.mark.parametrize("scheme", ["network", "strang"])
def test_pairs_are_exact_where_the_answer_is_linear_in_the_noise(scheme):
    linear = Convection((lambda x: 0.5 * x,))
    solver = FeynmanKac(0.7, 2, 64, scheme)
    found = solver(linear, lambda x: x, X, draw())
    assert float(found.error.max()) < 1e-14
    factor = 1.25**2 if scheme == "network" else (1 + 0.25 + 0.25**2 / 2) ** 2
    torch.testing.assert_close(found.mean, factor * X)


@pytest.mark.parametrize("antithetic", [True, False])
def test_the_standard_error_is_that_of_repetitions(antithetic):
    solver = FeynmanKac(0.5, 2, 40, antithetic=antithetic)
    convection, generator = Convection((swirl,)), draw(1)
    runs = [solver(convection, bump, X[:10], generator) for _ in range(300)]
    spread = torch.stack([run.mean for run in runs]).std(0)
    claimed = torch.stack([run.error.square() for run in runs]).mean(0).sqrt()
    torch.testing.assert_close(claimed, spread, rtol=0.2, atol=0)


@pytest.mark.parametrize("antithetic", [True, False])
@pytest.mark.parametrize("chunk", [16, 240, 10**6])
def test_chunks_are_put_together_exactly(chunk, antithetic):
    """Against the plain mean and deviation of all draws held at once."""
    convection, x, generator = Convection((swirl,)), X[:12], draw(3)
    solver = FeynmanKac(0.3, 2, 60, antithetic=antithetic, chunk=chunk)
    found = solver(convection, bump, x, draw(3))
    columns = []
    for rows in x.split(max(1, chunk // 2)):
        size, draws = max(2, chunk // len(rows) // 2 * 2), []
        for start in range(0, 60, size):
            drawn = min(size, 60 - start)
            f = bump(solver.endpoints(convection, rows, generator, drawn))
            draws.append((f[: drawn // 2] + f[drawn // 2 :]) / 2 if antithetic else f)
        columns.append(torch.cat(draws))
    every = torch.cat(columns, dim=1)
    torch.testing.assert_close(found.mean, every.mean(0))
    torch.testing.assert_close(found.error, every.std(0) / len(every) ** 0.5)


def test_the_seed_decides():
    solver, convection = FeynmanKac(0.3, 2, 40), Convection((swirl,))
    one, again, other = (solver(convection, bump, X, draw(seed)).mean for seed in (2, 2, 3))
    assert torch.equal(one, again)
    assert not torch.equal(one, other)


def test_paths_have_gradients_for_training():
    x = X.clone().requires_grad_()
    ends = FeynmanKac(0.3, 2).endpoints(Convection((lambda x: x,)), x, draw(), samples=6)
    assert ends.shape == (6, *X.shape)
    ends.sum().backward()
    torch.testing.assert_close(x.grad, torch.full_like(x, 6 * 1.5**2))


@pytest.mark.usefixtures("unchecked")
@pytest.mark.parametrize(
    "bad",
    [
        {"sigma": -1.0},
        {"sigma": float("nan")},
        {"sigma": 1.0, "substeps": 0},
        {"sigma": 1.0, "samples": 7},
        {"sigma": 1.0, "chunk": 1},
        {"sigma": 1.0, "scheme": "heun"},
    ],
)
def test_bad_settings_are_refused(bad):
    with pytest.raises(InputError):
        FeynmanKac(**bad)
