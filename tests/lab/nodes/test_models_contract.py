"""The contract of every model of the registry, whatever it computes.

A new model needs no edit here: its `ModelSpec` has small configurations to build it from.
"""

from dataclasses import fields, replace

import numpy as np
import pytest
import scipy.sparse as sp
import torch

from diffresnet.graphs.graph import GraphData
from diffresnet.graphs.node_data import NodeData
from diffresnet_lab.nodes.registry import MODELS, registered_spec
from diffresnet_lab.nodes.training import EarlyStoppingConfig, train_early_stopped
from node_cases import halves, node_data, two_blocks


def small_specs():
    """Every registered model, small, under a name of its own for each configuration."""
    specs = {}
    for name in MODELS:
        spec = registered_spec(name)
        for changes in spec.small_configs:
            config = replace(spec.config, **changes)
            described = " ".join(f"{key}={value}" for key, value in changes.items())
            specs[f"{name} {described}".strip()] = replace(spec, config=config)
    return specs


SPECS = small_specs()


def dropout_rates(name):
    return [field.name for field in fields(SPECS[name].config) if field.name.endswith("dropout")]


def build(name, seeds, data=None, dropout=True):
    spec = SPECS[name]
    if not dropout:
        rates = dict.fromkeys(dropout_rates(name), 0.0)
        spec = replace(spec, config=replace(spec.config, **rates))
    model = spec.build(data or node_data(), seeds)
    model.prepare(torch.arange(10))
    return model


TRAINED = [name for name in SPECS if list(build(name, [1]).parameters())]

every_model = pytest.mark.parametrize("name", SPECS)
every_trained_model = pytest.mark.parametrize("name", TRAINED)


@every_model
def test_shapes(name):
    model = build(name, [1, 2, 3])
    rows = torch.tensor([4, 0, 7, 4])
    for mode in (True, False):
        scores = model.train(mode)(rows)
        assert scores.shape == (3, 4, 2)
        assert scores.dtype == torch.float32
        assert bool(scores.isfinite().all())
    assert all(len(parameter) == 3 for parameter in model.parameters())


@every_model
def test_rows_are_picked(name):
    data = node_data()
    model = build(name, [1, 2], data).eval()
    rows = torch.tensor([9, 3, 3, 50])
    torch.testing.assert_close(model(rows), model(torch.arange(len(data)))[:, rows])


@every_trained_model
def test_a_seed_decides_where_its_replica_starts(name):
    many, alone = build(name, [5, 6]), build(name, [6])
    for of_many, of_one in zip(many.parameters(), alone.parameters(), strict=True):
        assert torch.equal(of_many[1], of_one[0])
    starts = [parameter.detach() for parameter in many.parameters()]
    assert any(not torch.equal(start[0], start[1]) for start in starts)


@every_trained_model
def test_dropout_is_repeated_by_its_seed(name):
    model = build(name, [5, 6]).train()
    rows = torch.arange(20)
    drawn = []
    for seed in (1, 1, 2):
        torch.manual_seed(seed)
        drawn.append(model(rows))
    assert torch.equal(drawn[0], drawn[1])
    rates = [getattr(SPECS[name].config, rate) for rate in dropout_rates(name)]
    assert torch.equal(drawn[0], drawn[2]) == (not any(rates))
    model.eval()
    assert torch.equal(model(rows), model(rows))


@every_trained_model
def test_replicas_do_not_touch_one_another(name):
    data = node_data()
    rows, held = halves(data)
    config = EarlyStoppingConfig(learning_rate=0.02, epochs=4)
    together = build(name, [3, 4], data, dropout=False)
    train_early_stopped(together, data.labels, rows, held, config)
    for replica, seed in enumerate([3, 4]):
        alone = build(name, [seed], data, dropout=False)
        train_early_stopped(alone, data.labels, rows, held, config)
        for one, many in zip(alone.parameters(), together.parameters(), strict=True):
            torch.testing.assert_close(one[0], many[replica], atol=1e-5, rtol=1e-4)


