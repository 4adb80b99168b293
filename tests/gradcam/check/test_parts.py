"""What a check of a file is made of, part by part, without PyTorch: checksums, shares, peaks, ties."""

import hashlib
import importlib.util
from importlib import import_module
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

import weights
from gradcam.check import Row, agreement, checking, convolutions, figure_1, shipped
from gradcam.check.ties import tied
from gradcam.show.saving import SaveError
from minicnn import MaxPool, ReLU, Tensor
from weights import WeightsError
from weights.cards import Card, Preprocessing

# --- a file


@pytest.fixture
def listed(monkeypatch):
    """Says what the list of networks tells of a file: listed(sum=("ab12", "md5"))."""

    def tell(**file):
        file = {"shipped": False, "sum": None, "accuracy": None} | file
        monkeypatch.setattr(checking, "network", lambda name: SimpleNamespace(file=SimpleNamespace(**file)))

    return tell


def test_a_checksum_is_compared_with_the_published_one(listed, tmp_path, monkeypatch):
    (tmp_path / "net").write_bytes(b"a file")
    sha, md5 = (hashlib.new(kind, b"a file").hexdigest() for kind in ("sha256", "md5"))

    def row(part=False):
        return checking._sum("a", tmp_path / "net", part)

    listed()
    assert row() == Row("sha256", f"{sha[:16]}...", "none is published")
    listed(sum=(sha[:8], "sha256"))
    assert row() == row(True) == Row("sha256", f"{sha[:16]}..., as published", sha[:8], True)
    listed(sum=(md5, "md5"))
    assert row() == Row("md5", f"{md5[:16]}..., as published", md5[:16], True)
    listed(sum=(sha, "md5"))
    assert row() == Row("md5", f"{md5[:16]}..., not the published file", sha[:16], False)
    assert row(True) == Row("md5", f"{md5[:16]}..., another file than the published one", sha[:16], None)
    listed(shipped=True, sum=("0", "md5"))
    monkeypatch.setattr(checking, "stated_sum", lambda name: sha)
    assert row().holds is True and row().what == "sha256"
    monkeypatch.setattr(checking, "stated_sum", lambda name: None)
    assert row().expected == "none is published"


def test_photos_are_recognised_as_often_as_is_stated_or_three_standard_errors_less(monkeypatch):
    monkeypatch.setattr(checking, "read", lambda path: path)
    monkeypatch.setattr(checking, "prepare", lambda picture, preprocessing: picture)
    places = np.array([[9, 5, 4, 3, 2, 1.0]])  # the classes in the order of their scores: 0, 1, ... 5

    def row(stated, *labels):
        net = type("Net", (), {"card": Card("a", "a", Preprocessing(), None),
                               "__call__": lambda self, picture: places})()  # fmt: skip
        return checking._recognised(net, [Path(f"{n}_name.jpg") for n in labels], stated)

    assert row("", 0, 1, 4, 5) == Row("photos", "1 of 4 recognised (25.0 %), 3 in the first five")
    stated = "50.0 % top-1 on ImageNet, 80 % top-5"  # of 36: 0.5 - 3 (0.25 / 36) ** 0.5 = 0.25
    found = row(stated, *[0] * 9, *[1] * 27)
    assert found.holds and found.expected == "at least 25 % (50.0 % of all)"
    assert found.found == "9 of 36 recognised (25.0 %), 36 in the first five"
    assert not row(stated, *[0] * 8, *[1] * 28).holds
    assert row(stated, *[0] * 9) == Row(
        "photos", "9 of 9 recognised (100.0 %), 9 in the first five", "50.0 % of all; too few to judge"
    )
    assert row(stated, *[1] * 10).holds is False, "of ten it can be judged"
    assert row("50.0 % elsewhere", 0).expected == ""


