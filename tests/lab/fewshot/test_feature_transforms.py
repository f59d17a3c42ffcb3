from dataclasses import replace

import numpy as np
import torch

from diffresnet_lab.fewshot.feature_transforms import (
    Centre,
    Chain,
    l2_normalize,
    paper_transforms,
    prototypes,
    rectified_prototypes,
    rectify_support,
    shift_queries,
)
from fewshot_cases import task_batch


def test_centre_and_unit():
    batch = task_batch()
    mean = np.linspace(0, 1, batch.query.shape[2], dtype=np.float32)
    moved = Chain((Centre(mean), l2_normalize))(batch)
    x = batch.query.numpy() - mean
    assert np.allclose(moved.query, x / np.linalg.norm(x, axis=2, keepdims=True), atol=1e-6)
    assert torch.allclose(moved.support.norm(dim=2), torch.ones(3, 8))


def test_the_shift_joins_the_means():
    moved = shift_queries(task_batch())
    assert torch.allclose(moved.query.mean(1), moved.support.mean(1), atol=1e-6)
    assert torch.equal(moved.support, task_batch().support)


def test_the_papers_tricks_in_their_order():
    batch = task_batch()
    mean = np.full(batch.query.shape[2], 0.3, dtype=np.float32)
    found = paper_transforms(mean)(batch)
    assert torch.equal(found.query, shift_queries(l2_normalize(Centre(mean)(batch))).query)


def test_prototypes_are_means_of_classes():
    batch = task_batch(shots=3)
    shuffled = torch.randperm(12, generator=torch.Generator().manual_seed(0))
    other = replace(batch, support=batch.support[:, shuffled], labels=batch.labels[:, shuffled])
    expected = batch.support.reshape(3, 4, 3, -1).mean(2)
    assert torch.allclose(prototypes(batch), expected, atol=1e-6)
    assert torch.allclose(prototypes(other), expected, atol=1e-6)


def test_rectified_prototypes_against_a_loop():
    batch = shift_queries(l2_normalize(task_batch(shots=2)))
    found = rectified_prototypes(batch)
    for k in range(len(batch)):
        support, query = batch.support[k].double().numpy(), batch.query[k].double().numpy()
        start = [support[batch.labels[k].numpy() == c].mean(0) for c in range(4)]
        members = [[] for _ in range(4)]
        for x in np.concatenate([support, query]):
            cos = np.array([x @ p / np.linalg.norm(x) / np.linalg.norm(p) for p in start])
            c = int(cos.argmax())
            members[c].append(np.exp(10 * cos[c]) / np.exp(10 * cos).sum() * x)
        expected = np.stack([np.mean(rows, axis=0) for rows in members])
        assert np.allclose(found[k], expected, atol=1e-5)


def test_a_class_without_members_keeps_its_prototype():
    x = torch.tensor([[[1.0, 0.1], [-1.0, 0.1], [0.02, 0.1], [-0.02, 0.1]]])
    batch = replace(
        task_batch(1), support=x, labels=torch.tensor([[0, 0, 1, 2]]), query=x[:, :1], ways=3
    )
    # The mean of class 0 points straight up, and every row has a nearer one.
    found = rectified_prototypes(batch)
    cosine = torch.nn.functional.cosine_similarity(x[0][:, None], prototypes(batch)[0], dim=-1)
    assert 0 not in cosine.argmax(-1)
    assert torch.allclose(found[0, 0], torch.tensor([0.0, 0.1]), atol=1e-7)


def test_rectified_prototypes_become_the_support():
    batch = rectify_support(task_batch(shots=3))
    assert batch.support.shape == (3, 4, 24)
    assert batch.labels.tolist() == [[0, 1, 2, 3]] * 3
