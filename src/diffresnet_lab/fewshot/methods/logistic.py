"""Logistic regression on the support set, for many tasks at once."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from diffresnet.errors import InputError

from ..batch import TaskBatch
from ..method_spec import MethodSpec

NEWTON_STEPS = 100
HALVINGS = 40


@dataclass(frozen=True)
class Logistic:
    """Softmax regression with an L2 penalty, trained to convergence: scikit-learn's, batched.

    minimise |W|^2 / 2 + C sum_i cross_entropy(W x_i + b, y_i), the intercept b free. W lies in the
    span of the support rows, so that the problem has as many columns as there are rows: Newton's
    method there, in float64, its equations solved by conjugate gradients.

    Parameters
    ----------
    C : float
        Inverse strength of the penalty, as in `sklearn.linear_model.LogisticRegression`; for two
        classes, where that has a single column of weights, the penalty here is twice as strong.
    tolerance : float
        A task is done when no entry of the gradient of the loss over C exceeds this.
    """

    C: float = 1.0
    tolerance: float = 1e-8

    def __post_init__(self) -> None:
        if not (self.C > 0.0 and self.tolerance > 0.0):
            raise InputError("logistic regression needs C > 0 and tolerance > 0")

    def __call__(self, batch: TaskBatch) -> Float[Tensor, "t q c"]:
        weights, bias = self.fit(batch)
        return torch.baddbmm(bias[:, None, :], batch.query, weights.mT)

    def fit(self, batch: TaskBatch) -> tuple[Float[Tensor, "t c d"], Float[Tensor, "t c"]]:
        """Return the weights and intercepts of every task."""
        # Rows of basis are orthonormal: x = z basis, and |W| is the norm of W in z.
        basis, z = _span(batch.support.double())
        one = torch.ones_like(z[:, :, :1])
        # The single column w of scikit-learn's two classes is the pair -w / 2 and w / 2 here.
        penalty = (2.0 if batch.ways == 2 else 1.0) / self.C
        problem = _Problem(torch.cat([z, one], dim=2), batch.labels, batch.ways, penalty)
        solution = problem.solve(self.tolerance)
        weights = (basis.mT @ solution[:, :-1]).mT
        # A constant added to all intercepts changes nothing: the one of mean 0 is returned.
        bias = solution[:, -1] - solution[:, -1].mean(-1, keepdim=True)
        return weights.to(batch.query.dtype), bias.to(batch.query.dtype)


def _span(x: Float[Tensor, "t s d"]) -> tuple[Float[Tensor, "t r d"], Float[Tensor, "t s r"]]:
    """Return an orthonormal basis of the rows, and their coordinates in it."""
    q, r = torch.linalg.qr(x.mT)
    return q.mT, r.mT


@dataclass(frozen=True)
class _Problem:
    """f(V) = sum_i cross_entropy(z_i V, y_i) + penalty |V|^2 / 2, the last row of V unpenalised."""

    z: Float[Tensor, "t s r"]
    labels: Int[Tensor, "t s"]
    ways: int
    penalty: float

    def loss(self, v: Float[Tensor, "t r c"]) -> Float[Tensor, " t"]:
        log_p = (self.z @ v).log_softmax(-1)
        fit = -log_p.gather(2, self.labels[:, :, None]).sum((1, 2))
        return fit + 0.5 * self.penalty * (v[:, :-1] ** 2).sum((1, 2))

    def shrinkage(self, v: Float[Tensor, "t r c"]) -> Float[Tensor, "t r c"]:
        """Return the gradient of the penalty."""
        return torch.cat([self.penalty * v[:, :-1], torch.zeros_like(v[:, -1:])], dim=1)

    def solve(self, tolerance: float) -> Float[Tensor, "t r c"]:
        v = self.z.new_zeros(len(self.z), self.z.shape[2], self.ways)
        one_hot = torch.nn.functional.one_hot(self.labels, self.ways).to(v)
        for _ in range(NEWTON_STEPS):
            p = (self.z @ v).softmax(-1)
            gradient = self.z.mT @ (p - one_hot) + self.shrinkage(v)
            active = gradient.abs().amax((1, 2)) > tolerance
            if not active.any():
                break
            v = self._line_search(v, self._direction(p, gradient, active), gradient, active)
        return v

    def _direction(
        self,
        p: Float[Tensor, "t s c"],
        gradient: Float[Tensor, "t r c"],
        active: Bool[Tensor, " t"],
    ) -> Float[Tensor, "t r c"]:
        """Return Hessian^-1 gradient by conjugate gradients, with coefficients for each task."""

        def hessian(v: Tensor) -> Tensor:
            scores = p * (self.z @ v)
            return self.z.mT @ (scores - p * scores.sum(-1, keepdim=True)) + self.shrinkage(v)

        def dot(a: Tensor, b: Tensor) -> Tensor:
            return (a * b).sum((1, 2), keepdim=True)

        solution = torch.zeros_like(gradient)
        residual = gradient * active[:, None, None]
        along, square = residual, dot(residual, residual)
        # A tenth of the gradient's size, and less near the end, where Newton converges fast.
        goal = square * torch.minimum(torch.full_like(square, 1e-2), square)
        for _ in range(gradient[0].numel()):
            moving = square > goal
            if not moving.any():
                break
            image = hessian(along)
            step = torch.where(moving, square / dot(along, image), 0.0)
            solution, residual = solution + step * along, residual - step * image
            fresh = torch.where(moving, dot(residual, residual), square)
            along = torch.where(moving, residual + (fresh / square) * along, along)
            square = fresh
        return solution

    def _line_search(
        self,
        v: Float[Tensor, "t r c"],
        direction: Float[Tensor, "t r c"],
        gradient: Float[Tensor, "t r c"],
        active: Bool[Tensor, " t"],
    ) -> Float[Tensor, "t r c"]:
        """Return v minus the direction, halved in each task until its loss falls (Armijo)."""
        last_loss = self.loss(v)
        decrease = (direction * gradient).sum((1, 2))
        step = active.to(v)
        for _ in range(HALVINGS):
            # Near the end the loss is flat to rounding, which must not stop the last steps.
            bound = last_loss - 1e-4 * step * decrease + 1e-13 * last_loss.abs()
            too_long = self.loss(v - step[:, None, None] * direction) > bound
            if not too_long.any():
                break
            step = torch.where(too_long, step / 2, step)
        return v - step[:, None, None] * direction


SPEC = MethodSpec("logistic", "Logistic regression", lambda config: Logistic())
