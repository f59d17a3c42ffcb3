import pytest
import torch
from torch.nn import functional

from diffresnet.errors import InputError
from diffresnet_lab.backbones.networks import BACKBONES, Conv4, ResNet18, WRN28x10, make_backbone
from diffresnet_lab.backbones.networks.residual import Conv3x3


def parameters(network):
    return sum(parameter.numel() for parameter in network.parameters())


@pytest.mark.parametrize(
    ("network", "count"),
    [
        # Conv-4 of prototypical networks: 113,088 for RGB, 111,936 for Omniglot.
        (Conv4(3, 84), 113_088),
        (Conv4(1, 28), 111_936),
        # The published sizes for CIFAR-10, less the classifier of 10 classes.
        (ResNet18(3), 11_173_962 - 512 * 10 - 10),
        (WRN28x10(3), 36_479_194 - 640 * 10 - 10),
    ],
)
def test_as_many_parameters_as_published(network, count):
    assert parameters(network) == count


@pytest.mark.parametrize(
    ("name", "channels", "size", "features"),
    [
        ("conv4", 1, 28, 64),
        ("conv4", 3, 32, 256),
        ("conv4", 3, 84, 1600),
        ("resnet18", 3, 32, 512),
        ("resnet18", 1, 28, 512),
        ("wrn28-10", 3, 16, 640),
    ],
)
def test_features_are_as_wide_as_said(name, channels, size, features):
    network = make_backbone(name, channels, size).eval()
    with torch.no_grad():
        out = network(torch.rand(2, channels, size, size))
    assert out.shape == (2, features)
    assert network.features == features


@pytest.mark.parametrize(("network", "places"), [(ResNet18(3), (11, 11)), (WRN28x10(3), (21, 21))])
def test_the_last_map_at_84_pixels(network, places):
    """Stride 1 in the stem and no max-pool: 84, 42, 21, 11, halved (rounding up) by stages only."""
    seen = []
    network.stages.register_forward_hook(lambda module, args, out: seen.append(out.shape[2:]))
    with torch.no_grad():
        network.eval()(torch.rand(1, 3, 84, 84))
    assert seen == [places]


@pytest.mark.parametrize("stride", [1, 2])
@pytest.mark.parametrize("size", [1, 2, 3, 4, 5, 8])
def test_small_maps_are_convolved_as_large_ones(size, stride):
    layer = Conv3x3(5, 7, stride).double()
    x = torch.randn(3, 5, size, size, dtype=torch.double, requires_grad=True)
    expected = functional.conv2d(x, layer.weight, stride=stride, padding=1)
    out = layer(x)
    torch.testing.assert_close(out, expected)
    weights = torch.randn_like(out)
    ours, theirs = (
        torch.autograd.grad((y * weights).sum(), (x, layer.weight)) for y in (out, expected)
    )
    torch.testing.assert_close(ours, theirs)


@pytest.mark.parametrize("name", ["conv4", "resnet18"])
def test_every_parameter_learns(name):
    network = make_backbone(name, 3, 32)
    network(torch.rand(4, 3, 32, 32)).square().sum().backward()
    for parameter in network.parameters():
        assert parameter.grad is not None
        assert bool(parameter.grad.isfinite().all())


def test_residual_blocks_add_to_what_comes_in():
    network = WRN28x10(1).eval()
    block = network.stages[0][1]
    torch.nn.init.zeros_(block.conv2.weight)
    x = torch.randn(2, 160, 5, 5)
    with torch.no_grad():
        torch.testing.assert_close(block(x), x)


def test_what_is_refused():
    with pytest.raises(InputError, match="no backbone 'vgg'; there are conv4, resnet18, wrn28-10"):
        make_backbone("vgg", 3, 84)
    with pytest.raises(InputError, match="too few"):
        make_backbone("conv4", 3, 15)
    assert list(BACKBONES) == ["conv4", "resnet18", "wrn28-10"]
