"""A picture's file to RGB: upright, opaque, of 8 bits; a file that is no picture is one sentence."""

from __future__ import annotations

import os
import stat
from typing import Any

import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError

from minicnn import Error

# pixels: a JPEG whose shorter side is at least twice this is decoded at a half, a quarter or an eighth of it
LARGE = 4096
MOST = 1 << 30  # bytes that a picture may take while it is brought to RGB
STRIP = 1 << 20  # pixels that are scaled to 8 bits at a time
PROGRAMS = ("EPS", "WMF")  # drawings, which Pillow hands to other programs to be drawn


class ImageError(Error, ValueError):
    """A file that cannot be read as a picture: the message says what was found and what to do."""


def read(path: Any) -> Image.Image:
    """The picture in a file, upright -> PIL image, mode "RGB".

    Turns it as its EXIF says; lays transparent pixels on white; brings greyscale (8 and 16 bit), palettes and
    CMYK to RGB; takes the first frame of an animation.  Colour profiles are not applied: networks were
    trained without them. ImageError for whatever is no readable picture.
    """
    path = os.fspath(path)
    _check_is_file(path)
    try:
        with Image.open(path) as image:
            if image.format in PROGRAMS:
                raise ImageError(
                    f"{path}: this is a drawing ({image.format}), not a photo: save it as PNG first"
                )
            if min(image.size) >= 2 * LARGE:
                image.draft(None, (LARGE, LARGE))
            _check_size(image)
            image.load()
            return _rgb(ImageOps.exif_transpose(image))
    except ImageError as error:
        raise error if str(error).startswith(path) else ImageError(f"{path}: {error}") from None
    except UnidentifiedImageError:
        known = "JPEG, PNG, WebP, GIF, TIFF or BMP"
        raise ImageError(f"{path}: this is not a picture that can be read; give a photo as {known}") from None
    except Image.DecompressionBombError as error:
        raise ImageError(
            f"{path}: the picture is too large ({_pixels(error)}): reduce it first, 2000 pixels are plenty"
        ) from None
    except PermissionError:
        raise ImageError(f"{path}: you may not read this file") from None
    except MemoryError:
        raise ImageError(f"{path}: there is not enough memory to decode it: reduce it first") from None
    except Exception as error:  # Pillow's decoders raise whatever a damaged file drives them into
        raise ImageError(
            f"{path}: the picture is damaged or cut off: {_first_line(error)}; get the file anew"
        ) from error


def _check_is_file(path):
    try:
        mode = os.stat(path).st_mode
    except FileNotFoundError:
        raise ImageError(f"{path}: there is no such file") from None
    except (OSError, ValueError) as error:
        raise ImageError(f"{path}: cannot be read ({_first_line(error)})") from None
    if stat.S_ISDIR(mode):
        raise ImageError(f"{path}: this is a directory; give one photo in it")
    if not stat.S_ISREG(mode):
        raise ImageError(f"{path}: this is not an ordinary file")
    if os.path.getsize(path) == 0:
        raise ImageError(f"{path}: the file is empty")


def _check_size(image):
    """ImageError if decoding the picture and bringing it to RGB would take more than MOST bytes."""
    a_pixel = 2 * len(image.getbands()) + 3
    if image.has_transparency_data:
        a_pixel = 15  # itself, white, both together, RGB
    elif _deep(image):
        a_pixel = 8
    pixels = image.width * image.height
    if pixels * a_pixel > MOST:
        raise ImageError(
            f"the picture is too large ({pixels} pixels): reduce it first, 2000 pixels are plenty"
        )


def _rgb(image):
    """Any mode -> RGB."""
    if _deep(image):
        return Image.fromarray(_eight_bits(image)).convert("RGB")
    if image.has_transparency_data:
        image = image.convert("RGBA")
        return Image.alpha_composite(Image.new("RGBA", image.size, "white"), image).convert("RGB")
    return image.convert("RGB")


def _deep(image):
    """Whether its grey values have more than 8 bits."""
    return image.mode in ("I", "F") or image.mode.startswith("I;16")


def _eight_bits(image):
    """Greyscale of 16 bits, or of fractions from 0 to 1 -> uint8.

    Pillow's own conversion would cut everything above 255.
    """
    full = 1 if image.mode == "F" else 65535
    low, high = (f([f(values) for values in _strips(image)]) for f in (np.min, np.max))
    if not (low >= 0 and high <= full):
        raise ImageError(
            f"its grey values run from {low:g} to {high:g} instead of 0 to {full}: save it with 8 or 16 bits"
        )
    return np.concatenate([np.rint(v * (255 / full)).astype(np.uint8) for v in _strips(image)])


def _strips(image):
    """Some rows after the other, float64 (rows, columns): all of them at once may be gigabytes."""
    rows = max(1, STRIP // image.width)
    for top in range(0, image.height, rows):
        yield np.asarray(image.crop((0, top, image.width, min(top + rows, image.height))), np.float64)


def _pixels(error):
    """'300000000 pixels' out of Pillow's message."""
    count = next((word.strip("()") for word in str(error).split() if word.strip("()").isdigit()), "too many")
    return f"{count} pixels"


def _first_line(error):
    return (getattr(error, "strerror", None) or str(error) or type(error).__name__).splitlines()[0]
