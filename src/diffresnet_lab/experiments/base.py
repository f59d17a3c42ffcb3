"""An experiment: named parts with their numbers, and the text of its page.

The folder of an experiment holds

- `study.py`: what is computed, as plain rows; its plan is a frozen dataclass, here or in `plan.py`;
- `page.py`: `EXPERIMENT`, whose parts turn a study into tables and figures;
- `text.md.j2`: what the page says;
- `plan.toml`: title and summary, and how much is run in full and with --quick.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from matplotlib.figure import Figure

from ..pages.table import Table
from ..pages.text import Text, render_text
from .plans import read_plan, read_toml

Rows = list[dict[str, Any]]


@dataclass(frozen=True)
class RunConfig:
    """Choices of the user.

    Parameters
    ----------
    quick : bool
        Run the plan [quick], to be done within a minute on two cores.
    seed : int
        Of all random choices; 42 is the paper's.
    data : path, optional
        Folder of data sets. What needs one and has none is left out, and says so.
    shards : path, optional
        Folder for what long experiments have finished, so that they go on after a stop.
    """

    quick: bool = False
    seed: int = 42
    data: Path | None = None
    shards: Path | None = None


@dataclass(frozen=True)
class PartResult:
    """Numbers of one part, and how they are shown.

    Parameters
    ----------
    rows : list of dicts
        The numbers, as metrics.json and the CSV hold them.
    values : what the text of the page calls `part.name`, besides `part.rows`; also `parts.part`,
        for a part whose name the text has for something else, and `study` for an only part.
    tables, figures : by the names under which the text places them; figures are written as files
        of that name too, so that names are not shared with another part.
    settings : what it was run with.
    runs : list of dicts
        Every single run behind the rows, where there are several to a row: for anyone who wants to
        compare in another way. A CSV of their own holds them.
    """

    rows: Rows
    values: Mapping[str, Any] = field(default_factory=dict)
    tables: Mapping[str, Table] = field(default_factory=dict)
    figures: Mapping[str, Figure] = field(default_factory=dict)
    settings: Mapping[str, Any] = field(default_factory=dict)
    runs: Rows = field(default_factory=list)


@dataclass(frozen=True)
class Report:
    """The output of `diffresnet reproduce`: rows, files, text and figures.

    Attributes
    ----------
    rows : of all parts; where there are several, each row says of which it is.
    files : name of a CSV file -> its rows
    """

    title: str
    rows: Rows
    files: Mapping[str, Rows]
    settings: Mapping[str, Any]
    text: Text
    figures: Mapping[str, Figure]


@dataclass(frozen=True)
class Experiment:
    """One figure, table or theorem of the paper.

    Parameters
    ----------
    folder : path
        Holds `plan.toml` and `text.md.j2`; its name is what `diffresnet reproduce` calls it.
    parts : name of a part -> function of the user's choices and of the plan
    plan : dataclass of the plan, where there is one.
    """

    folder: Path
    parts: Mapping[str, Callable[[RunConfig, Any], PartResult]]
    plan: type[Any] | None = None

    @property
    def name(self) -> str:
        return self.folder.name

    @property
    def title(self) -> str:
        return str(read_toml(self.folder / "plan.toml")["title"])

    def planned(self, quick: bool) -> Any:
        """Return the plan of a quick or a full run; None where there is none."""
        if self.plan is None:
            return None
        return read_plan(self.folder / "plan.toml", self.plan, "quick" if quick else "full")

    def run(
        self,
        config: RunConfig,
        advance: Callable[[int], Any] | None = None,
        plan: Any = None,
    ) -> dict[str, PartResult]:
        """Do every part in order; `advance(1)` is called after each.

        Parameters
        ----------
        plan : of the class `self.plan`; that of plan.toml if not given.
        """
        plan = self.planned(config.quick) if plan is None else plan
        results = {}
        for name, part in self.parts.items():
            results[name] = part(config, plan)
            if advance is not None:
                advance(1)
        return results

    def report(
        self,
        config: RunConfig,
        advance: Callable[[int], Any] | None = None,
        plan: Any = None,
    ) -> Report:
        """Do every part, and write the text of the page from what came out."""
        plan = self.planned(config.quick) if plan is None else plan
        results = self.run(config, advance, plan)
        figures = {name: each for part in results.values() for name, each in part.figures.items()}
        tables = {name: each for part in results.values() for name, each in part.tables.items()}
        values = {
            name: SimpleNamespace(**part.values, rows=part.rows) for name, part in results.items()
        }
        parts = dict(values)
        if len(values) == 1:
            values["study"] = next(iter(values.values()))
        shared = {"plan": plan, "quick": config.quick, "seed": config.seed, "parts": parts}
        text = render_text(self.folder / "text.md.j2", {**shared, **values}, tables, figures)
        settings = {name: dict(part.settings) for name, part in results.items() if part.settings}
        return Report(
            self.title, all_rows(results), csv_files(self.name, results), settings, text, figures
        )


def all_rows(parts: Mapping[str, Any]) -> Rows:
    """Return the rows of all parts; where there are several, each row says of which it is."""
    if len(parts) == 1:
        return list(next(iter(parts.values())).rows)
    return [{"part": name, **row} for name, part in parts.items() for row in part.rows]


def csv_files(name: str, parts: Mapping[str, Any]) -> dict[str, Rows]:
    """Return the rows of each CSV file: one file a part that has rows, and one of its runs."""
    files = {}
    for part, result in parts.items():
        stem = name if len(parts) == 1 else f"{name}_{part}"
        if result.rows or len(parts) == 1:
            files[stem] = result.rows
        if result.runs:
            files[f"{stem}_runs"] = result.runs
    return files
