"""The order of the folders, as `docs/architecture.md` draws it."""

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]


def test_imports_run_downward_only():
    lint = Path(sys.executable).with_name("lint-imports")
    done = subprocess.run([lint], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


def test_the_product_needs_no_laboratory():
    code = (
        "import sys; import diffresnet, diffresnet.cli.label; "
        "diffresnet.DiffusionClassifier, diffresnet.similarity_graph, diffresnet.DiffResNet; "
        "heavy = {'diffresnet_lab', 'matplotlib', 'jinja2', 'pooch'}; "
        "sys.exit(sorted(heavy & set(sys.modules)) or 0)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False, env=os.environ
    )
    assert done.returncode == 0, done.stderr
