import importlib
import subprocess
import sys

import pytest

PACKAGES = [
    "diffresnet",
    "diffresnet.graphs",
    "diffresnet_lab.data",
    "diffresnet_lab.backbones",
    "diffresnet_lab.fewshot",
]


@pytest.mark.parametrize("name", PACKAGES)
def test_every_public_name_is_there(name):
    package = importlib.import_module(name)
    for each in package.__all__:
        assert getattr(package, each) is not None
    with pytest.raises(AttributeError, match="nothing"):
        package.nothing  # noqa: B018


def test_heavy_modules_are_imported_when_they_are_needed():
    code = f"import sys, {', '.join(PACKAGES)}; print({{'torch', 'pooch'}} & set(sys.modules))"
    printed = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert printed.stdout == "set()\n"
