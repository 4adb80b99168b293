"""What is found, assumed and left to the user, for networks made here, without ONNX's own package; and every
limit of a description, met exactly and passed by one.
"""

from types import SimpleNamespace

import numpy as np
import pytest

from tests.weights.graphs.onnx_steps import model
from weights import WeightsError
from weights.described import card_for, open_model, opening, read_model_toml
from weights.described.model_toml import MOST_BYTES, MOST_DOTS, beside
from weights.described.pixels import GREY, USUAL, name_of, pixels_of, usual
from weights.graphs.onnx.description import describe
from weights.graphs.onnx.network import Network

F = np.float32
HEAD = "Conv x W > c; Relu c > r; GlobalAveragePool r > g; Flatten g > f; Gemm f M > s"
GIVEN = {"x": (-1, 3, 8, 6)}


def weights(C=3, classes=3):
    return {
        "W": np.arange(1, 4 * C + 1, dtype=F).reshape(4, C, 1, 1) / 9,
        "M": np.linspace(-1, 1, 4 * classes, dtype=F).reshape(4, classes),
    }


@pytest.fixture
def opened(tmp_path, monkeypatch):
    """open_model of a graph; toml: its description; guesses: those of its importer."""

    def make(
        text=HEAD,
        inputs=GIVEN,
        toml=None,
        guesses=None,
        metadata=None,
        types=None,
        outputs=("s",),
        arrays=None,
        **options,
    ):
        made = model(text, inputs=inputs, outputs=outputs, types=types, **(arrays or weights()))
        made.metadata = metadata or {}
        room = SimpleNamespace(
            load=lambda _: Network(made), guesses=lambda _: dict(guesses or {}), describe=describe
        )
        monkeypatch.setattr(opening, "_importer", lambda _: room)
        (tmp_path / "net.toml").unlink(missing_ok=True)
        if toml is not None:
            (tmp_path / "net.toml").write_text(toml, "utf-8")
        return open_model(tmp_path / "net.onnx", **options)

    return make


UNIT = "RGB from 0 to 1, minus 0, 0, 0, over 1, 1, 1"


def test_where_nobody_says_anything(opened):
    known = opened().known
    assert known.found == {
        "input": ("x, 3 x 8 x 6, NCHW", "the file"),
        "output": ("s (3 classes)", "the file"),
        "layer": ("R", "the last feature maps"),
        "crop": ("8 x 6", "the file"),
    }
    assert known.assumed == {"pixels": "unit, 0 to 1", "resize": "short", "interpolation": "bilinear"}
    assert known.remains == ("labels", "pixels") and known.toml is None and known.describe is None
    free = opened(inputs={"x": (-1, 3, -1, -1)}).known
    assert free.found["input"] == ("x, 3 x free x free, NCHW", "the file")
    assert free.assumed["crop"] == "224 x 224" and free.remains == ("labels", "pixels", "crop")
    assert "crop" not in free.found


