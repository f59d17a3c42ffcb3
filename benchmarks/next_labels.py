"""Labels needed for an accuracy, where rows to label are chosen in rounds.

    DIFFRESNET_DATA=... python benchmarks/next_labels.py [--draws 5]

The first round has no label to go by, and each later round all labels so far. Every way to choose
rows feeds the same classifier. "margin" takes the rows whose two likeliest classes are closest,
after a first round at random. TypiClust and ProbCover are those of scikit-activeml, on standardized
tables and unit rows; VOpt is the variance optimality of graphlearning, on the 50 smoothest
eigenvectors of a graph of 10 neighbours. "gain told" is what `suggest` expects of a round after
the second; "gain seen" what came. Draws differ by the seed, and for embeddings by the rows.
Develop on draws from 1000 on (--first 1000).
"""

from __future__ import annotations

import argparse

import numpy as np
from sklearn.datasets import load_breast_cancer, load_digits, load_wine
from sklearn.neighbors import NearestNeighbors
from sklearn.preprocessing import StandardScaler

from common import data_file, publish
from diffresnet import DiffusionClassifier

GOALS = (80, 90, 95)
SUBSAMPLE = 1500
EMBEDDINGS = {
    "Banking77, 20 intents": ("embeddings/banking77_minilm-l6.npz", 20),
    "CIFAR-FS val": ("embeddings/cifarfs_val_efficientnet-lite0.npz", 16),
}
TABLES = {"digits": load_digits, "wine": load_wine, "breast cancer": load_breast_cancer}


def load(name: str, seed: int) -> tuple[np.ndarray, np.ndarray]:
    if name in TABLES:
        return TABLES[name](return_X_y=True)
    file, classes = EMBEDDINGS[name]
    with np.load(data_file(file)) as arrays:
        x, y = arrays["features"].astype(np.float32), arrays["labels"].astype(np.int64)
    rng = np.random.default_rng(seed)
    kept = np.flatnonzero(np.isin(y, rng.permutation(y.max() + 1)[:classes]))
    rows = rng.permutation(kept)[:SUBSAMPLE]
    return x[rows], np.unique(y[rows], return_inverse=True)[1]


def by_suggestion(x: np.ndarray, model: DiffusionClassifier | None, few, count, seed) -> np.ndarray:
    if model is None:
        return DiffusionClassifier(random_state=seed).suggest(count, x)
    return model.suggest(count)


def at_random(x, model, few, count, seed) -> np.ndarray:
    free = np.flatnonzero(few < 0)
    return np.random.default_rng((seed, len(free))).choice(free, count, replace=False)


def by_margin(x, model, few, count, seed) -> np.ndarray:
    if model is None:
        return at_random(x, model, few, count, seed)
    two = np.sort(model.label_distributions_, axis=1)[:, -2:]
    margin = np.where(few < 0, two[:, 1] - two[:, 0], np.inf)
    return np.argsort(margin, kind="stable")[:count]


def as_compared(x: np.ndarray) -> np.ndarray:
    if x.shape[1] >= 64:
        return x / np.linalg.norm(x, axis=1, keepdims=True)
    return StandardScaler().fit_transform(x)


def by_activeml(name: str):
    def choose(x, model, few, count, seed) -> np.ndarray:
        from skactiveml import pool

        classes = int(few.max()) + 1 if (few >= 0).any() else 2
        options = {"n_classes": max(classes, count)} if name == "ProbCover" else {}
        strategy = getattr(pool, name)(random_state=seed, **options)
        known = np.where(few >= 0, few.astype(float), np.nan)
        return strategy.query(as_compared(x), known, batch_size=count)

    return choose


