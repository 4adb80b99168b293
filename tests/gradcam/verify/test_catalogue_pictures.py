"""Pictures that were prepared otherwise: every entry gives the input that the mistake gives."""

from types import SimpleNamespace

import numpy as np
from PIL import Image

from gradcam.verify.hypotheses import preprocessing, resizing_photos
from gradcam.verify.hypotheses.preprocessing import CAFFE, MEAN, STD
from gradcam.verify.hypotheses.resizing_photos import COARSE, resized_otherwise
from gradcam.verify.reference.resizing import as_opencv
from weights import Preprocessing

PIXELS = np.random.default_rng(0).integers(0, 256, (1, 3, 8, 8)) / 255
PIXELS[0, :, 0, :2] = 0, 1
LUMA = np.array([0.299, 0.587, 0.114])[:, None, None]
GREY = {"MNIST": (0.1307, 0.3081), "FashionMNIST": (0.286, 0.353), "0.5": (0.5, 0.5)}
RGB = preprocessing.SETS


def asked_of(x, photo=None, card=None):
    return SimpleNamespace(x=x, photo=photo, net=SimpleNamespace(card=SimpleNamespace(preprocessing=card)))


def inputs(entry, q):
    """{detail: input} of an entry; each is asked for its own change."""
    return {name: f(q, None, lambda: q.x) for name, f in entry(q, None).items()}


def same(found, expected):
    assert list(found) == list(expected)
    for name, x in expected.items():
        np.testing.assert_allclose(
            found[name], np.broadcast_to(x, found[name].shape), atol=1e-9, err_msg=name
        )


def own_card(mean, std, scale, channels, p=PIXELS):
    """A question of a network with a card: x, and the card's mean and deviation of a picture of 0 to 1."""
    card = Preprocessing(size=8, crop=8, mean=mean, std=std, scale=scale, channels=channels)
    m, s = (np.array(v)[:, None, None] / scale for v in (mean, std))
    return asked_of((p - m) / s, card=card), m, s


def otherwise(p, x, m, s):
    """A normalised picture p, by m and s, fed otherwise."""
    return {
        "not normalised, 0 to 1": p,
        "not normalised, 0 to 255": 255 * p,
        "not divided by the deviation": p - m,
        "divided by the deviation, no mean subtracted": p / s,
        "divided by the variance": (p - m) / s / s,
        "normalised twice": (x - m) / s,
        "/255 forgotten: a picture of 0 to 255, the mean and deviation of 0 to 1": (255 * p - m) / s,
        "divided by 255 twice": (p / 255 - m) / s,
    }


def test_a_grey_picture_normalised_otherwise():
    p = PIXELS[:, :1]
    m, s = GREY["MNIST"]
    q = asked_of((p - m) / s)
    expected = {f"{n} (MNIST's mean and deviation)": x for n, x in otherwise(p, q.x, m, s).items()}
    expected |= {f"{n} instead of MNIST": (p - GREY[n][0]) / GREY[n][1] for n in ("FashionMNIST", "0.5")}
    same(inputs(preprocessing.normalisations, q), expected)
    assert preprocessing.colours(q, None) == {}
    same(inputs(preprocessing.shades, q), {"a negative: white for black (MNIST)": (1 - p - m) / s})
    same(inputs(preprocessing.normalisations, asked_of(255 * p)), {
        f"{n}'s, where the network takes 0 to 255": (p - m) / s for n, (m, s) in GREY.items()
    })  # fmt: skip
    two = asked_of(np.repeat(p, 2, axis=1))
    assert preprocessing.normalisations(two, None) == preprocessing.shades(two, None) == {}
    assert preprocessing.colours(two, None) == {}


