"""Settings of a similarity graph, with the paper's presets."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal

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
        exp(-d_ij^2 / h_i^2), or exp(-d_ij^2 / h^2). The width h_i is `bandwidth` times the
        distance of i to its `scale_neighbor`-th neighbour.
    bandwidth : float
        The width h: absolute for "global", else relative to that distance. The default makes the
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
    bandwidth: float = 2.5**-0.5
    scale_neighbor: int = 10
    strict: bool = False
    self_loops: bool = False
    symmetrize: Literal["before", "after"] | None = "before"
    normalize: Normalization | None = None

    def __post_init__(self) -> None:
        if self.n_neighbors < 1 or self.scale_neighbor < 1:
            raise InputError("n_neighbors and scale_neighbor must be at least 1")
        if not 0.0 < self.bandwidth < float("inf"):
            raise InputError(f"bandwidth must be a positive number, not {self.bandwidth}")
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
        """Neighbours that have to be looked up."""
        scale = 0 if self.scale == "global" else self.scale_neighbor
        return max(self.n_neighbors + self.strict, scale)

    @classmethod
    def few_shot(cls, ntop: int = 8, scale_rank: int = 4) -> GraphSettings:
        """Return the paper's few-shot graph: both numbers count the point itself.

        `scale_rank` is the paper's sigma: the neighbour whose distance is the width.
        """
        if ntop < 3 or scale_rank < 2:
            raise InputError(
                "few_shot needs ntop >= 3 and scale_rank (sigma) >= 2: both count the point itself"
            )
        return cls(
            n_neighbors=ntop - 2,
            scale="local",
            bandwidth=1.0,
            scale_neighbor=scale_rank - 1,
            strict=True,
            self_loops=True,
            symmetrize="after",
            normalize="symmetric",
        )

    @classmethod
    def synthetic(cls, ntop: int = 20, bandwidth: float = 0.5) -> GraphSettings:
        """Return the paper's graph of the synthetic sets; `ntop` counts the point itself.

        `bandwidth` is the paper's sigma.
        """
        if ntop < 2:
            raise InputError("synthetic needs ntop >= 2: it counts the point itself")
        return cls(
            n_neighbors=ntop - 1,
            scale="global",
            bandwidth=bandwidth,
            self_loops=True,
            symmetrize=None,
            normalize="random_walk",
        )

    def to_dict(self) -> dict[str, Any]:
        """Return the settings as model files have had them from the start.

        Examples
        --------
        >>> GraphSettings.from_dict(GraphSettings(6).to_dict()) == GraphSettings(6)
        True
        """
        saved = asdict(self)
        saved["sigma"] = saved.pop("bandwidth")
        return saved

    @classmethod
    def from_dict(cls, saved: Mapping[str, Any]) -> GraphSettings:
        """Return the settings of `to_dict`."""
        fields = dict(saved)
        return cls(bandwidth=fields.pop("sigma"), **fields)