def test_what_a_description_says(opened, tmp_path):
    toml = (
        'labels = ["a", "b", "c"]\npixels = "imagenet"\nlayer = "C"\nresize = "squash"\ncrop = [8, 6]\n'
        'interpolation = "box"\nends = "sigmoid"\ndescribe = "leaves"'
    )
    net = opened(toml=toml)
    imagenet = "RGB from 0 to 1, minus 0.485, 0.456, 0.406, over 0.229, 0.224, 0.225"
    assert net.known.found == {
        "input": ("x, 3 x 8 x 6, NCHW", "the file"),
        "output": ("s (3 classes)", "the file"),
        "layer": ("C", "net.toml"),
        "labels": ("3: a, b, c", str(tmp_path / "net.toml")),
        "pixels": (imagenet, "net.toml"),
        "crop": ("8 x 6", "as described"),
        "resize": ("squash", "as described"),
        "interpolation": ("box", "as described"),
    }
    assert (net.known.assumed, net.known.remains, net.known.describe) == ({}, (), "leaves")
    assert net.known.toml == tmp_path / "net.toml" and net.card.title == "net.onnx, leaves"
    assert (net.card.ends, net.card.multi_label, net.card.classes, net.card.layer) == (
        "sigmoid",
        True,
        ("a", "b", "c"),
        "C",
    )
    softmax = opened(HEAD + "; Sigmoid s > y", outputs=["y"], toml='ends = "softmax"').card
    assert (softmax.ends, softmax.multi_label) == ("softmax", False)
    unsaid = opened(HEAD + "; Sigmoid s > y", outputs=["y"], toml='describe = "leaves"').card
    assert (unsaid.ends, unsaid.multi_label) == ("sigmoid", True)
    for said in ("", 'ends = "sigmoid"'):  # a sum over places is no probability, whatever is said
        place = opened("Conv x W > C; Relu C > R", outputs=["R"], at=[slice(2, 4), 1], toml=said).card
        assert (place.ends, place.multi_label) == ("place", False)
        assert place.place == "summed over rows 2 to 3, column 1"
    asked = opened(toml=toml, pixels="half", layer="R", labels=["d", "e", "f"], resize="short").known
    assert asked.found["pixels"] == ("RGB from 0 to 1, minus 0.5, 0.5, 0.5, over 0.5, 0.5, 0.5", "as asked")
    assert asked.found["labels"] == ("3: d, e, f", "labels") and asked.found["resize"] == (
        "short",
        "as described",
    )
    scaled = opened(toml=toml, scale=255.0).known  # one number of three goes before a name
    assert scaled.found["pixels"] == ("RGB from 0 to 255, minus 0, 0, 0, over 1, 1, 1", "as described")
    assert scaled.assumed == {"channels": "RGB"}
    (tmp_path / "names.txt").write_text("a\nb\nc\n", "utf-8")
    assert opened(labels=tmp_path / "names.txt").known.found["labels"][1] == str(tmp_path / "names.txt")


def test_names_of_classes(opened, tmp_path):
    five = {"metadata": {"names": "['a', 'b', 'c', 'd', 'e']"}, "arrays": weights(classes=5)}
    assert opened(**five).known.found["labels"] == ("5: a, b, c, ...", "its metadata")
    assert opened(toml='labels = "metadata"', **five).card.classes == ("a", "b", "c", "d", "e")
    with pytest.raises(
        WeightsError, match=r"labels = 'metadata', and .*net.onnx has no class names that fit"
    ):
        opened(toml='labels = "metadata"')
    for labels in (["a", "b"], ["a"] * 4):
        with pytest.raises(
            WeightsError, match=rf"labels has {len(labels)} names, and .*net.onnx gives 3 scores"
        ):
            opened(labels=labels)
    one = {"arrays": weights(classes=1)}
    number = opened(**one)
    assert number.known.found["output"] == ("s (a number)", "the file") and number.known.remains == (
        "pixels",
    )
    assert "labels" not in number.known.found and number.card.classes == ("the number",)
    assert opened(HEAD + "; Sigmoid s > y", outputs=["y"], **one).known.found["output"][0] == (
        "y (yes or no, its sigmoid left out)"
    )


def test_outputs_in_words(opened):
    def of(text, outputs, **how):
        return opened(f"{HEAD}; {text}", outputs=outputs, **how).known.found["output"][0]

    assert of("Softmax s > y", ["y"]) == "y (3 classes, softmax left out)"
    assert of("Sigmoid s > y", ["y", "f"]) == "y (3 labels, sigmoid left out), one of 2"
    assert of("Neg r > y", ["y"]) == "y (a map, 4 x 8 x 6)"
    assert (
        of("Reshape r to > y", ["y"], arrays=weights() | {"to": np.array([0, 4, 48])})
        == "y (rows of numbers, 4 x 48)"
    )
    assert of("Reshape r to > t; Softmax t > y", ["y"], arrays=weights() | {"to": np.array([0, 48, 4])}) == (
        "y (a sequence, 48 x 4)"
    )


