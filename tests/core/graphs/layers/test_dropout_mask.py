import importlib.util

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from diffresnet.graphs.layers import dropout_mask as masks
from diffresnet.graphs.layers.dropout_mask import LEVELS, draw_seed, drop_, dropout_scale, mask_key

WORDS = st.integers(0, 2**32 - 1)


@pytest.fixture
def without_numba(monkeypatch):
    monkeypatch.setattr(masks, "_kernel", lambda: None)


@pytest.mark.skipif(importlib.util.find_spec("numba") is None, reason="numba is not installed")
@given(st.integers(0, 200), st.floats(0.0, 1.0), WORDS, WORDS)
def test_numba_and_torch_make_the_same_masks(size, p, first, second):
    ours = drop_(torch.ones(size), p, (first, second))
    # Anything but float32 goes by torch.
    theirs = drop_(torch.ones(size, dtype=torch.float64), p, (first, second))
    assert torch.equal(ours.double(), theirs)


def reference(size, p, key):
    """The hash in Python's own integers."""
    half, level, found = -(-size // 2), round(LEVELS * p), []
    for e in range(half):
        word = (e + key[0]) % 2**32
        word ^= word >> 16
        word = word * 0x7FEB352D % 2**32 ^ key[1]
        word ^= word >> 15
        word = word * 0x846CA68B % 2**32
        word ^= word >> 16
        found.append(word)
    kept = [w % 2**16 >= level for w in found] + [w >> 16 >= level for w in found]
    return torch.tensor(kept[:size], dtype=torch.float32)


@given(st.integers(1, 70), st.sampled_from([0.1, 0.25, 0.5, 0.9]), WORDS, WORDS)
def test_masks_are_those_of_the_hash(size, p, first, second):
    found = drop_(torch.ones(size), p, (first, second))
    assert torch.equal(found, reference(size, p, (first, second)))


@pytest.mark.parametrize("p", [0.25, 0.35, 0.5])
def test_as_many_are_dropped_as_said_in_every_half_row_and_column(p):
    kept = drop_(torch.ones(1000, 200), p, mask_key(3))
    assert float(kept.mean()) == pytest.approx(1 - p, abs=0.005)
    for parts in (kept[:500], kept[500:], kept[:, ::2], kept[::2]):
        assert float(parts.mean()) == pytest.approx(1 - p, abs=0.007)
    deviation = (p * (1 - p)) ** 0.5
    assert float(kept.mean(0).std()) == pytest.approx(deviation / 1000**0.5, rel=0.2)
    assert float(kept.mean(1).std()) == pytest.approx(deviation / 200**0.5, rel=0.2)


def test_masks_of_other_keys_and_of_neighbours_are_uncorrelated():
    seen = [drop_(torch.ones(100_000), 0.5, mask_key(1, step)).numpy() for step in range(4)]
    seen += [np.roll(seen[0], 1), np.roll(seen[0], 50_000)]
    correlation = np.corrcoef(np.stack(seen))
    np.fill_diagonal(correlation, 0.0)
    assert np.abs(correlation).max() < 5 / 100_000**0.5


def test_it_works_in_place_without_numba_too(without_numba):
    x = torch.ones(5, 3)
    assert drop_(x, 0.5, (1, 2)) is x
    assert 0 < int((x == 0).sum()) < 15
    assert torch.equal(drop_(torch.ones(4), 0.0, (1, 2)), torch.ones(4))
    assert torch.equal(drop_(torch.ones(4), 1.0, (1, 2)), torch.zeros(4))


def test_not_a_number_can_be_dropped_and_only_dropped():
    x = drop_(torch.full((1000,), torch.nan), 0.5, (1, 2))
    assert 400 < int((x == 0).sum()) < 600
    assert bool(((x == 0) | x.isnan()).all())


def test_keys_and_seeds():
    assert mask_key(5, 1, 2) == mask_key(5, 1, 2)
    assert len({mask_key(5), mask_key(5, 1), mask_key(5, 1, 2), mask_key(6, 1, 2)}) == 4
    torch.manual_seed(0)
    first = draw_seed()
    assert first != draw_seed()
    torch.manual_seed(0)
    assert draw_seed() == first


def test_the_scale_keeps_the_mean():
    assert dropout_scale(0.0) == 1.0
    assert dropout_scale(0.25) == 4 / 3
    assert dropout_scale(0.35) == pytest.approx(1 / 0.65, rel=1e-5)