def by_variance(x, model, few, count, seed) -> np.ndarray:
    import graphlearning as gl

    z = as_compared(x)
    distances, indices = NearestNeighbors(n_neighbors=11).fit(z).kneighbors(z)
    graph = gl.graph(gl.weightmatrix.knn(z, 10, knn_data=(indices, distances)))
    values, vectors = graph.eigen_decomp(normalization="normalized", k=50)
    criterion = gl.active_learning.var_opt(np.diag(1.0 / (values + 1e-11)), V=vectors.copy())
    labelled = np.flatnonzero(few >= 0)
    if len(labelled):
        criterion.update(labelled, few[labelled])
    chosen: list[int] = []
    free = np.flatnonzero(few < 0)
    for _ in range(count):
        left = np.setdiff1d(free, chosen)
        best = int(left[np.argmax(criterion.compute(None, left))])
        chosen.append(best)
        criterion.update(np.array([best]), np.array([0]))
    return np.array(chosen)


WAYS = {
    "suggest": by_suggestion,
    "random": at_random,
    "margin": by_margin,
    "TypiClust": by_activeml("TypiClust"),
    "ProbCover": by_activeml("ProbCover"),
    "VOpt": by_variance,
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--draws", type=int, default=3)
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--rounds", type=int, default=6)
    parser.add_argument("--data", nargs="+", default=[*TABLES, *EMBEDDINGS])
    args = parser.parse_args()
    rows = []
    for name in args.data:
        curves: dict[str, list] = {way: [] for way in WAYS}
        told: list[list[float]] = []
        for seed in range(args.first, args.first + args.draws):
            x, y = load(name, seed)
            for way, choose in WAYS.items():
                found, gains = curve(x, y, choose, args.rounds, seed, way == "suggest")
                curves[way].append(found)
                told += [gains] if gains else []
        each = len(np.unique(y))
        counts = each * np.arange(1, args.rounds + 1)
        for way, found in curves.items():
            mean = np.mean(found, axis=0)
            row = {"data": name, "way": way, "labels a round": each}
            row |= {f"after {r}": f"{mean[r - 1]:.1f}" for r in (1, 2, 4, args.rounds)}
            row |= {f"labels for {goal}%": labels_for(mean, counts, goal) for goal in GOALS}
            if way == "suggest":
                row["gain told"] = f"{100 * np.nanmean(told):+.1f}"
                row["gain seen"] = f"{(mean[-1] - mean[1]) / (args.rounds - 2):+.1f}"
            else:
                row |= {"gain told": "", "gain seen": ""}
            rows.append(row)
            print(row, flush=True)
    publish("next_labels", rows, draws=args.draws, first_seed=args.first, rounds=args.rounds)


def curve(
    x: np.ndarray, y: np.ndarray, choose, rounds: int, seed: int, ours: bool
) -> tuple[list[float], list[float]]:
    """Accuracy over the rows without a label after each round, and the gains that ours tells."""
    few, model, accuracy = np.full(len(y), -1), None, []
    each = len(np.unique(y))
    gains: list[float] = []
    for number in range(rounds):
        if ours and number > 1 and model is not None:
            gains.append(model.suggest_with_gain(each)[1])
        rows = choose(x, model, few, each, seed)
        few[rows] = y[rows]
        rest = few < 0
        if len(np.unique(few[~rest])) < 2:
            accuracy.append(100 * float((y[rest] == few[~rest][0]).mean()))
            continue
        model = DiffusionClassifier(random_state=seed).fit(x, few)
        accuracy.append(100 * float((model.transduction_ == y)[rest].mean()))
    return accuracy, gains


def labels_for(mean: np.ndarray, counts: np.ndarray, goal: float) -> str:
    """Return the labels that the mean curve needs for a goal, between rounds by a line."""
    reached = np.flatnonzero(mean >= goal)
    if not len(reached):
        return f"> {counts[-1]}"
    at = reached[0]
    if at == 0:
        return f"<= {counts[0]}"
    share = (goal - mean[at - 1]) / (mean[at] - mean[at - 1])
    return f"{counts[at - 1] + share * (counts[at] - counts[at - 1]):.0f}"


if __name__ == "__main__":
    main()
