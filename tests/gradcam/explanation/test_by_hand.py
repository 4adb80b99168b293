"""What `explain` makes of what it is given, and what is kept of what it finds: small arrays, written out."""

import sys
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
from PIL import Image

from gradcam import Target, explain
from gradcam.asking import AskError
from gradcam.explanation import Explanation, NoMapError, saved
from gradcam.explanation.answer import Answer, answer_of, called, name_of, naming, phrase, without_map
from gradcam.explanation.calls import allowed, computed, methods_asked, options_of
from gradcam.explanation.classes import as_list, class_named, targets_asked
from gradcam.explanation.finite import NotFiniteError, _constants, check_map, check_scores
from gradcam.explanation.forward import in_its_precision, network_of, notes_of, output_of
from gradcam.explanation.given import _pixels, _sizes, as_photo, input_of, mask_as, said
from gradcam.explanation.layers import (
    feature_maps,
    full_names,
    in_full,
    layer_named,
    layers_asked,
    layers_found,
)
from gradcam.explanation.passes import Pass
from gradcam.explanation.signals import refusals
from gradcam.files import SaveError
from gradcam.image.preprocessing import _covering, _middle, _placed, as_input, restore
from gradcam.methods import METHODS
from gradcam.targets import Box, Number
from minicnn import (
    Concat,
    GlobalAvgPool,
    GraphError,
    Linear,
    Mean,
    ReLU,
    Reshape,
    SiLU,
    Softmax,
    Tensor,
    Transpose,
    ops,
)
from weights import Preprocessing, WeightsError

# --- photos and inputs

PHOTO = np.arange(4 * 5 * 3, dtype=np.uint8).reshape(4, 5, 3)


@pytest.mark.parametrize(
    ("given", "how"),
    [
        (PHOTO, "uint8 (H, W, C)"), (PHOTO.transpose(2, 0, 1), "uint8 (C, H, W)"),
        (PHOTO / 255, "float64 from 0 to 1, rounded to 8 bits (H, W, C)"),
        (PHOTO.astype(np.float32), "float32 from 0 to 255, rounded to 8 bits (H, W, C)"),
        (np.dstack([PHOTO, PHOTO[..., 0]]), "uint8 (H, W, C), its fourth channel left out"),
    ],
)  # fmt: skip
def test_a_photo_in_its_usual_forms(given, how):
    pixels, found = _pixels(given)
    assert np.array_equal(pixels, PHOTO) and pixels.dtype == np.uint8 and found == how


def test_grey_photos_and_what_is_none():
    grey = PHOTO[..., 0]
    for given, how in (
        (grey, "uint8 (H, W)"),
        (grey[..., None], "uint8 (H, W, C)"),
        (grey[None], "uint8 (C, H, W)"),
    ):
        pixels, found = _pixels(given)
        assert np.array_equal(pixels, grey) and found == how
    assert _pixels(np.full((2, 2), 1.0))[0].tolist() == [[255, 255]] * 2
    assert _pixels(np.array([[0.5, 1.01]]))[0].tolist() == [[0, 1]]
    for wrong, why in (
        (np.zeros((5, 5, 5), np.uint8), "not (5, 5, 5)"),
        (np.zeros((0, 4, 3), np.uint8), "is empty"),
        (np.zeros((4, 0, 3), np.uint8), "is empty"),
        (np.array([[-0.1, 1]]), "this one from -0.1 to 1"),
        (np.array([[0, 255.5]]), "from 0 to 255.5"),
        (np.zeros((4, 4), np.int16), "not of int16"),
    ):
        with pytest.raises(AskError) as error:
            _pixels(wrong)
        assert why in str(error.value)


def test_which_axes_an_input_has():
    x = np.random.default_rng(0).random((2, 5, 6, 3))
    turned, how = input_of(x)
    assert (
        np.array_equal(turned.data, x.transpose(0, 3, 1, 2))
        and "its axes (N, H, W, C) as (N, C, H, W)" in how
    )
    for shape in ((2, 3, 6, 3), (2, 1, 5, 4), (2, 5, 6, 7)):
        same, how = input_of(np.zeros(shape))
        assert same.shape == shape and how == "as given"
    for axes, shape, found in (
        *((3, (9,), (1, 1, 9)), (3, (2, 9), (1, 2, 9)), (3, (4, 2, 9), (4, 2, 9))),
        *((5, (4, 5, 6), (1, 1, 4, 5, 6)), (5, (2, 4, 5, 6), (1, 2, 4, 5, 6))),
    ):
        assert input_of(np.zeros(shape), SimpleNamespace(axes=axes))[0].shape == found
    with pytest.raises(GraphError, match="not finite"):
        input_of(np.array([[[[1, np.inf, 2]]]]))
    assert _sizes(np.zeros((3, 4, 5))) == [(4, 5), (3, 4)] and _sizes(np.zeros(3)) == [] and _sizes("x") == []