def test_pictures_are_those_that_begin_with_a_class_of_the_network(tmp_path):
    card = Card("a", "a", Preprocessing(), None, classes=("ant", "bee", "cat"))
    for name in ("2_cat.jpg", "0_ant.jpg", "notes.txt", "x_1.jpg"):
        (tmp_path / name).touch()
    assert [p.name for p in checking._pictures(tmp_path, card)] == ["0_ant.jpg", "2_cat.jpg"]
    (tmp_path / "3_dog.jpg").touch()
    with pytest.raises(WeightsError) as said:
        checking._pictures(tmp_path, card)
    assert str(said.value) == (
        f"{tmp_path}: 3_dog.jpg begins with another network's number; a has 3 classes of its own, numbered 0 "
        "(ant) to 2 (cat)"
    )
    with pytest.raises(WeightsError, match="there is no such folder of photos"):
        checking._pictures(tmp_path / "2_cat.jpg", card)


def test_what_is_asked_is_judged_before_any_work(tmp_path, monkeypatch):
    monkeypatch.delenv("MINICNN_DATA", raising=False)
    rows = []
    monkeypatch.setattr(checking, "_rows", lambda *given: rows.append(given) or [])

    def asked(classes, **more):
        card = Card("a", "a", Preprocessing(), None, classes=classes)
        list(checking.check(SimpleNamespace(card=card), "net.npz", **more))
        return rows.pop()

    with pytest.raises(WeightsError, match=r"net\.npz holds the convolutions of a and not its last layers"):
        asked(None, photos=tmp_path)
    with pytest.raises(WeightsError, match=r"net\.npz holds the convolutions"):
        asked(None, photo="cat.jpg")
    with pytest.raises(WeightsError, match="a knows neither the dog nor the cat of Figure 1"):
        asked(("ant", "bee"), photo="cat.jpg")
    monkeypatch.setattr(checking, "read", lambda photo: seen.append(photo))
    seen, thousand = [], weights.classes("imagenet")
    with pytest.raises(SaveError):
        asked(thousand, photo="cat.jpg", out=str(tmp_path))
    monkeypatch.chdir(tmp_path)
    *_, pictures, photo, out, data, known = asked(thousand, photo="cat.jpg")
    assert (pictures, photo, str(out), data, known) == ([], "cat.jpg", "a_figure_1.png", None, True)
    assert seen == ["cat.jpg"] and asked(("ant",))[-4:] == (None, None, None, False)
    images = tmp_path / "images"
    (images / "imagenet_samples").mkdir(parents=True)
    (images / "imagenet_samples" / "3_shark.jpg").touch()
    monkeypatch.setenv("MINICNN_DATA", str(tmp_path))
    *_, pictures, photo, out, data, _ = asked(thousand)
    assert [p.name for p in pictures] == ["3_shark.jpg"] and photo is None and data == str(tmp_path)
    (images / "cat_dog.jpg").touch()
    assert asked(thousand)[-4] == images / "cat_dog.jpg" and asked(("ant",))[-4] is None


