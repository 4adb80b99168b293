"""What a file says is checked before it is believed: boxes, labels, pictures, and whose rows a file of rows
holds.
"""

import io
import json
import os
import zipfile

import numpy as np
import pytest
from PIL import Image

from gradcam.cli import main
from gradcam.measure import DataError, Photos
from gradcam.measure.study import run
from gradcam.measure.study.rows_file import opened
from tests.gradcam.measure.test_over_pictures import network, plain_card  # noqa: F401


def content(**changed):
    """Four pictures of 24 x 24 with a box each, from which a network of eight classes can be measured."""
    random = np.random.default_rng(0)
    good = {
        "images": random.integers(0, 255, (4, 24, 24, 3), np.uint8),
        "labels": np.array([0, 3, 5, 7]),
        "boxes": np.array([[2, 3, 9, 12], [0, 0, 24, 24], [4.5, 4.5, 20, 9], [11, 1, 13, 23]], np.float32),
        "box_image": np.arange(4),
    }
    return {name: array for name, array in (good | changed).items() if array is not None}


def encoded():
    files = []
    for picture in content()["images"]:
        buffer = io.BytesIO()
        Image.fromarray(picture).save(buffer, "png")
        files.append(buffer.getvalue())
    stream = np.frombuffer(b"".join(files), np.uint8)
    return {"images": None, "jpeg": stream, "offsets": np.cumsum([0, *map(len, files)])}


def box(number, *at):
    boxes = content()["boxes"].astype(float)
    boxes[number] = at
    return {"boxes": boxes}


@pytest.mark.parametrize(
    ("outside", "inside"),
    [
        ((-0.3, 2, 9, 12), (0, 2, 9, 12)),
        ((2, -0.01, 9, 12), (2, 0, 9, 12)),
        ((2, 3, 24.4, 12), (2, 3, 24, 12)),
        ((-5, -5, 30, 30), (0, 0, 24, 24)),
    ],
)
def test_a_box_that_begins_outside_is_cut_at_the_edge(tmp_path, outside, inside):
    found = []
    for at in (outside, inside):
        np.savez(tmp_path / "photos.npz", **content(**box(0, *at)))
        found.append(Photos(tmp_path / "photos.npz", network().card)[0])
    assert found[0].truth.any() and np.array_equal(found[0].truth, found[1].truth)
    np.testing.assert_allclose(found[0].boxes, found[1].boxes)


DAMAGED = {
    "a label below 0": ({"labels": np.array([0, -1, 5, 7])}, "labels go down to -1"),
    "a label too high": ({"labels": np.array([0, 8, 5, 7])}, "labels go up to 8, but tiny has 8 classes"),
    "half a label": ({"labels": np.array([0, 0.5, 5, 7])}, "labels are whole numbers"),
    "labels in a square": ({"labels": np.zeros((4, 1), int)}, "labels are whole numbers"),
    "a label that is no number": ({"labels": np.array([0, np.nan, 5, 7])}, "labels are whole numbers"),
    "labels missing": ({"labels": None}, "it holds no labels"),
    "fewer labels": ({"labels": np.array([0, 1])}, "4 pictures, but 2 labels"),
    "words as labels": ({"labels": np.array(["a", "b", "c", "d"])}, "describes no plain array of numbers"),
    "objects as labels": ({"labels": np.array([0, None, 1, 2], object)}, "Python objects are never read"),
    "a box without width": (box(1, 5, 5, 5, 9), "number 1 is [5.0, 5.0, 5.0, 9.0]"),
    "a box turned over": (box(1, 9, 9, 5, 5), "a box is x0, y0, x1, y1 with x0 < x1"),
    "a box of NaN": (box(1, np.nan, 1, 5, 5), "number 1 is [nan,"),
    "three numbers a box": ({"boxes": np.ones((4, 3))}, "boxes are an array (B, 4)"),
    "no boxes": ({"boxes": np.zeros((0, 4)), "box_image": np.zeros(0, int)}, "boxes are an array (B, 4)"),
    "a picture without a box": ({"box_image": np.array([0, 1, 1, 3])}, "1 of its 4 pictures have no box"),
    "a box of no picture": ({"box_image": np.array([0, 1, 2, 9])}, "box_image go up to 9"),
    "more boxes than owners": ({"box_image": np.array([0, 1, 2])}, "4 boxes, but 3 numbers"),
    "grey pictures": ({"images": np.zeros((4, 24, 24), np.uint8)}, "images are (N, H, W, 3), uint8"),
    "pictures as floats": ({"images": np.zeros((4, 24, 24, 3))}, "images are (N, H, W, 3), uint8"),
    "no pictures at all": ({"images": None}, "not an npz file with images (or jpeg and offsets)"),
    "offsets that fall": (encoded() | {"offsets": np.array([0, 90, 50, 80, 99])}, "offsets do not cut"),
    "offsets beyond": (encoded() | {"offsets": np.array([0, 1, 2, 3, 10**9])}, "offsets do not cut"),
    "offsets below 0": (encoded() | {"offsets": np.array([-9, 1, 2, 3, 4])}, "offsets do not cut"),
    "jpeg as floats": (encoded() | {"jpeg": np.zeros(99)}, "jpeg holds bytes"),
}
LATER = {  # what is seen only when that picture is measured
    "a box outside": (box(2, 30, 1, 40, 9), "picture 2: one of its boxes lies outside the picture"),
    "a picture cut short": (encoded() | {"offsets": np.array([0, 9, 20, 30, 40])}, "it is damaged"),
}


