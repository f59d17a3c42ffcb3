import re

import numpy as np
import pyarrow as pa
import pyarrow.parquet
import pytest

from diffresnet.errors import InputError
from diffresnet.files.atomic import either
from diffresnet.graphs.edge_list import read_edge_list
from diffresnet.graphs.notes import graph_notes
from diffresnet.tables.formats import COLUMN_FORMATS

EDGES = "source,target\nann,bob\nbob,cy\ncy,bob\nann,ann\n"
TABLE = "id,label,a,b\nbob,x,1,0\nann,y,2,5\ncy,,0,3\ndan,x,1,1\n"


@pytest.fixture
def write(tmp_path):
    def write(name, text):
        (tmp_path / name).write_text(text, encoding="utf-8")
        return tmp_path / name

    return write


def test_edges_and_a_table_are_a_graph(write):
    graph = read_edge_list(write("e.csv", EDGES), write("t.csv", TABLE))
    assert graph.ids.tolist() == ["bob", "ann", "cy", "dan"]
    assert graph.class_names == ("x", "y")
    assert graph.labels.tolist() == [0, 1, -1, 0]
    np.testing.assert_array_equal(graph.features.toarray(), [[1, 0], [2, 5], [0, 3], [1, 1]])
    expected = np.zeros((4, 4))
    expected[[1, 0, 2, 1], [0, 2, 0, 1]] = 1
    np.testing.assert_array_equal(graph.adjacency.toarray(), expected)
    part = graph.largest_component()
    assert part.ids.tolist() == ["bob", "ann", "cy"]
    assert [str(note) for note in graph_notes(graph, part)] == [
        "edges are taken without direction",
        "self-loops are dropped (1 node had one)",
        "1 node of 4 is outside the largest connected component and left out",
    ]


def test_weights_are_added_and_other_columns_left_alone(write):
    text = "a,b,when,weight\n1,2,mon,0.5\n1,2,tue,1\n2,3,wed,0\n"
    graph = read_edge_list(write("e.csv", text))
    assert graph.ids.tolist() == ["1", "2", "3"]
    assert graph.adjacency[0, 1] == 1.5
    assert graph.edges == 1, "an edge of weight 0 is none"
    assert tuple(map(str, graph.notes)) == (
        f"columns 'when' of {str(write('e.csv', text))!r} are left alone",
    )
    assert graph.features is None
    assert graph.labels is None
    said = list(map(str, graph_notes(graph, graph.largest_component())))
    assert "edges are taken without direction, weights or repetitions" in said
    assert any("no features" in text for text in said)


def test_a_table_of_labels_alone_is_structure_only(write):
    graph = read_edge_list(write("e.csv", EDGES), write("t.csv", "id,label\nbob,1\nann,10\ncy,2\n"))
    assert graph.features is None
    assert graph.class_names == ("1", "2", "10"), "numbers in their order"
    assert graph.labels.tolist() == [0, 2, 1]


def test_a_node_may_be_called_na(write):
    assert read_edge_list(write("e.csv", "a,b\nNA,null\n")).ids.tolist() == ["NA", "null"]


def test_ids_of_parquet_and_csv_meet(tmp_path, write):
    table = pa.table({"node": [3.0, 1.0, 2.0], "label": ["p", "q", "p"], "x": [0.1, 0.2, 0.4]})
    pyarrow.parquet.write_table(table, tmp_path / "t.parquet")
    graph = read_edge_list(write("e.csv", "a,b\n1, 2\n2,3\n"), tmp_path / "t.parquet")
    assert graph.ids.tolist() == ["3", "1", "2"]
    assert graph.edges == 2


def test_other_columns_may_be_named(write):
    table = write("t.csv", "x,who,kind\n1,bob,u\n2,ann,v\n3,cy,u\n")
    graph = read_edge_list(write("e.csv", EDGES), table, label_column="kind", id_column="who")
    assert graph.class_names == ("u", "v")
    np.testing.assert_array_equal(graph.features.toarray(), [[1], [2], [3]])
    first = read_edge_list(write("e.csv", EDGES), write("t.csv", "who,x\nbob,1\nann,2\ncy,3\n"))
    assert first.labels is None
    assert "'who'" in str(first.notes[0])
    assert first.notes[0].parameter == "id_column"


@pytest.mark.parametrize(
    ("edges", "table", "message"),
    [
        ("a\n1\n", None, "first two columns"),
        ("0,1\n1,2\n", None, "is an edge .0, 1.; put a header"),
        ("ann,bob\nbob,ann\n", None, "put a header"),
        ("dan, ann\nbob,cy\n", TABLE, "put a header"),
        ("a,b\n", None, "no rows"),
        ("a,b\n1\n", None, "e.csv"),
        ("a,b\n1,\n", None, "no id in data row 1"),
        ("a,b,weight\n1,2,-1\n", None, "data row 1 .* is -1.0; weights are 0 or more"),
        ("a,b,weight\n1,2,inf\n", None, "weights are 0 or more"),
        ("a,b,weight\n1,2,much\n", None, "must be numbers"),
        ("a,b,weight\n1,2,\n", None, "must be numbers"),
        (EDGES, "id,x\nann,1\nbob,2\n", "data row 2 .* names node 'cy'.*2 of 4 edges"),
        ("a,b\n1,2\n", "id,x\n01,1\n02,2\n", "names node '1', which has no row"),
        (EDGES, TABLE + "bob,x,1,1\n", "2 rows of node 'bob' .the first is data row 1"),
        (EDGES, "id,x\n,1\n", "no id in data row 1"),
        (EDGES, "id,label,name\nann,1,Q\nbob,1,R\ncy,1,S\n", "no column .* is numeric"),
        (EDGES, "id,x\nann,1\nbob,\ncy,2\n", "missing"),
        (EDGES, "id,x\n", "no rows"),
    ],
)
def test_what_is_no_graph_is_refused_in_one_line(write, edges, table, message):
    paths = [write("e.csv", edges)] + ([write("t.csv", table)] if table is not None else [])
    with pytest.raises(InputError, match=message) as caught:
        read_edge_list(*paths)
    assert "\n" not in str(caught.value)


