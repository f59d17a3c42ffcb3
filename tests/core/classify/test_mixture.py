"""The prior as a mixture of experts."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import log_softmax, softmax

from diffresnet.classify.mixture import EQUAL, Mixture


def held_out(seed: int, skill: tuple[float, float], m: int = 60, c: int = 4):
    rng = np.random.default_rng(seed)
    codes = rng.integers(c, size=m)
    log_p = [
        log_softmax(rng.normal(size=(m, c)) + each * np.eye(c)[codes], axis=1) for each in skill
    ]
    return log_p, codes


@given(seed=st.integers(0, 200), first=st.floats(0, 4), second=st.floats(0, 4))
def test_shares_minimise_the_brier_score(seed, first, second):
    log_p, codes = held_out(seed, (first, second))
    mixture = Mixture.fit(log_p, codes, 30)
    parts = [
        softmax(beta * each, axis=1)
        for beta, each in zip(mixture.inverse_temperatures, log_p, strict=True)
    ]

    def loss(share):
        wrong = share * parts[0] + (1 - share) * parts[1] - np.eye(4)[codes]
        return (wrong**2).sum() * 30 / len(codes) + 2 * EQUAL * (share - 0.5) ** 2

    grid = np.linspace(0, 1, 1001)
    best = grid[np.argmin([loss(share) for share in grid])]
    assert mixture.shares[0] == pytest.approx(best, abs=2e-3)
    assert sum(mixture.shares) == pytest.approx(1.0)


def test_an_expert_that_knows_nothing_gets_no_share():
    log_p, codes = held_out(0, (5.0, 0.0), m=2000)
    assert Mixture.fit(log_p, codes, 2000).shares[0] > 0.9
    assert Mixture.fit(log_p[::-1], codes, 2000).shares[0] < 0.1


def test_equal_experts_have_equal_shares():
    log_p, codes = held_out(0, (2.0, 2.0))
    assert Mixture.fit([log_p[0], log_p[0]], codes, 30).shares == pytest.approx((0.5, 0.5))


def test_probabilities_are_a_linear_pool():
    log_p, codes = held_out(0, (1.0, 2.0))
    mixture = Mixture.fit(log_p, codes, 30)
    p = mixture.probabilities([torch.from_numpy(each) for each in log_p]).numpy()
    expected = sum(
        share * softmax(beta * each, axis=1)
        for share, beta, each in zip(
            mixture.shares, mixture.inverse_temperatures, log_p, strict=True
        )
    )
    assert np.allclose(p, expected)
    alone = Mixture.fit(log_p[:1], codes, 30)
    assert alone.shares == (1.0,)
    assert alone.inverse_temperatures[0] == mixture.inverse_temperatures[0]
