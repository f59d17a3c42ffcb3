"""The given labels behind an answer, against dense float64 solves of the same system."""

import numpy as np
import pytest
from scipy.special import softmax
from sklearn.datasets import load_digits, make_blobs
from sklearn.neighbors import KNeighborsClassifier

from diffresnet import DiffusionClassifier, similarity_graph
from diffresnet.errors import InputError


def few_labels(y, per_class, seed=0):
    rng = np.random.default_rng(seed)
    few = np.full(len(y), -1)
    for c in np.unique(y):
        few[rng.choice(np.flatnonzero(y == c), per_class, replace=False)] = c
    return few


@pytest.fixture(scope="module")
def digits():
    x, y = load_digits(n_class=4, return_X_y=True)
    return x[:160], y[:160]


CASES = {
    "held out": (4, {}),
    "one label": (1, {}),
    "the head alone": (4, {"prior_weight": np.inf}),
    "a little of the head": (4, {"prior_weight": 0.05}),
    "two classes": (4, {}),
    "two classes, one label": (1, {}),
    "weights": (4, {"prior_weight": 0.3}),
    "a graph": (4, {}),
    "a graph, one label": (1, {}),
    "a head that is not linear": (4, {"head": KNeighborsClassifier(1), "prior_weight": 0.3}),
    "trained convection": (4, {"convection": "trained", "diffusion_time": 1.0}),
}


@pytest.fixture(scope="module", params=CASES)
def fitted(request, digits):
    name = request.param
    per_class, parameters = CASES[name]
    x, y = digits
    if name.startswith("two"):
        x, y = x[y < 2], y[y < 2]
    if name == "trained convection":
        x, y = x[:60], y[:60]
    few, weight = few_labels(y, per_class), None
    if name == "weights":
        weight = np.random.default_rng(1).uniform(0.5, 2.0, len(y))
    if name.startswith("a graph"):
        model = DiffusionClassifier(**parameters).fit(None, few, graph=similarity_graph(x))
    else:
        model = DiffusionClassifier(**parameters).fit(x, few, sample_weight=weight)
    return name, model, np.flatnonzero(few == -1), few


def dense_scores(influence, point=None):
    """Scores by a dense solve; the label of a point may be left out."""
    w, mu = influence.graph.toarray().astype(np.float64), influence.prior_weight
    u = influence.prior.copy()
    held = influence.labels.at != point
    free = np.setdiff1d(np.arange(len(w)), influence.labels.at[held])
    u[influence.labels.at[held]] = influence.labels.distributions[held]
    if mu == np.inf:
        return u
    degree = np.where(w.sum(1) > 0, w.sum(1), 1.0)
    right = mu * degree[:, None] * influence.prior + w @ np.where(
        np.isin(np.arange(len(w)), free)[:, None], 0.0, u
    )
    matrix = np.diag(w.sum(1) + mu * degree) - w
    u[free] = np.linalg.solve(matrix[np.ix_(free, free)], right[free])
    return u


def test_contributions_add_up_to_the_score(fitted):
    _, model, free, _ = fitted
    influence, points = (
        model._transduction.explainer.influence,
        model._transduction.rows.points,
    )
    exact = dense_scores(influence)
    for row in free[:8].tolist():
        why = model.explain(row)
        point = points.of_row[row]
        assert why.row == row
        assert why.reached
        assert why.label == model.transduction_[row]
        code = model.classes_.tolist().index(why.label)
        assert sum(each.weight for each in why.contributions) + why.base == why.score
        assert why.score == pytest.approx(exact[point, code], abs=1e-6)
        assert why.score == pytest.approx(model._model.scores[point, code], abs=5e-3)
        weights = [each.weight for each in why.contributions]
        assert weights == sorted(weights, reverse=True)


