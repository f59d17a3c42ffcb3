import torch

from diffresnet.graphs.layers.linear import ReplicaInit
from diffresnet.graphs.training import (
    ReplicatedModule,
    TrainingConfig,
    cross_entropies,
    train_for,
)

X = torch.randn(8, 3, generator=torch.Generator().manual_seed(0))
LABELS = torch.tensor([0, 1, 0, 1, 0, 1, -1, -1])


class Affine(ReplicatedModule):
    """Class scores x W + b; counts what it is told."""

    def __init__(self, seeds):
        super().__init__(len(seeds))
        self.linear = ReplicaInit(seeds, torch.device("cpu")).linear(3, 2)
        self.prepared, self.rates = [], []

    def prepare(self, train_rows):
        self.prepared.append(train_rows.tolist())

    def forward(self, rows):
        self.rates.append(self.active(0.5))
        return self.linear(X[rows].expand(self.replicas, -1, -1))


def test_every_label_trains_for_as_many_epochs_as_said():
    rows, told = torch.arange(6), []
    together = Affine([3, 4])
    train_for(together, LABELS, rows, TrainingConfig(0.05, 0.1), 5, told.append)
    assert told == [1] * 5
    assert together.prepared == [rows.tolist()]
    assert together.rates == [0.5] * 5, "dropout acts"
    assert not together.training
    alone = Affine([4])
    optimizer = torch.optim.Adam(alone.parameters(), 0.05, weight_decay=0.1)
    for _ in range(5):
        optimizer.zero_grad()
        torch.nn.functional.cross_entropy(alone(rows)[0], LABELS[rows]).backward()
        optimizer.step()
    for one, many in zip(alone.parameters(), together.parameters(), strict=True):
        torch.testing.assert_close(one[0], many[1])


def test_cross_entropies_of_each_replica():
    scores, target = torch.randn(3, 5, 4), torch.tensor([0, 3, 1, 1, 2])
    expected = [torch.nn.functional.cross_entropy(each, target) for each in scores]
    torch.testing.assert_close(cross_entropies(scores, target), torch.stack(expected))


def test_replicas_may_leave():
    model = Affine([1, 2, 3])
    before = model(torch.arange(4))
    model.keep(torch.tensor([2, 0]))
    assert model.replicas == 2
    torch.testing.assert_close(model(torch.arange(4)), before[[2, 0]])
