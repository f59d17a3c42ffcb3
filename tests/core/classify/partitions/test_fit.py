"""A fit in partitions has the answers of the fit in memory."""

import numpy as np
import pytest
from sklearn.datasets import load_digits

from diffresnet import DiffusionClassifier
from diffresnet.classify.partitions import DiskEngine, Shards, build, transduction
from diffresnet.errors import InputError
from diffresnet.progress import silent

X, Y = load_digits(return_X_y=True)
X, Y = X[:1000].astype(np.float32), Y[:1000]


def few(per_class, y=Y):
    labels = np.full(len(y), -1)
    for c in range(10):
        labels[np.flatnonzero(y == c)[:per_class]] = c
    return labels


def shards(rows=2000, x=X, **options):
    return Shards.of([x[:400], x[400:450], x[450:]], rows=rows, **options)


@pytest.fixture
def everywhere(monkeypatch):
    monkeypatch.setattr(build, "MOST_VISITS", 100)
    monkeypatch.setattr(build._Sample, "ratio", lambda *given: build.UNVISITED)


@pytest.mark.parametrize("per_class", [1, 5])
@pytest.mark.parametrize("rows", [2000, 250])
def test_answers_are_those_of_the_fit_in_memory(everywhere, per_class, rows):
    whole = DiffusionClassifier(random_state=0).fit(X, few(per_class))
    model = DiffusionClassifier(random_state=0).fit(shards(rows), few(per_class))
    assert model.recall_ == 1.0
    assert model.prior_weight_ == whole.prior_weight_
    assert model.diffusion_time_ == pytest.approx(whole.diffusion_time_)
    assert (model.transduction_ == whole.transduction_).mean() > 0.99
    assert np.abs(model.label_distributions_ - whole.label_distributions_).mean() < 0.01
    assert np.array_equal(model.reached_, whole.reached_)
    assert np.array_equal(model.confidence_, model.label_distributions_.max(axis=1))


@pytest.mark.parametrize("rows", [2000, 250])
@pytest.mark.parametrize("metric", ["euclidean", "cosine"])
def test_rows_of_classes_without_a_label_are_novel_as_in_memory(everywhere, rows, metric):
    labels = few(6)
    labels[labels == 8] = -1
    own = {"random_state": 0, "metric": metric}
    whole = DiffusionClassifier(**own).fit(X, labels)
    model = DiffusionClassifier(**own).fit(shards(rows), labels)
    assert np.abs(model.novelty_ - whole.novelty_).mean() < 0.05
    assert (model.novel_ == whole.novel_).mean() > 0.97
    assert not model.novelty_[labels >= 0].any()
    assert model.novelty_[Y == 8].mean() > model.novelty_[(Y != 8) & (labels < 0)].mean() + 0.2


@pytest.mark.parametrize("prior", ["uniform", "estimate", "given"])
def test_classes_have_the_shares_that_are_wanted_as_in_memory(everywhere, prior):
    skewed = np.concatenate([np.flatnonzero(Y > 1), np.flatnonzero(Y <= 1)[:20]])
    x, y = X[skewed], Y[skewed]
    labels = few(2, y)
    wanted = {c: (y == c).mean() for c in range(10)} if prior == "given" else prior
    own = {"random_state": 0, "class_prior": wanted}
    whole = DiffusionClassifier(**own).fit(x, labels)
    model = DiffusionClassifier(**own).fit(shards(250, x), labels)
    assert np.abs(model.class_shares_ - whole.class_shares_).max() < 0.01
    if prior == "given":
        assert np.abs(model.class_shares_ - list(wanted.values())).max() < 0.005


