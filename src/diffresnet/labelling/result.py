"""What labelling a table gives: a label for every row, and what a user should know of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
from jaxtyping import Bool, Float

from ..errors import Note
from ..graphs.graph import GraphData
from ..labels import Labels
from ..tables.content import named_classes
from ..tables.labelled_table import LabelledTable
from ..tables.row_names import RowNames

if TYPE_CHECKING:
    from ..classify import DiffusionClassifier
    from ..classify.proposals import ProposedClass
    from ..tables.column_roles import ColumnRole


def error_probability(
    confidence: Float[np.ndarray, " m"],
    novelty: Float[np.ndarray, " m"] | None,
    novel: Bool[np.ndarray, " m"] | None,
) -> Float[np.ndarray, " m"]:
    """Return the probability that each label is wrong: of novel rows, novelty counts too."""
    if novelty is not None and novel is not None:
        confidence = np.where(novel, (1.0 - novelty) * confidence, confidence)
    return np.asarray(1.0 - confidence)


@dataclass(frozen=True)
class LabelResult:
    """A label for every row of a file.

    Attributes
    ----------
    labels : (n,) objects, None where there is none.
    confidence : (n,)
    flags : (n,)
        "given", "predicted", "novel" where the row looks like none of the classes, "unreached"
        where no label is connected to it, or "abstained" where its label is left out.
    novelty : (n,), or None for the nodes of a graph and models of before there was one
        How much a row looks like none of the classes, from 0 to 1; 0 where its label is given.
    novel : (n,) bool, or None likewise
        Which rows look like none of them, also where no label reaches them.
    row_names : what the rows are called.
    because : (n,) of texts or None, where it was asked for
        Which given labels each label comes from; None at rows that are not predicted.
    reached : (n,) bool
    given : Labels
        The labels of the file.
    feature_names : of the features; empty for the nodes of a graph.
    encoder : what made the features of texts or images; "" where they are numbers of the file.
    column_roles : what each column was taken for, and why, where features were not named.
    class_names : names of the classes 0, 1, ... where the file has them.
    graph : GraphData or None
    notes : what a user should know, one line each.
    model : the fitted or loaded classifier; None for the nodes of a graph.
    """

    labels: np.ndarray = field(repr=False)
    confidence: np.ndarray = field(repr=False)
    flags: np.ndarray = field(repr=False)
    reached: np.ndarray = field(repr=False)
    given: Labels = field(repr=False)
    feature_names: tuple[str, ...] = field(default=(), repr=False)
    encoder: str = ""
    column_roles: tuple[ColumnRole, ...] = field(default=(), repr=False)
    class_names: tuple[str, ...] | None = None
    graph: GraphData | None = field(default=None, repr=False)
    notes: tuple[Note, ...] = ()
    model: DiffusionClassifier | None = None
    because: np.ndarray | None = field(default=None, repr=False)
    novelty: np.ndarray | None = field(default=None, repr=False)
    novel: np.ndarray | None = field(default=None, repr=False)
    row_names: RowNames = field(default=RowNames(), repr=False)

    def __len__(self) -> int:
        return len(self.labels)

    @property
    def is_fitted(self) -> bool:
        """Whether the model was fitted to these rows, and is not from a file."""
        return hasattr(self.model, "_transduction")

    @property
    def recall(self) -> float | None:
        """Share of the true neighbours that were found, measured on a sample of a fit to rows."""
        return self.model.recall_ if self.model is not None and self.is_fitted else None

    def counts(self) -> dict[str, Any]:
        """Return how many rows there are of each kind, and the mean confidence of predicted ones.

        Keys: rows, labelled, classes, predicted, novel (in whatever flag), unreached, overruled
        (given labels that are others now), abstained, mean_confidence, expected_error, the share of
        wrong ones among all predicted or unreached, and recall of the neighbours.
        """
        predicted = np.isin(self.flags, ("predicted", "novel"))
        known = self.given.labelled.any()
        classes = self.given.classes if known else set(self.labels.tolist()) - {None}
        return {
            "rows": len(self),
            "labelled": len(self.given.rows),
            "classes": len(classes),
            "predicted": int(predicted.sum()),
            "novel": 0 if self.novel is None else int(self.novel.sum()),
            "unreached": int((self.flags == "unreached").sum()),
            "overruled": len(self.overruled()),
            "abstained": int((self.flags == "abstained").sum()),
            "mean_confidence": float(self.confidence[predicted].mean())
            if predicted.any()
            else None,
            "expected_error": self.expected_error(),
            "recall": self.recall,
        }

    def overruled(self) -> list[dict[str, Any]]:
        """Return the rows whose given label is another now, or left out: row, given, label."""
        rows = np.flatnonzero(self.given.labelled & (self.flags != "given"))
        given = named_classes(self.given.values()[rows], self.class_names)
        labels = named_classes(self.labels[rows], self.class_names)
        return [
            {**self.row_names.record(row), "given": before, "label": now}
            for row, before, now in zip(rows.tolist(), given, labels, strict=True)
            if str(before) != str(now)  # a model may have its classes of another type
        ]

    def class_shares(self) -> dict[str, float] | None:
        """Return the shares of the classes among the rows; None where no prior asked for any."""
        if self.model is None or self.model.class_prior is None or not self.is_fitted:
            return None
        names = named_classes(self.model.classes_.tolist(), self.class_names)
        shares = self.model.class_shares_.tolist()
        return {str(name): share for name, share in zip(names, shares, strict=True)}

    def error_probability(self) -> np.ndarray:
        """Return the probability (n,) that a label is wrong: of novel rows, novelty counts too."""
        return error_probability(self.confidence, self.novelty, self.novel)

    def proposed_classes(self) -> list[ProposedClass]:
        """Return groups of novel rows that may be classes of their own, of a model fitted here."""
        if self.model is None or not self.is_fitted:
            return []
        return self.model.propose_classes()

    def expected_error(self) -> float | None:
        """Return the expected share of wrong labels among those that are not given."""
        some = ~np.isin(self.flags, ("given", "abstained"))
        return float(self.error_probability()[some].mean()) if some.any() else None


def row_notes(given: Bool[np.ndarray, " n"], blank: Bool[np.ndarray, " n"]) -> tuple[Note, ...]:
    """Return what a user should know of the rows: that none is left, or some hold nothing.

    Parameters
    ----------
    blank : rows of zeros, which no label reaches.
    """
    notes = []
    if given.all():
        notes.append(Note("every row has a label, so that none is predicted"))
    empty = int((blank & ~given).sum())
    if empty:
        rows = "1 row has" if empty == 1 else f"{empty} rows have"
        notes.append(Note(f"{rows} features of zeros alone, which no label reaches"))
    empty = int((blank & given).sum())
    if empty:
        rows = "1 labelled row has" if empty == 1 else f"{empty} labelled rows have"
        notes.append(Note(f"{rows} features of zeros alone: it says nothing of others"))
    return tuple(notes)


def result_of(
    table: LabelledTable,
    labels: np.ndarray,
    confidence: np.ndarray,
    reached: np.ndarray,
    overruled: np.ndarray | bool = False,
    *,
    novelty: tuple[np.ndarray, np.ndarray] | None = None,
    model: DiffusionClassifier | None = None,
) -> LabelResult:
    """Keep given labels, at confidence 1, but those that are overruled.

    Parameters
    ----------
    novelty : of the rows, and which of them are novel.
    """
    given = table.labels.labelled & ~np.asarray(overruled)
    blank = np.zeros(len(given), dtype=bool)
    if table.chosen is not None:
        blank = ~reached & ~table.features.any(axis=1)
        if table.chosen.encoder:  # which says itself what is blank
            blank &= given
    notes = (*table.notes, *row_notes(given, blank))
    flags = np.where(given, "given", np.where(reached, "predicted", "unreached")).astype(object)
    if novelty is not None:
        flags[novelty[1] & (flags == "predicted")] = "novel"
    labels = np.where(given, table.labels.values(), labels.astype(object))
    return LabelResult(
        labels=labels,
        confidence=np.where(given, 1.0, confidence),
        flags=flags.astype(str),
        novelty=None if novelty is None else np.where(given, 0.0, novelty[0]),
        novel=None if novelty is None else novelty[1] & ~given,
        reached=reached,
        given=table.labels,
        feature_names=table.feature_names,
        encoder="" if table.chosen is None else table.chosen.encoder,
        column_roles=() if table.chosen is None else table.chosen.roles,
        class_names=table.class_names,
        notes=notes,
        model=model,
        row_names=table.row_names,
    )
