"""Where things stand on a page, in inches, and which colours they have: number by number."""

import io
from types import SimpleNamespace

import matplotlib
import numpy as np
import pytest
from matplotlib.figure import Figure
from PIL import Image

from gradcam.asking import AskError
from gradcam.explanation import Explanation
from gradcam.show import side_by_side, signals, verdict, volumes
from gradcam.show.colour import Style, grey, heat, limit, overlay, relief, signed
from gradcam.show.notebook import small_jpeg
from gradcam.show.plotting import plot
from gradcam.show.regions import COLOURS, regions_panel
from gradcam.show.tiles import Tile, enlarged, row
from gradcam.show.typeset import INK, Line, fitting, lines, tall, too_wide, wide, write
from gradcam.show.words import Seen, words
from tests.gradcam.show.test_show import CARD, PHOTO, made_up

LINE = 1.32 / 72  # the height of a line, for each of its points
INFERNO, BLUE_RED = matplotlib.colormaps["inferno"], matplotlib.colormaps["RdBu_r"]


# --- colours


def test_grey_is_how_bright_a_colour_looks():
    shade = (0.299 * 10 + 0.587 * 200 + 0.114 * 30) / 255
    assert grey(np.array([[[10, 200, 30]]], np.uint8)) == pytest.approx(np.full((1, 1, 3), shade))


def test_what_covers_the_photo():
    photo, half = np.full((1, 2, 3), 51, np.uint8), dict(upsampling="nearest")
    low, high = overlay(photo, np.array([[1.0, 2.0]]), **half)[0]
    assert low == pytest.approx(0.4 * 0.2 + 0.6 * np.array(INFERNO(0.5)[:3]))
    assert high == pytest.approx(0.15 * 0.2 + 0.85 * np.array(INFERNO(1.0)[:3]))
    below, above = overlay(photo, np.array([[-1.0, 0.25]]), top=2, **half)[0]
    assert below == pytest.approx(0.6 * 0.2 + 0.4 * np.array(BLUE_RED(0.25)[:3]))
    assert above == pytest.approx(0.9 * 0.2 + 0.1 * np.array(BLUE_RED(0.5625)[:3]))
    cut, kept = overlay(photo, np.array([[1.0, 2.0]]), style=Style("viridis", 0.3, 0.51), **half)[0]
    assert cut == pytest.approx([0.2] * 3)
    assert kept == pytest.approx(0.7 * 0.2 + 0.3 * np.array(matplotlib.colormaps["viridis"](1.0)[:3]))
    assert not np.allclose(
        overlay(photo, np.array([[1.0, 2.0]]), style=Style(threshold=0.5), **half)[0, 0], 0.2
    )
    assert overlay(photo, np.zeros((1, 2)))[0, 0] == pytest.approx(
        0.65 * 0.2 + 0.35 * np.array(INFERNO(0)[:3])
    )


def test_shares_of_a_scale():
    map = np.array([[0.0, 1.0, 4.0]])
    assert heat(map, 4)[0, 1] == pytest.approx(INFERNO(0.25)[:3])
    assert heat(map, 2, "viridis")[0, 2] == pytest.approx(matplotlib.colormaps["viridis"](1.0)[:3])
    assert signed(-map, 4)[0, 1] == pytest.approx(BLUE_RED(0.375)[:3])
    assert signed(map, 4, "PiYG")[0, 2] == pytest.approx(matplotlib.colormaps["PiYG"](1.0)[:3])
    assert relief(0 * map[None])[0].tolist() == [[0.5] * 3] * 3
    assert limit(np.array([0, 0, 1.0, -3.0]), 50) == 2
    for wrong in ({"alpha": 1.01}, {"alpha": -0.01}, {"threshold": 2}, {"colormap": "inferno2"}):
        with pytest.raises(AskError):
            Style(**wrong)
    assert Style(alpha=0, threshold=1) and Style(alpha=1, threshold=0)


# --- text


