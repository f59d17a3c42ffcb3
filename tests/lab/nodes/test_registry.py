from dataclasses import asdict

import pytest

from diffresnet.errors import InputError
from diffresnet_lab.nodes.registry import MODELS, model_spec, registered_spec
from node_cases import node_data


@pytest.mark.parametrize("name", MODELS)
def test_every_line_is_a_model_of_that_name(name):
    data = node_data()
    spec = model_spec(name, data)
    assert spec.name == registered_spec(name).name == name
    assert spec.title
    assert asdict(spec.config)
    assert spec.small_configs
    for needed in spec.needs:
        assert hasattr(data, needed)
    assert spec.build(data, [1, 2]).replicas == 2


def test_titles_are_their_own():
    assert len({registered_spec(name).title for name in MODELS}) == len(MODELS)


def test_an_unknown_model():
    with pytest.raises(InputError, match="no model 'gnn'; there are diff_resnet") as caught:
        model_spec("gnn", node_data())
    assert caught.value.parameter == "model"