@pytest.mark.parametrize(
    ("text", "numbers", "scale"),
    [
        ("Mul x a > h", {"a": F(1 / 255)}, 255),
        ("Mul x a > h", {"a": F(2)}, 1),
        ("Sub x a > h; Div h b > i", {"a": F(123), "b": F(58)}, 255),
        ("Sub x a > h; Div h b > i", {"a": F(0.45), "b": F(0.22)}, 1),
    ],
)
def test_a_graph_that_scales_says_which_pixels_it_takes(opened, text, numbers, scale):
    last = text.split()[-1]
    how = {"arrays": weights() | numbers}
    net = opened(f"{text}; {HEAD.replace('x W', f'{last} W')}", guesses={"pixels": ("caffe", "why")}, **how)
    assert net.card.preprocessing.scale == scale
    assert net.known.found["pixels"] == (UNIT.replace("to 1", f"to {scale}"), "the graph scales them itself")
    assert net.known.remains == ("labels",)
    bgr = opened(f"{text}; {HEAD.replace('x W', f'{last} W')}", toml='channels = "BGR"', **how)
    assert bgr.card.preprocessing.channels == "BGR"
    named = opened(f"{text}; {HEAD.replace('x W', f'{last} W')}", toml='pixels = "half"', **how)
    assert named.card.preprocessing.mean == (0.5, 0.5, 0.5)


def test_guesses_are_assumed(opened):
    guesses = {"pixels": ("caffe", "as usual"), "resize": ("squash", "as others do")}
    known = opened(guesses=guesses).known
    assert known.assumed == {
        "pixels": "caffe, as usual",
        "resize": "squash, as others do",
        "interpolation": "bilinear",
    }
    assert known.remains == ("labels", "pixels") and "pixels" not in known.found
    net = opened(guesses=guesses)
    assert (net.card.preprocessing.channels, net.card.preprocessing.resize, net.card.preprocessing.size) == (
        "BGR",
        "squash",
        6,
    )
    told = opened(guesses=guesses, toml='pixels = "unit"\nresize = "letterbox"').known
    assert told.assumed == {"interpolation": "bilinear"} and told.found["resize"] == (
        "letterbox",
        "as described",
    )
    values = opened(guesses=guesses, toml="mean = [1, 2, 3]").known
    assert values.found["pixels"] == ("RGB from 0 to 1, minus 1, 2, 3, over 1, 1, 1", "as described")


def test_what_ultralytics_trains(opened):
    author = {"author": "Ultralytics", "task": "detect"}
    known = opened(metadata=author).known
    assert known.found["resize"] == ("letterbox", "as Ultralytics, which its metadata name, trains")
    assert known.found["pixels"] == (UNIT, "as Ultralytics, which its metadata name, trains")
    assert known.assumed == {"interpolation": "bilinear"} and known.remains == ("labels",)
    assert opened(metadata=author | {"task": "classify"}).known.assumed["resize"] == "short"
    assert opened(metadata=author, toml='resize = "squash"').known.found["resize"] == (
        "squash",
        "as described",
    )
    assert opened(metadata={"author": "Somebody"}).known.assumed["resize"] == "short"


def test_sizes_and_channels(opened):
    known = opened(inputs={"x": (-1, 3, -1, -1)}, metadata={"imgsz": "[16, 32]"}).known
    assert known.found["crop"] == ("16 x 32", "its metadata")
    assert opened(inputs={"x": (-1, 3, -1, -1)}, toml="crop = 40").known.found["crop"] == (
        "40 x 40",
        "as described",
    )
    grey = opened(inputs={"x": (-1, 1, 8, 6)}, arrays=weights(1), toml='pixels = "mnist"')
    assert grey.known.found["pixels"] == ("L from 0 to 1, minus 0.1307, over 0.3081", "net.toml")
    assert "channels" not in grey.known.assumed
    two = opened(inputs={"x": (-1, 2, 8, 6)}, arrays=weights(2)).known
    assert two.assumed == {} and two.remains == ("labels",) and "crop" not in two.found
    two_named = opened(
        inputs={"z": (-1, 4), "x": (-1, 3, 8, 6)},
        text=HEAD + "; Add s z > y",
        outputs=["y"],
        arrays=weights(classes=4),
        given=lambda net: {"z": np.ones(4)},
    )
    assert two_named.known.found["input"][0] == "x, 3 x 8 x 6, NCHW"


