"""RGB to a network's input, and back."""

from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from gradcam.image import crop_shown, prepare, read, restore
from gradcam.image.preprocessing import crop_values
from tests.gradcam.image.scene import scene
from tests.support.data import DATA
from weights import Preprocessing

CAFFE = Preprocessing(
    resize="short", size=40, crop=32, channels="BGR", scale=255.0, mean=(104.0, 117.0, 123.0)
)
TORCH = Preprocessing(size=40, crop=32, mean=(0.485, 0.456, 0.406), std=(0.229, 0.224, 0.225))


@pytest.mark.parametrize("size", [(48, 64), (64, 48), (41, 40), (500, 300), (1, 1), (3, 900)])
def test_the_crop_is_the_middle_of_the_resized_photo(size):
    shown = crop_shown(scene(*size) if min(size) > 1 else np.full((*size, 3), 9, np.uint8), TORCH)
    assert shown.shape == (32, 32, 3) and shown.dtype == np.uint8
    if 40 <= min(size) <= 64:  # red and green grow evenly: the mean of a centred crop is their middle
        assert abs(float(shown[..., 0].mean()) - 127.5) < 4 and abs(float(shown[..., 1].mean()) - 127.5) < 4


def test_the_long_side_is_rounded_and_the_crop_starts_at_half_the_rest_rounded_down():
    image = Image.fromarray(
        scene(30, 41)
    )  # 41 * 40 / 30 = 54.67 -> 55;  55 - 32 = 23 -> 11;  40 - 32 = 8 -> 4
    whole = np.asarray(image.resize((55, 40), Image.Resampling.BILINEAR))
    assert np.array_equal(crop_shown(image, TORCH), whole[4:36, 11:43])


def test_squash_changes_the_aspect_ratio():
    squash = replace(TORCH, resize="squash", size=32)
    assert np.array_equal(
        crop_shown(scene(), squash),
        np.asarray(Image.fromarray(scene()).resize((32, 32), Image.Resampling.BILINEAR)),
    )


def test_the_input_is_scaled_and_ordered_as_the_card_says():
    red = Image.new("RGB", (64, 64), (255, 10, 0))
    x = prepare(red, CAFFE)
    assert x.shape == (1, 3, 32, 32) and x.dtype == np.float32 and x.flags.c_contiguous
    assert x[0, :, 5, 5].tolist() == [0 - 104, 10 - 117, 255 - 123]
    x = prepare(red, TORCH, np.float64)
    assert x.dtype == np.float64
    assert np.allclose(x[0, :, 5, 5], (np.array([1, 10 / 255, 0]) - TORCH.mean) / TORCH.std, atol=1e-15)


GREY = Preprocessing(size=28, crop=28, channels="L", scale=0.99609375, mean=(0.5,), std=(0.25,))


def test_a_network_that_sees_greys_gets_one_channel():
    x = prepare(scene(), GREY)
    assert x.shape == (1, 1, 28, 28)
    grey = (
        Image.fromarray(scene()).convert("L").resize((37, 28), Image.Resampling.BILINEAR).crop((4, 0, 32, 28))
    )
    assert np.allclose(x[0, 0], (np.asarray(grey) / 256 - 0.5) / 0.25, atol=1e-6)
    shown = crop_shown(scene(), GREY)
    assert shown.shape == (28, 28, 3) and np.array_equal(shown, np.asarray(grey)[..., None].repeat(3, -1))
    assert np.array_equal(crop_shown(np.asarray(Image.fromarray(scene()).convert("L")), GREY), shown)
    assert np.array_equal(restore(x, GREY)[0], shown)


@pytest.mark.parametrize("preprocessing", [CAFFE, TORCH])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_restore_undoes_prepare(preprocessing, dtype):
    x = prepare(scene(), preprocessing, dtype)
    before = x.copy()
    assert np.array_equal(restore(x, preprocessing)[0], crop_shown(scene(), preprocessing))
    assert np.array_equal(restore(x[0], preprocessing), crop_shown(scene(), preprocessing))
    assert np.array_equal(x, before)


def numbered(height, width):
    """A photo whose red says the row and whose green says the column."""
    rows, columns = np.mgrid[:height, :width].astype(np.uint8)
    return np.stack([rows, columns, rows + columns], axis=-1)


NEAREST = Preprocessing(size=10, crop=(10, 20), interpolation="nearest", fill=(201, 202, 203))


@pytest.mark.parametrize(("photo", "size", "crop", "top", "left"), [
    ((31, 40), 20, (10, 20), 10, 10),  # twice what covers 20 columns: as it is
    ((50, 33), 33, (30, 33), None, 0),  # 33 / 30 of what covers it
    ((30, 41), 20, (20, 10), None, 0),
])  # fmt: skip
def test_an_input_that_is_not_square_is_covered_and_cut_from_the_middle(photo, size, crop, top, left):
    image = numbered(*photo)
    shown = crop_shown(image, replace(NEAREST, size=size, crop=crop))
    rows, columns = crop
    if top is not None:
        assert np.array_equal(shown, image[top : top + rows, left : left + columns])
    scale = size / min(crop) * max(rows / photo[0], columns / photo[1])
    new = round(scale * photo[1]), round(scale * photo[0])
    whole = np.asarray(Image.fromarray(image).resize(new, Image.Resampling.NEAREST))
    top, left = (new[1] - rows) // 2, (new[0] - columns) // 2
    assert np.array_equal(shown, whole[top : top + rows, left : left + columns])


