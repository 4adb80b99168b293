"""Colours, overlays, the panel, and files that are whole or not there."""

import itertools
import threading
from dataclasses import replace

import matplotlib
import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from PIL import Image

from gradcam.asking import AskError
from gradcam.explanation import Explanation
from gradcam.methods import METHODS
from gradcam.show import panel
from gradcam.show.colour import heat, limit, overlay, relief, signed
from gradcam.show.saving import SaveError, check, save
from gradcam.show.tiles import enlarged, row, why_zero
from gradcam.show.typeset import lines, wide
from weights import Card, Preprocessing

EIGHT = (
    "gradient",
    "saliency",
    "input_times_gradient",
    "deconvnet",
    "guided_backprop",
    "grad_cam",
    "counterfactual",
    "guided_grad_cam",
)
NAMES = (
    "tench",
    "a class whose name is so long that it cannot stand in one line",
    "Donaudampfschifffahrtsgesellschaftskapitän",
    "$x_1$ {",
)
CARD = Card("net", "A network of four classes", Preprocessing(size=40, crop=40), "relu5", NAMES, "relu2")
PHOTO = np.random.default_rng(5).integers(0, 256, (40, 40, 3), dtype=np.uint8)


def made_up(classes=(0, 1, 2), methods=EIGHT, zero=(), n=1):
    """An explanation of n pictures with random maps, those named in `zero` without anything."""
    random = np.random.default_rng(0)
    e = Explanation(
        random.normal(size=(n, 4)),
        np.full((n, 4), 0.25),
        list(classes),
        "relu5",
        np.zeros((n, 3, 40, 40)),
        "relu2",
        CARD,
    )
    for m, c in itertools.product(methods, classes):
        coarse = (n, 5, 5) if METHODS[m].drawn == "overlay" else (n, 40, 40)
        map = (
            random.normal(size=(n, 3, 40, 40))
            if METHODS[m].drawn == "relief"
            else abs(random.normal(size=coarse))
        )
        e.maps[m, c] = map * (m not in zero)
        if m in zero:
            e.notes[m, c] = "exactly zero"
        elif m == "deconvnet":
            e.notes[m, c] = "starts at relu2's strongest unit (245, 36, 1), whatever the class"
    return e


def texts(figure):
    return [t.get_text() for t in figure.texts]


# --- colours


def test_a_relief_is_grey_at_zero_and_keeps_its_sign():
    map = np.zeros((3, 1, 3))
    map[0, 0], map[2, 0] = (-2, 0, 2), (0, 0, 1)
    rgb = relief(map, top=2)
    assert rgb.shape == (1, 3, 3)
    assert rgb[0].tolist() == [[0, 0.5, 0.5], [0.5, 0.5, 0.5], [1, 0.5, 0.75]]
    assert relief(map, top=2, channels="BGR")[0, 0].tolist() == [0.5, 0.5, 0]
    assert relief(map[:1], top=2)[0, 2].tolist() == [1, 1, 1]
    assert relief(map, top=1)[0, 2].tolist() == [1, 0.5, 1]  # what is beyond the scale ends there


def test_heat_grows_brighter_and_signed_is_symmetric():
    luma = heat(np.linspace(0, 1, 64)[None], top=1)[0] @ [0.299, 0.587, 0.114]
    assert (np.diff(luma) > 0).all() and luma[0] < 0.01 and luma[-1] > 0.9
    low, zero, high = signed(np.array([[-1.0, 0, 1]]), top=1)[0]
    assert np.abs(zero - 1).max() < 0.05 and low[2] > 2 * low[0] and high[0] > 2 * high[2]


def test_the_limit_leaves_out_zeros_and_one_percent():
    assert limit(np.r_[np.zeros(1000), np.arange(1, 101), -1000.0]) == pytest.approx(100)
    assert limit(np.r_[np.zeros(1000), np.arange(1, 101), -1000.0], 100) == 1000
    assert limit(np.zeros(5)) == 0


def test_an_overlay_leaves_the_photo_where_the_map_says_nothing():
    map = np.zeros((8, 8))
    map[0, 0] = 3.0
    rgb = overlay(PHOTO, map)
    assert rgb.shape == (40, 40, 3) and rgb.min() >= 0 and rgb.max() <= 1
    dark = np.ptp(rgb[20:, 20:], axis=-1)
    assert dark.max() < 0.02  # grey, so no colour is taken for heat
    photo = PHOTO @ [0.299, 0.587, 0.114]
    assert np.corrcoef(rgb[20:, 20:].mean(-1).ravel(), photo[20:, 20:].ravel())[0, 1] > 0.999
    assert np.ptp(rgb[1, 1]) > 0.3


