from dataclasses import replace

import numpy as np
import pytest
import scipy.sparse as sp

from diffresnet.graphs.graph import GraphData
from diffresnet.graphs.notes import graph_notes


def graph(matrix):
    n = len(matrix)
    return GraphData("g", sp.csr_array(np.array(matrix, dtype=float)), sp.csr_array(np.eye(n)))


@pytest.mark.parametrize(
    ("matrix", "notes"),
    [
        ([[0, 1], [1, 0]], []),
        ([[0, 1], [0, 0]], ["edges are taken without direction"]),
        ([[0, 2], [2, 0]], ["edges are taken without weights or repetitions"]),
        (
            [[0, 2], [1, 0]],
            ["edges are taken without direction, weights or repetitions"],
        ),
        ([[1, 1], [1, 1]], ["self-loops are dropped (2 nodes had one)"]),
        (
            [[0, 1, 0, 0], [1, 0, 0, 0], [0, 0, 0, 0], [0, 0, 0, 0]],
            ["2 nodes of 4 are outside the largest connected component and left out"],
        ),
    ],
)
def test_what_was_changed_is_said(matrix, notes):
    given = graph(matrix)
    assert [str(note) for note in graph_notes(given, given.largest_component())] == notes


def test_the_whole_graph_leaves_nothing_out():
    given = graph([[0, 1, 0], [1, 0, 0], [0, 0, 0]])
    assert graph_notes(given, given.undirected()) == []


@pytest.mark.parametrize(
    ("x", "said"),
    [
        ([[1.5, 0.0], [1.5, 0.0]], True),
        ([[0.0], [0.0]], True),
        (np.zeros((2, 0)), True),
        ([[1.0, 0.0], [0.0, 1.0]], False),
        ([[1.0], [2.0]], False),
        ([[0.0], [2.0]], False),
    ],
)
def test_features_that_are_the_same_everywhere_are_said(x, said):
    given = replace(graph([[0, 1], [1, 0]]), features=sp.csr_array(np.array(x)))
    notes = graph_notes(given, given.largest_component())
    assert any("all nodes have the same features" in str(note) for note in notes) == said
