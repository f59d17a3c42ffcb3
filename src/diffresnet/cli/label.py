"""diffresnet label: every row of a file gets a label, a confidence and a flag."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from ..errors import InputError
from ..files.atomic import either
from ..tables.content import named_classes
from ..tables.formats import COLUMN_FORMATS, FORMATS
from .command import Outcome, command
from .names import plain
from .options import Argument, Option
from .progress import stages
from .table_options import TableOptions

if TYPE_CHECKING:
    from ..labelling import LabelResult
    from ..labelling.plan import LabelPlan
    from ..labelling.shards import ShardPlan, ShardResult

LISTED = 12
"""Classes up to which the summary counts each one."""


@dataclass(frozen=True, kw_only=True)
class LabelOptions(TableOptions):
    """Options of `diffresnet label`; those of `label_file`."""

    file: Annotated[Path, Argument(reads=True, folder=True)]
    out: Annotated[
        Path | None,
        Option(
            help=f"Where to write: {either(FORMATS)}; FILE itself is allowed. Only a --dry-run "
            "can do without.",
            metavar="FILE",
            writes=True,
            replaces="file",
        ),
    ] = None
    strict: Annotated[bool, Option(help="Refuse blank texts and images that cannot be read.")] = (
        False
    )
    graph: Annotated[
        Path | None,
        Option(
            help=f"A list of edges between the rows of FILE, {either(COLUMN_FORMATS)}: ids of the "
            "two ends in the first two columns. For .h5ad the name of a graph in it.",
            metavar="FILE",
            reads=True,
        ),
    ] = None
    id_column: Annotated[
        str | None,
        Option(
            help="The column that names the rows, also in what --explain adds; with --labels, in "
            "both files, by which they belong together; with --graph, the ids that edges join.  "
            "[default with --graph: id, node or node_id, else the one that holds the ends of "
            "edges]",
            metavar="NAME",
        ),
    ] = None
    skip_unknown: Annotated[
        bool, Option(help="Leave out edges to nodes, or labels of rows, that are not in FILE.")
    ] = False
    model: Annotated[
        Path | None, Option(help="Save the fitted model.", metavar="PATH", writes=True)
    ] = None
    with_: Annotated[
        Path | None,
        Option(
            help="Label with a model saved before, without fitting; FILE then needs no labels.",
            metavar="PATH",
            reads=True,
        ),
    ] = None
    relabel: Annotated[
        bool,
        Option(
            help="Overrule the given labels that audit calls suspicious; with --with, all of them."
        ),
    ] = False
    class_prior: Annotated[
        str | None,
        Option(
            help="Shares of the classes among all rows: uniform, estimate to find them, or one for "
            "each class, such as cat=0.7,dog=0.3.",
            metavar="SHARES",
        ),
    ] = None
    explain: Annotated[
        bool,
        Option(help="Add a column `because`: the given labels that add most to each label."),
    ] = False
    abstain: Annotated[
        str | None,
        Option(
            help="Leave this share of the rows whose label is not given, or overruled, without "
            "one, the likeliest to be wrong first; error=0.05 leaves as many as it takes for 5% "
            "expected errors among the others. That counts on labels of every class: rows of "
            "others are doubtful only where they are flagged novel.",
            metavar="SHARE",
        ),
    ] = None
    explain_columns: Annotated[
        bool, Option(help="Print what each column is taken for, and why.")
    ] = False
    dry_run: Annotated[
        bool,
        Option(
            help="Read and check everything, print what was read and the memory and time that the "
            "fit is expected to take, and write nothing."
        ),
    ] = False
    max_memory: Annotated[
        str,
        Option(
            help="Refuse a fit that is expected to take more than this, such as 4G (K, M, G or T); "
            "auto is what there is, none refuses nothing. Partitions are made to fit.",
            metavar="SIZE",
        ),
    ] = "auto"
    work: Annotated[
        Path | None,
        Option(
            help="Label a .npy FILE, or a folder of files, in partitions, and keep their graph in "
            "this folder: a next run with other labels takes it up.",
            metavar="FOLDER",
            writes=True,
            folder=True,
        ),
    ] = None
    dask: Annotated[
        str | None,
        Option(
            help="Label in partitions on the workers of the Dask scheduler at this address, such "
            "as tcp://host:8786; they see FILE under the same name.",
            metavar="ADDRESS",
        ),
    ] = None


@command("label")
def label(options: LabelOptions) -> Outcome:
    """Label every row of FILE, given labels for some.

    FILE is a table with a column of labels, blank where there is none; or, in .npz, arrays
    `features` and `labels`, -1 where there is none. The output holds all rows and columns of FILE,
    and a label, a confidence, a flag and a novelty for each row. The flag is given, predicted,
    novel where the row looks like none of the classes, or unreached where no label is connected to
    it. --abstain leaves labels out. --explain adds the given labels that each label comes from.

    A folder of such tables, or of .npy files with --labels, is labelled in partitions, whatever its
    size; --out is then a new folder. A long run that was stopped by Ctrl-C goes on from its graph.

    Where rows are linked, as papers are by citations, --graph names the links, and labels follow
    them as well as the features. A .npz FILE with adj_data, adj_indices, adj_indptr, adj_shape and
    labels is such a graph by itself.
    """
    from ..labelling import plan_file
    from ..labelling.shards import ShardPlan

    chosen = options.settings() | options.table_settings()
    path, out, say_roles, dry_run = (
        chosen.pop(name) for name in ("file", "out", "explain_columns", "dry_run")
    )
    if out is None and not dry_run:
        raise InputError("the answers go to a file: name it, or ask for a --dry-run", "out")
    plan = plan_file(path, out, with_=chosen.pop("with"), **chosen, progress=stages(options.quiet))
    if isinstance(plan, ShardPlan):
        return _label_shards(plan, options, dry_run, say_roles)
    if dry_run:
        roles = [columns_text(plan)] if say_roles else []
        text = "\n".join([*roles, planned(plan)])
        return Outcome([plan.counts()], text=text, notes=plan.notes)
    result = plan.run()
    return Outcome(
        [result.counts()],
        text=columns_text(result) if say_roles else "",
        notes=result.notes,
        summary=summary(result, options),
        extra=_extra(result, options),
    )


def planned(plan: LabelPlan) -> str:
    """Return what was read, and what the fit is expected to take, a line each."""
    from ..labelling.memory import format_memory

    cost, limit = plan.cost, plan.max_memory
    lines = _read(plan) | {
        "labelled": f"{len(plan.given.rows)} {_per_class(plan)}".rstrip(),
        "estimate": plan.unestimated,
    }
    if cost is not None:
        there = "" if limit is None else f", where {format_memory(limit)} may be used"
        lines["memory"] = f"about {format_memory(cost.memory)}{there}"
        lines["time"] = f"{cost.time} of processor time"
    lines["written"] = "nothing, as this is a dry run"
    return _lines(lines)


def _label_shards(
    plan: ShardPlan, options: LabelOptions, dry_run: bool, say_roles: bool
) -> Outcome:
    """Label in partitions, or say what that would be."""
    from ..labelling.memory import format_memory

    counts = plan.counts()
    lines = {
        "rows": f"{len(plan)} in {len(plan.files.paths)} files, with {_named(plan.feature_names)}",
        "left out": _left_out(plan),
        "labelled": f"{len(plan.given.rows)} in {len(plan.given.classes)} classes",
        "work": f"{counts['partitions']} partitions of about {min(plan.rows, len(plan))} rows, "
        f"about {format_memory(plan.cost.memory)} of memory and {plan.cost.time} of processor time",
    }
    roles = columns_text(plan) if say_roles else ""
    if dry_run:
        lines["written"] = "nothing, as this is a dry run"
        text = _lines(lines)
        return Outcome([counts], text=f"{roles}\n{text}" if roles else text, notes=plan.notes)
    result = plan.run()
    counts = result.counts()
    confidence = counts["mean_confidence"]
    lines |= {
        "reach": _reach(result),
        "predicted": f"{counts['predicted']}"
        + (f", mean confidence {confidence:.3f}" if confidence is not None else ""),
        "novel": _novel_rows(counts["novel"]),
        "shares": _shares(result),
        "left": "" if options.abstain is None else _left(counts),
        "seconds": "{seconds}",
        "graph": f"kept in {plan.work}" if plan.keeps and plan.dask is None else "",
        "written": "" if plan.out is None else str(plan.out),
    }
    return Outcome(
        [counts],
        text=roles,
        notes=result.notes,
        summary=_lines(lines),
        extra=_shares_extra(result),
    )


def columns_text(result: LabelResult | LabelPlan | ShardPlan) -> str:
    """Return a line for each column: its name, whether it is a feature, and why."""
    roles = [(role.name, role.is_feature, role.reason) for role in result.column_roles]
    if not roles:
        roles = [(name, True, "was named") for name in result.feature_names]
    width = max((len(name) for name, _, _ in roles), default=0)
    return "\n".join(
        f"{name:<{width}}  {'feature' if used else '-':<8} {reason}" for name, used, reason in roles
    )


def _extra(result: LabelResult, options: LabelOptions) -> dict[str, Any]:
    """Return what --json says of single rows and classes, where it was asked for."""
    overruled = {"overruled": result.overruled()} if options.relabel else {}
    return overruled | _shares_extra(result)


def _shares_extra(result: LabelResult | ShardResult) -> dict[str, Any]:
    shares = result.class_shares()
    return {} if shares is None else {"class_shares": shares}


def summary(result: LabelResult, options: LabelOptions) -> str:
    """Return what was read, labelled and written, a line each."""
    counts = result.counts()
    confidence = counts["mean_confidence"]
    lines = _read(result) | {
        "scale": _scale(result),
        "labelled": f"{counts['labelled']} {_per_class(result)}".rstrip(),
        "reach": _reach(result),
        "overruled": _overruled(result) if options.relabel else "",
        "predicted": f"{counts['predicted']}"
        + (f", mean confidence {confidence:.3f}" if confidence is not None else ""),
        "novel": _novel(result),
        "shares": _shares(result),
        "left": "" if options.abstain is None else _left(counts),
        "seconds": "{seconds}",
        "written": str(options.out),
    }
    return _lines(lines)


def _read(result: LabelResult | LabelPlan) -> dict[str, str]:
    """Return what was read, by the name of its line."""
    return {
        "rows": f"{len(result)}, with {_features(result)}",
        "encoder": result.encoder,
        "left out": _left_out(result),
    }


def _lines(lines: dict[str, str]) -> str:
    return "\n".join(f"{name:<10}{text}" for name, text in lines.items() if text)


def _features(result: LabelResult | LabelPlan) -> str:
    if result.graph is not None:
        features = result.graph.features
        count = 0 if features is None else features.shape[1]
        return f"{count} features and {result.graph.edges} edges"
    names = result.feature_names
    return _named(names) if names else "features that are still to be encoded"


def _named(names: tuple[str, ...]) -> str:
    ends = ", ".join(names) if len(names) <= 3 else f"{names[0]} ... {names[-1]}"
    return f"{len(names)} features ({ends})"


def _scale(result: LabelResult) -> str:
    """Return whether columns were scaled."""
    scaled = result.model is not None and result.model.scaled_
    return "columns of unlike spread are brought to one scale" if scaled else ""


def _novel(result: LabelResult) -> str:
    """Return how many rows look like none of the classes, and where they gather."""
    text = _novel_rows(result.counts()["novel"])
    kinds = result.proposed_classes() if text else []
    if not kinds:
        return text
    typical = ", ".join(result.row_names.of(int(kind.typical[0]) for kind in kinds[:LISTED]))
    typical += ", ..." if len(kinds) > LISTED else ""
    about = "1 new kind" if len(kinds) == 1 else f"{len(kinds)} new kinds"
    return f"{text}: about {about}; typical {'row' if len(kinds) == 1 else 'rows'} {typical}"


def _novel_rows(novel: int) -> str:
    if not novel:
        return ""
    return f"{'1 row looks' if novel == 1 else f'{novel} rows look'} like none of the classes"


def _overruled(result: LabelResult) -> str:
    """Return how many given labels are others now, and of which rows."""
    found = result.overruled()
    if not found:
        return "no given label"
    rows = ", ".join(result.row_names.of(each["row"] - 1 for each in found[:LISTED]))
    if len(found) == 1:
        return f"1 given label, of row {rows}"
    return f"{len(found)} given labels, of rows {rows}{', ...' if len(found) > LISTED else ''}"


def _shares(result: LabelResult | ShardResult) -> str:
    """Return the shares of the classes that the rows were weighed to."""
    shares = result.class_shares()
    if shares is None:
        return ""
    if len(shares) > LISTED:
        return f"{min(shares.values()):.1%} to {max(shares.values()):.1%} in each class"
    return ", ".join(f"{plain(name)}: {share:.1%}" for name, share in shares.items())


def _reach(result: LabelResult | ShardResult) -> str:
    """Return how many of the unlabelled rows a label reaches, and by how good a graph."""
    blank = ~result.given.labelled
    reached = int(result.reached[blank].sum())
    text = f"{reached} of {int(blank.sum())} unlabelled rows are connected to a label"
    if result.recall is None or result.recall == 1.0:
        return text
    return f"{text}; {result.recall:.1%} of the true neighbours were found"


def _left(counts: Mapping[str, Any]) -> str:
    """Return how many rows are left without a label, and what to expect of the others."""
    left, error = counts["abstained"], counts["expected_error"]
    if not left:
        text = "no row is left without a label"
        return text if error is None else f"{text}; {error:.1%} are expected to be wrong"
    rows = "1 row has no label" if left == 1 else f"{left} rows have no label"
    return f"{rows}, as the likeliest to be wrong; " + (
        "no row has a predicted one"
        if error is None
        else f"of the others {error:.1%} are expected to be wrong"
    )


def _left_out(result: LabelResult | LabelPlan | ShardPlan) -> str:
    """Return the columns that are neither features nor labels."""
    names = [role.name for role in result.column_roles if not role.is_feature and not role.is_label]
    if not names:
        return ""
    shown = ", ".join(names[:LISTED]) + (", ..." if len(names) > LISTED else "")
    count = f"{len(names)} column{'' if len(names) == 1 else 's'}"
    return f"{count} ({shown}); --explain-columns says why"


def _per_class(result: LabelResult | LabelPlan) -> str:
    """How many rows each class has, at a glance."""
    counts = result.given.counts.tolist()
    if not counts:
        return ""
    if len(counts) > LISTED:
        least, most = min(counts), max(counts)
        each = f"{least}" if least == most else f"{least} to {most}"
        return f"in {len(counts)} classes, {each} in each"
    names: Any = result.given.names
    if result.class_names is not None:
        names = named_classes(result.given.classes, result.class_names)
    parts = [f"{plain(name)}: {count}" for name, count in zip(names, counts, strict=True)]
    return f"in {len(counts)} classes ({', '.join(parts)})"
