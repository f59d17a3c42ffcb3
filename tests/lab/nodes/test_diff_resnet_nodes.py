import pytest
import torch

from diffresnet_lab.nodes.models.diff_resnet import DiffResNetConfig, DiffResNetNodes
from node_cases import node_data


def plain(model, replica, rows):
    """The released network on dense float64 features, diffused as features."""
    data, config = model.data, model.config
    x = data.dense_features.double()
    weight, bias = model.weight[replica].double(), model.bias[replica].double()
    z = x + torch.relu(x @ weight + bias)
    laplacian = data.laplacian.to_dense().double()
    for _ in range(config.steps):
        z = z - config.gamma * laplacian @ z
    return (z @ model.head[replica].double() + model.head_bias[replica].double())[rows]


@pytest.mark.parametrize("placement", ["each", "once"])
@pytest.mark.parametrize("steps", [0, 1, 7])
def test_scores_diffused_are_features_diffused(placement, steps):
    data = node_data()
    settings = DiffResNetConfig(gamma=0.2, steps=steps, dropout=0.5, placement=placement)
    model = DiffResNetNodes(data, settings, [3, 4]).eval()
    rows = torch.tensor([5, 0, 59])
    found = model(rows)
    assert found.shape == (2, 3, 2)
    for replica in range(2):
        expected = plain(model, replica, rows)
        torch.testing.assert_close(found[replica].double(), expected, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("placement", ["each", "once"])
def test_without_dropout_training_has_the_gradients_of_the_plain_network(placement):
    settings = DiffResNetConfig(gamma=0.2, steps=5, dropout=0.0, placement=placement)
    model = DiffResNetNodes(node_data(), settings, [1]).train()
    rows = torch.arange(10)
    upstream = torch.randn(10, 2, generator=torch.Generator().manual_seed(0))
    grads = [
        torch.autograd.grad((scores * upstream).sum(), list(model.parameters()))
        for scores in (model(rows)[0], plain(model, 0, rows))
    ]
    for ours, theirs in zip(*grads, strict=True):
        torch.testing.assert_close(ours, theirs, rtol=1e-3, atol=1e-5)


def test_dropout_acts_in_training_and_its_mean_is_the_answer():
    settings = DiffResNetConfig(gamma=0.2, steps=3, dropout=0.3, placement="each")
    model = DiffResNetNodes(node_data(), settings, [1])
    rows = torch.arange(60)
    torch.manual_seed(0)
    with torch.no_grad():
        draws = torch.stack([model.train()(rows)[0] for _ in range(400)])
        answer = model.eval()(rows)[0]
        assert torch.equal(answer, model(rows)[0])
    spread = draws.std(0) / 20
    assert float(spread.min()) > 0
    assert float(((draws.mean(0) - answer) / spread).abs().max()) < 5


def test_replicas_start_where_their_seed_says():
    data, settings = node_data(), DiffResNetConfig()
    both, alone = (DiffResNetNodes(data, settings, seeds) for seeds in ([7, 8], [8]))
    for together, single in zip(both.parameters(), alone.parameters(), strict=True):
        assert torch.equal(together[1:], single)
        assert not torch.equal(together[0], together[1])
