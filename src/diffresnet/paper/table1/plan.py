"""How many runs each model of Table I gets."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from ...nodes.presets import PRESETS


@dataclass(frozen=True)
class Counts:
    """Random splits, and initialisations on each of them."""

    splits: int
    inits: int

    def __str__(self) -> str:
        return f"{self.splits} × {self.inits}"


@dataclass(frozen=True)
class Plan:
    """What is run; `dataclasses.replace` makes another of it.

    Models of more splits begin with the splits of those of fewer, so that any two can be paired.

    Parameters
    ----------
    counts : Counts
        Of every model that has none of its own.
    own : model -> Counts
        Models that are slow, or of which all runs on a split are alike.
    datasets, models : names
    epochs : int
        At most, of every run; 10,000 is the paper's, and early stopping ends runs long before.
    jobs : int
        Processes, each with whole splits.
    device : str
        As torch names it; runs made on one are kept as those of any other.
    """

    counts: Counts
    own: Mapping[str, Counts] = field(default_factory=dict)
    datasets: tuple[str, ...] = ("cora", "citeseer", "pubmed")
    models: tuple[str, ...] = tuple(PRESETS)
    epochs: int = 10_000
    jobs: int = 1
    device: str = "cpu"

    @property
    def trained(self) -> bool:
        """Whether early stopping, and not the cap on epochs, ends most runs."""
        return self.epochs >= 1000

    def of(self, model: str) -> Counts:
        """How many runs a model gets.

        Examples
        --------
        >>> str(TWO_CORES.of("gcn")), str(TWO_CORES.of("grand_nl_rw"))
        ('20 × 5', '5 × 2')
        """
        return self.own.get(model, self.counts)


PAPER = Plan(Counts(100, 20))
"""The paper's counts: for a graphics processor, or for many machines."""

_FEW = Counts(20, 2)
_LEAST = Counts(5, 2)

TWO_CORES = Plan(
    Counts(20, 5),
    {
        "diff_resnet_mended": _FEW,
        "diff_resnet_once": _FEW,
        "no_diff_resnet": _FEW,
        "label_propagation": Counts(20, 1),
        "grand_l": _LEAST,
        "grand_nl": _LEAST,
        "grand_nl_rw": _LEAST,
        "gcnii": _LEAST,
    },
    jobs=2,
)
"""About a day of two cores, by the seconds of an epoch; most of it is Diff-ResNet's own.

Models past a second an epoch on any of the graphs have as few runs as still say something.
"""

QUICK = Plan(
    Counts(2, 1),
    datasets=("cora",),
    models=("diff_resnet", "no_diff_resnet", "gcn", "sage_mean", "mlp", "label_propagation"),
    epochs=10,
)
"""A look at the page: fast models, and trainings cut off long before they are done."""