def test_an_overlay_with_a_sign_is_blue_below_zero_and_red_above():
    grey = np.full((10, 10, 3), 128, np.uint8)
    rgb = overlay(grey, np.array([[-1.0, 1.0]]), upsampling="nearest")
    assert rgb[5, 0, 2] > rgb[5, 0, 0] + 0.2 and rgb[5, 9, 0] > rgb[5, 9, 2] + 0.2


def test_drawing_changes_neither_photo_nor_map():
    e, photo = made_up([0]), PHOTO.copy()
    before = {k: v.copy() for k, v in e.maps.items()}
    panel(e, photo)
    assert np.array_equal(photo, PHOTO) and all(np.array_equal(before[k], e.maps[k]) for k in before)


# --- tiles


def test_every_method_can_be_drawn():
    assert all(m.title and m.drawn in ("overlay", "heat", "relief") for m in METHODS.values())


def test_grad_cam_and_its_counterfactual_share_a_scale_and_others_do_not():
    e = made_up([0])
    e.maps["counterfactual", 0] = e.maps["grad_cam", 0] / 4
    bars = dict(zip(("photo", *EIGHT), (tile.bar for tile in row(e, 0, PHOTO, CARD))))
    assert bars["counterfactual"] == bars["grad_cam"] and bars["grad_cam"][2] == e.maps["grad_cam", 0].max()
    assert bars["gradient"][1] == -bars["gradient"][2] and bars["gradient"] != bars["guided_backprop"]


def test_a_batch_gives_each_picture_its_own_row():
    e = made_up([(2, 0)], n=2)
    first, second = (row(e, (2, 0), PHOTO, CARD, n) for n in (0, 1))
    assert first[0].strong == NAMES[2] and second[0].strong == NAMES[0]
    assert not np.array_equal(first[1].picture, second[1].picture)


def test_a_small_patch_is_enlarged_beside_the_photo_there():
    map = np.zeros((3, 40, 40))
    map[:, 30:34, 3:7] = 1
    picture = relief(map, 1)
    shown = enlarged(picture, map, PHOTO)
    assert np.array_equal(shown[29:], picture[29:])  # the patch itself stays
    inset = shown[:29].reshape(-1, 3)
    for pixel in (PHOTO[30:34, 3:7] / 255).reshape(-1, 3):
        assert (
            np.abs(inset - pixel).max(axis=1) < 1e-12
        ).sum() >= 4  # each of its pixels, at least twice as wide and high
    map[:, 5, 5] = 1
    assert np.array_equal(enlarged(relief(map, 1), map, PHOTO), relief(map, 1))  # not small any more


@pytest.mark.parametrize("where", [(0, 0), (36, 39), (0, 36), (18, 18)])
def test_a_patch_anywhere_is_enlarged_and_never_covered(where):
    map = np.zeros((3, 40, 40))
    map[:, where[0] : where[0] + 4, where[1]] = 1
    picture = relief(map, 1)
    shown = enlarged(picture, map, PHOTO)
    assert not np.array_equal(shown, picture)
    assert np.array_equal(shown[where[0] : where[0] + 4], picture[where[0] : where[0] + 4])


@pytest.mark.parametrize("method", METHODS)
def test_a_zero_map_says_so_and_why(method):
    e = made_up([1], methods=[method], zero=[method])
    e.scores[:] = 3.0
    words = " ".join(texts(panel(e, PHOTO)))
    assert "exactly zero" in words
    assert all(word in words for word in why_zero(method, 3.0, "relu5").split())
    if method not in ("occlusion", "cam", "eigen_cam", "score_cam"):
        assert "score itself is 0" in why_zero(method, 0.0, "relu5") and "score itself" not in why_zero(
            method, 3.0, "relu5"
        )


def test_a_map_that_is_not_zero_is_not_called_so():
    assert "exactly zero" not in texts(panel(made_up([1], ["grad_cam"]), PHOTO))


# --- the panel


PAGES = [((0, 1, 2), EIGHT, EIGHT[5:7]), ((3,), ("grad_cam",), ()), ((1,), EIGHT[:5], EIGHT)]


