"""The script of GPU checks and timings, on the CPU against itself with tiny sizes."""

import json
import sys
from pathlib import Path

import numpy as np
import pytest
import torch

from diffresnet.files.npz import save_npz


@pytest.fixture
def gpu(monkeypatch, tmp_path):
    monkeypatch.syspath_prepend(str(Path(__file__).parents[2] / "benchmarks"))
    names = ("gpu", "gpu_checks", "gpu_timings", "common")
    script = __import__("gpu")
    monkeypatch.setattr(sys.modules["common"], "RESULTS", tmp_path)
    yield script
    for name in names:
        sys.modules.pop(name, None)


@pytest.fixture
def small_cora(monkeypatch, tmp_path, gpu):
    """A data folder whose Cora is small, and without the other graphs."""
    made = sys.modules["gpu_checks"].graph(300)
    arrays = {"labels": made.labels}
    for name, matrix in (("adj", made.adjacency), ("attr", made.features)):
        arrays |= {
            f"{name}_{part}": getattr(matrix, part) for part in ("data", "indices", "indptr")
        }
        arrays[f"{name}_shape"] = np.array(matrix.shape)
    (tmp_path / "graphs").mkdir()
    save_npz(tmp_path / "graphs" / "cora.npz", arrays)
    monkeypatch.setenv("DIFFRESNET_DATA", str(tmp_path))


@pytest.mark.filterwarnings("default")
def test_every_check_passes_and_every_job_is_timed(gpu, small_cora, tmp_path):
    assert gpu.main(["--tiny", "--device", "cpu"]) == 0
    kept = json.loads((tmp_path / "gpu_rehearsal.json").read_text())
    checks, jobs = kept["settings"]["checks"], kept["rows"]
    assert [row["check"] for row in checks] == [check.name for check in gpu.CHECKS]
    assert {row["verdict"] for row in checks} == {"passed"}
    assert [row["job"] for row in jobs] == [timing.name for timing in gpu.TIMINGS]
    for row in jobs:
        cora = row["job"] == "Table I on Cora"
        assert row["seconds"] or (not cora and row["known by"].startswith("skipped: no graphs/"))
    assert "gpu" in kept["environment"]


def test_without_a_gpu_it_says_so(gpu, monkeypatch, tmp_path, capsys):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    assert gpu.main([]) == 0
    assert capsys.readouterr().out.startswith("there is no GPU")
    assert not list(tmp_path.iterdir())


def test_a_check_that_fails_does_not_end_the_others(gpu, monkeypatch, tmp_path):
    def broken(device, points):
        raise RuntimeError("on two devices\nand more")

    calls = []

    def drifts(device, points):
        calls.append(device)
        return {"x": np.ones(3) * len(calls)}

    checks = (
        gpu.Check("broken", broken),
        gpu.Check("drifts", drifts),
        gpu.Check("same", lambda device, points: {"x": torch.ones(points)}),
    )
    monkeypatch.setattr(gpu, "CHECKS", checks)
    monkeypatch.setattr(gpu, "TIMINGS", (gpu.Timing("late", "", 9.0, broken),))
    assert gpu.main(["--tiny", "--device", "cpu", "--minutes", "0"]) == 1
    kept = json.loads((tmp_path / "gpu_rehearsal.json").read_text())
    rows = kept["settings"]["checks"]
    assert [row["verdict"] for row in rows] == [
        "failed: RuntimeError: on two devices",
        "failed",
        "passed",
    ]
    assert rows[1]["difference"] == "1.0e+00"
    assert kept["rows"][0]["known by"] == "skipped: the time of all is up"


def test_a_job_that_fails_is_told(gpu):
    def broken(device, size, seconds):
        raise MemoryError("too large")

    row = gpu.timed(gpu.Timing("job", "", 9.0, broken), torch.device("cpu"), gpu.TINY, 1.0)
    assert row["known by"] == "failed: MemoryError: too large"


@pytest.mark.parametrize("found", [np.ones(2), np.array([1.0, np.nan, 1.0])])
def test_other_shapes_and_nans_differ_infinitely(gpu, found):
    apart = sys.modules["gpu_checks"].largest_difference
    assert apart(found, np.ones(3)) == np.inf
    assert apart(np.array([np.inf, np.nan]), np.array([np.inf, np.nan])) == 0.0
    assert apart(np.array([9.0, 1.0]), np.array([10.0, 1.0])) == pytest.approx(0.1)


def test_parts_are_timed_until_the_time_is_up(gpu):
    ran = []
    until = sys.modules["gpu_timings"].until
    told = until(ran.append, 5, 0.0, torch.device("cpu"), "5 tasks").told
    assert (ran, told) == ([0], "5 tasks: extrapolated from 1 of 5 parts")
    assert until(ran.append, 3, 60.0, torch.device("cpu"), "3 tasks").told == "3 tasks: measured"