def test_photos_are_prepared_as_the_card_says():
    how = Preprocessing(resize="squash", size=4, crop=4, mean=(0.5, 0.5, 0.5), std=(0.25, 0.25, 0.25))
    card = SimpleNamespace(axes=4, preprocessing=how)
    grey = np.full((6, 4, 3), 51, np.uint8)
    x, told = input_of(grey, card)
    assert x.shape == (1, 3, 4, 4) and x.data == pytest.approx((0.2 - 0.5) * 4, abs=1e-6) and x.name == "x"
    assert told == f"uint8 (H, W, C): {said(how)}"
    both, told = input_of(np.stack([grey, 2 * grey]), card)
    assert both.shape == (2, 3, 4, 4) and both.data[1] == pytest.approx((0.4 - 0.5) * 4, abs=1e-6)
    assert input_of(Image.fromarray(grey), card)[1] == f"a picture: {said(how)}"
    assert input_of(Tensor(np.ones((1, 2)), "own"))[1] == "as given"
    for wrong, card, why in (
        (grey, None, "is a photo, and this network has no description"), ("a.png", None, "'a.png' is a ph"),
        (np.zeros((1, 3, 4, 4), int), None, "not of int64"), ([1.0], None, "not list"),
        (np.zeros((0, 3, 4, 4)), None, "is empty"), (np.array(["a"]), None, "not of <U1"),
        (np.array(1.0), None, r"not of float64 \(\)"), (SimpleNamespace(convert=0), None, "is an array"),
        (SimpleNamespace(getbands=0), None, "is an array"),
    ):  # fmt: skip
        with pytest.raises(AskError, match=why):
            input_of(wrong, card)


def test_arrays_are_known_by_what_they_can_do():
    class Array:
        """No library's, though it has one half of what a tensor of PyTorch's has."""

        detach = cpu = None

        def __array__(self, dtype=None, copy=None):
            return np.full((1, 3, 2, 2), 2.0)

    class Torch:
        """A tensor of PyTorch's, on its way: each step is noted."""

        def __init__(self, dtype):
            self.dtype, self.steps = dtype, []

        def __getattr__(self, step):
            if step not in ("detach", "cpu", "float", "resolve_conj", "numpy"):
                raise AttributeError(step)
            return lambda: self.steps.append(step) or (np.ones((1, 1, 2, 2)) if step == "numpy" else self)

    for dtype, floats in (("torch.bfloat16", ["float"]), ("torch.float32", [])):
        x = Torch(dtype)
        assert input_of(x)[0].data.max() == 1
        assert x.steps == ["detach", "cpu", *floats, "resolve_conj", "numpy"]
    assert input_of(np.zeros((2, 3, 9)))[0].shape == (2, 3, 9)
    for half in ("detach", "cpu"):
        assert input_of(type("Half", (Array,), {half: property()})())[0].data.max() == 2


def test_a_mask_of_the_photos_size_is_cut_as_the_photo_is(tmp_path):
    mask = np.zeros((4, 6), bool)
    mask[:, 1:3] = True
    Image.fromarray(mask).save(tmp_path / "m.png")
    how = Preprocessing(size=4, crop=4)  # the middle: columns 1 to 4
    cut = [[True, True, False, False]] * 4
    photo = np.zeros((4, 6, 3), np.uint8)
    for x, card, found in (
        (photo, SimpleNamespace(preprocessing=how), cut),
        (Image.fromarray(photo), SimpleNamespace(preprocessing=how), cut),
        (photo[:, :5], SimpleNamespace(preprocessing=how), mask.tolist()),
        (photo, None, mask.tolist()),
    ):
        assert mask_as(x, card)(tmp_path / "m.png").tolist() == found


def test_a_pixel_that_the_mask_half_covers_is_in_it(monkeypatch):
    shown = np.array([[[127], [128], [255]]], np.uint8)
    monkeypatch.setattr("gradcam.image.crop_shown", lambda pixels, how: shown if pixels.max() == 255 else 0)
    assert as_photo(np.ones((2, 2), bool), None).tolist() == [[False, True, True]]


def test_how_a_photo_is_prepared_in_a_line():
    p = Preprocessing(size=40, crop=32, mean=(0.5, 0.25, 0.125), std=(0.25, 0.5, 1))
    end = "32 x 32, RGB from 0 to 1, minus 0.5, 0.25, 0.125, over 0.25, 0.5, 1"
    assert said(p) == f"shorter side to 40, the middle {end}"
    assert said(Preprocessing(resize="squash", size=8, crop=(8, 6), scale=255.0, channels="BGR")).startswith(
        "squashed to 8 x 6, BGR from 0 to 255, minus"
    )
    boxed = Preprocessing(resize="letterbox", crop=8, fill=(1, 2, 3))
    assert said(boxed).startswith("all of it on a ground of 1, 2, 3, 8 x 8, RGB")


def placed(photo, **how):
    """Where a picture of 100 columns and 60 rows, each with a number of its own, comes to lie."""
    values = np.add.outer(1000.0 * np.arange(photo[1]), np.arange(photo[0])).astype(np.float32)
    return np.asarray(_placed(Image.fromarray(values), Preprocessing(interpolation="nearest", **how), -1.0))


def test_where_a_photo_is_cut():
    cut = placed((100, 60), size=60, crop=50)
    assert cut.shape == (50, 50) and cut[0, 0] == 1000 * 5 + 25 and cut[-1, -1] == 1000 * 54 + 74
    tall = placed((60, 101), size=60, crop=60)
    assert tall[0, 0] == 1000 * 20 and tall.shape == (60, 60)
    wide = placed((100, 60), size=30, crop=(30, 40))  # rows, columns; covers them, its shape kept
    assert wide.shape == (30, 40) and wide[0, 0] == 1000 + 11
    squashed = placed((100, 60), resize="squash", size=50, crop=50)
    assert squashed.shape == (50, 50) and squashed[0, :3].tolist() == [1, 3, 5]
    boxed = placed((100, 60), resize="letterbox", crop=50)
    assert (boxed[:10] == -1).all() and (boxed[40:] == -1).all() and (boxed[10:40] >= 0).all()
    boxed = placed((60, 100), resize="letterbox", crop=(50, 41))
    assert (boxed[:, :5] == -1).all() and (boxed[:, 35:] == -1).all() and (boxed[:, 5:35] >= 0).all()
    assert _covering((100, 60), 30, 30, 30) == (50, 30) and _covering((60, 100), 30, 30, 30) == (30, 50)
    assert _covering((100, 60), 45, 30, 40) == (75, 45) and _covering((30, 100), 30, 30, 40) == (40, 133)
    long = Image.fromarray(np.tile(np.arange(100, dtype=np.uint8), (2, 1)))
    assert _middle(long).size == (40, 2) and np.asarray(_middle(long))[0, [0, -1]].tolist() == [30, 69]
    turned = Image.fromarray(np.asarray(long).T)
    assert _middle(turned).size == (2, 40) and _middle(Image.new("L", (40, 2))).size == (40, 2)


