"""What all tests share: checked annotations, reproducible examples, one thread, the data folder."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import jaxtyping
import pytest
import torch
from hypothesis import HealthCheck, settings

# Shapes and types of every call into these packages are checked, under test only. The hook works
# on modules that are imported after it.
CHECKED = [f"diffresnet.{name}" for name in ("similarity", "operators", "flow", "nn")]
CHECKED += ["diffresnet_lab.theory", "diffresnet_lab.pde"]
# The estimator itself answers for its parameters, in words of its own.
CHECKED += [
    f"diffresnet.classify.{name}"
    for name in (
        "calibrator",
        "choices",
        "column_scale",
        "convection",
        "cross_validation",
        "domain",
        "evidence",
        "features",
        "fitted",
        "head",
        "influence",
        "novelty",
        "point_graph",
        "points",
        "problem",
        "prototypes",
        "row_graph",
        "scores",
        "strategies",
        "transduction",
    )
]
CHECKED += [
    f"diffresnet_lab.fewshot.{name}"
    for name in (
        "batch",
        "evaluation",
        "exact",
        "feature_transforms",
        "features",
        "methods",
        "network",
        "objective",
        "plain",
        "sampling",
        "tasks",
    )
]
assert not any(name.startswith(tuple(CHECKED)) for name in sys.modules), "imported too early"
jaxtyping.install_import_hook(CHECKED, "checked_types.checked")

torch.set_num_threads(1)

settings.register_profile(
    "local",
    max_examples=25,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.differing_executors],
)
settings.register_profile("ci", parent=settings.get_profile("local"), derandomize=True)
settings.load_profile("ci" if os.environ.get("CI") else "local")


@pytest.fixture
def unchecked() -> Iterator[None]:
    """Annotations are not checked: for the messages that a user sees in their place."""
    jaxtyping.config.update("jaxtyping_disable", True)
    yield
    jaxtyping.config.update("jaxtyping_disable", False)


@pytest.fixture(scope="session", autouse=True)
def own_cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """An empty cache folder: what someone keeps in theirs is not to be found by tests."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.mktemp("cache")))
        yield


@pytest.fixture(scope="session")
def data_dir() -> Path:
    """The folder with the data sets; without one, the test is skipped (in CI it fails)."""
    named = os.environ.get("DIFFRESNET_DATA")
    if not named:
        pytest.skip(
            "DIFFRESNET_DATA is not set: this test reads data that is not in the repository"
        )
    folder = Path(named)
    if not folder.is_dir():
        give_up = pytest.fail if os.environ.get("CI") else pytest.skip
        give_up(f"DIFFRESNET_DATA names {folder}, which is not a folder")
    return folder


@pytest.fixture(scope="session")
def data_file(data_dir: Path) -> Callable[[str], Path]:
    """A file of the data folder, by its relative path; where it is missing, the test fails."""

    def find(name: str) -> Path:
        path = data_dir / name
        if not path.is_file():
            pytest.fail(f"{name} is missing from DIFFRESNET_DATA ({data_dir})")
        return path

    return find