def test_files_and_descriptions(opened, tmp_path):
    with pytest.raises(WeightsError, match="'' names no model"):
        open_model("")
    with pytest.raises(WeightsError, match="are two descriptions: give one of them"):
        open_model(tmp_path / "a.toml", tmp_path / "b.toml")
    opened()
    (tmp_path / "other.TOML").write_text('model = "net.onnx"\nlayer = "C"', "utf-8")
    assert open_model(tmp_path / "other.TOML").card.layer == "C"
    assert open_model(tmp_path / "net.onnx", tmp_path / "other.TOML").card.layer == "C"
    assert open_model(tmp_path / "net.onnx").card.layer == "R" and beside("a/b.net.onnx").name == "b.net.toml"
    (tmp_path / "other.TOML").write_text("", "utf-8")
    with pytest.raises(WeightsError, match="this description names no network"):
        open_model(tmp_path / "other.TOML")


def test_a_card_for_a_network_at_hand(tmp_path):
    path = tmp_path / "leaves.toml"

    def card(text, *given):
        path.write_text(text, "utf-8")
        return card_for(path, *given)

    plain = card("")
    p = plain.preprocessing
    assert (plain.name, plain.title, plain.classes, plain.layer, plain.ends) == (
        "leaves",
        "leaves",
        None,
        None,
        None,
    )
    assert (p.crop, p.size, p.channels, p.mean, p.std, p.scale) == (
        224,
        256,
        "RGB",
        (0.0,) * 3,
        (1.0,) * 3,
        1,
    )
    p = card("", 1, (32, 64)).preprocessing
    assert (p.crop, p.size, p.channels, p.mean, p.std) == ((32, 64), 36, "L", (0.0,), (1.0,))
    assert card('resize = "squash"', 3, (64, 32)).preprocessing.size == 32
    assert card("crop = [70, 60]").preprocessing.size == 60 * 256 // 224 == 68
    assert card('resize = "letterbox"\ncrop = 50').preprocessing.size == 50
    assert card('pixels = "caffe"\nchannels = "RGB"').preprocessing.channels == "RGB"
    whole = card('describe = "of trees"\nlabels = ["a", "b"]\nlayer = "r"\nends = "sigmoid"')
    assert (whole.name, whole.title, whole.classes, whole.layer) == ("leaves", "of trees", ("a", "b"), "r")
    assert (whole.multi_label, whole.ends) == (True, "sigmoid") and not card('ends = "softmax"').multi_label
    for text, words in (
        ("mean = [1, 2]", "mean is 3 numbers"),
        ("std = [1]", "std is 3 numbers"),
        ('labels = "metadata"', "labels = 'metadata' is for a file"),
    ):
        with pytest.raises(WeightsError, match=words):
            card(text)


# --- the limits of a description

OF_TEXT = {
    "size = 16384": True,
    "size = 16385": False,
    "size = 1": True,
    "size = 0": False,
    "size = [1, 16384]": True,
    "size = [1, 0]": False,
    "size = [1, 2, 3]": False,
    "size = 1.5": False,
    "crop = true": False,
    f'describe = "{"x" * 1000}"': True,
    f'describe = "{"x" * 1001}"': False,
    'describe = " "': False,
    f"mean = {[1] * 64}": True,
    f"mean = {[1] * 65}": False,
    "mean = []": False,
    "mean = [inf]": False,
    "mean = [true]": False,
    "mean = 1": False,
    "std = [1e-9]": True,
    "std = [0]": False,
    "std = []": False,
    "scale = 0.001": True,
    "scale = 0": False,
    "scale = inf": False,
    'scale = "1"': False,
    'resize = "letterbox"\nfill = [0, 0, 255]': True,
    'resize = "letterbox"\nfill = [0, 256, 0]': False,
    'resize = "letterbox"\nfill = [0, -1, 0]': False,
    'resize = "letterbox"\nfill = [0, 0]': False,
    'resize = "letterbox"\nfill = [0, 0.5, 0]': False,
    'resize = "letterbox"\nfill = "red"': False,
    'resize = "squash"\nfill = [0, 0, 0]': False,
    'labels = ["a", ""]': False,
    'labels = ["a"]': True,
    "labels = []": False,
    "labels = 3": False,
    'pixels = "mnist"': True,
    'pixels = "odd"': False,
    "pixels = 1": False,
    "pixels = 'unit'\nstd = [1]": False,
    "pixels = 'unit'\nscale = 1": False,
    "pixels = 'unit'\nchannels = 'L'": True,
    "size = [3, 4]\ncrop = 3": False,
    "size = 3\ncrop = [3, 4]": True,
    "#" + "." * (MOST_DOTS - 1): True,
    "#" + "." * MOST_DOTS: True,
    "#" + "." * (MOST_DOTS + 1): False,
    f"describe = '{'.' * 900}'": True,
    f'describe = "{"." * 900}"': True,
    "#" + " " * (MOST_BYTES - 1): True,
    "#" + " " * MOST_BYTES: False,
}


