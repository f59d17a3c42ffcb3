import numpy as np
import pytest

from diffresnet_lab.statistics import (
    Estimate,
    clustered_mean,
    paired_difference,
    sample_mean,
    standard_error,
)


def clusters(*values):
    return [np.array(each, dtype=float) for each in values]


def test_a_mean_over_clusters():
    found = clustered_mean(clusters([80, 82], [70, 72], [60, 68]))
    assert (found.mean, found.clusters) == (72.0, 3)
    assert found.std == pytest.approx(np.std([80, 82, 70, 72, 60, 68]))
    assert found.error == pytest.approx(np.std([81, 71, 64], ddof=1) / np.sqrt(3))
    assert found.ci95 == pytest.approx(1.96 * found.error)


def test_one_number_a_cluster_is_the_plain_standard_error():
    values = np.random.default_rng(0).normal(size=50)
    found = clustered_mean(list(values[:, None]))
    assert found.error == pytest.approx(values.std(ddof=1) / np.sqrt(50))
    assert standard_error(values) == found.error


def test_differences_are_between_means_of_the_same_clusters():
    one, other = clusters([80, 82], [70, 72], [1, 1]), clusters([80], [73])
    found = paired_difference(one, other)
    assert (found.mean, found.clusters) == (-0.5, 2)
    assert found.error == pytest.approx(np.std([1.0, -2.0], ddof=1) / np.sqrt(2))
    assert paired_difference(other, one).mean == 0.5
    assert paired_difference(one, one) == Estimate(0.0, 0.0, 3, 0.0)


def test_the_mean_of_independent_values():
    values = np.array([50.0, 60.0, 90.0, 40.0])
    estimate = sample_mean(values)
    assert (estimate.mean, estimate.clusters) == (60.0, 4)
    assert estimate.ci95 == pytest.approx(1.96 * (1400 / 3) ** 0.5 / 2)
    assert sample_mean(values) == clustered_mean(list(values[:, None]))
    assert np.isnan(sample_mean(values[:1]).ci95)


def test_the_interval_covers_the_mean_19_times_of_20():
    rng = np.random.default_rng(0)
    estimates = [sample_mean(rng.normal(70, 10, 200)) for _ in range(2000)]
    covered = np.mean([abs(one.mean - 70) <= one.ci95 for one in estimates])
    assert 0.93 < covered < 0.965


def test_one_cluster_has_no_error():
    for found in (
        clustered_mean(clusters([80, 82])),
        paired_difference(clusters([1]), clusters([2])),
    ):
        assert np.isnan(found.error)
        assert np.isnan(found.ci95)
        assert found.clusters == 1
