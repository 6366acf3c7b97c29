import asyncio
import io
import struct
import time
import zlib

import matplotlib.image
import numpy as np
import pytest
from PIL import Image, ImageCms, PngImagePlugin

from tfdisent.serving.inference.png_check import check_pngs
from tfdisent.serving.inference.servable import Servable
from tfdisent.serving.limits import Limits
from tfdisent.serving.status import Code, ServingError

RNG = np.random.default_rng(0)
MEGABYTE = zlib.compress(bytes(10**6), 9)  # in 1 kB
PACKER = zlib.compressobj(9, wbits=-15)
BLOCK = PACKER.compress(bytes(10**6)) + PACKER.flush(zlib.Z_FULL_FLUSH)
DEFAULT = Limits()
SMALL = Limits(elements=2**16)  # 128 KiB of PNG files


def _chunk(kind, content):
    check = struct.pack(">I", zlib.crc32(kind + content))
    return struct.pack(">I", len(content)) + kind + content + check


def _png(*chunks, pixels=None, shape=(4, 3)):
    """A grey file whose chunks come before the pixels."""
    height, width = shape
    head = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    pixels = pixels or zlib.compress(bytes(height * (width + 1)))
    parts = [_chunk(b"IHDR", head), *chunks]
    parts += [_chunk(b"IDAT", pixels), _chunk(b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts)


def _check(files, limits=DEFAULT):
    array = np.array(files, object).reshape(len(files), 1)
    asyncio.run(check_pngs({"images_bytes": array}, limits))


def _refusal(files, limits=DEFAULT):
    with pytest.raises(ServingError) as refused:
        _check(files, limits)
    assert refused.value.code == Code.INVALID_ARGUMENT
    return refused.value.message


BOMBS = {
    "text": _png(_chunk(b"zTXt", b"key\0\0" + MEGABYTE)),
    "international": _png(_chunk(b"iTXt", b"key\0\1\0de\0Wort\0" + MEGABYTE)),
    "profile": _png(_chunk(b"iCCP", b"name\0\0" + MEGABYTE)),
    "pixels": _png(pixels=MEGABYTE),
    "pixels in two chunks": _png(
        _chunk(b"IDAT", MEGABYTE[:100]), pixels=MEGABYTE[100:]
    ),
    "pixels with a wrong checksum": _png(pixels=MEGABYTE[:-1] + b"x"),
    "damaged": _png(_chunk(b"zTXt", b"key\0\0x\xda" + BLOCK + b"\xff" * 9)),
    "many chunks": _png(*[_chunk(b"tEXt", b"a\0")] * 500),
    "cut": _png(pixels=MEGABYTE)[:900],
}


@pytest.mark.parametrize("kind", BOMBS)
def test_what_unpacks_too_far_is_refused(kind):
    assert _refusal([BOMBS[kind]], SMALL) == (
        "The PNG files of a request may unpack to 131072 bytes in all; send"
        " fewer at a time, without long texts."
    )


def test_all_files_of_a_request_count():
    files = [_png(pixels=zlib.compress(bytes(40_000)))] * 3
    filling = _png(_chunk(b"tEXt", b"a\0" + bytes(200)))
    _check([*files, filling], SMALL)
    _refusal([*files, *files[:1], filling], SMALL)


@pytest.mark.parametrize(
    "text",
    [
        b"GIF89a" + BOMBS["pixels"],
        b"",
        b"\x89PNG\r\n\x1a\n" + bytes(4000),
        _png(_chunk(b"tEXt", b"key\0" + MEGABYTE)),
        _png(_chunk(b"iTXt", b"key\0\0\0de\0Wort\0" + MEGABYTE)),
        _png(
            _chunk(b"zTXt", b"key"), _chunk(b"iTXt", b""), _chunk(b"IDAT", b"")
        ),
    ],
)
def test_what_does_not_unpack_passes(text):
    _check([text], SMALL)


def test_numbers_are_not_looked_at():
    asyncio.run(check_pngs({"images": np.zeros((2, 3))}, Limits(elements=0)))


def _saved(picture, **options):
    file = io.BytesIO()
    picture.save(file, "png", **options)
    return file.getvalue()


def _by_matplotlib(levels):
    file = io.BytesIO()
    matplotlib.image.imsave(file, levels, metadata={"Author": "a" * 99})
    return file.getvalue()


@pytest.mark.parametrize("kind", ["L", "RGB", "RGBA", "P", "matplotlib"])
def test_as_many_pictures_as_a_request_may_hold_pass(kind):
    """64 x 64 pixels of noise, with a colour profile and packed texts."""
    levels = RNG.integers(0, 256, (64, 64, 4), "u1")
    channels = {"L": 1, "RGB": 3, "RGBA": 4}.get(kind, 4)
    if kind == "matplotlib":
        file = _by_matplotlib(levels)
    else:
        texts = PngImagePlugin.PngInfo()
        texts.add_text("Comment", "a picture " * 10, zip=True)
        texts.add_itxt("Title", "Bild " * 10, "de", "Titel", zip=True)
        profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB"))
        file = _saved(
            Image.fromarray(levels, "RGBA").convert(kind),
            pnginfo=texts,
            icc_profile=profile.tobytes(),
        )
    _check([file] * (Limits().elements // (64 * 64 * channels)))


@pytest.mark.parametrize("kind", BOMBS)
def test_a_whole_body_of_bombs_costs_little(kind):
    files = [BOMBS[kind]] * (Limits().body_bytes // len(BOMBS[kind]))
    start = time.process_time()
    _refusal(files)
    # 0.1 s where it was measured; TensorFlow would take 250 s.
    assert time.process_time() - start < 2


@pytest.mark.parametrize(
    ("pixels", "is_refused"),
    [
        (b"x\xda" + 4000 * BLOCK, True),
        (zlib.compress(bytes(16)) + bytes(30_000_000), False),
    ],
)
def test_one_long_file_costs_little(pixels, is_refused):
    start = time.process_time()
    (_refusal if is_refused else _check)([_png(pixels=pixels)])
    assert time.process_time() - start < 2


def test_a_server_refuses_them_and_answers_others(exported_grey):
    bomb = _png(*[_chunk(b"zTXt", b"key\0\0" + MEGABYTE)] * 14)

    async def ask():
        servable = Servable("grey", 1, exported_grey, limits=DEFAULT)
        start = time.process_time()
        with pytest.raises(ServingError, match="may unpack to"):
            await servable.predict(
                "encode_png", {"images_bytes": np.array([bomb] * 90, object)}
            )
        seconds = time.process_time() - start
        answer = await servable.predict(
            "encode_png", {"images_bytes": np.array([bomb, _png()], object)}
        )
        await servable.close()
        return seconds, answer

    seconds, answer = asyncio.run(ask())
    assert seconds < 2  # TensorFlow would take 5 s
    assert len(answer["mean"]) == 2
