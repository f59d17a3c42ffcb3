import shutil
from dataclasses import replace

import numpy as np
import pytest
import torch

from backbone_cases import bars
from diffresnet.errors import InputError
from diffresnet_lab.backbones import (
    AUGMENTATIONS,
    ImageEncoder,
    TrainingConfig,
    ValidationConfig,
    embed_images,
    final_accuracies,
    load_backbone,
    train_backbone,
)
from diffresnet_lab.backbones.checkpoint import BACKBONE_FILE, LAST_FILE, read_tensors

TINY = TrainingConfig(
    backbone="conv4",
    size=16,
    resize=16,
    augmentation=AUGMENTATIONS["drawing"],
    epochs=4,
    batch=16,
    validation=ValidationConfig(ways=3, shots=1, queries=5, tasks=20),
)
VAL = bars(classes=3, first=4, seed=1)


def train(folder, config=TINY, validation=VAL, **more):
    folder.mkdir(exist_ok=True)
    return train_backbone(bars(), validation, config, folder, device="cpu", **more)


def told(rows):
    return [(r.epoch, r.learning_rate, r.loss, r.accuracy, r.validation) for r in rows]


def test_it_learns_and_keeps_the_best(tmp_path):
    settings = replace(TINY, epochs=12, drops=(0.75,))
    seen = []
    rows = train(tmp_path, settings, on_epoch=seen.append, held_out=VAL.class_names)
    assert seen == rows
    assert rows[-1].loss < 0.8 * rows[0].loss
    assert rows[-1].accuracy > 80.0  # of 4 classes
    validated = {row.epoch: row.validation for row in rows if row.validation is not None}
    assert list(validated) == [10, 11, 12]
    model, card = load_backbone(tmp_path)
    assert card.validation == max(validated.values()) == validated[card.epoch]
    assert card.classes == ("bar0", "bar1", "bar2", "bar3")
    assert card.held_out == ("bar4", "bar5", "bar6")
    assert card.settings["augmentation"]["degrees"] == 10.0
    assert embed_images(VAL, model).shape == (36, 64)


GROWING = replace(TINY, backbone="resnet18", early_sizes=(8,), schedule="one-cycle", epochs=3)


@pytest.mark.parametrize(
    "settings",
    [
        replace(TINY, augmentation=AUGMENTATIONS["drawing-turned"]),
        replace(TINY, augmentation=AUGMENTATIONS["photo"]),
        GROWING,
    ],
)
def test_a_stopped_training_goes_on_to_the_same_bits(tmp_path, settings):
    whole = train(tmp_path / "whole", settings)

    def stop(row):
        if row.epoch == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        train(tmp_path / "parts", settings, on_epoch=stop)
    rows = train(tmp_path / "parts", settings, resume=True)
    assert told(rows) == told(whole)
    for file in (LAST_FILE, BACKBONE_FILE):
        one, other = (read_tensors(tmp_path / part / file)[0] for part in ("whole", "parts"))
        assert one.keys() == other.keys()
        assert all(torch.equal(one[name], other[name]) for name in one)


def test_sizes_grow_and_every_step_has_its_rate(tmp_path, monkeypatch):
    sizes, rates = [], []
    encode, step = ImageEncoder.encode_crops, torch.optim.SGD.step

    def see(self, crops):
        if self.training:
            sizes.append(crops.shape[2:])
        return encode(self, crops)

    def note(self, *args, **kwargs):
        rates.append(self.param_groups[0]["lr"])
        return step(self, *args, **kwargs)

    monkeypatch.setattr(ImageEncoder, "encode_crops", see)
    monkeypatch.setattr(torch.optim.SGD, "step", note)
    train(tmp_path, GROWING)
    assert sizes == [(8, 8)] * 6 + [(16, 16)] * 3
    middles = [(step + 0.5) / 3 for step in range(3)]
    assert rates == [GROWING.learning_rate_at(e, done) for e in (1, 2, 3) for done in middles]


def test_a_finished_training_is_not_done_again(tmp_path):
    rows = train(tmp_path)
    assert train(tmp_path, resume=True, advance=lambda n: pytest.fail("a step")) == rows


def test_nothing_global_is_changed(tmp_path):
    torch.manual_seed(5)
    expected = torch.rand(3)
    torch.manual_seed(5)
    train(tmp_path, replace(TINY, epochs=1))
    assert torch.equal(torch.rand(3), expected)


def test_the_seed_decides(tmp_path):
    first = train(tmp_path / "a", replace(TINY, epochs=1))
    assert told(train(tmp_path / "b", replace(TINY, epochs=1))) == told(first)
    assert told(train(tmp_path / "c", replace(TINY, epochs=1, seed=1))) != told(first)


def test_mixed_precision_and_then_full(tmp_path):
    """accelerate's state of one training does not reach the next."""
    half = train(tmp_path / "half", replace(TINY, epochs=1), mixed_precision="bf16")
    full = train(tmp_path / "full", replace(TINY, epochs=1))
    assert half[0].loss != full[0].loss
    assert half[0].loss == pytest.approx(full[0].loss, rel=0.1)


