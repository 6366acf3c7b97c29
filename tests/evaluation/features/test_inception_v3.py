import hashlib
import pathlib

import h5py
import keras
import numpy as np
import pytest
from keras.src.applications import inception_v3 as keras_inception
from keras.src.legacy.saving import legacy_h5_format

from tfdisent.errors import UsageError
from tfdisent.evaluation.features import inception_v3 as module
from tfdisent.evaluation.features.inception_v3 import inception_v3


def test_hash_and_address_are_those_of_keras():
    source = pathlib.Path(keras_inception.__file__).read_text()
    assert f'file_hash="{module.MD5}"' in source.split("_notop.h5")[-1]
    assert module.URL == keras_inception.WEIGHTS_PATH_NO_TOP


@pytest.mark.parametrize("exists", [True, False])
def test_other_and_missing_files_are_refused(tmp_path, exists):
    path = tmp_path / "inception.h5"
    if exists:
        path.write_bytes(b"other weights")
    with pytest.raises(UsageError) as caught:
        inception_v3(path)
    message = str(caught.value)
    assert str(path) in message
    assert module.MD5 in message
    assert module.URL in message


@pytest.mark.slow
def test_features_are_those_of_keras(tmp_path, monkeypatch):
    """A file in Keras's format with random weights stands for the real one."""
    keras.utils.set_random_seed(0)
    model = keras.applications.InceptionV3(
        include_top=False,
        weights=None,
        input_shape=(299, 299, 3),
        pooling="avg",
    )
    path = tmp_path / "notop.h5"
    with h5py.File(path, "w") as file:
        legacy_h5_format.save_weights_to_hdf5_group(file, model)
    md5 = hashlib.md5(path.read_bytes()).hexdigest()
    monkeypatch.setattr(module, "MD5", md5)
    extractor = inception_v3(path)

    images = np.random.default_rng(0).random((2, 299, 299, 3), np.float32)
    features = extractor.extract(images)
    expected = model.predict_on_batch(2 * images - 1)
    np.testing.assert_allclose(features, expected, rtol=1e-3, atol=1e-5)
    assert features.shape == (2, 2048)
    assert extractor.extract(images[:1, :32, :32, :1]).shape == (1, 2048)
    assert extractor.weights == f"md5:{md5}"
    assert extractor.frechet_name == "fid"
    assert extractor.kernel_name == "kid"
    assert extractor.size == 299
