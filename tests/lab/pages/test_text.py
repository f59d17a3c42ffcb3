import re
from dataclasses import replace

import jinja2
import pytest
from matplotlib.figure import Figure

from diffresnet_lab.pages.table import Column, table
from diffresnet_lab.pages.text import render_text

HOSTILE = '<b onclick="x">*a* _b_ [c](http://d) `e`\n\n## f {{ 7 * 7 }} \ue0000\ue001</b>'


@pytest.fixture
def fill(tmp_path):
    """Fills a template with the values, two figures and a table named t."""

    def fill(source, figures=("f",), tables=("t",), **values):
        (tmp_path / "text.md.j2").write_text(source, encoding="utf-8")
        figure = Figure(figsize=(1, 1))
        figure.subplots()
        drawn = dict.fromkeys(figures, figure)
        made = dict.fromkeys(tables, table([{"a": HOSTILE}], [Column(HOSTILE, "a")], note="n < m"))
        text = render_text(tmp_path / "text.md.j2", values, made, drawn)
        return replace(text, body=re.sub('base64,[^"]*', "base64,", text.body))

    return fill


def test_markdown_becomes_sections(fill):
    text = fill(
        "Before.\n\n## One *a*\n\nText with `code` and [a link](b.html).\n\n- x\n- y\n\n## Two\n",
        (), (),
    )  # fmt: skip
    assert text.body.startswith("<p>Before.</p>")
    assert '<h2 id="section-1">One <em>a</em></h2>' in text.body
    assert '<h2 id="section-2">Two</h2>' in text.body
    assert '<code>code</code> and <a href="b.html">a link</a>' in text.body
    assert text.body.count("<li>") == 2
    assert text.findings == ()


def test_a_blank_line_after_an_included_template_ends_its_paragraph(fill, tmp_path):
    (tmp_path / "a.md.j2").write_text("One\nline.\n")
    text = fill('{% include "a.md.j2" %}\n\n{% include "a.md.j2" %}\n', (), ())
    assert text.body == "<p>One\nline.</p>\n<p>One\nline.</p>\n"


def test_findings_are_paragraphs_and_plain_lines(fill):
    source = (
        "{% call findings() %}\nIt *is* {{ x | number('.1f') }},\nso.\n\nAnd more.\n{% endcall %}"
    )
    text = fill(source + "## Rest", (), (), x=1.26)
    assert text.findings == ("It is 1.3, so.", "And more.")
    assert text.lead[0] == "It <em>is</em> 1.3, so."
    assert "It" not in text.body


def test_numbers_have_their_filters(fill):
    text = fill("{{ 2.5e7 | short }} {{ -1 | signed }} {{ 0.5 | percent }} {{ 2 | count('set') }} "
                "{{ 1.0 | plus_minus(0.25, 2) }}", (), ())  # fmt: skip
    assert text.body == "<p>2.5 × 10⁷ −1.0 50.0% 2 sets 1.00\u00a0±\u00a00.25</p>\n"


PLACED = """## S

first

{{ table('t', caption='C') }}
{% call figure('f', alt='A') %}*c*{% endcall %}
{% call row() %}
{% call figure('f', alt='1') %}{% endcall %}
{% call figure('f', alt='2') %}{% endcall %}
{% endcall %}
last
"""


def test_figures_and_tables_stand_where_they_are_named(fill):
    body = fill(PLACED).body
    marks = ("first", "<caption>C<", 'alt="A"', 'alt="1"', 'alt="2"', "last")
    places = [body.index(mark) for mark in marks]
    assert places == sorted(places)
    assert body.count('class="card one"') == body.count('class="card two"') == 1
    assert "<figcaption><em>c</em></figcaption>" in body
    assert '<p class="note">n &lt; m</p>' in body


EVERYWHERE = """{% set block %}{{ x }}{% endset %}
{% call findings() %}{{ x }}{% endcall %}
## {{ x }}

{{ x }}

{{ x | code }}

{% call table('t', caption=x) %}{{ x }}{% endcall %}
{% call figure('f', alt=block) %}{{ x }}{% endcall %}
{% call figure('f', alt=x) %}{% endcall %}
"""


def test_data_never_become_markup(fill):
    text = fill(EVERYWHERE, x=HOSTILE)
    html = str(text.body) + str(text.lead[0])
    for markup in ("<b", "<em>", "<strong>", "<a", "<code>e", "<h2>f", 'onclick="x"', "49"):
        assert markup not in html
    assert html.count("{{ 7 * 7 }}") == 12
    assert (html.count("<img"), html.count("<h2"), html.count("<code>")) == (2, 1, 1)


@pytest.mark.parametrize("source", ["{{ nothing }}", "{{ x.nothing }}"])
def test_a_name_that_is_not_there_is_an_error(fill, source):
    with pytest.raises(jinja2.UndefinedError):
        fill(source, (), (), x=object())


def test_nothing_is_forgotten(fill):
    with pytest.raises(ValueError, match="f, t are nowhere"):
        fill("## S")
