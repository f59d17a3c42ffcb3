import base64
import re
from html.parser import HTMLParser

import pytest
from markupsafe import Markup
from matplotlib.figure import Figure

from diffresnet_lab.pages.page import render_page
from diffresnet_lab.pages.table import Column, table
from diffresnet_lab.pages.text import render_text

HOSTILE = "<script>alert('x')</script> & \"quoted\" {{ 7 * 7 }}"
TEXT = """{% call findings() %}
First {{ value }}.

Second.
{% endcall %}
## One {{ value }}
{% call table("t", caption=value) %}{{ value }}{% endcall %}
## Two
{% call figure("f", alt=value) %}{{ value }}{% endcall %}
{% call row() %}{{ figure("g", alt="a") }}{{ figure("h", alt="b") }}{% endcall %}
"""


class Parsed(HTMLParser):
    """Tags with their attributes, and the text, of a page."""

    def __init__(self, html):
        super().__init__()
        self.tags, self.text = [], []
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data):
        self.text.append(data)

    def all(self, tag):
        return [attrs for name, attrs in self.tags if name == tag]


@pytest.fixture
def page(tmp_path):
    def page(value="plain", **more):
        (tmp_path / "text.md.j2").write_text(TEXT, encoding="utf-8")
        rows = [{"name": value, "x": 1.0, "ci": 0.5}, {"name": "b", "x": -1.0, "ci": 0.5}]
        columns = [
            Column(value, "name"),
            Column("x", "x", ".1f", "ci", best="largest", verdict=True),
        ]
        figures = {name: Figure(figsize=(1, 1)) for name in "fgh"}
        text = render_text(
            tmp_path / "text.md.j2", {"value": value}, {"t": table(rows, columns)}, figures
        )
        return render_page(
            title=value,
            lead=text.lead,
            body=text.body,
            settings={value: value, "labels_per_class": (1, 5), "graph": {"n_neighbors": 10}},
            environment={"python": value},
            seconds=1.6,
            command=value,
            **more,
        )

    return page


def test_nothing_is_loaded_from_elsewhere(page):
    html = page()
    for _, attrs in Parsed(html).tags:
        for name in ("src", "href", "srcset", "data", "action", "poster"):
            assert attrs.get(name, "data:").startswith(("data:", "#"))
    assert not re.search(r"url\(|@import|<script|<iframe|<object", html)
    assert "https://" not in html
    assert "http://" not in html
    assert "default-src 'none'" in html


def test_text_is_shown_and_not_obeyed(page):
    parsed = Parsed(page(HOSTILE))
    assert not parsed.all("script")
    assert "".join(parsed.text).count("{{ 7 * 7 }}") >= 10
    assert parsed.all("img")[0]["alt"] == HOSTILE


def test_tables_mark_the_best_and_what_is_behind(page):
    html = page()
    assert "<strong>1.0 <small>± 0.5 ahead</small></strong>" in html.replace("\u00a0", " ")
    cells = [attrs for attrs in Parsed(html).all("td") if attrs.get("class") == "unfavourable"]
    assert len(cells) == 1
    assert len(Parsed(html).all("caption")) == 1


def test_pictures_are_inside_and_have_words(page):
    images = Parsed(page()).all("img")
    assert len(images) == 3
    for image in images:
        kind, _, data = image["src"].partition(",")
        assert kind == "data:image/svg+xml;base64"
        assert b"<svg" in base64.b64decode(data)
        assert image["alt"]


def test_settings_and_environment_stand_at_the_foot(page):
    html = page()
    assert "<dt>labels per class</dt><dd>1, 5</dd>" in html
    assert "<dt>graph: n neighbors</dt><dd>10</dd>" in html
    assert "Made in 2 seconds by" in html
    assert "Made in 2 seconds, with runs kept from before, by" in page(kept_runs=True)
    assert "prefers-color-scheme: dark" in html


def test_ids_are_unique(page):
    ids = [attrs["id"] for _, attrs in Parsed(page()).tags if "id" in attrs]
    assert len(ids) == len(set(ids)) >= 2


def render(lead, body=""):
    return render_page(title="t", lead=lead, body=body, settings={}, environment={}, seconds=0.0)


def test_a_page_may_be_all_but_empty():
    html = render([])
    assert "<h1>t</h1>" in html
    assert "Made in" not in html


def test_several_findings_stand_as_a_list_and_plain_text_is_escaped():
    parsed = Parsed(render(["one", HOSTILE], Markup('<p><a href="fig3/report.html">on</a></p>')))
    assert len(parsed.all("li")) == 2
    assert parsed.all("a") == [{"href": "fig3/report.html"}]
    assert not parsed.all("script")
    assert not Parsed(render([], "<b>bold</b>")).all("b")
