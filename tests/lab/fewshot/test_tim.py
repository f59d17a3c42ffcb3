import math

import pytest
import torch

from diffresnet.errors import InputError
from diffresnet_lab.fewshot.feature_transforms import l2_normalize, prototypes
from diffresnet_lab.fewshot.methods.alpha_tim import AlphaTim
from diffresnet_lab.fewshot.methods.nearest_prototype import NearestPrototype
from diffresnet_lab.fewshot.methods.tim import Tim
from fewshot_cases import task_batch


def shannon(p):
    return -(p * p.log()).sum(-1)


def tsallis(alpha):
    return lambda p: (1 - (p**alpha).sum(-1)) / (alpha - 1)


def by_autograd(method, batch, entropy):
    """The loss as its papers write it, a task at a time, in float64."""
    out = []
    for k in range(len(batch)):
        x, q = batch.support[k].double(), batch.query[k].double()
        w = prototypes(batch)[k].double().requires_grad_()
        adam = torch.optim.Adam([w], lr=method.rate)

        def logits(rows, w=w):
            return -0.5 * method.temperature * ((rows[:, None, :] - w) ** 2).sum(-1)

        for _ in range(method.iterations):
            p = logits(q).softmax(-1)
            loss = (
                method.cross_entropy * torch.nn.functional.cross_entropy(logits(x), batch.labels[k])
                - method.marginal * entropy(p.mean(0))
                + method.conditional * entropy(p).mean()
            )
            adam.zero_grad()
            loss.backward()
            adam.step()
        out.append(logits(q).detach())
    return torch.stack(out)


@pytest.mark.parametrize(
    ("method", "entropy"),
    [
        (Tim(iterations=60), shannon),
        (Tim(iterations=60, cross_entropy=1.0, marginal=0.3, conditional=0.7, rate=1e-3), shannon),
        (AlphaTim(iterations=60), tsallis(2.0)),
        (AlphaTim(iterations=60, alpha=7.0, cross_entropy=0.3, rate=1e-3), tsallis(7.0)),
    ],
)
def test_against_autograd(method, entropy):
    batch = l2_normalize(task_batch(2, 4, 2))
    found, expected = method(batch).double(), by_autograd(method, batch, entropy)
    assert torch.allclose(found, expected, atol=5e-3)
    start = method.temperature / 2 * NearestPrototype()(batch)
    assert (expected - start).abs().max() > 0.05  # there is something to compare


def test_without_iterations_it_is_the_nearest_prototype():
    batch = l2_normalize(task_batch())
    assert torch.allclose(Tim(iterations=0)(batch), 7.5 * NearestPrototype()(batch))


def test_alpha_tim_near_alpha_one_is_tim():
    batch = l2_normalize(task_batch())
    weights = {"cross_entropy": 0.2, "marginal": 1.0, "conditional": 0.4, "iterations": 30}
    near = AlphaTim(alpha=1 + 1e-3, **weights)(batch)
    assert torch.allclose(near, Tim(**weights)(batch), atol=2e-3)


def test_the_information_grows():
    batch = l2_normalize(task_batch(6))

    def information(method):
        p = method(batch).softmax(-1)
        return shannon(p.mean(1)) - shannon(p).mean(1)

    settings = {"cross_entropy": 0.0, "conditional": 1.0, "rate": 1e-3}
    few, many = (information(Tim(iterations=n, **settings)) for n in (0, 200))
    assert (many > few).all()
    assert (many <= math.log(4)).all()


def test_published_settings():
    released = Tim()
    assert (released.temperature, released.iterations, released.rate) == (15.0, 1000, 1e-4)
    assert (released.cross_entropy, released.marginal, released.conditional) == (0.1, 1.0, 0.1)
    assert [AlphaTim.for_shots(shots).alpha for shots in (1, 2, 5, 20)] == [2.0, 5.0, 7.0, 7.0]
    assert AlphaTim().conditional == AlphaTim().cross_entropy == 1.0


@pytest.mark.parametrize("change", [{"temperature": 0.0}, {"iterations": -1}, {"rate": 0.0}])
def test_bad_settings(change):
    with pytest.raises(InputError, match="TIM needs"):
        Tim(**change)


def test_alpha_one_is_tim():
    with pytest.raises(InputError, match="1 is TIM"):
        AlphaTim(alpha=1.0)