def test_the_rows_come_in_their_order(listed, monkeypatch):
    monkeypatch.setattr(checking, "_sum", lambda name, path, part: f"sum {part}")
    monkeypatch.setattr(checking, "published", lambda net: None)
    monkeypatch.setattr(checking, "accuracy", lambda net, data: [f"accuracy {data}"])
    monkeypatch.setattr(checking, "agreement", lambda net, pictures: ["agreement"])
    monkeypatch.setattr(checking, "figure_1", lambda net, photo, out: [f"{photo} {out}"])
    monkeypatch.setattr(checking, "_recognised", lambda net, pictures, stated: f"recognised {stated}")
    monkeypatch.setattr(checking, "stated", lambda name: {})

    def rows(pictures=(), photo=None, thousand=False, classes=("ant",), head=False, **file):
        file = SimpleNamespace(**{"shipped": False, "accuracy": None} | file)
        monkeypatch.setattr(checking, "network", lambda name: SimpleNamespace(file=file, head=head))
        net = SimpleNamespace(card=Card("a", "a", Preprocessing(), None, classes=classes))
        return list(checking._rows("a", "net", net, pictures, photo, "out.png", "data", thousand))

    none = Row("photos", "none given", "--photos FOLDER")
    assert rows() == ["sum False", none, "agreement"]
    assert rows(head=True)[0] == "sum True"
    assert rows(classes=None) == [
        "sum True", Row("fc6 to fc8", "not in this file", "nothing is said of scores"), "agreement"
    ]  # fmt: skip
    assert rows(thousand=True)[-1] == Row("Figure 1", "no photo given", "--photo cat_dog.jpg")
    assert rows(photo="cat.jpg", thousand=True)[-1] == "cat.jpg out.png"
    assert rows(["p"], accuracy="70 %") == ["sum False", "recognised 70 %", "agreement"]
    assert rows(shipped=True) == ["sum False", none, "agreement"]
    monkeypatch.setattr(checking, "stated", lambda name: {"accuracy": 0.9})
    assert rows(shipped=True) == ["sum False", "accuracy data", "agreement"]
    monkeypatch.setattr(checking, "published", lambda net: "published")
    assert rows(shipped=True)[:2] == ["sum False", "published"]


# --- networks that ship


def test_what_a_card_states(monkeypatch):
    text = f"x\n| accuracy | 97.30 % |\n| macro_f1 | 5 %|\n| top5 | 9 % |\n| sha256 | {'0a' * 32} |\n"
    monkeypatch.setattr(shipped, "_card", lambda name: text)
    assert shipped.stated("a") == {"accuracy": pytest.approx(0.973), "macro_f1": 0.05}
    assert shipped.stated_sum("a") == "0a" * 32
    monkeypatch.setattr(shipped, "_card", lambda name: "nothing")
    assert shipped.stated("a") == {} and shipped.stated_sum("a") is None


def test_a_shipped_network_may_be_three_standard_errors_worse_than_its_card(monkeypatch, tmp_path):
    check = import_module("weights.recipes.check")
    monkeypatch.setattr(shipped, "stated", lambda name: {"accuracy": 0.9, "macro_f1": 0.5})

    def rows(name, data=None):
        return list(shipped.accuracy(SimpleNamespace(card=SimpleNamespace(name=name)), data))

    def measured(n):
        least = 0.9 - 3 * (0.9 * (1 - 0.9) / n) ** 0.5
        return {"accuracy": least, "macro_f1": 0.5 - 3.01 * (0.25 / n) ** 0.5}

    monkeypatch.setattr(check, "measure_shapes", lambda net, n: measured(n))
    monkeypatch.setattr(check, "measure_photos", lambda net, file, n: measured(n) if file.exists() else None)
    assert rows("shapes") == [
        Row("accuracy", "85.98 % of 500 unseen scenes", "90.00 % (its card)", True),
        Row("macro_f1", "43.27 % of 500 unseen scenes", "50.00 % (its card)", False),
    ]
    missing = "no data/imagenette_96_jpeg.npz: name its folder in MINICNN_DATA"
    assert rows("mini_vgg") == rows("mini_vgg", tmp_path) == [Row("accuracy", missing, "90.00 % (its card)")]
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "imagenette_96_jpeg.npz").touch()
    assert rows("mini_vgg", tmp_path)[0] == Row(
        "accuracy", "85.50 % of 400 pictures of val", "90.00 % (its card)", True
    )


