"""Features of InceptionV3, from a file of weights that the user has."""

import os
import pathlib

import keras

from tfdisent.evaluation.features.extractor import (
    RESIZE,
    FeatureExtractor,
    check_file,
    extract_with,
)

MD5 = "bcbd6486424b2319ff4ef7d526e38f63"
URL = (
    "https://storage.googleapis.com/tensorflow/keras-applications/inception_v3/"
    "inception_v3_weights_tf_dim_ordering_tf_kernels_notop.h5"
)
_SIZE = 299


def inception_v3(weights: str | os.PathLike) -> FeatureExtractor:
    """The features of the FID: 2,048 means of InceptionV3's last feature map.

    The weights are Keras's own of ImageNet. Most published FIDs are taken in a
    graph of 2015 that TensorFlow once shipped (inception-2015-12-05) or its
    port to PyTorch, whose weights differ; those numbers and these are not to
    be compared. Further, images are float, not rounded to 8 bits, and resized
    as TensorFlow 2 does (half-pixel centres).

    Args:
      weights: path of the file that Keras publishes at `URL`, with the md5
        that Keras asks for (`MD5`).

    Raises:
      UsageError: the file is missing or another.
    """
    path = pathlib.Path(weights)
    check_file(path, "md5", MD5, f"give the file that Keras publishes at {URL}")
    model = keras.applications.InceptionV3(
        include_top=False,
        weights=None,
        input_shape=(_SIZE, _SIZE, 3),
        pooling="avg",
    )
    model.load_weights(path)

    def network(images):
        scaled = keras.applications.inception_v3.preprocess_input(255 * images)
        return model(scaled, training=False)

    return FeatureExtractor(
        name="inception_v3",
        frechet_name="fid",
        kernel_name="kid",
        size=_SIZE,
        resize=RESIZE,
        weights=f"md5:{MD5}",
        extract=extract_with(network, _SIZE),
    )
