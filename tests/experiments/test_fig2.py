import numpy as np
import pytest

from diffresnet_lab.experiments.fig2.page import structured_figure
from diffresnet_lab.experiments.fig2.study import farthest_pair, nearest_pair, structured_set


@pytest.mark.parametrize("seed", [42, 1, 2])
def test_the_marked_lengths_are_those_of_the_points(seed):
    data = structured_set(seed)
    geometry = data.geometry()
    lengths = [
        np.linalg.norm(np.subtract(*data.points[list(farthest_pair(data, s))])) for s in range(6)
    ]
    assert geometry.diameter == pytest.approx(max(lengths))
    near = data.points[list(nearest_pair(data, *geometry.closest))]
    assert geometry.distance == pytest.approx(np.linalg.norm(near[0] - near[1]))
    texts = [text.get_text() for text in structured_figure(data).axes[0].texts]
    assert f"D = {geometry.diameter:.2f}\nlargest diameter" in texts
    assert f"L = {geometry.distance:.2f}\nsmallest distance" in texts


def test_subsets_lie_apart_and_classes_have_several():
    data = structured_set()
    assert data.geometry().distance > 0.3
    for c in (0, 1):
        assert len(np.unique(data.subsets[data.classes == c])) == 3
