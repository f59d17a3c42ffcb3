import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import softmax
from sklearn.linear_model import LogisticRegression

from diffresnet.classify.calibrator import Calibrator, expected_calibration_error
from diffresnet.classify.convection import paper_network
from diffresnet.classify.cross_validation import stratified_folds
from diffresnet.classify.features import diffuse_features
from diffresnet.classify.head import Head, default_head
from diffresnet.classify.points import LabelledPoints, PointSet
from diffresnet.classify.scores import propagate_labels, propagate_sources
from diffresnet.classify.softmax_regression import SoftmaxRegression
from diffresnet.operators import SparseLaplacian
from diffresnet.similarity import similarity_graph


@pytest.fixture(scope="module")
def walk():
    x = np.random.default_rng(0).normal(size=(80, 4))
    w = similarity_graph(x)
    return x, w, SparseLaplacian.random_walk(w, dtype=torch.float64)


def test_propagated_labels_minimise_the_energy(walk):
    _, w, laplacian = walk
    rng = np.random.default_rng(1)
    prior = rng.dirichlet(np.ones(3), 80)
    rows, labels = np.arange(6), np.eye(3)[[0, 1, 2, 0, 1, 2]]
    mu = 0.3
    u = propagate_labels(
        laplacian, torch.from_numpy(prior), rows, torch.from_numpy(labels), mu, tol=1e-12
    ).numpy()
    w = w.toarray()
    d = w.sum(1)

    def energy(u):
        pairs = ((u[:, None] - u[None, :]) ** 2).sum(2)
        return (w * pairs).sum() / 2 + mu * (d[:, None] * (u - prior) ** 2).sum()

    assert np.array_equal(u[:6], labels)
    assert np.allclose(u.sum(1), 1)
    for _ in range(20):
        moved = u.copy()
        moved[6:] += 1e-3 * rng.normal(size=(74, 3))
        assert energy(moved) > energy(u)


def test_sources_solve_poisson_with_decay(walk):
    _, w, laplacian = walk
    w = w.toarray()
    d = w.sum(1)
    rows, labels = np.array([3, 9, 40]), np.eye(3)
    got = propagate_sources(laplacian, torch.from_numpy(d), rows, torch.from_numpy(labels), 0.02)
    source = np.zeros((80, 3))
    source[rows] = labels - labels.mean(0)
    u = np.linalg.solve(np.diag(d) - w + 0.02 * np.diag(d), 0.02 * source)
    u -= d @ u / d.sum()
    assert np.allclose(got.numpy(), u, atol=2e-3 * np.abs(u).max())


def test_diffused_features_are_centred_unit_rows(walk):
    x, w, laplacian = walk
    features = diffuse_features(laplacian, torch.from_numpy(x), 20.0)
    assert torch.allclose(features.rows.norm(dim=1), torch.ones(80, dtype=torch.float64))
    assert torch.allclose(features.diffused.mean(0), features.centre)
    d = w.toarray()
    l = np.eye(80) - d / d.sum(1, keepdims=True)
    want = np.linalg.solve(np.eye(80) + 20.0 * l, x - x.mean(0))
    assert np.allclose(features.diffused.numpy(), want, atol=0.02 * np.abs(want).max())


@pytest.mark.parametrize("classes", [2, 4])
def test_head_equals_logistic_regression_also_in_the_span(classes):
    rng = np.random.default_rng(0)
    z = torch.from_numpy(rng.normal(size=(30, 50)))
    codes = np.arange(30) % classes
    tight = default_head().set_params(max_iter=10000, tol=1e-10)
    head = Head(tight, classes).fit(z[:20], codes[:20])
    want = tight.fit(z[:20].numpy(), codes[:20]).predict_proba(z.numpy())
    # In float32 many classes converge no further.
    assert np.allclose(head.log_proba(z).exp().numpy(), want, atol=1e-4 if classes == 2 else 3e-3)
    weight, bias = head.weights
    assert np.allclose(softmax(z.numpy() @ weight.T + bias, axis=1), head.log_proba(z).exp())


