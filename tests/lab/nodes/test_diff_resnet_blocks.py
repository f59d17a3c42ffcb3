"""Diff-ResNet of several blocks and of any width, against plain dense float64."""

from itertools import pairwise

import pytest
import torch

from diffresnet.errors import InputError
from diffresnet_lab.nodes.models.diff_resnet import DiffResNetConfig, DiffResNetNodes
from diffresnet_lab.nodes.training import EarlyStoppingConfig, train_early_stopped
from node_cases import halves, node_data

DEEP = {"gamma": 0.2, "blocks": 3, "width": 5}


def plain_hidden(model, replica):
    """Embedding, then each block and its diffusion, one after the other."""
    data, config = model.data, model.config
    z = data.dense_features.double()
    if len(model.embed):
        weight, bias = model.embed
        z = z @ weight[replica].double() + bias[replica].double()
    laplacian = data.laplacian.to_dense().double()
    weights, biases = [model.weight, *model.weights], [model.bias, *model.biases]
    assert len(weights) == config.blocks
    for weight, bias in zip(weights, biases, strict=True):
        z = z + torch.relu(z @ weight[replica].double() + bias[replica].double())
        for _ in range(config.steps):
            z = z - config.gamma * laplacian @ z
    return z


def plain(model, replica, rows):
    scores = plain_hidden(model, replica) @ model.head[replica].double()
    return (scores + model.head_bias[replica].double())[rows]


@pytest.mark.parametrize("placement", ["each", "once"])
@pytest.mark.parametrize("steps", [0, 1, 4])
@pytest.mark.parametrize(("blocks", "width"), [(1, 5), (3, 5), (3, None), (2, 24)])
def test_answers_are_those_of_the_plain_network(placement, steps, blocks, width):
    settings = DiffResNetConfig(0.2, steps, 0.5, placement, blocks, width)
    model = DiffResNetNodes(node_data(), settings, [3, 40]).eval()
    assert len(model.embed) == (2 if width == 5 else 0)
    rows = torch.tensor([5, 0, 59, 5])
    found, hidden = model(rows), model.hidden()
    for replica in range(2):
        expected = plain(model, replica, rows)
        torch.testing.assert_close(found[replica].double(), expected, rtol=1e-4, atol=1e-5)
        expected = plain_hidden(model, replica)
        torch.testing.assert_close(hidden[replica].double(), expected, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("placement", ["each", "once"])
@pytest.mark.parametrize("steps", [0, 2])
def test_gradients_are_those_of_the_plain_network(placement, steps):
    settings = DiffResNetConfig(steps=steps, dropout=0.0, placement=placement, **DEEP)
    model = DiffResNetNodes(node_data(), settings, [1]).train()
    rows = torch.arange(10)
    upstream = torch.randn(10, 2, generator=torch.Generator().manual_seed(0))
    grads = [
        torch.autograd.grad((scores * upstream).sum(), list(model.parameters()))
        for scores in (model(rows)[0], plain(model, 0, rows))
    ]
    assert len(grads[0]) == 2 * (1 + 3 + 1)
    for ours, theirs in zip(*grads, strict=True):
        torch.testing.assert_close(ours, theirs, rtol=1e-3, atol=1e-5)


def test_every_block_drops_in_training():
    """Past a first block that is linear and a second of weights zero, the mean is the answer."""
    settings = DiffResNetConfig(steps=2, dropout=0.3, gamma=0.2, blocks=2, width=5)
    model = DiffResNetNodes(node_data(), settings, [1])
    with torch.no_grad():
        model.weights[0].zero_()
        rows = torch.arange(60)
        torch.manual_seed(0)
        draws = torch.stack([model.train()(rows)[0] for _ in range(400)])
        answer = model.eval()(rows)[0]
    spread = draws.std(0) / 20
    assert float(spread.min()) > 0
    assert float(((draws.mean(0) - answer) / spread).abs().max()) < 5


def test_replicas_start_and_go_on_alone():
    data = node_data()
    settings = DiffResNetConfig(steps=2, dropout=0.0, **DEEP)
    both, alone = (DiffResNetNodes(data, settings, seeds) for seeds in ([70, 8], [8]))
    for together, single in zip(both.parameters(), alone.parameters(), strict=True):
        assert torch.equal(together[1:], single)
    drawn = [both.weight[0], *(weight[0] for weight in both.weights)]
    assert len(drawn) == 3
    assert all(not torch.equal(a, b) for a, b in pairwise(drawn))
    both.keep(torch.tensor([1]))
    rows = torch.arange(len(data))
    torch.testing.assert_close(both.eval()(rows), alone.eval()(rows))


def test_it_learns():
    data = node_data()
    settings = DiffResNetConfig(gamma=0.2, steps=1, dropout=0.1, blocks=3, width=8)
    model = DiffResNetNodes(data, settings, [1, 2])
    torch.manual_seed(0)
    found = train_early_stopped(
        model, data.labels, *halves(data), EarlyStoppingConfig(0.02, epochs=60)
    )
    assert float(found.validation.min()) >= 90.0


def test_no_block_is_refused():
    with pytest.raises(InputError, match="one block at least, not 0"):
        DiffResNetNodes(node_data(), DiffResNetConfig(blocks=0), [1])
