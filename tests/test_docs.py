"""What the tutorial and the README show runs, and every folder and public name is explained."""

import importlib
import inspect
import pkgutil
import re
import shlex
from pathlib import Path

import pytest

import diffresnet
import diffresnet_lab
from diffresnet.cli.app import commands, run

ROOT = Path(__file__).parents[1]
PAGES = sorted((ROOT / "docs").glob("*.md"))


def test_the_tutorial_runs(tmp_path, monkeypatch, capfd):
    monkeypatch.chdir(tmp_path)
    names: dict[str, object] = {"__name__": "tutorial"}
    text = (ROOT / "docs" / "tutorial.md").read_text()
    block = re.compile(r"```python\n(.*?)```|^    diffresnet ([^\n]*)$", re.DOTALL | re.MULTILINE)
    for code, command in block.findall(text):
        if command:
            assert run(shlex.split(command)) == 0, command
        else:
            exec(compile(code, "docs/tutorial.md", "exec"), names)
    err = capfd.readouterr().err
    for line in text.split("prints\n")[1].split("and writes")[0].splitlines():
        assert line.split("(")[0].strip() in err
    assert (names["model"].transduction_ == names["y"]).mean() == pytest.approx(0.96, abs=0.02)
    labels = names["NodeClassifier"]().fit(names["adjacency"], names["labels"]).transduction_
    assert labels.tolist() == ["left"] * 6 + ["right"] * 6


@pytest.mark.parametrize("page", [ROOT / "README.md", *PAGES], ids=lambda page: page.name)
def test_commands_of_a_page_are_there(page):
    """Every command and every option of it that a page shows."""
    shown = re.compile(r"^(?:    |\| `?)diffresnet ([a-z-]+)(.*)$", re.MULTILINE)
    for line in shown.findall(page.read_text()):
        name, rest = line
        assert name in commands(), line
        command = commands()[name].load()
        if hasattr(command, "commands"):
            continue
        options = {flag for parameter in command.params for flag in parameter.opts}
        for flag in re.findall(r"(?<![\w-])--[a-z][a-z-]*", rest.split("#")[0]):
            assert flag in options | {"--help"}, line


@pytest.mark.parametrize("page", [ROOT / "README.md", *PAGES], ids=lambda page: page.name)
def test_links_of_a_page_lead_somewhere(page):
    for target in re.findall(r"\]\((?!https?:)([^)#\s]+)", page.read_text()):
        assert (page.parent / target).exists(), target


@pytest.mark.parametrize("package", [diffresnet, diffresnet_lab])
def test_every_folder_is_on_the_plan(package):
    plan = (ROOT / "docs" / "architecture.md").read_text()
    for module in pkgutil.iter_modules(package.__path__):
        assert f"`{module.name}{'/' if module.ispkg else '.py'}`" in plan, module.name


def public_things():
    for package in (diffresnet, diffresnet_lab):
        for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            loaded = importlib.import_module(module.name)
            yield module.name, loaded
            for name, thing in vars(loaded).items():
                if not name.startswith("_") and getattr(thing, "__module__", "") == module.name:
                    yield f"{module.name}.{name}", thing
                    if inspect.isclass(thing):
                        for part, member in vars(thing).items():
                            if not part.startswith("_") and callable(member):
                                yield f"{module.name}.{name}.{part}", getattr(thing, part)


def test_every_public_name_has_a_docstring():
    bare = [
        name
        for name, thing in public_things()
        if (inspect.ismodule(thing) or callable(thing)) and not inspect.getdoc(thing)
    ]
    assert bare == []
