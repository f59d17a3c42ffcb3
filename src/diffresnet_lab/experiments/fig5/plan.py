"""How much of Fig. 5 is run."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Fig5Plan:
    """How much is run.

    Parameters
    ----------
    splits, inits : random splits, and initialisations on each.
    depths, datasets : numbers of layers, blocks or diffusion steps, ascending; names of graphs.
    width : of all hidden layers of all networks.
    epochs : of every run at most.
    jobs : processes
    device : as torch names it.
    """

    splits: int
    inits: int
    depths: tuple[int, ...]
    datasets: tuple[str, ...]
    width: int = 64
    epochs: int = 10_000
    jobs: int = 1
    device: str = "cpu"

    @property
    def trained(self) -> bool:
        """Whether early stopping, and not the cap on epochs, ends most runs."""
        return self.epochs >= 1000

    @property
    def reaches_claim(self) -> bool:
        """Whether depth and training are those of the paper's claim."""
        return self.trained and self.depths[-1] == 32
