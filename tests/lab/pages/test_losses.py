from diffresnet_lab.pages.figures.losses import loss_curves
from diffresnet_lab.pages.style import svg


def test_the_curves_hold_what_was_given():
    figure = loss_curves([1, 2, 3], [3.0, 2.0, 1.5], [10.0, 40.0, 50.0], [None, None, 70.0])
    above, below = figure.axes
    assert above.lines[0].get_ydata().tolist() == [3.0, 2.0, 1.5]
    assert below.lines[0].get_ydata().tolist() == [10.0, 40.0, 50.0]
    assert list(below.lines[1].get_xdata()) == [3]
    assert svg(figure).startswith(b"<?xml")


def test_without_validation_there_is_one_accuracy():
    figure = loss_curves([1], [3.0], [10.0], [None])
    assert len(figure.axes[1].lines) == 1
