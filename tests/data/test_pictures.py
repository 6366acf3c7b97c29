import io
import struct
import zlib

import numpy as np
import pytest
from PIL import Image, PngImagePlugin

from tfdisent.data.pictures import (
    check_image_size,
    fitted,
    picture_form,
    read_picture,
)
from tfdisent.errors import RunError, UsageError

RNG = np.random.default_rng(0)
COLOUR = RNG.integers(0, 256, (30, 40, 3), dtype=np.uint8)
GREY = COLOUR[..., 0]


def encoded(array, kind="PNG", mode=None, **options):
    picture = Image.fromarray(array)
    file = io.BytesIO()
    picture.convert(mode or picture.mode).save(file, kind, **options)
    return file.getvalue()


@pytest.mark.parametrize("kind", ["PNG", "BMP", "PPM"])
def test_lossless_pictures_come_back(kind):
    colour, grey = encoded(COLOUR, kind), encoded(GREY, kind)
    np.testing.assert_array_equal(read_picture(colour), COLOUR)
    np.testing.assert_array_equal(read_picture(grey, mode="L"), GREY[..., None])
    np.testing.assert_array_equal(
        read_picture(grey), np.repeat(GREY[..., None], 3, axis=2)
    )
    assert picture_form(colour) == (30, 40, 3)
    assert picture_form(grey) == (30, 40, 1)


@pytest.mark.parametrize("kind", ["JPEG", "WEBP"])
def test_lossy_pictures_come_back_nearly(kind):
    smooth = np.array(Image.fromarray(COLOUR[:4, :4]).resize((40, 30)))
    result = read_picture(encoded(smooth, kind, quality=95))
    assert np.abs(result.astype(int) - smooth).mean() < 4


def test_sources_are_paths_bytes_and_files(tmp_path):
    content = encoded(COLOUR)
    path = tmp_path / "a.png"
    path.write_bytes(content)
    for source in (path, str(path), content, io.BytesIO(content)):
        np.testing.assert_array_equal(read_picture(source), COLOUR)


def test_exif_turns_a_picture_upright():
    exif = Image.Exif()
    exif[0x0112] = 6  # The camera was turned: rotate by 90 clockwise.
    turned = encoded(COLOUR, exif=exif)
    np.testing.assert_array_equal(read_picture(turned), np.rot90(COLOUR, -1))
    assert picture_form(turned) == (40, 30, 3)


def in_text(exif):
    """A PNG with EXIF data in a text, as ImageMagick writes it."""
    text = PngImagePlugin.PngInfo()
    content = exif.tobytes()
    lines = f"\nexif\n{len(content):8}\n{content.hex()}\n"
    text.add_text("Raw profile type exif", lines, zip=True)
    return encoded(COLOUR, pnginfo=text)


def behind(kind, content, png=None):
    """A PNG with one more chunk between its pixels and its end."""
    png = png or encoded(COLOUR)
    kind += content
    length, checksum = len(content), zlib.crc32(kind)
    chunk = struct.pack(">I", length) + kind + struct.pack(">I", checksum)
    return png[:-12] + chunk + png[-12:]


XMP = b'<x tiff:Orientation="6"/>'


@pytest.mark.parametrize("orientation", [1, 3, 6, 8])
def test_exif_is_found_wherever_a_png_has_it(orientation):
    exif = Image.Exif()
    exif[0x0112] = orientation
    content = exif.tobytes().removeprefix(b"Exif\0\0")
    for png in (
        in_text(exif),
        behind(b"eXIf", content),
        behind(b"eXIf", content, in_text(Image.Exif())),
    ):
        shape = read_picture(png).shape
        assert shape[:2] == ((40, 30) if orientation > 4 else (30, 40))
        assert picture_form(png) == shape


def test_xmp_turns_a_picture_as_well():
    png = behind(b"iTXt", b"XML:com.adobe.xmp" + bytes(5) + XMP)
    for turned in (png, encoded(COLOUR, "WEBP", xmp=XMP)):
        assert read_picture(turned).shape == picture_form(turned) == (40, 30, 3)


def test_the_form_of_most_is_known_without_decoding(monkeypatch):
    pictures = [encoded(COLOUR, kind) for kind in ("PNG", "JPEG", "BMP")]
    monkeypatch.setattr(PngImagePlugin.PngImageFile, "load", None)
    for picture in pictures:
        assert picture_form(picture) == (30, 40, 3)


def test_exif_that_makes_pillow_fail_is_named(monkeypatch):
    # The maker of the camera is a number, of which Pillow expects a text.
    maker = struct.pack(">HHIf", 0x010F, 11, 1, 1.5)
    turn = struct.pack(">HHIHH", 0x0112, 3, 1, 6, 0)
    head = b"Exif\0\0MM\0*" + struct.pack(">IH", 8, 2)
    png = encoded(COLOUR, exif=head + maker + turn + bytes(4))
    with pytest.raises(RunError, match="^a.png cannot be read: .*encode"):
        read_picture(png, name="a.png")

    def fail(picture):
        raise TypeError("this is no number")

    monkeypatch.setattr(Image.Image, "getexif", fail)
    with pytest.raises(RunError, match="cannot be read: this is no number"):
        picture_form(png)


@pytest.mark.parametrize("size", [0, -5, 1025, 100_000])
def test_a_size_out_of_sense_is_refused(size):
    with pytest.raises(UsageError, match=f"={size} must be from 1 to 1024"):
        check_image_size(size)
    check_image_size(1)
    check_image_size(1024)
    with pytest.raises(UsageError, match="=149 must be from 1 to 148"):
        check_image_size(149, 148)


