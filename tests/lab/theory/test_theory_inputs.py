import numpy as np
import pytest
import torch

from diffresnet_lab.theory.inputs import as_classes, as_direction, as_points


def test_points_are_copied_in_float64():
    given = np.arange(6, dtype=np.float32).reshape(3, 2)
    x = as_points(torch.from_numpy(given))
    assert x.dtype == np.float64
    x[0, 0] = 9.0
    assert given[0, 0] == 0.0
    assert as_points([[1, 2]]).tolist() == [[1.0, 2.0]]


@pytest.mark.parametrize("labels", [["b", "a", "b"], np.array([7, -1, 7]), torch.tensor([1, 0, 1])])
def test_labels_become_indices_in_order(labels):
    names, classes = as_classes(labels, 3)
    assert len(names) == 2
    assert classes.tolist() == [1, 0, 1]


@pytest.mark.parametrize("length", [1e-300, 1.0, 1e300])
def test_a_direction_has_length_one_whatever_it_had(length):
    u = as_direction([3.0 * length, -4.0 * length], 2)
    np.testing.assert_allclose(u, [0.6, -0.8], rtol=1e-15)
    assert as_direction(torch.tensor([0.0, 2.0]), 2).tolist() == [0.0, 1.0]
