import numpy as np
import pytest
import scipy.integrate
import torch
from hypothesis import given
from hypothesis import strategies as st

from diffresnet.errors import InputError
from diffresnet_lab.theory.conductance import EdgeStopping, PLaplacian

ALL = [
    PLaplacian(1.0, 0.1),
    PLaplacian(1.5, 0.5),
    PLaplacian(2.0),
    PLaplacian(3.0),
    PLaplacian(4.0, 0.0),
    EdgeStopping(1.5),
    EdgeStopping(0.7, "lorentz"),
]
LENGTHS = torch.tensor([0.0, 0.2, 0.5, 1.0, 3.0, 7.0], dtype=torch.float64)


@pytest.mark.parametrize("conductance", ALL)
@pytest.mark.parametrize("unit", [1.0, 2.5])
def test_energy_is_the_integral_of_s_g(conductance, unit):
    def pull(s):
        return s * float(conductance(torch.tensor([s], dtype=torch.float64), unit))

    energy = conductance.energy(LENGTHS, unit)
    expected = [scipy.integrate.quad(pull, 0.0, s, epsabs=1e-11)[0] for s in LENGTHS.tolist()]
    np.testing.assert_allclose(energy, expected, rtol=1e-8, atol=1e-9)


@pytest.mark.parametrize(
    ("conductance", "expected"),
    [
        (PLaplacian(1.0, 3.0, quantile=None), [1 / 3, 1 / 5]),
        (PLaplacian(3.0, 3.0, quantile=None), [3.0, 5.0]),
        (EdgeStopping(2.0, quantile=None), [1.0, np.exp(-4.0)]),
        (EdgeStopping(2.0, "lorentz", quantile=None), [1.0, 0.2]),
    ],
)
def test_values(conductance, expected):
    found = conductance(torch.tensor([0.0, 4.0], dtype=torch.float64))
    np.testing.assert_allclose(found, expected, rtol=1e-14)


def test_p_2_is_one_exactly():
    assert torch.equal(PLaplacian(2.0)(LENGTHS), torch.ones_like(LENGTHS))


@given(
    st.lists(st.floats(0.0, 1e6), min_size=1, max_size=20),
    st.sampled_from(ALL),
    st.floats(1e-3, 1e3),
)
def test_a_relative_conductance_does_not_know_the_unit(lengths, conductance, scale):
    s = torch.tensor(lengths, dtype=torch.float64)
    s = torch.where(s < 1e-6, 0.0, s)
    g = conductance(s)
    assert bool(torch.isfinite(g).all())
    assert bool((g >= 0).all())
    np.testing.assert_allclose(conductance(scale * s), g, rtol=1e-6, atol=1e-12)


@given(st.sampled_from(ALL[5:]), st.lists(st.floats(0.0, 1e9), min_size=1, max_size=20))
def test_edge_stopping_lies_in_0_to_1_and_falls(conductance, lengths):
    g = conductance(torch.tensor(sorted(lengths), dtype=torch.float64))
    assert bool((g <= 1).all())
    assert bool((g.diff() <= 0).all())


class TestUnit:
    def test_is_the_quantile_by_rank(self):
        lengths = torch.tensor([5.0, 1.0, 4.0, 2.0, 3.0])
        assert EdgeStopping().unit(lengths) == 3.0
        assert EdgeStopping(quantile=0.8).unit(lengths) == 4.0
        assert EdgeStopping(quantile=1.0).unit(lengths) == 5.0
        assert EdgeStopping(quantile=None).unit(lengths) == 1.0

    def test_shortest_positive_length_stands_in_for_zero(self):
        assert EdgeStopping().unit(torch.tensor([0.0, 0.0, 0.0, 9.0, 7.0])) == 7.0

    def test_nothing_has_a_length(self):
        assert EdgeStopping().unit(torch.zeros(3)) == 1.0
        assert EdgeStopping().unit(torch.zeros(0)) == 1.0


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: PLaplacian(0.9), "p must be a finite number >= 1, not 0.9"),
        (lambda: PLaplacian(float("inf")), "p must be a finite"),
        (lambda: PLaplacian(1.0, 0.0), "> 0 where p < 2"),
        (lambda: PLaplacian(3.0, -1.0), "eps must be"),
        (lambda: EdgeStopping(0.0), "kappa must be a positive number, not 0.0"),
        (lambda: EdgeStopping(1.0, "box"), "form must be"),
        (lambda: EdgeStopping(quantile=0.0), r"quantile must lie in \(0, 1\]"),
        (lambda: PLaplacian(2.0, quantile=1.1), "quantile"),
    ],
)
@pytest.mark.usefixtures("unchecked")
def test_bad_settings(make, message):
    with pytest.raises(InputError, match=message):
        make()