def test_without_validation_the_last_epoch_is_kept(tmp_path):
    rows = train(tmp_path, validation=None)
    assert all(row.validation is None for row in rows)
    card = load_backbone(tmp_path)[1]
    assert (card.epoch, card.validation) == (4, None)


def test_momentum_decay_and_rate_are_those_of_sgd(tmp_path, monkeypatch):
    groups = []
    original = torch.optim.SGD.__init__

    def spy(self, *args, **kwargs):
        original(self, *args, **kwargs)
        groups.append(self.param_groups[0] | {"params": None})

    monkeypatch.setattr(torch.optim.SGD, "__init__", spy)
    rows = train(tmp_path)
    assert (groups[0]["lr"], groups[0]["momentum"], groups[0]["weight_decay"]) == (0.1, 0.9, 5e-4)
    assert not groups[0]["nesterov"]
    assert [row.learning_rate for row in rows] == pytest.approx([0.1, 0.1, 0.01, 0.001])


def test_bad_data_and_states_are_one_line(tmp_path):
    folder = tmp_path / "run"
    train(folder, replace(TINY, epochs=1))
    with pytest.raises(InputError, match="is there already; resume it"):
        train(folder)
    with pytest.raises(InputError, match=r"other settings \(epochs: 1 then, 4 now\)"):
        train(folder, resume=True)
    with pytest.raises(InputError, match=r"other settings \(schedule: steps then, one-cycle now\)"):
        train(folder, replace(TINY, epochs=1, schedule="one-cycle"), resume=True)
    with pytest.raises(InputError, match=r"other data \(images: 48 then, 40 now\)"):
        train_backbone(
            bars(each=10), VAL, replace(TINY, epochs=1), folder, device="cpu", resume=True
        )
    with pytest.raises(InputError, match=r"other data \(checksum: "):
        train_backbone(
            bars(seed=5), VAL, replace(TINY, epochs=1), folder, device="cpu", resume=True
        )
    with pytest.raises(InputError, match=r"other validation data \(images: 36 then, 30 now\)"):
        train(folder, replace(TINY, epochs=1), bars(classes=3, first=4, each=10), resume=True)
    with pytest.raises(InputError, match=r"other validation data$"):
        train(folder, replace(TINY, epochs=1), None, resume=True)
    (folder / LAST_FILE).write_bytes((folder / LAST_FILE).read_bytes()[:500])
    with pytest.raises(InputError, match="is damaged"):
        train(folder, replace(TINY, epochs=1), resume=True)
    shutil.rmtree(folder)
    with pytest.raises(InputError, match="'bar0' is in the training and the validation images"):
        train(folder, validation=bars())
    with pytest.raises(InputError, match="have 1 channels, those for validation 3"):
        train(folder, validation=bars(classes=3, first=4, channels=3))
    with pytest.raises(InputError, match=r"of the validation images .* fewer than 3 ways"):
        train(folder, validation=bars(classes=2, first=4))
    with pytest.raises(InputError, match=r"fewer has class 'bar4' \(3 rows\)"):
        train(folder, validation=bars(classes=3, first=4, each=3))
    with pytest.raises(InputError, match="stored at 16 pixels, not 18"):
        train(folder, replace(TINY, resize=18))
    with pytest.raises(InputError, match="train on auto, cpu or cuda"):
        train_backbone(bars(), VAL, TINY, folder, device="cuda:1")
    with pytest.raises(InputError, match="the learning rate is a positive number, not nan"):
        replace(TINY, learning_rate=float("nan"))
    one = replace(bars(), labels=np.where(np.arange(48) == 7, -1, bars().labels))
    with pytest.raises(InputError, match="1 of 48 training images have no class"):
        train_backbone(one, VAL, TINY, folder, device="cpu")
    unlabelled = replace(bars(), labels=np.full(48, -1))
    with pytest.raises(InputError, match="each with its class"):
        train_backbone(unlabelled, VAL, TINY, folder, device="cpu")


def test_an_epoch_with_no_query_right_is_kept_too(tmp_path, monkeypatch):
    monkeypatch.setattr(
        "diffresnet_lab.backbones.training.prototype_accuracies", lambda *args: np.zeros(20)
    )
    train(tmp_path, replace(TINY, epochs=2))
    assert load_backbone(tmp_path)[1].validation == 0.0


def test_names_without_images_are_no_classes(tmp_path):
    """Splits may come with the names of all classes of the data set."""
    names = tuple(f"bar{i}" for i in range(9))
    whole, val = bars(), bars(classes=3, first=4, seed=1)
    whole = replace(whole, class_names=names)
    val = replace(val, class_names=names, labels=val.labels + 4)
    val.labels[0] = -1
    settings = replace(TINY, epochs=1)
    train_backbone(whole, val, settings, tmp_path, device="cpu")
    assert load_backbone(tmp_path)[1].classes == names[:4]
    results = final_accuracies(tmp_path, whole, val.drop_empty_classes(), settings)
    assert [row["shots"] for row in results] == [1, 1, 5, 5]


def test_a_loss_that_is_no_number_stops_the_training(tmp_path):
    with pytest.raises(RuntimeError, match="no longer a number in epoch"):
        train(tmp_path, replace(TINY, learning_rate=1e30))
    assert not (tmp_path / BACKBONE_FILE).exists()
