from dataclasses import replace

import pytest

from diffresnet.errors import InputError
from diffresnet.similarity import GraphSettings


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"n_neighbors": 0}, "n_neighbors and scale_neighbor must be at least 1"),
        ({"scale_neighbor": 0}, "n_neighbors and scale_neighbor must be at least 1"),
        ({"bandwidth": 0.0}, "bandwidth must be a positive number, not 0.0"),
        ({"bandwidth": float("nan")}, "bandwidth must be a positive number, not nan"),
        ({"bandwidth": float("inf")}, "bandwidth must be a positive number, not inf"),
        ({"metric": "manhattan"}, "metric must be one of .* not 'manhattan'"),
        ({"scale": "no"}, "scale must be one of .* not 'no'"),
        ({"symmetrize": "max"}, "symmetrize must be one of .* not 'max'"),
        ({"normalize": "rows"}, "normalize must be one of .* not 'rows'"),
    ],
)
@pytest.mark.usefixtures("unchecked")
def test_bad_settings(options, message):
    with pytest.raises(InputError, match=message):
        GraphSettings(**options)


def test_presets_count_the_point_itself():
    few = GraphSettings.few_shot(ntop=8, scale_rank=4)
    assert (few.n_neighbors, few.scale_neighbor, few.neighbors_needed) == (6, 3, 7)
    assert few == GraphSettings.few_shot()
    synthetic = GraphSettings.synthetic(ntop=20, bandwidth=0.5)
    assert (synthetic.n_neighbors, synthetic.bandwidth, synthetic.neighbors_needed) == (19, 0.5, 19)


@pytest.mark.parametrize(
    ("preset", "arguments"),
    [("few_shot", (2, 4)), ("few_shot", (8, 1)), ("synthetic", (1, 0.5))],
)
def test_presets_that_leave_nothing(preset, arguments):
    with pytest.raises(InputError, match=r"counts? the point itself"):
        getattr(GraphSettings, preset)(*arguments)


def test_neighbors_needed():
    assert GraphSettings(n_neighbors=5, scale_neighbor=9).neighbors_needed == 9
    assert GraphSettings(n_neighbors=12, scale_neighbor=9).neighbors_needed == 12
    assert GraphSettings(n_neighbors=5, scale="global", scale_neighbor=9).neighbors_needed == 5
    assert replace(GraphSettings(n_neighbors=12), strict=True).neighbors_needed == 13
