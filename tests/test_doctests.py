"""The examples in docstrings are true."""

import doctest
import importlib
import pkgutil

import pytest

import diffresnet

MODULES = sorted(m.name for m in pkgutil.walk_packages(diffresnet.__path__, "diffresnet."))


@pytest.mark.parametrize("name", ["diffresnet", *MODULES])
def test_doctests(name):
    if name.endswith("__main__"):
        return
    result = doctest.testmod(importlib.import_module(name))
    assert result.failed == 0


def test_there_are_some():
    from diffresnet.nn import diffusion

    assert doctest.testmod(diffusion).attempted > 0
