"""Small parts of importers and files, each alone."""

from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from minicnn import GraphError
from weights import WeightsError
from weights.cards import Preprocessing
from weights.described.writing import as_toml
from weights.graphs.keras.architecture import _input_shape
from weights.graphs.keras.layers.merging import same_axes
from weights.graphs.onnx.description import _layout
from weights.names.table import Theirs, expand, parse
from weights.readers.numpy_pickles import _encode

# --- tables of names


def test_a_cell_of_a_table():
    text = """
        ours      one             other
        conv{1,2} block{a,b}:role -{x,y}
        fc        flat[7x5x512]   bn+scale
        left_out  old{1,2}        older
        *         *               more{3,4}
    """
    columns, left_out = parse(text, ["conv1", "conv2", "fc", "last", "least"])
    assert columns["one"] == {
        "conv1": Theirs("blocka", "role"), "conv2": Theirs("blockb", "role"),
        "fc": Theirs("flat", flattened=(7, 5, 512)), "last": Theirs("last"), "least": Theirs("least"),
    }  # fmt: skip
    assert columns["other"]["conv2"] == Theirs("-y") and columns["other"]["least"] == Theirs("more4")
    both = columns["other"]["fc"]
    assert both == Theirs("bn", scale="scale")
    assert [both.holder(role) for role in ("gamma", "beta", "mean", "W")] == ["scale", "scale", "bn", "bn"]
    assert columns["one"]["fc"].holder("gamma") == "flat" and left_out == ["old1", "old2", "older"]
    assert expand("a{1,2}_{x,y}") == ["a1_x", "a1_y", "a2_x", "a2_y"] and expand("a") == ["a"]
    with pytest.raises(ValueError, match=r"'conv\{1,2\}' has 2 names and 'x' 1"):
        parse("ours a\nconv{1,2} x", [])


# --- a description as text


def described(found=(), remains=(), **other):
    """What `as_toml` writes of a network -> its lines."""
    preprocessing = Preprocessing(
        "letterbox", 40, (32, 48), "BGR", 255, (1, 2.5, 3), (1, 1, 1), "bicubic", (0, 9, 255)
    )
    known = SimpleNamespace(
        found={name: ("how", "who") for name in found}, remains=list(remains), describe=None
    )
    shape = SimpleNamespace(names=None, outputs=["y"], output="y", layout="NCHW", channels=3, size=(32, 48))
    card = SimpleNamespace(preprocessing=preprocessing, classes=("a", "b"), layer="relu5")
    net = SimpleNamespace(description=shape, card=card, known=known)
    for name, value in other.items():
        at = next(part for part in (shape, card, known) if hasattr(part, name))
        setattr(at, name, value)
    return [line.split("  #")[0].rstrip() for line in as_toml(net, Path("a/net.onnx")).splitlines()]


def test_what_is_known_is_said_and_what_is_assumed_is_a_comment():
    lines = described()
    assert lines[3:] == [
        'model = "net.onnx"', '# describe = "what it is, in one line"', 'layer = "relu5"', "",
        '# channels = "BGR"', "# scale = 255", "# mean = [1, 2.5, 3]", "# std = [1, 1, 1]",
        "# crop = [32, 48]",
        '# resize = "letterbox"', "# fill = [0, 9, 255]", '# interpolation = "bicubic"',
    ]  # fmt: skip
    found = described(
        ("input", "output", "labels", "pixels", "crop", "resize", "interpolation"), describe='a "net"'
    )
    assert found[2:4] == ["# input: how", "# output: how"] and 'describe = "a \\"net\\""' in found
    assert 'labels = ["a", "b"]' in found and not any(line.startswith("# ") for line in found[4:])
    assert "fill = [0, 9, 255]" in found and 'resize = "letterbox"' in found and "crop = [32, 48]" in found
    assert 'labels = "metadata"' in described(("labels",), names=["a", "b"])
    assert 'labels = ["a", "b"]' in described(("labels",), names=["a", "c"])
    assert '# labels = "names.txt"' in described(remains=("labels",))
    several = described(outputs=["y", "z"], size=(32, 32), layer=None)
    assert 'output = "y"' in several and "# crop = 32" in several and 'layer = "relu5"' not in several
    assert not any("resize" in line for line in described(layout=None) + described(channels=4))
    short = described(
        preprocessing=Preprocessing(size=40, crop=32, mean=(0.485, 0.456, 0.406), std=(0.229, 0.224, 0.225))
    )
    assert (
        "# size = 40" in short
        and '# pixels = "imagenet"' in short
        and not any("fill" in line for line in short)
    )


