"""The page of Theorem 2: thresholds, the chain on synthetic sets, and the chain on digits."""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from ...pages.table import Column, table
from ..base import Experiment, PartResult, RunConfig
from .blobs import POINTS
from .chain import SAMPLES, Chain, synthetic_chains
from .digits import DigitGraphs, DigitsChain, digits_chain, heaviest_joining_edges
from .figures import digits_figure, joined_figure, threshold_figure
from .plan import Theorem2Plan
from .threshold import simplex_threshold, thresholds

PAIRS = 6


def threshold_part(config: RunConfig, plan: Theorem2Plan) -> PartResult:
    """Measure the L/D below which equal balls cannot be separated, and hold it against bounds."""
    results = list(
        thresholds(plan.dimensions, plan.counts, plan.arrangements, plan.changes, config.seed)
    )
    rows = [asdict(result) for result in results]
    gaps = [result.sharp / result.worst for result in results]

    def simplex(row: Any) -> float | None:
        return simplex_threshold(row["count"]) if row["count"] <= row["dim"] + 1 else None

    columns = [
        Column("d, N", lambda row: f"d = {row['dim']}, N = {row['count']}"),
        Column("random", "typical", ".2f"),
        Column(
            "largest found", "worst", ".2f", unfavourable=lambda row: row["worst"] >= row["ball"]
        ),
        Column("simplex", simplex, ".2f"),
        *(Column(form, form, ".1f") for form in ("ball", "sharp", "simple")),
    ]
    return PartResult(
        rows,
        values={"least": min(gaps), "most": max(gaps)},
        tables={"threshold": table(rows, columns)},
        figures={"theorem2": threshold_figure(results, plan)},
        settings={"draws": plan.arrangements, "changes": plan.changes},
    )


def chain_part(config: RunConfig, plan: Theorem2Plan) -> PartResult:
    """Run the whole chain on synthetic sets."""
    chains = synthetic_chains(plan.chain_dimensions, plan.chain_times, config.seed)
    rows = [chain_row(name, chain) for (name, _), chain in chains.items()]
    late = [
        row["sharp_bound_at"] / max(row["direction_at"], 1.0)
        for row in rows
        if row["sharp_bound_at"] is not None and row["direction_at"] is not None
    ]

    def first_time(header: str, key: str) -> Column:
        def written(row: Any) -> str:
            return "never" if row[key] is None else f"{row[key]:.3g}"

        return Column(header, written, unfavourable=lambda row: row[key] is None)

    columns = [
        Column("set, d", lambda row: f"{row['set']}, d = {row['dim']}"),
        Column("N", "subsets"),
        first_time("a direction is found", "direction_at"),
        first_time("certificate p < 1", "certificate_at"),
        first_time("ball bound", "ball_bound_at"),
        first_time("sharp bound", "sharp_bound_at"),
        Column("L/D then", "ratio", ".3g"),
        Column("L/D needed", "needed", ".3g"),
        Column("blocks", "blocks"),
        Column(
            "points right",
            lambda row: f"{row['right']} of {row['points']}",
            unfavourable=lambda row: row["right"] < row["points"] or not row["separable"],
        ),
    ]
    return PartResult(
        rows,
        values={
            "complete": sum(chain.complete for chain in chains.values()),
            "separable": sum(row["separable"] for row in rows),
            "points": POINTS,
            "earliest": min(late, default=1.0),
            "latest": max(late, default=1.0),
            "factor": 2 ** (1 / plan.chain_times),
        },
        tables={"chain": table(rows, columns)},
        settings={"points_per_subset": POINTS, "neighbours": 10, "directions": SAMPLES},
    )