def test_the_graph_part_is_a_row_of_the_inverse(fitted):
    _, model, free, _ = fitted
    influence, points = (
        model._transduction.explainer.influence,
        model._transduction.rows.points,
    )
    labels = influence.labels
    w, mu = influence.graph.toarray().astype(np.float64), influence.prior_weight
    rows = np.setdiff1d(np.arange(len(w)), labels.at)
    for row in free[:3].tolist():
        why, point = model.explain(row), points.of_row[row]
        graph = {each.row: each.graph for each in why.contributions}
        if mu == np.inf:
            assert set(graph.values()) == {0.0}
            continue
        matrix = np.diag(w.sum(1) * (1 + mu)) - w
        inverse = np.linalg.inv(matrix[np.ix_(rows, rows)])
        exact = inverse[np.searchsorted(rows, point)] @ w[np.ix_(rows, labels.at)]
        code = model.classes_.tolist().index(why.label)
        for index, at in enumerate(labels.at):
            own = np.flatnonzero(points.of_row == at)[0]
            expected = exact[index] * labels.distributions[index, code]
            assert graph[own] == pytest.approx(expected, abs=1e-7)


def test_the_prior_is_a_mixture_of_sums_over_labels(fitted):
    name, model, _, _ = fitted
    influence = model._transduction.explainer.influence
    every = np.arange(len(influence.labels))
    parts = influence.evidence
    if name == "a head that is not linear":
        assert [part.terms for part in parts] == [()] * len(parts)
        return
    mixed = sum(part.share * softmax(part.logits.numpy(), axis=1) for part in parts)
    assert np.allclose(mixed, influence.prior, atol=2e-3)
    heads = [head for _, head in influence.inputs.heads] or [None]
    taking_part = [
        head
        for head, share in zip(heads, influence.inputs.mixture.shares, strict=True)
        if share > 0
    ]
    for part, head in zip(parts, taking_part, strict=True):
        linear = sum(
            term.scale.numpy()[:, None] * (term.kernel(every) @ term.coefficients).numpy()
            for term in part.terms
        )
        # What is left are the biases, in units that may differ from point to point.
        rest = part.logits.numpy() - linear
        rest -= rest.mean(axis=1, keepdims=True)
        bias = np.zeros(len(model.classes_))
        if head is not None:
            bias = head.weights[1] - head.weights[1].mean()
        scale = part.terms[0].scale.numpy()[:, None]
        assert np.allclose(rest, scale * bias, atol=0.02 * np.abs(part.logits.numpy()).max())


def test_the_prior_part_is_the_integral_of_its_growth(fitted):
    """Against the growth itself: the sum of small steps from the uniform distribution."""
    _, model, free, _ = fitted
    influence = model._transduction.explainer.influence
    every = np.arange(len(influence.labels))
    point = int(model._transduction.rows.points.of_row[free[0]])
    code = int(model.classes_.tolist().index(model.transduction_[free[0]]))
    grown = np.zeros(len(every))
    for part in influence.evidence:
        s = part.logits[point].double().numpy()
        of_labels = np.zeros((len(every), len(s)))
        for term in part.terms:
            kernel = term.kernel(every)[point].double().numpy()
            of_labels += kernel[:, None] * (term.coefficients * term.scale[point]).double().numpy()
        p = softmax((np.arange(2000)[:, None] + 0.5) / 2000 * s, axis=1)
        rate = p[:, [code]] * (of_labels[:, code] - p @ of_labels.T)
        grown += part.share * rate.mean(axis=0)
    found = influence.of_point(point, code, by_prior=True)
    assert found.prior == pytest.approx(grown, abs=1e-5)
    assert found.prior.sum() + found.base == pytest.approx(influence.prior[point, code])


def test_both_ways_to_the_contributions_agree(fitted):
    """One solve for a row and all labels, and one for a label and all rows."""
    _, model, free, _ = fitted
    rows, shares = model.strongest_labels(3)
    for row in free[:5].tolist():
        why = model.explain(row)
        own = [each for each in why.contributions if each.label == why.label]
        total = sum(max(each.weight, 0.0) for each in own)
        for k, each in enumerate(own[:3]):
            expected = max(each.weight, 0.0) / max(total, 1e-9)
            assert shares[row, k] == pytest.approx(expected, abs=0.01)
            if expected > 0.01 and (k == 0 or shares[row, k - 1] - expected > 0.02):
                better = [one.row for one in own if one.weight > each.weight - 0.01]
                assert rows[row, k] in better


