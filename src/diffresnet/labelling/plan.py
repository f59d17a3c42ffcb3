"""What labelling a file comes to: the file read and checked, and the work that is left."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import Note
from ..files.atomic import Pathlike
from ..graphs.graph import GraphData
from ..labels import Labels, Marks
from ..progress import Progress, told_by
from ..tables.column_roles import ColumnRole
from ..tables.formats.h5ad import read_cell_graph
from ..tables.labelled_table import LabelledTable
from .abstain import Abstention, abstained
from .because import explained
from .cost import Cost, FitSize
from .fit import apply_model, fit_table, label_nodes
from .model_file import SavedModel, save_model
from .raw_rows import RawRows
from .result import LabelResult

if TYPE_CHECKING:
    from ..classify.class_prior import ClassPrior

LONG = 30.0
"""Seconds of a processor from which on a stage says how long it takes."""


@dataclass(frozen=True, kw_only=True)
class LabelPlan:
    """A file that was read and checked, to be labelled by `run`; see `label_file`.

    Attributes
    ----------
    table : LabelledTable
        Its features are of no columns where texts or images are still to be encoded.
    graph : GraphData or None
        Of the nodes of a graph.
    out, model : where to write the rows and the fitted model, or None.
    saved : the model that labels without a fit, or None.
    raw : what encodes the rows, or None.
    cell_graph : name of the graph of a .h5ad file, or None.
    max_memory : bytes that this process may hold, or None for no limit.
    """

    table: LabelledTable
    graph: GraphData | None
    out: Pathlike | None
    model: Pathlike | None
    saved: SavedModel | None
    raw: RawRows | None
    cell_graph: str | None
    max_memory: int | None
    unlabelled: Marks = field(repr=False)
    relabel: bool = field(repr=False)
    class_prior: ClassPrior = field(repr=False)
    explain: bool = field(repr=False)
    abstention: Abstention | None = field(repr=False)
    device: str = field(repr=False)
    seed: int = field(repr=False)
    progress: Progress = field(repr=False)

    def __len__(self) -> int:
        return len(self.table)

    @property
    def given(self) -> Labels:
        """The labels of the file."""
        return self.table.labels

    @property
    def feature_names(self) -> tuple[str, ...]:
        """Names of the features; empty for the nodes of a graph, and before rows are encoded."""
        return self.table.feature_names

    @property
    def encoder(self) -> str:
        """What makes the features of texts or images, "" for numbers of the file."""
        return "" if self.table.chosen is None else self.table.chosen.encoder

    @property
    def column_roles(self) -> tuple[ColumnRole, ...]:
        """What each column is taken for, and why, where features are not named."""
        return () if self.table.chosen is None else self.table.chosen.roles

    @property
    def class_names(self) -> tuple[str, ...] | None:
        """Names of the classes 0, 1, ... where the file has them."""
        return self.table.class_names

    def counts(self) -> dict[str, Any]:
        """Return how much was read, and what the fit is expected to take, None where unknown.

        Keys: rows, features, labelled, classes, memory_bytes, processor_seconds, and
        max_memory_bytes, the limit that holds.
        """
        cost = self.cost
        return {
            "rows": len(self),
            "features": len(self.feature_names) or None,
            "labelled": len(self.given.rows),
            "classes": len(self.given.classes),
            "memory_bytes": None if cost is None else cost.memory,
            "processor_seconds": None if cost is None else round(cost.seconds, 1),
            "max_memory_bytes": self.max_memory,
        }

    @property
    def size(self) -> FitSize | None:
        """How large the fit is; None where there is none, or it is `unestimated`."""
        if self.unestimated:
            return None
        (rows, columns), labels = self.table.features.shape, self.table.labels
        classes, fits = len(labels.classes), 1 + self.relabel
        return FitSize(rows, columns, classes, len(labels.rows), fits=fits)

    @property
    def cost(self) -> Cost | None:
        """What the fit takes; None where that is not estimated."""
        return None if self.size is None else self.size.cost

    @property
    def unestimated(self) -> str:
        """Why there is no estimate; empty where there is one."""
        from ..device import pick_device

        if self.graph is not None:
            return "the networks that label the nodes of a graph are not estimated"
        if self.saved is not None:
            return "what a saved model takes is not estimated"
        if not self.is_encoded and self.raw is not None:
            return f"a fit to {self.raw.columns.kind}s is estimated once they are encoded"
        if pick_device(self.device).type != "cpu":
            return "only a fit on the processor is estimated"
        return ""

    @property
    def is_encoded(self) -> bool:
        """Whether there are features: texts and images have none before they are encoded."""
        return self.raw is None or self.table.features.shape[1] > 0

    @property
    def notes(self) -> tuple[Note, ...]:
        """What a user should know, one line each; a fit that does not fit into memory first."""
        too_large = () if self.size is None else self.size.notes(self.max_memory)
        return (*too_large, *self.table.notes)

    def run(self) -> LabelResult:
        """Label every row, and write what is to be written.

        Raises
        ------
        InputError
            If the fit takes more memory than there is, before it begins.
        """
        plan = self if self.is_encoded else self._encoded()
        if plan.size is not None:
            plan.size.require(plan.max_memory)
        result = abstained(plan._label(), self.abstention)
        if self.out is not None:
            with self.progress(f"writing {self.out}", None):
                plan.table.write(
                    self.out,
                    result.labels,
                    result.confidence,
                    result.flags,
                    result.novelty,
                    result.because,
                )
        return result

    def _encoded(self) -> LabelPlan:
        """Encode the texts or images."""
        assert self.raw is not None
        table = self.table
        chosen = self.raw.features(table.content, table.path, table.label_key)
        notes = (*chosen.notes, *table.notes)
        return replace(self, table=replace(table, chosen=chosen, notes=notes))

    def _label(self) -> LabelResult:
        table = self.table
        if self.graph is not None:
            return label_nodes(table, self.graph, self.device, self.seed, self.progress)
        with self.progress(self._stage(), None), told_by(self.progress), self._kept():
            if self.saved is not None:
                result = apply_model(self.saved, table, self.relabel, self.device)
            else:
                weights = None
                if self.cell_graph is not None:
                    weights = read_cell_graph(table.path, self.cell_graph)
                result = fit_table(
                    table,
                    self.unlabelled,
                    self.device,
                    self.seed,
                    self.relabel,
                    weights,
                    self.class_prior,
                )
        if self.explain:
            with self.progress(f"explaining {len(table)} rows", None):
                result = explained(result, table)
        if self.model is not None and result.model is not None:
            save_model(Path(self.model), result.model, self.raw)
        return result

    def _kept(self) -> AbstractContextManager[None]:
        """Keep the neighbours beside the output where Ctrl-C stops the work."""
        if self.out is None or self.saved is not None:
            return nullcontext()
        from ..classify.kept_neighbours import kept_in

        return kept_in(Path(f"{self.out}.neighbours.npz"))

    def _stage(self) -> str:
        """Return what the progress says; of long work also how long it is."""
        cost = self.cost
        about = "" if cost is None or cost.seconds < LONG else f", {cost.time} of processor time"
        return f"labelling {len(self)} rows{about}"
