import contextlib
import io
import warnings

import numpy as np
import pytest
import scipy.sparse
from hypothesis import given, settings
from hypothesis import strategies as st

from diffresnet.errors import InputError
from diffresnet.files.npz import save_npz
from diffresnet.graphs.graph import GraphData, read_graph


def csr(prefix, matrix):
    matrix = scipy.sparse.csr_array(matrix)
    return {
        f"{prefix}_data": matrix.data,
        f"{prefix}_indices": matrix.indices,
        f"{prefix}_indptr": matrix.indptr,
        f"{prefix}_shape": np.array(matrix.shape),
    }


EDGES = np.array([[0, 2.0, 0, 0], [0, 1, 0.5, 0], [0, 0, 0, 0], [0, 0, 0, 0]])
ATTRIBUTES = np.array([[1.0, 0, 0], [0, 0, 0], [0, 3, 4], [0, 5, 0]])


def arrays(**changed):
    whole = csr("adj", EDGES) | csr("attr", ATTRIBUTES) | {"labels": np.array([3, -1, 0, 0])}
    whole |= changed
    return {key: value for key, value in whole.items() if value is not None}


@pytest.fixture
def path(tmp_path):
    return tmp_path / "small.npz"


def test_a_graph_is_read_as_it_was_written(path):
    save_npz(path, arrays(class_names=np.array(["a", "b"])))
    graph = read_graph(path)
    assert (graph.name, len(graph)) == ("small", 4)
    assert graph.adjacency.dtype == np.float64
    assert graph.features.dtype == np.float32
    assert graph.labels.dtype == np.int64
    np.testing.assert_array_equal(graph.adjacency.toarray(), EDGES)
    np.testing.assert_array_equal(graph.features.toarray(), ATTRIBUTES)
    assert graph.labels.tolist() == [3, -1, 0, 0]
    assert graph.edges == 2


def test_features_may_be_dense_and_they_and_labels_may_be_absent(path):
    save_npz(path, csr("adj", EDGES) | {"attr_matrix": ATTRIBUTES > 0})
    np.testing.assert_array_equal(read_graph(path).features.toarray(), ATTRIBUTES > 0)
    save_npz(path, csr("adj", EDGES))
    graph = read_graph(path)
    assert graph.features is None
    assert graph.labels is None
    assert graph.largest_component().features is None


def test_entries_given_twice_are_added(path):
    save_npz(
        path,
        {
            "adj_data": np.array([1.0, 2.0]),
            "adj_indices": np.array([1, 1]),
            "adj_indptr": np.array([0, 2, 2]),
            "adj_shape": np.array([2, 2]),
        },
    )
    assert read_graph(path).adjacency.toarray().tolist() == [[0.0, 3.0], [0.0, 0.0]]


@given(st.integers(1, 12), st.integers(0, 20), st.integers(0, 2**32 - 1))
def test_the_largest_component_is_what_a_search_finds(n, m, seed):
    rng = np.random.default_rng(seed)
    i, j = rng.integers(n, size=(2, m))
    weights = rng.integers(0, 3, size=m).astype(float)  # zeros stored as entries are no edges
    adjacency = scipy.sparse.coo_array((weights, (i, j)), shape=(n, n)).tocsr()
    features = scipy.sparse.csr_array(rng.random((n, 2)).astype(np.float32))
    graph = GraphData("g", adjacency, features, np.arange(n))
    part = graph.largest_component()

    dense = adjacency.toarray()
    joined = ((dense + dense.T) > 0) & ~np.eye(n, dtype=bool)
    reach = np.linalg.matrix_power(np.eye(n) + joined, n) > 0
    sizes = reach.sum(axis=1)
    kept = np.flatnonzero(reach[int(sizes.argmax())])
    assert part.labels.tolist() == kept.tolist()
    np.testing.assert_array_equal(part.adjacency.toarray(), joined[np.ix_(kept, kept)])
    np.testing.assert_array_equal(part.features.toarray(), features.toarray()[kept])
    assert graph.edges == joined.sum() // 2
    again = part.largest_component()
    assert again.labels.tolist() == part.labels.tolist()
    assert (again.adjacency != part.adjacency).nnz == 0


@pytest.mark.parametrize(
    ("name", "nodes", "edges", "features", "classes"),
    [
        ("cora", 2485, 5069, 1433, 7),
        ("citeseer", 2110, 3668, 3703, 6),
        ("pubmed", 19717, 44324, 500, 3),
    ],
)
def test_the_citation_graphs_are_those_of_the_benchmark(
    data_file, name, nodes, edges, features, classes
):
    graph = read_graph(data_file(f"graphs/{name}.npz")).largest_component()
    assert (len(graph), graph.edges, graph.adjacency.nnz) == (nodes, edges, 2 * edges)
    assert graph.features.shape == (nodes, features)
    assert np.unique(graph.labels).tolist() == list(range(classes))
    assert (graph.adjacency != graph.adjacency.T).nnz == 0
    assert graph.adjacency.diagonal().sum() == 0
    assert set(graph.adjacency.data) == {1.0}


