import numpy as np
import pytest
import torch
from torch import nn

from backbone_cases import bars
from diffresnet.errors import InputError
from diffresnet_lab.backbones import ImageEncoder, embed_images
from diffresnet_lab.backbones.embedding import features_file


def test_batches_are_put_together_in_order():
    data = bars(channels=3)
    seen = []
    features = embed_images(data, lambda x: x.mean((2, 3)), batch_size=7, advance=seen.append)
    expected = (data.images / 255.0).mean((1, 2))
    np.testing.assert_allclose(features, expected, atol=1e-6)
    assert features.dtype == np.float32
    assert (sum(seen), max(seen)) == (len(data), 7)


def test_a_module_works_in_evaluation_mode_and_is_left_as_it_was():
    net = nn.Sequential(
        nn.Conv2d(1, 4, 3), nn.BatchNorm2d(4), nn.AdaptiveAvgPool2d(1), nn.Flatten()
    )
    before = {name: value.clone() for name, value in net.state_dict().items()}
    first, second = (
        embed_images(bars(), net, batch_size=5),
        embed_images(bars(), net, batch_size=48),
    )
    np.testing.assert_allclose(first, second, atol=1e-6)  # no statistics of the batch
    assert net.training
    assert all(torch.equal(before[name], value) for name, value in net.state_dict().items())


def test_callables_of_numpy_are_welcome():
    features = embed_images(bars(), lambda x: x.numpy().reshape(len(x), -1))
    assert features.shape == (48, 256)


@pytest.mark.parametrize(
    "wrong",
    [
        lambda x: x,
        lambda x: x.mean((2, 3))[:1],
        lambda x: x.mean((2, 3)) / 0.0,
        lambda x: np.full((len(x), 2), 1e300),
        lambda x: "features",
        lambda x: x.mean((2, 3))[:, :0],
        lambda x: x.mean((2, 3)) * 1j,
        lambda x: [[1.0], *[[1.0, 2.0]] * (len(x) - 1)],
    ],
)
def test_what_is_no_features(wrong):
    with pytest.raises(InputError, match="the backbone"):
        embed_images(bars(), wrong)


def test_one_width_for_all_images():
    with pytest.raises(InputError, match="5 features for some images and 3 for others"):
        embed_images(bars(), lambda x: np.ones((len(x), len(x))), batch_size=5)


def test_short_floats_are_near():
    model = ImageEncoder("resnet18", 16, 16, [0.5], [0.25])
    full, short = (embed_images(bars(), model, mixed_precision=p) for p in ("no", "bf16"))
    assert short.dtype == np.float32
    assert 0.0 < np.abs(full - short).max() < 0.05 * np.abs(full).max()


def test_the_test_view_is_resized_cropped_and_normalised():
    model = ImageEncoder("conv4", 16, 20, [0.5], [0.25]).eval()
    images = torch.rand(2, 1, 20, 20)
    with torch.no_grad():
        expected = model.backbone((images[:, :, 2:18, 2:18] - 0.5) / 0.25)
        torch.testing.assert_close(model(images), expected)
        assert model(torch.rand(2, 1, 40, 40)).shape == (2, 64)


def test_a_seed_decides_what_a_model_draws():
    before = torch.get_rng_state()
    first, same, other = (
        embed_images(bars(), lambda x: torch.rand(len(x), 3), seed=seed) for seed in (1, 1, 2)
    )
    np.testing.assert_array_equal(first, same)
    assert not np.array_equal(first, other)
    assert torch.equal(torch.get_rng_state(), before)


def test_the_arrays_of_a_features_file():
    data = bars()
    arrays = features_file(np.ones((48, 2), np.float32), data, "float16")
    assert list(arrays) == ["features", "labels", "class_names"]
    assert arrays["features"].dtype == np.float16
    with pytest.raises(InputError, match="too large for float16"):
        features_file(np.full((48, 2), 1e6, np.float32), data, "float16")
