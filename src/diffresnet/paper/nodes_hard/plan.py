"""Which models run on which graphs, and how often: declared before a single one is trained."""

from __future__ import annotations

from dataclasses import dataclass

from ...nodes.damage import Damage
from ..experiment import Setup

OURS = "diff_resnet_once"
"""Speaks for Diff-ResNet wherever one number must: the only one of them that is run everywhere."""

RIVALS = ("gcn", "grand_l")
"""What every model is compared to, split by split."""

MODELS = (
    "diff_resnet",
    OURS,
    "best",
    "no_diff_resnet",
    *RIVALS,
    "appnp",
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
    """

    graph: str
    labels: int = 20
    damage: Damage | None = None


@dataclass(frozen=True)
class Plan:
    """How much is run.

    Parameters
    ----------
    splits, inits : int
        Random splits, and initialisations on each.
    epochs : int, optional
        At most so many, where validation nodes are not to decide alone.
    models : names of presets.
    faithful : graphs on which the released model, with dropout before each diffusion step, is run.
    """

    splits: int
    inits: int
    epochs: int | None
    models: tuple[str, ...]
    faithful: tuple[str, ...]
    labels: tuple[int, ...]
    label_graphs: tuple[str, ...]
    shares: tuple[float, ...]
    damage_graphs: tuple[str, ...]
    other_graphs: tuple[str, ...]

    @classmethod
    def of(cls, setup: Setup) -> Plan:
        """The plan for two cores, or a glimpse of it."""
        return QUICK if setup.quick else DEFAULT

    def models_on(self, graph: str) -> tuple[str, ...]:
        return tuple(m for m in self.models if m != "diff_resnet" or graph in self.faithful)


DEFAULT = Plan(
    splits=5,
    inits=2,
    epochs=None,
    models=MODELS,
    faithful=("cora", "coauthor_cs"),
    labels=(1, 2, 5, 20),
    label_graphs=("cora", "citeseer", "pubmed"),
    shares=(0.1, 0.3),
    damage_graphs=("cora", "citeseer"),
    other_graphs=("amazon_photo", "coauthor_cs"),
)

QUICK = Plan(
    splits=1,
    inits=1,
    epochs=10,
    models=(OURS, "gcn"),
    faithful=(),
    labels=(1, 20),
    label_graphs=("cora",),
    shares=(0.3,),
    damage_graphs=("cora",),
    other_graphs=("amazon_photo",),
)
