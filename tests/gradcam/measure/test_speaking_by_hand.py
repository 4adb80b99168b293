"""What is measured of captions, answers and regions, of a few that are written out here, with no network."""

from types import SimpleNamespace

import numpy as np
import pytest

from gradcam.measure.baselines import CENTRE, RANDOM
from gradcam.measure.statistics.intervals import bootstrap, wilson
from gradcam.measure.study import captions, regions, regions_page, spoken
from tests.gradcam.measure.test_study_by_hand import cells, share
from weights.recipes.shapes_world.questions import TYPES
from weights.recipes.shapes_world.sentences import WORDS

TIGHT = "{:.1f}% ({:.1f}% to {:.1f}%)"


def test_right_sentences_and_the_best_constant(monkeypatch):
    """302 scenes; every third sentence is about two shapes; 0, 1 and 300 say the same."""
    truth = np.arange(302)[:, None] % 300 * np.ones((1, 3), int) + 100
    truth[::3, 1] = [WORDS.index(("left", "right", "above", "below")[k % 4]) for k in range(101)]
    truth[1] = truth[0]
    said = truth.copy()
    said[3, 2] += 1  # one word wrong, in a sentence about two shapes
    said[[4, 5]] = 0
    beams = [[(0.0, t), (-1.0, t + 1)] for t in truth[:300]]
    beams[6], beams[7], beams[8] = [], [(0.0, truth[7] + 1), (-1.0, truth[7])], [(0.0, truth[8, :2])]
    monkeypatch.setattr(captions.sentences, "batch", lambda numbers, of: (np.arange(len(numbers)), truth))
    monkeypatch.setattr(captions.train_captioner, "say", lambda net, pictures: said)
    monkeypatch.setattr(captions, "_input", lambda picture: picture)
    monkeypatch.setattr(captions, "beam", lambda net, picture, longest, width: beams[picture])
    monkeypatch.setattr(captions, "answers", lambda net, scenes: iter([("answers of", net, scenes)]))
    two = 101 + 1  # 0, 3, 6, ... 300, and 1
    assert list(captions.accuracy("captioner", "vqa", 302)) == [
        ("sentences, greedily", share(299, 302, TIGHT), f"{3 / 302:.1%}", 302),
        ("... about one shape", share(302 - two - 2, 302 - two, TIGHT), "", 302 - two),
        ("... about two shapes", share(two - 1, two, TIGHT), "", two),
        ("sentences, beam of 3", share(297, 300, TIGHT), "", 300),
        ("answers of", "vqa", 302),
    ]


def test_right_answers_by_type_of_question(monkeypatch):
    asked = [SimpleNamespace(type=kind, answer=k) for kind in TYPES for k in (1, 1, 2)]
    asked += [SimpleNamespace(type=TYPES[1], answer=k) for k in (3, 4)]
    right = np.arange(17) % 4 > 0
    pairs = [(np.full(2, n), q) for n, q in enumerate(asked)]
    monkeypatch.setattr(captions.questions, "one_of_each", lambda numbers, of: pairs)
    monkeypatch.setattr(captions.train_vqa, "right", lambda net, pictures, q: right[pictures[:, 0]])
    expected = []
    for k, kind in enumerate(TYPES):
        places = [*range(3 * k, 3 * k + 3), *((15, 16) if k == 1 else ())]
        hits, n = int(right[places].sum()), len(places)
        expected.append((f"answers: {kind}", share(hits, n, TIGHT), f"{2 / n:.1%}", n))
    hits = int(right.sum())
    expected.append(("answers, all", share(hits, 17, TIGHT), f"{10 / 17:.1%}", 17))
    assert list(captions.answers("vqa", 9)) == expected


def pointing(of, *rows, shapes=2):
    keys = ("hit", "near", "other", "chance", "centre", "zero")
    return [{"of": of, "shapes": shapes} | dict(zip(keys, row)) for row in rows]


FOUR = [(1, 1, 0, 0.02, 1, True), (1, 1, 1, 0.04, 0, False), (0, 1, 1, 0.06, 0, True), (0, 0, 1, 0.08, 0, 0)]


