"""Few-shot tasks for tests: clusters of positive features, none of them tied."""

from __future__ import annotations

import numpy as np
import torch

from diffresnet_lab.fewshot.batch import TaskBatch
from diffresnet_lab.fewshot.features import Features, gather
from diffresnet_lab.fewshot.sampling import sample_tasks


def clusters(classes: int = 8, each: int = 30, width: int = 24, seed: int = 0) -> Features:
    """`classes` x `each` rows around random centres, as after a ReLU; the first rows unlabelled."""
    rng = np.random.default_rng(seed)
    labels = np.repeat(np.arange(classes), each)
    centres = rng.gamma(1.0, size=(classes, width))
    x = np.abs(centres[labels] + 0.8 * rng.standard_normal((len(labels), width)))
    order = rng.permutation(len(labels))
    features = np.concatenate([rng.random((5, width)), x[order]])
    return Features(features, np.concatenate([np.full(5, -1), labels[order]]))


def task_batch(
    tasks: int = 3, ways: int = 4, shots: int = 2, queries: int = 6, seed: int = 0
) -> TaskBatch:
    features = clusters(seed=seed)
    return gather(
        features.tensor(), sample_tasks(features.labels, ways, shots, queries, tasks, seed)
    )


def same_scores(a: torch.Tensor, b: torch.Tensor, rtol: float = 1e-3) -> None:
    """Scores agree to rounding, and so do predictions unless two classes tie to rounding."""
    scale = float(a.abs().max())
    assert torch.allclose(a, b, rtol=rtol, atol=rtol * scale)
    best = a.topk(2, dim=-1).values
    clear = best[..., 0] - best[..., 1] > 2 * rtol * scale
    assert torch.equal(a.argmax(-1)[clear], b.argmax(-1)[clear])
    assert clear.float().mean() > 0.8
