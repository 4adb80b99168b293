"""800 wrong calls of `explain`: each is one sentence, and nothing else."""

import itertools
import random
from types import SimpleNamespace

import numpy as np
import pytest
from PIL import Image

from gradcam import Target, explain
from gradcam.targets import Box, Function, Number, Region, Step
from minicnn import Error, Tensor
from tests.support.small_nets import picture, small_vgg
from weights import Preprocessing

NET = small_vgg()
NET.card = SimpleNamespace(
    classes=["a", "b", "c", "d", "e"],
    layer="relu2_1",
    unit_layer=None,
    preprocessing=Preprocessing(size=12, crop=12),
)
GOOD = picture().data
ODD = [
    None,
    5,
    -1,
    2.5,
    float("nan"),
    True,
    1j,
    "",
    "x",
    "gradcam",
    b"x",
    [],
    {},
    (),
    [[]],
    [None],
    {"a": 1},
    object(),
    set(),
    np.array([]),
    np.array(["x"]),
    np.zeros((2, 2), complex),
    lambda: 1,
    type,
    range(3),
    10**30,
    [[1, 2], [3]],
    np.datetime64("2020-01-01"),
    "\x00",
    [Target],
    slice(1),
    iter([1]),
]
INPUTS = [
    *ODD,
    GOOD.astype(complex),
    GOOD.astype(int),
    GOOD.astype(object),
    GOOD[0, 0, 0],
    np.full_like(GOOD, np.nan),
    GOOD[None],
    GOOD[:0],
    GOOD[:, :2],
    GOOD[..., :1],
    GOOD[:, :, :1, :1],
    np.zeros((3, 4, 5, 6, 7)),
    np.zeros((7, 7, 7), np.uint8),
    np.zeros((0, 4, 3), np.uint8),
    -np.ones((8, 8, 3)),
    300 * np.ones((8, 8, 3)),
    np.full((8, 8, 3), np.nan),
    "none.jpg",
    "/dev/null",
    "/",
    np.zeros((8, 8, 3), np.int16),
    np.ones((8, 8, 3), bool),
    np.zeros((), "f4"),
]
TARGETS = [
    Target.score(9),
    Target.score("z"),
    Target.score(None),
    Target.score(2, output="aux"),
    Target.unit(1, 2, 99),
    Target.unit(1, 2, 3, layer="no"),
    Target.unit("a", "b", "c"),
    Target.score((1, 2, 3)),
    Target.signal(np.ones((9, 9))),
    Region(1),
    Region(1, np.ones((12, 16))),
    Region("z", box=(0, 0, 1, 1)),
    Region(1, "predicted"),
    Region(1, output="b"),
    Target.score(1, output=1),
    Target.score(1, output="b"),
    Target.probability("z"),
    Box(1),
    Step(0, 1),
    Number(7),
    Function(lambda y: 1),
    Function(lambda y: y / 0 + [1, 2]),
    Function(len),
    Function(lambda y: y[99]),
    Function(lambda y, z: y),
    Function(lambda y: np.sort(y)),
    Target.score(1) - Target.score(77),
    Target.score({}),
    Target.score(1.5),
    Target.score("1.5"),
]
NETS = [
    *(odd for odd in ODD if not callable(odd)),
    lambda x: 1,
    lambda x: None,
    lambda x: x.data,
    lambda x: {},
    lambda x: [x, 3],
    lambda x: Tensor(np.ones(())),
    lambda x: (NET(x), NET(x)),  # two outputs, and none named
    lambda x: {"a": NET(x), "b": x},
    lambda x: x,  # a map, and no place named
]
TEXTS = [
    "z - a", "a - z", "a - ", " - a", "a - b - z", "minus", "minus z", "-", "--a", "-9", "probability of z",
    "value of", "of a", "score of 9", "probability of a - probability of z", "number:9", "number:",
    "unit:", "unit:1,2", "unit:a,b,c", "unit:1,2,99", "unit:no:1,2,3", "unit:relu2_1:1,2,99", "box:", "box:0",
    "box:0,0,1,1", "a in box:1,1,0,0", "a in box:x", "a in box:0,0,0.5", "z in box:0,0,1,1", "mask:",
    "number:x", "mask:/", "a in mask:none.png", "mask:none.png", "a in mask:/dev/null", "z in mask:none.png",
    "a at step 0", "a at step x", "z at step 1", "z from others", "from others", "a from others - z", "class",
    "class 9", "class z", "a:b", "a, b", "a + ", ["a - b", "a - z"], ["probability of a", None],
]  # fmt: skip
WRONG = {
    "net": NETS,
    "x": INPUTS,
    "classes": [
        *ODD,
        *TARGETS,
        *TEXTS,
        77,
        -3,
        ["a", "q"],
        [[0, 1, 2]],
        [np.nan],
        np.ones((9, 9)),
        Target,
        np.zeros((2, 5), complex),
    ],
    "methods": [
        *ODD,
        "Grad-CAM",
        ["grad_cam", "lime"],
        ["grad_cam", None],
        [["grad_cam"]],
        "cam",
        "guided_saliency",
        "guided_",
        "_grad_cam",
        "vargrad_vargrad",
        "grad_cam@",
        "grad_cam@conv9",
        "saliency@relu2_1",
        "grad_cam@fc8",
        "@relu2_1",
        "fused_grad_cam",
        "eigen_smooth_eigen_cam",
    ],
    "layer": [
        *ODD,
        "conv",
        "relu2_1@2",
        ["relu2_1"] * 2 + ["no"],
        [["relu2_1"]],
        {"relu2_1": 1},
        "conv9",
        "fc8",
        "relu2_1:7",
        ["relu2_1", "conv9"],
        ["relu1_1", None],
        ["relu1_1", 3],
        ("relu2_1", "fc8"),
    ],
    "unit_layer": ["conv9", "fc8", 3, [], object()],
    "start": [*ODD, "logit"],
    "alpha": [*ODD, "max"],
    "upsampling": [*ODD, "cubic"],
    "allow": [5, None, [None], [5], object()],
    "occluder": [
        5,
        "x",
        [],
        {"window": 0},
        {"window": "x"},
        {"size": 3},
        {"stride": 0},
        {"average": "max"},
        {"window": (1,)},
    ],
    "options": [
        5,
        "x",
        [1],
        {"lime": {}},
        {"grad_cam": 5},
        {"grad_cam": {"n": 2}},
        {"smoothgrad": {"n": "x"}},
        {1: {}},
        {"vargrad_grad_cam": {"n": 0}},
        {"vargrad_grad_cam": {"n": -1}},
        {"vargrad_grad_cam": {"n": 1, "noise": "much"}},
        {"vargrad_grad_cam": {"n": 1, "random_seed": "x"}},
        {"vargrad_grad_cam": {"n": 1, "batch": 0.5}},
        {"vargrad_grad_cam": {"n": 1, "alpha": "max"}},
        {"aug_smooth_grad_cam": {"factors": ()}},
        {"aug_smooth_grad_cam": {"factors": 3}},
        {"aug_smooth_grad_cam": {"factors": ["x"]}},
        {"aug_smooth_grad_cam": {"eps": "x"}},
        {"aug_smooth_grad_cam": {"upsampling": "cubic"}},
        {"guided_hirescam": {"alpha": "sum"}},
        {"guided_hirescam": {"upsampling": 3}},
        {"eigen_smooth_grad_cam": {"relu": np.ones(2)}},
        {"full_grad": {"rescale": "all"}},
        {"full_grad": {"eps": None}},
        {"full_grad": {"upsampling": "cubic"}},
        {"deep_lift": {"baseline": "grey"}},
        {"deep_lift": {"baseline": np.ones(5)}},
        {"deep_lift": {"baseline": None}},
        {"deep_lift": {"rules": 3}},
        {"deep_lift": {"rules": {}}},
        {"guided_saliency": {}},
    ],
}
METHODS = ["grad_cam", "guided_grad_cam", "guided_backprop", "deconvnet", "occlusion", "smoothgrad"]
NEW = [
    "full_grad",
    "deep_lift",
    "guided_hirescam",
    "eigen_smooth_grad_cam",
    "aug_smooth_grad_cam",
    "vargrad_grad_cam",
]


