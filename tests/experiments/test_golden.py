"""The numbers of every experiment's quick run are those that were kept.

`python tests/experiments/test_golden.py NAME...` keeps those of an experiment anew, after its quick
plan or its numbers have changed on purpose; with `--data` where it needs DIFFRESNET_DATA.
"""

from __future__ import annotations

import json
import math
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from diffresnet_lab.experiments.base import RunConfig
from diffresnet_lab.experiments.catalogue import EXPERIMENTS, experiment

FOLDER = Path(__file__).with_name("golden")
CLOCK = re.compile(r"second|_ms\b|as_fast|faster|time_ratio")
"""Keys of what depends on the machine."""

VARIES = "varies"
"""Kept of a number that changes with the rounding of the processor, as after long training."""

OLD_PROCESSOR = {
    "ATEN_CPU_CAPABILITY": "default",
    "MKL_CBWR": "COMPATIBLE",
    "NPY_DISABLE_CPU_FEATURES": "X86_V3 X86_V4",
    "OPENBLAS_CORETYPE": "Nehalem",
}
"""Environment in which sums are rounded as on a processor without wide vectors."""


def golden(name: str) -> Path:
    return FOLDER / f"{name}.json"


def quick_rows(name: str, data: Path | None) -> list[dict[str, Any]]:
    """The rows of a quick run as JSON has them, without what depends on the machine."""
    report = experiment(name).report(RunConfig(quick=True, data=data))
    assert report.text.findings
    return [
        {key: plain(value) for key, value in row.items() if not CLOCK.search(key)}
        for row in report.rows
    ]


def plain(value: Any) -> Any:
    if isinstance(value, float):
        return float(f"{value:.6g}") if math.isfinite(value) else str(value)
    return value if isinstance(value, str | bool | int | None) else str(value)


def same(value: Any, kept: Any) -> bool:
    if isinstance(value, float) and isinstance(kept, float):
        return math.isclose(value, kept, rel_tol=1e-4, abs_tol=1e-9)
    return bool(kept in (value, VARIES))


@pytest.mark.usefixtures("unchecked")
@pytest.mark.parametrize("name", [name for name in EXPERIMENTS if golden(name).exists()])
def test_the_quick_run_has_its_numbers(name, request):
    kept = json.loads(golden(name).read_text(encoding="utf-8"))
    rows = quick_rows(name, request.getfixturevalue("data_dir") if kept["data"] else None)
    assert [list(row) for row in rows] == [list(row) for row in kept["rows"]]
    changes = [
        f"row {number}, {key}: {row[key]}, was {before[key]}"
        for number, (row, before) in enumerate(zip(rows, kept["rows"], strict=True))
        for key in row
        if not same(row[key], before[key])
    ]
    assert changes == []


def test_every_experiment_has_its_numbers_kept():
    assert [name for name in EXPERIMENTS if not golden(name).exists()] == []


def keep(name: str, data: Path | None) -> None:
    rows = quick_rows(name, data)
    again = [sys.executable, __file__, "--rows", name, *(["--data"] if data else [])]
    rounded = json.loads(
        subprocess.run(again, env=os.environ | OLD_PROCESSOR, stdout=-1, check=True).stdout
    )
    for row, other in zip(rows, rounded, strict=True):
        row |= {key: VARIES for key in row if not same(row[key], other[key])}
    lines = ",\n".join(json.dumps(row, ensure_ascii=False) for row in rows)
    text = f'{{"data": {json.dumps(data is not None)}, "rows": [\n{lines}\n]}}\n'
    golden(name).write_text(text, encoding="utf-8")
    varying = sum(value == VARIES for row in rows for value in row.values())
    print(f"{name}: {len(rows)} rows, {varying} numbers vary with the processor")


if __name__ == "__main__":
    folder = Path(os.environ["DIFFRESNET_DATA"]) if "--data" in sys.argv else None
    for each in [word for word in sys.argv[1:] if not word.startswith("--")]:
        if "--rows" in sys.argv:
            print(json.dumps(quick_rows(each, folder)))
        else:
            keep(each, folder)