def test_the_published_convolutions_in_the_order_of_keras():
    """A kernel of Keras is (rows, columns, channels, filters)."""
    shapes = {"conv1_1.W": (3, 3, 3, 64), "conv1_2.W": (3, 3, 64, 64), "conv5_1.W": (3, 3, 512, 512),
              "conv5_3.W": (3, 3, 512, 512)}  # fmt: skip
    arrays = {name: np.zeros(shape, np.float32) for name, shape in shapes.items()}
    arrays |= {f"{name}.b": np.zeros(512, np.float32) for name in ("conv1_1", "conv2_1", "conv5_2")}
    arrays["conv1_1.W"][0, 0, 0, 0] = 0.42947057
    arrays["conv1_1.b"][[0, 1, 2, 25]] = 0.73429835, 0.09340367, 0.06775674, 0.7446502
    arrays["conv1_2.W"][2, 2, 63, 63] = 0.016082443
    arrays["conv2_1.b"][1] = 0.06440781
    arrays["conv5_1.W"][1, 0, 63, 269] = -0.011236359
    arrays["conv5_2.b"][510] = 0.23517226
    arrays["conv5_3.W"][0, 2, 0, 400] = -0.008714244
    ours = {n: Tensor(a.transpose(3, 2, 0, 1) if a.ndim == 4 else a) for n, a in arrays.items()}

    def row(name, source):
        card = SimpleNamespace(name=name, source=source)
        return convolutions.published(SimpleNamespace(card=card, arrays=lambda: ours))

    said = "those of the published file"
    for name in ("vgg16", "vgg16_gap"):
        assert row(name, "Keras") == row(name, "Caffe") == Row("convolutions", "10 of 10 numbers", said, True)
    assert row("vgg16", "PyTorch") is None and row("vgg19", "Keras") is None
    ours["conv2_1.b"].data = ours["conv2_1.b"].data.astype(np.float64)
    ours["conv2_1.b"].data[1] = 0.06440781 * (1 + 1.5e-7)
    assert row("vgg16", "Keras") == Row("convolutions", "9 of 10 numbers", said, False)


# --- against PyTorch: what needs none


def test_without_pytorch_that_is_said(monkeypatch):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    [row] = agreement.agreement(None)
    assert row == Row("PyTorch", "not installed", "pip install 'minicnn-gradcam[verify]'")


def test_what_is_compared_with_pytorch(monkeypatch):
    """The occluder is half the shorter side, rounded up, for both."""
    x, y = Tensor(np.zeros((1, 3, 7, 20)), "x"), Tensor(np.array([[1.0, 4]]), "y")
    net = SimpleNamespace(astype=lambda dtype: SimpleNamespace(card="card", dtype=dtype))
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: name)
    monkeypatch.setattr(agreement, "_input", lambda net, pictures: (f"{pictures} {net.dtype}", y, x))
    monkeypatch.setattr(agreement, "fitting", lambda y: ["cam", "occlusion"])
    asked = []

    def explained(net, x, c, methods, occluder):
        asked.append((x.shape, c, methods, occluder))
        return {"cam": np.ones(2), "occlusion": np.zeros(2)}

    def theirs(*given):
        asked.append(given)
        return {"scores": y.data, "cam": np.ones(2), "occlusion": np.ones(2)}

    monkeypatch.setattr(agreement, "explain", explained)
    monkeypatch.setattr(agreement, "by_pytorch", theirs)
    first, *rows = agreement.agreement(net, "no picture")
    assert first == Row("PyTorch, float64", "on no picture <class 'numpy.float64'>, class 1")
    assert [(row.what, row.holds) for row in rows] == [
        ("  scores", True), ("  cam", True), ("  occlusion", False),
    ]  # fmt: skip
    assert asked == [
        ((1, 3, 7, 20), 1, ["cam", "occlusion"], {"window": 4, "stride": 4}),
        (y, x, 1, "card", ["cam", "occlusion"], 4),
    ]