def test_lines_stand_one_below_the_other():
    figure = matplotlib.figure.Figure(figsize=(4, 5))
    said = [Line("one", 10), Line("two", 20, "bold", "#123456")]
    assert tall(said) == pytest.approx(30 * LINE)
    assert write(figure, 1, 2, said, "right") == pytest.approx(2 + 30 * LINE)
    first, second = figure.texts
    assert first.get_position() == pytest.approx((0.25, 1 - (2 + 9.5 / 72) / 5))
    assert second.get_position() == pytest.approx((0.25, 1 - (2 + 10 * LINE + 19 / 72) / 5))
    assert (second.get_fontsize(), second.get_weight(), second.get_color()) == (20, "bold", "#123456")
    assert (first.get_ha(), first.get_va(), first.get_color(), first.get_parse_math()) == (
        "right", "baseline", INK, False,
    )  # fmt: skip


def test_lines_are_as_full_as_can_be():
    n, space = wide("n", 10), wide("n n", 10) - 2 * wide("n", 10)
    assert 0.05 < n < 0.12 and 0.02 < space < n and wide("n n n", 10) == pytest.approx(3 * n + 2 * space)
    assert wide("n", 20) == pytest.approx(2 * n, rel=0.02) and wide("n", 10, "bold") > n
    two = 2 * n + space
    assert [line.text for line in lines("n n n n n", two + 1e-9, 10)] == ["n n", "n n", "n"]
    assert [line.text for line in lines("n n n", two - 1e-3, 10)] == ["n", "n", "n"]
    assert [line.text for line in lines("n nnnnn n", 2 * n + 1e-3, 10)] == ["n", "nn", "nn", "n", "n"]
    assert [line.text for line in lines("nn", n / 2, 10)] == ["n", "n"]
    assert lines("n", 1, 10, "bold", "red") == [Line("n", 10, "bold", "red")]
    for letters in (2, 3, 7, 8, 9):
        assert fitting("n" * 40, wide("n" * letters, 10) + 1e-6, 10) == letters
    assert fitting("nn", n / 2, 10) == 1
    assert too_wide("nn", 2 * n - 0.01, 10) and not too_wide("nn", wide("nn", 10), 10)
    assert too_wide("i" * 1000, 3, 10) and not too_wide("i" * 401, wide("i" * 401, 10), 10)


# --- tiles


def pattern(H, W):
    return np.random.default_rng(1).integers(0, 255, (H, W, 3), dtype=np.uint8)


@pytest.mark.parametrize(
    ("rows", "columns", "patch", "inset"),
    [
        (slice(40, 44), slice(10, 14), (40, 10), (3, 13)),  # above, where there is more room
        (slice(10, 14), slice(10, 14), (10, 10), (41, 13)),  # below
        (slice(40, 42), slice(10, 14), (39, 10), (3, 13)),  # a square around it
        (slice(10, 14), slice(50, 51), (10, 49), (41, 13)),
        (slice(63, 64), slice(0, 4), (60, 0), (3, 13)),  # at the edge
    ],
)
def test_where_a_patch_is_enlarged(rows, columns, patch, inset):
    photo, picture = pattern(64, 66), pattern(64, 66)[::-1] / 255
    map = np.zeros((3, 64, 66))
    map[1, rows, columns] = -1
    map[0, 0, 0] = 9e-7  # roundoff
    shown = enlarged(picture, map, photo)
    (top, left), (y, x) = patch, inset  # four times as large: 16 pixels, in a white frame of 2
    for source, at in ((photo / 255, x + 2), (picture, x + 22)):
        small = shown[y + 2 : y + 18, at : at + 16]
        assert np.array_equal(small, np.kron(source[top : top + 4, left : left + 4], np.ones((4, 4, 1))))
    outside = picture.copy()
    outside[y : y + 20, x : x + 40] = 1
    inside = shown.copy()
    inside[y + 2 : y + 18, x + 2 : x + 18] = inside[y + 2 : y + 18, x + 22 : x + 38] = 1
    assert shown.shape == picture.shape and (inside != outside).any(-1).sum() == 0


