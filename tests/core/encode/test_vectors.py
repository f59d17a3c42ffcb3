import numpy as np
import pytest
import torch

from diffresnet.encode.vectors import check_vectors
from diffresnet.errors import InputError


@pytest.mark.parametrize(
    "output",
    [
        [[1, 2], [3, 4]],
        np.array([[1, 2], [3, 4]], np.float16),
        torch.tensor([[1.0, 2.0], [3.0, 4.0]], requires_grad=True),
        torch.tensor([[1, 2], [3, 4]]),
        torch.tensor([[1, 2], [3, 4]]).to(torch.bfloat16),
        [np.array([1, 2]), np.array([3, 4])],
    ],
)
def test_any_numbers_become_float32(output):
    vectors = check_vectors(output, 2)
    assert vectors.dtype == np.float32
    np.testing.assert_array_equal(vectors, [[1, 2], [3, 4]])


@pytest.mark.parametrize(
    "output",
    [
        None,
        "features",
        [[1.0], [1.0, 2.0]],
        [1.0, 2.0],
        [[1.0, 2.0]],
        [[], []],
        [["a"], ["b"]],
        np.ones((2, 2)) * 1j,
        np.ones((2, 2), bool),
        [[1.0], [None]],
        [[1.0], [np.nan]],
        [[1.0], [np.inf]],
        [[1.0], [1e300]],
        torch.ones(2, 2, 2),
    ],
)
def test_what_is_no_features(output):
    with pytest.raises(InputError, match=r"^the encoder (must return|returned) [^\n]*$"):
        check_vectors(output, 2)
