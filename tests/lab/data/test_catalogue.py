import re

import pytest

from diffresnet.errors import InputError
from diffresnet_lab.data.catalogue import CATALOGUE, data_set


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
            assert file.address is None or file.address.startswith("https://")
            for digest in (file.sha256, file.developed_with):
                assert digest is None or re.fullmatch("[0-9a-f]{64}", digest)


def test_unknown_names_are_told_the_known_ones():
    assert data_set("cora").files[0].path == "graphs/cora.npz"
    with pytest.raises(InputError, match="no data set 'coral'; there are cora, citeseer"):
        data_set("coral")
