"""Folders of files, labelled in partitions: answers in files of the same names, nothing lost."""

import json
import os

import numpy as np
import pandas as pd
import pytest
from sklearn.datasets import load_digits

from diffresnet import label_file, plan_file
from diffresnet.classify.partitions import DiskEngine, Shards
from diffresnet.classify.partitions.shards import file_key
from diffresnet.cli.app import run
from diffresnet.errors import InputError
from diffresnet.progress import silent

X, Y = load_digits(return_X_y=True)
X, Y = X[:900].astype(np.float32), Y[:900]
PARTS = ((0, 300), (300, 350), (350, 900))


def few(per_class=5):
    labels = np.full(len(Y), None, dtype=object)
    for c in range(10):
        labels[np.flatnonzero(c == Y)[:per_class]] = f"digit {c}"
    return labels


def frame(labels):
    table = pd.DataFrame(X, columns=[f"p{i}" for i in range(64)])
    return table.assign(note=[f"row {i}" for i in range(len(X))], label=labels)


@pytest.fixture
def tables(tmp_path):
    folder = tmp_path / "tables"
    folder.mkdir()
    for number, (a, b) in enumerate(PARTS):
        frame(few())[a:b].to_parquet(folder / f"part-{number}.parquet", index=False)
    return folder


@pytest.fixture
def arrays(tmp_path):
    folder = tmp_path / "arrays"
    folder.mkdir()
    for number, (a, b) in enumerate(PARTS):
        np.save(folder / f"part-{number}.npy", X[a:b])
    np.save(tmp_path / "few.npy", np.array([-1 if not name else int(name[-1]) for name in few()]))
    return folder


def test_every_file_gets_one_with_the_answers_of_all(tables, tmp_path):
    result = label_file(tables, tmp_path / "out")
    counts = result.counts()
    assert (counts["rows"], counts["labelled"], counts["classes"]) == (900, 50, 10)
    assert counts["predicted"] == 850
    names = sorted(path.name for path in (tmp_path / "out").iterdir())
    assert names == ["part-0.parquet", "part-1.parquet", "part-2.parquet"]
    written = pd.concat([pd.read_parquet(tmp_path / "out" / name) for name in names])
    assert written["note"].tolist() == [f"row {i}" for i in range(900)]
    assert np.array_equal(written["p7"], X[:, 7])
    given = few() != None  # noqa: E711
    assert written["label"][given].tolist() == few()[given].tolist()
    assert (written["flag"][given] == "given").all()
    assert written["flag"][~given].isin(["predicted", "novel"]).all()
    assert (written["flag"] == "novel").sum() == counts["novel"] < 100
    assert (written["novelty"][given] == 0).all()
    assert written["novelty"][~given].between(0, 1, inclusive="right").all()
    right = written["label"].str[-1].astype(int).to_numpy() == Y
    assert right.mean() > 0.85
    assert written["confidence"].between(0, 1).all()
    assert not (tmp_path / "out.work").exists()


def test_the_least_sure_labels_are_left_out(tables, tmp_path):
    whole = label_file(tables, tmp_path / "whole")
    result = label_file(tables, tmp_path / "out", abstain=0.1)
    counts = result.counts()
    assert (counts["abstained"], counts["predicted"]) == (85, 765)
    assert counts["expected_error"] < whole.counts()["expected_error"]
    written = pd.concat([pd.read_parquet(path) for path in sorted((tmp_path / "out").iterdir())])
    left = (written["flag"] == "abstained").to_numpy()
    assert left.sum() == 85
    assert written["label"][left].isna().all()
    assert written["label"][~left].notna().all()
    right = written["confidence"] * np.where(result.novel, 1 - written["novelty"], 1)
    rest = written["flag"].isin(["predicted", "novel"]).to_numpy()
    assert right[left].max() <= right[rest].min()
    few_errors = label_file(tables, abstain="error=0.01").counts()
    assert few_errors["expected_error"] <= 0.01