def test_what_is_written_around_a_map():
    e = made_up([0], ["saliency", "grad_cam", "cam"])
    e.scores[0, 0], e.probabilities[0, 0], e.asked = (
        -1.25,
        0.8666,
        ["grad_cam", "lrp_epsilon", "saliency", "cam"],
    )
    e.undefined = {"lrp_epsilon": "why not", "occlusion": "too slow"}
    e.notes["saliency", 0], e.maps["cam", 0] = "a note", np.zeros((1, 5, 5))
    e.notes["cam", 0] = "exactly zero; and more"
    photo, cam, lrp, saliency, zero, occlusion = row(e, 0, PHOTO, CARD)
    assert (photo.title, photo.source, photo.strong) == ("Photo", "what the network saw, 40 × 40", "tench")
    assert photo.note == "score −1.25, probability 86.7 %" and photo.picture is PHOTO
    assert (cam.title, cam.source) == ("Grad-CAM", "Selvaraju 2017, at relu5")
    assert cam.bar == ("inferno", 0, e.maps["grad_cam", 0].max()) and cam.note == ""
    assert (lrp.undefined, occlusion.undefined, lrp.bar) == ("why not", "too slow", None)
    assert lrp.picture == pytest.approx(0.8 + 0.2 * grey(PHOTO))
    assert (saliency.note, saliency.source) == ("a note", "Simonyan 2013")
    assert saliency.bar == ("inferno", 0, limit(e.maps["saliency", 0], 99))
    assert zero.note == "and more" and zero.zero and zero.picture == pytest.approx(0.8 + 0.2 * grey(PHOTO))
    e.probabilities, e.ends = None, "number"
    assert row(e, 0, PHOTO, CARD)[0].note == "value −1.25"
    e.ends = "place"
    assert row(e, 0, PHOTO, CARD)[0].note == "score −1.25"
    e.ends = None
    assert row(e, 0, PHOTO, CARD)[0].note == ""
    e.maps["grad_cam", 0][0, 0, 0] = -99
    assert row(e, 0, PHOTO, CARD)[1].bar == ("RdBu_r", -99, 99)
    e.maps["grad_cam", 0][0, 0, 0] = 0
    style = Style("viridis")
    assert [t.bar[0] for t in row(e, 0, PHOTO, CARD, style=style) if t.bar] == ["viridis", "viridis"]


# --- the page


def test_where_a_page_has_its_pictures_and_words(monkeypatch):
    photo, map = np.zeros((20, 10, 3), np.uint8), np.ones((20, 10, 3))
    made = [
        [Tile(photo, "A", "", strong="s"), Tile(map, "B", "b", ("inferno", -2.5, 5), note="n")],
        [Tile(photo, "A", ""), Tile(map, "B", "b", zero="why")],
    ]
    heading, footnote = [Line("head", 20)], [Line("foot", 11)]
    figure = side_by_side._page(made, heading, footnote, 5.74)
    side, head = 5.5, 26.5 * LINE + 0.08  # twice as high as wide, title and source
    under = [0.08 + 0.36 + 11 * LINE + 0.22, 0.08 + 0.22]
    total = 0.32 + 20 * LINE + 0.2 + head + 2 * side + sum(under) + 0.05 + 11 * LINE + 0.32
    assert figure.get_size_inches() == pytest.approx((5.74 + 0.64, total))
    first = 0.32 + 20 * LINE + 0.2 + head
    second = first + side + under[0]
    extents = [image.get_extent() for image in figure.axes[0].images]
    expected = [(0.32, 3.07, first + side, first), (3.31, 6.06, first + side, first),
                (3.31, 6.06, first + side + 0.18, first + side + 0.08),
                (0.32, 3.07, second + side, second), (3.31, 6.06, second + side, second)]  # fmt: skip
    assert np.array(extents) == pytest.approx(np.array(expected))
    assert figure.axes[0].get_xlim() == pytest.approx((0, 6.38))
    assert figure.axes[0].get_ylim() == pytest.approx((total, 0))
    found = {t.get_text(): t for t in figure.texts}
    place = lambda text: (found[text].get_position()[0] * 6.38, (1 - found[text].get_position()[1]) * total)  # noqa: E731
    down = lambda y, size: y + size * 0.95 / 72  # noqa: E731
    assert place("head") == pytest.approx((0.32, down(0.32, 20)))
    assert place("B") == pytest.approx((3.31, down(first - 0.08 - 26.5 * LINE, 15.5)))
    assert place("b") == pytest.approx((3.31, down(first - 0.08 - 11 * LINE, 11)))
    assert place("A") == pytest.approx((0.32, down(first - 0.08 - 15.5 * LINE, 15.5)))
    assert place("s") == pytest.approx((0.32, down(first + side + 0.08, 14)))
    assert place("n") == pytest.approx((3.31, down(first + side + 0.08 + 0.36, 11)))
    for text, x, align in (("−2.5", 3.31, "left"), ("0", 4.685, "center"), ("5.0", 6.06, "right")):
        assert place(text) == pytest.approx((x, down(first + side + 0.2, 11)))
        assert found[text].get_ha() == align
    middle = second + (side - 26.5 * LINE) / 2
    assert place("exactly zero") == pytest.approx((3.51, down(middle, 15.5)))
    assert place("why") == pytest.approx((3.51, down(middle + 15.5 * LINE, 11)))
    assert place("foot") == pytest.approx((0.32, down(second + side + under[1] + 0.05, 11)))
    bar = figure.axes[0].images[2]
    assert bar.get_array().shape == (1, 256) and bar.get_array()[0, -1] == 1 and bar.cmap.name == "inferno"