def test_what_is_transparent_shows_white():
    alpha = np.full((30, 40, 1), 255, np.uint8)
    alpha[:10], alpha[10:20] = 0, 51
    result = read_picture(encoded(np.dstack([COLOUR, alpha]))).astype(int)
    assert (result[:10] == 255).all()
    np.testing.assert_array_equal(result[20:], COLOUR[20:])
    mixed = 0.2 * COLOUR[10:20] + 0.8 * 255
    np.testing.assert_allclose(result[10:20], mixed, atol=1)


def test_a_palette_and_its_transparent_colour():
    two = np.where(GREY[..., None] > 127, [200, 30, 30], [10, 20, 240])
    picture = Image.fromarray(two.astype(np.uint8)).quantize(2)
    expected = np.array(picture.convert("RGB"))
    file = io.BytesIO()
    picture.save(file, "PNG")
    np.testing.assert_array_equal(read_picture(file), expected)
    hidden = np.array(picture) == 1
    file = io.BytesIO()
    picture.save(file, "PNG", transparency=1)
    result = read_picture(file)
    assert (result[hidden] == 255).all()
    np.testing.assert_array_equal(result[~hidden], expected[~hidden])


def test_sixteen_bits_keep_the_upper_eight():
    wide = RNG.integers(0, 2**16, (30, 40), dtype=np.uint16)
    file = io.BytesIO()
    Image.fromarray(wide).save(file, "PNG")
    np.testing.assert_array_equal(
        read_picture(file, mode="L")[..., 0], wide >> 8
    )
    assert picture_form(file) == (30, 40, 1)


def test_cmyk_becomes_rgb():
    white = np.full((8, 8, 3), 255, np.uint8)
    result = read_picture(encoded(white, "JPEG", mode="CMYK"))
    np.testing.assert_array_equal(result, white)


def test_colours_become_grey_by_their_luma():
    result = read_picture(encoded(COLOUR), mode="L")[..., 0]
    np.testing.assert_allclose(result, COLOUR @ [0.299, 0.587, 0.114], atol=1)


def test_the_centre_is_cropped():
    source = encoded(COLOUR)
    np.testing.assert_array_equal(
        read_picture(source, crop=20), COLOUR[5:25, 10:30]
    )
    np.testing.assert_array_equal(
        read_picture(source, size=(30, 30)), COLOUR[:, 5:35]
    )
    np.testing.assert_array_equal(
        read_picture(source, size=(20, 20), crop=20), COLOUR[5:25, 10:30]
    )
    # As of 178x218 faces: 15 pixels left of 148, and 35 above.
    faces = RNG.integers(0, 256, (218, 178, 3), dtype=np.uint8)
    np.testing.assert_array_equal(
        read_picture(encoded(faces), crop=148), faces[35:183, 15:163]
    )


def test_smaller_pictures_have_no_alias():
    lines = np.zeros((64, 64), np.uint8)
    lines[:, ::2] = 255
    result = read_picture(encoded(lines), mode="L", size=(16, 16))
    assert np.abs(result[:, 2:-2].astype(int) - 127.5).max() < 6


def test_a_large_jpeg_gives_nearly_what_the_whole_of_it_would():
    large = np.array(Image.fromarray(COLOUR).resize((128, 128)))
    source = encoded(large, "JPEG", quality=95)
    whole = read_picture(source)
    expected = fitted(whole, (32, 32)).astype(int)
    result = read_picture(source, size=(32, 32))
    assert result.shape == (32, 32, 3)
    assert np.abs(expected - result).mean() < 4
    result = read_picture(source, size=(16, 16), crop=64)
    np.testing.assert_array_equal(result, fitted(whole[32:96, 32:96], (16, 16)))


def test_an_array_is_fitted_like_a_picture():
    for array, mode in ((COLOUR, "RGB"), (GREY[..., None], "L")):
        np.testing.assert_array_equal(
            fitted(array, (12, 16)),
            read_picture(encoded(np.squeeze(array)), mode=mode, size=(12, 16)),
        )


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "BMP", "WEBP", "PPM"])
def test_a_picture_that_is_cut_short_is_named(tmp_path, kind):
    content = encoded(COLOUR, kind)
    path = tmp_path / "cut.png"
    for length in (0, 1, 10, 40, len(content) // 2, len(content) - 60):
        path.write_bytes(content[:length])
        with pytest.raises(RunError, match=f"^{path} cannot be read: .*[^.].$"):
            read_picture(path)


def test_what_is_no_picture_is_named(tmp_path):
    path = tmp_path / "a.png"
    for content in (b"hello", b"%!PS-Adobe", encoded(COLOUR, "GIF")):
        path.write_bytes(content)
        for read in (read_picture, picture_form):
            with pytest.raises(RunError, match="a.png .* not a PNG, JPEG"):
                read(path)
    with pytest.raises(RunError, match="none.png .*No such file"):
        read_picture(tmp_path / "none.png")
    with pytest.raises(RunError, match="^member 7 cannot"):
        read_picture(b"", name="member 7")


def test_a_crop_must_fit():
    with pytest.raises(RunError, match="40x30 pixels, too few for the 31x31"):
        read_picture(encoded(COLOUR), crop=31)


def test_wide_numbers_are_refused():
    pgm = b"P5 2 1 65535\n\0\1\2\3"
    with pytest.raises(RunError, match="16"):
        read_picture(pgm, mode="L")
