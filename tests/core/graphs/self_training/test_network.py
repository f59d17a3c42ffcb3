"""The self-trained Diff-ResNet: what it computes, and its pseudo-labels."""

from dataclasses import replace

import numpy as np
import torch

from diffresnet.graphs.self_training.network import SelfTrainedNodes, SelfTrainingConfig
from diffresnet.graphs.self_training.propagated_prior import propagated_prior
from diffresnet.graphs.training import TrainingConfig, cross_entropies, train_for
from node_cases import halves, node_data

QUIET = SelfTrainingConfig(
    width=8, steps=3, input_dropout=0.0, dropout=0.0, input_weight_decay=0.0, rampup_epochs=4
)


def test_it_is_a_residual_block_then_a_diffusion_then_a_classifier():
    data = node_data()
    n, settings = len(data), replace(QUIET, teleport=0.3, feature_graph=0.2)
    model = SelfTrainedNodes(data, settings, [1]).eval()
    rng = np.random.default_rng(0)
    x = data.features.toarray().astype(float)
    x /= np.linalg.norm(x, axis=1, keepdims=True)
    x -= x.mean(axis=0)
    x /= np.linalg.norm(x, axis=1, keepdims=True)
    w, u = rng.normal(size=(x.shape[1], 8)), rng.normal(size=(8, x.shape[1]))
    b, c = rng.normal(size=8), rng.normal(size=(x.shape[1], 2))
    model.block.weight.data[0] = torch.from_numpy(w)
    model.block.bias.data[0] = torch.from_numpy(b)
    model.skip.data[0] = torch.from_numpy(c)
    model.head.weight.data[0] = torch.from_numpy(u @ c)

    z = start = x + np.maximum(x @ w + b, 0.0) @ u
    laplacian = (
        np.eye(n) - 0.8 * data.normalized_adjacency.toarray() - 0.2 * data.feature_graph.toarray()
    )
    for _ in range(settings.steps):
        z = 0.7 * (z - laplacian @ z) + 0.3 * start

    np.testing.assert_allclose(model(torch.arange(n))[0].detach(), z @ c, atol=2e-4, rtol=1e-4)


def test_without_residual_only_the_block_speaks():
    data = node_data()
    model = SelfTrainedNodes(data, replace(QUIET, residual=False), [1]).eval()
    model.head.weight.data.zero_()
    assert not bool(model(torch.arange(len(data))).any())
    with_residual = SelfTrainedNodes(data, QUIET, [1]).eval()
    with_residual.head.weight.data.zero_()
    assert bool(with_residual(torch.arange(len(data))).any())