def calls(count=800):
    """One wrong argument each, then two and three, drawn with a fixed seed."""
    singles = [{name: value} for name, values in WRONG.items() for value in values]
    yield from singles
    drawn = random.Random(3)
    for _ in range(count - len(singles)):
        names = drawn.sample(list(WRONG), drawn.choice((2, 3)))
        yield {name: drawn.choice(WRONG[name]) for name in names}


ALL = list(itertools.islice(calls(), 800))


@pytest.mark.parametrize(
    "how",
    [
        dict(classes="class 1"),
        dict(classes="b"),
        dict(methods="Grad-CAM"),
        dict(methods=["gradcam", "grad_cam"]),
    ],
)
def test_what_is_meant_is_taken(how):
    asked = {"classes": 1, "methods": "grad_cam"}
    assert np.array_equal(
        explain(NET, GOOD, **asked | how)["GradCAM"], explain(NET, GOOD, **asked)["grad_cam"]
    )


def test_every_wrong_call_is_one_sentence():
    assert len(ALL) == 800
    few = {"smoothgrad": {"n": 1}, "vargrad_grad_cam": {"n": 1}, "aug_smooth_grad_cam": {"factors": [1]}}
    errors, wrongs = 0, []
    for wrong in ALL:
        asked = {
            "methods": METHODS + NEW,
            "classes": 1,
            "options": few,
            "occluder": {"window": 12, "stride": 12},
        } | wrong
        net, x = asked.pop("net", NET), asked.pop("x", GOOD)
        try:
            with np.errstate(all="ignore"):
                explain(net, x, **asked)
        except Error as error:
            errors += 1
            text = str(error)
            if not text.strip() or len(text) > 700 or " at 0x" in text or "\n" in text:
                wrongs.append(f"{wrong}: {text}")
        except Exception as error:  # whatever it is, it came from inside
            wrongs.append(f"{wrong}: {type(error).__name__}: {error}")
    assert not wrongs, "\n".join(wrongs)
    assert errors > 700