def test_a_line_for_each_kind_of_map():
    text = captions._pointing(pointing("word", *FOUR) + pointing("answer", (1, 1, 0, 0.5, 0, 0)))
    head, rule, word, answer = map(cells, text.splitlines())
    assert head == ["map of", "on the shape meant", "within 6 pixels", "other shape", "random point",
                    "picture centre", "zero maps", "n"]  # fmt: skip
    assert rule == ["---", *["--:"] * 7]
    assert word == ["word", share(2, 4, TIGHT), share(3, 4, TIGHT), "75.0%", "5.0%", share(1, 4, TIGHT),
                    "2", "4"]  # fmt: skip
    assert answer[3:5] == ["0.0%", "50.0%"] and answer[6:] == ["0", "1"]


def test_the_page_measures_at_the_layer_that_did_best_on_validation(monkeypatch):
    """The words' best is the second by the mean of its kinds, the answers' the fourth."""
    asked = []

    def rows(best):
        def of(net, numbers, split, layer):
            asked.append((net, len(numbers), split, layer))
            for hit in (True, layer == captions.LAYERS[best]):
                yield from pointing("a kind", (hit, hit, 0, 0.1, 0, 0))
            yield from pointing("a kind", (0, 0, 0, 0.1, 0, 0), shapes=1)
            yield from pointing("another", (layer != captions.LAYERS[0], 1, 0, 0.1, 0, 0))
            yield from pointing("whole sentence", (1, 1, 0, 0.1, 0, 0))

        return of

    monkeypatch.setattr(spoken, "of_words", rows(1))
    monkeypatch.setattr(spoken, "of_answers", rows(3))

    def changed(net, numbers, split, layer):
        asked.append(("moved", layer))
        return pointing("c", *FOUR)

    monkeypatch.setattr(spoken, "changed", changed)
    monkeypatch.setattr(captions, "accuracy", lambda *given: [("what", *given)])
    text = captions.page("captioner", "vqa", scenes=5, pointing=7, validation=3)
    for net in ("captioner", "vqa"):
        assert [a for a in asked if a[:3] == (net, 3, "validation")] == [
            (net, 3, "validation", layer) for layer in captions.LAYERS
        ]
    assert asked[10:] == [
        ("captioner", 7, "test", captions.LAYERS[1]), ("vqa", 7, "test", captions.LAYERS[3]),
        ("moved", captions.LAYERS[3]),
    ]  # fmt: skip
    assert f"Grad-CAM at `{captions.LAYERS[1]}` for words and at `{captions.LAYERS[3]}` for answers" in text
    assert "| what | captioner | vqa | 5 |" in text
    tables = [[cells(line) for line in part.splitlines() if line.startswith("| ")] for part in
              text.split("\n\n")]  # fmt: skip
    _, words, answers, changed, of_words, of_answers = [table for table in tables if table]
    assert [line[-1] for line in words[2:]] == ["2", "1", "1"]  # scenes of two shapes only
    assert [line[-1] for line in answers[2:]] == ["3", "1", "1"]
    assert changed[2][0] == "c"
    assert of_words[0] == ["layer", "a kind", "another"]
    assert of_words[2:4] == [[captions.LAYERS[0], "33.3%", "0.0%"], [captions.LAYERS[1], "66.7%", "100.0%"]]
    assert of_answers[5] == [captions.LAYERS[3], "66.7%", "100.0%"] and len(of_answers) == 7


def shape(kind, colour, rows, columns):
    visible = np.zeros((96, 96), bool)
    visible[rows, columns] = True
    return SimpleNamespace(kind=kind, colour=colour, visible=visible)


STAR, RING = shape("star", "red", 10, slice(20, 24)), shape("ring", "blue", slice(44, 52), slice(46, 50))
SCENE = SimpleNamespace(shapes=[STAR, RING], picture=np.zeros((96, 96, 3), np.uint8))


def spike(row, column):
    map = np.zeros((96, 96))
    map[row, column] = 1
    return map


def test_a_row_says_on_which_shape_a_map_points():
    n, common = 96 * 96, {"zero": False, "shapes": 2}
    assert spoken._row("a", spike(10, 23), SCENE, STAR) == common | {
        "of": "a", "hit": True, "near": True, "other": False, "chance": 4 / n, "centre": False,
    }  # fmt: skip
    assert spoken._row("b", spike(10, 29), SCENE, STAR) == common | {
        "of": "b", "hit": False, "near": True, "other": False, "chance": 4 / n, "centre": False,
    }  # fmt: skip
    assert not spoken._row("b", spike(10, 30), SCENE, STAR)["near"]
    assert spoken._row("c", spike(10, 23), SCENE, RING) == common | {
        "of": "c", "hit": False, "near": False, "other": True, "chance": 32 / n, "centre": True,
    }  # fmt: skip
    assert spoken._row("d", spike(10, 23), SCENE, None) == common | {
        "of": "d", "hit": True, "near": True, "other": False, "chance": 36 / n, "centre": True,
    }  # fmt: skip
    nothing = spoken._row("e", np.zeros((6, 6)), SCENE, RING)
    assert nothing["zero"] and not nothing["hit"] and not nothing["near"] and not nothing["other"]


