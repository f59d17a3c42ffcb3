"""The other sides of the node benchmarks: the same model as ours, and all of it is trained."""

import sys
from pathlib import Path

import pytest
import torch

from diffresnet_lab.nodes.models.diff_resnet import DiffResNetConfig, DiffResNetNodes
from diffresnet_lab.nodes.training import EarlyStoppingConfig, train_early_stopped
from node_cases import halves, node_data


@pytest.fixture(params=["PlainDiffResNet", "SparseDiffResNet"])
def loop(request, monkeypatch):
    monkeypatch.syspath_prepend(str(Path(__file__).parents[3] / "benchmarks"))
    yield getattr(__import__("nodes_plain"), request.param)
    sys.modules.pop("nodes_plain")


@pytest.mark.parametrize("placement", ["each", "once"])
def test_a_loop_is_trained_as_ours_is(loop, placement):
    data = node_data()
    settings = DiffResNetConfig(gamma=0.2, steps=5, dropout=0.0, placement=placement)
    ours, other = DiffResNetNodes(data, settings, [3]), loop(data, settings, 3)
    first = other.weight.detach().clone()
    everyone = torch.arange(len(data))
    for _ in range(2):  # as it starts, and as it has been trained
        torch.testing.assert_close(other.eval()(everyone), ours.eval()(everyone))
        for model in (ours, other):
            train_early_stopped(model, data.labels, *halves(data), EarlyStoppingConfig(epochs=4))
    assert float((other.weight.detach() - first).abs().max()) > 0.01


def test_a_loop_drops_in_training_only(loop):
    data = node_data()
    model = loop(data, DiffResNetConfig(steps=2, dropout=0.5), 1)
    rows = torch.arange(5)
    assert torch.equal(model.eval()(rows), model(rows))
    assert not torch.equal(model.train()(rows), model(rows))
