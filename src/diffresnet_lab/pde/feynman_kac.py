"""The field by Monte Carlo: the residual network with noise injected, averaged."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

from diffresnet.errors import InputError

from .velocity import Convection, Scheme, check_noise, noise_times, step


@dataclass(frozen=True)
class Estimate:
    """Mean over samples, and its standard error.

    Attributes
    ----------
    mean, error : (n, c)
        The mean, and its standard error.
    """

    mean: Float[Tensor, "n c"]
    error: Float[Tensor, "n c"]


@dataclass(frozen=True)
class FeynmanKac:
    """u(x, T) = E f(X(T)) for dX = v ds + sqrt(2) sigma dB, X(0) = x (Feynman and Kac).

    Every block is `substeps` steps of length dt = 1 / substeps, with Gaussian noise of variance
    2 sigma^2 dt in every coordinate. By default they are the steps of Euler and Maruyama: with one
    a block, the residual network with noise behind every block. As dt -> 0 the mean tends to the
    solution of the equation.

    Parameters
    ----------
    sigma : float
        The root of the diffusivity: noise adds up to a variance of 2 sigma^2 T a coordinate.
    samples : int
        Particles a point, an even number.
    scheme : {"network", "strang"}
        See `Scheme`.
    antithetic : bool
        Draw particles in pairs with opposite noise. Same mean, and a smaller error where the answer
        is nearly linear in the noise.
    chunk : int
        Particles that move at a time. Memory beside the result is a few copies of their (d)
        coordinates and of their hidden layer.

    Examples
    --------
    >>> still = Convection((torch.zeros_like,))
    >>> draw = torch.Generator().manual_seed(0)
    >>> solver = FeynmanKac(sigma=0.5, samples=4000)
    >>> field = solver(still, lambda x: x.square().sum(-1, keepdim=True), torch.zeros(1, 2), draw)
    >>> bool((field.mean - 1.0).abs() < 4 * field.error)  # 2 coordinates, 2 sigma^2 T each
    True
    """

    sigma: float
    substeps: int = 1
    samples: int = 1024
    scheme: Scheme = "network"
    antithetic: bool = True
    chunk: int = 2**18

    def __post_init__(self) -> None:
        check_noise(self.sigma, self.substeps, self.scheme)
        if self.samples < 4 or self.samples % 2:
            raise InputError(f"samples must be an even number from 4 on, not {self.samples}")
        if self.chunk < 2:
            raise InputError(f"chunk must be at least 2 particles, not {self.chunk}")

    def endpoints(
        self,
        convection: Convection,
        x: Float[Tensor, "n d"],
        generator: torch.Generator,
        samples: int | None = None,
    ) -> Float[Tensor, "samples n d"]:
        """Return X(T) of `samples` particles a point, with gradients if the layers have any.

        With `antithetic`, particle k and particle samples / 2 + k have opposite noise.
        """
        samples = samples or self.samples
        half = samples // 2 if self.antithetic else samples
        dt, shape = 1.0 / self.substeps, (half, *x.shape)

        def noised(x: Tensor, time: float) -> Tensor:
            size = self.sigma * math.sqrt(2.0 * time)
            if size == 0.0:
                return x
            noise = torch.randn(shape, generator=generator, device=x.device, dtype=x.dtype)
            return x + size * (torch.cat([noise, -noise]) if self.antithetic else noise)

        before, after = noise_times(self.scheme, dt)
        moved, waiting = x.expand(samples, *x.shape), 0.0
        for velocity in convection.layers:
            for _ in range(self.substeps):
                moved = step(self.scheme, velocity, noised(moved, waiting + before), dt)
                waiting = after
        return noised(moved, waiting)

    def __call__(
        self,
        convection: Convection,
        values: Callable[[Tensor], Tensor],
        x: Float[Tensor, "n d"],
        generator: torch.Generator,
    ) -> Estimate:
        """Return the field at x and time T, without gradients.

        Parameters
        ----------
        values : f, (..., d) -> (..., c): the field at time 0.
        generator : on the device of x.
        """
        rows = x.split(max(1, self.chunk // 2))
        with torch.no_grad():
            parts = [self._estimate(convection, values, part, generator) for part in rows]
        return Estimate(
            torch.cat([part.mean for part in parts]), torch.cat([part.error for part in parts])
        )

    def _estimate(
        self,
        convection: Convection,
        values: Callable[[Tensor], Tensor],
        x: Tensor,
        generator: torch.Generator,
    ) -> Estimate:
        at_a_time = max(2, self.chunk // max(1, len(x)) // 2 * 2)
        count, mean, squares = 0, torch.zeros(()), torch.zeros(())
        for start in range(0, self.samples, at_a_time):
            drawn = min(at_a_time, self.samples - start)
            answers = values(self.endpoints(convection, x, generator, drawn)).double()
            if self.antithetic:  # the two of a pair are not independent: their mean is one draw
                answers = answers.view(2, drawn // 2, *answers.shape[1:]).mean(0)
            new, mean_of_new = len(answers), answers.mean(0)
            # Chan's update: no difference of large sums.
            apart = mean_of_new - mean
            mean = mean + apart * (new / (count + new))
            squares = squares + (answers - mean_of_new).square().sum(0)
            squares = squares + apart.square() * (count * new / (count + new))
            count += new
        return Estimate(mean, (squares / (count - 1) / count).sqrt())
