import numpy as np
import pytest

from diffresnet_lab.statistics import Estimate, clustered_mean, paired_difference, standard_error


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


def test_one_cluster_has_no_error():
    for found in (
        clustered_mean(clusters([80, 82])),
        paired_difference(clusters([1]), clusters([2])),
    ):
        assert np.isnan(found.error)
        assert np.isnan(found.ci95)
        assert found.clusters == 1
