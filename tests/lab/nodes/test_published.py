from dataclasses import asdict, replace

import numpy as np
import pytest
import scipy.sparse as sp

from diffresnet_lab.nodes.published import published_hyperparameters, published_name
from diffresnet_lab.nodes.registry import model_spec, registered_spec
from node_cases import node_data


def under_the_name_of(name, features, classes):
    data = node_data()
    wide = sp.csr_array((len(data), features), dtype=np.float32)
    return replace(data, name=name, features=wide, classes=classes)


CORA = under_the_name_of("cora", 1433, 7)
CITESEER = under_the_name_of("citeseer", 3703, 6)
PUBMED = under_the_name_of("pubmed", 500, 3)


def test_a_graph_that_is_merely_called_so_gets_nothing():
    merely = replace(node_data(), name="pubmed")
    assert published_name(merely) == ""
    longest = merely.laplacian.max_step()
    assert model_spec("diff_resnet", merely).config.gamma <= 0.9 * longest
    for model in ("gcnii", "grand_l"):
        assert model_spec(model, merely).config == model_spec(model, node_data()).config
    assert published_name(PUBMED) == "pubmed"
    assert published_name(replace(PUBMED, name="hub")) == ""


def test_the_authors_settings_of_each_graph():
    released = [model_spec("diff_resnet", data).config for data in (CORA, CITESEER, PUBMED)]
    assert [(c.gamma, c.steps, c.dropout) for c in released] == [
        (0.25, 20, 0.25),
        (0.20, 20, 0.35),
        (0.40, 10, 0.30),
    ]
    grand = [model_spec("grand_nl_rw", data) for data in (CORA, CITESEER, PUBMED)]
    assert [(s.config.time, s.config.heads, s.training.learning_rate) for s in grand] == [
        (18.29, 8, 0.0229),
        (7.874, 8, 0.00864),
        (12.942, 1, 0.01467),
    ]
    assert all(s.config.nonlinear and s.config.pagerank_neighbors == 16 for s in grand)
    gcnii = [model_spec("gcnii", data) for data in (CORA, CITESEER, PUBMED)]
    assert [(s.config.depth, s.config.hidden) for s in gcnii] == [(64, 64), (32, 256), (16, 256)]
    assert {s.training.patience for s in gcnii} == {100}


def test_variants_keep_what_makes_them():
    assert model_spec("no_diff_resnet", PUBMED).config.steps == 0
    assert model_spec("no_diff_resnet", PUBMED).config.dropout == 0.30
    assert model_spec("diff_resnet_once", CITESEER).config.placement == "once"


@pytest.mark.parametrize(
    ("table", "model"), [("diff_resnet", "diff_resnet"), ("gcnii", "gcnii"), ("grand", "grand_l")]
)
def test_the_table_names_fields_of_the_config(table, model):
    spec = registered_spec(model)
    hyperparameters = published_hyperparameters(table)
    assert set(hyperparameters) == {"cora", "citeseer", "pubmed"}
    for values in hyperparameters.values():
        assert set(values) - {"training"} <= set(asdict(spec.config))
        assert set(values.get("training", {})) <= set(asdict(spec.training))