def test_shares_are_those_of_rows_not_of_distinct_rows(everywhere, monkeypatch):
    ones = np.flatnonzero((Y == 1) & (few(2) < 0))
    x, y = np.concatenate([X, np.repeat(X[ones], 5, axis=0)]), np.r_[Y, np.full(5 * len(ones), 1)]
    labels = np.r_[few(2), np.full(5 * len(ones), -1)]
    wanted = {c: (y == c).mean() for c in range(10)}
    model = DiffusionClassifier(class_prior=wanted, random_state=0)
    plain = model.fit(Shards.of([x], rows=400), labels).class_shares_
    assert np.abs(plain - list(wanted.values())).max() < 0.005
    # By a sample of every third row nearly the same.
    monkeypatch.setattr(transduction, "JUDGED", len(x) // 3)
    assert np.abs(model.fit(Shards.of([x], rows=400), labels).class_shares_ - plain).max() < 0.02


@pytest.mark.parametrize("prior", ["uniform", "estimate"])
def test_shares_are_reached_where_classes_come_in_turns(monkeypatch, prior):
    monkeypatch.setattr(transduction, "JUDGED", 1000)
    truth = np.arange(1200) % 2
    x = np.random.default_rng(0).normal(size=(1200, 5)).astype(np.float32)
    x[:, 0] += 3.5 * truth
    x[:, 1] *= 8
    labels = np.full(1200, -1)
    labels[:10], labels[-10:] = truth[:10], truth[-10:]
    model = DiffusionClassifier(class_prior=prior)
    whole = model.fit(x, labels).class_shares_
    assert np.abs(model.fit(Shards.of([x], rows=2000), labels).class_shares_ - whole).max() < 0.05


def test_answers_do_not_depend_on_the_partitions(everywhere):
    models = [
        DiffusionClassifier(random_state=0).fit(shards(rows), few(5)) for rows in (2000, 300, 150)
    ]
    for model in models[1:]:
        assert (model.transduction_ == models[0].transduction_).mean() > 0.998
        assert np.abs(model.label_distributions_ - models[0].label_distributions_).max() < 0.02
        assert np.abs(model.novelty_ - models[0].novelty_).max() < 0.02


def test_given_labels_are_kept_also_where_copies_contradict_each_other():
    x, y = np.concatenate([X, X[:3]]), np.concatenate([few(5), [7, 7, 7]])
    model = DiffusionClassifier(random_state=0).fit(Shards.of([x], rows=300), y)
    assert np.array_equal(model.transduction_[y >= 0], y[y >= 0])
    assert (model.confidence_[y >= 0] == 1.0).all()


def test_copies_of_a_label_weigh_as_in_memory():
    x, y = np.concatenate([X[:300], np.repeat(X[:1], 40, axis=0)]), few(3)[:300]
    y = np.concatenate([y, np.repeat(y[:1], 40)])
    head_alone = {"diffusion_time": 0.0, "prior_weight": float("inf"), "random_state": 0}
    whole = DiffusionClassifier(calibrate=False, **head_alone).fit(x, y)
    model = DiffusionClassifier(calibrate=False, **head_alone).fit(Shards.of([x]), y)
    assert np.abs(model.label_distributions_ - whole.label_distributions_).max() < 0.1


def test_rows_of_zeros_have_no_direction_and_are_not_reached():
    x = X.copy()
    x[900:910] = 0.0
    model = DiffusionClassifier(random_state=0, metric="cosine").fit(Shards.of([x]), few(5))
    assert not model.reached_[900:910].any()
    assert model.reached_[:900].all()

    y = np.full(len(x), -1)
    y[[0, 900]] = Y[0], 1
    with pytest.raises(InputError, match="not all zeros"):
        DiffusionClassifier(metric="cosine").fit(Shards.of([x]), y)


def test_classes_are_named_and_texts_mark_nothing():
    names = np.array([f"digit {c}" if c >= 0 else "" for c in few(5)])
    model = DiffusionClassifier(random_state=0).fit(shards(500), names)
    assert (np.char.endswith(model.transduction_.astype(str), Y.astype(str))).mean() > 0.85


def test_a_folder_of_arrays_is_read_in_the_order_of_names_and_its_graph_is_kept(tmp_path):
    for name, part in (("b", X[:400]), ("c", X[400:450]), ("d", X[450:])):
        np.save(tmp_path / f"{name}.npy", part)
    stages = []

    def progress(what, total):
        stages.append(what)
        return silent(what, total)

    own = {"rows": 300, "progress": progress}
    first = DiffusionClassifier(random_state=0).fit(
        Shards.of(tmp_path, engine=DiskEngine(tmp_path / "work"), **own), few(5)
    )
    assert "searching neighbours" in stages
    stages.clear()
    again = DiffusionClassifier(random_state=0).fit(
        Shards.of(tmp_path, engine=DiskEngine(tmp_path / "work"), **own), few(5)
    )
    assert "searching neighbours" not in stages
    assert np.array_equal(first.label_distributions_, again.label_distributions_)
    more = DiffusionClassifier(random_state=0).fit(
        Shards.of(tmp_path, engine=DiskEngine(tmp_path / "work"), **own), few(20)
    )
    assert "searching neighbours" not in stages
    assert (more.transduction_ == Y).mean() > 0.85
    np.save(tmp_path / "d.npy", X[450:][::-1])
    DiffusionClassifier(random_state=0).fit(
        Shards.of(tmp_path, engine=DiskEngine(tmp_path / "work"), **own), few(5)
    )
    assert "searching neighbours" in stages


def test_a_path_is_taken_as_shards(tmp_path):
    np.save(tmp_path / "rows.npy", X)
    model = DiffusionClassifier(random_state=0).fit(tmp_path / "rows.npy", few(5))
    assert (model.transduction_ == Y).mean() > 0.85


@pytest.mark.parametrize(
    ("model", "given", "message"),
    [
        (DiffusionClassifier(convection="paper"), {}, "convection"),
        (DiffusionClassifier(relabel=True), {}, "relabel"),
        (DiffusionClassifier(flow="heat"), {}, "flow"),
        (DiffusionClassifier(), {"sample_weight": np.ones(len(X))}, "sample_weight"),
        (DiffusionClassifier(), {"graph": np.eye(3)}, "graph"),
    ],
)
def test_what_shards_have_not_is_refused(model, given, message):
    with pytest.raises(InputError, match="shards") as caught:
        model.fit(shards(), few(5), **given)
    assert caught.value.parameter == message


@pytest.mark.parametrize(
    ("parts", "message"),
    [
        ([X, X[:, :5]], "shard 1 must be numbers"),
        ([X, X[:0]], "shard 1 has no rows"),
        ([X.astype(str)], "must be numbers"),
        (np.zeros(()), "must be numbers"),
        ([], "not list without any"),
        (5, "not int"),
        ([X.tolist()], "shard 0 is no array and no file"),
    ],
)
def test_shards_of_other_shapes_are_refused(parts, message):
    with pytest.raises(InputError, match=message):
        Shards.of(parts)


def test_rows_that_are_not_finite_and_labels_of_another_number_are_refused(tmp_path):
    x = X.copy()
    x[700, 3] = np.nan
    with pytest.raises(InputError, match="NaN"):
        DiffusionClassifier().fit(Shards.of([x]), few(5))
    with pytest.raises(InputError, match="1000 rows and y has 10"):
        DiffusionClassifier().fit(shards(), few(5)[:10])
    with pytest.raises(InputError, match="there is no"):
        Shards.of(tmp_path / "none")
    with pytest.raises(InputError, match=r"no \.npy files"):
        Shards.of(tmp_path)
    (tmp_path / "bad.npy").write_bytes(b"nothing")
    with pytest.raises(InputError, match="damaged"):
        Shards.of(tmp_path)
    np.savez(tmp_path / "several.npz", x=X)
    with pytest.raises(InputError, match=r"is no \.npy file"):
        Shards.of(tmp_path / "several.npz")
    for rows in (0, -5, 2.5, True):
        with pytest.raises(InputError, match="whole number of 1 or more"):
            Shards.of([X], rows=rows)


def test_answers_of_truth_values_are_those_of_numbers():
    bits = X.mean() < X
    two = [DiffusionClassifier().fit(Shards.of([each]), few(5)) for each in (bits, bits * 1.0)]
    assert np.array_equal(*(model.transduction_ for model in two))


def test_a_fit_to_shards_labels_no_new_rows():
    model = DiffusionClassifier(random_state=0).fit(X[:100], few(5)[:100])
    model.fit(shards(), few(5))
    for use in (
        lambda: model.predict(X[:3]),
        lambda: model.save("model.npz"),
        lambda: model.audit(),
        lambda: model.refit(few(5)),
    ):
        with pytest.raises(InputError, match="answers for their rows alone"):
            use()