def test_a_difference_is_measured_in_shares_of_the_norm():
    expected = np.array([3.0, -4.0])
    for far, holds in ((0.9e-10, True), (1.5e-10, False)):
        row = agreement._row("cam", expected + np.array([0, 5 * far]), expected)
        assert row == Row("cam", f"{far:.1e} from PyTorch", "at most 1e-10", holds)
    assert agreement._row("cam", expected, expected).holds is True
    zeros = np.zeros(2)
    assert agreement._row("cam", zeros, zeros) == Row("cam", "exactly zero", "PyTorch has zeros", None)
    for found in (expected, np.array([0, 1.0])):
        assert agreement._row("cam", found, zeros) == Row("cam", "not zero", "PyTorch has zeros", False)
    assert agreement._row("cam", np.array([1e10 + 1]), np.array([1e10])).holds, "1e-10 to the digit"


def test_the_top_class_is_asked_or_the_strongest_unit():
    assert agreement._asked(Tensor(np.array([[1.0, 5, 3]]))) == 1
    A = np.zeros((1, 2, 3, 4))
    A[0, 1, 2, 0] = 7
    _, signal = agreement._asked(y := Tensor(A, "A")).begin(y)
    assert np.argwhere(signal).tolist() == [[0, 1, 2, 0]] and signal.max() == 1


def test_the_input_is_the_first_picture_without_ties_or_noise(monkeypatch):
    monkeypatch.setattr(agreement, "read", lambda path: path)
    monkeypatch.setattr(agreement, "prepare", lambda path, how, dtype: np.full((1, 2), len(path.name), dtype))
    monkeypatch.setattr(agreement, "tied", lambda y: y.data[0, 0] < 8)  # short names
    net = type("Net", (), {"__call__": lambda self, x: x,
                           "card": Card("a", "a", Preprocessing(crop=(4, 6)), None)})()  # fmt: skip
    pictures = [Path("short"), Path("long enough"), Path("longer than the other")]
    what, y, x = agreement._input(net, pictures)
    assert what == "long enough" and y is x and x.data.dtype == np.float64 and x.data[0, 0] == 11
    what, _, x = agreement._input(net, [])
    noise = np.random.default_rng(0).standard_normal((1, 3, 4, 6))
    assert what == "noise" and np.array_equal(x.data, noise)
    assert agreement._input(net, [Path("short")] * 7 + pictures[1:])[0] == "long enough"
    assert agreement._input(net, [Path("short")] * 8 + pictures[1:])[0] == "noise", "eight are looked at"


def test_ties_are_found_in_windows_that_overlap_and_hang_over():
    x = np.arange(1.0, 26).reshape(1, 1, 5, 5)

    def names(x):
        return tied(MaxPool(3, 2, ceil=True)(ReLU()(Tensor(x)), name="pool"))

    assert names(x) == []
    x[0, 0, 4, 3] = x[0, 0, 4, 4]
    assert names(x) == ["pool"]
    assert names(-abs(x)) == []  # all zero behind the ReLU: no signal passes there


def test_what_lies_in_the_padding_ties_with_nothing():
    x = Tensor(np.arange(1.0, 17).reshape(1, 1, 4, 4))
    assert tied(MaxPool(3, 2, pad=1, ceil=True)(x, name="pool")) == []
    x.data[0, 0, 3, 2] = 16
    assert tied(MaxPool(3, 2, pad=1, ceil=True)(x, name="pool")) == ["pool"]


def test_what_differs_by_rounding_is_a_tie():
    for apart, found in ((0.5e-12, ["pool"]), (1e-12, ["pool"]), (1.5e-12, []), (0, ["pool"])):
        x = np.array([[[[1, 2], [2 * (1 - apart), 0]]]])
        assert tied(MaxPool(2)(Tensor(x), name="pool")) == found
    assert tied(MaxPool(2)(Tensor(np.full((1, 1, 2, 2), -3.0)))) == [], "none of them is positive"


# --- the parts of Figure 1


def test_the_animals_are_a_dog_and_a_cat():
    names = weights.classes("imagenet")
    assert [names[c] for c in figure_1.DOGS] == ["boxer", "bull mastiff"]
    assert [names[c] for c in figure_1.CATS] == ["tabby", "tiger cat"]


