"""Training that is the same function as the plain loop, without a d x d matrix that changes.

Tasks side by side, forward and backward by hand; derived in `docs/fewshot-training.md`. With h the
hidden activations, G the slope of the loss by the outputs and G_S = S^T G:

1. dW2 = Wc^T K with K = G_S^T h, c x d. W2 stays where it was drawn, and its past gradients are
   kept as factors.
2. W1 is never seen. Its gradient is D^T x with D = (G_S Wc W2) masked by ReLU, so that what it
   adds to the pre-activations x W1^T + b1 is (x x^T + 1) D: they are what is trained.
3. Class scores are diffused, not features: S((x + h W2^T) Wc^T) = (S h)(Wc W2)^T + ...
4. The rows of G sum to zero where the loss does not see a constant added to all classes: c - 1
   combinations of classes are enough.
"""

from __future__ import annotations

import torch
from jaxtyping import Float
from torch import Tensor

from .momentum import Momentum, responses
from .network import Training, Weights
from .problem import Problem


def exact_scores(problem: Problem, training: Training, weights: Weights) -> Float[Tensor, "t n c"]:
    """Class scores of all rows after training: those of `plain_scores` up to rounding."""
    x, d = problem.points, problem.points.shape[-1]
    spread = problem.spread()
    a = spread.shape[-1]
    turn = class_basis(problem, x)
    k = turn.shape[1] if problem.network.mu > 0.0 else turn.shape[1] - 1
    seen = turn[:, :k]
    head = Momentum(seen.T @ weights.head, training)
    head_bias = Momentum(weights.head_bias @ seen, training)
    second = PastGradients(weights.second, k, training)
    second_bias = Momentum(weights.second_bias.clone(), training)
    before = Momentum(pre_activations(x, weights), training)
    left, right = gram_factors(x, a)
    both = torch.cat([torch.empty_like(x[:, :a]), x[:, :a]], dim=-1)  # h beside x
    for rate in training.rates:
        active = before.parameter[:, :a]
        torch.clamp(active, min=0.0, out=both[:, :, :d])
        through = second.product(head.parameter)  # Wc W2
        ends = torch.cat([through, head.parameter], dim=-1)
        base = head.parameter @ second_bias.parameter[:, :, None]  # (t, k, 1)
        out = spread @ (both @ ends.mT + base.mT) + head_bias.parameter[:, None, :]
        slope = problem.slope(out @ seen.T) @ seen
        back = spread.mT @ slope  # G_S (t, a, k)
        sums = back.mT @ both
        total = back.sum(1)[:, :, None]
        inner = torch.ops.aten.threshold_backward(back @ through, active, 0.0)
        of_second, of_head = sums[:, :, :d].contiguous(), sums[:, :, d:]
        of_head = of_head + second.product_transposed(of_second)
        of_head = of_head + total * second_bias.parameter[:, None, :]
        second.append(head.parameter, of_second)
        second_bias.step((head.parameter.mT @ total)[:, :, 0], rate)
        head.step(of_head, rate)
        head_bias.step(slope.sum(1), rate)
        before.step_product(left, inner if right is None else right @ inner, rate)
    # What all classes have in common has no gradient: it only decays.
    common = turn[:, k:]
    start = second.start[-1]
    all_heads = torch.cat([head.parameter, start * (common.T @ weights.head)], dim=1)
    bias = torch.cat([head_bias.parameter, start * (weights.head_bias @ common)], dim=1)
    hidden = before.parameter.clamp_(min=0.0)
    return assembled(
        problem, hidden, second.product(all_heads), all_heads, second_bias.parameter, bias, turn
    )


class PastGradients:
    """W(t) = start[t] W(0) + sum_s kick[t, s] A(s)^T B(s), from the factors of its gradients.

    W(0) is read and never written; c t rows of A and B stand for the rest. For c t << d that is
    less to move through memory than d x d matrices of weights and speeds.
    """

    def __init__(self, drawn: Float[Tensor, "t d d"], k: int, training: Training) -> None:
        t, d, _ = drawn.shape
        self.drawn, self.k, self.epoch = drawn, k, 0
        start, kick = responses(training)
        self.start: list[float] = start.tolist()
        self.kick = torch.from_numpy(kick).to(drawn).repeat_interleave(k, dim=1)
        self.left = drawn.new_empty(t, k * training.epochs, d)
        self.right = drawn.new_empty(t, k * training.epochs, d)

    def append(self, left: Float[Tensor, "t k d"], right: Float[Tensor, "t k d"]) -> None:
        """The gradient of this epoch is left^T right."""
        here = slice(self.k * self.epoch, self.k * (self.epoch + 1))
        self.left[:, here], self.right[:, here] = left, right
        self.epoch += 1

    def product(self, x: Float[Tensor, "t m d"]) -> Float[Tensor, "t m d"]:
        """x W."""
        return self._product(x, self.drawn, self.left, self.right)

    def product_transposed(self, x: Float[Tensor, "t m d"]) -> Float[Tensor, "t m d"]:
        """x W^T."""
        return self._product(x, self.drawn.mT, self.right, self.left)

    def _product(self, x: Tensor, drawn: Tensor, near: Tensor, far: Tensor) -> Tensor:
        past = slice(self.k * self.epoch)
        found = x @ drawn
        share = (x @ near[:, past].mT) * self.kick[self.epoch, past]
        return torch.baddbmm(found, share, far[:, past], beta=self.start[self.epoch])


def class_basis(problem: Problem, like: Tensor) -> Float[Tensor, "c c"]:
    """An orthonormal basis of class space; its last column is the same for all classes."""
    c = problem.ways
    eye = torch.eye(c, dtype=torch.float64)
    eye[:, 0] = 1.0
    basis = torch.linalg.qr(eye).Q
    return torch.cat([basis[:, 1:], basis[:, :1]], dim=1).to(like)


def pre_activations(x: Float[Tensor, "t n d"], weights: Weights) -> Float[Tensor, "t n d"]:
    """x W1^T + b1 before training."""
    return torch.baddbmm(weights.first_bias[:, None, :], x, weights.first.mT)


def gram_factors(x: Float[Tensor, "t n d"], a: int) -> tuple[Tensor, Tensor | None]:
    """x x^T + 1 (the bias), n x a: as one matrix, or as two factors where these cost less."""
    t, n, d = x.shape
    ones = torch.cat([x, x.new_ones(t, n, 1)], dim=-1)
    if n * a <= (n + a) * (d + 1):
        return ones @ ones[:, :a].mT, None
    return ones, ones[:, :a].mT


def assembled(
    problem: Problem,
    hidden: Float[Tensor, "t n d"],
    through: Float[Tensor, "t k d"],
    head: Float[Tensor, "t k d"],
    second_bias: Float[Tensor, "t d"],
    head_bias: Float[Tensor, "t k"],
    turn: Float[Tensor, "c k"],
) -> Float[Tensor, "t n c"]:
    """Class scores of all rows, diffused as such, back in the basis of the classes.

    k is c, or one more where a column of zeros makes it even.
    """
    base = (head @ second_bias[:, :, None]).mT
    scores = hidden @ through.mT + problem.points @ head.mT + base
    return (problem.diffused(scores) + head_bias[:, None, :]) @ turn.T
