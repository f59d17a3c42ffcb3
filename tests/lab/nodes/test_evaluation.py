from dataclasses import replace

import numpy as np
import pytest
import scipy.sparse as sp

from diffresnet.errors import InputError
from diffresnet.graphs.graph import GraphData, NodeSplit
from diffresnet_lab.nodes import FixedProtocol, Protocol, prepare_evaluation
from node_cases import two_blocks

PROTOCOL = Protocol(2, 2, train_per_class=4, validation_per_class=5, seed=7)


def island(labels=None):
    """Two blocks of 60, and one node of the first class that nothing is joined to."""
    graph = two_blocks()
    adjacency = sp.csr_array(sp.block_diag([graph.adjacency, sp.csr_array((1, 1))]))
    features = sp.csr_array(sp.vstack([graph.features, sp.csr_array((1, 24))]))
    labels = np.append(graph.labels, 0) if labels is None else labels
    split = NodeSplit(np.arange(20), np.arange(20, 40), np.arange(40, 61))
    return GraphData("island", adjacency, features, labels, split)


def test_the_largest_component_is_kept_and_run():
    evaluation = prepare_evaluation(island(), "gcn", PROTOCOL, epochs=3)
    assert (len(evaluation.graph), len(evaluation.data)) == (60, 60)
    assert evaluation.protocol is PROTOCOL
    assert evaluation.spec.training.epochs == 3
    assert evaluation.runs == 4
    done = []
    runs = evaluation.run(advance=done.append)
    assert [run.accuracy.shape for run in runs] == [(2,), (2,)]
    assert sum(done) == 4
    assert all((run.epochs == 3).all() for run in runs)


def test_the_public_split_is_one_split_of_all_nodes():
    evaluation = prepare_evaluation(island(), "mlp", PROTOCOL, public_split=True)
    assert len(evaluation.data) == 61
    assert isinstance(evaluation.protocol, FixedProtocol)
    assert (evaluation.runs, evaluation.protocol.seed) == (2, 7)
    assert evaluation.protocol.split(evaluation.data, 0).test.tolist() == list(range(40, 61))


@pytest.mark.parametrize(
    ("graph", "model", "protocol", "message"),
    [
        (island(), "gnn", PROTOCOL, r"no model 'gnn'; there are [\w, ]+ \(model=\)$"),
        (
            island(),
            "gcn",
            replace(PROTOCOL, train_per_class=30),
            r"class '0' has 30 nodes.*\(60 of 61 nodes are in the largest component, and count\)",
        ),
        (
            island(np.where(np.arange(61) < 60, 0, 1)),
            "gcn",
            PROTOCOL,
            r"one class; two are needed \(60 of 61 nodes",
        ),
        (replace(island(), labels=None), "gcn", PROTOCOL, "has no labels to learn from$"),
    ],
)
def test_what_does_not_fit_is_refused_before_any_training(graph, model, protocol, message):
    with pytest.raises(InputError, match=message):
        prepare_evaluation(graph, model, protocol)


def test_a_graph_without_a_public_split():
    with pytest.raises(InputError, match="no split of its own"):
        prepare_evaluation(two_blocks(), "gcn", PROTOCOL, public_split=True)