def test_pixels_become_an_input_and_back():
    p = Preprocessing(channels="BGR", scale=255.0, mean=(1, 2, 3), std=(1, 2, 4))
    x = as_input(PHOTO, p, np.float64)
    assert x.shape == (1, 3, 4, 5)
    for channel, (colour, mean, std) in enumerate(((2, 1, 1), (1, 2, 2), (0, 3, 4))):
        np.testing.assert_allclose(x[0, channel], (PHOTO[..., colour].astype(float) - mean) / std)
    assert np.array_equal(restore(x, p)[0], PHOTO)
    half = as_input(PHOTO, Preprocessing(mean=(0.5,) * 3, std=(0.25,) * 3), np.float64)
    np.testing.assert_allclose(half[0, 1, 2, 3], (PHOTO[2, 3, 1] / 255 - 0.5) / 0.25)
    mask = np.zeros((60, 100), bool)
    mask[:, 25:75] = True
    kept = as_photo(mask, Preprocessing(size=60, crop=60))
    assert kept.shape == (60, 60) and kept[0].tolist() == [False] * 5 + [True] * 50 + [False] * 5


# --- what is asked

Y = Tensor(np.array([[1.0, 5, 2, 0], [7, 1, 2, 8]]), "y")


def test_classes_as_they_are_given():
    assert targets_asked(None, Y) == [(1, 3)] and targets_asked(None, Tensor(Y.data[:1], "y")) == [1]
    assert targets_asked([2, "2", np.int64(1), 2], Y) == [2, 1] and targets_asked((0, 3), Y) == [0, 3]
    assert targets_asked([(0, 3)], Y) == [(0, 3)] and targets_asked("b", Y, ("a", "b", "c", "d")) == [1]
    assert targets_asked(None, Tensor(np.array([[3.0], [4.0]]), "y")) == [0]
    for wrong, why in (([(0, 1, 2)], "names 3 classes for 2 pictures"), ([], "no class was asked for"),
                       (1.5, "is no class"), (None, "is no table of scores")):  # fmt: skip
        with pytest.raises(AskError, match=why):
            targets_asked(wrong, Tensor(np.zeros((2, 3, 4)), "y") if wrong is None else Y)
    assert (
        as_list("dog") == ["dog"] and as_list(3) == [3] and as_list([1, 2]) == [1, 2] and as_list((1,)) == [1]
    )
    assert class_named("yes", ("no", "yes"), 1) == 0 and str(class_named("no", ("no", "yes"), 1)) == str(
        -Target.score(0)
    )  # fmt: skip
    assert class_named("yes", ("yes",), 1) == 0 and str(class_named("No", ("yes",), 1)) == str(
        -Target.score(0)
    )
    assert class_named("b", ("a", "b", "c"), 3) == 1


@pytest.mark.parametrize("shape, axis", [((1, 6, 9), 2), ((1, 9, 6), 1), ((1, 6, 6), 1), ((1, 6, 9, 9), 1)])
def test_the_rows_of_a_detector_are_more_than_its_columns(shape, axis):
    assert targets_asked("box:2", Tensor(np.zeros(shape), "y")) == [Box(2, axis=axis)]


def test_a_target_as_text_is_numbered_by_the_names():
    assert targets_asked(["b - a", "score of 2", "-d"], Y, ("a", "b", "c", "d")) == [
        Target.score(1) - Target.score(0), 2, -Target.score(3),
    ]  # fmt: skip
    assert targets_asked(-Target.score("b"), Y, ("a", "b", "c", "d")) == [-Target.score(1)]
    for word, names in (("b - a", ("a", "b - a")), ("-b", ("a", "-b")), ("b-a", ("a", "b-a"))):
        assert targets_asked(word, Y, (*names, "c", "d")[:4]) == [1]  # a class may be called so
    with pytest.raises(AskError) as error:
        targets_asked("unicorn", Y, ("a", "b", "c", "d"))
    assert error.value.__cause__ is None


