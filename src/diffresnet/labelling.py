"""The main job: a file with labels for some rows in, the file with a label for every row out."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from .errors import InputError, Note
from .files.atomic import Pathlike, check_readable, check_writable, refuse_replacing
from .graphs.graph import GraphData
from .graphs.node_table import holds_graph, read_node_table
from .graphs.notes import graph_notes
from .labels import Labels, Marks
from .tables.content import listed
from .tables.formats import COLUMN_FORMATS
from .tables.labelled_table import LabelledTable

if TYPE_CHECKING:
    from .classify import DiffusionClassifier
    from .tables.column_roles import ColumnRole

Progress = Callable[[str, int | None], AbstractContextManager[Callable[..., None]]]
"""(message, number of steps or None) -> context of a stage, which yields `advance(steps=1)`."""


@contextmanager
def silent(message: str, total: int | None) -> Iterator[Callable[..., None]]:
    """Report no progress."""
    yield lambda steps=1: None


@dataclass(frozen=True)
class LabelResult:
    """A label for every row of a file.

    Attributes
    ----------
    labels : (n,) objects, None where there is none.
    confidence : (n,)
    flags : (n,)
        "given", "predicted", or "unreached" where no label is connected to the row.
    reached : (n,) bool
    given : Labels
        The labels of the file.
    feature_names : of the features; empty for the nodes of a graph.
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
    column_roles: tuple[ColumnRole, ...] = field(default=(), repr=False)
    class_names: tuple[str, ...] | None = None
    graph: GraphData | None = field(default=None, repr=False)
    notes: tuple[Note, ...] = ()
    model: DiffusionClassifier | None = None

    def __len__(self) -> int:
        return len(self.labels)

    def counts(self) -> dict[str, Any]:
        """Return how many rows there are of each kind, and the mean confidence of predicted ones.

        Keys: rows, labelled, classes, predicted, unreached, mean_confidence.
        """
        predicted = self.flags == "predicted"
        known = self.given.labelled.any()
        classes = self.given.classes if known else set(self.labels.tolist())
        return {
            "rows": len(self),
            "labelled": len(self.given.rows),
            "classes": len(classes),
            "predicted": int(predicted.sum()),
            "unreached": int((self.flags == "unreached").sum()),
            "mean_confidence": float(self.confidence[predicted].mean())
            if predicted.any()
            else None,
        }


