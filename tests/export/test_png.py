"""PNG files that Pillow and hand-written chunks make, read and written."""

import io
import struct
import time
import zlib

import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

from tfdisent.export.png import read_pngs, write_pngs

HEIGHT, WIDTH = 4, 3
LEVELS = np.random.default_rng(0).integers(0, 256, (HEIGHT, WIDTH, 4), "u1")
LEVELS[0, 0], LEVELS[0, 1] = 0, 255


def _saved(picture, **options):
    file = io.BytesIO()
    picture.save(file, "png", **options)
    return file.getvalue()


def _picture(mode):
    return Image.fromarray(LEVELS, "RGBA").convert(mode)


def _read(file, channels):
    images = read_pngs(tf.constant([file]), (HEIGHT, WIDTH, channels))
    assert images.dtype == tf.float32
    (image,) = images.numpy()
    return image


def _chunk(kind, content):
    check = struct.pack(">I", zlib.crc32(kind + content))
    return struct.pack(">I", len(content)) + kind + content + check


def _rows(levels):
    """Rows without a filter, as they lie in a file before compression."""
    return b"".join(b"\0" + row.tobytes() for row in levels if row.size)


def _png(height, width, bits, colour, rows, *chunks, interlaced=0):
    """A PNG file from its parts, of any size."""
    head = struct.pack(">IIB", width, height, bits)
    head += bytes([colour, 0, 0, interlaced])
    parts = [_chunk(b"IHDR", head), *chunks]
    parts += [_chunk(b"IDAT", zlib.compress(rows)), _chunk(b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts)


GREY = _saved(_picture("L"))


@pytest.mark.parametrize("mode", ["L", "RGB"])
@pytest.mark.parametrize("options", [{}, {"compress_level": 0}])
def test_same_channels_are_exact(mode, options):
    expected = np.asarray(_picture(mode)).reshape(HEIGHT, WIDTH, -1)
    image = _read(_saved(_picture(mode), **options), expected.shape[-1])
    np.testing.assert_array_equal(image, expected.astype("f4") / 255)


@pytest.mark.parametrize("mode", ["L", "LA", "RGB", "RGBA", "P", "1"])
@pytest.mark.parametrize(("channels", "wanted"), [(1, "L"), (3, "RGB")])
def test_other_kinds_are_converted(mode, channels, wanted):
    picture = _picture(mode)
    expected = np.asarray(picture.convert("RGB").convert(wanted))
    image = _read(_saved(picture), channels)
    np.testing.assert_allclose(
        image, expected.reshape(image.shape) / 255, atol=1.01 / 255
    )


def test_16_bits_are_kept():
    levels = (np.arange(12) * 5000 + 7).astype(">u2").reshape(HEIGHT, WIDTH)
    image = _read(_png(HEIGHT, WIDTH, 16, 0, _rows(levels)), 1)
    np.testing.assert_allclose(image[..., 0], levels / 65535, rtol=1e-6)


@pytest.mark.parametrize("bits", [1, 2, 4])
def test_few_bits_span_black_to_white(bits):
    most = 2**bits - 1
    row = bytes([0, (most << (8 - bits)) & 255, 0])[: 1 + -(-WIDTH * bits // 8)]
    image = _read(_png(HEIGHT, WIDTH, bits, 0, row * HEIGHT), 1)
    np.testing.assert_array_equal(image[0, :, 0], [1, 0, 0])


def test_interlaced():
    levels = LEVELS[..., 0]
    passes = [
        levels[0::8, 0::8],
        levels[0::8, 4::8],
        levels[4::8, 0::4],
        levels[0::4, 2::4],
        levels[2::4, 0::2],
        levels[0::2, 1::2],
        levels[1::2],
    ]
    rows = b"".join(map(_rows, passes))
    image = _read(_png(HEIGHT, WIDTH, 8, 0, rows, interlaced=1), 1)
    np.testing.assert_array_equal(image[..., 0], levels.astype("f4") / 255)


def _too_long(file):
    return file[:-12] + _chunk(b"tEXt", b"a\0" + b"b" * 17_000) + file[-12:]


@pytest.mark.parametrize(
    "file",
    [
        b"",
        b"\x89PNG\r\n\x1a\n",
        b"no picture",
        GREY[:23],
        _saved(_picture("L").transpose(Image.Transpose.ROTATE_90)),
        _saved(_picture("L").resize((WIDTH, HEIGHT + 1))),
        # Nothing of these is inflated; the first claims 400 million pixels.
        _png(20_000, 20_000, 8, 0, b""),
        _png(2**31 - 1, 2**31 - 1, 16, 6, b""),
        _too_long(GREY),
        b"GIF89a" + GREY,
    ],
)
@pytest.mark.parametrize("place", [0, 1])
def test_what_is_no_png_of_this_size_is_not_read(file, place):
    files = [GREY]
    files.insert(place, file)
    with pytest.raises(
        tf.errors.InvalidArgumentError, match="4 pixels high and 3 wide"
    ):
        read_pngs(tf.constant(files), (HEIGHT, WIDTH, 1))


@pytest.mark.parametrize("suffix", ["jpeg", "gif", "bmp"])
def test_other_formats_are_refused(suffix):
    file = io.BytesIO()
    _picture("L").save(file, suffix)
    with pytest.raises(tf.errors.InvalidArgumentError, match="must be PNG"):
        _read(file.getvalue(), 1)


@pytest.mark.parametrize(
    "file",
    [
        GREY[:40],
        GREY[:-20],
        GREY.replace(b"IDAT", b"iDAT"),
        _png(HEIGHT, WIDTH, 8, 0, b"\0" * 8),
        _png(HEIGHT, WIDTH, 3, 0, b"\0" * 16),
    ],
)
def test_damaged_files_are_refused(file):
    with pytest.raises(tf.errors.InvalidArgumentError, match="Invalid PNG"):
        _read(file, 1)


def test_each_file_of_its_size_is_short_enough():
    noise = np.random.default_rng(0).integers(0, 2**16, (64, 64, 4), "u2")
    noise = noise.astype(">u2")
    profile = _chunk(b"iCCP", b"a\0\0" + noise.tobytes()[:8000])
    file = _png(64, 64, 16, 6, _rows(noise), profile)
    image = read_pngs(tf.constant([file]), (64, 64, 3))
    np.testing.assert_allclose(image[0], noise[..., :3] / 65535, rtol=1e-6)


@pytest.mark.parametrize("kind", ["text", "pixels"])
def test_the_worst_file_that_is_short_enough(kind):
    rows = bytes(64 * 65)
    if kind == "text":
        packed = zlib.compress(bytes(7_900_000), 9)
        texts = [_chunk(b"zTXt", b"a\0\0" + packed)] * 6
        file = _png(64, 64, 8, 0, rows, *texts)
    else:
        file = _png(64, 64, 8, 0, rows + bytes(47 * 10**6))
    assert 45_000 < len(file) < 49_000
    start = time.process_time()
    read_pngs(tf.constant([file]), (64, 64, 1))
    # 0.2 s where it was measured.
    assert time.process_time() - start < 2


def test_no_files_give_no_images():
    images = read_pngs(tf.zeros(0, tf.string), (HEIGHT, WIDTH, 3))
    assert images.shape == (0, HEIGHT, WIDTH, 3)


@pytest.mark.parametrize(("channels", "mode"), [(1, "L"), (3, "RGB")])
def test_written_files_are_the_nearest_levels(channels, mode):
    images = np.linspace(0, 1, 2 * 5 * 12 * channels, dtype="f4")
    images = images.reshape(2, 5, HEIGHT, WIDTH, channels)
    files = write_pngs(tf.constant(images)).numpy()
    assert files.shape == (2, 5)
    picture = Image.open(io.BytesIO(files[1, 4]))
    assert picture.mode == mode
    levels = np.asarray(picture).reshape(images[1, 4].shape)
    assert abs(levels - 255.0 * images[1, 4]).max() <= 0.5001


def test_written_files_are_read_again():
    levels = LEVELS[None, ..., :3].astype("f4") / 255
    files = write_pngs(tf.constant(levels))
    images = read_pngs(files, (HEIGHT, WIDTH, 3))
    np.testing.assert_array_equal(images, levels)


def test_nan_becomes_black_alone():
    images = np.full((1, HEIGHT, WIDTH, 1), 0.2, "f4")
    images[0, 1, 2] = np.nan
    image = _read(write_pngs(tf.constant(images)).numpy()[0], 1)
    assert image[1, 2] == 0
    assert (np.delete(image.ravel(), 5) == np.float32(51 / 255)).all()
