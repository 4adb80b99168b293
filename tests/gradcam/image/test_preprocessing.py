"""RGB to a network's input, and back."""

from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from gradcam.image import crop_shown, prepare, read, restore
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