def test_options_of_a_method_of_its_base_and_of_a_layer():
    asked = ["grad_cam", "occlusion", "guided_grad_cam", "smoothgrad", "grad_cam@conv4"]
    options = {"grad_cam": {"relu": True, "n": 1}, "grad_cam@conv4": {"n": 2}, "smoothgrad": {"n": 3}}
    found = options_of(asked, options, {"window": 5}, "sum", False, "nearest")
    assert found["grad_cam"] == {"alpha": "sum", "relu": True, "n": 1}
    assert found["grad_cam@conv4"]["n"] == 2 and found["occlusion"] == {"window": 5}
    assert found["smoothgrad"]["n"] == 3 and found["guided_grad_cam"]["alpha"] == "sum"
    assert found["guided_grad_cam"]["upsampling"] == "nearest" and "upsampling" not in found["grad_cam"]
    for wrong in ({"options": 3}, {"occluder": [1]}, {"options": {"grad_cam": 3}}):
        given = {"options": None, "occluder": None} | wrong
        with pytest.raises(AskError, match="options are a dict"):
            options_of(asked, given["options"], given["occluder"], "mean", True, "nearest")
    assert methods_asked(["CAM", "cam", "Grad-CAM"]) == ["cam", "grad_cam"]
    for wrong, why in (
        ([], "no method was asked for"),
        ("gradcamm", "did you mean 'grad_cam'"),
        ("qqqq", "no method is called 'qqqq'; there is gradient"),
        ("lrp", "a family"),
    ):
        with pytest.raises(AskError, match=why):
            methods_asked(wrong)
    assert (
        allowed(()) == ()
        and allowed("SiLU") == (SiLU, ReLU)
        and allowed([SiLU, "conv1"]) == (SiLU, "conv1", ReLU)
    )
    assert allowed(ops.Sigmoid) == (ops.Sigmoid, ReLU)
    with pytest.raises(AskError, match="allow takes operations and names"):
        allowed([3])


def test_options_that_a_method_cannot_use_are_said():
    def compute(error):
        def fail(context, n=1):
            raise error

        return SimpleNamespace(name="m", compute=fail)

    with pytest.raises(AskError, match=r"^m cannot use its options n=0: no mean of nothing$"):
        computed(compute(ValueError("no mean of nothing\nat all")), None, {"n": 0})
    with pytest.raises(ValueError, match=r"^no mean") as error:
        computed(compute(ValueError("no mean")), None, {})
    assert type(error.value) is ValueError, "there were no options"
    with pytest.raises(GraphError, match=r"^too deep$"):
        computed(compute(GraphError("too deep")), None, {"n": 0})
    unknown = SimpleNamespace(name="m", compute=lambda context: None)
    with pytest.raises(AskError, match=r"^m cannot use its options n=0: it has no option 'n'$"):
        computed(unknown, None, {"n": 0})


def test_several_layers_have_a_map_each():
    asked = ["saliency", "grad_cam", "grad_cam@b", "fused_grad_cam"]
    assert layers_asked(asked, "a") == (asked, ("a",)) and layers_asked(asked, None) == (asked, ())
    methods, layers = layers_asked(asked, ["a", "c", "a"])
    assert methods == ["saliency", "grad_cam@a", "grad_cam@c", "grad_cam@b", "fused_grad_cam"]
    assert layers == ("a", "c") and layers_asked(asked, ["a"]) == (asked, ("a",))
    with pytest.raises(AskError, match="no layer was asked for"):
        layers_asked(asked, [])
    unit = Target.unit(1, 2, 3, layer="a")
    full = lambda name: f"{name}.last"  # noqa: E731
    assert in_full(unit, full).layer == "a.last" and in_full(Target.score(1), full) == Target.score(1)
    assert in_full(unit - Target.score(1), full).parts[0][1].layer == "a.last"
    y = ReLU()(Tensor(np.ones((1, 2, 3, 4)), "x"), name="relu")
    assert feature_maps(y, "relu") is y
    flat = ReLU()(Tensor(np.ones((1, 2)), "x"), name="flat")
    for name, error in ((None, GraphError), (3, AskError)):
        with pytest.raises(error):
            feature_maps(y, name)
    with pytest.raises(GraphError, match=r"flat \(1, 2\) has no rows and columns"):
        feature_maps(flat, "flat")


def test_whose_forward_pass_and_in_which_precision():
    x = Tensor(np.ones((1, 2)), "x")
    assert network_of(len) is len and in_its_precision(x, len) is x
    live = SimpleNamespace(dtype=np.float64)
    assert in_its_precision(x, live) is x
    narrow = in_its_precision(x, SimpleNamespace(dtype=np.float32))
    assert (narrow.dtype, narrow.name) == (np.float32, "x")
    torch_like = SimpleNamespace(state_dict=0, named_parameters=0)
    for wrong, why in ((torch_like, "this is a PyTorch model"), (3, "and 3 cannot be called")):
        with pytest.raises(AskError, match=why):
            network_of(wrong)
    assert output_of(lambda x: {"a": x, "b": x}, x)["b"] is x
    for y in (None, 3.0, (), {"a": x, "b": 1}, np.ones(2), Tensor(np.float64(3))):
        with pytest.raises(AskError, match=f"the network returned {type(y).__name__} instead of a tensor"):
            output_of(lambda x, y=y: y, x)
    live = SimpleNamespace(notes=["hooks are left out", "softsign is PyTorch's own"], borrowed=["softsign"])
    assert notes_of(live) == ["Hooks are left out.", "softsign is PyTorch's own."] and notes_of(len) == []
    live.trained = True
    assert notes_of(live)[2:] == ["The model was in training mode, and is explained in eval mode."]


