"""Dropout masks by a hash of the position: nothing is stored, and any part can be made anew.

The numba kernel and the torch one make the same masks, whatever the device. On one core of a CPU
the kernel took 0.1 ns an entry, where `Tensor.bernoulli_` alone takes 10.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

LEVELS = 2**16
"""An entry is dropped with probability round(p LEVELS) / LEVELS."""

Key = tuple[int, int]
"""Two 32-bit words that a mask is made from."""


def dropout_scale(p: float) -> float:
    """Return the inverted-dropout scale 1 / (1 - p) of the entries that are kept."""
    kept = LEVELS - round(LEVELS * p)
    return LEVELS / kept if kept else 0.0


def draw_seed() -> int:
    """Draw a seed from the global generator, as any dropout of a module draws from it."""
    return int(torch.randint(2**62, ()))


def mask_key(seed: int, *index: int) -> Key:
    """Return the key of one mask among many of a seed."""
    first, second = np.random.SeedSequence([seed, *index]).generate_state(2)
    return int(first), int(second)


def drop_(x: Float[Tensor, "..."], p: float, key: Key) -> Float[Tensor, "..."]:
    """Set entries of x to 0 with probability p, in place; the others keep their values.

    Entry e of the flat x and entry e + half, half = ceil(size / 2), share a hashed word: its low
    16 bits decide the one, its high 16 bits the other.

    Parameters
    ----------
    x : contiguous
    """
    level = round(LEVELS * p)
    if level == 0:
        return x
    kernel = _kernel() if x.device.type == "cpu" and x.dtype == torch.float32 else None
    if kernel is None:
        return x.masked_fill_(_dropped(x.numel(), level, key, x.device).view(x.shape), 0.0)
    bits = x.detach().view(-1).numpy().view(np.uint32)
    kernel(bits, np.uint32(level), np.uint32(key[0]), np.uint32(key[1]))
    return x


def _dropped(count: int, level: int, key: Key, device: torch.device) -> Tensor:
    """Mark the dropped entries, by torch alone: 32-bit words are int32 that wrap around."""
    word = torch.arange(-(-count // 2), dtype=torch.int32, device=device).add_(_signed(key[0]))
    word ^= (word >> 16) & 0xFFFF  # the shift copies the sign, which the mask takes off
    word.mul_(_signed(_FIRST)).bitwise_xor_(_signed(key[1]))
    word ^= (word >> 15) & 0x1FFFF
    word.mul_(_signed(_SECOND))
    word ^= (word >> 16) & 0xFFFF
    return torch.cat([word & 0xFFFF, (word >> 16) & 0xFFFF])[:count] < level


def _signed(word: int) -> int:
    return word - 2**32 if word >= 2**31 else word


# The multipliers of a published search for hashes of 32 bits with little bias ("lowbias32").
_FIRST, _SECOND = 0x7FEB352D, 0x846CA68B


@cache
def _kernel() -> Callable[..., None] | None:
    """Compile the dropout of a panel, 20 times as fast; None where numba is not installed."""
    try:
        import numba
    except ImportError:
        return None
    short, fifteen, low_16 = np.uint32(16), np.uint32(15), np.uint32(LEVELS - 1)
    one, other = np.uint32(_FIRST), np.uint32(_SECOND)
    u32 = np.uint32  # numba widens products of 32 bits to 64, so that each is cut again

    @numba.njit(inline="always")
    def hashed(e: Any, start: Any, key: Any) -> Any:
        word = u32(u32(e) + start)
        word = u32(word ^ (word >> short))
        word = u32(u32(word * one) ^ key)
        word = u32(word ^ (word >> fifteen))
        word = u32(word * other)
        return u32(word ^ (word >> short))

    def drop(bits: Any, level: Any, start: Any, key: Any) -> None:
        half = (bits.size + 1) // 2
        low, high = bits[:half], bits[half:]
        for e in range(high.size):  # without branches, so that it runs on vectors
            word = hashed(e, start, key)
            low[e] = u32(low[e] & u32(-np.int32(u32(word & low_16) >= level)))
            high[e] = u32(high[e] & u32(-np.int32(u32(word >> short) >= level)))
        if half > high.size and u32(hashed(high.size, start, key) & low_16) < level:
            low[high.size] = u32(0)

    compiled: Callable[..., None] = numba.njit(nogil=True, error_model="numpy", cache=True)(drop)
    return compiled
