import numpy as np
import pytest

from diffresnet_lab.pages.words import short, signed


@pytest.mark.parametrize(
    ("value", "text"),
    [(0.0, "0"), (7.348, "7.35"), (7.21e6, "7.2 × 10⁶"), (2.4e-7, "2.4 × 10⁻⁷"), (np.inf, "inf")],
)
def test_numbers_are_short(value, text):
    assert short(value) == text


@pytest.mark.parametrize(
    ("value", "digits", "text"),
    [(-1.25, 2, "−1.25"), (3.0, 1, "+3.0"), (-0.04, 1, "0.0"), (0.0, 2, "0.00")],
)
def test_signs_are_signs(value, digits, text):
    assert signed(value, digits) == text
