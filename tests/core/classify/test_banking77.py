"""The main job on real embeddings of texts."""

import numpy as np

from diffresnet import DiffusionClassifier


def test_five_labels_a_class(data_file):
    with np.load(data_file("embeddings/banking77_minilm-l6.npz")) as file:
        x, y = file["features"], file["labels"]
    keep = y < 25
    x, y = x[keep], y[keep].astype(int)
    rng = np.random.default_rng(700)
    few = np.full(len(y), -1)
    for c in range(25):
        few[rng.choice(np.flatnonzero(y == c), 5, replace=False)] = c
    model = DiffusionClassifier().fit(x, few)
    rest = few == -1
    accuracy = (model.transduction_ == y)[rest].mean()
    assert accuracy > 0.87
    assert abs(model.confidence_[rest].mean() - accuracy) < 0.1
    assert (model.predict(x[rest][:200]) == model.transduction_[rest][:200]).mean() > 0.97
