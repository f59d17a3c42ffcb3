import json

import numpy as np
import pytest
from sklearn.datasets import make_blobs
from sklearn.neighbors import KNeighborsClassifier

from diffresnet import DiffusionClassifier, similarity_graph
from diffresnet.errors import InputError
from diffresnet.similarity import GraphSettings


@pytest.fixture(scope="module")
def data():
    x, y = make_blobs(150, 4, centers=3, random_state=0)
    few = np.full(150, -1)
    few[:30] = y[:30]
    return x, few


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"diffusion_time": 0.0},
        {"convection": "trained"},
        {"convection": "paper"},
        {"random_state": np.random.RandomState(0)},
    ],
    ids=["default", "raw", "trained", "paper", "random state"],
)
@pytest.mark.parametrize("text", [False, True])
def test_a_model_comes_back_the_same(data, tmp_path, options, text):
    x, few = data
    y = np.array([None if c < 0 else f"class {c}" for c in few], dtype=object) if text else few
    model = DiffusionClassifier(**options).fit(x, y)
    model.save(tmp_path / "model.npz")
    again = DiffusionClassifier.load(tmp_path / "model.npz")
    new = x + 0.1
    assert np.array_equal(model.predict_proba(new), again.predict_proba(new))
    assert np.array_equal(model.predict(new), again.predict(new))
    for name in ("classes_", "transduction_", "label_distributions_", "confidence_", "reached_"):
        assert np.array_equal(getattr(model, name), getattr(again, name)), name
    with pytest.raises(ValueError, match="features"):
        again.predict(new[:, :2])


def test_a_model_of_a_graph_alone(data, tmp_path):
    x, few = data
    graph = similarity_graph(x)
    model = DiffusionClassifier().fit(None, few, graph=graph)
    model.save(tmp_path / "m.npz")
    again = DiffusionClassifier.load(tmp_path / "m.npz")
    links = graph[:5]
    assert np.array_equal(
        model.predict_proba(None, links=links), again.predict_proba(None, links=links)
    )


@pytest.mark.usefixtures("unchecked")
def test_parameters_of_numpy_are_kept(data, tmp_path):
    x, few = data
    model = DiffusionClassifier(
        np.int64(5),
        prior_weight=np.float32(0.5),
        relabel=np.True_,
        unlabelled={-1},
        similarity=GraphSettings(n_neighbors=5),
    )
    model.fit(x, few).save(tmp_path / "m.npz")
    again = DiffusionClassifier.load(tmp_path / "m.npz")
    assert again.get_params()["n_neighbors"] == 5
    assert np.array_equal(model.predict_proba(x), again.predict_proba(x))


def test_nothing_is_pickled(data, tmp_path):
    x, few = data
    DiffusionClassifier().fit(x, few).save(tmp_path / "m.npz")
    with np.load(tmp_path / "m.npz", allow_pickle=False) as file:
        assert all(file[name].dtype != object for name in file.files)


def test_another_head_cannot_be_saved(data, tmp_path):
    x, few = data
    model = DiffusionClassifier(head=KNeighborsClassifier(1)).fit(x, few)
    with pytest.raises(InputError, match="default head"):
        model.save(tmp_path / "m.npz")
    assert not (tmp_path / "m.npz").exists()


def test_damaged_models_say_so(data, tmp_path):
    x, few = data
    path = tmp_path / "m.npz"
    DiffusionClassifier().fit(x, few).save(path)
    with np.load(path) as file:
        arrays = dict(file)
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(InputError):
        DiffusionClassifier.load(path)
    with pytest.raises(InputError):
        DiffusionClassifier.load(tmp_path)
    with pytest.raises(InputError):
        DiffusionClassifier.load(tmp_path / "absent.npz")
    for broken in (
        {k: v for k, v in arrays.items() if k != "header"},
        {k: v for k, v in arrays.items() if k != "prior"},
        arrays | {"scores": arrays["scores"][:-1]},
        arrays | {"scores": np.full_like(arrays["scores"], np.nan)},
        arrays | {"confidence": arrays["confidence"][:-1]},
        *(
            arrays | {name: arrays[name].ravel()[:-1]}
            for name in (
                *("head1_mean", "head1_centre", "head1_weight", "head1_bias", "head1_diffused"),
                *("points", "width"),
            )
        ),
        arrays | {"head1_bias": arrays["head1_bias"].astype(str)},
        arrays | {"header": np.frombuffer(b"[]", dtype=np.uint8)},
    ):
        np.savez(path, **broken)
        with pytest.raises(InputError, match="not a model"):
            DiffusionClassifier.load(path)


def test_a_model_of_before_heads_were_mixed_is_read(data, tmp_path):
    x, few = data
    model = DiffusionClassifier(diffusion_time=5.0, random_state=0).fit(x, few)
    path = tmp_path / "m.npz"
    model.save(path)
    with np.load(path) as file:
        arrays = dict(file)
    header = json.loads(arrays["header"].tobytes())
    (head,) = header.pop("heads")
    header |= {"has_features": True, "feature_strength": head["time"]}
    for new, old in {
        "mean": "mean",
        "centre": "centre",
        "weight": "head_weight",
        "bias": "head_bias",
        "diffused": "moved",
    }.items():
        arrays[old] = arrays.pop(f"head0_{new}")
    arrays["header"] = np.frombuffer(json.dumps(header).encode(), dtype=np.uint8)
    np.savez(path, **arrays)
    again = DiffusionClassifier.load(path)
    (read,) = again._model.points.heads
    # Such a head read rows of length 1, and its probabilities were taken as they are.
    assert (read.length, read.share, read.inverse_temperature) == (0.0, 1.0, 1.0)
    (kept,) = model._model.points.heads
    assert np.array_equal(read.weight, kept.weight)
    assert np.array_equal(read.diffused, kept.diffused)
    assert np.isfinite(again.predict_proba(x[:20])).all()
