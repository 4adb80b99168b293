"""Photo to tensor, and back.

`read` brings any picture file to RGB; `crop_shown` cuts out the pixels that the network will see; `prepare`
makes its input of them, with the channel order, scale, mean and deviation that the network was trained with;
`restore` undoes that.
"""

from __future__ import annotations

import os
import stat
from typing import Any

import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError

from minicnn import Error

# pixels: a JPEG whose shorter side is at least twice this is decoded at a half, a quarter or an eighth of it
LARGE = 4096
LONGEST = 20  # times as long as wide: of anything longer only the middle is looked at
MOST = 1 << 30  # bytes that a picture may take while it is brought to RGB
STRIP = 1 << 20  # pixels that are scaled to 8 bits at a time
PROGRAMS = ("EPS", "WMF")  # drawings, which Pillow hands to other programs to be drawn
ORDERS = {
    "RGB": [0, 1, 2],
    "BGR": [2, 1, 0],
    "L": [0],
}  # which of red, green and blue a network's channels are; L: grey


class PictureTypeError(Error, TypeError):
    """Something that is no picture: its file's name, say."""


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


def crop_shown(image: Any, preprocessing: Any) -> np.ndarray:
    """Exactly the pixels that the network sees: resized and cropped -> uint8 (rows, columns, 3), RGB; all
    equal if it sees greys.

    image: PIL image, or uint8 array (H, W, 3) or (H, W).  The long side becomes
    round(size * long / short), and the crop starts at half of what is left over, rounded down; so does the
    photo in a letterbox.
    """
    if isinstance(image, (str, os.PathLike)):
        raise PictureTypeError(f"this is a name, not a picture: prepare(read({str(image)!r}), ...)")
    if not isinstance(image, Image.Image):
        image = Image.fromarray(np.asarray(image, np.uint8))
    ground = Image.new("RGB", (1, 1), tuple(preprocessing.fill))
    mode = "L" if preprocessing.channels == "L" else "RGB"
    placed = _placed(image.convert(mode), preprocessing, ground.convert(mode).getpixel((0, 0)))
    return np.asarray(placed.convert("RGB"))


def crop_values(values: np.ndarray, preprocessing: Any) -> np.ndarray:
    """A map or a mask as large as a photo, brought to what the network sees of that photo, as its pixels are.

    values (H, W) or (C, H, W), numbers -> (..., rows, columns) float32; 0 where a letterbox shows no photo.
    """
    if values.ndim == 3:
        return np.stack([crop_values(v, preprocessing) for v in values])
    return np.asarray(_placed(Image.fromarray(values.astype(np.float32)), preprocessing, 0.0))


