import torch

from diffresnet.graphs.layers.linear import ReplicaInit

CPU = torch.device("cpu")


def test_replicas_are_drawn_by_their_own_seeds():
    many, alone = ReplicaInit([5, 9], CPU), ReplicaInit([9], CPU)
    for shape in ((16, 3), (3,)):
        drawn = many.uniform(-0.5, 2.0, *shape).detach()
        assert drawn.shape == (2, *shape)
        assert -0.5 <= float(drawn.min()) <= float(drawn.max()) <= 2.0
        assert torch.equal(drawn[1:], alone.uniform(-0.5, 2.0, *shape))
        assert not torch.equal(drawn[0], drawn[1])


def test_glorot_weights_and_zero_biases():
    layer = ReplicaInit([0, 1], CPU).linear(100, 50)
    assert float(layer.weight.detach().abs().max()) <= 0.2
    assert abs(float(layer.weight.detach().std()) - 0.2 / 3**0.5) < 0.005
    assert not bool(layer.bias.any())


def test_a_layer_is_an_affine_map_of_each_replica():
    init = ReplicaInit([0, 1], CPU)
    layer, z = init.linear(4, 3), torch.randn(2, 6, 4)
    layer.bias.data.uniform_()
    for replica in range(2):
        expected = z[replica] @ layer.weight[replica] + layer.bias[replica]
        torch.testing.assert_close(layer(z)[replica], expected)
    assert torch.equal(init.constant(0.5, 2, 1), torch.full((2, 2, 1), 0.5))
