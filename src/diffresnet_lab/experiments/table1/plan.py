"""How many runs each model of Table I gets."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

MODELS = (
    "diff_resnet",
    "diff_resnet_once",
    "best",
    "no_diff_resnet",
    "gcn",
    "gat",
    "monet",
    "sage_mean",
    "sage_maxpool",
    "cgnn",
    "gde",
    "grand_l",
    "grand_nl",
    "grand_nl_rw",
    "mlp",
    "label_propagation",
    "appnp",
    "gcnii",
)
"""The models of the table: a model that is new to the registry is not run here by itself."""


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
    own : model, or model and data set -> Counts
        Models that are slow, or of which all runs on a split are alike. Those of a model on a data
        set go before all else; none at all (0 × 0) leaves the model out there.
    caps : data set -> Counts
        A graph that is large: no model has more there.
    datasets, models : names
    epochs : int
        At most, of every run; 10,000 is the paper's, and early stopping ends runs long before.
    jobs : int
        Processes, each with whole splits.
    device : str
        As torch names it; runs made on one are kept as those of any other.
    """

    counts: Counts
    own: Mapping[str | tuple[str, str], Counts] = field(default_factory=dict)
    caps: Mapping[str, Counts] = field(default_factory=dict)
    datasets: tuple[str, ...] = ("cora", "citeseer", "pubmed")
    models: tuple[str, ...] = MODELS
    epochs: int = 10_000
    jobs: int = 1
    device: str = "cpu"

    @property
    def trained(self) -> bool:
        """Whether early stopping, and not the cap on epochs, ends most runs."""
        return self.epochs >= 1000

    def of(self, model: str, dataset: str) -> Counts:
        """How many runs a model gets on a data set.

        Examples
        --------
        >>> plan = Plan(Counts(20, 2), {"mlp": Counts(30, 1)}, {"pubmed": Counts(5, 2)})
        >>> str(plan.of("gcn", "cora")), str(plan.of("gcn", "pubmed"))
        ('20 × 2', '5 × 2')
        >>> str(plan.of("mlp", "cora")), str(plan.of("mlp", "pubmed"))
        ('30 × 1', '5 × 1')
        >>> str(Plan(Counts(20, 2), {("gat", "cora"): Counts(3, 1)}).of("gat", "cora"))
        '3 × 1'
        """
        if (model, dataset) in self.own:
            return self.own[model, dataset]
        counts = self.own.get(model, self.counts)
        cap = self.caps.get(dataset, counts)
        return Counts(min(counts.splits, cap.splits), min(counts.inits, cap.inits))

    def too_slow(self, dataset: str) -> tuple[str, ...]:
        """Models that are left out on a data set."""
        return tuple(model for model in self.models if self.of(model, dataset).splits == 0)


PAPER = Plan(Counts(100, 20))
"""The paper's counts: for a graphics processor, or for many machines."""

TOO_SLOW_ON_PUBMED = ("sage_maxpool", "gde", "grand_l", "grand_nl", "grand_nl_rw", "gcnii")

TWO_CORES = Plan(
    Counts(10, 2),
    {
        "diff_resnet": Counts(20, 5),
        ("diff_resnet", "citeseer"): Counts(10, 5),
        ("diff_resnet", "pubmed"): Counts(3, 1),
        "diff_resnet_mended": Counts(3, 1),
        "label_propagation": Counts(20, 1),
        "grand_nl": Counts(5, 2),
        "grand_nl_rw": Counts(5, 2),
        ("gcnii", "cora"): Counts(5, 1),
        ("gcnii", "citeseer"): Counts(3, 1),
        **{(model, "pubmed"): Counts(0, 0) for model in TOO_SLOW_ON_PUBMED},
    },
    {"pubmed": Counts(5, 2)},
    jobs=2,
)
"""Two hours of two cores: slow models have as few runs as still say something."""

QUICK = Plan(
    Counts(2, 1),
    datasets=("cora",),
    models=(
        "diff_resnet",
        "best",
        "no_diff_resnet",
        "gcn",
        "sage_mean",
        "mlp",
        "label_propagation",
    ),
    epochs=10,
)
"""A look at the page: fast models, and trainings cut off long before they are done."""
