import numpy as np
import pytest

from diffresnet_lab.experiments.demo.features import between_share, feature_motion


@pytest.fixture(scope="module")
def motion():
    return feature_motion(labels_per_class=2, seed=1)


def test_diffusion_draws_digits_apart(motion):
    assert motion.before.points.shape == motion.after.points.shape == (1797, 2)
    assert motion.labelled.sum() == 20
    assert motion.strength > 0
    assert motion.after.between > motion.before.between + 0.2


def test_the_second_map_is_turned_to_match_the_first(motion):
    match = np.sum(motion.before.points * motion.after.points)
    for turn in ([[-1, 0], [0, 1]], [[0, 1], [1, 0]], [[0, -1], [1, 0]]):
        assert match >= np.sum(motion.before.points * (motion.after.points @ np.array(turn)))


def test_the_share_between_classes():
    classes = np.array([0, 0, 1, 1])
    assert between_share(np.array([[0.0], [0.0], [1.0], [1.0]]), classes) == pytest.approx(1.0)
    assert between_share(np.array([[0.0], [1.0], [0.0], [1.0]]), classes) == pytest.approx(0.0)