def test_a_scale_from_zero_has_two_numbers():
    tile = Tile(np.ones((10, 10, 3)), "B", "", ("inferno", 0, 3))
    figure = side_by_side._page([[tile]], [], [], 2.75)
    assert sorted(t.get_text() for t in figure.texts) == ["0", "3.0", "B"]
    flat = Tile(np.ones((10, 80, 3)), "B", "")
    assert side_by_side._page([[flat]], [], [], 2.75).axes[0].images[0].get_extent()[2:] == pytest.approx(
        (0.32 + 0.2 + 15.5 * LINE + 0.08 + 2.75 / 8, 0.32 + 0.2 + 15.5 * LINE + 0.08)
    )


def test_numbers_have_two_digits_and_a_minus():
    values = (0, -0.123, 5, 45, 100, 1234.5, 999999, 1e6, 0.000456, -200)
    said = ["0", "−0.12", "5.0", "45", "100", "1234", "999999", "1.0e+06", "0.00046", "−200"]
    assert [side_by_side._number(v) for v in values] == said


def test_how_colours_are_read():
    def said(*methods, inset=False):
        found = side_by_side._scales(methods, inset)
        return [key for key, text in side_by_side.SCALES.items() if text in found]

    assert said("gradient", "saliency", "grad_cam") == ["relief", "overlay"]
    assert said("saliency") == ["heat"] and said("grad_cam") == ["overlay"]
    assert said("grad_cam", "counterfactual") == ["overlay", "shared"] and said("counterfactual") == [
        "overlay"
    ]
    assert said("gradient", inset=True) == ["relief", "inset"]


# --- words and regions


def test_where_words_have_their_pictures():
    seen = [Seen("a"), Seen("b", "note", np.zeros((2, 2))), Seen("c", map=np.ones((2, 2)))]
    figure = words(PHOTO, "head", seen, "relu5", columns=2)
    width = 2 * 1.9 + 0.22
    foot = tall(lines("Grad-CAM at relu5: each map is in full colour at its own maximum.", width, 10.5))
    note = tall(lines("note, exactly zero everywhere", 1.9, 10.5))
    under = [0.26 + 14 * LINE + note, 0.26 + 14 * LINE]
    total = 0.3 + 18 * LINE + 0.15 + 2 * 1.9 + sum(under) + foot + 0.3
    assert figure.get_size_inches() == pytest.approx((width + 0.6, total))
    first = 0.3 + 18 * LINE + 0.15
    corners = [(0.3, first), (2.42, first), (0.3, first + 1.9 + under[0])]
    for ax, (x, y) in zip(figure.axes, corners, strict=True):
        box = ax.get_position(original=True)
        found = box.x0 * (width + 0.6), (1 - box.y1) * total, box.width * (width + 0.6), box.height * total
        assert found == pytest.approx((x, y, 1.9, 1.9))
    assert np.array_equal(figure.axes[0].images[0].get_array(), PHOTO)
    assert np.array_equal(figure.axes[2].images[0].get_array(), overlay(PHOTO, np.ones((2, 2))))
    texts = {t.get_text(): (1 - t.get_position()[1]) * total for t in figure.texts}
    assert texts["c"] == pytest.approx(first + 1.9 + under[0] + 1.96 + 14 * 0.95 / 72)
    assert texts["a"] == pytest.approx(first + 1.96 + 14 * 0.95 / 72) and "exactly" in " ".join(texts)


