"""Nodes as a table to be labelled, and the graph that they are in."""

import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp

from diffresnet.errors import InputError
from diffresnet.graphs.node_table import holds_graph, read_node_table


@pytest.fixture
def files(tmp_path):
    (tmp_path / "e.csv").write_text("from,to\nb,a\nb,c\n")
    (tmp_path / "n.csv").write_text("id,topic,x\na,Q,1\nb,,2\nc,R,3\n")
    return tmp_path


def test_columns_and_edges(files):
    table, graph = read_node_table(files / "n.csv", files / "e.csv", label_column="topic")
    assert table.labels.values().tolist() == ["Q", None, "R"]
    assert table.label_key == "topic"
    assert table.content.names == ["id", "topic", "x"]
    assert len(table) == len(graph) == 3
    np.testing.assert_array_equal(graph.labels, [0, -1, 1])
    np.testing.assert_array_equal(graph.features.toarray().ravel(), [1, 2, 3])
    assert graph.edges == 2


def test_integers_of_parquet_stay_integers(files):
    frame = pd.DataFrame({"id": ["a", "b", "c"], "label": pd.array([7, None, 10], dtype="Int64")})
    frame.to_parquet(files / "n.parquet")
    table, graph = read_node_table(files / "n.parquet", files / "e.csv")
    assert table.labels.values().tolist() == [7, None, 10]
    assert graph.class_names == ("7", "10")
    assert graph.features is None


def test_a_graph_file_is_its_own_table(tmp_path):
    w = sp.csr_array(np.ones((3, 3)) - np.eye(3))
    parts = {f"adj_{part}": getattr(w, part) for part in ("data", "indices", "indptr", "shape")}
    path = tmp_path / "g.npz"
    np.savez(path, **parts, labels=[4, -1, 9], other=np.arange(3))
    assert holds_graph(path)
    table, graph = read_node_table(path)
    assert table.labels.values().tolist() == [4, None, 9]
    assert graph.labels.tolist() == [4, -1, 9]
    assert table.label_key == "labels"
    assert "other" in table.content.names
    np.savez(path, **parts)
    with pytest.raises(InputError, match="no array 'labels'"):
        read_node_table(path)
    np.savez(path, **parts, labels=[-1, -1, -1])
    with pytest.raises(InputError, match=r"no row of .* has a label in 'labels'"):
        read_node_table(path)


def test_what_is_no_graph(tmp_path, files):
    path = tmp_path / "t.npz"
    np.savez(path, adj_data=[1.0], features=np.ones((1, 1)))
    assert not holds_graph(path)  # a table of features with something more
    assert not holds_graph(files / "e.csv")
    path.write_bytes(b"PK\x03\x04 and no more")
    assert not holds_graph(path)
    assert not holds_graph(tmp_path / "absent.npz")


def test_nodes_that_cannot_be(files):
    with pytest.raises(InputError, match=r"no column 'label'; name the one .*label_column="):
        read_node_table(files / "n.csv", files / "e.csv")
    (files / "n.csv").write_text("id,label\na,\nb,\nc,\n")
    with pytest.raises(InputError, match=r"no row of .* has a label"):
        read_node_table(files / "n.csv", files / "e.csv")
    (files / "n.txt").write_text("id,label\na,Q\n")
    with pytest.raises(InputError, match=r"\.csv"):
        read_node_table(files / "n.txt", files / "e.csv")