class Foreign:
    """A tensor of another framework: known by what it can do."""

    def __init__(self, array, *methods):
        self.array, self.shape, self.dtype = array, array.shape, array.dtype
        for method in methods:
            setattr(self, method, lambda self=self: self)
        if "numpy" in methods or "detach" in methods:
            self.numpy = lambda: array
        if "detach" in methods:
            self.resolve_conj = lambda: self


class OfJax:
    def __init__(self, array):
        self.array, self.shape, self.dtype = array, array.shape, array.dtype

    def __array__(self, *_, **__):
        return self.array


class OfDlpack:
    """An array that has nothing but the protocol of exchange."""

    def __init__(self, array):
        self.array, self.shape = array, array.shape

    def __dlpack__(self, **options):
        return self.array.__dlpack__(**options)

    def __dlpack_device__(self):
        return self.array.__dlpack_device__()


@pytest.mark.parametrize(
    "make", [lambda a: Foreign(a, "detach", "cpu"), lambda a: Foreign(a, "numpy"), OfJax, OfDlpack]
)
def test_tensors_of_other_frameworks(make):
    ours = explain(NET, GOOD, 1, "grad_cam")["grad_cam"]
    assert np.array_equal(explain(NET, make(GOOD), 1, "grad_cam")["grad_cam"], ours)


@pytest.mark.torch
def test_a_tensor_of_pytorch():
    torch = pytest.importorskip("torch", reason="needs the extra 'verify'")
    x = torch.tensor(GOOD, requires_grad=True)
    assert np.array_equal(
        explain(NET, x, 1, "grad_cam")["grad_cam"], explain(NET, GOOD, 1, "grad_cam")["grad_cam"]
    )
    assert explain(NET, x.bfloat16(), 1, "saliency").x.dtype == np.float32


def test_a_photo_in_any_form_is_the_same_photo(tmp_path):
    pixels = np.random.default_rng(0).integers(0, 256, (20, 30, 3), dtype=np.uint8)
    Image.fromarray(pixels).save(tmp_path / "photo.png")
    net = small_vgg(gap=True, dtype=np.float32)
    net.card = NET.card
    forms = {
        "path": str(tmp_path / "photo.png"),
        "Path": tmp_path / "photo.png",
        "PIL": Image.fromarray(pixels),
        "HWC": pixels,
        "CHW": pixels.transpose(2, 0, 1),
        "floats to 1": pixels / 255,
        "floats to 255": pixels.astype("f4"),
        "with alpha": np.dstack([pixels, pixels[..., 0]]),
        "batch": pixels[None],
    }
    found = {name: explain(net, form, 1, "gradient") for name, form in forms.items()}
    for name, e in found.items():
        assert np.array_equal(e.x, found["path"].x) and np.array_equal(
            e["gradient"], found["path"]["gradient"]
        ), name
        assert (
            "shorter side to 12, the middle 12 x 12, RGB from 0 to 1" in e.prepared and "\n" not in e.prepared
        )
    assert "uint8 (C, H, W)" in found["CHW"].prepared and "rounded to 8 bits" in found["floats to 1"].prepared
    turned = explain(net, found["path"].x.transpose(0, 2, 3, 1), 1, "gradient")
    assert np.array_equal(turned["gradient"], found["path"]["gradient"]) and "(N, H, W, C)" in turned.prepared


def test_a_model_of_pytorch_is_named_without_pytorch():
    class Model:
        def __call__(self, x):
            return x

        state_dict = named_parameters = dict

    with pytest.raises(Error, match=r"this is a PyTorch model: weights\.graphs\.torch\.from_torch"):
        explain(Model(), picture(), 0)