@pytest.mark.parametrize(("classes", "methods", "zero"), PAGES)
def test_no_text_runs_into_another_or_out_of_the_page(classes, methods, zero):
    figure = panel(made_up(classes, methods, zero), PHOTO)
    renderer = FigureCanvasAgg(figure).get_renderer()
    page = figure.bbox
    boxes = [(t.get_text(), t.get_window_extent(renderer)) for t in figure.texts]
    assert len(boxes) > 3 * len(classes)
    for text, box in boxes:
        assert page.x0 <= box.x0 and box.x1 <= page.x1 and page.y0 <= box.y0 and box.y1 <= page.y1, (
            f"{text} leaves the page"
        )
    for (a, p), (b, q) in itertools.combinations(boxes, 2):
        assert not (min(p.x1, q.x1) - max(p.x0, q.x0) > 1 and min(p.y1, q.y1) - max(p.y0, q.y0) > 1), (
            f"'{a}' and '{b}' overlap"
        )
    pictures = [image.get_window_extent(renderer) for image in figure.axes[0].images]
    for text, box in boxes:
        inside = [
            p
            for p in pictures
            if min(p.x1, box.x1) - max(p.x0, box.x0) > 1 and min(p.y1, box.y1) - max(p.y0, box.y0) > 1
        ]
        for p in inside:  # only the words about a zero map stand on a picture, and wholly
            assert zero and p.x0 <= box.x0 and box.x1 <= p.x1 and p.y0 <= box.y0 and box.y1 <= p.y1, (
                f"'{text}' runs into a picture"
            )


def test_the_panel_names_class_score_method_and_layer():
    e = made_up([0])
    e.scores[0, 0] = 12.345678
    words = " ".join(texts(panel(e, PHOTO)))
    for expected in (
        "A network of four classes",
        "tench",
        "score 12.35",
        "25.0 %",
        "at relu5",
        "relu2's strongest unit",
    ):
        assert expected in words
    assert all(METHODS[m].title in words for m in EIGHT)


def test_one_row_per_class_and_one_column_per_method():
    figure = panel(made_up([0, 1], EIGHT[:3]), PHOTO)
    images = figure.axes[0].images
    pictures = [image for image in images if image.get_array().ndim == 3]
    assert (
        len(pictures) == 2 * 4 and len(images) - len(pictures) == 2 * 3
    )  # every map has the bar of its scale


def test_the_photo_is_taken_back_from_the_input_when_it_is_not_given():
    e = made_up([0], ["saliency"])
    e.x = (PHOTO / 255.0).transpose(2, 0, 1)[None]
    assert np.array_equal(panel(e).axes[0].images[0].get_array(), PHOTO)


def test_a_tall_picture_has_a_tall_tile():
    e = made_up([0], ["saliency"])
    e.maps["saliency", 0] = np.ones((1, 60, 40))
    box = panel(e, np.zeros((60, 40, 3), np.uint8)).axes[0].images[0].get_window_extent()
    assert box.height / box.width == pytest.approx(1.5)


def test_a_network_without_class_names_shows_numbers():
    assert "class 2" in " ".join(texts(panel(made_up([2]), PHOTO, replace(CARD, classes=None))))


def test_an_unsure_network_is_called_unsure():
    e = made_up([0], ["saliency"])
    assert "unsure" in " ".join(texts(panel(e, PHOTO)))
    e.probabilities = np.array([[0.97, 0.01, 0.01, 0.01]])
    assert "unsure" not in " ".join(texts(panel(e, PHOTO)))


def test_a_photo_of_none_of_its_classes_is_called_that():
    e, card = made_up([0], ["saliency"]), replace(CARD, strange=0.4)
    sentence = "This photo probably shows none of its classes."
    assert sentence in " ".join(texts(panel(e, PHOTO, card)))  # no class has more than a quarter
    assert sentence not in " ".join(texts(panel(e, PHOTO, replace(CARD, strange=0.2))))
    assert sentence not in " ".join(texts(panel(e, PHOTO)))  # nobody measured


def test_insets_are_explained_where_there_are_any():
    e = made_up([0], ["deconvnet", "guided_backprop"])
    assert "inset" not in " ".join(texts(panel(e, PHOTO)))
    e.maps["deconvnet", 0] = np.zeros((1, 3, 40, 40))
    e.maps["deconvnet", 0][0, :, 30:34, 3:7] = 1
    assert "An inset enlarges a small patch" in " ".join(texts(panel(e, PHOTO)))