def test_boxes_of_regions():
    regions = [SimpleNamespace(box=(2, 3, 12, 8), map=np.eye(2), log_p=np.log(0.25)),
               SimpleNamespace(box=(0, 0, 40, 40), map=np.eye(2), log_p=np.log(0.5))]  # fmt: skip
    figure = regions_panel(PHOTO, regions, ["a dog", "a cat"])
    texts = " ".join(t.get_text() for t in figure.texts)
    assert "2 regions, and what is said of each" in texts and "these words: 25.0 %" in texts
    everything, first, second = figure.axes
    drawn = [(*p.get_xy(), p.get_width(), p.get_height(), p.get_linewidth()) for p in everything.patches]
    assert drawn == [
        (1.5, 2.5, 10, 5, 3.5),
        (1.5, 2.5, 10, 5, 1.8),
        (-0.5, -0.5, 40, 40, 3.5),
        (-0.5, -0.5, 40, 40, 1.8),
    ]
    colour = lambda ax, k: matplotlib.colors.to_hex(ax.patches[k].get_edgecolor())  # noqa: E731
    assert [colour(everything, k) for k in range(4)] == ["#000000", COLOURS[0], "#000000", COLOURS[1]]
    assert (len(first.patches), colour(first, 1), colour(second, 1)) == (2, COLOURS[0], COLOURS[1])
    for many, said in ((regions[:1], "One region, and what is said of it"), ([], "No region")):
        assert said in " ".join(t.get_text() for t in regions_panel(PHOTO, many, ["a dog"]).texts)


# --- signals and volumes


def of(x, methods):
    """An explanation of these maps: {method: map}"""
    e = Explanation(np.array([[1.0, -2.0]]), np.array([[0.75, 0.25]]), [1], "conv", x[None])
    e.maps = {(m, 1): np.asarray(map, float)[None] for m, map in methods.items()}
    return e


def test_where_curves_stand():
    x = np.array([[0.0, 1, 2, 4], [3.0, 3, 3, 3], [1.0, 0, -1, 0]])
    figure = signals.signal_panel(of(x, {"gradient": x - 1, "grad_cam": [[1, 2]]}))
    assert figure.get_size_inches() == pytest.approx((10, 0.55 + 2 * (3 * 0.85 + 0.75)))
    gradient, cam = (ax for ax in figure.axes if ax.lines)
    curves = np.array([line.get_ydata() for line in gradient.lines])
    expected = [[2.1, 2.3, 2.5, 2.9], [1.1] * 4, [0.9, 0.5, 0.1, 0.5]]
    assert curves == pytest.approx(np.array(expected))
    assert gradient.lines[0].get_xdata().tolist() == [0, 1, 2, 3]
    assert (gradient.get_xlim(), gradient.get_ylim()) == ((-0.5, 3.5), (0, 3))
    assert gradient.get_yticks().tolist() == [0.5, 1.5, 2.5]
    assert [t.get_text() for t in gradient.get_yticklabels()] == ["lead 2", "lead 1", "lead 0"]
    (image,) = gradient.images
    assert list(image.get_extent()) == [-0.5, 3.5, 0, 3] and image.get_clim() == (-3, 3)
    assert (
        image.cmap.name == "RdBu_r"
        and cam.images[0].cmap.name == "warm"
        and cam.images[0].get_clim() == (0, 2)
    )
    assert cam.images[0].get_array().tolist() == [[1, 1.25, 1.75, 2]]
    bars = [[t.get_text() for t in ax.get_yticklabels()] for ax in figure.axes if not ax.lines]
    assert bars == [["−3", "3"], ["0", "2"]]
    assert gradient.get_title("left").startswith("Gradient:") and cam.get_title("left").startswith(
        "Grad-CAM, at conv:"
    )
    one = signals.signal_panel(of(x[:1], {"gradient": x[:1]}))
    assert one.get_size_inches()[1] == pytest.approx(0.55 + 0.85 * 1.6 + 0.75)
    assert [t.get_text() for t in one.axes[0].get_yticklabels()] == [""]


