"""Label every row of a file."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import InputError
from ..files.atomic import Pathlike, check_readable, check_writable, refuse_replacing
from ..files.compressed import ending
from ..graphs.node_table import holds_graph, read_node_table
from ..labels import Marks
from ..progress import Progress, silent
from ..tables.content import BECAUSE, NOVELTY
from ..tables.formats import COLUMN_FORMATS, check_format
from ..tables.labelled_table import LabelledTable
from .abstain import Abstention
from .class_shares import parse_class_prior
from .fit import check_fit, check_model
from .memory import AVAILABLE, parse_max_memory
from .model_file import encoded_rows, load_model
from .plan import LabelPlan
from .raw_rows import refuse_features
from .result import LabelResult
from .shard_files import is_shard_folder, refuse_mixed_folder
from .shards import ShardPlan, ShardResult, plan_shards, refuse_for_shards

if TYPE_CHECKING:
    from ..classify.class_prior import ClassPrior


def label_file(
    path: Pathlike,
    out: Pathlike | None = None,
    *,
    label_column: str = "label",
    labels: Pathlike | None = None,
    features: str | Sequence[str] | None = None,
    text: str | Sequence[str] | None = None,
    image: str | None = None,
    encoder: str | None = None,
    strict: bool = False,
    unlabelled: Marks = None,
    graph: Pathlike | None = None,
    id_column: str | None = None,
    skip_unknown: bool = False,
    model: Pathlike | None = None,
    with_: Pathlike | None = None,
    relabel: bool = False,
    class_prior: ClassPrior | str = None,
    explain: bool = False,
    abstain: float | str | None = None,
    device: str = "auto",
    seed: int = 0,
    max_memory: int | str | None = AVAILABLE,
    work: Pathlike | None = None,
    dask: str | None = None,
    progress: Progress = silent,
) -> LabelResult | ShardResult:
    """Label every row of a file from the few that have a label.

    Parameters
    ----------
    path : path
        A table as `LabelledTable.read` reads it; or, with `graph`, a table of nodes; or a graph in
        .npz by itself; or a folder of tables, or of .npy files, that are labelled in partitions,
        whatever their size.
    out : path, optional
        Where to write all rows and columns with label, confidence and flag; `path` is allowed.
    label_column : str
        Column, or array, that holds the labels.
    labels : path, optional
        A second file that holds them, for the rows of equal id or in the order of the rows.
    features : str or sequence of str, optional
        Feature columns: a name, a comma list, a prefix, or several names; in .npz, the array. By
        default every numeric column, or the column of vectors if there is one.
    text : str or sequence of str, optional
        Columns of texts, which an encoder turns into features; nothing else is then a feature.
    image : str, optional
        The column of paths of images, relative to the folder of the file. A folder of images needs
        no name.
    encoder : str, optional
        As of `diffresnet.encode.encoder_of`; by default "tfidf" for texts. What it has done is kept
        in the folder OUT.embeddings.
    strict : bool
        Refuse blank texts and images that cannot be read; they are not reached otherwise.
    unlabelled : mark or marks of unlabelled rows, optional
        By default blank cells, and -1 where labels are numbers throughout.
    graph : path, optional
        A list of edges between the rows: ids of the two ends in its first two columns. For a .h5ad
        file the name of a graph that it holds, such as "connectivities".
    id_column : str, optional
        The column that names the rows, in what is said of them and in `because`; with `labels`, in
        both files, by which they belong together. With `graph`: the ids that edges join; by default
        id, node or node_id, or the one that holds the ends of edges.
    skip_unknown : bool
        Leave out edges to nodes, or labels of rows, that are not in the file.
    model : path, optional
        Where to save the fitted model.
    with_ : path, optional
        A saved model that labels without fitting; the file then needs no labels.
    relabel : bool
        Overrule the given labels that `audit_file` calls suspicious; with a saved model, all of
        them. Such rows are flagged as unlabelled ones are.
    class_prior : "uniform", "estimate", mapping or str, optional
        Shares of the classes among all rows, as of `DiffusionClassifier`; also as a text such as
        "cat=0.7,dog=0.3".
    explain : bool
        Add a column `because`: which given labels add most to each label. It takes one linear solve
        for each given label. Rows are named by `id_column`, or numbered from 1.
    abstain : float or str, optional
        Leave labels out where they are likeliest to be wrong. A number from 0 to below 1 is the
        share that is left of the rows whose label is not given, or overruled; "error=0.05" leaves
        as many as it takes for 5% expected errors among the others. That counts on labels of every
        class: rows of others are doubtful only where they are flagged novel.
    device, seed
        As of `DiffusionClassifier`.
    max_memory : int, str or None
        Bytes that this process may hold, or a text such as "4G": a fit that takes more is refused
        before it begins. "auto" is what there is; None, or "none", is no limit.
        In partitions it decides how large these are.
    work : path, optional
        Folder in which the graph of a folder of files, or of a .npy file, is kept, so that a next
        run with more labels takes it up. A .npy file is labelled in partitions then.
    dask : str, optional
        Address of a Dask scheduler, whose workers label the partitions; they see the files under
        the same names.
    progress : Progress
        Called with the name of every stage.

    Returns
    -------
    LabelResult, or a ShardResult of what was labelled in partitions.

    Raises
    ------
    InputError
        A ValueError with one line that says what is wrong and what to do. Nothing is written then.

    Examples
    --------
    >>> result = label_file("texts.csv", "labelled.csv", label_column="intent")  # doctest: +SKIP
    >>> result.labels, result.confidence  # doctest: +SKIP
    """
    plan = plan_file(
        path,
        out,
        label_column=label_column,
        labels=labels,
        features=features,
        text=text,
        image=image,
        encoder=encoder,
        strict=strict,
        unlabelled=unlabelled,
        graph=graph,
        id_column=id_column,
        skip_unknown=skip_unknown,
        model=model,
        with_=with_,
        relabel=relabel,
        class_prior=class_prior,
        explain=explain,
        abstain=abstain,
        device=device,
        seed=seed,
        max_memory=max_memory,
        work=work,
        dask=dask,
        progress=progress,
    )
    return plan.run()


def plan_file(
    path: Pathlike,
    out: Pathlike | None = None,
    *,
    label_column: str = "label",
    labels: Pathlike | None = None,
    features: str | Sequence[str] | None = None,
    text: str | Sequence[str] | None = None,
    image: str | None = None,
    encoder: str | None = None,
    strict: bool = False,
    unlabelled: Marks = None,
    graph: Pathlike | None = None,
    id_column: str | None = None,
    skip_unknown: bool = False,
    model: Pathlike | None = None,
    with_: Pathlike | None = None,
    relabel: bool = False,
    class_prior: ClassPrior | str = None,
    explain: bool = False,
    abstain: float | str | None = None,
    device: str = "auto",
    seed: int = 0,
    max_memory: int | str | None = AVAILABLE,
    work: Pathlike | None = None,
    dask: str | None = None,
    progress: Progress = silent,
) -> LabelPlan | ShardPlan:
    """Read and check a file, and label nothing yet. Parameters are those of `label_file`."""
    if with_ is not None and model is not None:
        raise InputError(
            "a saved model labels without fitting, so that there is none to save; leave one out",
            "model",
        )
    if with_ is not None and explain:
        raise InputError(
            "a saved model has no rows to explain labels by; label by a fit", "explain"
        )
    if with_ is not None and class_prior is not None:
        raise InputError(
            "a saved model weighs the classes as it was fitted; leave this out", "class_prior"
        )
    if skip_unknown and graph is None and labels is None:
        raise InputError(
            "unknown ids are in a list of edges, or in a second file of labels; give one",
            "skip_unknown",
        )
    rule, prior = Abstention.parse(abstain), parse_class_prior(class_prior)
    parse_max_memory(max_memory)
    path = Path(path) if Path(path).is_dir() else check_readable(path)
    if is_shard_folder(path) or work is not None or dask is not None:
        refuse_for_shards(
            path,
            text=text,
            image=image,
            encoder=encoder,
            strict=strict,
            graph=graph,
            skip_unknown=skip_unknown,
            model=model,
            with_=with_,
            relabel=relabel,
            explain=explain,
        )
        refuse_replacing({"out": out, "work": work}, [path, labels])
        return plan_shards(
            path,
            out,
            label_column=label_column,
            labels=labels,
            features=features,
            id_column=id_column,
            unlabelled=unlabelled,
            work=work,
            dask=dask,
            device=device,
            seed=seed,
            max_memory=parse_max_memory(max_memory),
            class_prior=prior,
            abstention=rule,
            progress=progress,
        )
    if path.is_dir():
        refuse_mixed_folder(path)
    cell_graph = None
    if graph is not None and ending(path) == ".h5ad":
        cell_graph, graph = os.fspath(graph), None
    if model is not None:
        check_writable(model)
    others = [graph, with_, labels]
    refuse_replacing({"model": model}, [path, *others])
    refuse_replacing({"out": out, "model": model}, [path, *others] if path.is_dir() else others)
    if graph is not None:
        check_readable(check_format(graph, COLUMN_FORMATS))
    if labels is not None:
        check_readable(labels)
    if with_ is not None:
        check_readable(with_)
    edges, saved = None, None
    is_graph = graph is not None or holds_graph(path)
    if is_graph:
        _refuse_for_graphs(
            path,
            graph,
            model,
            with_,
            relabel,
            prior,
            explain,
            labels,
            features,
            label_column,
            id_column,
            {"text": text, "image": image, "encoder": encoder},
        )
    if with_ is not None and not is_graph:
        saved = load_model(Path(with_))
    raw, notes = encoded_rows(
        path, text, image, encoder, device, saved, out=out, strict=strict, progress=progress
    )
    refuse_features(raw, features)
    with progress(f"reading {path}", None):
        if is_graph:
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
                labels=labels,
                id_column=id_column,
                skip_unknown=skip_unknown,
                features=features,
                unlabelled=unlabelled,
                labels_required=with_ is None,
                fitted_names=None if saved is None else saved.feature_names,
                encode=None if raw is None else raw.unencoded,
            )
            table = replace(table, notes=(*table.notes, *notes))
    if out is not None:
        has_novelty = edges is None and (saved is None or saved.has_novelty)
        table.check_output(out, [NOVELTY] * has_novelty + [BECAUSE] * explain)
    if saved is None:
        check_fit(table, prior)
    elif raw is None:
        check_model(saved, table)
    plan = LabelPlan(
        table=table,
        graph=edges,
        out=out,
        model=model,
        saved=saved,
        raw=raw,
        cell_graph=cell_graph,
        max_memory=parse_max_memory(max_memory),
        unlabelled=unlabelled,
        relabel=relabel,
        class_prior=prior,
        explain=explain,
        abstention=rule,
        device=device,
        seed=seed,
        progress=progress,
    )
    if plan.unestimated and plan.is_encoded and max_memory != AVAILABLE:
        raise InputError(f"{plan.unestimated}, so that no limit holds; leave it out", "max_memory")
    return plan


def _refuse_for_graphs(
    path: Path,
    graph: Pathlike | None,
    model: Pathlike | None,
    with_: Pathlike | None,
    relabel: bool,
    class_prior: ClassPrior,
    explain: bool,
    labels: Pathlike | None,
    features: str | Sequence[str] | None,
    label_column: str,
    id_column: str | None,
    raw: Mapping[str, Any],
) -> None:
    """Refuse what has no meaning for the nodes of a graph."""
    if labels is not None:
        raise InputError("the labels of the nodes of a graph are in their table", "labels")
    for name, value in raw.items():
        if value is not None:
            raise InputError("the features of nodes are numbers; encode their texts first", name)
    if explain:
        raise InputError(
            "the networks that label the nodes of a graph are no sum over labels; leave this out",
            "explain",
        )
    if class_prior is not None:
        raise InputError(
            "shares of classes are for tables without a graph; leave this out", "class_prior"
        )
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
            ("id_column", id_column is not None),
        ):
            if odd:
                raise InputError(
                    f"{str(path)!r} is a graph: its features are attr_*, its labels the array "
                    f"labels; leave this out",
                    name,
                )
