import subprocess
import sys

import numpy as np
import pytest

import diffresnet_lab.fewshot as fewshot


def test_public_names_are_imported_when_asked_for():
    for name in dir(fewshot):
        assert getattr(fewshot, name) is not None
    assert {"LaplacianShot", "Features", "sample_tasks", "evaluate", "METHODS"} <= set(dir(fewshot))
    with pytest.raises(AttributeError, match="no attribute 'nil'"):
        fewshot.nil  # noqa: B018


def test_every_method_is_public():
    config = fewshot.FewShotConfig(1, "none", np.zeros(3))
    for spec in fewshot.METHODS.values():
        method = spec.build(config)
        assert getattr(fewshot, type(method).__name__) is type(method)


def test_the_options_of_the_command_need_no_torch():
    code = "import sys, diffresnet_lab.cli.fewshot; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0
