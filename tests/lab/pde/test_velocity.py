import pytest
import torch

from diffresnet.errors import InputError
from diffresnet.nn import ResidualBlock
from diffresnet_lab.pde import Convection


def test_without_noise_and_with_one_step_a_block_it_is_the_network():
    torch.manual_seed(0)
    blocks = [ResidualBlock(2, 5).double() for _ in range(3)]
    x = torch.randn(7, 2, dtype=torch.float64)
    expected = x
    for block in blocks:
        expected = block(expected)
    found = Convection.of_blocks(blocks).transport(x, substeps=1)
    torch.testing.assert_close(found, expected, rtol=0, atol=1e-13)


def test_the_first_block_acts_last_in_the_time_of_the_equation():
    layers = tuple(lambda x, k=k: 0 * x + k for k in range(3))
    convection, x = Convection(layers), torch.zeros(1, 2)
    assert convection.time == 3
    assert [float(convection.at(t)(x)[0, 0]) for t in (0, 0.9, 1, 2, 2.5)] == [2, 2, 1, 0, 0]
    for t in (-0.1, 3.0):
        with pytest.raises(InputError, match="0 <= t < 3"):
            convection.at(t)


def test_short_steps_tend_to_the_exact_flow():
    grow = Convection((lambda x: x,))
    x = torch.ones(1, 2, dtype=torch.float64)
    errors = [float((grow.transport(x, m) - torch.e).abs().max()) for m in (64, 128)]
    assert errors[0] / errors[1] == pytest.approx(2.0, abs=0.05)