BAD = [
    ({"adj_data": None}, "holds no graph"),
    ({"adj_indptr": None}, "no array 'adj_indptr'"),
    ({"attr_shape": None}, "no array 'attr_shape'"),
    ({"adj_shape": np.array([4, 5])}, "must be square"),
    ({"adj_shape": np.array([10**12, 10**12])}, "no shape of a matrix"),
    ({"adj_shape": np.array([10**9, 10**9])}, "need 1000000001"),
    ({"adj_shape": np.array([-4, -4])}, "no shape of a matrix"),
    ({"adj_shape": np.array([4])}, "no shape of a matrix"),
    ({"adj_shape": np.array([4.0, 4.0])}, "must be integers"),
    ({"adj_shape": np.array([2**64 - 1, 4], dtype=np.uint64)}, "no shape of a matrix"),
    ({"attr_shape": np.array([4, 10**15])}, "no shape of a matrix"),
    ({"adj_indices": np.array([1, 1, 4])}, "indices outside 0 to 3"),
    ({"adj_indices": np.array([1, -1, 2])}, "indices outside 0 to 3"),
    ({"adj_indices": np.array([1, 2**63, 2], dtype=np.uint64)}, "indices outside"),
    ({"adj_indices": np.array([1, 2])}, "3 values but 2 column indices"),
    ({"adj_indices": np.array([[1, 1, 2]])}, "one dimension"),
    ({"adj_indptr": np.array([0, 1, 3])}, "has 3 entries"),
    ({"adj_indptr": np.array([0, 4, 3, 3, 3])}, "must rise from 0 to 3"),
    ({"adj_indptr": np.array([0, 1, 3, 3, 9])}, "must rise from 0 to 3"),
    ({"adj_indptr": np.array([1, 1, 3, 3, 3])}, "must rise from 0 to 3"),
    ({"adj_indptr": np.array([0, 2**63, 3, 3, 3], dtype=np.uint64)}, "must rise"),
    ({"adj_data": np.array([1.0, np.nan, 1.0])}, "'adj_data'.*NaN, infinite"),
    ({"adj_data": np.array([1.0, np.inf, 1.0])}, "'adj_data'.*NaN, infinite"),
    ({"adj_data": np.array([1.0, -1.0, 1.0])}, "negative weights"),
    ({"adj_data": np.array([1.0, 1j, 1.0])}, "real numbers"),
    ({"adj_data": np.array(["a", "b", "c"])}, "real numbers"),
    ({"attr_data": np.array([1.0, np.nan, 4, 5])}, "'attr_data'.*NaN"),
    ({"attr_data": np.array([1.0, 1e300, 4, 5])}, "'attr_data'.*too large"),
    (csr("attr", np.ones((3, 2))), "4 nodes but 3 rows of features"),
    (csr("adj", np.zeros((0, 0))), "has no nodes"),
    ({"labels": np.zeros(5, int)}, "each of the 4 nodes"),
    ({"labels": np.zeros((4, 1), int)}, "each of the 4 nodes"),
    ({"labels": np.array([0, 1, -2, 0])}, "-1 .unlabelled. or classes from 0"),
    ({"labels": np.array([0, 2**63, 0, 0], dtype=np.uint64)}, "classes from 0"),
    ({"labels": np.array([0.0, 1, 2, 0])}, "must be integers"),
]


@pytest.mark.parametrize(("changed", "message"), BAD)
def test_what_is_no_graph_is_refused_in_one_line(path, changed, message):
    save_npz(path, arrays(**changed))
    with pytest.raises(InputError, match=message) as caught:
        read_graph(path)
    assert "\n" not in str(caught.value)
    assert "small.npz" in str(caught.value)


def test_dense_features_must_be_a_matrix(path):
    save_npz(path, csr("adj", EDGES) | {"attr_matrix": np.ones(4)})
    with pytest.raises(InputError, match=r"must be \(n, d\)"):
        read_graph(path)


def test_objects_are_never_loaded(path):
    np.savez(path, **arrays(), extra=np.array([{}], dtype=object))
    with pytest.raises(InputError, match="pickled Python objects"):
        read_graph(path)


@given(st.data())
@settings(max_examples=100)
def test_damage_is_an_input_error_or_harmless(tmp_path_factory, data):
    buffer = io.BytesIO()
    np.savez(buffer, **arrays())
    raw = bytearray(buffer.getvalue())
    if data.draw(st.booleans()):
        raw = raw[: data.draw(st.integers(1, len(raw) - 1))]
    else:
        for _ in range(data.draw(st.integers(1, 4))):
            raw[data.draw(st.integers(0, len(raw) - 1))] = data.draw(st.integers(0, 255))
    file = tmp_path_factory.mktemp("graphs") / "a.npz"
    file.write_bytes(raw)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # numpy's, on headers that Python 2 could have written
        with contextlib.suppress(InputError):
            read_graph(file).largest_component()


def test_numbers_whose_sum_is_infinite(path):
    twice = {
        "attr_data": np.full(2, 3e38),
        "attr_indices": np.array([1, 1]),
        "attr_indptr": np.array([0, 2, 2, 2, 2]),
    }
    save_npz(path, arrays(**twice))
    with pytest.raises(InputError, match=r"'attr_data'.*too large"):
        read_graph(path)


def test_features_of_no_columns_are_none(path):
    save_npz(path, arrays(**csr("attr", np.zeros((4, 0)))))
    assert read_graph(path).features is None
