"""The text of a page: a Markdown template that a person edits, filled with a study's numbers."""

from __future__ import annotations

import base64
import re
import string
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import jinja2
from markdown_it import MarkdownIt
from markupsafe import Markup, escape
from matplotlib.figure import Figure

from .numbers import FILTERS
from .style import svg
from .table import Table

# Private characters around the number of a placeholder; none is left in what data bring.
_OPEN, _CLOSE = "\ue000", "\ue001"
_NUMBER = re.compile(f"{_OPEN}([0-9]+){_CLOSE}")
_PLACE = re.compile(f"(?:<p>)?{_OPEN}([0-9]+){_CLOSE}(?:</p>)?")
_PUNCTUATION = re.compile(f"[{re.escape(string.punctuation)}]")

HTML = jinja2.Environment(
    loader=jinja2.PackageLoader("diffresnet_lab.pages"),
    autoescape=True,
    undefined=jinja2.StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)


@dataclass(frozen=True)
class Text:
    """The text of a page, rendered.

    Attributes
    ----------
    findings : what was found, each as one line of plain text.
    lead : the findings as HTML.
    body : the sections as HTML.
    """

    findings: tuple[str, ...]
    lead: tuple[Markup, ...]
    body: Markup


def render_text(
    template: Path,
    values: Mapping[str, Any],
    tables: Mapping[str, Table],
    figures: Mapping[str, Figure],
) -> Text:
    """Fill a template, and turn its Markdown into HTML.

    What values bring is shown and never obeyed: punctuation in them is no Markdown and no HTML.
    See the package's docstring for what a template may hold.

    Parameters
    ----------
    template : file of the experiment's folder; it may include others of that folder, and of the
        folder above.
    values : what the template may name.

    Raises
    ------
    jinja2.UndefinedError
        If the template names something that is not there.
    ValueError
        If a table or a figure is nowhere in the text.
    """
    page = _Placeholders(tables, figures)
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader([template.parent, template.parent.parent]),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        finalize=_escaped,
        keep_trailing_newline=True,  # a blank line after an included template stays one
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= FILTERS | {"code": _code}
    names = {"table": page.table, "figure": page.figure, "row": page.row, "findings": page.found}
    source = environment.get_template(template.name).render({**values, **names})
    if left := (tables.keys() | figures.keys()) - page.used:
        raise ValueError(f"{template}: {', '.join(sorted(left))} are nowhere in the text")
    markdown = _markdown()
    return Text(
        tuple(_plain(markdown, line) for line in page.findings),
        tuple(unbroken(markdown.renderInline(line)) for line in page.findings),
        unbroken(_PLACE.sub(page.html, _sections(markdown, source))),
    )


class _Placeholders:
    """Tables, figures and findings of a template, each a placeholder that Markdown passes on."""

    def __init__(self, tables: Mapping[str, Table], figures: Mapping[str, Figure]) -> None:
        self.tables, self.figures = tables, figures
        self.used: set[str] = set()
        self.findings: list[str] = []
        self.parts: list[str] = []
        self.alone: set[int] = set()  # figures that are in no row

    def table(
        self, name: str, caption: str = "", caller: Callable[[], str] | None = None
    ) -> Markup:
        """Place a table; its caption and, as the text of the block, its note may be given here."""
        self.used.add(name)
        table = self.tables[name]
        note = escape(table.note) if caller is None else _inline(caller())
        shown = replace(table, caption=_words(caption) or table.caption)
        return self._place(table_html(shown, note))

    def figure(self, name: str, alt: str, caller: Callable[[], str] | None = None) -> Markup:
        """Place a figure; the text of the block is its caption."""
        self.used.add(name)
        caption = Markup() if caller is None else _inline(caller())
        self.alone.add(len(self.parts))
        return self._place(figure_html(self.figures[name], _words(alt), caption))

    def row(self, caller: Callable[[], str]) -> Markup:
        """Place the figures of the block side by side."""
        inside = [int(number) for number in _NUMBER.findall(caller())]
        self.alone -= set(inside)
        return self._place(card_html([self.parts[number] for number in inside]))

    def found(self, caller: Callable[[], str]) -> str:
        """Take the paragraphs of the block as findings."""
        paragraphs = re.split(r"\n\s*\n", caller().strip())
        self.findings += [" ".join(paragraph.split()) for paragraph in paragraphs]
        return ""

    def html(self, place: re.Match[str]) -> str:
        """Return what stands in the place of a placeholder."""
        number = int(place[1])
        return card_html([self.parts[number]]) if number in self.alone else self.parts[number]

    def _place(self, html: str) -> Markup:
        self.parts.append(html)
        return Markup(f"\n\n{_OPEN}{len(self.parts) - 1}{_CLOSE}\n\n")


