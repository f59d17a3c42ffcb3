"""Conductances of edges as functions of their present lengths."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Literal

import torch
from jaxtyping import Float
from torch import Tensor

from diffresnet.errors import InputError


@dataclass(frozen=True, kw_only=True)
class Conductance(ABC):
    """g(s) >= 0 of an edge of length s, a function of u = s / h alone.

    Parameters
    ----------
    quantile : float or None
        h is this quantile of the lengths of all edges, so that the conductance does not depend on
        the unit of the points, and follows them as they draw together. Where that quantile is 0
        the shortest positive length stands in, and 1 where all lengths are 0. With None, h = 1:
        lengths are taken as they are.
    """

    quantile: float | None = 0.5

    def __post_init__(self) -> None:
        if self.quantile is not None and not 0.0 < self.quantile <= 1.0:
            raise InputError(f"quantile must lie in (0, 1], or be None, not {self.quantile}")

    def unit(self, lengths: Float[Tensor, " e"]) -> float:
        """Return the unit length h of these lengths."""
        if self.quantile is None:
            return 1.0
        if lengths.numel() == 0:
            return 1.0
        # Not torch.quantile: it refuses more than 2^24 edges.
        rank = max(1, math.ceil(self.quantile * lengths.numel()))
        h = float(lengths.kthvalue(rank).values)
        if h > 0.0:
            return h
        positive = lengths[lengths > 0]
        return float(positive.min()) if positive.numel() else 1.0

    def __call__(
        self, lengths: Float[Tensor, " e"], unit: float | None = None
    ) -> Float[Tensor, " e"]:
        """Return g of each length.

        Parameters
        ----------
        unit : the h to be used; that of these lengths if not given.
        """
        return self.factor(lengths / (self.unit(lengths) if unit is None else unit))

    def energy(
        self, lengths: Float[Tensor, " e"], unit: float | None = None
    ) -> Float[Tensor, " e"]:
        """Return the energy phi(s) of edges: the integral of s g(s) from 0, h held fixed."""
        h = self.unit(lengths) if unit is None else unit
        return h * h * self.potential(lengths / h)

    @abstractmethod
    def factor(self, u: Float[Tensor, " e"]) -> Float[Tensor, " e"]:
        """Return g as a function of u = s / h."""

    @abstractmethod
    def potential(self, u: Float[Tensor, " e"]) -> Float[Tensor, " e"]:
        """Return the integral of u g from 0 to u."""


@dataclass(frozen=True)
class PLaplacian(Conductance):
    """g = (u^2 + eps^2)^((p - 2) / 2): the gradient flow of sum w_ij s_ij^p / p, smoothed by eps.

    p = 2 is the linear flow. p < 2 weakens long edges, p = 1 being the total variation flow; p > 2
    strengthens them. For p < 2, g <= eps^(p - 2).

    Parameters
    ----------
    p : float >= 1, where the energy is convex.
    eps : float
        Length, in units of h, below which edges count as equally long; above 0 where p < 2.

    Notes
    -----
    Elmoataz, Lezoray and Bougleux, "Nonlocal discrete regularization on weighted graphs", IEEE
    Transactions on Image Processing 17 (2008), has this flow on graphs.

    Examples
    --------
    >>> import torch
    >>> PLaplacian(1.0, eps=1e-3, quantile=None)(torch.tensor([1.0, 2.0, 4.0]))
    tensor([1.0000, 0.5000, 0.2500])
    """

    p: float
    eps: float = 0.1

    def __post_init__(self) -> None:
        super().__post_init__()
        if not 1.0 <= self.p < float("inf"):
            raise InputError(f"p must be a finite number >= 1, not {self.p}")
        if not 0.0 <= self.eps < float("inf") or (self.p < 2.0 and self.eps == 0.0):
            raise InputError(
                f"eps must be finite and >= 0, and > 0 where p < 2 (an edge of length 0 would "
                f"pull infinitely), not {self.eps}"
            )

    def factor(self, u: Float[Tensor, " e"]) -> Float[Tensor, " e"]:
        return self._root(u) ** (self.p - 2.0)

    def potential(self, u: Float[Tensor, " e"]) -> Float[Tensor, " e"]:
        return (self._root(u) ** self.p - self.eps**self.p) / self.p

    def _root(self, u: Tensor) -> Tensor:
        return torch.hypot(u, u.new_full((), self.eps))


@dataclass(frozen=True)
class EdgeStopping(Conductance):
    """g = exp(-v^2) ("gaussian") or 1 / (1 + v^2) ("lorentz") with v = u / kappa, so g <= 1.

    Edges much longer than kappa h hardly conduct: what is apart stays apart. Past v = 1 / sqrt(2)
    (gaussian) or 1 (lorentz) the pull v g falls with the length, so the energy is not convex.

    Parameters
    ----------
    kappa : float > 0
        The length at which edges begin to let go, in units of h.

    Notes
    -----
    Perona and Malik, "Scale-space and edge detection using anisotropic diffusion", IEEE
    Transactions on Pattern Analysis and Machine Intelligence 12 (1990).

    Examples
    --------
    >>> import torch
    >>> EdgeStopping(2.0, "lorentz", quantile=None)(torch.tensor([0.0, 2.0, 6.0]))
    tensor([1.0000, 0.5000, 0.1000])
    """

    kappa: float = 1.0
    form: Literal["gaussian", "lorentz"] = "gaussian"

    def __post_init__(self) -> None:
        super().__post_init__()
        if not 0.0 < self.kappa < float("inf"):
            raise InputError(f"kappa must be a positive number, not {self.kappa}")
        if self.form not in ("gaussian", "lorentz"):
            raise InputError(f'form must be "gaussian" or "lorentz", not {self.form!r}')

    def factor(self, u: Float[Tensor, " e"]) -> Float[Tensor, " e"]:
        v = (u / self.kappa) ** 2
        return torch.exp(-v) if self.form == "gaussian" else 1.0 / (1.0 + v)

    def potential(self, u: Float[Tensor, " e"]) -> Float[Tensor, " e"]:
        v = (u / self.kappa) ** 2
        rise = -torch.expm1(-v) if self.form == "gaussian" else torch.log1p(v)
        return 0.5 * self.kappa**2 * rise
