"""What every baseline promises, whatever it computes."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from diffresnet.errors import InputError
from diffresnet.graphs.self_training import network as self_teaching
from diffresnet.graphs.training import Training, train
from diffresnet.operators.matrix import SparseMatrix
from diffresnet_lab.nodes.models import (
    appnp,
    cgnn,
    gat,
    gcn,
    gcnii,
    gde,
    grand,
    label_propagation,
    mlp,
    monet,
    sage,
)
from diffresnet_lab.nodes.presets import PRESETS, preset
from node_cases import halves, node_data

SMALL_GRAND = grand.GRANDSettings(hidden=8, attention=8, heads=2, time=2.3, dropout=0.2)
SMALL = {
    "mlp": (mlp.MLPNodes, mlp.MLPSettings(8)),
    "gcn": (gcn.GCNNodes, gcn.GCNSettings(hidden=8)),
    "gcn of one layer": (gcn.GCNNodes, gcn.GCNSettings(1, 8)),
    "gcn of five layers": (gcn.GCNNodes, gcn.GCNSettings(5, 8)),
    "appnp": (appnp.APPNPNodes, appnp.APPNPSettings(8, 4)),
    "self_teaching": (
        self_teaching.SelfTeachingNodes,
        self_teaching.SelfTeachingSettings(8, steps=4),
    ),
    "gcnii": (gcnii.GCNIINodes, gcnii.GCNIISettings(6, 8)),
    "sage_mean": (sage.SAGENodes, sage.SAGESettings("mean", 8)),
    "sage_maxpool": (sage.SAGENodes, sage.SAGESettings("maxpool", 8)),
    "gat": (gat.GATNodes, gat.GATSettings(4, 2)),
    "monet": (monet.MoNetNodes, monet.MoNetSettings(8)),
    "gde": (gde.GDENodes, gde.GDESettings(8, velocity_dropout=0.3)),
    "cgnn": (cgnn.CGNNNodes, cgnn.CGNNSettings(8, time=2.3, dropout=0.2)),
    "grand_l": (grand.GRANDNodes, SMALL_GRAND),
    "grand_nl": (grand.GRANDNodes, replace(SMALL_GRAND, nonlinear=True)),
    "grand_nl_rw": (
        grand.GRANDNodes,
        replace(SMALL_GRAND, nonlinear=True, rewired=5),
    ),
}
DROPOUTS = ("words", "dropout", "input_dropout", "attention_dropout", "velocity_dropout")


def build(name, seeds, data=None, dropout=True):
    model, settings = SMALL[name]
    if not dropout:
        settings = replace(settings, **{p: 0.0 for p in DROPOUTS if hasattr(settings, p)})
    return model(data or node_data(), settings, seeds)


every_model = pytest.mark.parametrize("name", SMALL)


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


@every_model
def test_a_seed_decides_where_its_member_starts(name):
    many, alone = build(name, [5, 6]), build(name, [6])
    for of_many, of_one in zip(many.parameters(), alone.parameters(), strict=True):
        assert torch.equal(of_many[1], of_one[0])
    starts = [parameter.detach() for parameter in many.parameters()]
    assert any(not torch.equal(start[0], start[1]) for start in starts)


@every_model
def test_dropout_is_repeated_by_its_seed(name):
    model = build(name, [5, 6]).train()
    rows = torch.arange(20)
    drawn = []
    for seed in (1, 1, 2):
        torch.manual_seed(seed)
        drawn.append(model(rows))
    assert torch.equal(drawn[0], drawn[1])
    assert not torch.equal(drawn[0], drawn[2])
    model.eval()
    assert torch.equal(model(rows), model(rows))


@every_model
def test_members_do_not_touch_one_another(name):
    data = node_data()
    rows, held = halves(data)
    training = Training(learning_rate=0.02, epochs=4)
    together = build(name, [3, 4], data, dropout=False)
    train(together, data.labels, rows, held, training)
    for member, seed in enumerate([3, 4]):
        alone = build(name, [seed], data, dropout=False)
        train(alone, data.labels, rows, held, training)
        for one, many in zip(alone.parameters(), together.parameters(), strict=True):
            torch.testing.assert_close(one[0], many[member], atol=1e-5, rtol=1e-4)


@every_model
def test_members_may_leave(name):
    model = build(name, [3, 4, 5]).eval()
    rows = torch.arange(30)
    before = model(rows)
    model.keep(torch.tensor([0, 2]))
    assert model.members == 2
    torch.testing.assert_close(model(rows), before[[0, 2]])


@every_model
def test_every_parameter_has_a_gradient(name):
    """Against finite differences, along a random direction, in float64."""
    data = node_data(30)
    model = build(name, [1], data, dropout=False).double().train()
    double(model, data)
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
        slope = float((up - down) / (2 * h))
        assert float((grad * along).sum()) == pytest.approx(slope, abs=2e-6, rel=1e-3)


def double(model, data):
    """The graph's float32 operators in float64."""
    for matrix in [data.x, data.propagation, *vars(model).values()]:
        if isinstance(matrix, SparseMatrix):
            matrix.values = matrix.values.double()
            matrix.__dict__.pop("csr", None)
            matrix.__dict__.pop("_transpose", None)
    if hasattr(model, "ends"):
        model.ends = model.ends.double()
    if hasattr(model, "scale"):
        model.scale = model.scale.double()