def table_html(table: Table, note: str = "") -> str:
    """Return a table as HTML, with a note below it."""
    return HTML.get_template("table.html").render(table=table, note=note)


def figure_html(figure: Figure, alt: str, caption: str) -> str:
    """Return a figure as HTML; it stands in a card."""
    # An image of its own, not inline markup: the ids inside SVGs would meet on one page.
    source = base64.b64encode(svg(figure)).decode("ascii")
    return HTML.get_template("figure.html").render(source=source, alt=alt, caption=caption)


def card_html(figures: Sequence[str]) -> str:
    """Return figures side by side where there is room."""
    kind = {1: "one", 2: "two"}.get(len(figures), "many")
    columns = min(len(figures), 5)
    return f'<div class="card {kind}" style="--columns: {columns}">\n{"".join(figures)}</div>\n'


def section_html(index: int, title: str, body: str) -> str:
    """Return a section with its heading, both HTML."""
    name = f"section-{index}"
    heading = f'<h2 id="{name}">{title}</h2>'
    return f'<section aria-labelledby="{name}">\n{heading}\n{body}</section>\n'


def _sections(markdown: MarkdownIt, source: str) -> str:
    first, *others = re.split(r"(?m)^## +", source)
    html = [markdown.render(first)]
    for index, section in enumerate(others, start=1):
        title, _, body = section.partition("\n")
        html.append(section_html(index, markdown.renderInline(title), markdown.render(body)))
    return "".join(html)


def _markdown() -> MarkdownIt:
    """Return a reader of headings, lists, emphasis, `code` and links; it passes no HTML on."""
    blocks, inline = ["heading", "list"], ["emphasis", "backticks", "link", "escape", "newline"]
    return MarkdownIt("zero", {"html": False}).enable([*blocks, *inline, "balance_pairs"])


def _inline(text: str) -> Markup:
    return Markup(_markdown().renderInline(text.strip()))


def _words(value: str) -> str:
    """Return an argument as plain text, which the page escapes; a block is Markdown."""
    return _plain(_markdown(), value) if isinstance(value, Markup) else value


def _plain(markdown: MarkdownIt, line: str) -> str:
    """Return a line of Markdown as plain text."""
    (paragraph,) = markdown.parseInline(line)
    texts = [" " if t.type == "softbreak" else t.content for t in paragraph.children or []]
    return "".join(texts)


def _escaped(value: Any) -> Markup:
    """Return a value as text that Markdown leaves as it is."""
    if isinstance(value, Markup):
        return value
    return Markup(_PUNCTUATION.sub(r"\\\g<0>", _line(value)))


def _code(value: Any) -> Markup:
    """Return a value as a code span."""
    return Markup("`" + _line(value).replace("`", "'") + "`")


def _line(value: Any) -> str:
    """Return a value as one line that holds no placeholder."""
    return " ".join(re.sub(f"[{_OPEN}{_CLOSE}]", "", str(value)).splitlines())


def unbroken(html: str) -> Markup:
    """Return HTML in which a number stays on one line with its error."""
    return Markup(html.replace(" ± ", "\u00a0±\u00a0"))
