"""The baselines' layers against PyTorch Geometric's, with the same weights."""

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from diffresnet.graphs.layers.sparsity_pattern import Pattern
from diffresnet_lab.nodes.models import appnp, gat, gcn, gcnii, monet, sage
from diffresnet_lab.nodes.models.rewiring import pagerank_neighbours
from node_cases import node_data

pytest.importorskip("torch_geometric", reason="torch_geometric is the oracle of these tests")
from torch_geometric.nn import APPNP, GATConv, GCN2Conv, GCNConv, SAGEConv

SEEDS = [1, 2]


def edges(data):
    """(2, e), from the first row to the second."""
    coo = data.adjacency.tocoo()
    return torch.from_numpy(np.stack([coo.col, coo.row]).astype(np.int64))


def noisy(model):
    """Biases that are not zero."""
    generator = torch.Generator().manual_seed(0)
    for parameter in model.parameters():
        parameter.data += 0.1 * torch.randn(parameter.shape, generator=generator)
    return model.eval()


def compare(model, data, oracle):
    scores = model(torch.arange(len(data)))
    for member in range(len(SEEDS)):
        with torch.no_grad():
            expected = oracle(member)
        torch.testing.assert_close(scores[member].detach(), expected, atol=1e-5, rtol=1e-4)


def put(layer, **tensors):
    """The layer with these parameters; weights are transposed to torch's (out, in)."""
    own = dict(layer.named_parameters())
    assert set(own) == set(tensors)
    for name, tensor in tensors.items():
        own[name].data = tensor.detach()
    return layer


@pytest.mark.parametrize("depth", [1, 2, 4])
def test_gcn(depth):
    data = node_data()
    model = noisy(gcn.GCNNodes(data, gcn.GCNSettings(depth, 8), SEEDS))

    def oracle(member):
        z = data.dense_x
        for at, (weights, biases) in enumerate(zip(model.weights, model.biases, strict=True)):
            weight, bias = weights[member], biases[member]
            conv = put(GCNConv(*weight.shape), bias=bias, **{"lin.weight": weight.T})
            z = conv(F.relu(z) if at else z, edges(data))
        return z

    compare(model, data, oracle)


def test_appnp():
    data = node_data()
    model = noisy(appnp.APPNPNodes(data, appnp.APPNPSettings(8, 7, 0.2), SEEDS))

    def oracle(member):
        z = F.relu(data.dense_x @ model.first.weight[member] + model.first.bias[member])
        z = z @ model.last.weight[member] + model.last.bias[member]
        return APPNP(7, 0.2)(z, edges(data))

    compare(model, data, oracle)


def test_gcnii():
    data = node_data()
    model = noisy(gcnii.GCNIINodes(data, gcnii.GCNIISettings(5, 8, 0.2, 0.7), SEEDS))

    def oracle(member):
        start = F.relu(data.dense_x @ model.first.weight[member] + model.first.bias[member])
        z = start
        for depth, weight in enumerate(model.layers, start=1):
            conv = put(GCN2Conv(8, 0.2, 0.7, depth), weight1=weight[member])
            z = F.relu(conv(z, start, edges(data)))
        return z @ model.last.weight[member] + model.last.bias[member]

    compare(model, data, oracle)


@pytest.mark.parametrize("aggregate", ["mean", "maxpool"])
def test_sage(aggregate):
    data = node_data()
    model = noisy(sage.SAGENodes(data, sage.SAGESettings(aggregate, 8), SEEDS))

    def oracle(member):
        z = data.dense_x
        for at, (own, arounds) in enumerate(
            [(model.first, model.first_around), (model.last, model.last_around)]
        ):
            around = arounds[member]
            weights = {
                "lin_l.weight": around.T,
                "lin_l.bias": own.bias[member],
                "lin_r.weight": own.weight[member].T,
            }
            z = F.relu(z) if at else z
            out = around.shape[1]
            if aggregate == "mean":
                z = put(SAGEConv(z.shape[1], out), **weights)(z, edges(data))
                continue
            # SAGEConv projects to the width it was given; ours to another, so it is done before.
            pool = model.last_pool if at else model.first_pool
            pooled = F.relu(z @ pool.weight[member] + pool.bias[member])
            conv = put(SAGEConv((pooled.shape[1], z.shape[1]), out, aggr="max"), **weights)
            z = conv((pooled, z), edges(data))
        return z

    compare(model, data, oracle)


def test_gat():
    data = node_data()
    model = noisy(gat.GATNodes(data, gat.GATSettings(4, 3), SEEDS))

    def conv(layer, weight, member, heads):
        made = GATConv(weight.shape[1], weight.shape[2] // heads, heads)
        return put(
            made,
            att_src=layer.source[member][None],
            att_dst=layer.target[member][None],
            bias=layer.bias[member],
            **{"lin.weight": weight[member].T},
        )

    def oracle(member):
        inner, outer = model.attend
        z = F.elu(conv(inner, model.first, member, 3)(data.dense_x, edges(data)))
        return conv(outer, model.last, member, 1)(z, edges(data))

    compare(model, data, oracle)


def test_monet_against_dense():
    data = node_data()
    model = noisy(monet.MoNetNodes(data, monet.MoNetSettings(6, 3), SEEDS))
    a = torch.from_numpy(data.adjacency.toarray() + np.eye(len(data))).float()
    root = a.sum(1) ** -0.5

    def oracle(member):
        ends = torch.stack(torch.broadcast_tensors(root[:, None], root[None]), -1)
        u = torch.tanh(ends @ model.map[member] + model.shift[member])
        z = data.dense_x
        for at, weight in enumerate([model.first[member], model.last[member]]):
            z = F.relu(z) if at else z
            parts = []
            for kernel, w in enumerate(weight.chunk(3, 1)):
                away = (u - model.centre[member, kernel]) / model.width[member, kernel]
                g = a * torch.exp(-0.5 * away.square().sum(-1))
                parts.append(g / g.sum(1, keepdim=True) @ z @ w)
            z = torch.stack(parts).sum(0)
        return z

    compare(model, data, oracle)


def test_rewiring_takes_the_nearest_by_pagerank():
    data = node_data(40)
    found = pagerank_neighbours(data, 6, restart=0.15, steps=200)
    smooth = data.citation.toarray()
    exact = 0.15 * np.linalg.inv(np.eye(40) - 0.85 * smooth)
    for row in range(40):
        columns = found.indices[found.indptr[row] : found.indptr[row + 1]]
        others = np.delete(np.arange(40), row)
        nearest = others[np.argsort(-exact[row, others])[:6]]
        assert set(columns) == {row, *nearest}


def test_rewiring_is_made_once_a_graph():
    data = node_data(40)
    assert pagerank_neighbours(data, 5) is pagerank_neighbours(data, 5)
    assert pagerank_neighbours(data, 5) is not pagerank_neighbours(data, 6)
    assert len(Pattern(pagerank_neighbours(data, 5))) == 40 * 6
