import importlib.util
from pathlib import Path

import pytest
import torch
from sklearn.datasets import load_digits
from torch import nn

from diffresnet import DiffusionLayer
from diffresnet.operators import DenseLaplacian
from diffresnet.similarity import GraphSettings, dense_similarity

EXAMPLE = Path(__file__).parents[3] / "examples" / "plug_into_a_cnn.py"


@pytest.fixture(scope="module")
def example():
    spec = importlib.util.spec_from_file_location(EXAMPLE.stem, EXAMPLE)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("diffusion", [False, True])
def test_one_step_of_training(example, diffusion):
    torch.manual_seed(0)
    digits = load_digits()
    x = torch.from_numpy(digits.images[:200]).float()[:, None] / 16
    y = torch.from_numpy(digits.target[:200]).long()
    net = example.CNN(diffusion)
    optimizer = torch.optim.Adam(net.parameters(), lr=5e-3)
    losses = []
    for _ in range(2):
        loss = nn.functional.cross_entropy(net(x), y)
        losses.append(float(loss.detach()))
        loss.backward()
        optimizer.step()
        optimizer.zero_grad()
    assert losses[1] < losses[0]


def test_three_lines_differ(example):
    # A layer in the place of nothing: the same parameters, the same shapes.
    plain, diffused = (example.CNN(d) for d in (False, True))
    assert isinstance(diffused.diffuse, DiffusionLayer)
    shapes = [{k: v.shape for k, v in net.state_dict().items()} for net in (plain, diffused)]
    assert shapes[0] == shapes[1]
    marked = [line for line in EXAMPLE.read_text().splitlines() if "# 1" in line or "# 2" in line]
    assert len(marked) == 2
    assert "# 3" in EXAMPLE.read_text()


def test_settings_are_stable_on_the_whole_batch(example):
    torch.manual_seed(0)
    x = torch.from_numpy(load_digits().images).float()[:, None] / 16
    net = example.CNN(True)
    with torch.no_grad():
        graph = DenseLaplacian(dense_similarity(net.body(x), GraphSettings.few_shot()))
        assert net.diffuse.gamma <= 0.8 * graph.max_step()
        assert net(x).shape == (1797, 10)
