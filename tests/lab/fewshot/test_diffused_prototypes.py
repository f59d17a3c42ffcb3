from dataclasses import replace

import numpy as np
import pytest
import scipy.linalg
import torch
from hypothesis import given
from hypothesis import strategies as st
from scipy.spatial.distance import cdist

from diffresnet.errors import InputError
from diffresnet_lab.fewshot.batch import TaskBatch
from diffresnet_lab.fewshot.config import FewShotConfig
from diffresnet_lab.fewshot.methods.diffused_prototypes import (
    DiffusedPrototypes,
    shrunk_shares,
    signed_sqrt,
    softmax_with_shares,
    sqrt_and_centre,
)
from diffresnet_lab.fewshot.methods.nearest_prototype import NearestPrototype
from diffresnet_lab.fewshot.registry import configure_method
from fewshot_cases import clusters, same_scores, task_batch

MEAN = clusters().mean
READY = sqrt_and_centre(MEAN)


def normal(x):
    return x / np.linalg.norm(x, axis=-1, keepdims=True)


def unequal(batch):
    """Without the first third of the queries, which are sorted by class."""
    return replace(batch, query=batch.query[:, batch.query.shape[1] // 3 :])


def walk_graph(x, k, scale):
    """D^-1 W of the self-tuning weights on k nearest neighbours, point by point."""
    d = cdist(x, x)
    width = np.sort(d, axis=1)[:, scale]
    w = np.zeros_like(d)
    for i in range(len(x)):
        for j in [j for j in np.argsort(d[i]) if j != i][:k]:
            w[i, j] = np.exp(-2.5 * d[i, j] ** 2 / (width[i] * width[j]))
    w = (w + w.T) / 2
    return w / w.sum(1, keepdims=True)


def balanced_plan(scores, shares, rounds):
    """Alternate: columns to their shares, rows to 1."""
    plan = np.exp(scores)
    plan /= plan.sum(1, keepdims=True)
    for _ in range(rounds):
        plan *= shares * len(plan) / plan.sum(0)
        plan /= plan.sum(1, keepdims=True)
    return plan


def by_loop(support, labels, query, ways, method):
    """One task in float64, in all its width, with scipy's matrix exponential."""
    x = np.concatenate([support, query])
    graph = walk_graph(x, method.neighbors, method.scale_neighbor)
    x = normal(scipy.linalg.expm(-method.strength * (np.eye(len(x)) - graph)) @ x)
    s, q = x[: len(support)], x[len(support) :]

    def refine(shares):
        means = np.stack([s[labels == c].mean(0) for c in range(ways)])

        def assign():
            scores = -method.inverse_temperature * cdist(q, means) ** 2
            return balanced_plan(scores, shares, 0 if shares is None else 20)

        for _ in range(method.rounds):
            p = assign()
            for c in range(ways):
                own = method.support_weight * s[labels == c]
                number = method.support_weight * (labels == c).sum()
                means[c] = (own.sum(0) + p[:, c] @ q) / (number + p[:, c].sum())
        return assign()

    if method.shares == "free":
        return refine(None)
    if method.shares == "equal":
        return refine(np.full(ways, 1 / ways))
    p = refine(None)
    apart = p.sum(0) - len(q) / ways
    keep = max(0.0, 1 - method.doubt * (p * (1 - p)).sum() / (apart**2).sum())
    return refine(1 / ways + keep * apart / len(q))


@pytest.mark.parametrize("shares", ["free", "estimated", "equal"])
@pytest.mark.parametrize(("ways", "shots", "queries"), [(2, 1, 4), (4, 3, 6), (5, 1, 8)])
def test_against_a_loop(shares, ways, shots, queries):
    batch = unequal(READY(task_batch(2, ways, shots, queries, seed=ways)))
    method = DiffusedPrototypes(neighbors=4, strength=0.8, shares=shares, doubt=0.3)
    found = method(batch)
    for k in range(2):
        support, query = (x[k].double().numpy() for x in (batch.support, batch.query))
        expected = by_loop(support, batch.labels[k].numpy(), query, ways, method)
        assert np.allclose(found[k], expected, atol=1e-3)


def test_more_columns_than_rows_are_the_same_task_in_other_coordinates():
    narrow = READY(task_batch())
    rows = narrow.support.shape[1] + narrow.query.shape[1]
    zeros = torch.zeros(3, 1, rows)
    wide = replace(
        narrow,
        support=torch.cat([narrow.support, zeros.expand(-1, narrow.support.shape[1], -1)], dim=2),
        query=torch.cat([narrow.query, zeros.expand(-1, narrow.query.shape[1], -1)], dim=2),
    )
    assert DiffusedPrototypes().diffuse(wide).query.shape[2] == rows
    same_scores(DiffusedPrototypes()(narrow), DiffusedPrototypes()(wide))


def test_with_every_part_switched_off_it_is_the_nearest_prototype():
    batch = READY(task_batch(8))
    plain = DiffusedPrototypes(strength=0.0, rounds=0, shares="free")(batch)
    nearest = NearestPrototype()(batch)
    same_scores(plain, (15.0 * nearest).softmax(-1))


@pytest.mark.parametrize("change", [{"strength": 0.0}, {"rounds": 0}, {"shares": "free"}])
def test_every_part_changes_the_scores(change):
    batch = unequal(READY(task_batch()))
    whole = DiffusedPrototypes(shares="equal")
    assert not torch.allclose(whole(batch), replace(whole, **change)(batch), atol=1e-3)


def test_diffusion_brings_rows_of_a_class_together():
    batch = READY(task_batch(8))

    def spread(strength):
        x = DiffusedPrototypes(strength=strength).diffuse(batch).query
        classes = x.unflatten(1, (batch.ways, -1))
        return (classes - classes.mean(2, keepdim=True)).square().sum()

    assert spread(1.0) < 0.8 * spread(0.3) < 0.8 * spread(0.0)


@given(ways=st.integers(2, 5), rows=st.integers(5, 30), seed=st.integers(0, 99))
def test_scaling_gives_every_class_its_share(ways, rows, seed):
    generator = torch.Generator().manual_seed(seed)
    scores = torch.rand(3, rows, ways, generator=generator)
    shares = 0.2 / ways + 0.8 * torch.rand(3, 1, ways, generator=generator).softmax(-1)
    plan = softmax_with_shares(scores, shares)
    assert torch.allclose(plan.sum(2), torch.ones(3, rows), atol=1e-5)
    assert torch.allclose(plan.mean(1, keepdim=True), shares, atol=1e-4)


@given(ways=st.integers(2, 6), rows=st.integers(2, 40), seed=st.integers(0, 99))
def test_shrunk_shares_lie_between_what_was_counted_and_equal_ones(ways, rows, seed):
    generator = torch.Generator().manual_seed(seed)
    p = (5 * torch.randn(3, rows, ways, generator=generator)).softmax(-1)
    equal = 1 / ways
    apart = p.mean(1, keepdim=True) - equal
    whole = before = apart.norm(dim=2, keepdim=True)
    for doubt in (0.0, 0.5, 2.0):
        found = shrunk_shares(p, doubt) - equal
        size = found.norm(dim=2, keepdim=True)
        assert (size <= before + 1e-5).all()
        assert torch.allclose(found * whole, apart * size, atol=1e-4)  # the same direction
        before = size
    assert torch.allclose(shrunk_shares(p, 0.0) - equal, apart, atol=1e-4)
    assert torch.allclose(shrunk_shares(p, 1e9), torch.tensor(equal))


def test_equal_counts_stay_equal():
    p = torch.eye(4).repeat(1, 3, 1)
    assert torch.equal(shrunk_shares(p), torch.full((1, 1, 4), 0.25))


def test_equal_shares_are_given_whether_they_are_true_or_not():
    batch = unequal(READY(task_batch(8)))

    def uneven(shares):
        # Not too sharp: far from the truth, scaling is slow.
        mean = DiffusedPrototypes(shares=shares, inverse_temperature=5.0)(batch).mean(1)
        return float((mean - 0.25).abs().max())

    assert uneven("equal") < 0.01
    assert uneven("free") > 0.1


def test_the_transform():
    batch = task_batch()
    batch = replace(batch, support=batch.support - 0.5)
    moved = READY(batch)
    mean = normal(np.sqrt(MEAN))
    for before, after in ((batch.support, moved.support), (batch.query, moved.query)):
        x = before.double().numpy()
        expected = normal(normal(np.sign(x) * np.sqrt(np.abs(x))) - mean)
        assert np.allclose(after, expected, atol=1e-5)


def test_rows_and_a_mean_of_zeros():
    batch = task_batch()
    batch = replace(batch, query=torch.zeros_like(batch.query))
    assert torch.equal(signed_sqrt(batch).query, batch.query)
    assert torch.isfinite(DiffusedPrototypes()(sqrt_and_centre(np.zeros(24))(batch))).all()


def test_a_single_query():
    batch = READY(task_batch(2, ways=3, shots=1))
    batch = replace(batch, query=batch.query[:, :1])
    found = DiffusedPrototypes()(batch)
    assert found.shape == (2, 1, 3)
    assert torch.isfinite(found).all()


def test_the_registered_method():
    both = [configure_method("best", FewShotConfig(1, t, MEAN)) for t in ("none", "paper")]
    batch = task_batch()
    for configured in both:
        assert configured.uses_base_mean
        assert configured.note
        assert isinstance(configured.method, DiffusedPrototypes)
        assert torch.equal(configured.transform(batch).query, READY(batch).query)
    balanced = configure_method("best", FewShotConfig(1, "none", MEAN, balanced=True)).method
    assert balanced == DiffusedPrototypes(shares="equal")


@pytest.mark.parametrize(
    "change",
    [
        {"strength": -1.0},
        {"rounds": -1},
        {"doubt": float("nan")},
        {"inverse_temperature": 0.0},
        {"support_weight": 0.0},
        {"shares": "half"},
        {"neighbors": 0},
    ],
)
def test_bad_settings(change, unchecked):
    with pytest.raises(InputError):
        DiffusedPrototypes(**change)


def test_many_rows_of_one_kind():
    # Rows at the same place: distances of 0, whose weights must not be NaN.
    rows = torch.ones(1, 20, 5)
    batch = TaskBatch(
        torch.eye(2, 5)[None], torch.tensor([[0, 1]]), rows, 2, torch.zeros(1, dtype=torch.int64)
    )
    assert torch.isfinite(DiffusedPrototypes()(batch)).all()