def test_words_have_the_shape_that_they_speak_of(monkeypatch):
    said = [("a", None), ("red", STAR), ("star", STAR), ("left", None), ("ring", RING)]
    maps = [spike(0, k) for k in range(5)]
    monkeypatch.setattr(spoken, "told", lambda numbers, split: [(SCENE, said)])
    monkeypatch.setattr(
        spoken, "explain_caption",
        lambda net, x, words, layer: SimpleNamespace(maps=maps[: len(words)], whole=spike(1, 1)),
    )  # fmt: skip
    monkeypatch.setattr(
        spoken, "_row", lambda of, map, scene, shape: (of, np.argwhere(map)[0].tolist(), shape)
    )
    assert list(spoken.of_words(None, [0], "test", "relu")) == [
        ("colour word", [0, 1], STAR), ("kind word", [0, 2], STAR), ("kind word", [0, 4], RING),
        ("whole sentence", [1, 1], None),
    ]  # fmt: skip


def test_a_changed_answer_and_another_question(monkeypatch):
    """Each map is known by what was asked for: of whom, which answers, for or against."""
    of_shape = {id(STAR): "of star", id(RING): "of ring"}
    colour = lambda s: SimpleNamespace(words=[of_shape[id(s)]])  # noqa: E731

    def explain(net, x, question, answers, layer, counterfactual=False):
        return None, [(question, spoken.ANSWERS[a], counterfactual) for a in answers]

    one = SimpleNamespace(shapes=[STAR], picture=SCENE.picture)
    monkeypatch.setattr(spoken, "told", lambda numbers, split: [(one, None), (SCENE, None)])
    monkeypatch.setattr(spoken, "questions", lambda shapes: {"colour": [colour(shapes[0])]})
    monkeypatch.setattr(spoken, "question_numbered", lambda words: words[0])
    monkeypatch.setattr(spoken, "explain_answer", explain)
    monkeypatch.setattr(spoken, "_row", lambda of, map, scene, shape: (of.split(",")[0], map, shape))
    assert list(spoken.changed(None, [0, 1], "test", "relu")) == [
        ("the right answer", ("of star", "red", False), STAR),
        ("the other shape's colour instead", ("of star", "blue", False), RING),
        ("against the right answer", ("of star", "red", True), RING),
        ("the other shape is asked for", ("of ring", "blue", False), RING),
    ]
    asked = [SimpleNamespace(type=t, about=about, words=[t], answer=answer)
             for t, about, answer in (("colour", STAR, "blue"), ("how many", None, "yes"),
                                      ("where", RING, "red"), ("colour", RING, "green"))]  # fmt: skip
    monkeypatch.setattr(spoken, "asked_of", lambda numbers, split: [(SCENE, asked)])
    monkeypatch.setattr(spoken, "_row", lambda of, map, scene, shape: (of, map, shape))
    assert list(spoken.of_answers(None, [0], "test", "relu")) == [
        ("colour", ("colour", "green", False), RING), ("where", ("where", "red", False), RING)
    ]  # fmt: skip


BOXES = np.array([[10, 10, 30, 30], [40, 40, 60, 80], [50, 0, 70, 20]], float)  # of three shapes
NAMES = np.array([[1, 2, 3, 4], [5, 6, 7, 8], [1, 2, 3, 4]])


@pytest.fixture
def three_shapes(monkeypatch):
    """Two scenes of two shapes and of one, whose boxes and names are those above."""
    monkeypatch.setattr(regions.regions, "box", lambda s: BOXES[s])
    monkeypatch.setattr(regions.regions, "said", lambda s: NAMES[s])
    return [(SimpleNamespace(shapes=[0, 1]), "x0"), (SimpleNamespace(shapes=[2]), "x1")]