def test_a_picture_as_a_card_says_normalised_otherwise():
    q, m, s = own_card((10, 20, 30), (51, 102, 25.5), 255.0, "BGR")
    expected = otherwise(PIXELS, q.x, m, s)
    expected |= {"Caffe's means, BGR, 0 to 255": 255 * PIXELS[:, ::-1] - CAFFE,
                 "Caffe's means, but RGB, 0 to 255": 255 * PIXELS - CAFFE[::-1]}  # fmt: skip
    expected |= {f"{n} instead of its own": (PIXELS - m) / s for n, (m, s) in RGB.items()}
    same(inputs(preprocessing.normalisations, q), expected)
    same(inputs(preprocessing.colours, q), {
        "RGB, not BGR": q.x[:, ::-1],
        "a RGB picture, normalised by BGR's mean and deviation: its own": (PIXELS[:, ::-1] - m) / s,
        "a BGR picture, normalised by RGB's mean and deviation: its own": (PIXELS - m[::-1]) / s[::-1],
    })  # fmt: skip
    same(inputs(preprocessing.shades, q), {
        "a negative: white for black (its own)": (1 - PIXELS - m) / s,
        "in grey (its own)": ((LUMA[::-1] * PIXELS).sum(1, keepdims=True) - m) / s,
    })  # fmt: skip
    q, m, s = own_card((0.2, 0.2, 0.2), (0.3, 0.3, 0.3), 1.0, "RGB")
    same(inputs(preprocessing.colours, q), {"BGR, not RGB": q.x[:, ::-1]})
    q, m, s = own_card((0.2, 0.2, 0.2), (0.3, 0.3, 0.4), 1.0, "RGB")
    assert list(inputs(preprocessing.colours, q)) == [
        "BGR, not RGB", "a BGR picture, normalised by RGB's mean and deviation: its own",
        "a RGB picture, normalised by BGR's mean and deviation: its own",
    ]  # fmt: skip
    photo = ("picture", q.net.card.preprocessing)
    assert preprocessing.preparation(asked_of(q.x, photo=photo)) is photo[1]
    assert preprocessing.preparation(q) is photo[1]
    assert preprocessing.preparation(SimpleNamespace(photo=None, net=object())) is None


def test_a_picture_for_weights_from_caffe_and_for_a_network_that_takes_it_as_it_is():
    q = asked_of(255 * PIXELS - CAFFE)
    found = inputs(preprocessing.normalisations, q)
    assert list(found)[-1] == "CLIP instead of Caffe" and len(found) == 7 + 1 + len(RGB)
    np.testing.assert_allclose(found["ImageNet instead of Caffe"], (PIXELS[:, ::-1] - MEAN) / STD)
    same(inputs(preprocessing.shades, q), {
        "a negative: white for black (Caffe)": 255 * (1 - PIXELS) - CAFFE,
        "in grey (Caffe)": 255 * (LUMA[::-1] * PIXELS).sum(1, keepdims=True) - CAFFE,
    })  # fmt: skip
    assert next(iter(preprocessing.colours(q, None))) == "RGB, not BGR"
    in_floats = np.random.default_rng(0).random((1, 3, 8, 8))  # no whole 255ths: the usual ones alone
    assert list(preprocessing.meant(asked_of((in_floats - MEAN) / STD))) == ["ImageNet"]
    q = asked_of(PIXELS)
    there = "where the network takes 0 to 1"
    expected = {f"{n}'s, {there}": (PIXELS - m) / s for n, (m, s) in RGB.items()}
    expected[f"Caffe's, BGR, {there}"] = 255 * PIXELS[:, ::-1] - CAFFE
    same(inputs(preprocessing.normalisations, q), expected)
    same(inputs(preprocessing.colours, q), {
        "BGR where x is RGB, or RGB where x is BGR": PIXELS[:, ::-1]
    })  # fmt: skip


def test_how_else_a_picture_lies_and_what_its_values_are():
    q = asked_of(PIXELS)
    same(
        inputs(preprocessing.ranges, q), {"255 times too large": 255 * q.x, "255 times too small": q.x / 255}
    )
    assert preprocessing.exchanged(q, None, lambda: PIXELS).tolist() == PIXELS.swapaxes(2, 3).tolist()
    assert preprocessing.resizes(q, None) == {}
    photo = np.zeros((9, 12, 3), np.uint8), Preprocessing(size=8, crop=8)
    found = inputs(preprocessing.resizes, asked_of(PIXELS, photo=photo))
    assert list(found) == list(resized_otherwise(photo)) and found["by box"].shape == (1, 3, 8, 8)


