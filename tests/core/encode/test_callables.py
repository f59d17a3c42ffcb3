import sys

import numpy as np
import pytest

from diffresnet.encode import encoder_of
from diffresnet.encode.callables import check_callable, load_object
from diffresnet.encode.rows import encode_rows
from diffresnet.errors import InputError
from encode_cases import png

SOURCE = """
import numpy as np
import torch

weight = torch.ones(1, requires_grad=True)
size = 3

def lengths(texts):
    assert type(texts) is list and all(type(text) is str for text in texts)
    return [[len(text), text.count("a")] for text in texts]

def tensors(texts):
    return weight * torch.tensor([[float(len(text))] for text in texts]).to(torch.bfloat16)

def colours(images):
    return np.stack([np.asarray(image).mean((0, 1)) for image in images])

class Model:
    def encode(self, texts):
        return np.full((len(texts), 2), 7)

model = Model()
"""


@pytest.fixture
def module(tmp_path, monkeypatch):
    (tmp_path / "my_encoders.py").write_text(SOURCE)
    monkeypatch.chdir(tmp_path)
    yield tmp_path / "my_encoders.py"
    sys.modules.pop("my_encoders", None)


def test_functions_and_objects_encode_texts(module):
    def encode(name):
        return encode_rows(encoder_of(f"my_encoders:{name}"), ["banana", "b"]).matrix

    np.testing.assert_array_equal(encode("lengths"), [[6, 3], [1, 0]])
    np.testing.assert_array_equal(encode("tensors"), [[6], [1]])
    np.testing.assert_array_equal(encode("model"), [[7, 7], [7, 7]])
    assert encode("tensors").dtype == np.float32


def test_functions_encode_images(module, tmp_path):
    rows = [png(tmp_path / "a.png", (1, 2, 3)), png(tmp_path / "b.png", 9, mode="L")]
    encoded = encode_rows(encoder_of("my_encoders:colours"), rows)
    np.testing.assert_array_equal(encoded.matrix, [[1, 2, 3], [9, 9, 9]])


def test_the_identity_follows_the_source(module):
    before = encoder_of("my_encoders:lengths").identity
    assert before == encoder_of("my_encoders:lengths").identity
    assert before != encoder_of("my_encoders:tensors").identity
    module.write_text(SOURCE + "\nmore = 1\n")
    assert before != encoder_of("my_encoders:lengths").identity


def test_what_cannot_be_found_or_called(module, tmp_path):
    (tmp_path / "my_slip.py").write_text("def mean(x:\n")
    for name, line in (
        ("my_encoders:other", "no attribute 'other'"),
        ("no_such_module:f", "no module named"),
        ("my_encoders:size", "cannot be called"),
        (":f", "cannot find"),
        ("my_slip:mean", "cannot find 'my_slip:mean', also in .*my_slip.py, line 1"),
        ("torch.nn:Flatten", "is a class; name an object of it"),
    ):
        with pytest.raises(InputError, match=line):
            encoder_of(name)
    with pytest.raises(InputError, match="'my_encoders:model' is a Model, which cannot be called"):
        check_callable(load_object("my_encoders:model"), "my_encoders:model")