def test_rows_of_a_class_without_a_label_are_flagged(tables, tmp_path, capsys):
    for path in tables.iterdir():
        table = pd.read_parquet(path)
        table["label"] = table["label"].where(table["label"] != "digit 0")
        table.to_parquet(path, index=False)
    assert run(["label", str(tables), "--out", str(tmp_path / "out")]) == 0
    written = pd.read_parquet(tmp_path / "out")
    novel = (written["flag"] == "novel").to_numpy()
    assert novel[Y == 0].mean() > 0.8 > 0.2 > novel[Y != 0].mean()
    assert f"{novel.sum()} rows look like none of the classes" in capsys.readouterr().err


def test_classes_have_the_shares_that_are_named(tables, tmp_path, capsys):
    wanted = {f"digit {c}": float((c == Y).mean()) for c in range(10)}
    prior = ",".join(f"{name}={share:.4f}" for name, share in wanted.items())
    told = tmp_path / "told.json"
    out = ["--out", str(tmp_path / "out"), "--json", str(told)]
    assert run(["label", str(tables), "--class-prior", prior, *out]) == 0
    assert "digit 8: 9.8%, digit 9: 9.8%" in capsys.readouterr().err
    assert json.loads(told.read_text())["class_shares"] == pytest.approx(wanted, abs=0.005)


def test_labels_are_of_one_type_where_a_part_has_none(arrays, tmp_path, monkeypatch):
    monkeypatch.setattr("diffresnet.labelling.shards.WRITTEN", 2)
    np.save(tmp_path / "all.npy", X)
    files = {"labels": tmp_path / "few.npy", "work": tmp_path / "work"}
    label_file(tmp_path / "all.npy", tmp_path / "out.parquet", abstain=0.9, **files)
    left = pd.read_parquet(tmp_path / "out.parquet")
    assert left["label"].isna().sum() == 765
    kept = left["label"].notna().to_numpy()
    assert (left["label"][kept].astype(int) == Y[kept]).mean() > 0.9
    label_file(arrays, tmp_path / "out", labels=tmp_path / "few.npy", abstain=0.9)
    assert pd.read_parquet(tmp_path / "out")["label"].isna().sum() == 765


def test_small_partitions_have_nearly_the_answers_of_one(tables, tmp_path, monkeypatch):
    label_file(tables, tmp_path / "one")
    monkeypatch.setattr("diffresnet.classify.partitions.shards.ROWS", 200)
    result = label_file(tables, tmp_path / "many")
    assert result.counts()["partitions"] == 4 or result.counts()["partitions"] == 5
    both = [pd.read_parquet(tmp_path / name)["label"] for name in ("one", "many")]
    assert (both[0] == both[1]).mean() > 0.95


@pytest.mark.parametrize("kind", ["csv", "jsonl"])
def test_other_formats_keep_their_names_and_texts(tmp_path, kind):
    folder = tmp_path / "in"
    folder.mkdir()
    for number, (a, b) in enumerate(PARTS):
        part = frame(few())[a:b]
        if kind == "csv":
            part.to_csv(folder / f"{number}.csv", index=False)
        else:
            part.to_json(folder / f"{number}.jsonl", orient="records", lines=True)
    label_file(folder, tmp_path / "out")
    names = sorted(path.name for path in (tmp_path / "out").iterdir())
    assert names == [f"{number}.{kind}" for number in range(3)]


def test_arrays_take_their_labels_from_a_second_file(arrays, tmp_path):
    label_file(arrays, tmp_path / "out", labels=tmp_path / "few.npy")
    written = pd.read_parquet(tmp_path / "out")
    assert list(written.columns) == ["label", "confidence", "flag", "novelty"]
    assert (written["label"].to_numpy() == Y).mean() > 0.85
    np.save(tmp_path / "all.npy", X)
    one = label_file(
        tmp_path / "all.npy",
        tmp_path / "out.csv",
        labels=tmp_path / "few.npy",
        work=tmp_path / "work",
    )
    assert len(one) == 900
    assert (pd.read_csv(tmp_path / "out.csv")["label"].to_numpy() == Y).mean() > 0.85
    assert (tmp_path / "work" / "parts").exists()


