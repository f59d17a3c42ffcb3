from diffresnet_lab.pages.figures.accuracies import Dot, accuracy_dots
from diffresnet_lab.pages.style import png


def test_models_missing_from_a_panel_keep_their_row():
    first = {"ours": Dot(80.0, 0.5, ours=True), "gcn": Dot(78.0, float("nan"), 81.5)}
    figure = accuracy_dots({"Cora": first, "Pubmed": {"ours": Dot(70.0, 1.0)}})
    one, two = figure.axes
    assert [label.get_text() for label in one.get_yticklabels()] == ["ours", "gcn"]
    assert (len(one.collections), len(two.collections)) == (3, 1)  # two bars, one quoted; one bar
    (entries,) = (figure.legends[0].get_texts(),)
    assert [entry.get_text() for entry in entries] == ["Diff-ResNet", "others", "quoted"]
    assert png(figure).startswith(b"\x89PNG")


def test_no_quoted_mark_where_nothing_is_quoted():
    figure = accuracy_dots({"Cora": {"ours": Dot(80.0, 0.5)}})
    assert len(figure.legends[0].get_texts()) == 2