# --- parts of importers


def test_a_value_with_fewer_axes_gets_them_behind_the_pictures():
    asked = []

    class Layer:
        def __call__(self, op, x, axes, ndim):
            asked.append((op, x.name, axes.tolist(), ndim))
            return SimpleNamespace(name=f"{x.name}'", ndim=ndim)

        as_keras = staticmethod(lambda x: SimpleNamespace(name=f"keras {x.name}", ndim=x.ndim))
        alike = staticmethod(lambda xs: [x.name for x in xs])

    values = [SimpleNamespace(name=name, ndim=ndim) for name, ndim in (("a", 2), ("b", 4), ("c", 3))]
    assert same_axes(Layer(), values) == ["keras a'", "b", "keras c'"]
    assert asked == [("Unsqueeze", "keras a", [1, 2], 4), ("Unsqueeze", "keras c", [1], 4)]


def test_how_large_an_input_is():
    def of(config, **first):
        return _input_shape(SimpleNamespace(inner=None, config=first), config)

    assert of({}, batch_input_shape=[None, 8, 3]) == [None, 8, 3] == of({}, batch_shape=[None, 8, 3])
    assert (
        of({"build_input_shape": [None, 4]}) == [None, 4] == of({}, build_config={"input_shape": [None, 4]})
    )
    assert of({"build_input_shape": [None, 4]}, batch_shape=[[None, 3]]) == [None, 4]
    assert of({"build_input_shape": [[None, 4], [None, 5]]}, build_config={"input_shape": [7]}) == [7]
    with pytest.raises(WeightsError, match="does not say how large its input is"):
        of({"build_input_shape": []}, batch_shape=[[None], [None]])
    for key in ("batch_shape", "batch_input_shape"):
        inner = SimpleNamespace(parts={"i": SimpleNamespace(config={key: [None, 9]}), "j": None})
        assert _input_shape(SimpleNamespace(inner=inner), {}) == [None, 9]


@pytest.mark.parametrize(
    ("shape", "order", "expected"),
    [
        (None, None, ("NCHW", 3)),
        ((1, 3, 8, 8), None, ("NCHW", 3)),
        ((1, -1, 8, 8), None, ("NCHW", 3)),
        ((1, 0, 8, 8), None, ("NCHW", 3)),
        ((1, 7, 8, 8), None, ("NCHW", 7)),
        ((1, 8, 8, 3), None, ("NHWC", 3)),
        ((1, 3, 8, 3), None, ("NCHW", 3)),
        ((1, 3, 8, 3), [0, 3, 1, 2], ("NHWC", 3)),
        ((1, 3, 8, 3), [0, 2, 3, 1], ("NCHW", 3)),
        ((1, 8), None, (None, 0)),
    ],
)
def test_which_axis_holds_the_channels(shape, order, expected):
    attributes = {} if order is None else {"perm": order}
    steps = [SimpleNamespace(inputs=["x"], op="Transpose", attributes=attributes),
             SimpleNamespace(inputs=["y"], op="Transpose", attributes={"perm": [0, 3, 1, 2]})]  # fmt: skip
    assert _layout(SimpleNamespace(inputs={"x": shape}, picture="x", steps=steps)) == expected


def test_bytes_that_python_2_wrote_are_latin_1():
    assert _encode("\xe9") == "\xe9" == _encode("\xe9", "latin-1", "strict")
    for wrong in (("a", "utf-8"), (5,), (b"a", "latin1")):
        with pytest.raises(WeightsError, match="other than latin-1"):
            _encode(*wrong)


def test_a_network_recorded_for_two_pictures_refuses_three():
    pytest.importorskip("torch", reason="PyTorch is not installed: pip install 'minicnn-gradcam[verify]'")
    from weights.graphs.torch.network import TracedNetwork

    seen = []
    net = SimpleNamespace(x=np.zeros((2, 3, 4, 4)), _channels_last=lambda: False, _takes_any=lambda: False)
    net._run = lambda x: seen.append(len(x)) or x
    with pytest.raises(GraphError, match="recorded for batches of 2, and not for 3 pictures"):
        TracedNetwork.forward(net, np.zeros((3, 3, 4, 4)))
    x = np.arange(192.0).reshape(4, 3, 4, 4)
    assert np.array_equal(TracedNetwork.forward(net, x), x) and seen == [2, 2]
    net._takes_any = lambda: True
    assert TracedNetwork.forward(net, x[:3]) is not None and seen == [2, 2, 3]