def test_a_run_that_was_stopped_goes_on_from_its_graph(tables, tmp_path):
    stages = []

    def stop(what, total):
        stages.append(what)
        if what == "diffusing features":
            raise KeyboardInterrupt
        return silent(what, total)

    with pytest.raises(KeyboardInterrupt):
        label_file(tables, tmp_path / "out", progress=stop)
    assert "searching neighbours" in stages
    assert not (tmp_path / "out").exists()
    assert (tmp_path / "out.work").exists()
    stages.clear()

    def told(what, total):
        stages.append(what)
        return silent(what, total)

    label_file(tables, tmp_path / "out", progress=told)
    assert "searching neighbours" not in stages
    assert not (tmp_path / "out.work").exists()
    label_file(tables, tmp_path / "fresh")
    for name in ("part-0.parquet", "part-2.parquet"):
        assert pd.read_parquet(tmp_path / "out" / name).equals(
            pd.read_parquet(tmp_path / "fresh" / name)
        )


def test_labels_of_all_files_are_read_by_one_law(tmp_path):
    """-1 marks rows where labels are numbers throughout, which one file alone does not say."""
    folder = tmp_path / "in"
    folder.mkdir()
    names = np.array(["-1" if name is None else name for name in few()], dtype=object)
    frame(names)[:450].to_csv(folder / "a.csv", index=False)
    numbers = np.where(np.arange(450) < 5, "7", "-1")
    frame(names)[450:].assign(label=numbers).to_csv(folder / "b.csv", index=False)
    plan = plan_file(folder)
    assert "-1" in plan.given.names  # beside names it is a class, as it is in one file of both


def test_a_named_mark_leaves_minus_one_a_class_as_in_one_file(tmp_path):
    folder = tmp_path / "in"
    folder.mkdir()
    numbers = [None if name is None else int(name[-1]) - 1 for name in few()]
    table = frame(pd.array(numbers, dtype="Int64"))
    table[:450].to_parquet(folder / "a.parquet")
    table[450:].to_parquet(folder / "b.parquet")
    result = label_file(folder, tmp_path / "out", unlabelled="")
    assert result.counts()["classes"] == 10
    written = pd.read_parquet(tmp_path / "out")
    assert (written["label"].to_numpy() == Y - 1).mean() > 0.85


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"relabel": True}, "relabel"),
        ({"explain": True}, "explain"),
        ({"model": "m.npz"}, "model"),
        ({"class_prior": {"digit 3": 0.5, "other": 0.5}}, "class_prior"),
        ({"text": "note"}, "text"),
        ({"labels": "few.npy"}, "labels"),
    ],
)
def test_what_partitions_have_not_is_refused(tables, tmp_path, options, message):
    np.save(tmp_path / "few.npy", np.zeros(900))
    options = {key: tmp_path / v if key == "labels" else v for key, v in options.items()}
    with pytest.raises(InputError) as caught:
        label_file(tables, tmp_path / "out", **options)
    assert caught.value.parameter == message
    assert not (tmp_path / "out").exists()


def test_folders_that_can_be_misread_are_refused(tables, arrays, tmp_path):
    (tmp_path / "out").mkdir()
    with pytest.raises(InputError, match="exists; the answers go to a new folder"):
        label_file(tables, tmp_path / "out")
    with pytest.raises(InputError, match="holds features and no labels"):
        label_file(arrays, tmp_path / "new")
    with pytest.raises(InputError, match="only a folder of files of one format"):
        label_file(tables / "part-0.parquet", tmp_path / "new.csv", work=tmp_path / "w")
    with pytest.raises(InputError, match="may be used"):
        label_file(tables, tmp_path / "new", max_memory="100M")
    label_file(tables, tmp_path / "new")
    with pytest.raises(InputError, match="earlier output"):
        label_file(tmp_path / "new", tmp_path / "again")
    frame(few())[:10].drop(columns="label").to_parquet(tables / "part-3.parquet")
    with pytest.raises(InputError, match=r"part-3.parquet' has no column 'label'"):
        label_file(tables, tmp_path / "newer")


def test_a_column_that_another_file_lacks_names_the_file(tables, tmp_path):
    frame(few())[:10].drop(columns="p3").to_parquet(tables / "part-3.parquet")
    with pytest.raises(InputError, match="p3"):
        label_file(tables, tmp_path / "out")