def test_squash_to_an_input_that_is_not_square():
    image = numbered(50, 30)
    shown = crop_shown(image, replace(NEAREST, resize="squash", size=12, crop=(8, 10)))
    whole = np.asarray(Image.fromarray(image).resize((15, 12), Image.Resampling.NEAREST))  # 12 * 10 / 8
    assert np.array_equal(shown, whole[2:10, 2:12])


def test_a_letterbox_shows_the_whole_photo_on_its_ground():
    for photo, crop, inside in (
        ((10, 20), (16, 10), np.s_[5:10, :]), ((20, 10), (10, 16), np.s_[:, 5:10]),
        ((2, 40), (3, 10), np.s_[1:2, :]), ((40, 2), (10, 3), np.s_[:, 1:2]), ((5, 5), (8, 9), np.s_[:, 0:8])
    ):  # fmt: skip
        how = replace(NEAREST, resize="letterbox", crop=crop)
        shown, ground = crop_shown(numbered(*photo), how), np.full((*crop, 3), (201, 202, 203), np.uint8)
        expected = ground.copy()
        size = expected[inside].shape
        small = Image.fromarray(numbered(*photo)).resize((size[1], size[0]), Image.Resampling.NEAREST)
        expected[inside] = np.asarray(small)
        assert np.array_equal(shown, expected)
    grey = crop_shown(numbered(10, 20), replace(NEAREST, resize="letterbox", crop=(16, 10), channels="L"))
    assert (grey[:5] == 202).all() and (grey[10:] == 202).all()


def test_of_a_photo_that_is_very_long_the_middle_is_shown():
    for width, left in ((40, 0), (41, 0), (51, 5)):  # 20 times as long as it is high
        for turn in (lambda a: a, lambda a: a.swapaxes(0, 1)):
            crop = turn(np.empty((2, 40))).shape
            shown = crop_shown(turn(numbered(2, width)), replace(NEAREST, resize="letterbox", crop=crop))
            assert np.array_equal(shown, turn(numbered(2, width)[:, left : left + 40]))


def test_maps_are_brought_to_what_is_seen_of_the_photo():
    values = np.arange(30 * 40.0).reshape(30, 40) / 7
    square = replace(NEAREST, size=30, crop=20)
    found = crop_values(values, square)
    assert found.dtype == np.float32 and np.array_equal(found, np.float32(values)[5:25, 10:30])
    both = crop_values(np.stack([values, -values]), square)
    assert np.array_equal(both, np.stack([found, -found]))
    letterbox = crop_values(values + 1, replace(NEAREST, resize="letterbox", crop=(40, 40)))
    assert np.array_equal(letterbox[5:35], np.float32(values + 1))
    assert not letterbox[:5].any() and not letterbox[35:].any()


def test_a_crop_is_at_most_as_large_as_the_resized_photo():
    assert crop_shown(numbered(30, 40), replace(NEAREST, size=10, crop=(10, 12))).shape == (10, 12, 3)
    with pytest.raises(ValueError, match="a crop of 10 pixels does not fit a picture resized to 9"):
        crop_shown(numbered(30, 40), replace(NEAREST, size=9, crop=(10, 12)))


@pytest.mark.parametrize("wrong", [{"resize": "stretch"}, {"size": 20}, {"channels": "GBR"}])
def test_a_card_that_makes_no_sense_is_an_error(wrong):
    with pytest.raises(ValueError, match=str(next(iter(wrong.values())))):
        prepare(scene(), replace(TORCH, **wrong))


def test_a_name_is_no_picture():
    with pytest.raises(TypeError, match=r"prepare\(read\('x\.jpg'\)"):
        prepare("x.jpg", Preprocessing())


@pytest.mark.data
def test_real_photos_reach_the_network_as_the_reference_saw_them():
    """Probabilities measured with PyTorch; a crop that starts one pixel beside moves them by 0.01 to 0.1."""
    import weights
    from minicnn import Softmax

    net = weights.load("squeezenet", DATA / "weights/squeezenet_v1_0.npz")
    seen = {}
    for photo in ("cat_dog.jpg", "both.png", "dogs.png", "puppies.jpg"):
        p = Softmax()(net(prepare(read(DATA / "images" / photo), net.card.preprocessing)))[0]
        seen[photo] = net.card.classes[p.argmax()], round(float(p.max()), 3)
    assert seen == {
        "cat_dog.jpg": ("bull mastiff", 0.867),
        "both.png": ("bull mastiff", 0.839),
        "dogs.png": ("collie", 0.653),
        "puppies.jpg": ("Labrador retriever", 0.919),
    }
