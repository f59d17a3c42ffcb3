"""The scikit-learn face of labelling the nodes of a graph."""

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
import scipy.sparse as sp
import torch
from sklearn.base import clone

from diffresnet import NodeClassifier
from diffresnet.errors import InputError
from node_cases import two_blocks

QUICK = NodeClassifier(2, epochs=30)


@pytest.fixture(scope="module")
def few():
    graph = two_blocks()
    y = np.where(np.arange(60) < 6, graph.labels, -1)
    return graph, y


@pytest.mark.parametrize("kind", ["integers", "text", "objects"])
def test_labels_of_any_kind(few, kind):
    graph, y = few
    names = np.array(["even", "odd"])
    given = {
        "integers": y,
        "text": np.where(y < 0, "", names[y]),
        "objects": np.where(y < 0, None, names[y].astype(object)),
    }[kind]
    model = clone(QUICK).fit(graph.adjacency, given, graph.features)
    truth = graph.labels if kind == "integers" else names[graph.labels]
    assert (model.transduction_ == truth).mean() > 0.9
    assert model.classes_.tolist() == ([0, 1] if kind == "integers" else ["even", "odd"])
    assert (model.transduction_[y >= 0] == truth[y >= 0]).all()
    assert (model.confidence_[y >= 0] == 1.0).all()
    assert model.label_distributions_.shape == (60, 2)
    assert model.reached_.all()


def test_forms_of_a_graph_agree(few):
    graph, y = few
    want = clone(QUICK).fit(graph, y).label_distributions_
    coo = graph.adjacency.tocoo()
    geometric = SimpleNamespace(
        edge_index=torch.from_numpy(np.stack([coo.row, coo.col]).astype(np.int64)),
        x=torch.from_numpy(graph.features.toarray()),
        y=torch.from_numpy(y),
    )
    for model in (
        clone(QUICK).fit(graph.adjacency, y, graph.features.toarray()),
        clone(QUICK).fit(geometric),
        clone(QUICK).fit(geometric, y),
    ):
        np.testing.assert_allclose(model.label_distributions_, want, atol=1e-6)
    assert (clone(QUICK).fit_predict(graph, y) == clone(QUICK).fit(graph, y).transduction_).all()


def test_marks_and_progress(few):
    graph, y = few
    told = []
    marked = np.where(y < 0, 99, y)
    model = clone(QUICK).set_params(unlabelled=99).fit(graph, marked, advance=told.append)
    assert model.classes_.tolist() == [0, 1]
    assert told == [1] * 30


def test_marks_in_the_labels_of_a_graph(few):
    graph, y = few
    marked = replace(graph, labels=np.where(y < 0, 9, y), class_names=None)
    model = clone(QUICK).set_params(unlabelled=9).fit(marked)
    assert model.classes_.tolist() == [0, 1]


def test_features_that_are_alike_are_left_out():
    block = sp.random_array((30, 30), density=0.3, rng=np.random.default_rng(0))
    graph = sp.block_diag([block + block.T, block + block.T], format="csr")
    truth = np.arange(60) // 30
    y = np.where(np.arange(60) % 30 < 2, truth, -1)
    alone = clone(QUICK).fit(graph, y)
    assert (alone.transduction_ == truth).all()
    for same in (np.ones((60, 3)), np.zeros((60, 3)), np.empty((60, 0))):
        model = clone(QUICK).fit(graph, y, same)
        np.testing.assert_array_equal(model.label_distributions_, alone.label_distributions_)


def test_forms_of_features_agree(few):
    graph, y = few
    want = clone(QUICK).fit(graph.adjacency, y, graph.features).label_distributions_
    dense = torch.from_numpy(graph.features.toarray())
    for x in (dense, dense.to_sparse()):
        found = clone(QUICK).fit(graph.adjacency, y, x).label_distributions_
        np.testing.assert_allclose(found, want, atol=1e-6)


@pytest.mark.parametrize(
    ("options", "arguments", "says"),
    [
        ({"replicas": 0}, {}, "'replicas' parameter"),
        ({"epochs": 1.5}, {}, "'epochs' parameter"),
        ({"device": "abacus"}, {}, "abacus"),
        ({}, {"y": np.zeros(59, int)}, "60 nodes and y has 59"),
        ({}, {"y": np.full(60, -1)}, "no row has a label"),
        ({}, {"y": np.where(np.arange(60) == 3, 5, -1)}, "one class"),
        ({}, {"X": np.ones((59, 2))}, "a row for each of the 60 nodes"),
        ({}, {"X": np.full((60, 2), np.nan)}, "NaN"),
        ({}, {"X": np.full((60, 2), 1j)}, "real numbers"),
        ({}, {"graph": np.eye(60)}, "sparse"),
        ({}, {"graph": -sp.eye_array(60)}, "negative"),
    ],
)
def test_bad_input_is_one_line(few, options, arguments, says):
    graph, y = few
    given = {"graph": graph.adjacency, "y": y, "X": graph.features} | arguments
    with pytest.raises(InputError, match=says) as caught:
        clone(QUICK).set_params(**options).fit(**given)
    assert "\n" not in str(caught.value)