def test_columns_that_are_not_there(write):
    paths = write("e.csv", EDGES), write("t.csv", TABLE)
    with pytest.raises(InputError, match=r"no column 'kind'; .*label_column="):
        read_edge_list(*paths, label_column="kind")
    with pytest.raises(InputError, match="no column 'who' of ids; there are 'id'"):
        read_edge_list(*paths, id_column="who")
    with pytest.raises(InputError, match=re.escape(either(COLUMN_FORMATS))):
        read_edge_list("edges.txt")


@pytest.mark.parametrize("ids", [pa.array([1.5, 2.0]), pa.array([True, False])])
def test_ids_are_numbers_or_texts(tmp_path, ids):
    pyarrow.parquet.write_table(pa.table({"a": ids, "b": ids}), tmp_path / "e.parquet")
    with pytest.raises(InputError, match="the ids 'a'"):
        read_edge_list(tmp_path / "e.parquet")


def test_columns_that_are_no_features_are_said(write):
    table = write("t.csv", "id,label,a,b\nbob,x,1,old\nann,y,2,new\ncy,,0,3\n")
    graph = read_edge_list(write("e.csv", EDGES), table)
    assert graph.features.shape == (3, 1)
    assert tuple(map(str, graph.notes)) == (f"columns 'b' of {str(table)!r} are no features",)
    assert read_edge_list(write("e.csv", EDGES), table, features="a").notes == ()


def test_what_chooses_features_has_its_name_here(write):
    table = write("t.csv", "id,label,a,b\nbob,x,1,nan\nann,y,2,5\ncy,,0,3\n")
    with pytest.raises(InputError, match="choose other features \\(features="):
        read_edge_list(write("e.csv", EDGES), table)


@pytest.mark.parametrize("index", ["", "Unnamed: 0"])
def test_the_index_of_a_data_frame_is_no_end(write, index):
    edges = f"{index},source,target\n0,ann,bob\n1,bob,cy\n"
    graph = read_edge_list(write("e.csv", edges), write("t.csv", TABLE))
    assert graph.edges == 2
    assert read_edge_list(write("e.csv", edges)).ids.tolist() == ["ann", "bob", "cy"]


def test_ids_that_became_fractions(write):
    edges = write("e.csv", "source,target\n31336.0,1061127.0\n1061127.0,13195.0\n")
    nodes = write("t.csv", "id,label,x\n31336,a,1\n1061127,b,2\n13195,,3\n")
    assert read_edge_list(edges, nodes).edges == 2
    assert read_edge_list(edges).ids.tolist() == ["1061127", "13195", "31336"]


def test_edges_to_unknown_nodes_are_skipped_on_demand(write):
    edges = write("e.csv", "source,target\nann,bob\nbob,eve\ncy,bob\n")
    with pytest.raises(InputError, match=r"names node 'eve'.*1 of 3 edges.*\(skip_unknown=\)"):
        read_edge_list(edges, write("t.csv", TABLE))
    graph = read_edge_list(edges, write("t.csv", TABLE), skip_unknown=True)
    assert graph.edges == 2
    assert any("1 of 3 edges lead to nodes that are not there" in str(n) for n in graph.notes)
    nobody = write("n.csv", "source,target\neve,fay\n")
    with pytest.raises(InputError, match="names node 'eve'"):
        read_edge_list(nobody, write("t.csv", TABLE), skip_unknown=True)


def test_the_column_of_ids_is_found_by_what_it_holds(write):
    nodes = "year,paper,label,x\n2007,ann,a,1\n2007,bob,b,2\n2008,cy,,3\n"
    graph = read_edge_list(write("e.csv", EDGES), write("t.csv", nodes))
    assert graph.ids.tolist() == ["ann", "bob", "cy"]
    assert any(
        "column 'paper' of" in str(note) and "for the ids" in str(note) for note in graph.notes
    )
    other = write("e.csv", "source,target\nx1,x2\nx2,x3\n")
    with pytest.raises(InputError, match=r"column 'year' .*2 rows of node '2007'.*\(id_column=\)"):
        read_edge_list(other, write("t.csv", nodes))


def test_ids_are_found_beside_vectors(write, tmp_path):
    columns = {"emb": [[0.5, 1.0], [1.0, 2.0], [0.0, 3.0]], "paper": ["ann", "bob", "cy"]}
    pa.parquet.write_table(pa.table(columns), tmp_path / "t.parquet")
    graph = read_edge_list(write("e.csv", EDGES), tmp_path / "t.parquet")
    assert graph.ids.tolist() == ["ann", "bob", "cy"]
    assert graph.features.shape == (3, 2)
