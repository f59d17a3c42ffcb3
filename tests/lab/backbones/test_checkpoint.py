import pytest
import torch
from safetensors.torch import save_file

from diffresnet.errors import InputError
from diffresnet_lab.backbones import load_backbone
from diffresnet_lab.backbones.checkpoint import BACKBONE_FILE, read_tensors, write_tensors


def test_tensors_and_facts_come_back(tmp_path):
    tensors = {
        "last": torch.rand(2, 3, 4, 5).contiguous(memory_format=torch.channels_last),
        "count": torch.tensor(7),
        "half": torch.rand(3).bfloat16(),
    }
    write_tensors(tmp_path / "x.safetensors", tensors, {"epoch": 3, "names": ["é"]})
    read, metadata = read_tensors(tmp_path / "x.safetensors")
    assert metadata == {"epoch": 3, "names": ["é"]}
    assert read.keys() == tensors.keys()
    (tmp_path / "other").touch()
    modes = {path.stat().st_mode for path in tmp_path.iterdir()}
    assert len(modes) == 1  # as the umask says
    for name, tensor in tensors.items():
        assert read[name].dtype == tensor.dtype
        assert torch.equal(read[name], tensor)


def test_an_old_file_stands_when_writing_fails(tmp_path):
    path = tmp_path / "x.safetensors"
    write_tensors(path, {"a": torch.zeros(2)}, {})
    before = path.read_bytes()
    with pytest.raises(TypeError):
        write_tensors(path, {"a": torch.ones(2)}, {"no JSON": object()})
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]


def test_what_is_no_backbone(tmp_path):
    with pytest.raises(InputError, match="no backbone at"):
        load_backbone(tmp_path)
    path = tmp_path / BACKBONE_FILE
    path.write_bytes(b"\x80\x04pickle")
    with pytest.raises(InputError, match="is damaged"):
        load_backbone(tmp_path)
    save_file({"a": torch.zeros(2)}, path)
    with pytest.raises(InputError, match="is no checkpoint"):
        load_backbone(path)
    write_tensors(path, {"a": torch.zeros(2)}, {"epoch": 3})
    with pytest.raises(InputError, match="is no backbone"):
        load_backbone(path)
