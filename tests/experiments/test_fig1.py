import pytest

from diffresnet.nn import DiffResNet
from diffresnet_lab.experiments.fig1.page import network_diagram
from diffresnet_lab.experiments.fig1.study import layer_rows
from diffresnet_lab.pages.style import svg


@pytest.mark.parametrize(
    ("network", "parameters"),
    [
        (DiffResNet(2, 2), 18),
        (DiffResNet(5, 3), 2 * 30 + 18),
        (DiffResNet(5, 3, width=4, hidden=6, blocks=2), 24 + 2 * (30 + 28) + 15),
        (DiffResNet(2, 2, learn_gamma=True), 19),
    ],
)
def test_rows_hold_all_parameters(network, parameters):
    rows = list(layer_rows(network))
    assert sum(row["parameters"] for row in rows) == parameters
    assert parameters == sum(p.numel() for p in network.parameters())


def test_rows_name_the_layers_and_their_shapes():
    rows = {row["layer"]: row for row in layer_rows(DiffResNet(5, 3))}
    assert rows["blocks.0.fc1"]["weight"] == "5 × 5"
    assert (rows["classifier"]["weight"], rows["classifier"]["bias"]) == ("3 × 5", "3")
    assert (rows["diffusion"]["weight"], rows["diffusion"]["parameters"]) == ("", 0)


def test_the_diagram_says_both_equations_and_stays_inside_its_frame():
    figure = network_diagram()
    (ax,) = figure.axes
    words = [text.get_text() for text in ax.texts]
    assert r"$x \leftarrow x + W_2\,\mathrm{ReLU}(W_1 x + b_1) + b_2$" in words
    assert r"$x \leftarrow x - \gamma\,L\,x$" in words
    svg(figure)
    frame = figure.bbox
    for text in ax.texts:
        box = text.get_window_extent()
        assert frame.x0 <= box.x0 <= box.x1 <= frame.x1, text.get_text()
        assert frame.y0 <= box.y0 <= box.y1 <= frame.y1, text.get_text()


def test_no_words_overlap():
    figure = network_diagram()
    svg(figure)
    boxes = [(text.get_text(), text.get_window_extent()) for text in figure.axes[0].texts]
    for index, (name, box) in enumerate(boxes):
        for other, beside in boxes[index + 1 :]:
            assert not box.overlaps(beside), (name, other)