def test_a_default_layer_and_layers_of_tokens_are_told():
    x = Tensor(np.ones((1, 2, 2, 3)), "x")
    A = ReLU()(x, name="relu")
    y = Linear()(GlobalAvgPool()(A), Tensor(np.ones((3, 2))), Tensor(np.zeros(3)))
    grad_cam, saliency = METHODS["grad_cam"], METHODS["saliency"]
    net, at, layers, said = layers_found("net", y, x, (), [saliency, grad_cam])
    assert (net, at, layers) == ("net", y, ("relu",)) and said[0].startswith(
        "No layer was named: relu is taken"
    )
    assert layers_found("net", y, x, (), [saliency]) == ("net", y, (), [])
    assert layers_found("net", y, x, ("relu",), [grad_cam]) == ("net", y, ("relu",), [])
    assert layers_found("net", y, x, ("nowhere",), [saliency]) == ("net", y, ("nowhere",), [])
    last = ReLU()(Transpose((0, 2, 3, 1))(x), name="last")
    tokens = ReLU()(Reshape((1, 6, 2))(last), name="tokens")
    with_class = ReLU()(Concat(1)(Tensor(np.ones((1, 1, 2)), "token"), tokens), name="with_class")
    *_, told = layers_found(lambda x: with_class, with_class, x, ("last", "with_class", "tokens"), [grad_cam])
    assert told == [
        "The maps of last lie last, and are read as 2 x 3 places.",
        "with_class holds tokens, read as 2 x 3 places; 1 more, the class token say, is left out.",
        "tokens holds tokens, read as 2 x 3 places.",
    ]
    flat = ReLU()(Mean((2, 3))(x), name="flat")
    with pytest.raises(GraphError, match=r"flat \(1, 2\) has no rows and columns"):
        layers_found("net", flat, x, ("flat",), [grad_cam])


def test_what_a_pass_gives_a_method():
    """Two layers, a target at each number of y, the deconvnet from the strongest unit of relu."""
    x = Tensor(np.arange(8.0).reshape(1, 2, 2, 2) - 1, "x")
    A = ReLU()(x, name="relu")
    y = Linear()(GlobalAvgPool()(A), Tensor(np.array([[1.0, 0], [0, 3.0]])), Tensor(np.zeros(2)))
    pixels = (np.zeros(1), np.ones(1))
    one = Pass(
        "net", x, y, {"a": Target.score(0), "b": Target.score(1)}, ("relu", "x"), "relu", (), pixels, False
    )
    grad_cam, deconvnet, gradient = (METHODS[m] for m in ("grad_cam", "deconvnet", "gradient"))
    at, signal = one.unit([gradient, deconvnet])
    assert at is A and signal.ravel().tolist() == [0] * 7 + [1] and one.unit([grad_cam]) is None
    assert replace(one, unit_layer=None).unit([deconvnet]) is None
    assert one.layer(grad_cam) == "relu" and one.end(grad_cam, "A") is A and one.end(grad_cam, "x") is x
    of = one.signals([grad_cam, deconvnet])
    assert of["a", "backprop", A].ravel().tolist() == [0.25] * 4 + [0] * 4
    assert of["b", "backprop", A].ravel().tolist() == [0] * 4 + [0.75] * 4
    assert of["b", "deconvnet", x].ravel().tolist() == [0] * 7 + [1]
    said = one.context(grad_cam, ["b"], of)
    assert (said.net, said.x, said.y, said.A, said.layers) == ("net", x, y, A, ("relu",))
    assert said.targets == (Target.score(1),) and said.pixels is pixels and said.progress is False
    assert set(said.signals) == {("backprop", "A")}
    assert said.signals["backprop", "A"] is of["b", "backprop", A]


def test_which_tables_say_nothing_of_a_network():
    """The deconvnet starts at a unit in front of what has no published rule."""
    x = Tensor(np.ones((1, 2, 2, 2)), "x")
    unit = ReLU()(x, name="relu")
    y = Linear()(GlobalAvgPool()(ops.Tanh()(SiLU()(unit))), Tensor(np.eye(2)), Tensor(np.zeros(2)))
    methods = [METHODS[m] for m in ("gradient", "guided_backprop", "deconvnet")]
    begun, end = {"a": Target.score(0).begin(y)}, lambda method, where: x
    at_unit = refusals(methods, y, begun, end, (unit, np.ones(unit.shape)))
    assert at_unit == {
        "guided_backprop": "No rule of guided backprop is published for SiLU and Tanh; to use the derivative "
        "there: --allow SiLU Tanh, in Python allow=['SiLU', 'Tanh']."
    }
    assert refusals(methods, y, begun, end).keys() == {"guided_backprop", "deconvnet"}
    assert refusals(methods, y, begun, end, allow=(SiLU, ops.Tanh)) == {}
    y = Linear()(GlobalAvgPool()(SiLU()(x)), Tensor(np.eye(2)), Tensor(np.zeros(2)))
    begun = {"a": Target.score(0).begin(y)}
    assert refusals(methods, y, begun, end)["deconvnet"].endswith("--allow SiLU, in Python allow='SiLU'.")
    y = Linear()(GlobalAvgPool()(x), Tensor(np.eye(2)), Tensor(np.zeros(2)))
    begun = {"a": Target.score(0).begin(y)}
    said = "No ReLU lies between this number and the pixels, and the deconvnet changes nothing else."
    assert refusals(methods, y, begun, end)["deconvnet"] == said
    cam = METHODS["cam"]
    assert refusals([cam], y, begun, end) == {}
    deep = Linear()(ReLU()(y), Tensor(np.eye(2)), Tensor(np.zeros(2)))
    assert refusals([cam], deep, begun, end)["cam"].startswith("CAM needs a network that ends in")