def test_panels_drawn_in_threads_are_those_drawn_alone_and_no_global_state_moves(tmp_path):
    before = dict(matplotlib.rcParams)
    many = [made_up([c], ["grad_cam"]) for c in range(4)]
    alone = [save(panel(e, PHOTO), tmp_path / f"alone{c}.png").read_bytes() for c, e in enumerate(many)]
    threads = [
        threading.Thread(target=lambda c=c: save(panel(many[c], PHOTO), tmp_path / f"{c}.png"))
        for c in range(4)
    ]
    [t.start() for t in threads]
    [t.join() for t in threads]
    assert [(tmp_path / f"{c}.png").read_bytes() for c in range(4)] == alone
    assert len(set(alone)) == 4 and dict(matplotlib.rcParams) == before


# --- text


def test_lines_are_no_wider_than_asked_and_lose_nothing():
    text = f"{NAMES[1]} {NAMES[2]}"
    broken = lines(text, 1.5, 14, "bold")
    assert all(wide(line.text, 14, "bold") <= 1.5 for line in broken)
    assert "".join(line.text for line in broken).replace(" ", "") == text.replace(" ", "")
    assert lines("", 2, 10) == [] and len(lines("short", 2, 10)) == 1


# --- files


BEGINS = {"png": b"\x89PNG", "svg": b"<?xml", "pdf": b"%PDF", "jpg": b"\xff\xd8", "JPEG": b"\xff\xd8"}


@pytest.mark.parametrize(("suffix", "begins"), BEGINS.items())
def test_the_suffix_decides_the_format(tmp_path, suffix, begins):
    path = save(panel(made_up([0], ["saliency"]), PHOTO), tmp_path / f"panel.{suffix}")
    assert path.read_bytes().startswith(begins)
    assert [p.name for p in tmp_path.iterdir()] == [path.name]


@pytest.mark.parametrize("suffix", ["png", "svg", "pdf"])
def test_the_same_figure_gives_the_same_file(tmp_path, suffix):
    files = [save(panel(made_up([0], ["saliency"]), PHOTO), tmp_path / f"{k}.{suffix}") for k in "ab"]
    assert files[0].read_bytes() == files[1].read_bytes()


UNWRITABLE = {"a.bmp": "not in .bmp", "a": "ends in one of", "no/a.png": "no folder", "d.png": "directory"}


@pytest.mark.parametrize(("name", "says"), UNWRITABLE.items())
def test_what_cannot_be_written_is_said_before_any_work(tmp_path, name, says):
    (tmp_path / "d.png").mkdir()
    with pytest.raises(SaveError, match=says):
        check(tmp_path / name)


class Broken:
    """A figure whose drawing fails half-way."""

    def savefig(self, file, **_):
        file.write(b"half a picture")
        raise OSError(28, "No space left on device")


def test_no_half_written_file_is_left_and_the_old_one_stays(tmp_path):
    (tmp_path / "panel.png").write_bytes(b"yesterday's")
    with pytest.raises(SaveError, match="No space left"):
        save(Broken(), tmp_path / "panel.png")
    assert {p.name: p.read_bytes() for p in tmp_path.iterdir()} == {"panel.png": b"yesterday's"}


def test_a_panel_of_several_methods_gives_the_same_file(tmp_path):
    one, two = (
        save(panel(made_up([0], EIGHT[3:6]), PHOTO), tmp_path / f"{k}.png").read_bytes() for k in "ab"
    )
    assert one == two
    Image.open(tmp_path / "a.png").verify()


def test_the_map_of_one_picture_may_have_its_batch():
    map = np.random.default_rng(0).standard_normal((1, 3, 4))
    assert np.array_equal(overlay(PHOTO, map), overlay(PHOTO, map[0])) and overlay(PHOTO, map).ndim == 3
    assert np.array_equal(overlay(Image.fromarray(PHOTO), map), overlay(PHOTO, map))
    assert signed(map).shape == heat(abs(map)).shape == (3, 4, 3)
    with pytest.raises(AskError, match="one picture at a time"):
        overlay(PHOTO, np.ones((2, 3, 4)))
    with pytest.raises(AskError, match="uint8"):
        overlay(PHOTO / 255, map)
