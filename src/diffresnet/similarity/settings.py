"""How a graph of similarities is made: every choice in one place, with the paper's presets."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from ..errors import InputError

Scale = Literal["self_tuning", "local", "global"]
Normalization = Literal["symmetric", "random_walk"]


@dataclass(frozen=True)
class GraphSettings:
    """The steps from distances d_ij to weights w_ij.

    Parameters
    ----------
    n_neighbors : int
        Others that each point keeps (the operator Sparse); the point itself is never counted.
        The paper's `ntop` counts the point itself.
    metric : {"euclidean", "cosine"}
    scale : {"self_tuning", "local", "global"}
        The Gaussian: exp(-d_ij^2 / (h_i h_j)) of Zelnik-Manor and Perona, the paper's
        exp(-d_ij^2 / h_i^2), or exp(-d_ij^2 / sigma^2). The bandwidth h_i is `sigma` times the
        distance of i to its `scale_neighbor`-th neighbour.
    sigma : float
        The width: absolute for "global", else relative to that distance. The default makes the
        self-tuning weight exp(-2.5 d_ij^2 / (s_i s_j)), s the distance itself.
    scale_neighbor : int
        Which neighbour sets the local bandwidth, the point itself not counted.
    strict : bool
        Drop neighbours that are as far as the first one left out, instead of breaking the tie.
    self_loops : bool
        Keep w_ii = 1. A self-loop is counted when normalising, and slows diffusion down.
    symmetrize : {"before", "after", None}
        (W + W^T) / 2, before or after normalising, or not at all.
    normalize : {"symmetric", "random_walk", None}
        D^-1/2 W D^-1/2, D^-1 W with D the row sums, or nothing.
    """

    n_neighbors: int = 10
    metric: Literal["euclidean", "cosine"] = "euclidean"
    scale: Scale = "self_tuning"
    sigma: float = 2.5**-0.5
    scale_neighbor: int = 10
    strict: bool = False
    self_loops: bool = False
    symmetrize: Literal["before", "after"] | None = "before"
    normalize: Normalization | None = None

    def __post_init__(self) -> None:
        if self.n_neighbors < 1 or self.scale_neighbor < 1:
            raise InputError("n_neighbors and scale_neighbor must be at least 1")
        if not 0.0 < self.sigma < float("inf"):
            raise InputError(f"sigma must be a positive number, not {self.sigma}")
        for name, allowed in (
            ("metric", ("euclidean", "cosine")),
            ("scale", ("self_tuning", "local", "global")),
            ("symmetrize", ("before", "after", None)),
            ("normalize", ("symmetric", "random_walk", None)),
        ):
            if getattr(self, name) not in allowed:
                raise InputError(f"{name} must be one of {allowed}, not {getattr(self, name)!r}")

    @property
    def neighbors_needed(self) -> int:
        """How many neighbours have to be looked up."""
        scale = 0 if self.scale == "global" else self.scale_neighbor
        return max(self.n_neighbors + self.strict, scale)

    @classmethod
    def few_shot(cls, ntop: int = 8, sigma: int = 4) -> GraphSettings:
        """The paper's few-shot graph: both numbers count the point itself."""
        if ntop < 3 or sigma < 2:
            raise InputError("few_shot needs ntop >= 3 and sigma >= 2: both count the point itself")
        return cls(
            n_neighbors=ntop - 2,
            scale="local",
            sigma=1.0,
            scale_neighbor=sigma - 1,
            strict=True,
            self_loops=True,
            symmetrize="after",
            normalize="symmetric",
        )

    @classmethod
    def synthetic(cls, ntop: int = 20, sigma: float = 0.5) -> GraphSettings:
        """The paper's graph of the synthetic sets; `ntop` counts the point itself."""
        if ntop < 2:
            raise InputError("synthetic needs ntop >= 2: it counts the point itself")
        return cls(
            n_neighbors=ntop - 1,
            scale="global",
            sigma=sigma,
            self_loops=True,
            symmetrize=None,
            normalize="random_walk",
        )
