import numpy as np
import pytest

from diffresnet.errors import InputError
from diffresnet.files.npz import save_npz
from diffresnet_lab.data.find import cache_folder, data_folders, find_graph
from planetoid_cases import write_planetoid


@pytest.fixture
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return tmp_path / "cache" / "diffresnet"


def save(path, nodes=2):
    path.parent.mkdir(parents=True, exist_ok=True)
    save_npz(
        path,
        {
            "adj_data": np.zeros(0),
            "adj_indices": np.zeros(0, int),
            "adj_indptr": np.zeros(nodes + 1, int),
            "adj_shape": np.array([nodes, nodes]),
        },
    )


def test_the_cache_folder_is_that_of_the_system(cache, monkeypatch):
    assert cache_folder() == cache
    monkeypatch.setenv("XDG_CACHE_HOME", "relative")
    system = cache_folder()
    assert system.is_absolute()
    monkeypatch.delenv("XDG_CACHE_HOME")
    assert cache_folder() == system


def test_the_named_folder_comes_before_the_cache(cache, tmp_path):
    named = tmp_path / "data"
    save(cache / "graphs" / "toy.npz", 3)
    assert data_folders(None) == [cache]
    assert len(find_graph("toy")) == 3
    assert len(find_graph("toy", named)) == 3
    save(named / "toy.npz", 4)
    assert len(find_graph("toy", named)) == 4
    save(named / "graphs" / "toy.npz", 5)
    assert len(find_graph("toy", named)) == 5
    assert len(find_graph("toy")) == 3


@pytest.mark.parametrize("place", ["graphs/planetoid", "planetoid", "."])
def test_planetoid_files_have_a_name_and_a_path(cache, tmp_path, place):
    write_planetoid(tmp_path / "data" / place)
    by_name = find_graph("planetoid_toy", tmp_path / "data")
    by_path = find_graph(str(tmp_path / "data" / place / "ind.toy.graph"))
    assert by_name.name == by_path.name == "toy"
    assert len(by_name) == len(by_path) == 71


@pytest.mark.parametrize(
    ("dataset", "message"),
    [
        ("toy", r"set DIFFRESNET_DATA, or give the path of a file \(data=\)$"),
        ("cora", "diffresnet data fetch cora"),
        ("planetoid_cora", "diffresnet data fetch planetoid_cora"),
        ("omniglot", r"give the path of a file \(data=\)$"),
        ("no/such.npz", "no such file"),
        ("no.csv", "no such file"),
        ("ind.no.graph", "no such file"),
    ],
)
def test_the_way_is_told(cache, dataset, message):
    with pytest.raises(InputError, match=message):
        find_graph(dataset)


def test_a_table_belongs_to_a_list_of_edges(cache, tmp_path):
    with pytest.raises(InputError, match="a table of nodes belongs to a list of edges"):
        find_graph("cora", None, table=tmp_path / "t.csv")
