import subprocess
import sys


def test_the_options_of_the_command_need_no_torch():
    code = "import sys, diffresnet_lab.cli.fewshot; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0
