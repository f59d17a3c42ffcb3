"""Exact shortcut of the plain training loop, without a d x d matrix that changes.

Tasks side by side, forward and backward by hand; derived in `docs/fewshot-training.md`. With h the
hidden activations, G the gradient of the loss by the outputs and G_S = S^T G:

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

from .momentum import MomentumSGD, sgd_responses
from .network import NetworkWeights, TrainingConfig
from .objective import TaskObjective


def exact_scores(
    objective: TaskObjective, training: TrainingConfig, weights: NetworkWeights
) -> Float[Tensor, "t n c"]:
    """Return class scores of all rows after training: those of `plain_scores` up to rounding."""
    x, d = objective.points, objective.points.shape[-1]
    diffusion = objective.diffusion_rows()
    a = diffusion.shape[-1]
    basis = class_basis(objective.ways, x)
    k = trained_directions(objective)
    trained = basis[:, :k]
    head = MomentumSGD(trained.T @ weights.head, training)
    head_bias = MomentumSGD(weights.head_bias @ trained, training)
    second = PastGradients(weights.second, k, training)
    second_bias = MomentumSGD(weights.second_bias.clone(), training)
    pre = MomentumSGD(pre_activations(x, weights), training)
    left, right = gram_factors(x, a)
    inputs = torch.cat([torch.empty_like(x[:, :a]), x[:, :a]], dim=-1)  # h beside x
    for rate in training.rates:
        seen_pre = pre.parameter[:, :a]
        torch.clamp(seen_pre, min=0.0, out=inputs[:, :, :d])
        head_second = second.product(head.parameter)  # V = Wc W2
        maps = torch.cat([head_second, head.parameter], dim=-1)
        offset = head.parameter @ second_bias.parameter[:, :, None]  # (t, k, 1)
        out = diffusion @ (inputs @ maps.mT + offset.mT) + head_bias.parameter[:, None, :]
        gradient = objective.gradient(out @ trained.T) @ trained
        diffused_gradient = diffusion.mT @ gradient  # G_S (t, a, k)
        products = diffused_gradient.mT @ inputs
        total = diffused_gradient.sum(1)[:, :, None]
        masked = torch.ops.aten.threshold_backward(  # D
            diffused_gradient @ head_second, seen_pre, 0.0
        )
        factor, head_gradient = products[:, :, :d].contiguous(), products[:, :, d:]  # K, ...
        head_gradient = head_gradient + second.product_transposed(factor)
        head_gradient = head_gradient + total * second_bias.parameter[:, None, :]
        second.append(head.parameter, factor)
        second_bias.step((head.parameter.mT @ total)[:, :, 0], rate)
        head.step(head_gradient, rate)
        head_bias.step(gradient.sum(1), rate)
        pre.step_product(left, masked if right is None else right @ masked, rate)
    # What all classes have in common has no gradient: it only decays.
    untrained, decay = basis[:, k:], second.initial_response[-1]
    all_heads = torch.cat([head.parameter, decay * (untrained.T @ weights.head)], dim=1)
    bias = torch.cat([head_bias.parameter, decay * (weights.head_bias @ untrained)], dim=1)
    hidden = pre.parameter.clamp_(min=0.0)
    return assemble_scores(
        objective, hidden, second.product(all_heads), all_heads, second_bias.parameter, bias, basis
    )


class PastGradients:
    """W(t) = a[t] W(0) + sum_s b[t, s] A(s)^T B(s) with the responses a, b of `sgd_responses`.

    W(0) is read and never written; c t rows of A and B stand for the rest. For c t << d that is
    less to move through memory than d x d matrices of weights and velocities.
    """

    def __init__(self, initial: Float[Tensor, "t d d"], k: int, training: TrainingConfig) -> None:
        t, d, _ = initial.shape
        self.initial, self.k, self.epoch = initial, k, 0
        initial_response, impulse_response = sgd_responses(training)
        self.initial_response: list[float] = initial_response.tolist()
        impulse = torch.from_numpy(impulse_response).to(initial)
        self.impulse_response = impulse.repeat_interleave(k, dim=1)
        self.left = initial.new_empty(t, k * training.epochs, d)
        self.right = initial.new_empty(t, k * training.epochs, d)

    def append(self, left: Float[Tensor, "t k d"], right: Float[Tensor, "t k d"]) -> None:
        """Add left^T right, the gradient of this epoch."""
        epoch = slice(self.k * self.epoch, self.k * (self.epoch + 1))
        self.left[:, epoch], self.right[:, epoch] = left, right
        self.epoch += 1

    def product(self, x: Float[Tensor, "t m d"]) -> Float[Tensor, "t m d"]:
        """Return x W."""
        return self._product(x, self.initial, self.left, self.right)

    def product_transposed(self, x: Float[Tensor, "t m d"]) -> Float[Tensor, "t m d"]:
        """Return x W^T."""
        return self._product(x, self.initial.mT, self.right, self.left)

    def _product(self, x: Tensor, initial: Tensor, left: Tensor, right: Tensor) -> Tensor:
        past = slice(self.k * self.epoch)
        product = x @ initial
        coefficients = (x @ left[:, past].mT) * self.impulse_response[self.epoch, past]
        beta = self.initial_response[self.epoch]
        return torch.baddbmm(product, coefficients, right[:, past], beta=beta)


def class_basis(ways: int, like: Tensor) -> Float[Tensor, "c c"]:
    """Return an orthonormal basis of class space; its last column is the same for all classes."""
    eye = torch.eye(ways, dtype=torch.float64)
    eye[:, 0] = 1.0
    basis = torch.linalg.qr(eye).Q
    return torch.cat([basis[:, 1:], basis[:, :1]], dim=1).to(like)


def trained_directions(objective: TaskObjective) -> int:
    """Return how many columns of the basis have gradients: all only for the graph regulariser."""
    return objective.ways if objective.network.mu > 0.0 else objective.ways - 1


def pre_activations(x: Float[Tensor, "t n d"], weights: NetworkWeights) -> Float[Tensor, "t n d"]:
    """Return x W1^T + b1 before training."""
    return torch.baddbmm(weights.first_bias[:, None, :], x, weights.first.mT)


def gram_factors(x: Float[Tensor, "t n d"], a: int) -> tuple[Tensor, Tensor | None]:
    """Return x x^T + 1 (the bias), n x a: as one matrix, or two factors where these cost less."""
    t, n, d = x.shape
    ones = torch.cat([x, x.new_ones(t, n, 1)], dim=-1)
    if n * a <= (n + a) * (d + 1):
        return ones @ ones[:, :a].mT, None
    return ones, ones[:, :a].mT


def assemble_scores(
    objective: TaskObjective,
    hidden: Float[Tensor, "t n d"],
    head_second: Float[Tensor, "t k d"],
    head: Float[Tensor, "t k d"],
    second_bias: Float[Tensor, "t d"],
    head_bias: Float[Tensor, "t k"],
    basis: Float[Tensor, "c k"],
) -> Float[Tensor, "t n c"]:
    """Return class scores of all rows, diffused as such, from weights in a basis of class space.

    k is c, or one more where a column of zeros makes it even.
    """
    offset = (head @ second_bias[:, :, None]).mT
    scores = hidden @ head_second.mT + objective.points @ head.mT + offset
    return (objective.diffuse(scores) + head_bias[:, None, :]) @ basis.T
