"""Which models run on which graphs, and how often: declared before a single one is trained."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from ...nodes.corruption import Corruption
from ..experiment import Setup

OURS = "best"
"""Speaks for us wherever one number must."""

PAPERS = "diff_resnet_once"
"""The paper's network; as released, with dropout at every step, it takes 4 to 8 times as long."""

RIVALS = ("gcn", "grand_l", "appnp")
"""What every model is compared to, split by split."""

MODELS = (
    OURS,
    PAPERS,
    *RIVALS,
    "label_propagation",
)

TITLES = {
    "cora": "Cora",
    "citeseer": "Citeseer",
    "pubmed": "Pubmed",
    "amazon_photo": "Amazon Photo",
    "coauthor_cs": "Coauthor CS",
}

WIDTHS = {"coauthor_cs": 64}
"""Hidden width of Diff-ResNet where the number of features is too much for two cores."""


@dataclass(frozen=True)
class Case:
    """What is asked of the models: a graph, the labels of each class, the damage.

    Parameters
    ----------
    graph : str
        The stem of its file.
    unit : bool
        Whether rows of the features have length 1, not sum 1 as the protocol says.
    """

    graph: str
    labels: int = 20
    damage: Corruption | None = None
    unit: bool = False

    @property
    def title(self) -> str:
        return TITLES[self.graph] + (", length 1" if self.unit else "")


@dataclass(frozen=True)
class Plan:
    """How much is run.

    Parameters
    ----------
    splits, inits : int
        Random splits, and initialisations on each.
    epochs : int, optional
        At most so many, where validation nodes are not to decide alone.
    models : names of the registry.
    left_out : graph -> models that are too slow there.
    """

    splits: int
    inits: int
    epochs: int | None
    models: tuple[str, ...]
    labels: tuple[int, ...]
    label_graphs: tuple[str, ...]
    shares: tuple[float, ...]
    damage_graphs: tuple[str, ...]
    other_graphs: tuple[str, ...]
    left_out: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    @classmethod
    def of(cls, setup: Setup) -> Plan:
        """The plan for two cores, or a glimpse of it."""
        return QUICK if setup.quick else DEFAULT

    def models_on(self, graph: str) -> tuple[str, ...]:
        return tuple(m for m in self.models if m not in self.left_out.get(graph, ()))


DEFAULT = Plan(
    splits=5,
    inits=1,
    epochs=None,
    models=MODELS,
    labels=(1, 2, 5, 20),
    label_graphs=("cora", "citeseer", "pubmed"),
    shares=(0.1, 0.3),
    damage_graphs=("cora", "citeseer"),
    other_graphs=("amazon_photo", "coauthor_cs"),
    left_out={"pubmed": (PAPERS, "grand_l"), "coauthor_cs": ("grand_l",)},
)
"""Two to three hours of one core."""

QUICK = Plan(
    splits=1,
    inits=1,
    epochs=10,
    models=(OURS, PAPERS, "gcn"),
    labels=(1, 20),
    label_graphs=("cora",),
    shares=(0.3,),
    damage_graphs=("cora",),
    other_graphs=("amazon_photo",),
)
