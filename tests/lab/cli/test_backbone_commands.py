import json

import numpy as np
import pytest
from PIL import Image

from backbone_cases import bars
from diffresnet.cli.app import BAD_INPUT, DONE, run


def save(path, data):
    np.savez(path, images=data.images, labels=data.labels, class_names=np.array(data.class_names))


BACKBONE_FILE = "r/backbone.safetensors"

TINY = ["--backbone", "conv4", "--size", "16", "--augment", "drawing", "--batch", "16"]
TINY += ["--ways", "2", "--queries", "5", "--tasks", "30", "--device", "cpu"]


@pytest.fixture
def place(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    save("base.npz", bars())
    save("val.npz", bars(classes=3, first=4, seed=1))
    return tmp_path


def test_train_and_embed(place, capfd):
    args = [
        "train-backbone",
        "base.npz",
        "--val",
        "val.npz",
        "--out",
        "run",
        "--epochs",
        "4",
        *TINY,
    ]
    assert run([*args, "--json", "r.json"]) == DONE
    out, err = capfd.readouterr()
    written = {path.name for path in (place / "run").iterdir()}
    assert written == {
        "backbone.safetensors",
        "last.safetensors",
        "report.html",
        "metrics.json",
        "curves.png",
        "curves.svg",
    }
    payload = json.loads((place / "run" / "metrics.json").read_text())
    assert payload == json.loads((place / "r.json").read_text())
    assert [row["epoch"] for row in payload["epochs"]] == [1, 2, 3, 4]
    assert [(row["shots"], row["method"]) for row in payload["results"]] == [
        (shots, method)
        for shots in (1, 5)
        for method in ("nearest_prototype", "nearest_prototype_cl2n")
    ]
    for row in payload["results"]:
        assert f"{row['accuracy']:.2f} % ± {row['ci95']:.2f}" in out
    assert "epoch 4/4: loss" in err
    page = (place / "run" / "report.html").read_text()
    assert "diffresnet train-backbone base.npz --out run --val val.npz --backbone conv4" in page

    assert run(args) == BAD_INPUT
    assert "--resume" in capfd.readouterr().err
    assert run([*args, "--resume", "-q"]) == DONE

    embed = ["embed", "val.npz", "--backbone", "run", "--device", "cpu", "-q"]
    embed += ["--out", "f.npz", "--dtype", "float16", "--mean-out", "m.npz"]
    assert run(embed) == DONE
    with np.load("f.npz") as file, np.load("m.npz") as other:
        assert file["features"].dtype == np.float16
        assert file["features"].shape == (36, 64)
        np.testing.assert_array_equal(file["labels"], np.repeat([0, 1, 2], 12))
        assert file["class_names"].tolist() == ["bar4", "bar5", "bar6"]
        expected = file["features"].astype(np.float32).mean(0)
        np.testing.assert_allclose(other["mean"], expected, atol=5e-3)
        full = file["features"].astype(np.float32)
    assert run([*embed, "--mixed-precision", "bf16"]) == DONE
    with np.load("f.npz") as file:
        short = file["features"].astype(np.float32)
    assert 0.0 < np.abs(full - short).max() < 0.05 * np.abs(full).max()


def test_held_out_classes_are_kept_on_record(place):
    args = ["train-backbone", "base.npz", "--hold-out", "2", "--out", "run", "--epochs", "1", "-q"]
    assert run([*args, *TINY]) == DONE
    names = {}
    for part in ("trained", "held-out"):
        done = run(
            ["embed", "base.npz", "--backbone", "run", "--classes", part, "--out", "f.npz", "-q"]
        )
        assert done == DONE
        with np.load("f.npz") as file:
            assert len(file["features"]) == 24
            names[part] = file["class_names"].tolist()
    assert sorted(names["trained"] + names["held-out"]) == ["bar0", "bar1", "bar2", "bar3"]


def test_embed_by_a_callable_and_broken_images(place, capfd):
    (place / "mine.py").write_text("def mean(x):\n    return x.mean((2, 3))\n")
    for name in ("a", "b"):
        (place / "photos" / name).mkdir(parents=True)
        Image.new("RGB", (20, 10), "red").save(place / "photos" / name / "0.png")
    (place / "photos" / "a" / "1.jpg").write_bytes(b"no picture")
    args = ["embed", "photos", "--backbone", "mine:mean", "--size", "8", "--out", "f.npz"]
    assert run([*args, "--json", "r.json"]) == DONE
    assert (
        "1 broken image left out, photos/a/1.jpg; --strict makes that an error"
        in capfd.readouterr().err
    )
    assert json.loads((place / "r.json").read_text())["results"][0]["skipped"] == 1
    with np.load("f.npz") as file:
        np.testing.assert_allclose(file["features"], [[1, 0, 0], [1, 0, 0]], atol=1e-6)
    (place / "f.npz").unlink()
    assert run([*args, "--strict"]) == BAD_INPUT
    assert "cannot decode 'photos/a/1.jpg'" in capfd.readouterr().err
    assert not (place / "f.npz").exists()


@pytest.mark.parametrize(
    ("args", "line"),
    [
        (["train-backbone", "nowhere.npz", "--out", "r"], "nowhere.npz"),
        (["train-backbone", "base.npz", "--out", "r", "--backbone", "vgg"], "no backbone 'vgg'"),
        (["train-backbone", "base.npz", "--out", "r", "--augment", "x"], "no augmentation 'x'"),
        (["train-backbone", "base.npz", "--out", "base.npz"], "base.npz"),
        (
            ["train-backbone", "base.npz", "--out", "r", "--hold-out", "3", *TINY],
            "3 of 4 classes cannot be held out",
        ),
        (
            ["train-backbone", "base.npz", "--out", "r", "--hold-out", "2", "--val", "val.npz"],
            "exclude each other",
        ),
        (["train-backbone", "s.csv", "--out", "r", *TINY], "names 'gone.png'"),
        (["embed", "base.npz", "--backbone", "nowhere", "--out", "f.npz"], "no backbone at"),
        (["embed", "base.npz", "--backbone", "os:no", "--out", "f.npz"], "cannot find 'os:no'"),
        (["embed", "base.npz", "--backbone", "os:getcwd", "--out", "f.csv"], "must end in .npz"),
        (["embed", "base.npz", "--backbone", "run", "--out", "base.npz"], "would replace another"),
        (
            ["train-backbone", "photos", "--out", "photos/run"],
            "lies in 'photos', all of which is read",
        ),
        (
            ["embed", "photos", "--backbone", "os:getcwd", "--out", "photos/f.npz"],
            "lies in 'photos'",
        ),
        (
            ["embed", "base.npz", "--backbone", "ours:mean", "--out", "f.npz", "--json", "ours.py"],
            "would replace another",
        ),
        (
            ["embed", "base.npz", "--backbone", "r", "--out", "f.npz", "--json", BACKBONE_FILE],
            "would replace another",
        ),
        (["embed", "base.npz", "--backbone", "leaves:x", "--out", "f.npz"], "cannot find"),
        (["train-backbone", "base.npz", "--out", "r", "--json", "base.npz"], "would replace"),
        (["train-backbone", "base.npz", "--out", "r", "--json", "r/last.safetensors"], "replace"),
        (
            ["train-backbone", "base.npz", "--out", "r", "--smallest-crop", "0.2", *TINY],
            "an option of --augment photo, not drawing",
        ),
        (["train-backbone", "base.npz", "--out", "r", "--learning-rate", "nan"], "not nan"),
        (["train-backbone", "base.npz", "--out", "r", "--early-sizes", "16;24"], "not '16;24'"),
        (["train-backbone", "base.npz", "--out", "r", "--early-sizes", "99"], "between 1 and 84"),
        (
            [
                "embed",
                "base.npz",
                "--backbone",
                "os:getcwd",
                "--out",
                "f.npz",
                "--classes",
                "trained",
            ],
            "--classes",
        ),
    ],
)
def test_bad_input_is_one_line(place, capfd, args, line):
    (place / "s.csv").write_text("filename,label\ngone.png,a\n")
    for folder in ("photos", "r"):
        (place / folder).mkdir()
    (place / "r" / "backbone.safetensors").write_bytes(b"trained")
    (place / "ours.py").write_text("def mean(x):\n    return x.mean((2, 3))\n")
    (place / "leaves.py").write_text("raise SystemExit(3)\n")
    before = (place / "base.npz").read_bytes()
    assert run(args) == BAD_INPUT
    assert (place / "base.npz").read_bytes() == before
    err = capfd.readouterr().err
    assert line in err
    assert err.count("\n") == 1
