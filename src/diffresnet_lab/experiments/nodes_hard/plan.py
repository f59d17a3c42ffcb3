"""Which models run on which graphs, and how often: declared before a single one is trained."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class NodesHardPlan:
    """How much is run.

    Parameters
    ----------
    splits, inits : random splits, and initialisations on each.
    models : names of the registry.
    labels : training labels of each class.
    label_graphs, damage_graphs, other_graphs : graphs of the parts.
    shares : of edges, features or labels that are corrupted.
    epochs : at most so many, where validation nodes are not to decide alone.
    left_out : graph -> models that are too slow there.
    widths : graph -> hidden width of Diff-ResNet, where it is not the number of features.
    """

    splits: int
    inits: int
    models: tuple[str, ...]
    labels: tuple[int, ...]
    label_graphs: tuple[str, ...]
    shares: tuple[float, ...]
    damage_graphs: tuple[str, ...]
    other_graphs: tuple[str, ...]
    epochs: int | None = None
    left_out: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    widths: Mapping[str, int] = field(default_factory=dict)

    def models_on(self, graph: str) -> tuple[str, ...]:
        """Return the models that are run on a graph."""
        return tuple(model for model in self.models if model not in self.left_out.get(graph, ()))

    def counts(self) -> dict[str, int | None]:
        """Return how often everything is run, as metrics.json has it."""
        return {"splits": self.splits, "inits": self.inits, "epochs": self.epochs}
