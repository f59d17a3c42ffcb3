from contextlib import contextmanager

import pytest

from diffresnet.errors import InputError
from diffresnet_lab.fewshot.comparison import run_methods
from diffresnet_lab.fewshot.config import FewShotConfig
from diffresnet_lab.fewshot.evaluation import evaluate
from diffresnet_lab.fewshot.sampling import sample_tasks
from fewshot_cases import clusters

FEATURES = clusters()
TASKS = sample_tasks(FEATURES.labels, 4, 2, 5, tasks=20)
CONFIG = FewShotConfig(2, "paper", FEATURES.mean)


def test_methods_run_on_the_same_tasks_in_their_order():
    shown = []

    @contextmanager
    def progress(title, total):
        yield lambda steps: shown.append((title, total, steps))

    runs = run_methods(
        ["logistic", "nearest_prototype"], FEATURES, TASKS, CONFIG, progress=progress
    )
    assert [run.name for run in runs] == ["logistic", "nearest_prototype"]
    assert [run.title for run in runs] == ["Logistic regression", "SimpleShot"]
    for run in runs:
        alone = evaluate(run.configured.method, FEATURES, TASKS, run.configured.transform)
        assert (run.outcome.predicted == alone.predicted).all()
    assert [each for each in shown if each[0] == "SimpleShot"] == [
        ("SimpleShot", 20, 16),
        ("SimpleShot", 20, 4),
    ]


def test_an_unknown_method_is_refused_before_any_is_run():
    with pytest.raises(InputError, match="no method 'nil'"):
        run_methods(["nearest_prototype", "nil"], FEATURES, TASKS, CONFIG)
