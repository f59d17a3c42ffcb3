from dataclasses import asdict

import numpy as np
import pytest
from PIL import Image

from backbone_cases import bars
from diffresnet.encode import encoder_of
from diffresnet.encode.rows import encode_rows
from diffresnet.errors import InputError
from diffresnet_lab.backbones import BackboneCard, ImageEncoder, embed_images
from diffresnet_lab.backbones.checkpoint import BACKBONE_FILE, write_tensors


@pytest.mark.parametrize("channels", [1, 3])
def test_a_trained_backbone_is_an_encoder(tmp_path, channels):
    card = BackboneCard("conv4", channels, 16, 16, ("a",), (), 1, None, {})
    model = ImageEncoder("conv4", 16, 16, [0.5] * channels, [0.25] * channels).eval()
    write_tensors(tmp_path / BACKBONE_FILE, model.state_dict(), asdict(card))
    data = bars(channels=channels).images[:5]
    rows = [tmp_path / f"{i}.png" for i in range(len(data))]
    for path, pixels in zip(rows, data, strict=True):
        Image.fromarray(pixels.squeeze()).save(path)
    encoder = encoder_of(f"backbone:{tmp_path}", "cpu")
    encoded = encode_rows(encoder, rows, cache=tmp_path / "vectors")
    np.testing.assert_allclose(encoded.matrix, embed_images(data, model), atol=1e-5)
    assert encoder.kinds == {"image"}
    model.backbone.requires_grad_(False)
    next(model.backbone.parameters())[0] += 1
    write_tensors(tmp_path / BACKBONE_FILE, model.state_dict(), asdict(card))
    assert encoder_of(f"backbone:{tmp_path}", "cpu").identity != encoder.identity


def test_there_is_no_backbone(tmp_path):
    with pytest.raises(InputError, match="no backbone at"):
        encoder_of(f"backbone:{tmp_path}", "cpu")
