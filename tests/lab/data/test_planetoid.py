import pickle

import numpy as np
import pytest

from diffresnet.errors import InputError
from diffresnet_lab.data.planetoid import PARTS, planetoid_files, read_planetoid
from planetoid_cases import python2, write_planetoid


@pytest.mark.parametrize("protocol", [0, 1, 2])
@pytest.mark.parametrize("gap", [False, True])
def test_the_files_are_put_together(tmp_path, gap, protocol):
    expected = write_planetoid(tmp_path, dump=lambda part: python2(part, protocol), gap=gap)
    graph = read_planetoid(tmp_path, "toy")
    np.testing.assert_array_equal(graph.features.toarray(), expected["features"])
    np.testing.assert_array_equal(graph.labels, expected["labels"])
    np.testing.assert_array_equal(graph.adjacency.toarray(), expected["adjacency"])
    assert graph.split.train.tolist() == list(range(6))
    assert graph.split.validation.tolist() == list(range(6, 60))
    assert graph.split.test.tolist() == expected["test"].tolist()
    assert (graph.labels[60 + 4] == -1) == gap, "the isolated test node has no label"


def test_it_is_what_pytorch_geometric_reads(tmp_path):
    pytest.importorskip("torch_geometric")
    from torch_geometric.io import read_planetoid_data

    def dump(part):
        return pickle.dumps(part, 2)

    write_planetoid(tmp_path, "citeseer", dump=dump, known=520)
    graph, theirs = read_planetoid(tmp_path, "citeseer"), read_planetoid_data(tmp_path, "citeseer")
    np.testing.assert_array_equal(graph.features.toarray(), theirs.x)
    labelled = graph.labels >= 0
    np.testing.assert_array_equal(graph.labels[labelled], theirs.y[labelled])
    adjacency = np.zeros(graph.adjacency.shape)
    adjacency[tuple(theirs.edge_index.numpy())] = 1
    np.fill_diagonal(adjacency, 0)
    np.testing.assert_array_equal(
        graph.undirected().adjacency.toarray(), np.maximum(adjacency, adjacency.T)
    )
    for mask, nodes in (
        (theirs.train_mask, graph.split.train),
        (theirs.val_mask, graph.split.validation),
        (theirs.test_mask, graph.split.test),
    ):
        assert np.flatnonzero(mask).tolist() == nodes.tolist()


def test_the_split_follows_the_nodes(tmp_path):
    write_planetoid(tmp_path)
    graph = read_planetoid(tmp_path, "toy")
    part = graph.largest_component()
    assert len(part) == len(graph) - 1
    assert part.split.test.tolist() == list(range(60, 70)), "counted anew past the gap"
    assert len(graph.undirected()) == len(graph)


@pytest.mark.parametrize("part", PARTS)
def test_a_missing_or_damaged_file_is_named(tmp_path, part):
    write_planetoid(tmp_path)
    path = tmp_path / f"ind.toy.{part}"
    path.write_bytes(b"cos\nsystem\n(S'true'\ntR.")
    with pytest.raises(InputError, match=f"ind.toy.{part}") as caught:
        read_planetoid(tmp_path, "toy")
    assert "\n" not in str(caught.value)
    path.unlink()
    with pytest.raises(InputError, match=f"ind.toy.{part}.*[Nn]o such file"):
        read_planetoid(tmp_path, "toy")


@pytest.mark.parametrize(
    ("part", "content", "message"),
    [
        ("tx", np.ones((10, 3)), "differ in width"),
        ("ty", np.eye(3)[np.zeros(10, int)], "differ in width"),
        ("ally", np.eye(2)[np.zeros(7, int)], "do not fit"),
        ("x", np.ones((7, 12)), "not the first rows"),
        ("x", np.ones(12), "a matrix of features"),
        ("y", np.full((6, 2), 1), "a 1 in each row"),
        ("y", np.full((6, 2), 0.5), "a 1 in each row"),
        ("y", np.ones(6), "a 1 in each row"),
        ("graph", {0: [99]}, "leads to node 99"),
        ("graph", {0: [-1]}, "damaged"),
        ("graph", {99: [0]}, "other nodes"),
        ("test.index", b"60\n60\n" + b"".join(b"%d\n" % i for i in range(61, 69)), "named twice"),
        ("test.index", b"".join(b"%d\n" % i for i in range(10)), "in allx already"),
        ("test.index", b"60\n", "do not fit"),
        ("test.index", b"-1\n", "number of a test node"),
        ("test.index", b"60 x\n", "number of a test node"),
        ("test.index", b"".join(b"%d\n" % (10**8 + i) for i in range(10)), "other nodes"),
    ],
)
def test_files_that_do_not_fit_together(tmp_path, part, content, message):
    write_planetoid(tmp_path)
    raw = content if isinstance(content, bytes) else python2(content)
    (tmp_path / f"ind.toy.{part}").write_bytes(raw)
    with pytest.raises(InputError, match=message) as caught:
        read_planetoid(tmp_path, "toy")
    assert "\n" not in str(caught.value)


def test_there_are_eight_files():
    assert len(planetoid_files("cora")) == len(set(planetoid_files("cora"))) == 8
