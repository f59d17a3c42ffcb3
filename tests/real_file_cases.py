"""A clean file of digits, to which tests add what real files have beside."""

import numpy as np
import pandas as pd
from sklearn.datasets import load_digits
from sklearn.decomposition import PCA

from diffresnet import label_file

ROWS, EACH = 600, 5
RNG = np.random.default_rng(0)
PIXELS, TRUTH = load_digits(return_X_y=True)
CHOSEN = RNG.permutation(len(TRUTH))[:ROWS]
TRUTH = TRUTH[CHOSEN]
X = PCA(32, random_state=0).fit_transform(PIXELS)[CHOSEN].astype(np.float32)
NAMES = np.array(["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"])
KNOWN = np.zeros(ROWS, dtype=bool)
for _c in range(10):
    KNOWN[np.flatnonzero(_c == TRUTH)[:EACH]] = True
UNIT = X / np.linalg.norm(X, axis=1, keepdims=True)


def clean(x=X, prefix="emb_"):
    frame = pd.DataFrame(x, columns=[f"{prefix}{i}" for i in range(x.shape[1])])
    frame["label"] = np.where(KNOWN, NAMES[TRUTH], None)
    return frame


def accuracy(path, **options):
    result = label_file(path, **options)
    return (result.labels[~KNOWN] == NAMES[TRUTH][~KNOWN]).mean(), result


def beside(**columns):
    return clean().assign(**columns)


def named(*names):
    """The embedding in columns whose names do not make a block."""
    frame = clean()
    words = [f"{a}{b}" for a in "abcdefgh" for b in "wxyz"]
    return frame.rename(columns=dict(zip(frame.columns, words, strict=False)))
