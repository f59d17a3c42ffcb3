"""Published few-shot accuracies (published.toml), to stand below measured ones."""

from __future__ import annotations

from pathlib import Path

from ...pages.table import Column, Row, Table, pivot, table
from ..base import Rows
from ..plans import read_toml

SHOTS = {1: "1 shot", 5: "5 shots"}


def published_rows(*sections: str) -> Rows:
    """Return the rows of metrics.json: their accuracy is None, and `quoted` is as printed.

    Parameters
    ----------
    *sections : keys of published.toml
    """
    entries = read_toml(Path(__file__).with_name("published.toml"))
    return [
        {
            "data": entry["data"],
            "backbone": entry["backbone"],
            "method": entry["method"],
            "ways": 5,
            "shots": shots,
            "dirichlet": entry.get("dirichlet"),
            "accuracy": None,
            "quoted": accuracy,
        }
        for section in sections
        for entry in entries[section]
        for shots, accuracy in zip(SHOTS, entry["accuracy"], strict=True)
    ]


def published_table(rows: Rows) -> Table:
    """Return the published accuracies with a line for each method, data set and backbone."""
    columns = [
        Column("Method", "method"),
        Column("data", "data"),
        Column("backbone", "backbone"),
        Column("queries", _queries),
        *Column("", "quoted").across(SHOTS),
    ]
    return table(pivot(rows, lambda r: (r["method"], r["data"], r["backbone"]), "shots"), columns)


def _queries(row: Row) -> str:
    return "equal" if row["dirichlet"] is None else f"Dirichlet({row['dirichlet']:g})"