def test_the_same_question_elsewhere():
    """Of two pictures side by side, and at another layer; the network doubles what it sees."""

    def net(x):
        first = ReLU()(x, name="first")
        return Linear()(
            GlobalAvgPool()(ReLU()(first, name="last")), Tensor(2 * np.eye(2)), Tensor(np.zeros(2))
        )

    x = Tensor(np.ones((1, 2, 2, 2)), "x")
    pixels = (np.zeros(1), np.ones(1))
    one = Pass(net, x, net(x), {"a": Target.score((1,))}, ("last",), None, (), pixels, True)
    method = METHODS["grad_cam"]
    here = one.context(method, ["a"], one.signals([method]))
    there = here.elsewhere(method, x=np.stack([x.data[0], 3 * x.data[0]]))
    assert there.y.data.tolist() == [[2, 2], [6, 6]] and there.targets[0].c == (1, 1)
    assert there.A.name == "last" and there.A.data[1].max() == 3 and there.progress is True
    assert there.signals["backprop", "A"][:, 1].ravel().tolist() == [0.5] * 8
    at = here.elsewhere(method, layer="first")
    assert at.A.name == "first" and at.y is one.y and at.layers == ("first",) and at.targets[0].c == (1,)


def test_a_map_of_zeros_is_noted():
    def net(x):
        return Linear()(GlobalAvgPool()(ReLU()(x, name="relu")), Tensor(-np.eye(2)), Tensor(np.zeros(2)))

    x = np.ones((1, 2, 5, 5))
    x[0, 1, 3, 4] = -1
    e = explain(net, x, [1], ["grad_cam", "saliency"], "relu")
    assert e.notes == {("grad_cam", 1): "exactly zero"} and e["saliency"].any() and not e["saliency"].all()
    assert e.scores.tolist() == [[-1, -24 / 25]] and e.probabilities[0, 1] == pytest.approx(
        1 / (1 + np.exp(-1 / 25))
    )


def test_the_strongest_unit_that_a_map_starts_at_is_noted():
    def net(x):
        return Linear()(GlobalAvgPool()(ReLU()(x, name="relu")), Tensor(np.eye(2)), Tensor(np.zeros(2)))

    x = np.ones((2, 2, 3, 5))
    x[0, 1, 2, 3] = 5
    said = "starts at relu's strongest unit (1, 2, 3), whatever the class"
    e = explain(net, x[:1], [0, 1], ["deconvnet", "saliency"], unit_layer="relu")
    assert e.notes == {("deconvnet", 0): said, ("deconvnet", 1): said}
    behind = lambda x: net(ops.Mul()(ReLU()(x, name="first"), np.array(-1.0)))  # noqa: E731
    e = explain(behind, x[:1], 1, "deconvnet", unit_layer="relu")  # its signal is negative at first
    assert e.notes["deconvnet", 1] == f"exactly zero; {said.replace('1, 2, 3', '0, 0, 0')}"
    e = explain(net, x, 0, "deconvnet", unit_layer="relu")
    assert e.notes["deconvnet", 0].startswith("starts at relu's strongest unit (of each picture)")


def test_one_of_two_outputs_ends_in_a_softmax():
    def net(x):
        pooled = GlobalAvgPool()(x)
        return {
            "plain": pooled,
            "sure": Softmax()(Linear()(pooled, Tensor(2 * np.eye(2)), Tensor(np.zeros(2)))),
        }

    x = np.ones((1, 2, 2, 2))
    e = explain(net, x, [Target.score(1, output="sure")], "gradient")
    assert e["gradient"].ravel().tolist() == [0] * 4 + [0.5] * 4 and e.scores.tolist() == [[2, 2]]
    assert e.probabilities.tolist() == [[0.5, 0.5]] and e.ends == "softmax"


def test_probabilities_of_labels_that_do_not_exclude_one_another():
    class Net:
        card = SimpleNamespace(multi_label=True)

        def __call__(self, x):
            return GlobalAvgPool()(x)

    e = explain(Net(), np.full((1, 2, 2, 2), np.log(3.0)), [Target.probability(1)], "gradient")
    assert (
        e["gradient"].ravel() == pytest.approx([0] * 4 + [3 / 64] * 4)
        and e.layer is None
        and e.ends == "sigmoid"
    )


@pytest.mark.parametrize("option", ["start", "alpha", "upsampling"])
def test_a_word_that_an_option_may_not_be(option):
    with pytest.raises(AskError, match=f"^{option} is one of .*, not 'odd'$"):
        explain(lambda x: GlobalAvgPool()(x), np.ones((1, 2, 2, 2)), methods="gradient", **{option: "odd"})


def test_a_network_whose_output_is_a_number_is_asked_for_it():
    class Net:
        card = SimpleNamespace(ends="number")

        def __call__(self, x):
            return GlobalAvgPool()(x)

    x = np.ones((1, 1, 2, 2))
    assert explain(Net(), x, methods="gradient").classes == [Number(0)]
    assert explain(Net(), x, 0, "gradient").classes == [0]


def test_a_layer_by_a_name_that_a_table_shows_in_part():
    def net(x):
        one = ReLU()(x, name="block1.relu")
        return GlobalAvgPool()(ReLU()(one, name="block2.relu"), name="pool")

    x = np.ones((1, 2, 3, 4))
    assert layer_named(None, net, x) is None and layer_named("block2.relu", net, x) == "block2.relu"
    assert (
        layer_named("...2.relu", net, x) == "block2.relu"
        and layer_named("block1...", net, x) == "block1.relu"
    )
    with pytest.raises(AskError, match="layer 'pool' gives 2 numbers and no map; the last with maps are "):
        layer_named("pool", net, x)
    tokens = lambda x: ReLU()(Reshape((1, 12, 2))(Transpose((0, 2, 3, 1))(x)), name="tokens")  # noqa: E731
    assert layer_named("tokens", tokens, x) == "tokens"
    named = full_names(SimpleNamespace(name_of="block.{}".format))
    assert named("a") == "block.a" and named(3) == 3 and full_names(net)("a") == "a"
    for wrong in ("block...", "conv"):
        with pytest.raises(AskError, match="layer with maps"):
            layer_named(wrong, net, x)


