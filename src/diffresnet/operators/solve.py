"""Iterative solvers for (I + gamma L) x = b, all columns of b at once."""

from __future__ import annotations

import torch
from jaxtyping import Float
from torch import Tensor

from .laplacian import LinearMap

# Numbers whose products are summed at once on a CPU: they stay in the cache, which takes half of
# the time, and no array of all products is made.
SUMMED = 2**15


def _dot(a: Float[Tensor, "n d"], b: Float[Tensor, "n d"]) -> Float[Tensor, " d"]:
    step = max(1, SUMMED // a.shape[1]) if a.device.type == "cpu" and a.shape[1] else len(a)
    if step >= len(a):
        return (a * b).sum(0)
    parts = zip(a.split(step), b.split(step), strict=True)
    return torch.stack([(x * y).sum(0) for x, y in parts]).sum(0)


def _ratio(a: Tensor, b: Tensor) -> Tensor:
    """Divide a by b, with 0 where b is 0: a column that has converged stands still."""
    return torch.where(b == 0, torch.zeros_like(a), a / torch.where(b == 0, torch.ones_like(b), b))


def _finished(residual: Tensor, target: Tensor) -> bool:
    return bool((residual.norm(dim=0) <= target).all())


def conjugate_gradient(
    matrix: LinearMap,
    b: Float[Tensor, "n d"],
    tol: float,
    max_iter: int = 1000,
    *,
    overwrite: bool = False,
) -> Float[Tensor, "n d"]:
    """Solve a symmetric positive definite system; see `bicgstab` for the contract.

    Parameters
    ----------
    overwrite : whether b may become the residual, so that one array less of its size is held.
    """
    target = b.norm(dim=0) * _reachable(tol, b.dtype)
    x = torch.zeros_like(b)
    r = b if overwrite else b.clone()
    p = r.clone()
    rr = _dot(r, r)
    for _ in range(max_iter):
        if bool((rr.sqrt() <= target).all()):
            return x
        q = matrix(p)
        step = _ratio(rr, _dot(p, q))
        x.addcmul_(p, step)
        r.addcmul_(q, step, value=-1.0)
        del q  # before the next one comes
        rr, old = _dot(r, r), rr
        p.mul_(_ratio(rr, old)).add_(r)
    raise ArithmeticError(f"conjugate gradients did not reach {tol:g} in {max_iter} iterations")


def bicgstab(
    matrix: LinearMap, b: Float[Tensor, "n d"], tol: float, max_iter: int = 1000
) -> Float[Tensor, "n d"]:
    """Solve a system that need not be symmetric.

    Every column stops at |b - A x| <= tol |b|, or at 20 units of rounding where tol asks for
    more than the precision of b can hold.

    Raises
    ------
    ArithmeticError
        If that takes more than `max_iter` iterations.
    """
    target = b.norm(dim=0) * _reachable(tol, b.dtype)
    x = torch.zeros_like(b)
    r = shadow = p = b
    rho = _dot(shadow, r)
    for _ in range(max_iter):
        if _finished(r, target):
            return x
        v = matrix(p)
        alpha = _ratio(rho, _dot(shadow, v))
        s = r - alpha * v
        t = matrix(s)
        omega = _ratio(_dot(t, s), _dot(t, t))
        x.addcmul_(p, alpha).addcmul_(s, omega)
        r = s - omega * t
        rho, old = _dot(shadow, r), rho
        p = r + _ratio(rho, old) * _ratio(alpha, omega) * (p - omega * v)
    raise ArithmeticError(f"BiCGStab did not reach {tol:g} in {max_iter} iterations")


def _reachable(tol: float, dtype: torch.dtype) -> float:
    return max(tol, 20 * torch.finfo(dtype).eps)
