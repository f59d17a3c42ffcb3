"""What `diffresnet fewshot` tells of its runs: words, a table, and a file of predictions."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ..fewshot.evaluation import Outcome, Summary
    from ..fewshot.features import Features
    from ..fewshot.presets import Preset
    from ..fewshot.tasks import Tasks
    from ..pages import Table


@dataclass(frozen=True)
class Run:
    """A method, and what it made of the tasks."""

    name: str
    preset: Preset
    outcome: Outcome

    def row(self, ways: int, shots: int, queries: int) -> dict[str, Any]:
        """As --json has it."""
        found = self.outcome
        return {
            "method": self.name,
            "ways": ways,
            "shots": shots,
            "queries": queries,
            "tasks": len(found.accuracy),
            "accuracy": found.summary.mean,
            "ci95": found.summary.ci95,
            "seconds_per_task": found.seconds_per_task,
        }


def difference(a: Run, b: Run) -> dict[str, Any]:
    found = a.outcome.minus(b.outcome)
    return {"difference": found.mean, "ci95": found.ci95}


def words(found: Summary) -> str:
    return f"{found.mean:.2f} {_spread(found)}".rstrip()


def _spread(found: Summary) -> str:
    return f"± {found.ci95:.2f}" if math.isfinite(found.ci95) else ""


def clock(outcome: Outcome) -> str:
    return f"{1e3 * outcome.seconds_per_task:.3g} ms"


def table(title: str, runs: list[Run]) -> Table:
    """Accuracies, and paired differences from the first method."""
    from ..pages import Cell, Table
    from ..pages.section import best_cells
    from ..pages.words import signed

    first = runs[0]
    found = [run.outcome.summary for run in runs]
    cells = best_cells(
        [one.mean for one in found], [Cell(f"{one.mean:.2f}", _spread(one)) for one in found], 2
    )
    rows = []
    for run, cell in zip(runs, cells, strict=True):
        paired = run.outcome.minus(first.outcome)
        apart = Cell("") if run is first else Cell(signed(paired.mean, 2), _spread(paired))
        rows.append((run.preset.title, (cell, apart, Cell(clock(run.outcome)))))
    return Table(
        f"{title}: accuracy in %, with 95% intervals",
        ("", "accuracy", f"minus {first.preset.title}, paired", "a task"),
        tuple(rows),
    )


def write_predictions(path: Path | None, features: Features, tasks: Tasks, runs: list[Run]) -> None:
    """Rows of every task and their classes, true and by every method; nothing if `path` is None."""
    if path is None:
        return
    from diffresnet.files.npz import save_npz

    arrays = {
        "support": tasks.support,
        "query": tasks.query,
        "true": features.written(tasks.named(tasks.query_labels)),
    }
    for run in runs:
        prefix = f"{run.name}_" if len(runs) > 1 else ""
        arrays[f"{prefix}predicted"] = features.written(tasks.named(run.outcome.predicted))
    save_npz(path, arrays)
