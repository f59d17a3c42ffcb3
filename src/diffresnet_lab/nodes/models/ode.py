"""Ordinary differential equations for the continuous baselines, by torchdiffeq."""

from __future__ import annotations

from collections.abc import Callable
from math import ceil
from typing import Any, Literal

import torch
from jaxtyping import Float
from torch import Tensor

from diffresnet.errors import InputError

Method = Literal["euler", "midpoint", "rk4"]


def integrate(
    velocity: Callable[[Float[Tensor, "..."]], Float[Tensor, "..."]],
    start: Float[Tensor, "..."],
    time: float,
    step: float,
    method: Method,
) -> Float[Tensor, "..."]:
    """Return x(time) of x' = velocity(x) from x(0) = start, in equal steps no longer than `step`.

    Steps are fixed, never adaptive: an adaptive step would depend on all replicas at once, and one
    replica's answer on its company.

    Raises
    ------
    InputError
        If torchdiffeq is not installed.
    """
    try:
        from torchdiffeq import odeint
    except ImportError:
        raise InputError("this model needs torchdiffeq: pip install 'diffresnet[lab]'") from None
    times = torch.linspace(0.0, time, ceil(time / step) + 1, device=start.device)

    def grid(*_: Any) -> Float[Tensor, " k"]:
        return times

    end: Tensor = odeint(
        lambda t, x: velocity(x),
        start,
        times[[0, -1]],
        method=method,
        options={"grid_constructor": grid},
    )[-1]
    return end
