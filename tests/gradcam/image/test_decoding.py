"""A file to RGB: every kind of file that people have, and every kind that is no photo."""

import io
import os

import numpy as np
import pytest
from PIL import Image, ImageFile

from gradcam.image import ImageError, decoding, read
from tests.gradcam.image.scene import scene


def saved(image, path, **options):
    image.save(path, **options)
    return path


def test_a_png_comes_back_as_it_is(tmp_path):
    path = saved(Image.fromarray(scene()), tmp_path / "photo.png")
    image = read(path)
    assert image.mode == "RGB" and image.size == (64, 48)
    assert np.array_equal(np.asarray(image), scene())


# what the camera stored for each EXIF orientation, so that the upright picture is `scene()`
STORED = {
    1: lambda a: a,
    2: lambda a: a[:, ::-1],
    3: lambda a: a[::-1, ::-1],
    4: lambda a: a[::-1],
    5: lambda a: a.transpose(1, 0, 2),
    6: lambda a: np.rot90(a),
    7: lambda a: a[::-1, ::-1].transpose(1, 0, 2),
    8: lambda a: np.rot90(a, -1),
}


@pytest.mark.parametrize("orientation", STORED)
def test_exif_turns_the_picture_upright(tmp_path, orientation):
    exif = Image.Exif()
    exif[0x0112] = orientation
    stored = np.ascontiguousarray(STORED[orientation](scene()))
    assert np.array_equal(
        np.asarray(read(saved(Image.fromarray(stored), tmp_path / "photo.png", exif=exif))), scene()
    )


@pytest.mark.parametrize("mode", ["L", "1", "P", "CMYK", "RGBA", "LA"])
def test_every_mode_becomes_rgb(tmp_path, mode):
    grey = mode in ("L", "1", "LA")
    pixels = np.where(scene()[..., :1] > 127, 255, 0).astype(np.uint8).repeat(3, -1) if grey else scene()
    image = Image.fromarray(pixels).convert(mode)
    got = np.asarray(read(saved(image, tmp_path / ("photo.tif" if mode == "CMYK" else "photo.png"))), int)
    assert got.shape == (48, 64, 3)
    assert np.abs(got - pixels).max() <= (0 if mode != "P" else 60)  # a palette of 256 colours is coarse
    assert np.abs(got - pixels).mean() <= 12


def test_transparent_pixels_are_white_and_half_transparent_ones_half(tmp_path):
    rgba = np.zeros((4, 4, 4), np.uint8)
    rgba[1, :, 3], rgba[2, :, 3] = 255, 128
    got = np.asarray(read(saved(Image.fromarray(rgba), tmp_path / "logo.png")))
    assert (got[0] == 255).all() and (got[1] == 0).all() and (got[2] == 127).all()


def test_a_palette_with_a_transparent_colour_lies_on_white(tmp_path):
    image = Image.new("P", (2, 2))
    image.putpixel((1, 0), 1)
    image.putpalette([10, 20, 30, 200, 0, 0])
    got = np.asarray(read(saved(image, tmp_path / "icon.png", transparency=0)))
    assert got[0, 0].tolist() == [255, 255, 255] and got[0, 1].tolist() == [200, 0, 0]


@pytest.mark.parametrize("suffix", ["png", "tif"])
def test_sixteen_bits_keep_their_range(tmp_path, suffix):
    values = np.linspace(0, 65535, 64, dtype=np.uint16)[None].repeat(8, 0)
    got = np.asarray(read(saved(Image.fromarray(values), tmp_path / f"scan.{suffix}")))
    assert np.array_equal(got, np.rint(values / 257).astype(np.uint8)[..., None].repeat(3, -1))


def test_fractions_from_0_to_1_are_a_picture_and_other_floats_are_not(tmp_path):
    fractions = np.linspace(0, 1, 16, dtype=np.float32)[None].repeat(4, 0)
    assert (
        np.asarray(read(saved(Image.fromarray(fractions), tmp_path / "a.tif")))[0, :, 0].tolist()
        == np.rint(fractions[0] * 255).tolist()
    )
    with pytest.raises(ImageError, match="grey values run from 0 to 700"):
        read(saved(Image.fromarray(fractions * 700), tmp_path / "b.tif"))