def _placed(image, preprocessing, ground):
    """Resized and cropped -> PIL image of the same mode.  ground: what is around the photo in a letterbox."""
    size, (rows, columns) = preprocessing.size, preprocessing.sides
    image = _middle(image)
    if preprocessing.resize == "letterbox":
        return _letterbox(image, preprocessing, ground)
    if size < min(rows, columns):
        raise ImageError(f"a crop of {min(rows, columns)} pixels does not fit a picture resized to {size}")
    if preprocessing.resize == "short":
        new = _covering(image.size, size, rows, columns)
    elif preprocessing.resize == "squash":
        new = tuple(max(side, round(size * side / min(rows, columns))) for side in (columns, rows))
    else:
        raise ImageError(f"resize is 'short', 'squash' or 'letterbox', not '{preprocessing.resize}'")
    image = image.resize(new, Image.Resampling[preprocessing.interpolation.upper()])
    left, top = ((side - crop) // 2 for side, crop in zip(new, (columns, rows)))
    return image.crop((left, top, left + columns, top + rows))


def _letterbox(image, preprocessing, ground):
    """The whole photo in the middle of a ground of one colour -> PIL image (rows, columns)"""
    rows, columns = preprocessing.sides
    scale = min(columns / image.width, rows / image.height)
    new = tuple(max(1, round(scale * side)) for side in image.size)
    whole = Image.new(image.mode, (columns, rows), ground)
    image = image.resize(new, Image.Resampling[preprocessing.interpolation.upper()])
    whole.paste(image, ((columns - new[0]) // 2, (rows - new[1]) // 2))
    return whole


def _covering(photo, size, rows, columns):
    """(width, height) of a photo, its shape kept: its shorter side is `size` or, where the input is not
    square, it covers the input, enlarged so that that one's shorter side is `size`.
    """
    if rows == columns:
        return tuple(round(size * side / min(photo)) for side in photo)
    short = min(rows, columns)
    scale = size / short * max(columns / photo[0], rows / photo[1])
    return tuple(max(side, round(scale * length)) for side, length in zip((columns, rows), photo))


def prepare(image: Any, preprocessing: Any, dtype: Any = np.float32) -> np.ndarray:
    """The network's input -> (1, C, rows, columns): `as_input` of what `crop_shown` cuts out.

    image: PIL image, or uint8 array (H, W, 3), RGB; preprocessing: a network's `net.card.preprocessing`.
    """
    return as_input(crop_shown(image, preprocessing), preprocessing, dtype)


def as_input(pixels: np.ndarray, preprocessing: Any, dtype: Any = np.float32) -> np.ndarray:
    """x = (scale * pixel / 255 - mean) / std, channels in the network's order.

    pixels: RGB of the network's own size, uint8 (rows, columns, 3) -> (1, C, rows, columns).
    """
    pixels = pixels[..., _order(preprocessing)].astype(dtype)
    mean, std = (np.asarray(v, dtype) for v in (preprocessing.mean, preprocessing.std))
    x = (pixels * dtype(preprocessing.scale / 255) - mean) / std
    return np.ascontiguousarray(x.transpose(2, 0, 1)[None])


def restore(x: np.ndarray, preprocessing: Any) -> np.ndarray:
    """The photo in a network's input, the inverse of `prepare`: (..., C, H, W)
    -> uint8 (..., H, W, 3), RGB.
    """
    mean, std = (np.asarray(v, np.float64) for v in (preprocessing.mean, preprocessing.std))
    pixels = (np.moveaxis(np.asarray(x, np.float64), -3, -1) * std + mean) * (255 / preprocessing.scale)
    order = _order(preprocessing)
    return np.clip(np.rint(pixels), 0, 255).astype(np.uint8)[..., order if len(order) == 3 else [0, 0, 0]]


def _order(preprocessing):
    if preprocessing.channels not in ORDERS:
        raise ImageError(f"channels are 'RGB', 'BGR' or 'L' (grey), not '{preprocessing.channels}'")
    return ORDERS[preprocessing.channels]


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


def _deep(image):
    """Whether its grey values have more than 8 bits."""
    return image.mode in ("I", "F") or image.mode.startswith("I;16")


def _rgb(image):
    """Any mode -> RGB."""
    if _deep(image):
        return Image.fromarray(_eight_bits(image)).convert("RGB")
    if image.has_transparency_data:
        image = image.convert("RGBA")
        return Image.alpha_composite(Image.new("RGBA", image.size, "white"), image).convert("RGB")
    return image.convert("RGB")


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


def _middle(image):
    """The middle of a picture that is so long that resizing all of it would cost gigabytes."""
    width, height = image.size
    longest = LONGEST * min(image.size)
    if max(image.size) <= longest:
        return image
    left, top = max(0, (width - longest) // 2), max(0, (height - longest) // 2)
    return image.crop((left, top, left + min(width, longest), top + min(height, longest)))


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


def _pixels(error):
    """'300000000 pixels' out of Pillow's message."""
    count = next((word.strip("()") for word in str(error).split() if word.strip("()").isdigit()), "too many")
    return f"{count} pixels"


def _first_line(error):
    return (getattr(error, "strerror", None) or str(error) or type(error).__name__).splitlines()[0]
