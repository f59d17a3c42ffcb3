import numpy as np
import pytest
import torch

from diffresnet.errors import InputError
from diffresnet_lab.backbones import AUGMENTATIONS, AugmentationConfig, TrainingConfig
from diffresnet_lab.backbones.augmentation import Augmenter, rotate
from diffresnet_lab.backbones.encoder import crop_centre


def test_turned_by_right_angles():
    images = torch.rand(6, 3, 5, 5)
    turns = torch.tensor([0, 1, 2, 3, 1, 0])
    for image, k, out in zip(images, turns, rotate(images, turns), strict=True):
        np.testing.assert_array_equal(out, np.rot90(image, int(k), (1, 2)))


def test_a_turned_image_is_of_another_class():
    torch.manual_seed(0)
    view = Augmenter(AugmentationConfig(None, 0.0, False, right_angles=True), 8, 1, classes=10)
    images, labels = torch.rand(40, 1, 8, 8), torch.arange(40) % 10
    views, target = view(images, labels)
    assert set((target // 10).tolist()) == {0, 1, 2, 3}
    torch.testing.assert_close(target % 10, labels)
    torch.testing.assert_close(views, rotate(images, target // 10))


@pytest.mark.parametrize("name", AUGMENTATIONS)
@pytest.mark.parametrize("channels", [1, 3])
def test_views_have_the_size_of_the_network_and_stay_in_range(name, channels):
    torch.manual_seed(0)
    images = torch.rand(8, channels, 24, 24)
    views, _ = Augmenter(AUGMENTATIONS[name], 20, channels, 5)(images, torch.zeros(8).long())
    assert views.shape == (8, channels, 20, 20)
    assert float(views.min()) >= -1e-6
    assert float(views.max()) <= 1 + 1e-6
    moved = (views - crop_centre(images, 20)).abs().amax((1, 2, 3)) > 1e-3
    assert bool(moved.all()) == (name != "none")


def test_a_moved_drawing_has_no_black_corners():
    torch.manual_seed(0)
    views, _ = Augmenter(AUGMENTATIONS["drawing"], 20, 1, 5)(
        torch.ones(8, 1, 20, 20), torch.zeros(8).long()
    )
    torch.testing.assert_close(views, torch.ones(8, 1, 20, 20))


@pytest.mark.parametrize("wrong", [{"crop": 0.0}, {"jitter": 1.0}, {"degrees": 200.0}])
def test_what_is_refused(wrong):
    with pytest.raises(InputError):
        AugmentationConfig(**wrong)


@pytest.mark.parametrize(
    "wrong",
    [
        {"backbone": "vgg"},
        {"size": 84, "resize": 80},
        {"epochs": 0},
        {"batch": 1},
        {"early_sizes": (96,)},
        {"early_sizes": (0,)},
        {"early_sizes": (16,), "backbone": "conv4"},
    ],
)
def test_settings_that_are_refused(wrong):
    with pytest.raises(InputError):
        TrainingConfig(**wrong)


def test_one_cycle_rises_and_falls_once():
    config = TrainingConfig(schedule="one-cycle", epochs=10, learning_rate=0.2)
    rates = [config.learning_rate_at(e, done / 4) for e in range(1, 11) for done in range(4)]
    assert rates[0] == 0.0
    assert rates[12] == max(rates) == 0.2  # after 3 of 10 epochs
    assert sorted(rates[:13]) == rates[:13]
    assert sorted(rates[12:], reverse=True) == rates[12:]
    assert config.learning_rate_at(10, 1.0) == pytest.approx(0.0, abs=1e-12)


def test_sizes_share_the_epochs_in_their_order():
    config = TrainingConfig(size=32, resize=32, early_sizes=(16, 16, 24), epochs=9)
    assert [config.size_at(e) for e in range(1, 10)] == [16] * 5 + [24] * 2 + [32] * 2
    assert {TrainingConfig().size_at(e) for e in range(1, 101)} == {84}


def test_the_last_quarter_is_looked_at():
    validated = [e for e in range(1, 101) if TrainingConfig(epochs=100).validates_at(e)]
    assert validated == list(range(76, 101))
    assert TrainingConfig(epochs=1).validates_at(1)
