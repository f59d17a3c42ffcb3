"""The best Diff-ResNet: what it computes, and what its teacher is told."""

from dataclasses import replace

import numpy as np
import torch

from diffresnet.graphs.self_training.guide import diffused_labels
from diffresnet.graphs.self_training.network import SelfTeachingNodes, SelfTeachingSettings
from diffresnet.graphs.training import Training, cross_entropies, train
from node_cases import halves, node_data

QUIET = SelfTeachingSettings(width=8, steps=3, words=0.0, dropout=0.0, decay=0.0, ramp=4)


def test_it_is_a_residual_block_then_a_diffusion_then_a_classifier():
    data = node_data()
    n, settings = len(data), replace(QUIET, restart=0.3, similar=0.2)
    model = SelfTeachingNodes(data, settings, [1]).eval()
    rng = np.random.default_rng(0)
    x = data.features.toarray().astype(float)
    x /= np.linalg.norm(x, axis=1, keepdims=True)
    x -= x.mean(axis=0)
    x /= np.linalg.norm(x, axis=1, keepdims=True)
    w, u = rng.normal(size=(x.shape[1], 8)), rng.normal(size=(8, x.shape[1]))
    b, c = rng.normal(size=8), rng.normal(size=(x.shape[1], 2))
    model.inside.weight.data[0] = torch.from_numpy(w)
    model.inside.bias.data[0] = torch.from_numpy(b)
    model.straight[0].data[0] = torch.from_numpy(c)
    model.head.weight.data[0] = torch.from_numpy(u @ c)

    z = start = x + np.maximum(x @ w + b, 0.0) @ u
    laplacian = np.eye(n) - 0.8 * data.citation.toarray() - 0.2 * data.similar.toarray()
    for _ in range(settings.steps):
        z = 0.7 * (z - laplacian @ z) + 0.3 * start

    np.testing.assert_allclose(model(torch.arange(n))[0].detach(), z @ c, atol=2e-4, rtol=1e-4)


def test_without_residual_only_the_block_speaks():
    data = node_data()
    model = SelfTeachingNodes(data, replace(QUIET, residual=False), [1]).eval()
    model.head.weight.data.zero_()
    assert not bool(model(torch.arange(len(data))).any())
    with_residual = SelfTeachingNodes(data, QUIET, [1]).eval()
    with_residual.head.weight.data.zero_()
    assert bool(with_residual(torch.arange(len(data))).any())


class TestTeacher:
    def test_first_lesson_is_what_the_model_says_itself(self):
        data = node_data()
        rows, _ = halves(data)
        target = data.labels[rows]
        model = SelfTeachingNodes(data, QUIET, [1, 2])
        scores = model(torch.arange(len(data)))
        classes = torch.softmax(scores, -1)
        entropy = -(classes * classes.log()).sum(-1).mean(-1)
        sharp = replace(QUIET, sharpness=1.0, teaching=3.0)
        model = SelfTeachingNodes(data, sharp, [1, 2])
        expected = cross_entropies(scores[:, rows], target) + 3.0 / 4 * entropy
        torch.testing.assert_close(model.losses(rows, target), expected)

    def test_sharpening_lowers_the_entropy_of_lessons(self):
        data = node_data()
        lessons = [
            SelfTeachingNodes(data, replace(QUIET, sharpness=power), [1])._teacher()
            for power in (1.0, 2.0)
        ]
        plain, sharp = (-(p * p.log()).sum(-1).mean() for p in lessons)
        assert float(sharp) < float(plain)
        torch.testing.assert_close(lessons[1].sum(-1), torch.ones(1, len(data)))

    def test_remembers(self):
        data = node_data()
        model = SelfTeachingNodes(data, replace(QUIET, memory=0.75), [1, 2])
        rows = torch.arange(len(data))
        first = torch.softmax(model(rows), -1)
        model._teacher()
        model.head.bias.data[:, 0] += 1.0
        second = torch.softmax(model(rows), -1)
        model._teacher()
        torch.testing.assert_close(model.remembered, (0.75 * first + 0.25 * second).detach())
        model.keep(torch.tensor([1]))
        assert model.remembered.shape == (1, len(data), 2)
        model.prepare(rows)
        assert model.remembered is None
        assert model.epoch == 0

    def test_mixes_in_its_guide_the_more_the_fewer_labels_there_are(self):
        data = node_data()
        everyone, alone = torch.arange(len(data)), SelfTeachingNodes(data, QUIET, [1, 2])
        lesson = alone._teacher()
        for labels, share in ((2, 5 / 6), (10, 1 / 2), (40, 1 / 5)):
            rows = torch.arange(labels)
            model = SelfTeachingNodes(data, replace(QUIET, guide=5.0), [1, 2])
            model.prepare(rows)
            said = diffused_labels(data, rows)
            torch.testing.assert_close(model._teacher(), (1 - share) * lesson + share * said)
            model.keep(torch.tensor([1]))
            torch.testing.assert_close(
                model._teacher(), (1 - share) * lesson[1:] + share * said, atol=1e-4, rtol=1e-4
            )
        for settings in (replace(QUIET, guide=0.0), replace(QUIET, teaching=0.0)):
            model = SelfTeachingNodes(data, settings, [1])
            model.prepare(everyone)
            assert model.guide is None

    def test_no_label_beyond_training_and_validation_is_read(self):
        data = node_data()
        rows, held = halves(data)
        hidden = data.labels.clone()
        hidden[20:] = -1
        trained = []
        for labels in (data.labels, hidden):
            torch.manual_seed(0)
            model = SelfTeachingNodes(replace(data, labels=labels), SelfTeachingSettings(8), [1])
            train(model, labels, rows, held, Training(epochs=5))
            trained.append(model(torch.arange(len(data))))
        assert torch.equal(*trained)

    def test_teaching_moves_nodes_without_labels(self):
        data = node_data()
        rows, _ = halves(data)
        target = data.labels[rows]
        alone, taught = (
            SelfTeachingNodes(data, replace(QUIET, teaching=teaching), [1]) for teaching in (0, 2)
        )
        torch.testing.assert_close(alone.losses(rows, target), cross_entropies(alone(rows), target))
        assert alone.remembered is None
        assert bool(taught.losses(rows, target) > alone.losses(rows, target))


def test_decay_is_on_what_features_are_multiplied_by():
    data = node_data()
    rows, _ = halves(data)
    target = data.labels[rows]
    plain = replace(QUIET, teaching=0.0)
    losses = [
        SelfTeachingNodes(data, settings, [1]).losses(rows, target)
        for settings in (plain, replace(plain, decay=0.1))
    ]
    model = SelfTeachingNodes(data, plain, [1])
    squares = model.inside.weight.square().sum() + model.straight[0].square().sum()
    torch.testing.assert_close(losses[1] - losses[0], 0.05 * squares[None])


def test_the_teacher_says_what_validation_heard_and_says_it_anew_after_a_step():
    data = node_data()
    rows, labels = torch.arange(10), data.labels[:10]

    def lessons(validated):
        model = SelfTeachingNodes(data, SelfTeachingSettings(width=4, memory=0.0), [1, 2])
        optimizer = torch.optim.Adam(model.parameters(), 0.05)
        found = []
        for epoch in range(3):
            torch.manual_seed(epoch)
            model.train()
            optimizer.zero_grad()
            losses = model.losses(rows, labels)
            losses.sum().backward()
            optimizer.step()
            found.append(losses.detach())
            if validated:
                model.eval()(rows)
        return torch.stack(found)

    torch.testing.assert_close(lessons(True), lessons(False))
