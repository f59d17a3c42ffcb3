import torch

from diffresnet.graphs.layers.linear import ReplicaInit
from diffresnet.graphs.layers.sparse_features import SparseFeatures, SparseLinear, SparseProduct
from node_cases import node_data


def test_features_times_weights():
    data = node_data()
    weight = torch.randn(3, 24, 5, requires_grad=True)
    plain = SparseFeatures(data)(weight)
    torch.testing.assert_close(plain, data.dense_features @ weight)
    plain.square().sum().backward()
    expected = 2 * data.dense_features.T @ plain.detach()
    torch.testing.assert_close(weight.grad, expected)


def test_dropped_features():
    data = node_data()
    torch.manual_seed(0)
    # With the identity for weights the dropped features themselves come out.
    dropped = SparseFeatures(data)(torch.eye(24).repeat(50, 1, 1), 0.75)
    kept = dropped != 0
    there = (data.dense_features != 0).expand_as(kept)
    assert not bool((kept & ~there).any())
    torch.testing.assert_close(dropped[kept], 4 * data.dense_features.expand_as(kept)[kept])
    assert abs(float(kept[there].double().mean()) - 0.25) < 0.01
    assert not bool((dropped[0] == dropped[1]).all()), "each replica drops its own"


def test_gradient_through_dropped_features():
    data = node_data()
    weight = torch.randn(2, 24, 5, requires_grad=True)
    torch.manual_seed(3)
    product = SparseFeatures(data)(weight, 0.5)
    upstream = torch.randn_like(product)
    product.backward(upstream)
    torch.manual_seed(3)
    same = SparseFeatures(data)(torch.eye(24).repeat(2, 1, 1), 0.5)
    torch.testing.assert_close(product.detach(), same @ weight.detach())
    torch.testing.assert_close(weight.grad, same.transpose(1, 2) @ upstream)


def test_products_against_dense():
    data = node_data()
    z = torch.randn(3, len(data), 4, requires_grad=True)
    smooth = torch.from_numpy(data.normalized_adjacency.toarray()).float()
    moved = SparseProduct(data.propagation_matrix)(z)
    torch.testing.assert_close(moved, smooth @ z)
    upstream = torch.randn_like(moved)
    moved.backward(upstream)
    torch.testing.assert_close(z.grad, smooth.T @ upstream)


def test_products_follow_their_module_and_leave_the_data_alone():
    data = node_data()
    product = SparseProduct(data.propagation_matrix)
    assert product.values is data.propagation_matrix.values
    product.double()
    z = torch.randn(2, len(data), 3, dtype=torch.float64)
    smooth = torch.from_numpy(data.normalized_adjacency.toarray())
    torch.testing.assert_close(product(z), smooth @ z, atol=1e-6, rtol=1e-6)
    assert data.propagation_matrix.values.dtype == torch.float32
    assert not product.state_dict()


def test_a_linear_layer_of_sparse_features():
    data = node_data()
    linear = ReplicaInit([1, 2], data.device).linear(24, 5)
    linear.bias.data.uniform_()
    layer, rows = SparseLinear(data, linear), torch.tensor([3, 0, 3])
    expected = linear(data.dense_features.expand(2, -1, -1))
    torch.testing.assert_close(layer(), expected)
    torch.testing.assert_close(layer(0.0, rows), expected[:, rows])
    assert {name for name, _ in layer.named_parameters()} == {"weight", "bias"}
    assert not torch.equal(layer(0.5), layer(0.5))