def test_a_peak_is_where_the_map_is_largest_in_magnitude():
    relief = np.zeros((1, 3, 10, 20))
    relief[0, 1, 2, 15] = -3
    relief[0, 0, 9, 0] = 2
    assert figure_1.peak(relief) == (15.5 / 20, 2.5 / 10)
    coarse = np.zeros((1, 4, 4))
    coarse[0, 3, 1] = 1
    assert figure_1.peak(coarse) == pytest.approx((0.375, 0.875), abs=0.01)
    assert figure_1.peak(coarse * 0) is None


def test_a_place_is_on_an_animal_within_its_boxes():
    boxes = {"dog": [(28, 0, 68, 68), (68, 25, 86, 53)], "cat": [(69, 53, 92, 70), (5, 69, 100, 100)]}
    hundredths = range(-1, 103)
    for animal, several in boxes.items():
        inside = {
            (x, y) for l, t, r, b in several for x in range(l, r + 1) for y in range(t, b + 1)
        }  # fmt: skip
        found = {(x, y) for x in hundredths for y in hundredths if figure_1.on(animal, (x / 100, y / 100))}
        assert found == inside
    assert not figure_1.on("dog", None)


def test_a_cosine_is_between_two_maps_and_there_is_none_of_zeros():
    a = np.float32([[1, 0], [2, 0]])
    assert figure_1.cosine(a, 3 * a) == pytest.approx(1) and figure_1.cosine(a, -a) == pytest.approx(-1)
    assert figure_1.cosine(a, a[:, ::-1]) == 0 and figure_1.cosine(a, a * 0) is None
    assert figure_1.cosine(np.array([1.0, 0]), np.array([3.0, 4])) == pytest.approx(0.6)


class Explained(dict):
    """Maps by (method, class), and what is known of the classes."""

    def __init__(self, scores, p, maps=()):
        super().__init__(maps)
        self.scores, self.probabilities = np.array([scores]), np.array([p])
        self.card = SimpleNamespace(classes=[f"class {n}" for n in range(len(scores))])


def test_what_the_network_sees():
    scores = np.zeros(300)
    scores[[243, 7, 282]] = 9, 8, 7
    p = np.zeros(300)
    p[[243, 282]] = 0.867, 0.02
    seen = lambda known: figure_1._seen(Explained(scores, p), 243, 282, known)  # noqa: E731
    said = "class 243 86.7 % (no. 1), class 282 2.0 % (no. 3)"
    assert seen({}) == Row("Figure 1", said, "the dog or the cat first", True)
    for known, holds in ((0.867, True), (0.8675, True), (0.8685, False), (0.866 - 1e-9, False)):
        row = seen({"probability": known})
        assert (row.found, row.holds) == (said, holds)
    assert seen({"probability": 0.867}).expected == "the dog first, 86.7 %"
    p[243] = 0.001
    assert not seen({"probability": 0}).holds, "a difference of 0.001 is too large"
    p[243] = 0.867
    scores[7] = 10
    assert not seen({}).holds and not seen({"probability": 0.867}).holds
    scores[282] = 11
    assert seen({}).holds and not seen({"probability": 0.867}).holds