def test_what_to_do_about_another_mean_and_deviation():
    own = preprocessing.OWN
    for detail, told in {
        "ImageNet instead of Caffe": "weights that come from Caffe take BGR",
        "not normalised, 0 to 1 (the weights come from Caffe)": "weights that come from Caffe take BGR",
        "0.5's, where the network takes 0 to 1": "leave transforms.Normalize out: the network takes",
        "not normalised, 0 to 1": f"normalise as in training: {own}",
        "not normalised, 0 to 255": "divide by 255 (ToTensor does, of bytes), then",
        "not divided by the deviation (0.5's mean and deviation)": "divide by the deviation, too",
        "divided by the deviation, no mean subtracted": "subtract the mean, too",
        "divided by the variance": "divide by the standard deviation",
        "normalised twice": "normalise once",
        "/255 forgotten: a picture": "divide by 255 before you normalise",
        "divided by 255 twice": "divide by 255 once",
        "Caffe's means, BGR, 0 to 255": "those are for weights that come from Caffe",
        "CIFAR-10 instead of ImageNet": own,
    }.items():
        assert preprocessing.renormalised(detail).startswith(told), detail
    of = "the picture is normalised with mean and deviation of "
    for detail, said in {
        "/255 forgotten: it": "/255 forgotten: it",
        "normalised twice": "the picture is normalised twice",
        "CLIP instead of ImageNet": of + "CLIP instead of ImageNet",
        "CLIP instead of its own": of + "CLIP instead of its own",
        "MNIST instead of FashionMNIST": of + "MNIST instead of FashionMNIST",
        "CLIP instead of Caffe": of + "CLIP instead of Caffe",
        "0.5's, where the network takes 0 to 255": of + "0.5's, where the network takes 0 to 255",
    }.items():
        assert preprocessing.prepared(detail) == said


# --- photos brought to another size


def test_shares_of_old_pixels_in_new_ones():
    r = resizing_photos
    assert r.legacy(2, 4).tolist() == [[1, 0], [0.5, 0.5], [0, 1], [0, 1]]
    assert r.corners(3, 5).tolist() == [[1, 0, 0], [0.5, 0.5, 0], [0, 1, 0], [0, 0.5, 0.5], [0, 0, 1]]
    assert r.between(np.array([-0.5, 0.25, 1.75, 9]), 3).tolist() == [
        [1, 0, 0], [0.75, 0.25, 0], [0, 0.25, 0.75], [0, 0, 1]
    ]  # fmt: skip
    np.testing.assert_allclose(r.antialiased(4, 2), np.array([[3, 3, 1, 0], [0, 1, 3, 3]]) / 7)
    assert r.antialiased(2, 4).tolist() == [[1, 0], [0.75, 0.25], [0.25, 0.75], [0, 1]]
    np.testing.assert_allclose(r.areas(3, 2), np.array([[2, 1, 0], [0, 1, 2]]) / 3)
    np.testing.assert_allclose(r.areas(2, 3), [[1, 0], [0.5, 0.5], [0, 1]])
    assert r.at_corner(3, 2).tolist() == [[1, 0, 0], [0, 1, 0]]
    assert r.at_corner(2, 3).tolist() == [[1, 0], [1, 0], [0, 1]]
    assert r.in_bytes(lambda pixels, size: np.array([-3, 2.4, 3.6, 300]))(None, None).tolist() == [
        0,
        2,
        4,
        255,
    ]


def half_pixel(n, N):
    at = np.clip((np.arange(N) + 0.5) * n / N - 0.5, 0, n - 1)
    return np.maximum(1 - abs(at[:, None] - np.arange(n)), 0)


def test_ways_to_resize_by_their_names():
    pixels = np.random.default_rng(1).integers(0, 256, (5, 7, 3), dtype=np.uint8)
    by = lambda make: np.stack([make(5, 3) @ pixels[..., c] @ make(7, 4).T for c in range(3)], -1)  # noqa: E731
    r = resizing_photos
    expected = {
        "bilinear without antialiasing, in floats (PyTorch, TensorFlow 2)": by(half_pixel),
        "bilinear without antialiasing, in bytes (PyTorch)": np.rint(by(half_pixel)),
        "bilinear without antialiasing (OpenCV)": as_opencv(pixels, (3, 4)),
        "bilinear from the corners of the pixels (TensorFlow 1)": by(r.legacy),
        "bilinear with aligned corners": by(r.corners),
        "bilinear with antialiasing, in floats (torchvision)": by(r.antialiased),
        "averages over areas (OpenCV)": np.rint(by(r.areas)),
        "averages over areas, in floats": by(r.areas),
        "the nearest pixel, by its corner (OpenCV)": by(r.at_corner),
    }
    same({name: resize(pixels, (3, 4)) for name, resize in COARSE.items()}, expected)