@every_model
def test_replicas_may_leave(name):
    model = build(name, [3, 4, 5]).eval()
    rows = torch.arange(30)
    before = model(rows)
    model.keep(torch.tensor([0, 2]))
    assert model.replicas == 2
    torch.testing.assert_close(model(rows), before[[0, 2]])


@every_model
def test_tensors_are_parameters_or_buffers(name):
    model = build(name, [1, 2]).eval()
    for module in model.modules():
        assert not [key for key, value in vars(module).items() if torch.is_tensor(value)]
    assert not set(model.state_dict()) - {key for key, _ in model.named_parameters()}
    rows = torch.arange(20)
    expected = model(rows)
    torch.testing.assert_close(model.double()(rows).float(), expected, atol=1e-5, rtol=1e-4)
    model.to("meta")
    assert {tensor.device.type for tensor in [*model.parameters(), *model.buffers()]} <= {"meta"}


@every_trained_model
def test_every_parameter_has_a_gradient(name):
    """Against finite differences, along a random direction, in float64."""
    data = node_data(30)
    model = build(name, [1], data, dropout=False).double().train()
    rows, target = torch.arange(20), data.labels[:20]
    generator = torch.Generator().manual_seed(0)
    parameters = list(model.parameters())
    for parameter in parameters:  # away from zero biases, and the kinks of ReLU there
        noise = torch.randn(parameter.shape, generator=generator, dtype=torch.float64)
        parameter.data += 0.1 * noise

    def loss():
        return torch.nn.functional.cross_entropy(model(rows)[0], target)

    grads = torch.autograd.grad(loss(), parameters)
    for parameter, grad in zip(parameters, grads, strict=True):
        along = torch.randn(parameter.shape, generator=generator, dtype=torch.float64)
        start, h = parameter.data.clone(), 1e-6
        with torch.no_grad():
            parameter.data = start + h * along
            up = loss()
            parameter.data = start - h * along
            down = loss()
            parameter.data = start
        gradient = float((up - down) / (2 * h))
        assert float((grad * along).sum()) == pytest.approx(gradient, abs=2e-6, rel=1e-3)


@every_model
def test_learns_two_blocks(name):
    """Of many words, so that features or edges alone are enough."""
    data = node_data(n=120, words=96)
    rows, held = halves(data, 20, 20)
    torch.manual_seed(0)
    model = build(name, [1, 2], data)
    config = EarlyStoppingConfig(learning_rate=0.03, epochs=60)
    train_early_stopped(model, data.labels, rows, held, config)
    test = torch.arange(40, 120)
    accuracy = (model(test).argmax(-1) == data.labels[test]).double().mean()
    # 80 coin tosses are right in 70% with probability 2e-4.
    assert float(accuracy) > 0.7


@every_model
def test_no_label_beyond_training_and_validation_is_read(name):
    data = node_data()
    rows, held = halves(data)
    hidden = data.labels.clone()
    hidden[20:] = -1
    scores = []
    for labels in (data.labels, hidden):
        torch.manual_seed(0)
        model = build(name, [1], replace(data, labels=labels))
        train_early_stopped(model, labels, rows, held, EarlyStoppingConfig(epochs=3))
        scores.append(model(torch.arange(len(data))))
    assert torch.equal(*scores)


@every_model
def test_an_isolated_node_has_a_finite_answer(name):
    graph = two_blocks()
    adjacency = sp.csr_array(sp.block_diag([graph.adjacency, sp.csr_array((1, 1))]))
    features = sp.csr_array(sp.vstack([graph.features, sp.csr_array((1, 24))]))
    island = GraphData("island", adjacency, features, np.append(graph.labels, 0))
    data = NodeData.from_graph(island, largest_component=False)
    model = build(name, [0], data)
    config = EarlyStoppingConfig(epochs=3)
    train_early_stopped(model, data.labels, torch.arange(20), torch.arange(20, 40), config)
    assert bool(model(torch.arange(61)).isfinite().all())
