"""Points in bands across a random direction, for the tests of Theorem 1."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from hypothesis import strategies as st


@dataclass(frozen=True)
class Banded:
    """Bands along `direction`, of 1 to 5 points each; neighbours are of different classes."""

    points: np.ndarray  # (n, d)
    classes: np.ndarray  # (n,)
    bands: np.ndarray  # (n,)
    direction: np.ndarray  # (d,)


def banded(seed: int, d: int, bands: int, classes: int, width: float, gap: float) -> Banded:
    rng = np.random.default_rng(seed)
    of_band = [int(rng.integers(classes))]
    while len(of_band) < bands:
        of_band.append(int((of_band[-1] + rng.integers(1, classes)) % classes))
    sizes = rng.integers(1, 6, bands)
    bands_of = np.repeat(np.arange(bands), sizes)
    starts = np.cumsum(width + gap * (1.0 + rng.random(bands)))
    along = starts[bands_of] + width * rng.random(len(bands_of))
    across = 3.0 * rng.standard_normal((len(along), d - 1))
    turn = np.linalg.qr(rng.standard_normal((d, d)))[0]
    shuffled = rng.permutation(len(along))
    points = np.column_stack([along, across]) @ turn + rng.standard_normal(d)
    return Banded(
        points[shuffled], np.array(of_band)[bands_of[shuffled]], bands_of[shuffled], turn[0]
    )


DIMENSIONS, CLASSES, BANDS = st.integers(1, 6), st.integers(2, 5), st.integers(1, 12)


def banded_cases(dimensions=DIMENSIONS, classes=CLASSES, bands=BANDS) -> st.SearchStrategy[Banded]:
    return st.builds(
        banded,
        seed=st.integers(0, 2**31),
        d=dimensions,
        bands=bands,
        classes=classes,
        width=st.sampled_from([0.0, 0.01, 1.0, 5.0]),
        gap=st.sampled_from([0.1, 1.0]),
    )