def test_what_scores_become():
    two, one = Tensor(np.array([[1.0, 3.0]]), "y"), Tensor(np.array([[0.5]]), "y")
    card = lambda **said: SimpleNamespace(**{"ends": None, "multi_label": False} | said)  # noqa: E731
    for y, targets, start, about, by in (
        (two, [], "score", None, "softmax"), (one, [], "score", None, "number"),
        (one, [], "probability", None, "sigmoid"), (one, [Target.probability(0)], "score", None, "sigmoid"),
        (two, [], "score", card(multi_label=True), "sigmoid"),
        (two, [], "score", card(ends="number"), "number"),
        (two, [Number(0)], "score", None, "number"), (Softmax()(two), [Number(0)], "score", None, "softmax"),
        (Tensor(np.zeros((1, 2, 3))), [], "score", None, None),
    ):  # fmt: skip
        assert answer_of(y, targets, start, about).ends == by
    assert Answer(two.data, "softmax").probabilities[0, 1] == pytest.approx(np.exp(2) / (1 + np.exp(2)))
    assert Answer(two.data, "sigmoid").probabilities[0, 1] == pytest.approx(1 / (1 + np.exp(-3)))
    assert Answer(two.data, "number").probabilities is None
    assert np.array_equal(answer_of(Softmax()(two), []).scores, two.data)
    outputs, on_b = {"a": one, "b": two}, [Target.score(0), Target.score(1, output="b")]
    assert answer_of(outputs, on_b).output == "b" and answer_of(outputs, on_b).scores is two.data
    assert answer_of(two, [Target.score(0) - Target.probability(1)]).ends == "softmax"
    alone = answer_of(Tensor(np.array([3.0, 4.0]), "y"), [])
    assert alone.scores.tolist() == [[3], [4]] and alone.ends == "number"
    with pytest.raises(AskError, match="a probability is of one place"):
        answer_of(two, [], "probability", card(ends="place", place="at row 3"))


def test_scores_that_are_not_finite():
    """NaN and plus infinity of any class, minus infinity of one that is explained."""
    y = Linear()(Tensor(np.ones((2, 1)), "x"), Tensor(np.ones((3, 1)), "fc.W"), Tensor(np.zeros(3), "fc.b"))
    fine = np.array([[1.0, -np.inf, 3], [4, 5, 6]])
    for classes in ([0], [2, (0, 1)], [Target.score(1)], []):
        check_scores(fine, classes, y)
    for scores, classes in ((fine, [1]), (fine, [0, (1, 0)]), (-fine, [0]), (fine + np.nan, [])):
        with pytest.raises(NotFiniteError, match="the network's scores are not finite"):
            check_scores(scores, classes, y)
    check_map("m", fine[1:], y)
    with pytest.raises(NotFiniteError, match="the numbers of m's map are not finite"):
        check_map("m", fine, y)
    assert y.op.inputs[1].data.all() and set(_constants(y)) == {"x", "fc.W", "fc.b"}
    y.op.inputs[1].data[0, 0] = np.nan
    with pytest.raises(WeightsError, match=r"numbers in fc\.W \(1 of 3\)"):
        check_map("m", fine, y)


def test_what_no_operation_made():
    """Weights by their names; without one, and arrays, by where they enter; nothing in between."""
    x, other = Tensor(np.full((1, 2), np.inf), "x"), Tensor(np.ones((1, 2)))
    y = ops.Add()(ReLU()(x, name="relu"), other, name="sum")
    z = ops.Mul()(y, np.full((1, 2), 3.0))
    found = _constants((z, ops.Take([0], 1)(y, name="one")))
    assert {name: a.max() for name, a in found.items()} == {
        "x": np.inf, "input 1 of sum": 1, "input 1 of Mul": 3,
    }  # fmt: skip


# --- what is kept

NAMES = ("ant", "bee", "cat")


def found():
    """Two pictures, two targets, a method at a layer and one at the pixels."""
    scores = np.array([[1.0, 2, 3], [6, 5, 4]])
    card = SimpleNamespace(classes=NAMES, name="net", ends=None)
    e = Explanation(scores, np.exp(scores) / np.exp(scores).sum(1, keepdims=True), [2, (0, 1)], "relu",
                    np.zeros((2, 3, 4, 6)), None, card, asked=["grad_cam", "gradient"])  # fmt: skip
    random = np.random.default_rng(0)
    for c in e.classes:
        e.maps["grad_cam", c] = random.random((2, 2, 3)).astype(np.float32)
        e.maps["gradient", c] = random.standard_normal((2, 3, 4, 6)).astype(np.float32)
    e.maps["grad_cam", 2][1] = 0
    e.maps["gradient", 2][0, 1, 3, 5] = -9
    e.notes["grad_cam", 2] = "exactly zero"
    return e


