import numpy as np
import torch

from diffresnet_lab.backbones import prototype_accuracies
from diffresnet_lab.fewshot import sample_tasks


def test_nearest_prototypes_one_task_at_a_time():
    rng = np.random.default_rng(0)
    labels = np.repeat(np.arange(6), 12)
    features = (rng.normal(size=(72, 5)) + 0.8 * rng.normal(size=(6, 5))[labels]).astype("f4")
    tasks = sample_tasks(labels, ways=4, shots=3, queries=5, tasks=150, seed=1)
    mean = features[:36].mean(0)
    for centre in (None, mean):
        x = features.astype("f8")
        if centre is not None:
            x = x - centre
            x /= np.linalg.norm(x, axis=1, keepdims=True)
        expected = []
        for i in range(len(tasks)):
            support, query = x[tasks.support[i]], x[tasks.query[i]]
            prototypes = [support[tasks.support_labels[i] == c].mean(0) for c in range(4)]
            distances = np.linalg.norm(query[:, None] - np.array(prototypes), axis=2)
            expected.append(100 * np.mean(distances.argmin(1) == tasks.query_labels[i]))
        given = None if centre is None else torch.from_numpy(centre)
        accuracies = prototype_accuracies(torch.from_numpy(features), tasks, given)
        np.testing.assert_allclose(accuracies, expected, atol=5.1)  # a near tie may fall otherwise
        assert np.mean(np.abs(accuracies - expected) > 1e-6) < 0.02
