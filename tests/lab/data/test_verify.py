import dataclasses
import hashlib
import re

import numpy as np
import pytest

from diffresnet.files.npz import save_npz
from diffresnet_lab.data.catalogue import CATALOGUE, DataFile, DataSet, GraphCounts
from diffresnet_lab.data.planetoid import planetoid_files
from diffresnet_lab.data.verify import verify_data_set
from planetoid_cases import write_planetoid


def arrays(**kinds):
    return DataSet("toy", "arrays", (DataFile("a.npz", **kinds),), "us", "MIT")


def test_a_file_is_whole_by_its_checksum_or_by_being_read(tmp_path):
    assert verify_data_set(arrays(), tmp_path).state == "missing"
    save_npz(tmp_path / "a.npz", {"x": np.arange(50)})
    content = (tmp_path / "a.npz").read_bytes()
    for checksum in (
        f"sha256:{hashlib.sha256(content).hexdigest()}",
        f"md5:{hashlib.md5(content).hexdigest()}",
    ):
        published = verify_data_set(arrays(checksum=checksum), tmp_path)
        assert published.detail == "the published checksum"
        same = verify_data_set(arrays(reference_checksum=checksum), tmp_path)
        assert "developed with" in same.detail
    other = verify_data_set(arrays(reference_checksum="sha256:0"), tmp_path)
    assert (other.state, other.detail) == ("whole", "readable, no checksum to compare with")
    wrong = verify_data_set(arrays(checksum="md5:0"), tmp_path)
    assert wrong.state == "damaged"
    assert checksum in wrong.detail


@pytest.mark.parametrize("at", [0.1, 0.5, 0.95])
def test_damage_is_found_by_reading(tmp_path, at):
    save_npz(tmp_path / "a.npz", {"x": np.random.default_rng(0).random(500)})
    raw = bytearray((tmp_path / "a.npz").read_bytes())
    raw[int(at * len(raw))] ^= 0xFF
    (tmp_path / "a.npz").write_bytes(raw)
    result = verify_data_set(arrays(), tmp_path)
    assert result.state == "damaged"
    assert "a.npz" in result.detail
    assert "\n" not in result.detail


def test_planetoid_files_are_counted(tmp_path):
    files = tuple(DataFile(name) for name in planetoid_files("toy"))
    counts = GraphCounts(71, 71, 12, 2)
    data = DataSet("planetoid_toy", "planetoid", files, "us", "MIT", counts)
    write_planetoid(tmp_path)
    result = verify_data_set(
        dataclasses.replace(data, counts=dataclasses.replace(counts, edges=0)), tmp_path
    )
    assert result.state == "damaged"
    edges = int(re.search(r"71 nodes, (\d+) edges, .*, not 71, 0, 12 and 2$", result.detail)[1])
    right = dataclasses.replace(data, counts=dataclasses.replace(counts, edges=edges))
    assert verify_data_set(right, tmp_path).state == "whole"
    (tmp_path / "ind.toy.ty").unlink()
    assert verify_data_set(right, tmp_path).detail == f"ind.toy.ty is missing in {str(tmp_path)!r}"


@pytest.mark.parametrize("name", ["cora", "citeseer", "pubmed", "amazon_photo", "coauthor_cs"])
def test_the_graphs_at_hand_are_whole(data_dir, name):
    assert verify_data_set(CATALOGUE[name], data_dir).state == "whole"


def test_a_folder_in_the_place_of_a_file_is_damage(tmp_path):
    path = tmp_path / CATALOGUE["cora"].files[0].path
    path.mkdir(parents=True)
    result = verify_data_set(CATALOGUE["cora"], tmp_path)
    assert result.state == "damaged"
    assert "it is a folder" in result.detail