def label_file(
    path: Pathlike,
    out: Pathlike | None = None,
    *,
    label_column: str = "label",
    features: str | Sequence[str] | None = None,
    unlabelled: Marks = None,
    graph: Pathlike | None = None,
    id_column: str | None = None,
    skip_unknown: bool = False,
    model: Pathlike | None = None,
    with_: Pathlike | None = None,
    relabel: bool = False,
    device: str = "auto",
    seed: int = 0,
    progress: Progress = silent,
) -> LabelResult:
    """Label every row of a file from the few that have a label.

    Parameters
    ----------
    path : path
        A table as `LabelledTable.read` reads it; or, with `graph`, a table of nodes; or a graph in
        .npz by itself.
    out : path, optional
        Where to write all rows and columns with label, confidence and flag; `path` is allowed.
    label_column : str
        Column, or array, that holds the labels.
    features : str or sequence of str, optional
        Feature columns: a name, a comma list, a prefix, or several names; in .npz, the array. By
        default every numeric column, or the column of vectors if there is one.
    unlabelled : mark or marks of unlabelled rows, optional
        By default blank cells, and -1 where labels are numbers throughout.
    graph : path, optional
        A list of edges between the rows: ids of the two ends in its first two columns.
    id_column : str, optional
        With `graph`: the column that holds the ids; by default id, node or node_id, or the one that
        holds the ends of edges.
    skip_unknown : bool
        With `graph`: leave out edges to nodes that are not in the file.
    model : path, optional
        Where to save the fitted model.
    with_ : path, optional
        A saved model that labels without fitting; the file then needs no labels.
    relabel : bool
        Let given labels be overruled too.
    device, seed
        As of `DiffusionClassifier`.
    progress : Progress
        Called with the name of every stage.

    Raises
    ------
    InputError
        A ValueError with one line that says what is wrong and what to do. Nothing is written then.

    Examples
    --------
    >>> result = label_file("texts.csv", "labelled.csv", label_column="intent")  # doctest: +SKIP
    >>> result.labels, result.confidence  # doctest: +SKIP
    """
    if with_ is not None and model is not None:
        raise InputError(
            "a saved model labels without fitting, so that there is none to save; leave one out",
            "model",
        )
    if (id_column is not None or skip_unknown) and graph is None:
        raise InputError("ids are of rows that edges join; give a list of edges too", "graph")
    if model is not None:
        check_writable(model)
    path = check_readable(path)
    read = [path, graph, with_]
    refuse_replacing({"model": model}, read)
    refuse_replacing({"out": out, "model": model}, [each for each in read if each is not path])
    if graph is not None:
        check_readable(graph, COLUMN_FORMATS)
    if with_ is not None:
        check_readable(with_)
    edges, fitted = None, None
    is_graph = graph is not None or holds_graph(path)
    if with_ is not None and not is_graph:
        from .classify import DiffusionClassifier

        fitted = DiffusionClassifier.load(Path(with_))
    with progress(f"reading {path}", None):
        if is_graph:
            _refuse_for_graphs(path, graph, model, with_, relabel, features, label_column)
            table, edges = read_node_table(
                path,
                graph,
                label_column=label_column,
                id_column=id_column,
                features=features,
                unlabelled=unlabelled,
                skip_unknown=skip_unknown,
            )
        else:
            table = LabelledTable.read(
                path,
                label_column=label_column,
                features=features,
                unlabelled=unlabelled,
                labels_required=with_ is None,
                fitted_names=None if fitted is None else model_names(fitted),
            )
            if table.label_key is None and label_column != "label":
                raise InputError(
                    f"{str(path)!r} has no labels {label_column!r}; leave the name out where no "
                    f"row has a label",
                    "label_column",
                )
    if out is not None:
        table.check_output(out)
    if edges is not None:
        result = _label_nodes(table, edges, device, seed, progress)
    else:
        with progress(f"labelling {len(table)} rows", None):
            if with_ is not None and fitted is not None:
                result = _apply(fitted, Path(with_), table, relabel, device)
            else:
                result = _fit(table, unlabelled, device, seed, relabel)
        if model is not None and result.model is not None:
            result.model.save(Path(model))
    if out is not None:
        with progress(f"writing {out}", None):
            table.write(out, result.labels, result.confidence, result.flags)
    return result


def _fit(
    table: LabelledTable, unlabelled: Marks, device: str, seed: int, relabel: bool
) -> LabelResult:
    """Fit a classifier to the labelled rows of a table."""
    table.labels.require_classes(f"the labels of {str(table.path)!r}")
    from .classify import DiffusionClassifier

    model = DiffusionClassifier(
        unlabelled=unlabelled, relabel=relabel, device=device, random_state=seed
    )
    names = table.feature_names if table.has_names else None
    model.fit(table.features, table.labels.values(), feature_names=names)
    return _result(
        table, model.transduction_, model.confidence_, model.reached_, relabel, model=model
    )


def _apply(
    model: DiffusionClassifier, path: Path, table: LabelledTable, relabel: bool, device: str
) -> LabelResult:
    """Label the rows of a table by a saved model; given labels are kept unless `relabel`."""
    model.device = device
    named = hasattr(model, "feature_names_in_") and table.has_names
    if not named and model.n_features_in_ != table.features.shape[1]:
        raise InputError(
            f"the model {str(path)!r} was fitted on {model.n_features_in_} features, but "
            f"{str(table.path)!r} has {table.features.shape[1]}",
            "features",
        )
    probabilities, reached = model.predict_flagged(
        table.features, feature_names=table.feature_names if named else model_names(model)
    )
    labels = model.classes_[probabilities.argmax(axis=1)]
    notes: list[Note] = []
    if not relabel and table.labels.labelled.any():
        labels = _as_given(labels, table, path)
        strange = set(map(str, table.labels.names)) - set(map(str, model.classes_.tolist()))
        if strange:
            notes.append(
                Note(
                    f"given labels such as {min(strange)!r} are no classes of the model, which "
                    f"predicts {listed(map(str, model.classes_.tolist()))}"
                )
            )
    result = _result(table, labels, probabilities.max(axis=1), reached, relabel, model=model)
    return replace(result, notes=(*result.notes, *notes))


