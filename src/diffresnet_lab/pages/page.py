"""One HTML file that needs nothing but itself."""

from __future__ import annotations

import base64
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import jinja2

from .section import Picture, Section
from .style import svg


def render(
    sections: Sequence[Section],
    *,
    title: str,
    lead: str | Sequence[str],
    settings: Mapping[str, Any],
    environment: Mapping[str, Any],
    seconds: float,
    command: str = "",
    kept_runs: bool = False,
) -> str:
    """A page with sections, and at its foot what made it.

    All text is plain text: what looks like markup in it is shown, not obeyed. Figures are inside
    as images, the browser is told to load nothing else, and there is no script.

    Parameters
    ----------
    lead : str or several
        What was found, in a sentence or two below the title; several stand as a list.
    settings, environment : dicts as in metrics.json
    command : str
        What to type to get this page again.
    kept_runs : bool
        Whether it could read runs of an earlier command, so that the seconds are not all it took.
    """
    loader = jinja2.PackageLoader("diffresnet_lab.pages")
    templates = jinja2.Environment(
        loader=loader,
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        finalize=_unbroken,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    templates.filters["source"] = _source
    return templates.get_template("page.html").render(
        title=title,
        leads=[lead] if isinstance(lead, str) else list(lead),
        sections=sections,
        settings=list(_flat(settings)),
        environment=list(_flat(environment)),
        seconds=seconds,
        command=command,
        kept_runs=kept_runs,
    )


def _unbroken(value: Any) -> Any:
    """The same with a number kept on one line with its error."""
    return value.replace(" ± ", "\u00a0±\u00a0") if isinstance(value, str) else value


def _source(picture: Picture) -> str:
    # An image of its own, not inline markup: the ids inside SVGs would meet on one page.
    return "data:image/svg+xml;base64," + base64.b64encode(svg(picture.figure)).decode("ascii")


def _flat(values: Mapping[str, Any], above: str = "") -> Iterator[tuple[str, str]]:
    for key, value in values.items():
        name = f"{above}{key}".replace("_", " ")
        if isinstance(value, Mapping):
            yield from _flat(value, f"{name}: ")
        elif isinstance(value, (list, tuple)):
            yield name, ", ".join(str(item) for item in value)
        else:
            yield name, str(value)
