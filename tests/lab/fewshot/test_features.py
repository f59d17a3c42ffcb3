import numpy as np
import pytest
import torch

from diffresnet.errors import InputError
from diffresnet_lab.fewshot.features import Features, gather, read_base_mean
from diffresnet_lab.fewshot.sampling import sample_tasks
from fewshot_cases import clusters

X = np.arange(12.0, dtype=np.float16).reshape(4, 3)


def test_half_precision_is_read_as_single(tmp_path):
    np.savez(tmp_path / "f.npz", features=X, labels=np.array([0, 1, -1, 1], np.int8))
    read = Features.read(tmp_path / "f.npz")
    assert read.features.dtype == np.float32
    assert (read.features == X).all()
    assert read.labels.tolist() == [0, 1, -1, 1]
    assert read.mean.tolist() == [4.5, 5.5, 6.5]
    assert (read.width, len(read), read.class_names, read.text) == (3, 4, None, False)
    assert read.file_labels(np.array([[1, 0]])).tolist() == [[1, 0]]


def test_labels_that_are_texts_are_written_as_texts(tmp_path):
    np.savez(tmp_path / "f.npz", features=X, labels=np.array(["fox", "", "ape", "fox"]))
    read = Features.read(tmp_path / "f.npz")
    assert read.labels.tolist() == [1, -1, 0, 1]
    assert read.file_labels(read.labels[[0, 2]]).tolist() == ["fox", "ape"]


@pytest.mark.parametrize(
    ("features", "labels", "line"),
    [
        (np.where(X == 7, np.nan, X), [0, 1, 1, 0], "'features[1]'"),
        (X, [0, 1], "for each of the 4 rows"),
        (X, [0.0, 1.0, 1.0, 0.0], "must be an integer"),
        (X, [0, 1, -2, 0], "a label is -2"),
        (X[0], [0, 1, 1, 0], "must be (n, d)"),
        (np.full((4, 3), 1e300), [0, 1, 1, 0], "beyond 1e+17"),
        (np.float32(X) * 1e30, [0, 1, 1, 0], "beyond 1e+17"),
        (np.float32(X) * 1e-30, [0, 1, 1, 0], "scale the features"),
    ],
)
def test_bad_features_are_one_line(unchecked, features, labels, line):
    with pytest.raises(InputError, match=r"^[^\n]*$") as error:
        Features(features, np.array(labels))
    assert line in str(error.value)


def test_features_that_are_all_zero_are_features():
    assert Features(np.zeros((2, 3)), np.array([0, 1])).mean.tolist() == [0.0, 0.0, 0.0]


def test_columns_are_chosen_and_what_is_left_out_is_told(tmp_path):
    rows = [f"c{i % 2},{i},{i % 3}.5,{i % 5}.5" for i in range(30)]
    (tmp_path / "t.csv").write_text("\n".join(["kind,id,f1,f2", *rows]))
    read = Features.read(tmp_path / "t.csv", label_column="kind")
    assert read.width == 2
    assert tuple(map(str, read.notes)) == (
        "column 'id' numbers the rows: it is taken as no feature (features=)",
    )
    read = Features.read(tmp_path / "t.csv", label_column="kind", features="f2")
    assert (read.width, read.notes) == (1, ())
    assert read.class_names == ("c0", "c1")


def test_nan_in_a_file_is_an_error(tmp_path):
    np.savez(tmp_path / "f.npz", features=np.where(X == 7, np.nan, X), labels=[0, 1, 1, 0])
    with pytest.raises(InputError, match="data row 3"):
        Features.read(tmp_path / "f.npz")


@pytest.mark.parametrize(
    ("arrays", "line"),
    [
        ({"average": np.ones(3)}, "no array 'mean'; it holds 'average'"),
        ({"mean": np.ones(4)}, "must be 3 numbers"),
        ({"mean": np.array(["a", "b", "c"])}, "must be 3 numbers"),
        ({"mean": np.array([1.0, np.nan, 0.0])}, "NaN"),
        ({"mean": np.array([1.0, 1e300, 0.0])}, "infinite or beyond 1e"),
        ({"mean": np.array([1.0, 1e19, 0.0])}, "infinite or beyond 1e"),
    ],
)
def test_a_bad_mean_is_one_line(tmp_path, arrays, line):
    np.savez(tmp_path / "m.npz", **arrays)
    with pytest.raises(InputError, match=line):
        read_base_mean(tmp_path / "m.npz", 3)


def test_the_mean_is_read(tmp_path):
    np.savez(tmp_path / "m.npz", mean=np.array([1.0, 2.0, 3.0]))
    found = read_base_mean(tmp_path / "m.npz", 3)
    assert found.dtype == np.float32
    assert found.tolist() == [1.0, 2.0, 3.0]


def test_a_batch_holds_the_rows_of_its_tasks():
    features = clusters()
    tasks = sample_tasks(features.labels, 4, 2, 3, tasks=6)[2:5]
    batch = gather(features.tensor(), tasks)
    assert (len(batch), batch.ways) == (3, 4)
    assert batch.support.dtype == torch.float32
    assert (batch.support.numpy() == features.features[tasks.support]).all()
    assert (batch.query.numpy() == features.features[tasks.query]).all()
    assert (batch.labels.numpy() == tasks.support_labels).all()
    assert (batch.seeds.numpy() == tasks.seeds).all()
