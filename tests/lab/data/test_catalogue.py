import re

import pytest

from diffresnet.errors import InputError
from diffresnet_lab.data.catalogue import (
    CATALOGUE,
    DataFile,
    GraphCounts,
    get_data_set,
    read_catalogue,
)

ENTRY = """
[toy]
kind = "graph"
source = "us"
licence = "MIT"
counts = { nodes = 2, edges = 1, features = 0, classes = 2 }
[toy.files."graphs/toy.npz"]
url = "https://example.org/toy.npz"
checksum = "md5:0"

[planetoid_toy]
kind = "planetoid"
source = "them"
licence = "MIT"
base_url = "https://example.org/data"
"""


def test_every_entry_is_whole():
    paths = [file.path for data in CATALOGUE.values() for file in data.files]
    assert len(set(paths)) == len(paths)
    for name, data in CATALOGUE.items():
        assert data.name == name
        assert data.files
        assert data.source
        assert data.licence
        assert data.published == (data.kind != "arrays")
        assert (data.counts is not None) == (data.kind != "arrays")
        for file in data.files:
            assert file.url is None or file.url.startswith("https://")
            for checksum in (file.checksum, file.reference_checksum):
                assert checksum is None or re.fullmatch("sha256:[0-9a-f]{64}", checksum)


def test_an_entry_of_a_few_lines_is_a_data_set():
    toy, planetoid = read_catalogue(ENTRY).values()
    assert (toy.name, toy.kind, toy.counts) == ("toy", "graph", GraphCounts(2, 1, 0, 2))
    assert toy.files == (
        DataFile("graphs/toy.npz", "https://example.org/toy.npz", checksum="md5:0"),
    )
    assert len(planetoid.files) == 8
    assert planetoid.files[0].path == "graphs/planetoid/ind.toy.x"
    assert planetoid.files[0].url == "https://example.org/data/ind.toy.x"


@pytest.mark.parametrize(
    "path", ["../toy.npz", "graphs/../../toy.npz", "/etc/toy.npz", "", "c:toy.npz", "..\\toy.npz"]
)
def test_no_path_leads_out_of_the_data_folder(path):
    with pytest.raises(InputError, match="leads out of the data folder"):
        DataFile(path)


def test_unknown_names_are_told_the_known_ones():
    assert get_data_set("cora").files[0].path == "graphs/cora.npz"
    with pytest.raises(InputError, match="no data set 'coral'; there are cora, citeseer"):
        get_data_set("coral")
