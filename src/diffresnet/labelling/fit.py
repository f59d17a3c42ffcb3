"""Label the rows of a table: by a classifier fitted to them, by a saved one, or along a graph."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import scipy.sparse

from ..errors import InputError, Note
from ..graphs.graph import GraphData
from ..graphs.notes import graph_notes
from ..labels import Marks
from ..progress import Progress
from ..tables.content import listed
from ..tables.labelled_table import LabelledTable
from .class_shares import prior_of
from .model_file import SavedModel
from .result import LabelResult, result_of

if TYPE_CHECKING:
    from ..classify import DiffusionClassifier
    from ..classify.class_prior import ClassPrior


def new_classifier(
    table: LabelledTable,
    unlabelled: Marks,
    device: str,
    seed: int,
    relabel: bool = False,
    class_prior: ClassPrior = None,
) -> DiffusionClassifier:
    """Make the classifier of a table, not fitted yet."""
    from ..classify import DiffusionClassifier

    own: dict[str, Any] = {}
    if table.chosen is not None and table.chosen.encoder:  # vectors whose direction says all
        own = {"metric": "cosine", "scale": None}
    return DiffusionClassifier(
        unlabelled=unlabelled,
        class_prior=class_prior,
        relabel=relabel,
        device=device,
        random_state=seed,
        **own,
    )


def check_fit(table: LabelledTable, class_prior: ClassPrior = None) -> ClassPrior:
    """Return the shares of the classes by the labels of a table.

    Raises
    ------
    InputError
        If there are not two classes, or the shares are of others.
    """
    table.labels.require_classes(f"the labels of {str(table.path)!r}")
    return prior_of(class_prior, table.labels, table.class_names)


def fit_table(
    table: LabelledTable,
    unlabelled: Marks,
    device: str,
    seed: int,
    relabel: bool,
    graph: scipy.sparse.csr_array | None = None,
    class_prior: ClassPrior = None,
) -> LabelResult:
    """Fit a classifier to the labelled rows of a table, along their own graph if it is given."""
    prior = check_fit(table, class_prior)
    model = new_classifier(table, unlabelled, device, seed, relabel, prior)
    names = table.feature_names if table.has_names else None
    model.fit(table.features, table.labels.values(), graph, feature_names=names)
    given, labels = table.labels.values(), model.transduction_
    overruled = table.labels.labelled & (labels != given)
    novelty = model.novelty_, model.novel_
    return result_of(
        table, labels, model.confidence_, model.reached_, overruled, novelty=novelty, model=model
    )


def check_model(saved: SavedModel, table: LabelledTable) -> bool:
    """Return whether the features of a table are told by their names, as those of a model are.

    Raises
    ------
    InputError
        If the model was fitted on other features.
    """
    from ..classify.feature_names import require_names

    model, known = saved.classifier, saved.feature_names
    if known is not None and table.has_names:
        require_names(known, table.feature_names)
        return True
    if model.n_features_in_ != table.features.shape[1]:
        raise InputError(
            f"the model {str(saved.path)!r} was fitted on {model.n_features_in_} features, but "
            f"{str(table.path)!r} has {table.features.shape[1]}",
            "features",
        )
    return False


def apply_model(saved: SavedModel, table: LabelledTable, relabel: bool, device: str) -> LabelResult:
    """Label the rows of a table by a saved model; given labels are kept unless `relabel`."""
    model, path = saved.classifier, saved.path
    model.device = device
    named = check_model(saved, table)
    notes: list[Note] = []
    if table.has_names and not named:
        notes.append(Note("the model has no names of features: columns are taken in their order"))
    names = table.feature_names if named else saved.feature_names
    novelty = None
    if saved.has_novelty:
        probabilities, reached, *both = model.predict_with_novelty(
            table.features, feature_names=names
        )
        novelty = both[0], both[1]
    else:
        probabilities, reached = model.predict_flagged(table.features, feature_names=names)
    labels = model.classes_[probabilities.argmax(axis=1)]
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
    overruled = table.labels.labelled & relabel
    confidence = probabilities.max(axis=1)
    result = result_of(table, labels, confidence, reached, overruled, novelty=novelty, model=model)
    return replace(result, notes=(*result.notes, *notes))


def label_nodes(
    table: LabelledTable, graph: GraphData, device: str, seed: int, progress: Progress
) -> LabelResult:
    """Label the nodes of a graph, from networks trained on those that have a label."""
    table.labels.require_classes(f"the labels of {str(table.path)!r}")
    from ..graphs.node_classifier import NodeClassifier

    model = NodeClassifier(device=device, random_state=seed, unlabelled="")
    with progress(f"training on {len(table)} nodes", model.epochs) as advance:
        model.fit(graph, table.labels.values(), advance=advance)
    result = result_of(table, model.transduction_, model.confidence_, model.reached_)
    notes = graph_notes(graph, graph.undirected())
    notes += [note for note in result.notes if note not in table.notes]
    if not model.diffuses_:
        notes.append(
            Note(
                f"edges seldom join like nodes (adjusted homophily {model.homophily_:.2f}, where 0 "
                f"is chance and 1 always), so that features and neighbours are weighed by held-out "
                f"labels"
            )
        )
    return replace(result, graph=graph, notes=tuple(notes))


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
