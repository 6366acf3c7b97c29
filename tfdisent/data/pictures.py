"""Pictures (PNG, JPEG, BMP, WebP, PGM, PPM) as arrays of 8 bits."""

import io
import os
import struct
from typing import BinaryIO

import numpy as np
from PIL import Image, ImageOps

from tfdisent.errors import RunError, UsageError

SUFFIXES = (".png", ".jpg", ".jpeg", ".bmp", ".webp", ".pgm", ".ppm")

Source = str | os.PathLike | bytes | BinaryIO

# No other format is tried, whatever the file is called: some run programs.
_FORMATS = ("PNG", "JPEG", "BMP", "WEBP", "PPM")
_GREY_MODES = ("1", "L", "LA", "La", "I;16", "I;16B")
_WIDE_MODES = ("I", "F")
# What may say how a picture is turned.
_ORIENTED = {"exif", "Raw profile type exif", "xmp", "XML:com.adobe.xmp"}
_LARGEST = 1024


def check_image_size(image_size: int, most: int = _LARGEST) -> None:
    """Refuses a height and width that images cannot have.

    Raises:
      UsageError: It is not from 1 to `most`.
    """
    if not 1 <= image_size <= most:
        raise UsageError(f"--image_size={image_size} must be from 1 to {most}.")


def read_picture(
    source: Source,
    *,
    mode: str = "RGB",
    size: tuple[int, int] | None = None,
    crop: int | None = None,
    name: str | None = None,
) -> np.ndarray:
    """Decodes a picture, crops its centre and resizes that.

    It is turned upright as its EXIF data say. What is transparent shows white,
    as on a page. Palettes and CMYK become RGB, without colour profiles; of 16
    bits the upper 8 are kept; of an animation the first frame. RGB becomes grey
    as (299 R + 587 G + 114 B) / 1000.

    The resizing is Pillow's bicubic, whose support grows with the reduction: no
    aliasing. From a JPEG that is over twice too large in both directions, the
    decoder gives a version smaller by 2, 4 or 8 to begin with. Different
    builds of the JPEG library may differ by a level in some pixels.

    Args:
      source: A path, or the content of a file, or an open file.
      mode: "RGB" for 3 channels, "L" for 1.
      size: (H, W) of the result. The centre is cropped to this shape first, as
        large as it goes. None keeps the size.
      crop: Side in pixels of the square centre to take before that.
      name: Of the picture, for messages; the path by default.

    Returns:
      [H, W, C] uint8.

    Raises:
      RunError: The picture cannot be read, has over 16 bits a channel, or is
        smaller than `crop`.
    """
    name = name or _name_of(source)
    try:
        with _open(source) as picture:
            if size and not crop:
                picture.draft(None, (2 * max(size),) * 2)
            upright = _eight_bits(ImageOps.exif_transpose(picture), mode)
    # Damaged EXIF data make Pillow raise anything, even a TypeError.
    except Exception as error:
        raise RunError(f"{name} cannot be read: {_reason(error)}.") from error
    if crop and min(upright.size) < crop:
        raise RunError(
            f"{name} has {_text(upright.size)} pixels, too few for the "
            f"{crop}x{crop} in its centre that are wanted."
        )
    if crop:
        upright = upright.crop(_centre(upright.size, (crop, crop)))
    return _array_of(_fitted(upright, size) if size else upright)


def fitted(image: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """Crops and resizes an image [h, w, C] uint8 as `read_picture` does.

    Returns:
      [H, W, C] uint8, for a size (H, W).
    """
    picture = Image.fromarray(image[..., 0] if image.shape[2] == 1 else image)
    return _array_of(_fitted(picture, size))


def picture_form(source: Source) -> tuple[int, int, int]:
    """Reads the (H, W, C) that a picture has upright; C is 1 or 3.

    Its first bytes tell, but for a PNG with data behind its pixels.

    Raises:
      RunError: It cannot be read.
    """
    try:
        with _open(source) as picture:
            channels = 1 if picture.mode in _GREY_MODES else 3
            width, height = picture.size
            if _is_turned(picture):
                width, height = height, width
            return height, width, channels
    # As above.
    except Exception as error:
        raise RunError(
            f"{_name_of(source)} cannot be read: {_reason(error)}."
        ) from error


def _open(source: Source) -> Image.Image:
    if isinstance(source, bytes):
        source = io.BytesIO(source)
    return Image.open(source, formats=_FORMATS)


def _is_turned(picture: Image.Image) -> bool:
    """Whether `exif_transpose` will exchange its height and width."""
    if picture.format == "PNG":
        # Pillow would decode each PNG to look for EXIF data behind its pixels.
        if _goes_on(picture.fp):
            picture.load()
        elif _ORIENTED.isdisjoint(picture.info):
            return False
    return picture.getexif().get(0x0112) in (5, 6, 7, 8)


def _goes_on(file: BinaryIO) -> bool:
    """Whether a PNG has chunks between its pixels (IDAT) and its IEND.

    Each is 4 bytes of length, 4 of its kind, the content and 4 of checksum.
    """
    place, kinds = file.tell(), []
    file.seek(8)
    while kinds[-1:] != [b"IEND"] and len(head := file.read(8)) == 8:
        length, kind = struct.unpack(">I4s", head)
        kinds.append(kind)
        file.seek(length + 4, os.SEEK_CUR)
    file.seek(place)
    behind = kinds[kinds.index(b"IDAT") :] if b"IDAT" in kinds else []
    return not {b"IDAT", b"IEND"}.issuperset(behind)


def _eight_bits(picture: Image.Image, mode: str) -> Image.Image:
    if picture.mode in _WIDE_MODES:
        raise ValueError("it has more than 16 bits a channel, or is 16-bit PGM")
    if picture.mode.startswith("I;16"):
        picture = Image.fromarray((np.array(picture) >> 8).astype(np.uint8))
    if picture.has_transparency_data:
        picture = picture.convert("RGBA")
        page = Image.new("RGBA", picture.size, "white")
        picture = Image.alpha_composite(page, picture)
    return picture.convert(mode)


def _fitted(picture: Image.Image, size: tuple[int, int]) -> Image.Image:
    width, height = picture.size
    scale = min(height / size[0], width / size[1])
    part = round(size[1] * scale), round(size[0] * scale)
    return picture.resize(
        size[::-1], Image.Resampling.BICUBIC, box=_centre(picture.size, part)
    )


def _array_of(picture: Image.Image) -> np.ndarray:
    array = np.array(picture)
    return array[..., None] if array.ndim == 2 else array


def _centre(
    size: tuple[int, int], part: tuple[int, int]
) -> tuple[int, int, int, int]:
    left, top = (
        (whole - one) // 2 for whole, one in zip(size, part, strict=True)
    )
    return left, top, left + part[0], top + part[1]


def _name_of(source: Source) -> str:
    named = isinstance(source, str | os.PathLike)
    return os.fspath(source) if named else "The picture"


def _reason(error: Exception) -> str:
    if isinstance(error, Image.UnidentifiedImageError):
        return "it is not a PNG, JPEG, BMP, WebP, PGM or PPM"
    return (
        getattr(error, "strerror", None) or str(error) or type(error).__name__
    )


def _text(size: tuple[int, int]) -> str:
    return f"{size[0]}x{size[1]}"