def test_what_is_found_and_named_of_all_scenes_together(monkeypatch, three_shapes):
    """Found, the surest first: shape 2 with a wrong name, a box of nothing, shape 0, and unsurely shape 1."""
    away = np.array([80, 80, 90, 90.0])
    sure = {
        "x0": [(np.stack([away, BOXES[0]]), np.array([0.9, 0.8]), np.stack([NAMES[0], NAMES[0]]))],
        "x1": [(BOXES[2:], np.array([0.95]), NAMES[1:2])],
    }
    unsure = {
        "x0": [(np.stack([away, BOXES[0], BOXES[1]]), np.array([0.9, 0.8, 0.1]), NAMES[[0, 0, 1]])],
        "x1": sure["x1"],
    }
    monkeypatch.setattr(
        regions, "found", lambda net, x, enough=0.5: (unsure if enough == regions.UNSURE else sure)[x]
    )
    said = {"x0": np.array([[1, 2, 3, 4], [6, 7, 8, 9]]), "x1": NAMES[2:]}
    monkeypatch.setattr(regions, "said_of", lambda net, x, boxes: said[x])
    found = regions.accuracy("net", three_shapes)
    right = {
        "recall": 2 / 3, "precision": 2 / 3, "accuracy": 1 / 3, "named": 1 / 2, "at_truth": 2 / 3,
        "constant": 2 / 3, "shapes": 3,
        # hits 1 0 1 1: precision 1, 1/2, 2/3, 3/4, and of what follows the best: 1, 3/4, 3/4, 3/4
        "ap": (1 + 3 / 4 + 3 / 4) / 3,
        # named 0 0 1 1: 0, 0, 1/3, 1/2
        "ap_named": (1 / 2 + 1 / 2) / 3,
    }  # fmt: skip
    assert found == pytest.approx(right)


def region(box, words, map, picture=(96, 96)):
    return SimpleNamespace(box=np.array(box, float), words=np.array(words), map=map)


def test_the_maps_of_a_region_in_it_and_on_its_shape(monkeypatch):
    """Two regions that find shapes, the second rightly named, and between them one that finds nothing."""
    boxes = [[20, 9, 24, 11], [80, 80, 90, 90], [46, 44, 50, 52]]
    words = [[1, 2, 3, 4, 9], [0] * 5, [5, 6, 7, 8, 9]]
    of_star = np.zeros((96, 96))
    of_star[9:11, 20:24] = 2  # of which half is on the star
    of_star[0, :4] = 1, 1, 1, 1
    maps = {
        "own": [of_star, spike(85, 85), spike(50, 47)],
        "places": [spike(10, 21), spike(0, 0), spike(47, 47)],
        "random": [np.zeros((96, 96)), spike(0, 0), spike(9, 22)],
    }

    def explain(net, x, given=None, said=None, weigh=None):
        if given is None:
            return [region(b, w, m) for b, w, m in zip(boxes, words, maps["own"])]
        assert np.array_equal(given, boxes) and np.array_equal(said, words)
        which = "random" if net == "net, drawn anew" else "places"
        assert (weigh is None) == (which == "random")
        return [region(b, w, m) for b, w, m in zip(boxes, words, maps[which])]

    monkeypatch.setattr(regions, "explain_regions", explain)
    monkeypatch.setattr(regions, "randomised", lambda net: f"{net}, drawn anew")
    monkeypatch.setattr(
        regions.regions, "said", lambda s: np.array([1, 2, 3, 5] if s is STAR else [5, 6, 7, 8])
    )
    star, ring = regions.maps("net", SCENE, np.zeros((1, 3, 96, 96)))
    assert (star["right"], ring["right"]) == (False, True)
    keys = ("box_hit", "box_energy", "mask_hit", "mask_energy")
    n = 96 * 96

    def values(row, name):
        return tuple(row["values"][name][key] for key in keys)

    assert values(star, RANDOM) == (8 / n, 8 / n, 4 / n, 4 / n)
    assert values(ring, RANDOM) == (32 / n, 32 / n, 32 / n, 32 / n)
    assert values(star, regions.OWN) == pytest.approx((1, 16 / 20, 0, 8 / 20))  # 9, 20 is its first largest
    assert values(ring, regions.OWN) == (1, 1, 1, 1)
    assert values(star, regions.OTHER) == (0, 0, 0, 0)
    assert values(ring, regions.OTHER) == (0, 0, 0, 0)
    assert values(star, regions.PLACES) == values(ring, regions.PLACES) == (1, 1, 1, 1)
    assert values(star, regions.EMPTY) == values(ring, regions.EMPTY) == (0, 0, 0, 0)
    assert values(star, CENTRE)[0] == 0 and values(ring, CENTRE)[0] == values(ring, CENTRE)[2] == 1
    assert star["zero"] == [regions.EMPTY] and ring["zero"] == []
    assert star["inside"] == 1 and star["outside"] == pytest.approx(4 * 0.5 / (n - 8))
    assert ring["inside"] == pytest.approx(1 / 32) and ring["outside"] == 0
    del boxes[2], words[2]
    (alone,) = regions.maps("net", SCENE, np.zeros((1, 3, 96, 96)))
    assert regions.OTHER not in alone["values"]


