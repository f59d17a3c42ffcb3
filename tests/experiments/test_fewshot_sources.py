from dataclasses import replace

import numpy as np
import pytest

from diffresnet.errors import InputError
from diffresnet.files.npz import load_npz
from diffresnet_lab.data import find
from diffresnet_lab.experiments.base import RunConfig
from diffresnet_lab.experiments.fewshot.plan import TaskPlan
from diffresnet_lab.experiments.fewshot.sources import SOURCES, feature_sets, source_values
from fewshot_files import DRAWINGS, GIVEN, OWN, data_folder, write_source

NOVEL = TaskPlan((1,), tuple(SOURCES), "novel")
VAL = replace(NOVEL, classes="val")


@pytest.fixture(autouse=True)
def empty_cache(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return find.cache_folder()


def test_sources_that_are_there_are_read_and_others_are_missing(tmp_path):
    config = RunConfig(data=data_folder(tmp_path))
    sets = feature_sets(config, NOVEL)
    assert [each.source for each in sets] == [GIVEN, OWN]
    arrays = load_npz(tmp_path / "embeddings" / "cifarfs_novel_resnet18.npz")
    np.testing.assert_array_equal(sets[1].features.features, arrays["features"])
    assert sets[0].mean.shape == (12,)
    assert source_values(config, NOVEL) == {"feature_sets": sets, "missing": [DRAWINGS]}
    assert DRAWINGS.file("novel") == "embeddings/omniglot_novel_conv4.npz"


def test_validation_and_novel_classes_are_other_files(tmp_path):
    config = RunConfig(data=data_folder(tmp_path, 1))
    (novel,), (val,) = feature_sets(config, NOVEL), feature_sets(config, VAL)
    assert (novel.keys["classes"], val.keys["classes"]) == ("novel", "val")
    assert novel.digest != val.digest
    (tmp_path / GIVEN.file("val")).unlink()
    assert len(feature_sets(config, NOVEL)) == 1
    with pytest.raises(InputError, match="cifarfs_val_efficientnet"):
        feature_sets(config, VAL)


def test_the_named_folder_goes_before_the_cache(tmp_path, empty_cache):
    empty_cache.mkdir(parents=True)
    write_source(empty_cache, DRAWINGS)
    named = tmp_path / "named"
    named.mkdir()
    write_source(named, GIVEN)
    sets = feature_sets(RunConfig(data=named), NOVEL)
    assert [each.source for each in sets] == [GIVEN, DRAWINGS]
    write_source(named, DRAWINGS, seed=5)
    plan = replace(NOVEL, sources=(DRAWINGS.name,))
    cached, own = (feature_sets(RunConfig(data=folder), plan) for folder in (None, named))
    assert cached[0].digest != own[0].digest


def test_features_without_their_mean_are_left_out(tmp_path):
    config = RunConfig(data=data_folder(tmp_path))
    (tmp_path / OWN.file("base_mean")).unlink()
    assert [each.source for each in feature_sets(config, NOVEL)] == [GIVEN]
    assert OWN in source_values(config, NOVEL)["missing"]


def test_without_any_features_the_error_names_a_file(tmp_path):
    with pytest.raises(InputError, match=r"cifarfs_novel_efficientnet-lite0\.npz") as error:
        feature_sets(RunConfig(data=tmp_path), NOVEL)
    assert error.value.parameter == "data"


def test_an_unknown_source_of_a_plan_is_refused(tmp_path):
    with pytest.raises(InputError, match="no source 'cifar' of features; there are cifarfs_eff"):
        feature_sets(RunConfig(data=tmp_path), replace(NOVEL, sources=("cifar",)))