def chain_row(name: str, chain: Chain) -> dict[str, Any]:
    """Return the numbers of a chain as `reproduce theorem2` writes them."""
    return {
        "set": name,
        "dim": chain.dim,
        "subsets": chain.subsets,
        "points": chain.points,
        "direction_at": chain.direction_at,
        "certificate_at": chain.certificate_at,
        "ball_bound_at": chain.ball_at,
        "sharp_bound_at": chain.bound_at,
        "ratio": chain.ratio,
        "needed": chain.needed,
        "margin": chain.margin,
        "blocks": chain.blocks,
        "right": chain.right,
        "separable": chain.separable,
    }


def digits_part(config: RunConfig, plan: Theorem2Plan) -> PartResult:
    """Run the chain on digits, on the graph that an oracle cleaned and on the plain one."""
    return digits_result(digits_chain(plan.digits_times, config.seed))


def digits_result(result: DigitsChain) -> PartResult:
    """Return rows, table, figures and numbers of the chain on digits."""
    plain = [each.row() for each in result.plain]
    cleaned = {moment.time: moment for moment in result.cleaned}
    columns = [
        Column("t", "time", "g"),
        Column("oracle: L/D", lambda row: getattr(cleaned.get(row["time"]), "ratio", None)),
        Column("plain: L/D", "ratio"),
        Column("plain: L/D of classes", "class_ratio"),
        Column("best margin", "best_margin", ".3f", unfavourable=lambda r: r["best_margin"] <= 0),
        Column("wrong side", "wrong_side", best="smallest"),
        Column("linear classifier wrong", "linear_wrong", best="smallest"),
        Column("fewest runs", "fewest_runs", best="smallest"),
    ]
    joined = heaviest_joining_edges(result.graphs, PAIRS)
    return PartResult(
        [{"graph": "oracle", **moment.row()} for moment in result.cleaned] + plain,
        values={
            "chain": result.chain,
            "start": plain[0],
            "moved": plain[1:],
            "end": plain[-1],
            "best": result.best.row(),
            "orderly": result.orderly.row(),
            "memorised": result.memorised,
            "singles": int((np.bincount(result.pieces) == 1).sum()),
            "met": sum(row["ratio"] > result.chain.needed for row in plain),
            "overlapping": sum(row["best_margin"] <= 0 for row in plain),
            "times": len(plain),
            "edges": edge_numbers(result.graphs, result),
            "shown": joined_numbers(result.graphs, joined),
        },
        tables={"digits": table(plain, columns)},
        figures={
            "theorem2_digits": digits_figure(result),
            "theorem2_joined": joined_figure(result.graphs, joined),
        },
        settings={"neighbours": 10, "oracle": "edges between classes removed by the true labels"},
    )


def edge_numbers(graphs: DigitGraphs, result: DigitsChain) -> dict[str, Any]:
    """Return how many edges join two classes, and which classes."""
    first, second, weight = graphs.edges
    joining = graphs.joining
    pairs = Counter(
        tuple(sorted((int(graphs.classes[i]), int(graphs.classes[j]))))
        for i, j in zip(first[joining], second[joining], strict=True)
    )
    return {
        "all": len(weight),
        "joining": int(joining.sum()),
        "share": float(joining.mean()),
        "weight": float(weight[joining].sum() / weight.sum()),
        "links": graphs.links,
        "common": pairs.most_common(3),
        "outvoted": int(graphs.outvoted.sum()),
        "outvoted_wrong": int((result.best.wrong & graphs.outvoted).sum()),
    }


def joined_numbers(graphs: DigitGraphs, edges: list[int]) -> dict[str, Any]:
    """Return classes and weights of the edges that are shown."""
    first, second, weight = graphs.edges
    names = [f"{graphs.classes[first[e]]} with {graphs.classes[second[e]]}" for e in edges]
    return {
        "pairs": ", ".join(names),
        "least": weight[edges].min(),
        "most": weight[edges].max(),
        "median": np.median(weight),
    }


EXPERIMENT = Experiment(
    Path(__file__).parent,
    {"threshold": threshold_part, "chain": chain_part, "digits": digits_part},
    Theorem2Plan,
)
