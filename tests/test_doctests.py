"""The examples in docstrings are true."""

import doctest
import importlib
import pkgutil

import pytest

import diffresnet
import diffresnet_lab

MODULES = sorted(
    module.name
    for package in (diffresnet, diffresnet_lab)
    for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}.")
)


@pytest.mark.parametrize("name", ["diffresnet", "diffresnet_lab", *MODULES])
def test_doctests(name):
    if name.endswith("__main__"):
        return
    result = doctest.testmod(importlib.import_module(name))
    assert result.failed == 0


def test_there_are_some():
    from diffresnet.nn import diffusion

    assert doctest.testmod(diffusion).attempted > 0
