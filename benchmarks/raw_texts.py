"""From raw texts to labels, end to end, beside logistic regression on the same features.

    python benchmarks/raw_texts.py TEXTS.csv [--draws 10] [--encoder NAME ...]

TEXTS.csv has the columns `text` and `category`, as the Banking77 files of PolyAI's
task-specific-datasets have. Every draw gives each category a few labels and runs `label_file` on
the .csv file; embeddings of a pretrained encoder are kept between draws, as the command keeps them.
Logistic regression gets the features that `embed_file` writes; C is the best of 1, 10 and 100, as
judged by the truth, so that it is not held back by a setting.
"""

from __future__ import annotations

import argparse
import tempfile
import time
import warnings
from pathlib import Path

import numpy as np
import pyarrow as pa
from sklearn.linear_model import LogisticRegression

from common import publish
from diffresnet import label_file
from diffresnet.classify.calibrator import expected_calibration_error
from diffresnet.labelling.embed import embed_file
from diffresnet.tables import format_of, read_columns

# scikit-learn suspects a regression where most rows are a class of their own.
warnings.filterwarnings("ignore", message="The number of unique classes")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("texts", type=Path)
    parser.add_argument("--draws", type=int, default=10)
    parser.add_argument("--encoder", nargs="+", default=["tfidf"])
    parser.add_argument("--name", nargs="+", help="of each encoder in the table")
    args = parser.parse_args()
    table = read_columns(args.texts).table
    truth = np.array(table["category"].to_pylist(), dtype=object)
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        for encoder, name in zip(args.encoder, args.name or args.encoder, strict=True):
            for per_class in (1, 5, 20):
                rows.append(
                    measure(Path(folder), table, truth, encoder, name, per_class, args.draws)
                )
                print(rows[-1], flush=True)
    publish("raw_texts", rows, draws=args.draws, texts=len(truth))


def measure(
    folder: Path,
    table: pa.Table,
    truth: np.ndarray,
    encoder: str,
    name: str,
    per_class: int,
    draws: int,
) -> dict[str, str]:
    """Return a row of the table: means over draws, with the standard error of the difference."""
    path, out, features = folder / "few.csv", folder / "out.csv", folder / "x.npz"
    ours, peers, gaps, seconds = [], [], [], []
    for seed in range(draws):
        few = draw(truth, per_class, seed)
        given = np.array([label is not None for label in few])
        written = pa.table({"text": table["text"], "label": pa.array(few, pa.string())})
        format_of(path).write_table(path, written)
        start = time.perf_counter()
        result = label_file(path, out, text="text", encoder=encoder)
        seconds.append(time.perf_counter() - start)
        right = result.labels == truth
        ours.append(100 * right[~given].mean())
        error = expected_calibration_error(result.confidence[~given], right[~given])
        gaps.append(100 * error)
        if seed == 0:
            embed_file(path, features, text="text", encoder=encoder)
        with np.load(features) as file:
            x = file["features"]
        answers = [
            LogisticRegression(C=c, max_iter=2000).fit(x[given], truth[given]).predict(x[~given])
            for c in (1, 10, 100)
        ]
        peers.append([100 * (answer == truth[~given]).mean() for answer in answers])
    best = np.array(peers)[:, np.mean(peers, axis=0).argmax()]
    difference = np.array(ours) - best
    error = difference.std(ddof=1) / np.sqrt(draws)
    return {
        "encoder": name,
        "labels a class": str(per_class),
        "diffresnet label": f"{np.mean(ours):.1f}",
        "logistic regression": f"{best.mean():.1f}",
        "difference": f"{difference.mean():+.1f} ± {error:.1f}",
        "calibration error": f"{np.mean(gaps):.1f}",
        "seconds, first run": f"{seconds[0]:.1f}",
        "seconds, later runs": f"{np.median(seconds[1:]):.1f}",
    }


def draw(truth: np.ndarray, per_class: int, seed: int) -> np.ndarray:
    """Return labels for a few rows of each category, None for the others."""
    rng = np.random.default_rng(seed)
    few = np.full(len(truth), None, dtype=object)
    for category in sorted(set(truth)):
        few[rng.choice(np.flatnonzero(truth == category), per_class, replace=False)] = category
    return few


if __name__ == "__main__":
    main()