def model_names(model: DiffusionClassifier) -> Sequence[str] | None:
    """Return the names that a model was fitted with, for rows that have none of their own."""
    names = getattr(model, "feature_names_in_", None)
    return None if names is None else list(names)


def _label_nodes(
    table: LabelledTable, graph: GraphData, device: str, seed: int, progress: Progress
) -> LabelResult:
    """Label the nodes of a graph, from networks trained on those that have a label."""
    table.labels.require_classes(f"the labels of {str(table.path)!r}")
    from .graphs.node_classifier import NodeClassifier

    model = NodeClassifier(device=device, random_state=seed, unlabelled="")
    with progress(f"training on {len(table)} nodes", model.epochs) as advance:
        model.fit(graph, table.labels.values(), advance=advance)
    result = _result(table, model.transduction_, model.confidence_, model.reached_, relabel=False)
    notes = graph_notes(graph, graph.undirected())
    notes += [note for note in result.notes if note not in table.notes]
    return replace(result, graph=graph, notes=tuple(notes))


def _result(
    table: LabelledTable,
    labels: np.ndarray,
    confidence: np.ndarray,
    reached: np.ndarray,
    relabel: bool,
    *,
    model: DiffusionClassifier | None = None,
) -> LabelResult:
    """Keep given labels, at confidence 1, unless they may be overruled."""
    given = table.labels.labelled & (not relabel)
    notes = table.notes
    if given.all():
        notes = (*notes, Note("every row has a label, so that none is predicted"))
    if table.chosen is not None:
        empty = int((~table.features.any(axis=1) & ~reached & ~given).sum())
        if empty:
            rows = "1 row has" if empty == 1 else f"{empty} rows have"
            notes = (*notes, Note(f"{rows} features of zeros alone, which no label reaches"))
    labels = np.where(given, table.labels.values(), labels.astype(object))
    return LabelResult(
        labels=labels,
        confidence=np.where(given, 1.0, confidence),
        flags=np.where(given, "given", np.where(reached, "predicted", "unreached")),
        reached=reached,
        given=table.labels,
        feature_names=table.feature_names,
        column_roles=() if table.chosen is None else table.chosen.roles,
        class_names=table.class_names,
        notes=notes,
        model=model,
    )


def _as_given(labels: np.ndarray, table: LabelledTable, path: Path) -> np.ndarray:
    """Labels of a model as the type of the given ones: all are written as one column."""
    if table.labels.classes.dtype.kind not in "iuf":
        return np.array([str(label) for label in labels.tolist()], dtype=object)
    integers = {label: _integer(label) for label in set(labels.tolist())}
    for label, integer in integers.items():
        if str(label) != str(integer):  # "007" is no 7
            raise InputError(
                f"the labels of {str(table.path)!r} are integers, but the classes of the model "
                f"{str(path)!r} are names such as {str(label)!r}; to write names for all, overrule "
                f"given labels",
                "relabel",
            )
    return np.array([integers[label] for label in labels.tolist()], dtype=object)


def _integer(label: Any) -> int | None:
    try:
        return int(label)
    except ValueError:
        return None


def _refuse_for_graphs(
    path: Path,
    graph: Pathlike | None,
    model: Pathlike | None,
    with_: Pathlike | None,
    relabel: bool,
    features: str | Sequence[str] | None,
    label_column: str,
) -> None:
    """Refuse what has no meaning for the nodes of a graph."""
    for name, value in (("model", model), ("with_", with_), ("relabel", relabel or None)):
        if value is not None:
            raise InputError(
                "this is for tables without a graph: the nodes of a graph are labelled together, "
                "and given labels are kept",
                name,
            )
    if graph is None:
        for name, odd in (
            ("features", features is not None),
            ("label_column", label_column not in ("label", "labels")),
        ):
            if odd:
                raise InputError(
                    f"{str(path)!r} is a graph: its features are attr_*, its labels the array "
                    f"labels; leave this out",
                    name,
                )
