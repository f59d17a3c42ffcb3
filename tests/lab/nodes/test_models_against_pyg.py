"""The baselines' layers against PyTorch Geometric's, with the same weights."""

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from diffresnet.graphs.layers.sparsity_pattern import SparsityPattern
from diffresnet_lab.nodes.models import appnp, gat, gcn, gcnii, monet, sage
from diffresnet_lab.nodes.models.pagerank import pagerank_graph
from node_cases import node_data

SEEDS = [1, 2]


def pyg():
    """PyTorch Geometric's layers, imported in a test: every worker would spend seconds on it."""
    return pytest.importorskip("torch_geometric.nn")


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
    for replica in range(len(SEEDS)):
        with torch.no_grad():
            expected = oracle(replica)
        torch.testing.assert_close(scores[replica].detach(), expected, atol=1e-5, rtol=1e-4)


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
    model = noisy(gcn.GCN(data, gcn.GCNConfig(depth, 8), SEEDS))

    def oracle(replica):
        z = data.dense_features
        for layer, (weights, biases) in enumerate(zip(model.weights, model.biases, strict=True)):
            weight, bias = weights[replica], biases[replica]
            conv = put(pyg().GCNConv(*weight.shape), bias=bias, **{"lin.weight": weight.T})
            z = conv(F.relu(z) if layer else z, edges(data))
        return z

    compare(model, data, oracle)


def test_appnp():
    data = node_data()
    model = noisy(appnp.APPNP(data, appnp.APPNPConfig(8, 7, 0.2), SEEDS))

    def oracle(replica):
        z = F.relu(data.dense_features @ model.first.weight[replica] + model.first.bias[replica])
        z = z @ model.last.weight[replica] + model.last.bias[replica]
        return pyg().APPNP(7, 0.2)(z, edges(data))

    compare(model, data, oracle)


def test_gcnii():
    data = node_data()
    model = noisy(gcnii.GCNII(data, gcnii.GCNIIConfig(5, 8, 0.2, 0.7), SEEDS))

    def oracle(replica):
        start = F.relu(
            data.dense_features @ model.first.weight[replica] + model.first.bias[replica]
        )
        z = start
        for depth, weight in enumerate(model.weights, start=1):
            conv = put(pyg().GCN2Conv(8, 0.2, 0.7, depth), weight1=weight[replica])
            z = F.relu(conv(z, start, edges(data)))
        return z @ model.last.weight[replica] + model.last.bias[replica]

    compare(model, data, oracle)


@pytest.mark.parametrize("aggregate", ["mean", "maxpool"])
def test_sage(aggregate):
    data = node_data()
    model = noisy(sage.SAGE(data, sage.SAGEConfig(aggregate, 8), SEEDS))

    def oracle(replica):
        z = data.dense_features
        for layer, (own, arounds) in enumerate(
            [(model.first, model.first_neighbours), (model.last, model.last_neighbours)]
        ):
            around = arounds[replica]
            weights = {
                "lin_l.weight": around.T,
                "lin_l.bias": own.bias[replica],
                "lin_r.weight": own.weight[replica].T,
            }
            z = F.relu(z) if layer else z
            out = around.shape[1]
            if aggregate == "mean":
                z = put(pyg().SAGEConv(z.shape[1], out), **weights)(z, edges(data))
                continue
            # SAGEConv projects to the width it was given; ours to another, so it is done before.
            pool = model.last_pool if layer else model.first_pool
            pooled = F.relu(z @ pool.weight[replica] + pool.bias[replica])
            conv = put(pyg().SAGEConv((pooled.shape[1], z.shape[1]), out, aggr="max"), **weights)
            z = conv((pooled, z), edges(data))
        return z

    compare(model, data, oracle)


def test_gat():
    data = node_data()
    model = noisy(gat.GAT(data, gat.GATConfig(4, 3), SEEDS))

    def conv(layer, weight, replica, heads):
        made = pyg().GATConv(weight.shape[1], weight.shape[2] // heads, heads)
        return put(
            made,
            att_src=layer.source[replica][None],
            att_dst=layer.target[replica][None],
            bias=layer.bias[replica],
            **{"lin.weight": weight[replica].T},
        )

    def oracle(replica):
        inner, outer = model.first_attention, model.last_attention
        z = F.elu(conv(inner, model.first, replica, 3)(data.dense_features, edges(data)))
        return conv(outer, model.last, replica, 1)(z, edges(data))

    compare(model, data, oracle)


def test_monet_against_dense():
    data = node_data()
    model = noisy(monet.MoNet(data, monet.MoNetConfig(6, 3), SEEDS))
    a = torch.from_numpy(data.adjacency.toarray() + np.eye(len(data))).float()
    root = a.sum(1) ** -0.5

    def oracle(replica):
        ends = torch.stack(torch.broadcast_tensors(root[:, None], root[None]), -1)
        u = torch.tanh(ends @ model.map[replica] + model.shift[replica])
        z = data.dense_features
        for layer, weight in enumerate([model.first[replica], model.last[replica]]):
            z = F.relu(z) if layer else z
            parts = []
            for kernel, w in enumerate(weight.chunk(3, 1)):
                away = (u - model.centre[replica, kernel]) / model.width[replica, kernel]
                g = a * torch.exp(-0.5 * away.square().sum(-1))
                parts.append(g / g.sum(1, keepdim=True) @ z @ w)
            z = torch.stack(parts).sum(0)
        return z

    compare(model, data, oracle)


def test_rewiring_takes_the_nearest_by_pagerank():
    data = node_data(40)
    found = pagerank_graph(data, 6, teleport=0.15, steps=200)
    smooth = data.normalized_adjacency.toarray()
    exact = 0.15 * np.linalg.inv(np.eye(40) - 0.85 * smooth)
    for row in range(40):
        columns = found.indices[found.indptr[row] : found.indptr[row + 1]]
        others = np.delete(np.arange(40), row)
        nearest = others[np.argsort(-exact[row, others])[:6]]
        assert set(columns) == {row, *nearest}


def test_rewiring_is_made_once_a_graph():
    data = node_data(40)
    assert pagerank_graph(data, 5) is pagerank_graph(data, 5)
    assert pagerank_graph(data, 5) is not pagerank_graph(data, 6)
    assert len(SparsityPattern(pagerank_graph(data, 5))) == 40 * 6