def test_the_page_of_regions():
    keys = regions_page.COLUMNS
    hits = [(1, 0.5, 0, 0.25), (1, 0.7, 1, 0.35), (0, 0.9, 0, 0.45)]
    rows = [
        {
            "right": k != 1, "inside": 0.6, "outside": 0.1 * (k + 1), "zero": [regions_page.OWN] if k else [],
            "values": {name: dict(zip(keys, hit)) for name in (RANDOM, regions_page.OWN)},
        }
        for k, hit in enumerate(hits)
    ]  # fmt: skip
    del rows[0]["values"][RANDOM]
    head, rule, random, own = map(cells, regions_page.table_of_maps(rows).splitlines())
    assert head == ["map", *keys.values(), "n", "zero maps"] and rule == ["---", *["---:"] * 6]
    columns = list(zip(*hits))

    def mean(values):
        low, high = bootstrap(np.array(values))
        return "{:.1f} % ({:.1f} to {:.1f})".format(*(100 * v for v in (np.mean(values), low, high)))

    assert own == [regions_page.OWN, share(2, 3), mean(columns[1]), share(1, 3), mean(columns[3]), "3", "2"]
    assert random[0] == RANDOM and random[1] == share(1, 2) and random[-2:] == ["2", "0"]
    figures = ("recall", "precision", "named", "at_truth", "constant", "accuracy", "ap", "ap_named")
    said = {name: 0.11 * (k + 1) for k, name in enumerate(figures)} | {"shapes": 12}
    text = regions_page.page(77, said, rows)
    shown = [cells(line)[1] for line in text.split("| ---: |\n")[1].split("\n\n")[0].splitlines()]
    assert shown == ["11.0%", "22.0%", "33.0%", "44.0%", "55.0%", "66.0%", "0.770", "0.880"]
    assert "regions`: 77 scenes of" in text and "with 12\nshapes" in text and "is 0.5 or more" in text
    assert "for each of 3 regions" in text and "is 3.0 times the mean outside" in text
    assert "exactly right for 66.7% of these regions" in text
    assert wilson(2, 3) != wilson(1, 3)


def test_the_commands_write_their_pages(monkeypatch, tmp_path, capsys):
    monkeypatch.setattr(captions, "load", lambda name: name)
    monkeypatch.setattr(captions, "page", lambda *given: str(given))
    captions.main([])
    assert capsys.readouterr().out == "('captioner', 'vqa', 1000, 900, 80)\n"
    captions.main(["--scenes", "1", "--pointing", "2", "--validation", "3", "--out", str(tmp_path / "c.md")])
    assert (tmp_path / "c.md").read_text() == "('captioner', 'vqa', 1, 2, 3)"

    assert (regions.UNSURE, regions.FIRST) == (0.05, 1000)
    net, saved, out = SimpleNamespace(card=SimpleNamespace(preprocessing="so")), [], tmp_path / "a" / "b"
    numbered = lambda first, n, split: [SimpleNamespace(picture=k) for k in range(first, first + n)]  # noqa: E731
    for name, stub in {
        "load": lambda name, weights: net if (name, weights) == ("dense_captioner", None) else None,
        "scenes": numbered, "prepare": lambda picture, how: (picture, how), "tqdm": lambda some, **_: some,
        "accuracy": lambda net, unseen: [x for _, x in unseen], "maps": lambda net, scene, x: [x] * 2,
        "page": lambda *given: str(given), "drawn": lambda net, scene: scene.picture,
        "save": lambda figure, path, dpi: saved.append((figure, path.name, dpi)),
    }.items():  # fmt: skip
        monkeypatch.setattr(regions, name, stub)
    regions.main(["--scenes", "2", "--out", str(out)])
    one, two = (1000, "so"), (1001, "so")
    assert (out / "regions.md").read_text() == str((2, [one, two], [one, one, two, two]))
    assert saved == [(n, f"regions_{n}.png", 80) for n in regions.DRAWN]
    assert capsys.readouterr().out.startswith(f"{out}/regions.md, regions_22.png")