def test_a_map_is_known_by_method_and_class():
    e = found()
    assert e["grad_cam"] is e.maps["grad_cam", 2] and e["Grad-CAM", (0, 1)] is e.maps["grad_cam", (0, 1)]
    assert e["gradient", np.array([0, 1])] is e.maps["gradient", (0, 1)] and e.methods == [
        "grad_cam",
        "gradient",
    ]
    e.undefined["cam"] = "It has no pooling."
    for key, why in (
        ("cam", "It has no pooling"),
        (("grad_cam", 0), "no map of grad_cam for class 0"),
        (3, "3 is no key"),
        ("saliency", "no map of saliency"),
    ):
        with pytest.raises(NoMapError, match=why):
            e[key]
    what = f"{phrase(e, 2)}; {phrase(e, (0, 1))}: grad_cam, gradient; no map of cam (see remarks)"
    assert repr(e) == f"<Explanation of {what}; layer relu; input 2 x 3 x 4 x 6>"
    assert e._ipython_key_completions_() == ["grad_cam", "gradient", *e.maps]
    one = replace(e, classes=[2], maps={("grad_cam", 2): e.maps["grad_cam", 2]})
    assert one._ipython_key_completions_() == ["grad_cam"]
    assert called(e, 2) == "cat" and called(e, (0, 1), n=1) == "bee" and called(e, (0, 1)) == "ant"
    likely = replace(e, start="probability")
    assert called(likely, 2) == "the probability of cat" == called(e, Target.probability(2))
    at_output = Target.score(2, output="b")
    assert called(e, at_output) == "the score of cat at output b" and called(e, Target.score(2)) == "cat"
    assert name_of(2, e.card) == "cat" and name_of(3, e.card) == "class 3"
    assert name_of(7, e.card) == "class 7" == name_of(7) and naming(e)(1) == "bee"
    e.scores, e.card.classes = e.scores[:, :1], ("no", "yes, a dog")
    assert naming(e)(0) == "yes, a dog" and naming(e)(1) == "class 1"
    e.card.classes = None
    assert naming(e)(0) == "yes"
    e.probabilities = None
    assert naming(e)(0) == "its number"
    assert without_map({"a": "why", "b": "so", "c": "why"}) == [
        "There is no map of a, c: why",
        "There is no map of b: so",
    ]


def test_a_row_for_each_map_of_each_picture():
    e = found()
    rows = saved.rows(e)
    assert [(r["picture"], r["target"], r["method"]) for r in rows] == [
        (n, phrase(e, c), m) for n in (0, 1) for c in e.classes for m in ("grad_cam", "gradient")
    ]
    assert [r["score"] for r in rows] == [3, 3, 1, 1, 4, 4, 5, 5]
    assert rows[0]["probability"] == e.probabilities[0, 2] and rows[6]["probability"] == e.probabilities[1, 1]
    assert (rows[1]["min"], rows[1]["peak_row"], rows[1]["peak_column"]) == (-9, 3.5 / 4, 5.5 / 6)
    assert rows[4]["peak_row"] is rows[4]["peak_column"] is None and rows[4]["note"] == "exactly zero"
    map = e.maps["grad_cam", 2][0]
    i, j = np.unravel_index(map.argmax(), (2, 3))
    assert (rows[0]["max"], rows[0]["peak_row"], rows[0]["peak_column"]) == (
        map.max(),
        (i + 0.5) / 2,
        (j + 0.5) / 3,
    )
    e.ends = None
    assert saved.rows(e)[0]["score"] is None


@pytest.mark.parametrize(("shape", "places"), [
    ((5,), {"peak_row": None, "peak_column": 4.5 / 5}),
    ((4, 5), {"peak_row": 3.5 / 4, "peak_column": 4.5 / 5}),
    ((3, 4, 5), {"peak_depth": 2.5 / 3, "peak_row": 3.5 / 4, "peak_column": 4.5 / 5}),
])  # fmt: skip
def test_where_the_map_of_a_signal_a_picture_or_a_volume_is_largest(shape, places, monkeypatch):
    relief = np.zeros((1, 2, *shape))
    relief.flat[-1] = -1
    for map in (relief, abs(relief[:, 1])):
        e = Explanation(np.ones((1, 2)), None, [1], None, relief, maps={("m", 1): map})
        [row] = saved.rows(e)
        assert {key: place for key, place in row.items() if key.startswith("peak")} == places
        monkeypatch.setitem(sys.modules, "pandas", SimpleNamespace(DataFrame=lambda rows: ("frame", rows)))
        assert e.to_pandas() == ("frame", [row])


def test_maps_in_a_file(tmp_path):
    e = found()
    e.save(tmp_path / "maps.npz")
    with np.load(tmp_path / "maps.npz") as file:
        assert set(file.files) == {"grad_cam", "gradient", "targets", "scores", "probabilities", "layer"}
        assert file["grad_cam"].shape == (2, 2, 2, 3) and file["gradient"].shape == (2, 2, 3, 4, 6)
        assert np.array_equal(file["grad_cam"][1], e.maps["grad_cam", (0, 1)])
        assert file["targets"].tolist() == [phrase(e, c) for c in e.classes] and file["layer"] == "relu"
    large = saved.arrays(e, upsampled=True)
    assert large["grad_cam"].shape == (2, 2, 4, 6) and np.array_equal(
        large["gradient"][0], e.maps["gradient", 2]
    )
    assert saved.arrays(e, dtype=np.float16)["grad_cam"].dtype == np.float16
    with pytest.raises(SaveError, match=r"an \.npy file holds one map, and here are 4"):
        e.save(tmp_path / "maps.npy")
    with pytest.raises(SaveError, match=r"maps are saved as \.npz or \.npy, not as \.txt"):
        e.save(tmp_path / "maps.txt")
    e.classes, e.probabilities = [2], None
    e.maps = {("grad_cam", 2): e.maps["grad_cam", 2]}
    assert np.array_equal(np.load(e.save(tmp_path / "maps.NPY")), e.maps["grad_cam", 2])
    with np.load(e.save(tmp_path / "maps.npz")) as file:
        assert "probabilities" not in file.files
