import numpy as np
import pytest

from diffresnet.errors import InputError
from diffresnet.files.npz import load_npz
from diffresnet_lab.data import find
from diffresnet_lab.experiments.experiment import Setup
from diffresnet_lab.experiments.fewshot.sources import SOURCES, feature_sets, left_out
from fewshot_files import data_folder, write_source

GIVEN, OWN, DRAWINGS = SOURCES


@pytest.fixture(autouse=True)
def empty_cache(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return find.cache_folder()


def test_what_is_there_is_read_and_what_is_not_is_told(tmp_path):
    setup = Setup(data=data_folder(tmp_path))
    found = feature_sets(setup, "novel")
    assert [of.source for of in found] == [GIVEN, OWN]
    arrays = load_npz(tmp_path / "embeddings" / "cifarfs_novel_resnet18.npz")
    np.testing.assert_array_equal(found[1].features.features, arrays["features"])
    assert found[0].mean.shape == (12,)
    (sentence,) = left_out(setup, "novel")
    assert "Omniglot, Conv-4" in sentence
    assert "embeddings/omniglot_novel_conv4.npz" in sentence
    assert "diffresnet embed" in sentence


def test_validation_and_novel_classes_are_other_files(tmp_path):
    setup = Setup(data=data_folder(tmp_path, 1))
    (novel,), (val,) = feature_sets(setup, "novel"), feature_sets(setup, "val")
    assert (novel.classes, val.classes) == ("novel", "val")
    assert novel.digest != val.digest
    (tmp_path / GIVEN.file("val")).unlink()
    assert len(feature_sets(setup, "novel")) == 1
    with pytest.raises(InputError, match="cifarfs_val_efficientnet"):
        feature_sets(setup, "val")


def test_the_named_folder_goes_before_the_cache(tmp_path, empty_cache):
    empty_cache.mkdir(parents=True)
    write_source(empty_cache, DRAWINGS)
    named = tmp_path / "named"
    named.mkdir()
    write_source(named, GIVEN)
    assert [of.source for of in feature_sets(Setup(data=named), "novel")] == [GIVEN, DRAWINGS]
    write_source(named, DRAWINGS, seed=5)
    cached, mine = (feature_sets(Setup(data=d), "novel", (DRAWINGS,)) for d in (None, named))
    assert cached[0].digest != mine[0].digest


def test_features_without_their_mean_are_left_out(tmp_path):
    setup = Setup(data=data_folder(tmp_path))
    (tmp_path / OWN.file("base_mean")).unlink()
    assert [of.source for of in feature_sets(setup, "novel")] == [GIVEN]
    assert any("cifarfs_base_mean_resnet18" in sentence for sentence in left_out(setup, "novel"))


def test_without_any_features_the_error_names_a_file(tmp_path):
    with pytest.raises(InputError, match=r"cifarfs_novel_efficientnet-lite0\.npz.*--data"):
        feature_sets(Setup(data=tmp_path), "novel")
