"""Candidates in bfloat16: the search stays exact, on any processor."""

import numpy as np
import pytest
import torch

from diffresnet.similarity import exact, rounded
from diffresnet.similarity.exact import Points
from diffresnet.similarity.rounded import RoundedPoints

GENERATOR = np.random.default_rng(0)
MIDDLES = np.repeat(GENERATOR.normal(size=(20, 40)), 15, axis=0)
CASES = {
    "noise": GENERATOR.normal(size=(300, 40)),
    "whole numbers": GENERATOR.integers(0, 16, (300, 20)),
    "far from 0": 1.0 + 1e-3 * GENERATOR.normal(size=(300, 40)),
    "near copies": MIDDLES + 1e-5 * GENERATOR.normal(size=(300, 40)),
    "copies": MIDDLES,
    "one far out": np.r_[GENERATOR.normal(size=(299, 40)), [[1e4] * 40]],
    "zeros": np.zeros((300, 40)),
}


@pytest.fixture(params=CASES)
def x(request):
    return torch.from_numpy(CASES[request.param].astype(np.float32))


@pytest.mark.parametrize("others", [False, True])
def test_the_search_is_the_plain_one(x, others, monkeypatch):
    found = []
    for tiles in (False, True):
        monkeypatch.setattr(rounded, "has_tiles", lambda tiles=tiles: tiles)
        monkeypatch.setattr(exact, "ROUNDED_POINTS", 100)
        monkeypatch.setattr(exact, "CHUNK_BYTES", 60_000)
        points = Points(x)
        rows = points if others else points.like(x[:150] + 0.01 * x[150:])
        found.append(points.nearest(rows, 5, others=others))
        assert (points._rounded is not None) == tiles
    (_, nearest), (indices, distances) = found
    # Among near copies float32 products may leave out the nearest, which more candidates keep.
    assert bool((distances <= nearest * (1 + 1e-5)).all())
    torch.testing.assert_close(distances, points.distances(rows.x, indices))
    assert all(len(set(row)) == 5 for row in indices.tolist())
    if others:
        assert bool((indices != torch.arange(300)[:, None]).all())


def test_no_other_point_is_nearer_than_promised(x):
    points = Points(x)
    rows = points.x[:60]
    candidates, beyond = RoundedPoints(points.x, points.square).nearest(rows, 12)
    distance = torch.cdist(rows.double(), points.x.double())
    distance.scatter_(1, candidates, torch.inf)
    assert bool((distance.amin(1) >= beyond).all())


def test_most_rows_need_no_second_look():
    points = Points(torch.from_numpy(CASES["noise"].astype(np.float32)))
    candidates, beyond = RoundedPoints(points.x, points.square).nearest(points.x, 20)
    nearest = points.distances(points.x, candidates).sort(dim=1).values
    assert (nearest[:, 5] < beyond * points.scale).float().mean() > 0.8