@pytest.mark.parametrize("name", ["confidence", "novelty"])
def test_columns_that_answers_would_replace_are_refused_before_the_work(tables, tmp_path, name):
    table = pd.read_parquet(tables / "part-1.parquet")
    table.rename(columns={"note": name}).to_parquet(tables / "part-1.parquet", index=False)
    with pytest.raises(InputError, match=rf"part-1.parquet.*{name}"):
        plan_file(tables, tmp_path / "out")
    assert plan_file(tables).counts()["rows"] == 900


def test_the_command_says_what_it_will_do_and_does_it(tables, tmp_path, capsys):
    told = tmp_path / "told.json"
    assert run(["label", str(tables), "--dry-run", "--json", str(told)]) == 0
    (counts,) = json.loads(told.read_text())["results"]
    counts = counts[0] if isinstance(counts, list) else counts
    assert (counts["rows"], counts["shards"], counts["labelled"]) == (900, 3, 50)
    assert run(["label", str(tables), "--out", str(tmp_path / "out")]) == 0
    said = capsys.readouterr().err
    assert "900 in 3 files" in said
    assert "features are those of 'part-0.parquet'" in said
    assert run(["label", str(tables), "--out", str(tmp_path / "out")]) == 2


@pytest.mark.parametrize("where", ["out.work", "mine"])
def test_a_folder_of_work_with_other_files_is_left_alone(tables, tmp_path, where):
    mine = tmp_path / where / "parts" / "notes.txt"
    mine.parent.mkdir(parents=True)
    mine.write_text("precious")
    work = {} if where == "out.work" else {"work": tmp_path / where}
    with pytest.raises(InputError, match="holds other files"):
        label_file(tables, tmp_path / "out", **work)
    assert mine.read_text() == "precious"
    assert not (tmp_path / "out").exists()