def test_a_path_leads_along_edges_to_the_label(fitted):
    _, model, free, few = fitted
    explainer = model._transduction.explainer
    influence, points = explainer.influence, explainer.points
    w, mu = influence.graph.toarray().astype(np.float64), influence.prior_weight
    walk = w / w.sum(1, keepdims=True) / (1 + (0 if mu == np.inf else mu))
    for row in free[:5].tolist():
        why = model.explain(row)
        assert any(each.path for each in why.contributions)
        for each in why.contributions:
            if not each.path:
                assert each.graph == pytest.approx(0.0, abs=1e-8)
                continue
            assert each.path[0] == row
            assert each.path[-1] == each.row
            assert (few[list(each.path[1:-1])] == -1).all()
            at = points.of_row[list(each.path)]
            product = walk[at[:-1], at[1:]].prod()
            assert product > 0
            if mu < np.inf and each.label == why.label:
                assert product <= each.graph * (1 + 1e-6)
        # No other walk is likelier, by the recursion of Bellman and Ford.
        best = next(each for each in why.contributions if each.path)
        end = points.of_row[best.row]
        length = -np.log(np.where(walk > 0, walk, 1e-300))
        distance = np.full(len(w), np.inf)
        distance[points.of_row[row]] = 0.0
        for _ in range(len(w)):
            closer = distance.copy()
            closer[np.setdiff1d(influence.labels.at, points.of_row[row])] = np.inf
            shorter = np.minimum(distance, (closer[:, None] + length).min(axis=0))
            if np.allclose(shorter, distance, atol=1e-12, equal_nan=True):
                break
            distance = shorter
        at = points.of_row[list(best.path)]
        assert length[at[:-1], at[1:]].sum() == pytest.approx(distance[end])


def test_a_labelled_row_explains_itself(fitted):
    _, model, _, few = fitted
    row = int(np.flatnonzero(few != -1)[0])
    why = model.explain(row)
    assert why.score == 1.0
    assert [(each.row, each.weight, each.path) for each in why.contributions] == [
        (row, 1.0, (row,))
    ]
    rows, shares = model.strongest_labels()
    assert (rows[few != -1] == -1).all()
    assert (shares[few != -1] == 0).all()


@pytest.fixture(scope="module")
def blobs():
    x, y = make_blobs(90, 3, centers=3, random_state=3)
    return x, y, few_labels(y, 3)


def test_copies_share_what_their_point_adds(blobs):
    x, y, few = blobs
    one = int(np.flatnonzero(few == 0)[0])
    same = np.flatnonzero(few == -1)[:3]
    x, few = np.array(x), few.copy()
    x[same] = x[one]
    few[same[0]], few[same[1]] = 0, 2  # a second label, one that contradicts, and none
    weight = np.ones(len(x))
    weight[same[0]] = 3.0
    model = DiffusionClassifier(prior_weight=0.3).fit(x, few, sample_weight=weight)
    why = model.explain(int(same[2]))
    found = {each.row: each for each in why.contributions}
    assert why.label == 0
    assert why.score == pytest.approx(4 / 5)
    assert found[one].weight == pytest.approx(1 / 5)
    assert found[int(same[0])].weight == pytest.approx(3 / 5)
    assert found[int(same[1])].weight == 0.0
    assert sum(each.weight != 0 for each in why.contributions) == 2
    assert found[one].path == (int(same[2]), one)
    rows, shares = model.strongest_labels(2)
    assert rows[same[2]].tolist() == [min(one, int(same[0])), -1]
    assert shares[same[2]].tolist() == [1.0, 0.0]
    # Another row: a contradicting copy stands for a label that is none of the prior's.
    other = int(np.flatnonzero(few == -1)[5])
    why = model.explain(other)
    exact = dense_scores(model._transduction.explainer.influence)[
        model._transduction.rows.points.of_row[other]
    ]
    assert why.score == pytest.approx(exact[why.label], abs=1e-6)


