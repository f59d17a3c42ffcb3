from dataclasses import replace

import numpy as np
import pytest

from diffresnet.errors import InputError
from diffresnet.graphs.graph import NodeSplit
from diffresnet.graphs.node_data import NodeData
from diffresnet_lab.nodes.protocol import FixedProtocol, SharesProtocol
from node_cases import node_data, two_blocks


def given(train, validation, test, **changed):
    parts = (np.array(part, dtype=int) for part in (train, validation, test))
    return NodeData.from_graph(replace(two_blocks(), split=NodeSplit(*parts), **changed))


def test_the_split_of_the_data_is_the_only_one():
    labels = two_blocks().labels.copy()
    labels[9] = -1
    data = given([0, 1, 2], [5, 6], [8, 9, 10], labels=labels)
    protocol = FixedProtocol.from_public_split(data, inits=3, seed=7)
    assert (protocol.splits, protocol.inits, protocol.seed) == (1, 3, 7)
    split = protocol.split(data, 0)
    parts = [part.tolist() for part in (split.train, split.validation, split.test)]
    assert parts == [[0, 1, 2], [5, 6], [8, 10]], "a node without a class takes no part"


@pytest.mark.parametrize(
    ("parts", "message"),
    [
        (([0, 2], [5], [8]), "no training node of class '1'"),
        (([], [5], [8]), "no train node with a class"),
        (([0, 1], [], [8]), "no validation node"),
        (([0, 1], [5], []), "no test node"),
    ],
)
def test_a_split_that_cannot_be_run(parts, message):
    with pytest.raises(InputError, match=message):
        FixedProtocol.from_public_split(given(*parts))
    with pytest.raises(InputError, match="no split of its own"):
        FixedProtocol.from_public_split(NodeData.from_graph(two_blocks()))


def test_shares_of_all_labelled_nodes():
    data = node_data()
    labels = data.labels.clone()
    labels[:10] = -1
    protocol = SharesProtocol(2, 1, seed=3)
    one, other = (protocol.split(replace(data, labels=labels), index) for index in (0, 1))
    assert [len(part) for part in (one.train, one.validation, one.test)] == [24, 16, 10]
    nodes = np.sort(np.concatenate([one.train, one.validation, one.test]))
    np.testing.assert_array_equal(nodes, np.arange(10, 60))
    assert not np.array_equal(one.train, other.train)
    with pytest.raises(InputError, match="too few"):
        SharesProtocol(train_share=1.0, validation_share=0.0).split(data, 0)
