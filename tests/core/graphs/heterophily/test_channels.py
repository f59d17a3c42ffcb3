"""What each channel computes, against dense float64."""

import numpy as np
import pytest
import torch

from diffresnet.graphs.heterophily.channels import (
    AdjacencyChannel,
    ConvolutionChannel,
    FeatureChannel,
    SeparatedChannel,
)
from diffresnet.graphs.layers.linear import ReplicaInit
from node_cases import node_data

DATA = node_data()


def made(kind):
    """A channel of random parameters, projected features, and both as float64."""
    channel = kind(DATA, ReplicaInit([1, 2], DATA.device), 4)
    generator = torch.Generator().manual_seed(0)
    for parameter in channel.parameters():
        parameter.data = torch.randn(parameter.shape, generator=generator)
    z = torch.randn(2, len(DATA), 4 * kind.projections, generator=generator)
    numbers = {name: p.detach().double().numpy()[1] for name, p in channel.named_parameters()}
    return channel, z, z[1].double().numpy(), numbers


def head(hidden, numbers, name="head"):
    return hidden @ numbers[f"{name}.weight"] + numbers[f"{name}.bias"]


def relu(z, numbers):
    return np.maximum(z + numbers["bias"], 0.0)


def oracle(kind, z, numbers):
    a = DATA.adjacency.toarray()
    if kind is FeatureChannel:
        return head(relu(z, numbers), numbers)
    if kind is ConvolutionChannel:
        loops = a + np.eye(len(a))
        root = loops.sum(1) ** -0.5
        convolve = root[:, None] * loops * root
        return convolve @ head(relu(convolve @ z, numbers), numbers)
    if kind is SeparatedChannel:
        mean = a / a.sum(1, keepdims=True)
        hidden = relu(z[:, :4] + mean @ z[:, 4:], numbers)
        return head(hidden, numbers) + mean @ head(hidden, numbers, "neighbour_head")
    link = a / np.linalg.norm(a, axis=1, keepdims=True)
    return head(relu(z + link @ numbers["node_weight"], numbers), numbers)


@pytest.mark.parametrize(
    "kind", [FeatureChannel, ConvolutionChannel, SeparatedChannel, AdjacencyChannel]
)
def test_against_a_dense_oracle(kind):
    channel, z, z64, numbers = made(kind)
    want = oracle(kind, z64, numbers)
    np.testing.assert_allclose(channel(z, 0.0)[1].detach(), want, atol=1e-4, rtol=1e-4)