def test_where_planes_stand():
    random = np.random.default_rng(0)
    x, map = random.random((1, 4, 6, 8)), np.zeros((4, 6, 8))
    map[1, 2, 5] = 7
    figure = volumes.volume_panel(of(x, {"grad_cam": map}))
    width = 0.25 + 3 * 3.05
    said = [t.get_text() for t in figure.texts]
    title, foot = (next(t for t in said if t.startswith(begin)) for begin in ("Grad-CAM", "The network"))
    assert [t for t in said if " of " in t][-3:] == ["depth 1 of 4", "row 2 of 6", "column 5 of 8"]
    assert [p.shape for p in (ax.images[0].get_array() for ax in figure.axes)] == [
        (6, 8, 3),
        (4, 8, 3),
        (4, 6, 3),
    ]
    for k, ax in enumerate(figure.axes):
        box = ax.get_position(original=True)
        assert box.x0 * width == pytest.approx(0.25 + k * 3.05) and box.width * width == pytest.approx(2.9)
        assert box.height * figure.get_figheight() == pytest.approx(2.9 * 6 / 8)
    crosses = [(ax.lines[0].get_ydata()[0], ax.lines[1].get_xdata()[0]) for ax in figure.axes]
    assert crosses == [(2, 5), (1, 5), (1, 2)]
    assert figure.get_figwidth() == pytest.approx(width) and title and foot


def test_volumes_as_pictures():
    x = np.array([[[[1.0, 3.0]]], [[[2.0, 2.0]]], [[[5.0, 1.0]]]])
    assert volumes.pixels(x).tolist() == [[[[0, 64, 255], [128, 64, 0]]]]
    assert volumes.pixels(x[:2])[0, 0].tolist() == [[0] * 3, [255] * 3]  # the first of two, from 1 to 3
    assert volumes.pixels(np.full((1, 1, 1, 2), 7.0)).tolist() == [[[[0] * 3] * 2]]
    map = np.array([[[[1.0, -3.0]]], [[[-2.0, 2.0]]]])
    assert volumes.places_of(map, (1, 1, 2)).tolist() == [[[-2, -3]]]
    assert volumes.places_of(map[0], (1, 1, 4))[0, 0].tolist() == [1, 0, -2, -3]
    assert volumes._frames(20, 9, 6) == [0, 4, 9, 11, 15, 19] and volumes._frames(3, 2, 6) == [0, 1, 2]
    assert volumes._frames(20, 10, 6) == [0, 4, 8, 10, 15, 19]
    seen = np.zeros((2, 2, 2, 3), np.uint8)
    seen[1] = 255
    found = volumes.plane(seen, np.arange(8.0).reshape(2, 2, 2), 2, 1)
    assert found == pytest.approx(overlay(seen[:, :, 1], np.array([[1.0, 3], [5, 7]]), 7))
    found = volumes.plane(seen, np.arange(8.0).reshape(2, 2, 2), 0, 1, 14)
    assert found == pytest.approx(overlay(seen[1], np.array([[4.0, 5], [6, 7]]), 14))


# --- what the network says


def test_answers_and_doubts():
    e = made_up([0])
    e.scores, e.probabilities = np.array([[1.0, -3, 2, 0]]), np.array([[0.3, 0.0004, 0.4, 0.2996]])
    names = ("a", "b", "c", "d")
    card = SimpleNamespace(classes=names, strange=None)
    assert verdict.answers(e, 0, card, 3) == [("c", "40.0 %"), ("a", "30.0 %"), ("d", "30.0 %")]
    assert verdict.answers(e, 0, card)[-1] == ("b", "< 0.1 %") and len(verdict.answers(e, 0, card)) == 4
    assert verdict.percent(0.0005) == "0.1 %" and verdict.percent(0.00049) == "< 0.1 %"
    assert verdict.percent(0.8666) == "86.7 %" and verdict.percent(1) == "100.0 %"
    e.probabilities, e.ends = None, "place"
    assert verdict.answers(e, 0, card, 2) == [("c", "2"), ("a", "1")]
    e.ends = "number"
    assert verdict.answers(e, 0, card, 2) == [("a", "1"), ("b", "−3")] and verdict.doubts(e, 0, card) == []
    e.ends, e.scores = None, np.zeros((1, 3, 5))
    assert verdict.answers(e, 0, card) == [("its output", "3 × 5 numbers")]
    e.scores, e.probabilities, e.ends = np.array([[np.log(3.0)]]), np.array([[0.75]]), "sigmoid"
    two, one, none = (SimpleNamespace(classes=c) for c in (("cat", "dog"), ("dog",), None))
    assert verdict.answers(e, 0, two) == [("dog", "75.0 %"), ("cat", "25.0 %")]
    assert verdict.answers(e, 0, one) == [("dog", "75.0 %")]
    assert verdict.answers(e, 0, none) == [("yes", "75.0 %"), ("no", "25.0 %")]
    e.scores, e.probabilities = -e.scores, np.array([[0.25]])
    assert verdict.answers(e, 0, two) == [("cat", "75.0 %"), ("dog", "25.0 %")]
    for p, unsure in ((0.54, True), (0.46, True), (0.56, False), (0.44, False)):
        e.probabilities = np.array([[p]])
        assert bool(verdict.doubts(e, 0, two)) is unsure


