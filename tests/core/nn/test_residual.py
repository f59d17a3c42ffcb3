import numpy as np
import torch

from diffresnet.nn import ResidualBlock


def test_is_eq_5_and_6():
    torch.manual_seed(0)
    block, x = ResidualBlock(4, 7), torch.randn(9, 4)
    w1, b1 = block.fc1.weight, block.fc1.bias
    w2, b2 = block.fc2.weight, block.fc2.bias
    expected = x + torch.relu(x @ w1.T + b1) @ w2.T + b2
    np.testing.assert_allclose(block(x).detach(), expected.detach(), atol=1e-6)


def test_shapes():
    assert ResidualBlock(4).fc1.weight.shape == (4, 4)
    assert ResidualBlock(4, 7).fc1.weight.shape == (7, 4)
    assert ResidualBlock(4)(torch.zeros(2, 3, 4)).shape == (2, 3, 4)


def test_every_point_by_itself():
    block, x = ResidualBlock(4).double(), torch.randn(9, 4, dtype=torch.float64)
    np.testing.assert_allclose(block(x)[3].detach(), block(x[3:4])[0].detach(), atol=1e-12)