def test_head_answers_rows_that_are_kept_otherwise_than_those_it_was_fitted_to():
    """Another precision here, another device in an explanation after a fit on a GPU."""
    z = torch.randn(12, 30, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    head = Head(default_head(), 3).fit(z[:6].float(), np.arange(6) % 3)  # in the span
    assert torch.allclose(head.logits(z), head.logits(z.float()).double(), atol=1e-4)


def test_head_gives_nothing_to_a_class_it_has_not_seen():
    z = torch.randn(6, 3, dtype=torch.float64)
    head = Head(default_head(), 4).fit(z, np.array([0, 2, 0, 2, 3, 3]))
    assert float(head.log_proba(z).exp()[:, 1].max()) == 0.0


@given(st.lists(st.integers(0, 4), min_size=2, max_size=60))
def test_folds_keep_one_row_of_every_class(codes):
    _, codes = np.unique(codes, return_inverse=True)
    folds = stratified_folds(codes, seed=0, points=100)
    counts = np.bincount(codes)
    if folds is None:
        assert counts[codes].min() == 1 or len(codes) < 4
        return
    for held in folds.held:
        assert set(codes[~held]) == set(codes)
    assert (folds.held.sum(0) == folds.repeats * (counts[codes] >= 2)).all()


def test_temperature_mends_overconfidence():
    rng = np.random.default_rng(0)
    logits = rng.normal(size=(4000, 3))
    codes = np.array([rng.choice(3, p=p) for p in softmax(logits, axis=1)])
    hot = softmax(4.0 * logits, axis=1)
    calibrator = Calibrator.fit_held_out(hot, codes, labelled=4000)
    assert calibrator.inverse_temperature == pytest.approx(0.25, rel=0.1)
    p = calibrator.probabilities(hot)
    right = p.argmax(1) == codes
    assert expected_calibration_error(p.max(1), right) < 0.03
    assert expected_calibration_error(hot.max(1), right) > 0.1


def test_a_mean_confidence_is_reached():
    scores = np.random.default_rng(0).dirichlet(np.ones(4), size=500)
    confidence = Calibrator.fit_mean(scores, 0.8).probabilities(scores).max(1)
    assert confidence.mean() == pytest.approx(0.8, abs=1e-3)


def test_more_disagreement_is_less_confidence():
    scores = np.random.default_rng(0).dirichlet(np.ones(4), size=500)
    means = [
        Calibrator.fit_disagreement(scores, share).probabilities(scores).max(1).mean()
        for share in (0.0, 0.1, 0.3, 1.0)
    ]
    assert means == sorted(means, reverse=True)
    assert means[0] == pytest.approx(0.99, abs=0.01)
    assert means[-1] == pytest.approx(1.2 / 4, abs=0.02)


def test_unreached_rows_are_uniform_and_given_ones_stay():
    scores = np.array([[0.9, 0.1], [0.2, 0.8], [0.5, 0.5]])
    given = np.array([2]), np.array([[0.0, 1.0]])
    p = Calibrator(2.0).probabilities(scores, np.array([True, False, True]), given)
    assert p[0, 0] == pytest.approx(81 / 82)
    assert p[1].tolist() == [0.5, 0.5]
    assert p[2].tolist() == [0.0, 1.0]


def test_equal_rows_are_one_point_and_share_their_labels():
    x = np.array([[1.0, 0.0], [2.0, 0.0], [1.0, -0.0], [2.0, 0.0]], dtype=np.float32)
    points = PointSet.from_rows(x)
    assert len(points.x) == 2
    assert np.array_equal(points.spread_back(points.x) + 0.0, x + 0.0)
    turned = points.in_order(np.array([1, 0]))
    assert np.array_equal(turned.spread_back(turned.x), points.spread_back(points.x))
    labels = LabelledPoints.of(np.array([1, 0, 1, 1]), np.array([0, 1, 2, 2]), 3)
    assert labels.at.tolist() == [0, 1]
    assert np.allclose(labels.distributions, [[0, 1, 0], [1 / 3, 0, 2 / 3]])
    assert labels.weight.tolist() == [1.0, 3.0]
    assert LabelledPoints.of(np.array([1, 0]), np.array([0, 1]), 2).weight is None


def test_paper_network_equals_its_plain_loop(walk):
    """The shortcuts change nothing: the same weights from full diffusions at every epoch."""
    from diffresnet.classify.convection import PaperTraining
    from diffresnet.nn import DiffResNet

    x, w, _ = walk
    laplacian = SparseLaplacian(similarity_graph(x, preset="few_shot"), dtype=torch.float64)
    how = PaperTraining(epochs=30, steps=6)
    gamma = min(how.gamma, 0.99 * laplacian.max_step())
    steps = int(np.ceil(how.gamma * how.steps / gamma))
    gamma = how.gamma * how.steps / steps
    rows, codes = np.arange(9), np.arange(9) % 3
    points = torch.from_numpy(x).float()
    single = laplacian.to(dtype=torch.float32)
    got = paper_network(single, points, rows, codes, 3, seed=4, training=how)
    torch.manual_seed(4)
    net = DiffResNet(4, 3, gamma=gamma, steps=steps)
    optimizer = torch.optim.SGD(net.parameters(), 0.1, momentum=0.9, weight_decay=1e-4)
    schedule = torch.optim.lr_scheduler.MultiStepLR(optimizer, [50, 75])
    for _ in range(how.epochs):
        optimizer.zero_grad()
        loss = torch.nn.functional.cross_entropy(net(points, single)[rows], torch.from_numpy(codes))
        loss.backward()
        optimizer.step()
        schedule.step()
    with torch.no_grad():
        want = torch.softmax(net(points, single), dim=1)
    assert torch.allclose(got, want, atol=1e-4)


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("classes", [2, 3, 40])
def test_softmax_regression_equals_the_plain_one(classes, weighted):
    rng = np.random.default_rng(0)
    codes = np.concatenate([np.arange(classes), rng.integers(0, classes, 3 * classes)])
    x = rng.normal(size=(len(codes), 20)) + 2.0 * rng.normal(size=(classes, 20))[codes]
    x /= np.linalg.norm(x, axis=1, keepdims=True)
    weight = rng.random(len(codes)) + 0.5 if weighted else None
    settings = {"C": 10.0, "class_weight": "balanced", "max_iter": 1000, "tol": 1e-5}
    ours = SoftmaxRegression(**settings).fit(x, codes, weight)
    plain = LogisticRegression(**settings).fit(x, codes, weight)
    assert np.abs(ours.predict_proba(x) - plain.predict_proba(x)).max() < 1e-3
    assert plain.n_iter_[0] > 5
    assert (ours.predict(x) == plain.predict(x)).mean() > 0.99


def test_softmax_regression_of_many_classes_is_trained():
    """There the first gradient is below the tolerance of scikit-learn."""
    rng = np.random.default_rng(0)
    codes = np.repeat(np.arange(100), 2)
    x = rng.normal(size=(100, 64))[codes] + 0.1 * rng.normal(size=(200, 64))
    x /= np.linalg.norm(x, axis=1, keepdims=True)
    loose = default_head().set_params(tol=1e-2)
    assert LogisticRegression(C=10.0, tol=1e-2).fit(x, codes).n_iter_[0] == 0
    assert (loose.fit(x, codes).predict(x) == codes).mean() > 0.95
