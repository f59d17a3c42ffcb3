import numpy as np
import pytest
import scipy.sparse
import torch

from diffresnet.errors import InputError
from diffresnet.operators import SparseLaplacian
from diffresnet_lab.experiments.motion import Motion, fit_decay, follow

PATH = scipy.sparse.csr_array([[0.0, 0.25, 0.0], [0.25, 0.0, 0.25], [0.0, 0.25, 0.0]])
POINTS = np.array([[1.0], [0.0], [-1.0]])


def test_the_slow_mode_of_a_path_shrinks_by_its_eigenvalue():
    # (1, 0, -1) is the eigenvector of the eigenvalue 1/4.
    laplacian = SparseLaplacian(PATH, dtype=torch.float64)
    seen = list(follow(laplacian, POINTS, np.zeros(3, int), (0, 1, 5)))
    motion = Motion.of_geometry((0, 1, 5), [geometry for _, geometry in seen])
    np.testing.assert_allclose(motion.diameter, 2.0 * 0.75 ** np.array([0, 1, 5]))
    np.testing.assert_allclose(seen[1][0], 0.75 * POINTS)
    assert next(motion.rows()) == {
        "step": 0,
        "diameter": 2.0,
        "distance": np.inf,
        "ratio": np.inf,
    }


def test_steps_must_ascend():
    with pytest.raises(InputError, match="ascending"):
        list(follow(SparseLaplacian(PATH, dtype=torch.float64), POINTS, np.zeros(3, int), (2, 1)))


def curve(diameter):
    steps = np.arange(len(diameter))
    return Motion(steps, np.asarray(diameter), np.ones(len(diameter)))


def test_the_fit_finds_the_slow_mode_behind_a_fast_one():
    t = np.arange(301)
    rate, window = fit_decay(curve(0.93**t + 5.0 * 0.7**t), size=1.0)
    assert rate == pytest.approx(0.93, rel=1e-9)
    assert window == (200, 300)


def test_the_fit_stops_above_rounding():
    t = np.arange(1001)
    noisy = np.maximum(0.9**t, 3e-16)
    rate, (first, last) = fit_decay(curve(noisy), size=1.0)
    assert rate == pytest.approx(0.9, rel=1e-9)
    assert noisy[last] > 1e-11
    assert first >= 2 / 3 * last


def test_a_fit_needs_steps():
    with pytest.raises(InputError, match="three steps"):
        fit_decay(curve([1.0, 0.5]), size=1.0)
    with pytest.raises(InputError, match="three steps"):
        fit_decay(curve([0.0, 0.0, 0.0, 0.0]), size=1.0)
