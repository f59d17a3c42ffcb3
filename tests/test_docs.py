"""What the tutorial and the README show runs, and every folder and public name is explained."""

import importlib
import inspect
import pkgutil
import re
import shlex
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import diffresnet
import diffresnet_lab
from diffresnet.cli.app import commands, run
from diffresnet.tables.formats import read_content

ROOT = Path(__file__).parents[1]
PAGES = sorted((ROOT / "docs").glob("*.md"))


def run_page(page):
    """Run the Python and the commands of a page in their order, and return its names."""
    names: dict[str, object] = {"__name__": page.stem}
    block = re.compile(r"```python\n(.*?)```|^    diffresnet ([^\n]*)$", re.DOTALL | re.MULTILINE)
    for code, command in block.findall(page.read_text()):
        if command:
            assert run(shlex.split(command)) == 0, command
        else:
            exec(compile(code, page.name, "exec"), names)
    return names


def test_the_tutorial_runs(tmp_path, monkeypatch, capfd):
    monkeypatch.chdir(tmp_path)
    page = ROOT / "docs" / "tutorial.md"
    names = run_page(page)
    err = capfd.readouterr().err
    for line in page.read_text().split("prints\n")[1].split("and writes")[0].splitlines():
        assert line.split("(")[0].strip() in err
    assert (names["model"].transduction_ == names["y"]).mean() == pytest.approx(0.96, abs=0.02)
    labels = names["NodeClassifier"]().fit(names["adjacency"], names["labels"]).transduction_
    assert labels.tolist() == ["left"] * 6 + ["right"] * 6


def test_every_kind_of_file_is_labelled_as_its_page_shows(tmp_path, monkeypatch, capfd):
    monkeypatch.chdir(tmp_path)
    names = run_page(ROOT / "docs" / "your-file.md")
    assert "left out  1 column (id)" in capfd.readouterr().err
    for path in ("labelled.tsv", "labelled.jsonl.gz", "labelled.arrow", "labelled.parquet"):
        found = read_content(path).label_values("label", path)
        assert (found == names["names"]).mean() > 0.9, path
    assert pd.read_csv("labelled.csv")["label"].eq(names["topics"]).mean() > 0.95
    photos = pd.read_csv("labels.csv")
    assert all(label in path for path, label in zip(photos["path"], photos["label"], strict=True))
    sys.modules.pop("mycolours")


def test_shards_are_fitted_as_their_page_shows(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    page = (ROOT / "docs" / "past-one-machine.md").read_text()
    names: dict[str, object] = {}
    exec(
        compile(page.split("```python\n")[1].split("```")[0], "past-one-machine.md", "exec"), names
    )
    assert (names["model"].transduction_ == np.arange(2000) // 1000).mean() > 0.99


def test_an_explanation_is_as_its_page_shows(capsys):
    section = (ROOT / "docs" / "choices.md").read_text().split("## Why this label\n")[1]
    code, shown = section.split("```python\n")[1].split("```\n\nprints\n\n")
    exec(compile(code, "choices.md", "exec"), {})
    number = re.compile(r"[+-]?[0-9]+\.[0-9]+")
    for line, expected in zip(
        capsys.readouterr().out.splitlines(), shown.splitlines(), strict=False
    ):
        assert number.sub("", line).split() == number.sub("", expected).split()
        value = float(number.findall(expected)[0])
        assert float(number.findall(line)[0]) == pytest.approx(value, abs=2e-3)


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