def test_where_the_maps_of_the_two_are_and_how_alike():
    def one(x, y):
        map = np.zeros((1, 1, 100, 100))
        map[0, 0, y, x] = 1
        return map

    def row(method, dog, cat, known=(), judged=False):
        e = Explained([0.0], [1.0], {(method, 1): dog, (method, 2): cat})
        return figure_1._compared(e, method, 1, 2, dict(known), judged)

    known = figure_1.KNOWN["squeezenet"]
    assert known == {"probability": 0.867, "dog": (0.50, 0.19), "cat": (0.81, 0.73), "gradient": 0.25,
                     "guided_backprop": 0.75}  # fmt: skip
    dog, cat, zero = one(50, 19), one(81, 73), one(0, 0) * 0
    found = "dog (0.51, 0.20), cat (0.81, 0.73), cosine 0.00"
    assert row("grad_cam", dog, cat) == Row("  grad_cam", found)
    assert row("grad_cam", dog, cat, known).holds is True
    assert row("grad_cam", dog, cat, known).expected == "(0.5, 0.19), (0.81, 0.73)"
    assert not row("grad_cam", cat, dog, known).holds and not row("grad_cam", dog, one(83, 73), known).holds
    assert not row("grad_cam", one(51, 19), cat, known).holds and not row("grad_cam", dog, zero, known).holds
    assert row("grad_cam", dog, zero).found == "dog (0.51, 0.20), cat zero"
    assert row("grad_cam", dog, cat, judged=True) == Row("  grad_cam", found, "each on its animal", True)
    assert row("grad_cam", dog, dog, judged=True).holds is False
    assert row("gradient", dog, cat, judged=True) == Row("  gradient", found)
    for angle, holds in ((0.25, True), (0.2575, True), (0.265, False), (0.235, False)):
        other = angle * dog + (1 - angle**2) ** 0.5 * cat
        row_ = row("gradient", dog, other, known)
        assert row_.holds == holds and row_.expected == "cosine 0.25" and row_.found.endswith(f"{angle:.2f}")
    assert row("gradient", dog, zero, known).holds is False
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(figure_1, "cosine", lambda a, b: 0.01)
        assert row("gradient", dog, cat, {"gradient": 0.0}).holds is False, "0.01 is too far"
    assert row("cam", dog, cat, known).expected == ""


def test_the_figure_is_of_the_likelier_dog_and_cat(monkeypatch, tmp_path):
    scores = np.zeros((1, 300))
    scores[0, [242, 243, 281, 282]] = 1, 2, 4, 3
    asked, judged = [], []
    show = import_module("gradcam.show")
    monkeypatch.setattr(figure_1, "read", lambda photo: SimpleNamespace(size=photo))
    monkeypatch.setattr(figure_1, "prepare", lambda picture, how: np.zeros((1, 1)))
    monkeypatch.setattr(figure_1, "crop_shown", lambda picture, how: picture.size)
    monkeypatch.setattr(figure_1, "fitting", lambda y: ["grad_cam", "cam"])
    monkeypatch.setattr(
        figure_1, "explain", lambda net, x, c, methods, progress: asked.append((net, x.shape, c, methods))
    )
    monkeypatch.setattr(figure_1, "_seen", lambda e, dog, cat, known: (dog, cat, bool(known)))
    monkeypatch.setattr(
        figure_1,
        "_compared",
        lambda e, method, dog, cat, known, judged: (method, dog, cat, bool(known), judged),
    )
    monkeypatch.setattr(show, "panel", lambda e, picture: picture)
    monkeypatch.setattr(show, "save", lambda panel, out: judged.append(panel) or out)
    for name, size, known in (("squeezenet", (640, 480), True), ("vgg16", (640, 480), False),
                              ("squeezenet", (480, 640), False)):  # fmt: skip
        net = type("Net", (), {"__call__": lambda self, x: Tensor(scores),
                               "card": Card(name, name, Preprocessing(), None)})()  # fmt: skip
        rows = list(figure_1.figure_1(net, size, "out.png"))
        right = size == (640, 480)
        assert rows == [
            (243, 281, known), ("grad_cam", 243, 281, known, right), ("cam", 243, 281, known, right),
            Row("  picture", "out.png"),
        ]  # fmt: skip
        assert asked.pop() == (net, (1, 1), [243, 281], ["grad_cam", "cam"]) and judged.pop() == size
    scores[:] = 0
    assert next(figure_1.figure_1(net, (640, 480), "out.png"))[:2] == (242, 281), "the first of two alike"