@pytest.mark.parametrize("what", [*DAMAGED, *LATER])
def test_damaged_data_is_one_sentence(tmp_path, capsys, what):
    changed, said = (DAMAGED | LATER)[what]
    path = tmp_path / "photos.npz"
    np.savez(path, allow_pickle=True, **content(**changed))
    if what in DAMAGED:
        with pytest.raises(DataError) as caught:
            Photos(path, network().card)
    else:
        photos = Photos(path, network().card)
        with pytest.raises(DataError) as caught:
            [photos[n] for n in range(4)]
    assert str(caught.value).startswith(f"{path}: ") and said in str(caught.value)
    assert "\n" not in str(caught.value)


def test_the_command_says_it_in_one_line(tmp_path, capsys):
    np.savez(tmp_path / "photos.npz", **content(**box(1, 9, 9, 5, 5)))
    words = ["measure", "pointing_game", "--network", "shapes", "--data", str(tmp_path / "photos.npz")]
    assert main(words) == 2
    err = capsys.readouterr().err
    assert "photos.npz: a box is x0, y0, x1, y1" in err and err.count("\n") == 1


def flipped(path, at):
    data = bytearray(path.read_bytes())
    data[at] ^= 0xFF
    path.write_bytes(data)


@pytest.mark.parametrize("save", [np.savez, np.savez_compressed])
def test_one_wrong_byte_is_found_or_changes_nothing(tmp_path, save):
    path, found = tmp_path / "photos.npz", 0
    save(path, **content())
    whole, intact = path.read_bytes(), content()
    for at in np.random.default_rng(3).integers(0, len(whole), 150).tolist():
        path.write_bytes(whole)
        flipped(path, at)
        try:
            photos = Photos(path, network().card)
        except DataError:
            found += 1
        else:
            assert np.array_equal(photos.boxes, intact["boxes"])
            assert np.array_equal(photos.labels, intact["labels"])
            assert all(np.array_equal(photos[n].picture, intact["images"][n]) for n in range(4))
    assert found > 100


def test_a_file_that_was_cut_short_is_found(tmp_path):
    path = tmp_path / "photos.npz"
    np.savez(path, **content())
    whole = path.read_bytes()
    for share in (0.01, 0.3, 0.7, 0.99):
        path.write_bytes(whole[: int(share * len(whole))])
        with pytest.raises(DataError, match="not an npz file with images"):
            Photos(path, network().card)


def test_what_claims_more_than_it_can_hold_is_not_unpacked(tmp_path):
    path = tmp_path / "photos.npz"
    np.savez_compressed(path, **content())
    with zipfile.ZipFile(path) as archive:
        at = archive.getinfo("images.npy").header_offset
    data = bytearray(path.read_bytes())
    entry = data.index(b"PK\x01\x02", at)
    while b"images.npy" not in data[entry : entry + 60]:
        entry = data.index(b"PK\x01\x02", entry + 1)
    data[entry + 24 : entry + 28] = (2**32 - 2).to_bytes(4, "little")  # the size after unpacking
    path.write_bytes(data)
    with pytest.raises(DataError, match="not an npz file with images"):
        Photos(path, network().card)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes here")
def test_a_pipe_is_no_file_of_photos_and_none_of_rows(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(DataError, match="no ordinary file"):
        Photos(tmp_path / "pipe", network().card)
    with pytest.raises(DataError, match="no file of measured rows"):
        opened(tmp_path / "pipe", {})


def test_rows_of_another_file_of_the_same_name_are_not_taken(tmp_path):
    net, rows = network(), tmp_path / "rows.jsonl"
    for folder, labels in (("a", [0, 3, 5, 7]), ("b", [1, 3, 5, 7])):
        (tmp_path / folder).mkdir()
        np.savez(tmp_path / folder / "photos.npz", **content(labels=np.array(labels)))
    first, same, other = (Photos(tmp_path / folder / "photos.npz", net.card) for folder in ("a", "a", "b"))
    measured = run.over(net, first, ["pointing_game"], ["grad_cam"], rows=rows, workers=1, progress=False)
    again = run.over(net, same, ["pointing_game"], ["grad_cam"], rows=rows, workers=1, progress=False)
    assert again == measured
    with pytest.raises(DataError, match="measured with other data: name another file"):
        run.over(net, other, ["pointing_game"], ["grad_cam"], rows=rows, workers=1, progress=False)


BROKEN_ROWS = {
    "a number that is none": '{"number": "1", "area": 1}',
    "numbers missing": '{"area": 1}',
    "keys missing": '{"number": 1, "area": 1}\n{"number": 2}',
    "a list": "[1, 2]",
    "no JSON": '{"number": 1, "area": 1, "val',
    "nested without end": "[" * 100_000,
}


@pytest.mark.parametrize("rows", BROKEN_ROWS)
def test_rows_that_are_damaged_are_not_taken(tmp_path, rows):
    path = tmp_path / "rows.jsonl"
    path.write_text(json.dumps({"of": "squares"}) + "\n" + BROKEN_ROWS[rows] + "\n")
    before = path.read_bytes()
    with pytest.raises(DataError, match="no file of measured rows, and was left as it is"):
        opened(path, {"of": "squares"})
    assert path.read_bytes() == before
