from types import SimpleNamespace

import numpy as np
import pytest
import scipy.sparse as sp
import torch

from diffresnet.errors import InputError
from diffresnet.graphs.node_data import NodeData
from diffresnet.graphs.pyg import graph_from_pyg

ENDS = np.array([[0, 1, 2, 3], [1, 2, 3, 0]])


def plain(**changed):
    whole = {
        "edge_index": ENDS,
        "x": np.array([[1.0, 0, 0], [0, 2, 0], [0, 0, 0], [1, 0, 0]]),
        "y": np.array([0, 1, -1, 1]),
    } | changed
    return SimpleNamespace(**{key: value for key, value in whole.items() if value is not None})


MASKS = {
    "train_mask": np.array([True, True, False, False]),
    "val_mask": np.array([False, False, False, True]),
    "test_mask": np.array([False, False, False, False]),
}


def test_a_plain_object_is_a_graph():
    graph = graph_from_pyg(plain(**MASKS), "ring")
    assert (graph.name, len(graph), graph.edges) == ("ring", 4, 4)
    np.testing.assert_array_equal(np.argwhere(graph.adjacency.toarray()), ENDS.T[:, :])
    np.testing.assert_array_equal(graph.features.toarray(), plain().x)
    assert graph.labels.tolist() == [0, 1, -1, 1]
    assert [p.tolist() for p in (graph.split.train, graph.split.validation)] == [[0, 1], [3]]


@pytest.mark.parametrize("sparse", [False, True])
def test_a_data_of_pytorch_geometric_is_a_graph(sparse):
    geometric = pytest.importorskip("torch_geometric.data")
    x = torch.from_numpy(plain().x).float().requires_grad_()
    data = geometric.Data(
        x=x.detach().to_sparse_csr() if sparse else x,
        edge_index=torch.from_numpy(ENDS),
        y=torch.tensor([[0], [1], [-1], [1]]),
        edge_weight=torch.tensor([1.0, 2, 0.5, 1]),
        **{key: torch.from_numpy(mask) for key, mask in MASKS.items()},
    )
    graph, same = graph_from_pyg(data), graph_from_pyg(plain(**MASKS))
    np.testing.assert_array_equal(graph.features.toarray(), same.features.toarray())
    np.testing.assert_array_equal(graph.labels, same.labels)
    np.testing.assert_array_equal(graph.split.train, same.split.train)
    assert graph.adjacency[1, 2] == 2
    learnt = NodeData.from_pyg(data, "ring")
    assert (learnt.name, learnt.classes, learnt.edges) == ("ring", 2, 4)


def test_what_edges_are_like_is_left_alone():
    assert graph_from_pyg(plain()).notes == ()
    (said,) = graph_from_pyg(plain(edge_attr=np.ones((4, 3)))).notes
    assert "edge_weight" in str(said)


def test_nodes_are_counted_by_what_there_is():
    geometric = pytest.importorskip("torch_geometric.data")
    bare = geometric.Data(edge_index=torch.from_numpy(ENDS))
    assert len(graph_from_pyg(bare)) == 4
    bare.num_nodes = 6
    assert len(graph_from_pyg(bare)) == 6
    assert len(graph_from_pyg(SimpleNamespace(edge_index=ENDS))) == 4
    assert graph_from_pyg(plain(x=sp.csr_matrix(np.eye(4)))).features.nnz == 4


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"edge_index": None}, "no edge_index"),
        ({"edge_index": ENDS.T}, r"must be \(2, m\)"),
        ({"edge_index": ENDS * 1.0}, r"must be \(2, m\)"),
        ({"edge_index": ENDS + 1}, "names node 4, but its 4 nodes are 0 to 3"),
        ({"edge_index": ENDS - 1}, "names node -1"),
        ({"edge_index": np.zeros((2, 0), int), "x": None, "y": None}, "no nodes"),
        ({"x": np.ones(4)}, r"x of .* must be \(n, d\)"),
        ({"x": np.full((4, 1), np.nan)}, "NaN"),
        ({"x": np.array([["a"]] * 4)}, "real numbers"),
        ({"y": np.zeros(3, int)}, "4 nodes but 3 rows of y"),
        ({"y": np.zeros((4, 2), int)}, "integers, one for each"),
        ({"y": np.zeros(4)}, "integers"),
        ({"y": np.array([0, 1, -2, 0])}, "-1"),
        ({"edge_weight": np.ones(3)}, "each of the 4 edges"),
        ({"edge_weight": -np.ones(4)}, "negative"),
        ({"edge_weight": np.full(4, np.inf)}, "infinite"),
        ({"train_mask": np.ones(4, bool)}, "a split needs train_mask, val_mask, test_mask"),
        ({**MASKS, "test_mask": np.ones(4, bool)}, "share nodes"),
        ({**MASKS, "val_mask": np.ones((4, 10), bool)}, "holds 10 splits"),
        ({**MASKS, "val_mask": np.ones(4)}, "booleans"),
    ],
)
def test_what_is_no_graph_is_refused_in_one_line(changed, message):
    with pytest.raises(InputError, match=message) as caught:
        graph_from_pyg(plain(**changed))
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("kind", [torch.float16, torch.bfloat16, torch.float64])
@pytest.mark.parametrize("sparse", [False, True])
def test_features_of_any_float_are_read(kind, sparse):
    x = torch.tensor(plain().x, dtype=kind, requires_grad=True)
    graph = graph_from_pyg(plain(x=x.to_sparse() if sparse else x))
    np.testing.assert_array_equal(graph.features.toarray(), plain().x)
    assert graph.features.dtype == np.float32