@every_model
def test_learns_two_blocks(name):
    data = node_data(n=120)
    rows, held = halves(data, 20, 20)
    torch.manual_seed(0)
    model = build(name, [1, 2], data)
    train(model, data.labels, rows, held, Training(learning_rate=0.03, epochs=60))
    test = torch.arange(40, 120)
    accuracy = (model(test).argmax(-1) == data.labels[test]).double().mean()
    # 80 coin tosses are right in 70% with probability 2e-4.
    assert float(accuracy) > (0.55 if name in ("mlp", "gcn of five layers") else 0.7)


@pytest.mark.parametrize("name", PRESETS)
def test_presets(name):
    data = node_data()
    made = preset(name, data)
    assert made.name == name
    assert made.title
    assert made.settings
    if name.startswith(("label", "diff", "no")):
        return
    model = made.build(data, [1])
    assert model(torch.arange(3)).shape == (1, 3, 2)


def test_an_unknown_preset():
    with pytest.raises(InputError, match="no model 'gnn'; there are diff_resnet"):
        preset("gnn", node_data())


@pytest.mark.parametrize("name", ["gde", "cgnn", "grand_l"])
def test_without_torchdiffeq(name, monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "torchdiffeq", None)
    with pytest.raises(InputError, match=r"needs torchdiffeq: pip install 'diffresnet\[lab"):
        build(name, [1])(torch.arange(3))


class TestLabelPropagation:
    def settle(self, data, alpha=0.8, steps=400, members=2):
        settings = label_propagation.LabelPropagationSettings(alpha, steps)
        return label_propagation.LabelPropagationNodes(data, settings, range(members))

    def test_against_the_closed_form(self):
        data = node_data()
        rows, _ = halves(data)
        model = self.settle(data)
        model.prepare(rows)
        a = data.adjacency.toarray()
        root = a.sum(1) ** -0.5
        given = np.zeros((len(data), 2))
        given[rows, data.labels[rows]] = 1.0
        system = np.eye(len(data)) - 0.8 * root[:, None] * a * root
        expected = 0.2 * np.linalg.solve(system, given)
        scores = model(torch.arange(len(data)))
        assert scores.shape == (2, len(data), 2)
        for member in scores:
            np.testing.assert_allclose(member, expected, atol=1e-5)

    def test_only_training_labels_are_read(self):
        data = node_data()
        rows, _ = halves(data)
        hidden = data.labels.clone()
        hidden[10:] = -1
        models = [self.settle(data), self.settle(replace(data, labels=hidden))]
        for model in models:
            model.prepare(rows)
        everything = torch.arange(len(data))
        assert torch.equal(models[0](everything), models[1](everything))

    def test_learns_two_blocks(self):
        data = node_data(n=120)
        rows, _ = halves(data)
        model = self.settle(data)
        model.prepare(rows)
        test = torch.arange(10, 120)
        accuracy = (model(test).argmax(-1) == data.labels[test]).double().mean(1)
        assert bool((accuracy > 0.8).all())

    def test_nothing_to_train(self):
        model = self.settle(node_data())
        assert not list(model.parameters())
        model.keep(torch.tensor([1]))
        assert model.members == 1

    def test_nothing_known_yet(self):
        with pytest.raises(RuntimeError, match="call prepare first"):
            self.settle(node_data())(torch.arange(3))

    def test_training_only_spreads_the_labels(self):
        data = node_data()
        rows, held = halves(data)
        model, told = self.settle(data, members=3), []
        trained = train(model, data.labels, rows, held, Training(), told.append)
        right = model(held)[0].argmax(-1) == data.labels[held]
        torch.testing.assert_close(trained.validation, 100 * right.float().mean().expand(3))
        assert trained.epochs.tolist() == [0, 0, 0]
        assert told == [3]
