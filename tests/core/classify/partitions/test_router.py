"""The router: balanced partitions, and one place for equal rows."""

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest

from diffresnet.classify.partitions.points import PartPoints, Visits
from diffresnet.classify.partitions.router import Router, Split
from diffresnet.classify.points import Projection


def clusters(n, seed=0, columns=6):
    rng = np.random.default_rng(seed)
    centres = 4.0 * rng.normal(size=(20, columns))
    return (centres[rng.integers(20, size=n)] + rng.normal(size=(n, columns))).astype(np.float32)


@pytest.mark.parametrize("partitions", [1, 2, 5, 13])
@pytest.mark.parametrize("unit", [False, True])
def test_partitions_hold_about_as_many_rows_each(partitions, unit):
    x = clusters(5000)
    split = Router.fit(Projection(), unit, x, partitions).split(x)
    sizes = np.diff(split.routes.ends)
    assert sizes.sum() == len(x)
    assert len(sizes) == partitions
    assert sizes.max() < 2.0 * len(x) / partitions


def test_a_split_holds_every_row_once_and_in_the_partition_of_its_nearest_cell():
    x = clusters(500)
    router = Router.fit(Projection(), False, x, 4)
    split = router.split(x)
    assert np.array_equal(np.sort(split.routes.order), np.arange(500))
    squares = ((x[:, None].astype(np.float64) - router.cells) ** 2).sum(2)
    for p in range(4):
        rows = split.routes.to(p)
        assert np.array_equal(Split.to(split, p), x[rows])
        nearest = squares[rows].argmin(axis=1)
        assert ((nearest >= router.ends[p]) & (nearest < router.ends[p + 1])).all()


def test_distances_to_partitions_are_those_to_their_nearest_cells():
    x = clusters(300)
    router = Router.fit(Projection(), False, x, 5)
    squares = ((x[:, None].astype(np.float64) - router.cells) ** 2).sum(2)
    expected = [squares[:, a:b].min(axis=1) for a, b in pairwise(router.ends)]
    assert np.allclose(router.distances(x), np.array(expected).T, rtol=1e-4, atol=1e-4)


def test_equal_rows_are_one_point_wherever_they_come_from():
    x = np.repeat(clusters(50), 4, axis=0)
    router = Router.fit(Projection(), False, x, 1)
    points = PartPoints.of([x[:120], x[120:]], router)
    assert len(points) == 50
    assert points.starts.tolist() == [0, 120, 200]
    assert np.array_equal(points.x[points.of_row], x)


def test_more_partitions_than_distinct_rows_are_as_many_as_there_are():
    x = np.repeat(clusters(3), 20, axis=0)
    router = Router.fit(Projection(), False, x, 10)
    assert 1 <= router.partitions <= 3
    assert np.diff(router.split(x).routes.ends).sum() == 60


def test_points_visit_the_nearest_partitions_within_the_ratio():
    x = clusters(400)
    router = Router.fit(Projection(), False, x, 6)
    points = PartPoints.of([router.split(x).to(2)], router)
    distances = router.distances(points.x)
    visits = Visits.of(points, router, own=2, ratio=1.5, most=2, few=5)
    for p in range(6):
        sent = np.zeros(len(points), dtype=bool)
        sent[visits.to(p)] = True
        near = (distances < distances[:, p, None]).sum(axis=1) <= 2
        reach = 1.5 * np.maximum(distances[:, 2], router.radius)
        expected = near & (distances[:, p] <= reach)
        assert np.array_equal(sent, expected if p != 2 else np.zeros_like(sent))


def test_points_that_are_few_visit_whatever_they_may():
    x = clusters(400)
    router = replace(Router.fit(Projection(), False, x, 6), radius=0.0)
    points = PartPoints(router.cells[:1].copy(), np.arange(1), np.array([0, 1]))
    visits = Visits.of(points, router, own=0, ratio=1.0, most=3, few=5)  # at distance 0 from home
    assert len(visits.rows) == 3
