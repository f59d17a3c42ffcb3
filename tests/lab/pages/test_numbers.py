import numpy as np
import pytest

from diffresnet_lab.pages.numbers import number, plus_minus, short, signed, verdict


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


@pytest.mark.parametrize(
    ("value", "form", "text"),
    [
        (None, ".2f", "–"),
        (float("nan"), "", "–"),
        (True, "", "yes"),
        ("text", ".2f", "text"),
        (12345, "", "12,345"),
        (-0.5, ".2f", "−0.50"),
        (0.04, "+.1f", "0.0"),
        (9.2, "× {:.1f}", "× 9.2"),
        (3, lambda value: "#" * value, "###"),
        (np.float64(2.0), ".1f", "2.0"),
    ],
)
def test_any_value_has_a_text(value, form, text):
    assert number(value, form) == text


def test_an_error_is_told_where_there_is_one():
    assert plus_minus(1.0, None) == plus_minus(1.0, float("inf")) == "1.0"
    assert plus_minus(-0.3, 0.2, 2, sign=True) == "−0.30 ± 0.20"


@pytest.mark.parametrize(
    ("difference", "error", "smallest", "word"),
    [(2.0, 1.0, 0.0, "ahead"), (-2.0, 1.0, 0.0, "behind"), (1.0, 1.0, 0.0, "level"),
     (0.05, 0.0, 0.1, "level"), (9.0, float("nan"), 0.0, "level")],
)  # fmt: skip
def test_verdicts_need_an_interval_that_leaves_out_zero(difference, error, smallest, word):
    assert verdict(difference, error, smallest) == word
