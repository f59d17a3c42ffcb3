import subprocess
import sys

import numpy as np

import diffresnet_lab.fewshot as fewshot


def test_every_method_is_public():
    config = fewshot.FewShotConfig(1, "none", np.zeros(3))
    for spec in fewshot.METHODS.values():
        method = spec.build(config)
        assert getattr(fewshot, type(method).__name__) is type(method)


def test_the_options_of_the_command_need_no_torch():
    code = "import sys, diffresnet_lab.cli.fewshot; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0
