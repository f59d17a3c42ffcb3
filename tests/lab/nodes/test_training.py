import pytest
import torch

from diffresnet_lab.nodes.models.gcn import GCN, GCNConfig
from diffresnet_lab.nodes.models.mlp import MLP, MLPConfig
from diffresnet_lab.nodes.training import EarlyStopping, EarlyStoppingConfig, train_early_stopped
from node_cases import Scripted, halves, node_data

LABELS = torch.zeros(4, dtype=torch.long)
ROWS = torch.arange(2)


def scripted(losses, right=None, patience=3, epochs=100):
    """Losses up to 0.69 are of the right class, and above it of the wrong one."""
    right = right or [[loss < 0.693 for loss in row] for row in losses]
    longest = max(map(len, losses))
    losses = [[*row, *[row[-1]] * (longest - len(row))] for row in losses]
    right = [[*row, *[row[-1]] * (longest - len(row))] for row in right]
    model = Scripted(losses, right)
    told = []
    training = EarlyStoppingConfig(
        learning_rate=0.0, weight_decay=0.0, patience=patience, epochs=epochs
    )
    return model, train_early_stopped(model, LABELS, ROWS, ROWS, training, told.append), told


def test_patience_runs_out():
    # The best loss is of epoch 2; three worse ones follow, and the accuracy has been better.
    model, trained, told = scripted([[0.5, 0.4, 0.8, 0.8, 0.8, 0.1]])
    assert trained.epochs.tolist() == [5]
    assert model.seen.tolist() == [[2.0]]
    assert trained.validation.tolist() == [100.0]
    assert told == [1]


def test_an_equal_loss_renews_patience():
    losses = [0.9, 1.0, 1.0, 0.9, 1.0, 1.0, 0.9, 1.0, 1.0, 1.0]
    # All are of the wrong class: accuracy 0 is no smaller than the best, and renews it as well.
    _, trained, _ = scripted([losses], epochs=10)
    assert trained.epochs.tolist() == [10]
    # Once a class was right, accuracy no longer does; equal losses alone must.
    losses = [0.3, 0.9, 0.9, 0.3, 0.9, 0.9, 0.3, 0.9, 0.9, 0.9, 0.1]
    _, trained, _ = scripted([losses])
    assert trained.epochs.tolist() == [10]


def test_an_equal_accuracy_renews_patience_but_is_not_kept():
    # The loss rises for ever while the class stays right: never stopped, and epoch 1 is kept.
    losses = [0.10 + 0.01 * epoch for epoch in range(30)]
    model, trained, told = scripted([losses], epochs=30)
    assert trained.epochs.tolist() == [30]
    assert model.seen.tolist() == [[1.0]]
    assert told == [1]


def test_the_last_of_equal_states_is_kept():
    model, _, _ = scripted([[0.3, 0.3, 0.3, 0.8, 0.8, 0.8]])
    assert model.seen.tolist() == [[3.0]]


def test_replicas_leave_one_by_one_each_in_its_best_state():
    losses = [
        [0.4, 0.8, 0.8, 0.8],
        [0.5, 0.5, 0.4, 0.8, 0.3, 0.8, 0.8, 0.8],
        [0.6, 0.3, 0.8, 0.8, 0.8],
    ]
    model, trained, told = scripted(losses)
    assert trained.epochs.tolist() == [4, 8, 5]
    assert model.seen.tolist() == [[1.0], [5.0], [2.0]]
    assert model.sizes == [3, 3, 3, 3, 2, 1, 1, 1]
    assert told == [1, 1, 1]
    assert model.replicas == 3
    assert not model.training


def test_a_replica_alone_is_stopped_alike():
    losses = [
        [0.4, 0.8, 0.8, 0.8],
        [0.5, 0.5, 0.4, 0.8, 0.3, 0.8, 0.8, 0.8],
        [0.9, 0.9, 0.6, 0.8, 0.8, 0.8],
    ]
    together, trained, _ = scripted(losses)
    for replica, row in enumerate(losses):
        alone, result, _ = scripted([row])
        assert alone.seen[0] == together.seen[replica]
        assert result.epochs[0] == trained.epochs[replica]
        assert result.validation[0] == trained.validation[replica]


def test_the_last_epoch():
    model, trained, told = scripted([[0.5, 0.4, 0.3], [0.5, 0.6, 0.6]], epochs=3)
    assert trained.epochs.tolist() == [3, 3]
    assert model.seen.tolist() == [[3.0], [1.0]]
    assert told == [2]


@pytest.mark.parametrize("patience", [5, 20])
def test_replicas_train_as_if_alone(patience):
    data = node_data()
    rows, held = halves(data)
    training = EarlyStoppingConfig(learning_rate=0.05, patience=patience, epochs=60)
    settings = GCNConfig(hidden=6, dropout=0.0)
    together = GCN(data, settings, [3, 4, 5])
    trained = train_early_stopped(together, data.labels, rows, held, training)
    for replica, seed in enumerate([3, 4, 5]):
        alone = GCN(data, settings, [seed])
        result = train_early_stopped(alone, data.labels, rows, held, training)
        assert result.epochs[0] == trained.epochs[replica]
        assert result.validation[0] == trained.validation[replica]
        for one, many in zip(alone.parameters(), together.parameters(), strict=True):
            torch.testing.assert_close(one[0], many[replica], atol=1e-5, rtol=1e-4)


def test_patience_of_one_replica():
    model = Scripted([[0.5]], [[True]])
    stopping = EarlyStopping(model, 2, torch.device("cpu"))
    going = [
        bool(stopping.update(model, torch.tensor([loss]), torch.tensor([accuracy])))
        for loss, accuracy in ((0.5, 80.0), (0.6, 70.0), (0.4, 70.0), (0.6, 70.0), (0.6, 70.0))
    ]
    assert going == [True, True, True, True, False]
    assert stopping.best_accuracy.tolist() == [80.0], "loss and accuracy were best in epoch 1"
    assert stopping.epochs.tolist() == [5]
    assert len(stopping.active) == 0


def test_one_epoch_is_an_adam_step():
    data = node_data()
    rows, held = halves(data)
    training = EarlyStoppingConfig(learning_rate=0.02, weight_decay=0.3, epochs=1)
    model, oracle = (MLP(data, MLPConfig(5, 0.0), [1]) for _ in range(2))
    train_early_stopped(model, data.labels, rows, held, training)
    loss = torch.nn.functional.cross_entropy(oracle(rows)[0], data.labels[rows])
    loss.backward()
    for trained, start in zip(model.parameters(), oracle.parameters(), strict=True):
        grad = start.grad + 0.3 * start
        expected = start - 0.02 * grad / (grad.abs() + 1e-8)  # the first step of Adam
        torch.testing.assert_close(trained, expected, atol=1e-5, rtol=1e-4)
