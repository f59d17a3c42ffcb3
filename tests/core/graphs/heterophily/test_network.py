"""The mixture of channels: its scores, its losses, and the weights that labels choose."""

from dataclasses import replace

import numpy as np
import torch

from diffresnet.graphs.heterophily.channels import CHANNELS
from diffresnet.graphs.heterophily.network import ChannelConfig, ChannelMixtureNodes
from diffresnet.graphs.node_data import NodeData
from diffresnet.graphs.training import cross_entropies
from diffresnet_lab.nodes.heterophilous_graphs import (
    block_graph,
    cyclic_compatibility,
    uniform_compatibility,
)
from node_cases import node_data

QUIET = ChannelConfig(8, input_dropout=0.0, dropout=0.0, epochs=30)


def test_probabilities_are_a_weighted_mean():
    data = node_data()
    model = ChannelMixtureNodes(data, QUIET, [1, 2]).eval()
    weights = torch.tensor([0.1, 0.1, 0.2, 0.2, 0.4])
    model.log_weights = weights.log()
    model.prior = torch.softmax(torch.randn(len(data), 2), -1)
    each = torch.softmax(model.channel_scores(), -1)
    rows = torch.tensor([3, 0, 3])
    mixed = (weights[:4, None, None, None] * each).sum(0)[:, rows] + 0.4 * model.prior[rows]
    torch.testing.assert_close(model(rows).exp(), mixed)


def test_channels_learn_apart_and_a_mask_hides_labels():
    data = node_data()
    rows, target = torch.arange(10), data.labels[:10]
    model = ChannelMixtureNodes(data, replace(QUIET, decay=0.0), [1, 2])
    scores = model.channel_scores()[:, :, rows]
    want = sum(cross_entropies(of_channel, target) for of_channel in scores)
    torch.testing.assert_close(model.losses(rows, target), want)
    masked = model.masked_losses(rows, target, (torch.arange(10) < 6).float())
    torch.testing.assert_close(masked, model.losses(rows[:6], target[:6]))


def test_the_decay_is_a_prior_that_many_labels_outweigh():
    data = node_data()
    plain, decayed = (
        ChannelMixtureNodes(data, replace(QUIET, decay=decay), [1]) for decay in (0.0, 2.0)
    )
    squares = sum(weight.square().sum() for weight in plain.weights)
    squares = squares + plain.channels[3].node_weight.square().sum()
    for count in (10, 40):
        rows, target = torch.arange(count), data.labels[:count]
        more = decayed.losses(rows, target) - plain.losses(rows, target)
        torch.testing.assert_close(more, squares[None] / count, atol=1e-3, rtol=1e-3)


def test_labels_choose_the_channel():
    features, separated = 0, 2
    for compatibility, signal, best in (
        (uniform_compatibility(3, 1 / 3), 0.6, features),  # neighbours say nothing
        (cyclic_compatibility(3, 0.0), 0.1, separated),
    ):
        data = NodeData.from_graph(block_graph(compatibility, 200, feature_signal=signal, seed=1))
        model = ChannelMixtureNodes(data, ChannelConfig(8, epochs=40), [1])
        torch.manual_seed(5)
        model.prepare(torch.arange(100))
        drawn = torch.rand(1)
        torch.manual_seed(5)
        assert torch.equal(drawn, torch.rand(1))  # the state of torch is left alone
        weights = model.log_weights.exp()
        np.testing.assert_allclose(weights.sum(), 1.0, rtol=1e-5)
        assert len(weights) == len(CHANNELS) + 1
        others = {features: 1, separated: 0}[best]
        assert weights[best] > weights[others]
        assert 0.4 < model.held_out_accuracy < 1.0