@pytest.mark.parametrize("text", OF_TEXT, ids=lambda text: text[:40])
def test_what_a_description_may_say(text, tmp_path):
    (tmp_path / "net.toml").write_text(text, "utf-8")
    if OF_TEXT[text]:
        read_model_toml(tmp_path / "net.toml")
    else:
        with pytest.raises(WeightsError):
            read_model_toml(tmp_path / "net.toml")


def test_what_was_given_is_cut_in_a_message(tmp_path):
    def told(text):
        (tmp_path / "net.toml").write_text(text, "utf-8")
        with pytest.raises(WeightsError) as error:
            read_model_toml(tmp_path / "net.toml")
        return str(error.value)

    assert told(f"size = '{'x' * 58}'").endswith(f", not '{'x' * 58}'")
    assert told(f"size = '{'x' * 59}'").endswith(f", not '{'x' * 56}...")
    assert "did you mean 'interpolation'?  There is" in told("interpolaton = 1")
    (tmp_path / "net.toml").write_text("size = [48, 64]", "utf-8")
    assert read_model_toml(tmp_path / "net.toml").preprocessing == {"crop": (48, 64), "size": 48}


# --- the usual ways, from their sources

PUBLISHED = {  # torchvision's and OpenAI's normalize, keras.applications' modes, examples/mnist
    ("unit", 3): (1, (0, 0, 0), (1, 1, 1), "RGB"),
    ("byte", 3): (255, (0, 0, 0), (1, 1, 1), "RGB"),
    ("imagenet", 3): (1, (0.485, 0.456, 0.406), (0.229, 0.224, 0.225), "RGB"),
    ("half", 3): (1, (0.5, 0.5, 0.5), (0.5, 0.5, 0.5), "RGB"),
    ("caffe", 3): (255, (103.939, 116.779, 123.68), (1, 1, 1), "BGR"),
    ("clip", 3): (1, (0.48145466, 0.4578275, 0.40821073), (0.26862954, 0.26130258, 0.27577711), "RGB"),
    ("unit", 1): (1, (0,), (1,), "L"),
    ("half", 1): (1, (0.5,), (0.5,), "L"),
    ("byte", 1): (255, (0,), (1,), "L"),
    ("mnist", 1): (1, (0.1307,), (0.3081,), "L"),
}


def test_the_usual_ways():
    assert {(name, n) for n, ways in ((3, USUAL), (1, GREY)) for name in ways} == {*PUBLISHED}
    for (name, channels), (scale, mean, std, order) in PUBLISHED.items():
        assert pixels_of(name, channels) == {"scale": scale, "mean": mean, "std": std, "channels": order}
        assert name_of(scale, list(mean), list(std), order) == name
    assert (
        usual(2) == {}
        and name_of(1, (0, 0, 0), (1, 1, 1), "BGR") is None
        and name_of(1, (0,), (1,), "RGB") is None
    )
    for name, channels, there in (("clip", 1, "unit, half, byte, mnist"), ("unit", 4, "none")):
        with pytest.raises(WeightsError, match=f"not known for {channels} channels; there is {there}"):
            pixels_of(name, channels)