class TestTeacher:
    def test_first_pseudo_labels_are_the_predictions(self):
        data = node_data()
        rows, _ = halves(data)
        target = data.labels[rows]
        model = SelfTrainedNodes(data, QUIET, [1, 2])
        scores = model(torch.arange(len(data)))
        classes = torch.softmax(scores, -1)
        entropy = -(classes * classes.log()).sum(-1).mean(-1)
        sharp = replace(QUIET, sharpening=1.0, consistency_weight=3.0)
        model = SelfTrainedNodes(data, sharp, [1, 2])
        expected = cross_entropies(scores[:, rows], target) + 3.0 / 4 * entropy
        torch.testing.assert_close(model.losses(rows, target), expected)

    def test_sharpening_lowers_the_entropy(self):
        data = node_data()
        both = [
            SelfTrainedNodes(data, replace(QUIET, sharpening=power), [1]).pseudo_labels()
            for power in (1.0, 2.0)
        ]
        plain, sharp = (-(p * p.log()).sum(-1).mean() for p in both)
        assert float(sharp) < float(plain)
        torch.testing.assert_close(both[1].sum(-1), torch.ones(1, len(data)))

    def test_averages_over_epochs(self):
        data = node_data()
        model = SelfTrainedNodes(data, replace(QUIET, ema_decay=0.75), [1, 2])
        rows = torch.arange(len(data))
        first = torch.softmax(model(rows), -1)
        model.pseudo_labels()
        model.head.bias.data[:, 0] += 1.0
        second = torch.softmax(model(rows), -1)
        model.pseudo_labels()
        torch.testing.assert_close(model.ema_predictions, (0.75 * first + 0.25 * second).detach())
        model.keep(torch.tensor([1]))
        assert model.ema_predictions.shape == (1, len(data), 2)
        model.prepare(rows)
        assert model.ema_predictions is None
        assert model.epoch == 0

    def test_mixes_in_the_prior_the_more_the_fewer_labels_there_are(self):
        data = node_data()
        everyone, alone = torch.arange(len(data)), SelfTrainedNodes(data, QUIET, [1, 2])
        pseudo_labels = alone.pseudo_labels()
        for labels, share in ((2, 5 / 6), (10, 1 / 2), (40, 1 / 5)):
            rows = torch.arange(labels)
            model = SelfTrainedNodes(data, replace(QUIET, prior_strength=5.0), [1, 2])
            model.prepare(rows)
            prior = propagated_prior(data, rows)
            torch.testing.assert_close(
                model.pseudo_labels(), (1 - share) * pseudo_labels + share * prior
            )
            model.keep(torch.tensor([1]))
            torch.testing.assert_close(
                model.pseudo_labels(),
                (1 - share) * pseudo_labels[1:] + share * prior,
                atol=1e-4,
                rtol=1e-4,
            )
        for settings in (
            replace(QUIET, prior_strength=0.0),
            replace(QUIET, consistency_weight=0.0),
        ):
            model = SelfTrainedNodes(data, settings, [1])
            model.prepare(everyone)
            assert model.prior is None

    def test_only_training_labels_are_read(self):
        data = node_data()
        rows, _ = halves(data)
        hidden = data.labels.clone()
        hidden[10:] = -1
        trained = []
        for labels in (data.labels, hidden):
            torch.manual_seed(0)
            model = SelfTrainedNodes(replace(data, labels=labels), SelfTrainingConfig(8), [1])
            train_for(model, labels, rows, TrainingConfig(), epochs=5)
            trained.append(model(torch.arange(len(data))))
        assert torch.equal(*trained)

    def test_consistency_adds_to_the_loss(self):
        data = node_data()
        rows, _ = halves(data)
        target = data.labels[rows]
        alone, taught = (
            SelfTrainedNodes(data, replace(QUIET, consistency_weight=weight), [1])
            for weight in (0, 2)
        )
        torch.testing.assert_close(alone.losses(rows, target), cross_entropies(alone(rows), target))
        assert alone.ema_predictions is None
        assert bool(taught.losses(rows, target) > alone.losses(rows, target))


def test_decay_is_on_what_features_are_multiplied_by():
    data = node_data()
    rows, _ = halves(data)
    target = data.labels[rows]
    plain = replace(QUIET, consistency_weight=0.0)
    losses = [
        SelfTrainedNodes(data, settings, [1]).losses(rows, target)
        for settings in (plain, replace(plain, input_weight_decay=0.1))
    ]
    model = SelfTrainedNodes(data, plain, [1])
    squares = model.block.weight.square().sum() + model.skip.square().sum()
    torch.testing.assert_close(losses[1] - losses[0], 0.05 * squares[None])


def test_predictions_of_validation_are_used_until_the_next_step():
    data = node_data()
    rows, labels = torch.arange(10), data.labels[:10]

    def losses_by_epoch(validated):
        model = SelfTrainedNodes(data, SelfTrainingConfig(width=4, ema_decay=0.0), [1, 2])
        optimizer = torch.optim.Adam(model.parameters(), 0.05)
        found = []
        for epoch in range(3):
            torch.manual_seed(epoch)
            model.train()
            optimizer.zero_grad()
            losses = model.losses(rows, labels)
            losses.sum().backward()
            optimizer.step()
            found.append(losses.detach())
            if validated:
                model.eval()(rows)
        return torch.stack(found)

    torch.testing.assert_close(losses_by_epoch(True), losses_by_epoch(False))