def by_pil(photo, p, new, kind, rows=8, columns=8):
    """Resized to `new` (width, height), its middle cut out, normalised by 1/2 and BGR."""
    pixels = np.asarray(Image.fromarray(photo).resize(new, kind))
    left, top = (new[0] - columns) // 2, (new[1] - rows) // 2
    pixels = pixels[top : top + rows, left : left + columns, ::-1]
    return ((pixels - 100.0) / 50).transpose(2, 0, 1)[None]


def test_other_ways_of_resizing_a_photo():
    photo = np.random.default_rng(1).integers(0, 256, (20, 31, 3), dtype=np.uint8)
    p = Preprocessing(size=10, crop=8, channels="BGR", scale=255, mean=(100,) * 3, std=(50,) * 3)
    found, linear = resized_otherwise((photo, p)), Image.BILINEAR
    filters = {"nearest": Image.NEAREST, "bicubic": Image.BICUBIC, "lanczos": Image.LANCZOS, "box": Image.BOX}
    expected = {
        "squashed, no crop": by_pil(photo, p, (8, 8), linear),
        "squashed, then cropped": by_pil(photo, p, (10, 10), linear),
        "short side to the crop": by_pil(photo, p, (12, 8), linear),
        "short side to 256": by_pil(photo, p, (397, 256), linear),
        **{f"by {name}": by_pil(photo, p, (16, 10), kind) for name, kind in filters.items()},
    }
    squashed = {f"squashed, no crop, by {n}": by_pil(photo, p, (8, 8), kind) for n, kind in filters.items()}
    for name, resize in COARSE.items():
        expected[name] = ((resize(photo, (10, 16))[1:9, 4:12, ::-1] - 100.0) / 50).transpose(2, 0, 1)[None]
        whole = (resize(photo, (8, 8))[..., ::-1] - 100.0) / 50
        squashed[f"squashed, no crop, {name}"] = whole.transpose(2, 0, 1)[None]
    same({name: make() for name, make in found.items()}, expected | squashed)
    as_they_are = resized_otherwise((Image.fromarray(photo), p))
    assert np.array_equal(as_they_are["by box"](), expected["by box"])
    name = "averages over areas, in floats"
    np.testing.assert_allclose(as_they_are[name](), expected[name])
    by_box = resized_otherwise((photo, Preprocessing(resize="squash", size=8, crop=8, interpolation="box")))
    assert list(by_box)[:2] == ["short side to the crop", "short side to 256"]
    assert "by box" not in by_box and "by bilinear" in by_box


def test_photos_for_inputs_that_are_not_square_and_for_letterboxes():
    photo = np.random.default_rng(1).integers(0, 256, (20, 31, 3), dtype=np.uint8)
    p = Preprocessing(size=6, crop=(9, 6), channels="BGR", scale=255, mean=(100,) * 3, std=(50,) * 3)
    found = {name: make() for name, make in resized_otherwise((photo, p)).items()}
    assert {x.shape for x in found.values()} == {(1, 3, 9, 6)} and len(found) == 3 + 2 * (4 + len(COARSE))
    squashed = by_pil(photo, p, (6, 9), Image.BILINEAR, 9, 6)
    np.testing.assert_allclose(found["squashed, no crop"], squashed)
    name = "averages over areas, in floats"
    covering = (COARSE[name](photo, (9, 14))[:, 4:10, ::-1] - 100.0) / 50
    np.testing.assert_allclose(found[name], covering.transpose(2, 0, 1)[None])
    boxed = Preprocessing(resize="letterbox", size=4, crop=8)
    names = list(resized_otherwise((photo, boxed)))
    assert names[:4] == ["squashed, no crop", "short side to the crop", "short side to 256", "by nearest"]
    assert not set(COARSE) & set(names)
    assert all(make().shape == (1, 3, 8, 8) for make in resized_otherwise((photo, boxed)).values())
    grey = Preprocessing(size=8, crop=8, channels="L", mean=(0.5,), std=(0.25,))
    assert all(resized_otherwise((photo, grey))[way]().shape == (1, 1, 8, 8) for way in (name, "by box"))