def test_places_of_the_work_are_checked_before_it(tables, arrays, tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(InputError, match="is a file"):
        label_file(tables, tmp_path / "out", work=tmp_path / "file")
    with pytest.raises(InputError, match="for the answers alone"):
        label_file(tables, tmp_path / "out", work=tmp_path / "out" / "work")
    os.replace(tmp_path / "few.npy", arrays / "few.npy")
    with pytest.raises(InputError, match="read as features; move it out"):
        label_file(arrays, tmp_path / "out", labels=arrays / "few.npy")


def test_a_second_run_in_the_same_folder_is_refused(tables, tmp_path):
    work = tmp_path / "work"
    with (
        DiskEngine.alone(work, keeps=True),
        pytest.raises(InputError, match="another run works"),
    ):
        label_file(tables, tmp_path / "out", work=work)
    (work / "results-left").mkdir()
    label_file(tables, tmp_path / "out", work=work)
    assert not (work / "results-left").exists()


@pytest.mark.parametrize("out", ["out", "out/"])
def test_a_run_that_is_stopped_while_it_writes_keeps_its_graph(tables, tmp_path, monkeypatch, out):
    def stop(*_, **__):
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr("diffresnet.labelling.shards.ShardPlan._write", stop)
        with pytest.raises(KeyboardInterrupt):
            label_file(tables, f"{tmp_path}/{out}")
    assert (tmp_path / "out.work" / "parts" / "key").exists()
    assert not (tmp_path / "out").exists()
    label_file(tables, f"{tmp_path}/{out}")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["out", "tables"]


def test_a_damaged_graph_is_made_again(tables, tmp_path):
    work = tmp_path / "work"
    label_file(tables, tmp_path / "first", work=work)
    damaged = work / "parts" / "0" / "weights.npy"
    damaged.write_bytes(damaged.read_bytes()[:200])
    label_file(tables, tmp_path / "second", work=work)
    for number in range(3):
        name = f"part-{number}.parquet"
        first, second = (pd.read_parquet(tmp_path / each / name) for each in ("first", "second"))
        pd.testing.assert_frame_equal(first, second)


def test_a_file_that_was_changed_in_place_is_another(arrays):
    path = arrays / "part-0.npy"
    before, state = file_key([path]), path.stat()
    np.save(path, X[:300][::-1])
    os.utime(path, ns=(state.st_atime_ns, state.st_mtime_ns))
    assert path.stat().st_size == state.st_size
    assert file_key([path]) != before


def test_columns_that_the_first_file_leaves_out_are_told(tmp_path, capsys):
    folder = tmp_path / "tables"
    folder.mkdir()
    rng = np.random.default_rng(0)
    for number in range(3):
        table = pd.DataFrame(rng.normal(size=(30, 2)), columns=["height", "length"])
        width = 1.0 if number == 0 else rng.normal(size=30)
        labels = ["a", "b"] * 5 + [None] * 20
        table.assign(width=width, label=labels).to_csv(folder / f"{number}.csv", index=False)
    assert run(["label", str(folder), "--dry-run", "--explain-columns"]) == 0
    out, err = capsys.readouterr()
    assert "'width'" in err
    assert "name the features where other files differ" in err
    assert "left out" in out
    assert "width - is the same in every row" in " ".join(out.split())


def test_marks_are_judged_over_all_files(tmp_path):
    folder = tmp_path / "in"
    folder.mkdir()
    table = pd.DataFrame(X[:90], columns=[f"p{i}" for i in range(64)]).assign(label=-1)
    table.loc[:8, "label"] = Y[:9]
    table.loc[40, "label"] = 1  # by themselves -1 and 1 may be classes
    for number, (a, b) in enumerate(((0, 30), (30, 60), (60, 90))):
        table[a:b].to_csv(folder / f"{number}.csv", index=False)
    table.to_csv(tmp_path / "one.csv", index=False)
    counts, whole = label_file(folder, tmp_path / "out").counts(), label_file(tmp_path / "one.csv")
    assert counts["labelled"] == whole.counts()["labelled"] == 10
    assert counts["classes"] == whole.counts()["classes"]


@pytest.mark.parametrize("features", ["p3,p5,p7", "p", ["p3", "p5", "p7"]])
def test_features_are_named_as_of_one_file(tables, tmp_path, features):
    one = plan_file(tables / "part-0.parquet", features=features)
    plan = plan_file(tables, tmp_path / "out", features=features)
    assert plan.feature_names == one.feature_names
    assert label_file(tables, tmp_path / "out", features=features).counts()["rows"] == 900


@pytest.mark.parametrize("kind", ["uint8", "int64", "float16", "bool"])
@pytest.mark.filterwarnings("error")
def test_arrays_of_any_numbers_are_read(arrays, tmp_path, kind):
    expected = (X > 8 if kind == "bool" else X).astype(np.float32)
    answers = []
    for number, dtype in enumerate((kind, "float32")):
        for path, (a, b) in zip(sorted(arrays.iterdir()), PARTS, strict=True):
            np.save(path, expected[a:b].astype(dtype))
        out = tmp_path / f"out{number}"
        label_file(arrays, out, labels=tmp_path / "few.npy")
        answers.append(pd.read_parquet(out))
    pd.testing.assert_frame_equal(*answers)


@pytest.mark.parametrize("value", [np.inf, -np.inf])
def test_values_that_are_not_finite_in_half_precision_name_their_place(arrays, tmp_path, value):
    x = X[350:].astype(np.float16)
    x[7, 3] = value
    np.save(arrays / "part-2.npy", x)
    with pytest.raises(InputError, match=r"part-2.npy.* holds -?inf \(row 7, column 3\)"):
        label_file(arrays, tmp_path / "out", labels=tmp_path / "few.npy")


def test_rows_without_anything_are_told_as_of_one_file(tables, tmp_path):
    for path in tables.iterdir():
        table = pd.read_parquet(path)
        rows = [0, *table.index[table["label"].isna()][:2]]
        table.loc[rows, [f"p{i}" for i in range(64)]] = 0.0
        table.to_parquet(path, index=False)
    pd.concat([pd.read_parquet(p) for p in sorted(tables.iterdir())]).to_parquet(
        tmp_path / "one.parquet", index=False
    )
    own, one = label_file(tables, tmp_path / "out"), label_file(tmp_path / "one.parquet")
    said = [{n.message for n in each.notes if "zeros" in n.message} for each in (own, one)]
    assert said[0] == said[1]
    assert len(said[0]) == 2
    for path in tables.iterdir():
        pd.read_parquet(path).fillna({"label": "digit 0"}).to_parquet(path, index=False)
    notes = label_file(tables, tmp_path / "all").notes
    assert any("every row has a label" in note.message for note in notes)


def test_a_column_that_copies_the_labels_of_all_files_is_no_feature(tmp_path):
    folder = tmp_path / "in"
    folder.mkdir()
    # The first file has two labels, which say too little.
    rows = np.arange(len(Y))
    known = (rows < 2) | (rows >= 850)
    table = frame(np.where(known, [f"digit {c}" for c in Y], None))
    table = table[["p20", "p21", "p22", "p23", "label"]].assign(a=np.where(known, Y, 10))
    for number, (a, b) in enumerate(PARTS):
        table[a:b].to_parquet(folder / f"{number}.parquet", index=False)
    plan = plan_file(folder)
    assert plan.feature_names == ("p20", "p21", "p22", "p23")
    assert any("'a' is a copy of the labels" in note.message for note in plan.notes)
    assert [role.is_feature for role in plan.column_roles if role.name == "a"] == [False]
    label_file(folder, tmp_path / "out")
    assert np.array_equal(pd.read_parquet(tmp_path / "out")["a"], table["a"])
    named = plan_file(folder, features=["a", "p20"])
    assert named.feature_names == ("a", "p20")
    for path in folder.iterdir():
        pd.read_parquet(path)[["a", "label"]].to_parquet(path, index=False)
    with pytest.raises(InputError, match=r"is a copy of the labels.*no other column"):
        plan_file(folder)


def test_a_dry_run_says_what_would_be_refused(tables):
    assert "partitions of" in plan_file(tables, max_memory="1K").notes[0].message


def test_vectors_of_another_length_name_the_file(tmp_path):
    for number, width in enumerate((4, 5)):
        vectors = np.random.default_rng(0).normal(size=(30, width)).tolist()
        table = pd.DataFrame({"v": vectors, "label": ["a", "b"] * 5 + [None] * 20})
        (tmp_path / "t").mkdir(exist_ok=True)
        table.to_parquet(tmp_path / "t" / f"{number}.parquet")
    with pytest.raises(InputError, match=r"1\.parquet' has 5 features, where .* has 4"):
        plan_file(tmp_path / "t")


def test_files_of_a_folder_are_those_that_were_planned(arrays, tmp_path):
    os.replace(arrays / "part-0.npy", arrays / "part-0.NPY")
    np.save(arrays / ".hidden.npy", X[:300])
    result = label_file(arrays, tmp_path / "out", labels=tmp_path / "few.npy")
    assert len(result) == 900
    assert Shards.of(arrays).sizes == (300, 50, 550)


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        (np.zeros(300, np.float32), "part-2.npy' must be numbers .m, 64., as the first is"),
        (np.zeros((0, 64), np.float32), "part-2.npy' has no rows"),
        (np.full((300, 64), np.nan), r"part-2.npy' holds NaN \(row 0, column 0\)"),
        (np.where(np.arange(64) == 7, 1e25, X[:300]), r"part-2.npy' holds .* \(row 0, column 7\)"),
    ],
)
def test_a_shard_that_is_wrong_is_named(arrays, tmp_path, rows, message):
    np.save(arrays / "part-2.npy", rows)
    few = np.where(np.arange(350 + len(rows)) < 10, np.arange(350 + len(rows)) % 2, -1)
    np.save(tmp_path / "labels.npy", few)
    with pytest.raises(InputError, match=message):
        label_file(arrays, tmp_path / "out", labels=tmp_path / "labels.npy")


def test_what_lies_beside_the_files_of_a_folder_is_named(tables):
    (tables / "_SUCCESS").touch()
    with pytest.raises(InputError, match=r"_SUCCESS' lies beside 'part-0\.parquet'"):
        plan_file(tables)
