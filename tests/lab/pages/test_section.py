import base64
from html.parser import HTMLParser

import pytest
from matplotlib.figure import Figure

from diffresnet_lab.pages import Cell, Picture, Section, Table, best_cells, render

HOSTILE = "<script>alert('x')</script> & \"quoted\" {{ 7 * 7 }}"


class Page(HTMLParser):
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


def picture(alt="points", caption="two"):
    return Picture(Figure(figsize=(1, 1)), alt, caption)


def page(text="plain", **more):
    table = Table(
        text,
        ("Method", text),
        ((text, (Cell("1.0", "± 0.1", best=True),)), ("b", (Cell("−1.0", loss=True),))),
        text,
    )
    section = Section(text, (text,), (table,), ((picture(text, text),), (picture(),) * 5))
    return render(
        [section],
        title=text,
        lead=text,
        settings={text: text, "labels_per_class": (1, 5), "graph": {"n_neighbors": 10}},
        environment={"python": text},
        seconds=1.6,
        command=text,
        **more,
    )


def test_text_is_shown_and_not_obeyed():
    html = page(HOSTILE)
    parsed = Page(html)
    assert not parsed.all("script")
    assert "".join(parsed.text).count("{{ 7 * 7 }}") >= 8
    assert parsed.all("img")[0]["alt"] == HOSTILE


def test_tables_mark_the_best_and_the_losses():
    html = page()
    assert "<strong>1.0 <small>± 0.1</small></strong>" in html
    assert '<td class="unfavourable">−1.0</td>' in html
    assert Page(html).all("caption")


def test_pictures_are_inside_and_have_words():
    images = Page(page()).all("img")
    assert len(images) == 6
    for image in images:
        kind, _, data = image["src"].partition(",")
        assert kind == "data:image/svg+xml;base64"
        assert b"<svg" in base64.b64decode(data)
        assert image["alt"]


@pytest.mark.parametrize(
    ("values", "best"),
    [((1.0, 3.0, 2.0), [1]), ((2.04, 2.02, 1.0), [0, 1]), ((-1.0, -2.0), [0])],
)
def test_best_cells_are_all_that_print_as_the_largest(values, best):
    cells = best_cells(values, [Cell(f"{value:.1f}") for value in values])
    assert [index for index, cell in enumerate(cells) if cell.best] == best


def test_several_findings_stand_as_a_list_and_a_link_leads_on():
    section = Section("s", link=("fig3/report.html", HOSTILE))
    html = render(
        [section], title="t", lead=["one", HOSTILE], settings={}, environment={}, seconds=0.0
    )
    found = Page(html)
    assert len(found.all("li")) == 2
    assert found.all("a") == [{"href": "fig3/report.html"}]
    assert not found.all("script")
