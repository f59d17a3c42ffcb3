from dataclasses import replace

import numpy as np
import pytest
import torch

from diffresnet_lab.nodes.models.label_propagation import LabelPropagation, LabelPropagationConfig
from diffresnet_lab.nodes.training import EarlyStoppingConfig, train_early_stopped
from node_cases import halves, node_data


def settled(data, alpha=0.8, steps=400, replicas=2):
    return LabelPropagation(data, LabelPropagationConfig(alpha, steps), range(replicas))


def test_against_the_closed_form():
    data = node_data()
    rows, _ = halves(data)
    model = settled(data)
    model.prepare(rows)
    a = data.adjacency.toarray()
    root = a.sum(1) ** -0.5
    labels = np.zeros((len(data), 2))
    labels[rows, data.labels[rows]] = 1.0
    system = np.eye(len(data)) - 0.8 * root[:, None] * a * root
    expected = 0.2 * np.linalg.solve(system, labels)
    scores = model(torch.arange(len(data)))
    assert scores.shape == (2, len(data), 2)
    for replica in scores:
        np.testing.assert_allclose(replica, expected, atol=1e-5)


def test_only_training_labels_are_read():
    data = node_data()
    rows, _ = halves(data)
    hidden = data.labels.clone()
    hidden[10:] = -1
    models = [settled(data), settled(replace(data, labels=hidden))]
    for model in models:
        model.prepare(rows)
    everything = torch.arange(len(data))
    assert torch.equal(models[0](everything), models[1](everything))


def test_nothing_to_train_and_nothing_known_before_the_labels():
    model = settled(node_data())
    assert not list(model.parameters())
    with pytest.raises(RuntimeError, match="call prepare first"):
        model(torch.arange(3))


def test_training_propagates_the_labels():
    data = node_data()
    rows, held = halves(data)
    model, told = settled(data, replicas=3), []
    config = EarlyStoppingConfig()
    trained = train_early_stopped(model, data.labels, rows, held, config, told.append)
    correct = model(held)[0].argmax(-1) == data.labels[held]
    torch.testing.assert_close(trained.validation, 100 * correct.float().mean().expand(3))
    assert trained.epochs.tolist() == [0, 0, 0]
    assert told == [3]