def test_sixteen_bits_are_scaled_strip_by_strip_to_the_same_numbers(tmp_path, monkeypatch):
    values = np.random.default_rng(0).integers(0, 65536, (50, 33), dtype=np.uint16)
    path = saved(Image.fromarray(values), tmp_path / "scan.png")
    whole = np.asarray(read(path))
    monkeypatch.setattr(decoding, "STRIP", 100)
    assert np.array_equal(np.asarray(read(path)), whole)
    assert np.array_equal(whole[..., 0], np.rint(values / 257).astype(np.uint8))


@pytest.mark.parametrize("mode, a_pixel", [("I;16", 8), ("I", 8), ("RGB", 9), ("RGBA", 15), ("L", 5)])
def test_a_picture_that_would_take_more_than_a_gigabyte_is_refused_before_it_is_decoded(
    tmp_path, monkeypatch, mode, a_pixel
):
    path = saved(Image.new(mode, (40, 30)), tmp_path / "large.tif")
    monkeypatch.setattr(decoding, "MOST", 1200 * a_pixel)
    assert read(path).size == (40, 30)
    monkeypatch.setattr(decoding, "MOST", 1200 * a_pixel - 1)
    monkeypatch.setattr(ImageFile.ImageFile, "load", lambda self: pytest.fail("it was decoded"))
    with pytest.raises(ImageError, match=r"large.tif: the picture is too large \(1200 pixels\): reduce it"):
        read(path)


def test_an_animation_gives_its_first_frame(tmp_path):
    frames = [Image.new("RGB", (8, 8), colour) for colour in ("red", "blue")]
    path = saved(frames[0], tmp_path / "moving.gif", save_all=True, append_images=frames[1:])
    assert np.asarray(read(path))[0, 0].tolist() == [255, 0, 0]


def test_a_huge_jpeg_is_decoded_small(tmp_path):
    image = read(saved(Image.new("L", (9000, 8300), 77), tmp_path / "huge.jpg"))
    assert 4096 <= min(image.size) < 8300
    assert np.asarray(image)[0, 0].tolist() == [77, 77, 77]


def jpeg():
    file = io.BytesIO()
    Image.fromarray(np.random.default_rng(0).integers(0, 256, (64, 64, 3), dtype=np.uint8)).save(file, "JPEG")
    return file.getvalue()


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (None, "there is no such file"),
        (b"", "the file is empty"),
        (b"dear diary", "not a picture that can be read"),
        (jpeg()[:1000], "damaged or cut off"),
        (b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 10 10\n%%EndComments\n", "this is a drawing"),
    ],
)
def test_what_is_no_picture_gets_one_clear_line(tmp_path, content, says):
    path = tmp_path / "photo.jpg"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(ImageError, match=says) as error:
        read(path)
    assert str(path) in str(error.value) and "\n" not in str(error.value)


@pytest.mark.filterwarnings("ignore::UserWarning:PIL")
@pytest.mark.parametrize("kind", ["png", "gif", "webp", "tiff", "bmp"])
def test_a_damaged_file_of_any_format_is_an_image_error_or_a_picture(tmp_path, kind):
    file = io.BytesIO()
    Image.fromarray(scene()).save(file, kind.upper())
    whole, random, failed = file.getvalue(), np.random.default_rng(0), 0
    for _ in range(40):
        broken = bytearray(whole[: random.integers(1, len(whole))])
        broken[random.integers(len(broken))] ^= 0xFF
        (tmp_path / "broken").write_bytes(broken)
        try:
            assert read(tmp_path / "broken").mode == "RGB"
        except ImageError:
            failed += 1
    assert failed > 0


def test_a_directory_and_a_pipe_are_no_pictures(tmp_path):
    with pytest.raises(ImageError, match="this is a directory; give one photo"):
        read(tmp_path)
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(ImageError, match="not an ordinary file"):
        read(tmp_path / "pipe")


def test_a_decompression_bomb_is_refused_with_its_size(tmp_path, monkeypatch):
    path = saved(Image.new("1", (300, 300)), tmp_path / "bomb.png")
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 1000)
    with pytest.raises(ImageError, match=r"too large .90000 pixels"):
        read(path)
