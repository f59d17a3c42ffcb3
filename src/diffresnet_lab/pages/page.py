"""One HTML file that needs nothing but itself."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from .text import HTML


def render_page(
    *,
    title: str,
    lead: Sequence[str],
    body: str,
    settings: Mapping[str, Any],
    environment: Mapping[str, Any],
    seconds: float,
    command: str = "",
    kept_runs: bool = False,
) -> str:
    """Return a page with its sections, and at its foot what made it.

    The browser is told to load nothing from elsewhere, and there is no script.

    Parameters
    ----------
    title : plain text
    lead : what was found, below the title; several stand as a list. Text, or HTML as `Markup`.
    body : the sections, HTML as `Markup`; plain text is escaped.
    settings, environment : dicts as in metrics.json
    command : str
        What to type to get this page again.
    kept_runs : bool
        Whether it could read runs of an earlier command, so that the seconds are not all it took.
    """
    return HTML.get_template("page.html").render(
        title=title,
        lead=lead,
        body=body,
        settings=list(_flat(settings)),
        environment=list(_flat(environment)),
        seconds=seconds,
        command=command,
        kept_runs=kept_runs,
    )


def _flat(values: Mapping[str, Any], above: str = "") -> Iterator[tuple[str, str]]:
    """Yield a line for each value; two levels deep, for each group of values."""
    for key, value in values.items():
        name = f"{above}{key}".replace("_", " ")
        if isinstance(value, Mapping) and not above:
            yield from _flat(value, f"{name}: ")
        else:
            yield name, _text(value) or "–"


def _text(value: Any) -> str:
    if isinstance(value, Mapping):
        parts = {key.replace("_", " "): item for key, item in value.items()}
        return ", ".join(
            f"{key} ({_text(item)})" if isinstance(item, Mapping) else f"{key} {_text(item)}"
            for key, item in parts.items()
        )
    if isinstance(value, (list, tuple)):
        return ", ".join(map(str, value))
    return str(value)