def test_how_sure_is_sure():
    card = SimpleNamespace(classes=("a", "b", "c"), strange=0.4)
    of = lambda *p, **how: verdict.doubt(np.array(p), card, **how)  # noqa: E731
    assert of(0.11, 0.5, 0.39) == "" and of(0.25, 0.5, 0.25) == ""
    assert of(0.44, 0.5, 0.06).endswith("it can hardly decide between b and a.")
    assert of(0.45, 0.3, 0.25).endswith("it gives no class more than half.")
    assert of(0.45, 0.3, 0.25, of="word").endswith("it gives no word more than half.")
    assert of(0.49, 0.3, 0.2, among=False).endswith("it finds none of its classes likely.")
    assert of(0.5, 0.5, 0.2, among=False) == of(1.0) == ""
    assert verdict.strange(np.array([0.39, 0.2]), card) and not verdict.strange(np.array([0.4, 0.2]), card)
    assert verdict.first(np.array([0.1, 0.4, 0.4, 0.2]), 3) == [1, 2, 3]


def test_a_jpeg_that_fits():
    picture = Image.fromarray(np.random.default_rng(0).integers(0, 255, (60, 100, 3), dtype=np.uint8))
    opened = lambda most: Image.open(io.BytesIO(small_jpeg(picture, most)))  # noqa: E731
    whole = len(small_jpeg(picture, 10**6))
    assert opened(10**6).size == (100, 60) and opened(whole).size == (100, 60)
    assert len(small_jpeg(picture, whole - 1)) < whole and opened(whole - 1).size == (100, 60)
    assert opened(1).size == (20, 12)


# --- on axes of one's own


def test_a_map_on_axes():
    ax = lambda: Figure().subplots()  # noqa: E731
    both = np.array([[1.0, -4.0], [2.0, 0.0]])
    image = plot(both[None], ax=ax())
    assert image.get_clim() == (-4, 4) and image.cmap.name == "RdBu_r" and image.get_alpha() is None
    assert image.get_array().tolist() == both.tolist() and not image.get_array().mask.any()
    image = plot(abs(both), ax=ax(), threshold=0.5)
    assert image.get_clim() == (0, 4) and image.cmap.name == "inferno"
    assert image.get_array().mask.tolist() == [[True, False], [False, True]]  # a half is enough
    assert plot(both[:1], ax=ax()).get_array().tolist() == [[1, -4]]
    assert plot(0 * both, ax=ax()).get_clim() == (0, 1)
    over = ax()
    image = plot(abs(both[:1]), np.zeros((2, 4, 3), np.uint8), over, "viridis", 0.25)
    assert len(over.images) == 2 and image.get_alpha() == 0.25 and image.cmap.name == "viridis"
    assert image.get_array().shape == (2, 4) and image.get_array()[0].tolist() == [1, 1.75, 3.25, 4]
    assert plot(np.ones((3, 2, 2)), ax=ax(), origin="lower").get_array().shape == (2, 2, 3)
    for wrong in (np.zeros((2, 3, 4)), np.zeros(4), np.zeros((4, 2, 2)), np.array([["a"]])):
        with pytest.raises(AskError, match="one picture at a time"):
            plot(wrong, ax=ax())
    for how in ({"alpha": -0.1}, {"alpha": 1.1}, {"threshold": -0.1}, {"threshold": 1.1}):
        with pytest.raises(AskError, match="alpha and threshold are shares from 0 to 1"):
            plot(both, ax=ax(), **how)
    plot(both, ax=ax(), alpha=1, threshold=1), plot(both, ax=ax(), alpha=0)
