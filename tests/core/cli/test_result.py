import json
import os
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from diffresnet.cli.result import environment, write_json
from diffresnet.errors import InputError


@dataclass(frozen=True)
class Settings:
    strength: float = 0.5


def payload(**more):
    return {"seconds": 1.5, "results": [], "settings": {}, "experiment": "test"} | more


def test_keys_order_and_environment(tmp_path):
    write_json(tmp_path / "a.json", payload(extra=1))
    result = json.loads((tmp_path / "a.json").read_text())
    assert list(result) == [
        "experiment", "settings", "results", "environment", "seconds", "extra",
    ]  # fmt: skip
    assert set(result["environment"]) == {
        "python", "diffresnet", "torch", "numpy", "platform", "cpu_count", "device",
    }  # fmt: skip
    assert result["environment"]["numpy"] == np.__version__


def test_values_that_json_has_not(tmp_path):
    rows = [
        {
            "array": np.arange(2, dtype=np.int8),
            "number": np.float32(0.5),
            "nan": float("nan"),
            "inf": np.array([np.inf]),
            "path": Path("a"),
            "name": "é",
            "none": None,
            "yes": np.bool_(True),
        }
    ]
    write_json(tmp_path / "a.json", payload(results=rows, settings=Settings()))
    text = (tmp_path / "a.json").read_text(encoding="utf-8")
    result = json.loads(text)
    assert result["results"] == [
        {
            "array": [0, 1], "number": 0.5, "nan": None, "inf": [None], "path": "a",
            "name": "é", "none": None, "yes": True,
        }
    ]  # fmt: skip
    assert result["settings"] == {"strength": 0.5}
    assert "é" in text


def test_a_given_environment_is_kept(tmp_path):
    write_json(tmp_path / "a.json", payload(environment={"python": "3"}))
    assert json.loads((tmp_path / "a.json").read_text())["environment"] == {"python": "3"}


def test_no_path_writes_nothing(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    write_json(None, {})
    assert os.listdir(tmp_path) == []


def test_a_failure_leaves_the_old_file(tmp_path):
    (tmp_path / "a.json").write_text("old")
    with pytest.raises(TypeError, match="object"):
        write_json(tmp_path / "a.json", payload(results=[object()]))
    with pytest.raises(InputError, match="needs seconds"):
        write_json(tmp_path / "a.json", {"experiment": "a", "settings": {}, "results": []})
    assert (tmp_path / "a.json").read_text() == "old"
    assert os.listdir(tmp_path) == ["a.json"]


def test_the_device_is_named():
    assert environment("cpu")["device"] == "cpu"
    assert isinstance(environment("auto")["device"], str)
