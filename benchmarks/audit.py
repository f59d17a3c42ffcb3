"""Wrong labels among the given ones: which are found, how many right ones are suspected, and what
confidence and accuracy are with them, beside cleanlab on the same splits.

    DIFFRESNET_DATA=... python benchmarks/audit.py [--draws 5]

Labels are wrong at random, or flipped to the class of the nearest mean. Draws 0 to 4 are those
reported; everything was settled on others (from 1000 on). All numbers in %.
"""

from __future__ import annotations

import argparse
import warnings
from typing import Any

import numpy as np
from cleanlab.filter import find_label_issues
from scipy.ndimage import gaussian_filter
from sklearn.datasets import load_digits
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedKFold, cross_val_predict

from common import data_file, publish
from diffresnet import DiffusionClassifier
from diffresnet.classify.calibrator import expected_calibration_error

EMBEDDINGS = {
    "Banking77": ("embeddings/banking77_minilm-l6.npz", 4000),
    "CIFAR-FS val": ("embeddings/cifarfs_val_efficientnet-lite0.npz", 3200),
}
CASES = (
    ("digits", 10),
    ("digits", 20),
    ("Omniglot, 100 characters", 10),
    ("CIFAR-FS val", 10),
    ("Banking77", 10),
    ("CIFAR-FS val", 20),
    ("Banking77", 20),
)
METHODS = ("ours", "cleanlab on logistic", "cleanlab on ours")
NOISES = ((0.0, "random"), (0.1, "random"), (0.2, "random"), (0.3, "random"), (0.2, "flips"))


def load(name: str) -> tuple[np.ndarray, np.ndarray]:
    if name == "digits":
        x, y = load_digits(return_X_y=True)
    elif name in EMBEDDINGS:
        path, size = EMBEDDINGS[name]
        with np.load(data_file(path)) as file:
            x, y = file["features"], file["labels"].astype(np.int64)
        keep = np.random.default_rng(7).permutation(len(y))[:size]
        x, y = x[keep], y[keep]
    else:  # blurred drawings of 21 x 21: hard, and with 20 of a class not many
        with np.load(data_file("fewshot/omniglot_background.npz")) as file:
            keep = np.random.default_rng(5).permutation(len(file["images"]))[:100]
            images = file["images"][np.sort(keep)].reshape(-1, 105, 105).astype(np.float32)
        blurred = np.stack([gaussian_filter(image, 3) for image in images])
        x = blurred.reshape(-1, 21, 5, 21, 5).mean(axis=(2, 4)).reshape(len(images), -1)
        y = np.repeat(np.arange(100), 20)
    return x.astype(np.float32), y


def draw(
    x: np.ndarray, y: np.ndarray, per_class: int, noise: float, kind: str, seed: int
) -> tuple[np.ndarray, np.ndarray]:
    """Labels with -1: the true ones, and the same with a share of them wrong."""
    rng = np.random.default_rng(seed)
    classes = int(y.max()) + 1
    true = np.full(len(y), -1)
    for c in range(classes):
        rows = np.flatnonzero(y == c)
        true[rng.choice(rows, min(per_class, len(rows) // 2), replace=False)] = c
    rows, given = np.flatnonzero(true >= 0), true.copy()
    wrong = rows[rng.random(len(rows)) < noise]
    if kind == "random":
        given[wrong] = (true[wrong] + rng.integers(1, classes, len(wrong))) % classes
    else:
        means = np.stack([x[y == c].mean(axis=0) for c in range(classes)])
        means /= np.linalg.norm(means, axis=1, keepdims=True)
        alike = means @ means.T - 2.0 * np.eye(classes)
        given[wrong] = alike.argmax(axis=1)[true[wrong]]
    return true, given


def logistic_held_out(x: np.ndarray, codes: np.ndarray) -> np.ndarray:
    x = x / np.linalg.norm(x, axis=1, keepdims=True).clip(1e-12)
    model = LogisticRegression(C=10.0, max_iter=300)
    folds = StratifiedKFold(5, shuffle=True, random_state=0)
    return cross_val_predict(model, x, codes, cv=folds, method="predict_proba")


def run(x: np.ndarray, y: np.ndarray, true: np.ndarray, given: np.ndarray) -> dict[str, float]:
    """Everything that is measured of one draw."""
    rows, rest = np.flatnonzero(given >= 0), given < 0
    wrong = given[rows] != true[rows]
    plain = DiffusionClassifier(random_state=0).fit(x, given)
    mended = DiffusionClassifier(relabel=True, random_state=0).fit(x, given)
    ours = np.isin(rows, mended.audit().suspects)
    auditor = mended._transduction.auditor
    held_out = auditor.first.held_out
    logistic = logistic_held_out(x[rows], given[rows])
    issues = (
        ours,
        find_label_issues(given[rows], logistic, n_jobs=1),
        find_label_issues(given[rows], held_out, n_jobs=1),
    )
    found: dict[str, float] = {}
    for name, suspects in zip(METHODS, issues, strict=True):
        found[f"{name}: right"] = suspects[~wrong].mean()
        found[f"{name}: wrong"] = suspects[wrong].mean() if wrong.any() else np.nan
        found[f"{name}: precision"] = wrong[suspects].mean() if suspects.any() else np.nan
    found["before"] = (~wrong).mean()
    found["after"] = (mended.transduction_[rows] == true[rows]).mean()
    for name, model in (("kept", plain), ("relabelled", mended)):
        right = model.transduction_[rest] == y[rest]
        found[f"accuracy, {name}"] = right.mean()
        found[f"calibration error, {name}"] = expected_calibration_error(
            model.confidence_[rest], right
        )
    return {name: 100 * value for name, value in found.items()}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--draws", type=int, default=5)
    parser.add_argument("--first", type=int, default=0, help="seed of the first draw")
    args = parser.parse_args()
    warnings.filterwarnings("ignore")
    rows = []
    for name, per_class in CASES:
        x, y = load(name)
        for noise, kind in NOISES:
            draws = []
            for seed in range(args.first, args.first + args.draws):
                draws.append(run(x, y, *draw(x, y, per_class, noise, kind, seed)))
            row: dict[str, Any] = {"data": name, "labels a class": per_class}
            row["wrong"] = f"{noise:.0%}" + (" flips" if kind == "flips" else "")
            mean = {key: np.nanmean([each[key] for each in draws]) for key in draws[0]}
            shown = {key: "" if np.isnan(value) else f"{value:.1f}" for key, value in mean.items()}
            for method in METHODS:
                row[f"right suspected ({method})"] = shown[f"{method}: right"]
                row[f"wrong found ({method})"] = shown[f"{method}: wrong"]
                row[f"precision ({method})"] = shown[f"{method}: precision"]
            row["given right"] = f"{shown['before']} → {shown['after']}"
            for measure in ("accuracy", "calibration error"):
                row[f"{measure} (kept)"] = shown[f"{measure}, kept"]
                row[f"{measure} (relabelled)"] = shown[f"{measure}, relabelled"]
            rows.append(row)
            print(row, flush=True)
        publish("audit", rows, draws=args.draws, first_seed=args.first)


if __name__ == "__main__":
    main()
