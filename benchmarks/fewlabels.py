"""`diffresnet bench fewlabels`, with its table and figures for the pages of the documentation.

    DIFFRESNET_DATA=... python benchmarks/fewlabels.py [--out bench/fewlabels]

Finished draws are kept in the folder. Each cell of the table has the accuracy of the default
classifier in %, the best peer of that cell, and the points that ours is ahead of it, paired by
draw, with the standard error.
"""

from __future__ import annotations

import argparse
import json
import shutil
import subprocess
import sys
from pathlib import Path

from common import publish

FIGURES = Path(__file__).parent.parent / "docs" / "figures"
OURS = "DiffusionClassifier"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, default=Path("bench/fewlabels"))
    args = parser.parse_args()
    command = [str(Path(sys.executable).parent / "diffresnet"), "bench", "fewlabels"]
    subprocess.run([*command, "--out", str(args.out)], check=True)
    metrics = json.loads((args.out / "metrics.json").read_text())
    rows: dict[str, dict[str, str]] = {}
    for cell in metrics["results"]:
        row = rows.setdefault(cell["set"], {"data": cell["set"]})
        row[f"{cell['labels_per_class']} a class"] = (
            f"{cell[OURS]:.1f} ({cell['best_peer']}: {cell['difference']:+.1f} ± "
            f"{cell['difference_error']:.1f})"
        )
        row[f"error with {cell['labels_per_class']}"] = f"{cell['calibration_error']:.1f}"
    publish("fewlabels", list(rows.values()), draws=metrics["results"][0]["draws"])
    for name in ("fewlabels", "fewlabels_reliability"):
        shutil.copy(args.out / f"{name}.png", FIGURES / f"{name}.png")


if __name__ == "__main__":
    main()
