"""The site: pages of docs/ and an API reference made from the docstrings."""

from __future__ import annotations

import importlib.metadata
import re

project = "diffresnet"
author = "the diffresnet authors"
release = importlib.metadata.version("diffresnet")

extensions = [
    "myst_parser",
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
    "sphinx.ext.napoleon",
    "sphinx.ext.mathjax",
]
exclude_patterns = ["templates"]
templates_path = ["templates"]
html_theme = "furo"
html_title = "diffresnet"
html_show_sourcelink = False

autosummary_generate = True
autodoc_typehints = "signature"
autodoc_class_signature = "mixed"
napoleon_google_docstring = False
napoleon_use_ivar = True
napoleon_use_rtype = False
myst_enable_extensions = ["dollarmath"]
myst_heading_anchors = 3
nitpicky = False
# A field called `name` or `path` in a docstring is no reference to another class's.
suppress_warnings = ["ref.python"]


def plain_formulas(app, what, name, obj, options, lines) -> None:  # type: ignore[no-untyped-def]
    """Keep formulas of docstrings, which are plain text, from being read as markup."""
    for number, line in enumerate(lines):
        if line.lstrip().startswith((">>>", "...", ":", "..")):
            continue
        parts = line.split("`")
        for index in range(0, len(parts), 2):  # outside of backticks
            parts[index] = parts[index].replace("|", r"\|").replace("*", r"\*")
            parts[index] = re.sub(r"(?<=\w)_(?=\W|$)", r"\\_", parts[index])
        lines[number] = "`".join(parts)


def without_routing(app, what, name, obj, skip, options) -> bool | None:  # type: ignore[no-untyped-def]
    """Leave out the methods that scikit-learn adds for metadata routing."""
    return True if re.fullmatch(r"set_\w+_request", name) else None


def setup(app) -> None:  # type: ignore[no-untyped-def]
    app.connect("autodoc-process-docstring", plain_formulas, priority=400)
    app.connect("autodoc-skip-member", without_routing)