def test_a_row_that_no_label_reaches_has_the_prior_alone(blobs):
    x, y, few = blobs
    few = np.where(y == 2, -1, few)
    far = x + 1000.0 * (y == 2)[:, None]
    model = DiffusionClassifier(5, scale=None).fit(far, few)
    lost = np.flatnonzero(~model.reached_)
    assert len(lost)
    why = model.explain(int(lost[0]))
    assert not why.reached
    point = model._transduction.rows.points.of_row[lost[0]]
    assert why.score == pytest.approx(model._model.prior[point].max(), abs=1e-6)
    assert all(each.graph == 0 and each.path == () for each in why.contributions)
    assert "no label is connected" in str(why)
    assert (model.strongest_labels()[0][lost] == -1).all()


def test_an_overruled_label_is_explained_by_the_others():
    x, y = load_digits(return_X_y=True)
    rng, few = np.random.default_rng(0), few_labels(y, 10)
    rows = np.flatnonzero(few >= 0)
    flipped = rows[rng.random(len(rows)) < 0.2]
    few[flipped] = (few[flipped] + rng.integers(1, 10, len(flipped))) % 10
    model = DiffusionClassifier(relabel=True, prior_weight=0.1).fit(x, few)
    wrong = int(flipped[model.transduction_[flipped] == y[flipped]][0])
    why = model.explain(wrong)
    point = model._transduction.rows.points.of_row[wrong]
    assert why.label == y[wrong]
    assert wrong not in [each.row for each in why.contributions]
    exact = dense_scores(model._transduction.explainer.influence, point)[point, why.label]
    assert why.score == pytest.approx(exact, abs=1e-6)


def test_labels_without_weight_take_no_part(blobs):
    x, y, few = blobs
    out = int(np.flatnonzero(few == 0)[0])
    weight = np.ones(len(x))
    weight[out] = 0.0
    model = DiffusionClassifier(random_state=0).fit(x, few, sample_weight=weight)
    assert model.explain(out).contributions[0].row == out
    kept = np.arange(len(x)) != out
    less = DiffusionClassifier(random_state=0).fit(x[kept], few[kept])
    row = int(np.flatnonzero((few == -1) & (np.arange(len(x)) > out))[0])
    for mine, other in zip(
        model.explain(row).contributions, less.explain(row - 1).contributions, strict=True
    ):
        assert mine.weight == pytest.approx(other.weight)
        assert mine.row == other.row + (other.row >= out)
        assert mine.path == tuple(r + (r >= out) for r in other.path)
    rows, _ = model.strongest_labels(1)
    assert (rows[few == -1] >= 0).all()
    assert (few[rows[few == -1, 0]] == model.transduction_[few == -1]).all()
    assert not (rows == out).any()


def test_the_text_names_labels_for_and_against(digits):
    x, y = digits
    model = DiffusionClassifier(prior_weight=0.3).fit(x, few_labels(y, 4))
    row = int(np.argmin(model.confidence_))
    why = model.explain(row)
    lines = str(why).splitlines()
    assert lines[0] == f"row {row}: {why.label}, score {why.score:.3f}"
    assert f"row {why.contributions[0].row} ({why.label})" in lines[1]
    assert f"row {why.contributions[-1].row} ({why.contributions[-1].label})" in str(why)
    assert sum(float(line.split()[0]) for line in lines[1:]) == pytest.approx(why.score, abs=0.01)


def test_what_cannot_be_explained(blobs, tmp_path):
    x, y, few = blobs
    model = DiffusionClassifier().fit(x, few)
    for row, says in ((90, "no row 90"), (-1, "no row -1"), (1.5, "whole number"), (True, "True")):
        with pytest.raises(InputError, match=says):
            model.explain(row)
    with pytest.raises(InputError, match="1 or more"):
        model.strongest_labels(0)
    model.save(tmp_path / "m.npz")
    with pytest.raises(InputError, match="has no rows"):
        DiffusionClassifier.load(tmp_path / "m.npz").explain(0)
    paper = DiffusionClassifier(convection="paper").fit(x, few)
    for ask in (lambda: paper.explain(0), paper.strongest_labels):
        with pytest.raises(InputError, match="trained network"):
            ask()
