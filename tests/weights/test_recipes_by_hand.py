"""What the training commands ask for, draw and write, the training itself left out."""

import io
import itertools
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from PIL import Image

import weights
from minicnn import CrossEntropy, SigmoidCrossEntropy, Tensor, nets
from minicnn.layer import Apply, ConvLayer, LinearLayer, Sequential
from minicnn.ops import GlobalAvgPool
from minicnn.optimise import AdamW, one_cycle
from minicnn.training import Run, exact
from minicnn.training.augment import crop_and_resize, flip, jitter, random_boxes, to_input
from weights.errors import WeightsError
from weights.recipes import (
    check,
    command,
    imagenette,
    regions_found,
    shapes_world,
    teaching,
    train_captioner,
    train_dense_captioner,
    train_mini_resnet,
    train_mini_vgg,
    train_shapes,
    train_vgg16_gap,
    train_vqa,
)
from weights.recipes.shapes_world import questions, regions

RANDOM = np.random.default_rng(5)


class Trained:
    """`train` and the drawing of scenes, as they were asked; three scenes for training and two to look at."""

    def __init__(self, monkeypatch, recipe, tmp_path):
        self.scenes, self.pictures, self.recipe, self.place = [], [], recipe, tmp_path
        monkeypatch.setattr(recipe, "train", self.train)
        clock = itertools.count(1000, 300)  # five minutes from one look at it to the next
        monkeypatch.setattr(recipe, "time", SimpleNamespace(monotonic=lambda: next(clock)))
        if hasattr(recipe, "processor_time"):
            worked = itertools.count(500, 90)
            monkeypatch.setattr(recipe, "processor_time", lambda: next(worked))
        if hasattr(recipe, "drawn"):
            monkeypatch.setattr(recipe, "drawn", self.drawn)

    def drawn(self, batch, scenes, split):
        self.scenes.append((scenes, split))
        return batch(range(3 if split == "train" else 2), split)

    def train(self, net, sample, count, loss, optimiser, schedule, run, **more):
        self.net, self.sample, self.count, self.loss, self.run, self.more = (
            net,
            sample,
            count,
            loss,
            run,
            more,
        )
        self.optimiser, self.rates = optimiser, [schedule(step, 40) for step in range(40)]
        return SimpleNamespace(picture=lambda path, steps: self.pictures.append((path.name, steps)))

    def __call__(self, *words):
        out, kept = self.place / "a" / "net.npz", self.place / "kept.npz"
        self.recipe.main(["--out", str(out), "--checkpoint", str(kept), "--seed", "3", *words])
        assert self.more["checkpoint"] == kept
        self.megabytes = out.stat().st_size / 10**6
        return np.load(out)

    def asked(self, peak, decay):
        assert type(self.optimiser) is AdamW and self.optimiser.decay == decay
        assert self.rates == [one_cycle(peak)(step, 40) for step in range(40)]
        return self.run


@pytest.fixture
def trained(monkeypatch, tmp_path):
    return lambda recipe: Trained(monkeypatch, recipe, tmp_path)


def test_how_shapes_is_measured(monkeypatch):
    scores = np.array([[1.0, -1, -1], [2, 3, -1], [-1, 1, -1], [0, -1, -1]])
    labels = np.array([[1.0, 0, 0], [1, 0, 0], [1, 1, 0], [0, 0, 0]])
    monkeypatch.setattr(train_shapes, "predict", lambda net, x, n: scores)
    found = train_shapes.measure(None, np.zeros(4), labels)
    assert found == {"macro_f1": pytest.approx((0.8 + 2 / 3 + 0) / 3), "accuracy": 0.5}


def test_how_answers_are_counted(monkeypatch):
    answers, types = np.array([[0, 1, 2], [3, 4, 5]]), np.array([[0, 1, 2], [0, 1, 3]])
    given = np.array([[0, 1, 0], [0, 4, 5]])
    monkeypatch.setattr(train_vqa, "answer", lambda net, pictures, asked: given)
    monkeypatch.setattr(train_vqa, "TYPES", ("a", "b", "c", "d"))
    found = train_vqa.measure(None, None, None, answers, types)
    assert found == {"accuracy": pytest.approx(4 / 6), "a": 0.5, "b": 1, "c": 0, "d": 1}
    asked = questions.questions(shapes_world.scene(3, count=3).shapes)
    some = [several[0] for several in asked.values() if several][:2]
    right = np.array([[questions.ANSWERS.index(some[0].answer)], [-1]])
    monkeypatch.setattr(train_vqa, "answer", lambda net, pictures, words: right)
    assert list(train_vqa.right(None, None, some)) == [True, False]


def test_what_is_answered_and_said_is_the_likeliest(monkeypatch):
    """Of three pictures, 51 times their number bright; two questions about each."""
    pictures = np.repeat(np.arange(3, dtype=np.uint8), 96 * 96 * 3).reshape(3, 96, 96, 3) * 51
    bright = lambda x: np.rint(5 * (x[:, 0, 0, 0] + 2) / 4).astype(int)  # noqa: E731
    asked = np.arange(6).reshape(3, 2, 1)
    net = lambda x, words: np.eye(9)[bright(x)[:, None] + words[..., 0]]  # noqa: E731
    assert train_vqa.answer(net, pictures, asked).tolist() == [[0, 1], [3, 4], [6, 7]]
    greedy = lambda net, x, longest: bright(x)[:, None] + np.arange(longest)  # noqa: E731
    monkeypatch.setattr(train_captioner, "greedy", greedy)
    assert train_captioner.say(None, pictures)[:, [0, 8]].tolist() == [[0, 8], [1, 9], [2, 10]]


def test_a_lesson_of_the_dense_captioner():
    """The four losses, from what the network says."""
    recipe = train_dense_captioner
    N, K = 2, len(recipe.ANCHORS)
    t = np.zeros(N, recipe.BATCH)
    t["is"], t["ignored"] = RANDOM.random((N, K)) > 0.9, RANDOM.random((N, K)) > 0.8
    t["offsets"] = RANDOM.standard_normal((N, K, 4))
    A, scores, offsets = (
        RANDOM.standard_normal(s).astype(np.float32) for s in ((N, 3, 4, 4), (N, K), (N, K, 4))
    )
    lesson = recipe.Lesson.__new__(recipe.Lesson)
    object.__setattr__(lesson, "net", lambda x: tuple(map(Tensor, (A, scores, offsets))))
    object.__setattr__(lesson, "said", lambda A, t: Tensor(np.array(3.0, np.float32)))
    found = recipe.Lesson.forward(lesson, Tensor(t)).data
    z = scores - 100.0 * t["ignored"]
    cross = np.log1p(np.exp(-abs(z))) + np.maximum(z, 0) - z * t["is"]
    moved = (((offsets - t["offsets"]) * t["is"][..., None]) ** 2).sum() / N
    assert found.shape == (4,)
    assert found[1:] == pytest.approx(np.array([moved, 4 * 3.0, 0.12 * A.mean()]), rel=1e-4)
    assert found[0] == pytest.approx(
        0.25 * SigmoidCrossEntropy()(Tensor(z.astype(np.float32)), t["is"]).data, rel=1e-5
    )
    assert SigmoidCrossEntropy()(z.astype(np.float32), t["is"]) == pytest.approx(cross.sum() / N, rel=1e-4)


# --- the commands, all but the training


def test_shapes_is_trained(trained, capsys):
    at = trained(train_shapes)
    shipped = at()
    assert at.scenes == [(16384, "train"), (1000, "validation")] and at.count == 3
    assert at.asked(4e-3, 0.02) == Run(epochs=14, batch=32, seed=3, shards=2, average=0.995)
    assert at.loss is SigmoidCrossEntropy and at.more["hits"] is exact
    assert set(shipped) == set(nets.shapes().arrays()) and at.pictures == [("net.png", 0)]
    told = capsys.readouterr().out.splitlines()
    assert told[0] == "16384 scenes drawn in 300 s"
    assert told[1].endswith(f"net.npz: {at.megabytes:.2f} MB, 10.0 minutes since this command began")
    pictures, labels = shapes_world.batch(range(3))
    x, t = at.sample(np.array([2, 0]), np.random.default_rng(1), 0.5)
    assert np.array_equal(t, labels[[2, 0]])
    random = np.random.default_rng(1)
    (a, mirrored), (b, other) = random.integers((4, 2), size=(2, 2))
    expected = [np.rot90(pictures[2], a), np.rot90(pictures[0], b)]
    expected = np.stack([p[:, ::-1] if m else p for p, m in zip(expected, (mirrored, other))])
    assert np.allclose(x, 4 * jitter(random, to_input(expected), 0.2, 0.2, 0.2) - 2, atol=1e-5)
    kept, true = shapes_world.batch(range(2), "validation")
    knows = lambda net, batch, n: true - 0.5 if np.allclose(batch(range(n)), 4 * to_input(kept) - 2) else 0  # noqa: E731
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(train_shapes, "predict", knows)
        assert at.more["validate"](None)["accuracy"] == 1


def test_scenes_are_turned_and_mirrored():
    """Quarters against the clock, then perhaps mirrored, as the random numbers say."""
    picture = np.zeros((1, 4, 4, 3), np.uint8)
    picture[0, 0, 3] = 128  # above right
    at, seen = {(0, 0): (0, 3), (1, 0): (0, 0), (2, 0): (3, 0), (3, 0): (3, 3)}, set()
    at |= {(quarters, 1): (row, 3 - column) for (quarters, _), (row, column) in at.items()}
    for seed in range(30):
        quarters, mirrored = np.random.default_rng(seed).integers((4, 2), size=(1, 2))[0]
        x, _ = train_shapes.sampler(picture, np.zeros(1))(np.zeros(1, int), np.random.default_rng(seed), 0)
        assert divmod(x[0].sum(axis=0).argmax(), 4) == at[quarters, mirrored]
        seen.add((quarters, mirrored))
    assert len(seen) == 8


def test_captioner_is_trained(trained, capsys):
    at = trained(train_captioner)
    shipped = at()
    assert at.scenes == [(10240, "train"), (600, "validation")]
    assert at.asked(2e-3, 0.02) == Run(epochs=10, batch=64, seed=3, shards=2, average=0.99)
    _, told = train_captioner.batch(range(3))
    assert at.count == 3 * len(told) and at.loss is CrossEntropy
    assert at.more["hits"] is train_captioner.whole_sentences and at.pictures == [("net.png", 0)]
    assert np.array_equal(shipped["conv1_1.W"], weights.load("shapes").arrays()["conv1_1.W"].data)
    said = capsys.readouterr().out.splitlines()
    assert said[0] == f"scenes drawn and seen: {at.count} in 300 s"
    assert said[1].endswith(
        f"{at.megabytes:.2f} MB, 10.0 minutes since this command began, 1.5 of processor time"
    )
    x, t = at.sample(np.array([1, 0]), None, 0)
    assert np.array_equal(x[:, -9:], told[[1, 0]]) and np.array_equal(t, told[[1, 0]].ravel())
    assert at.net.maps == (80, 12, 12) and at.net.words == (9,)


def test_what_counts_as_a_whole_sentence(monkeypatch):
    t = np.array([1, 2, 0] * 6)
    scores = np.eye(3)[t]
    scores[13] = [1, 0, 0]
    assert train_captioner.whole_sentences(scores, t).tolist() == [True, False]
    monkeypatch.setattr(train_captioner, "say", lambda net, pictures: np.array([[1, 2], [1, 3], [1, 2]]))
    found = train_captioner.measure(None, None, np.array([[1, 2], [1, 2], [1, 2]]))
    assert found == {"accuracy": pytest.approx(2 / 3)}


def test_vqa_is_trained(trained, capsys):
    at = trained(train_vqa)
    at()
    assert at.scenes == [(10240, "train"), (600, "validation")] and at.count == 9
    assert at.asked(3e-3, 0.02) == Run(epochs=6, batch=64, seed=3, shards=2, average=0.99)
    assert at.loss is CrossEntropy and at.pictures == [("net.png", 0)] and at.net.words == (4, 7)
    said = capsys.readouterr().out.splitlines()
    assert said[0] == "scenes drawn and seen: 9 in 300 s"
    assert said[1].endswith(
        f"{at.megabytes:.2f} MB, 10.0 minutes since this command began, 1.5 of processor time"
    )
    _, asked, answers, _ = questions.batch(range(3))
    x, t = at.sample(np.array([2, 0]), np.random.default_rng(1), 0)
    which = np.random.default_rng(1).permuted(np.tile(np.arange(8), (2, 1)), axis=1)[:, :4]
    assert np.array_equal(t, [answers[n, q] for n, row in zip((2, 0), which) for q in row])
    heard = [np.concatenate(asked[n, row]) for n, row in zip((2, 0), which)]
    assert np.array_equal(x[:, -28:], heard)
    _, (mirrored, *_) = at.sample(np.array([3]), np.random.default_rng(1), 0)  # the first scene, mirrored
    assert mirrored == answers[0, np.random.default_rng(1).permuted(np.arange(8)[None], axis=1)[0, 0]]


def test_mini_vgg_is_trained(trained, tmp_path, capsys):
    data = kept(tmp_path / "p.npz", {"train": [*range(10)]})
    pictures, labels = imagenette.read(data, "train")
    at = trained(train_mini_vgg)
    shipped = at("--data", str(data), "--hold-out", "3")
    assert at.count == 7 and set(shipped) == set(nets.mini_vgg().arrays()) and at.pictures == [("net.png", 0)]
    assert at.asked(4e-3, 0.05) == Run(epochs=30, batch=64, seed=3, shards=2, average=0.995)
    assert (type(at.loss()), at.loss().smoothing) == (CrossEntropy, 0.1)
    ended = "5 minutes since this command began\n"
    assert capsys.readouterr().out.endswith(f"net.npz: {at.megabytes:.2f} MB, {ended}")
    back = imagenette.held_out(3, 10)
    x, t = at.sample(np.array([2, 0]), np.random.default_rng(1), 0)
    random = np.random.default_rng(1)
    boxes = flip(random, random_boxes(random, 2, (8, 8)))
    cut = crop_and_resize(to_input(pictures[~back][[2, 0]]), boxes, 48)
    assert np.array_equal(x, imagenette.normalise(jitter(random, cut)))
    assert t.tolist() == labels[~back][[2, 0]].tolist()
    with pytest.MonkeyPatch.context() as patch:
        right = np.eye(10)[labels[back]]
        knows = lambda net, batch, n: right if _same(batch(range(n)), pictures[back]) else 0  # noqa: E731
        patch.setattr(train_mini_vgg, "predict", knows)
        assert at.more["validate"](None) == {"accuracy": 1}
    at("--data", str(data), "--hold-out", "0")
    assert at.more["validate"] is None and at.count == 10


def _same(x, pictures):
    return np.array_equal(x, imagenette.normalise(to_input(pictures)))


def test_mini_resnet_is_trained(trained, tmp_path, capsys, monkeypatch):
    data = kept(tmp_path / "p.npz", {"train": [*range(10)]})
    pictures, labels = imagenette.read(data, "train")
    monkeypatch.setattr(train_mini_resnet, "HELD_OUT", 3)
    at = trained(train_mini_resnet)
    shipped = at("--data", str(data))
    assert at.count == 7 and set(shipped) == set(nets.mini_resnet().arrays())
    assert at.asked(4e-3, 0.05) == Run(epochs=5, batch=64, seed=3, shards=2, average=0.995)
    assert at.loss().smoothing == 0.1 and at.pictures == [("net.png", 0)]
    assert capsys.readouterr().out.endswith(
        f"{at.megabytes:.2f} MB, 5.0 minutes since this command began, 1.5 of processor time\n"
    )
    back = imagenette.held_out(3, 10)
    assert at.sample(np.array([2, 0]), np.random.default_rng(1), 0)[1].tolist() == [*labels[~back][[2, 0]]]
    found = []
    monkeypatch.setattr(train_mini_resnet, "accuracy", lambda net, x, t: found.append((x, t)) or 0.25)
    assert at.more["validate"](None) == {"accuracy": 0.25}
    assert np.array_equal(found[0][0], pictures[back]) and np.array_equal(found[0][1], labels[back])


def test_crops_grow_as_the_training_goes_on():
    sides = {0: 48, 0.39: 48, 0.4: 64, 0.74: 64, 0.75: 80, 1: 80}
    assert {progress: train_mini_vgg.side(progress) for progress in sides} == sides
    x, _ = train_mini_vgg.sampler(np.zeros((1, 9, 7, 3), np.uint8), np.zeros(1))(
        np.zeros(1, int), np.random.default_rng(0), 0.4
    )
    assert x.shape == (1, 3, 64, 64)


def test_the_dense_captioner_is_trained(trained, capsys):
    at = trained(train_dense_captioner)
    shipped = at()
    assert at.scenes == [(8192, "train"), (300, "validation")] and at.count == 8192
    assert at.asked(1.5e-3, 0.02) == Run(epochs=6, batch=32, seed=3, shards=2, average=0.995)
    assert at.more["hits"] is train_dense_captioner.near and at.pictures == [("net.png", 256)]
    assert at.loss()(Tensor(np.array([1.0, 2, 3, 4])), None).data == 10
    told = capsys.readouterr().out.splitlines()
    assert told[0] == "8192 scenes drawn in 300 s"
    assert told[1].endswith(f"{at.megabytes:.2f} MB, 10.0 minutes since this command began")
    known = weights.load("shapes").arrays()
    assert np.array_equal(shipped["conv1_1.W"], known["conv1_1.W"].data.astype(np.float16))
    anchors = len(train_dense_captioner.SIDES)
    assert shipped["anchors.b"][:anchors] == pytest.approx(np.log(0.01 / 0.99), abs=2e-3)
    assert not shipped["anchors.b"][anchors:].any()


def test_what_is_said_of_a_mixture():
    """Two scenes of four regions; a code is the number of its box, the words stay the same."""
    recipe = train_dense_captioner
    t = np.zeros(2, recipe.BATCH)
    t["boxes"], t["places"] = np.arange(8).reshape(2, 4, 1), 100 + np.arange(8).reshape(2, 4, 1)
    t["ours"] = np.array([[1, 0.5, 0.25, 1.4], [1, 1, 1, 0]])
    heard, V = [], 3

    class Net:
        def codes(self, A, boxes, picture):
            assert A == "A" and picture.tolist() == [0, 0, 0, 0, 1, 1, 1, 1] * 2
            return Tensor(boxes[:, :1])

        def words_after(self, codes, words):
            heard.append(codes.data[:, 0].tolist())
            return Tensor(np.zeros((8, regions.LONGEST, V), np.float32))  # each as probable as any

    lesson = recipe.Lesson.__new__(recipe.Lesson)
    object.__setattr__(lesson, "net", Net())
    found = recipe.Lesson.said(lesson, "A", t).data
    assert heard == [
        pytest.approx([0, 51, 77, -37, 4, 5, 6, 107], rel=1e-5)
    ]  # ours * own + (1 - ours) * elsewhere
    sure = 0.68 * t["ours"].ravel()
    right, wrong = sure + (1 - sure) / 3, (1 - sure) / 3
    apart = right * np.log(3 * right) + 2 * wrong * np.log(3 * wrong)
    assert found == pytest.approx(apart.mean(), rel=1e-4)


def test_near_is_one_where_nothing_is_lost():
    assert train_dense_captioner.near(np.array([9.0, 9, 0, 9]), None).tolist() == [1]
    assert train_dense_captioner.near(np.array([9.0, 9, 4 * np.log(2), 9]), None) == pytest.approx([0.5])


def test_every_anchor_is_asked_by_its_overlap(monkeypatch):
    """Two shapes and five anchors, 10 pixels wide: the lengths of the overlaps are counted."""
    recipe = train_dense_captioner
    box = lambda start, stop: [start, 0, stop, 10]  # noqa: E731
    anchors = np.array([box(0, 20), box(0, 14), box(0, 8), box(0, 7), box(40, 99)], float)
    monkeypatch.setattr(recipe, "ANCHORS", anchors)
    there, ignored, offsets = recipe.at_anchors(np.array([box(0, 20), box(50, 55)], float))
    # 1, 0.7, 0.4, exactly 0.35; the last is the best of the second shape, though it overlaps little
    assert there.tolist() == [True, True, False, False, True]
    assert ignored.tolist() == [False, False, True, False, False]
    assert offsets.shape == (5, 4) and not offsets[2:4].any() and not offsets[0].any()
    halves = recipe.at_anchors(np.array([box(0, 16)], float))[0]
    assert halves.tolist() == [True, True, True, False, False]  # a half is enough


def test_boxes_are_shaken():
    """By up to an eighth of their sides, and up to a fifth larger or smaller, each side for itself."""
    boxes = np.repeat([[20.0, 30, 50, 70]], 4000, axis=0)
    found = train_dense_captioner.shaken(boxes, np.random.default_rng(0))
    centre, side = (found[:, :2] + found[:, 2:]) / 2, found[:, 2:] - found[:, :2]
    assert abs(centre - [35, 50]).max(axis=0) == pytest.approx([30 / 8, 40 / 8], rel=1e-2)
    assert side.max(axis=0) == pytest.approx(np.exp(0.2) * np.array([30, 40]), rel=1e-2)
    assert side.min(axis=0) == pytest.approx(np.exp(-0.2) * np.array([30, 40]), rel=1e-2)


def test_boxes_are_shaken_by_the_random_numbers_in_their_order():
    """First where the middle is moved to, then by how much a side grows."""
    boxes, random = np.array([[20.0, 30, 50, 70], [0, 0, 8, 16]]), np.random.default_rng(3)
    move, grow = random.uniform(-1 / 8, 1 / 8, (2, 2)), random.uniform(-0.2, 0.2, (2, 2))
    found = train_dense_captioner.shaken(boxes, np.random.default_rng(3))
    for (x0, y0, x1, y1), (mx, my), (gx, gy), box in zip(boxes, move, grow, found):
        x, y, w, h = (x0 + x1) / 2 + mx * (x1 - x0), (y0 + y1) / 2 + my * (y1 - y0), x1 - x0, y1 - y0
        w, h = w * np.exp(gx), h * np.exp(gy)
        assert box == pytest.approx([x - w / 2, y - h / 2, x + w / 2, y + h / 2])


def test_a_place_elsewhere_is_looked_for_again():
    """In the other shape, of which the first place lies in the box; anywhere, from 0.8 on."""
    asked, places = [], []
    chance = SimpleNamespace(integers=lambda n: n - 1, random=lambda: 0.79,
                             uniform=lambda *ends: asked.append(ends) or places.pop(0))  # fmt: skip
    box, other = np.array([20.0, 30, 60, 50]), np.array([50.0, 10, 90, 45])
    places[:] = np.array([[55.0, 40], [60, 50], [70, 20]])  # a corner of the box is in it
    found = train_dense_captioner.elsewhere(box, np.stack([box, other]), chance)
    assert asked == [((50, 10), (90, 45))] * 3 and found.tolist() == [66, 16, 74, 24]
    for true, random in ((other, 0.8), ([50.0, 30, 70, 50], 0), ([0, 10, 40, 70], 0), ([10, 30, 30, 50], 0),
                         ([20, 20, 30, 40], 0)):  # fmt: skip
        asked.clear()
        chance.random, places[:] = lambda random=random: random, [np.array([70.0, 20])]
        train_dense_captioner.elsewhere(box, np.stack([box, true]), chance)
        assert asked == [((0, 0), (96, 96))], "or the middle of the other is in the box, or on its edge"


def test_a_place_elsewhere():
    random, recipe = np.random.default_rng(0), train_dense_captioner
    box = np.array([20.0, 30, 60, 50])
    alone = np.stack([recipe.elsewhere(box, box[None], random) for _ in range(3000)])
    x, y = (alone[:, :2] + alone[:, 2:]).T / 2
    inside = (x > 20) & (x < 60) & (y > 30) & (y < 50)
    assert not inside.any() and [x.min(), x.max(), y.min(), y.max()] == pytest.approx([0, 96, 0, 96], abs=0.5)
    for there in ((x < 20) & (y > 30) & (y < 50), (x > 60) & (y > 30) & (y < 50), (y < 30) & (x > 20)):
        assert there.mean() > 0.03
    touching = np.array([box, [58.0, 30, 61.9, 50]])  # whose middle is inside
    none = np.stack([recipe.elsewhere(box, touching, random) for _ in range(200)])
    assert ((none[:, :2] + none[:, 2:])[:, 0] / 2 < 58).mean() > 0.4


def test_a_batch_for_the_dense_captioner(monkeypatch):
    recipe = train_dense_captioner
    boxes = np.array([[[8, 16, 40, 56], [np.nan] * 4], [[0, 0, 30, 30], [50, 50, 90, 90]]], np.float32)
    words = np.arange(16).reshape(2, 2, 4)
    pictures = np.random.default_rng(0).integers(0, 256, (2, 96, 96, 3)).astype(np.uint8)
    monkeypatch.setattr(recipe, "shaken", lambda boxes, random: boxes)
    batch, t = recipe.sampler(pictures, boxes, words)(np.array([1, 0]), np.random.default_rng(2), 0)
    assert t.tolist() == [0, 0] and batch["words"][1].tolist() == [[0, 1, 2, 3]] * 4
    quarters, mirrored = np.random.default_rng(2).integers((4, 2))
    picture, true = recipe.turned(pictures[1], boxes[1], quarters, mirrored)
    assert np.allclose(batch["picture"][0], 4 * to_input(picture[None])[0] - 2, atol=1e-5)
    assert np.array_equal(batch["is"][0], recipe.at_anchors(true)[0])
    assert np.array_equal(batch["ignored"][0], recipe.at_anchors(true)[1])
    for found, said in zip(batch["boxes"][0], batch["words"][0]):
        assert said.tolist() == words[1, [*map(list, true)].index(list(found))].tolist()
    assert sorted(batch["words"][0, :, 0]) == [8, 8, 12, 12]  # each as often
    assert batch["ours"].min() >= 0.3 and batch["ours"].max() <= 1.4 and recipe.OURS == (0.3, 1.4)
    assert batch.dtype.names == (
        "picture", "boxes", "words", "places", "ours", "is", "ignored", "offsets",
    )  # fmt: skip


def test_what_is_found_and_matched(monkeypatch):
    true = np.array([[0, 0, 10, 10], [0, 0, 10, 20]], float)
    assert regions_found.matched(np.array([[0, 0, 10, 20.0]]), true).tolist() == [1]
    assert regions_found.matched(np.array([[0, 0, 10, 5.0]]), true).tolist() == [0]  # a half is enough
    assert regions_found.matched(np.array([[0, 0, 10, 4.9]]), true).tolist() == [-1]
    nobody = [(np.zeros((0, 4)), np.zeros(0), np.zeros((0, 2), int))]
    there = np.array([[[0, 0, 1, 1.0]]]), np.array([[[1, 2]]])
    assert set(regions_found.figures(nobody, *there).values()) == {0}
    boxes = [
        (np.full((2, 4), 1.0), np.array([0.9, 0.8])),
        (np.zeros((0, 4)), np.zeros(0)),
        (np.full((1, 4), 3.0), np.array([0.7])),
    ]

    class Net:
        def __call__(self, x):
            return "A", "scores", "offsets"

        def boxes(self, scores, offsets, size, enough):
            assert (scores, offsets, size) == ("scores", "offsets", (8, 9))
            asked.append(enough)
            return boxes

        def codes(self, A, boxes, picture):
            assert A == "A" and boxes[:, 0].tolist() == [1, 1, 3] and picture.tolist() == [0, 0, 2]
            return "codes"

    words = np.arange(6).reshape(3, 2)
    monkeypatch.setattr(regions_found, "greedy", lambda net, codes, longest: words)
    asked = []
    found = regions_found.found(Net(), np.zeros((3, 3, 8, 9)), 0.6)
    assert [w.tolist() for _, _, w in found] == [[[0, 1], [2, 3]], [], [[4, 5]]]
    assert found[2][1].tolist() == [0.7]
    boxes[:] = boxes[1:2] * 3
    none = regions_found.found(Net(), np.zeros((3, 3, 8, 9)))
    assert asked == [0.6, 0.5]
    assert [w.shape for _, _, w in none] == [(0, regions.LONGEST)] * 3


def test_measured_in_parts(monkeypatch):
    seen = []
    monkeypatch.setattr(regions_found, "found", lambda net, x: seen.append(x.shape) or [0] * len(x))
    monkeypatch.setattr(regions_found, "figures", lambda every, boxes, words: (len(every), boxes, words))
    pictures = np.zeros((7, 96, 96, 3), np.uint8)
    assert train_dense_captioner.measure(None, pictures, "b", "w", size=3) == (7, "b", "w")
    assert seen == [(3, 3, 96, 96), (3, 3, 96, 96), (1, 3, 96, 96)]


# --- what they share


def test_options_and_a_beginning(tmp_path):
    asked = command.options("mini", "about", 7).parse_args([])
    assert (asked.epochs, asked.seed, asked.resume, asked.gpu) == (7, 0, True, False)
    assert asked.out == command.SHIPPED / "mini.npz" and asked.checkpoint == Path("checkpoints/mini.npz")
    said = ["--no-resume", "--checkpoint", str(tmp_path / "c.npz"), "--seed", "4"]
    asked = command.options("mini", "about", 7).parse_args(said)
    (tmp_path / "c.npz").write_bytes(b"old")
    seeds = []
    net = SimpleNamespace(initialise=seeds.append)
    assert command.begin(net, asked) is net and seeds == [4] and not (tmp_path / "c.npz").exists()
    asked.resume = True
    (tmp_path / "c.npz").write_bytes(b"old")
    command.begin(net, asked)
    assert (tmp_path / "c.npz").exists()


def test_scenes_are_drawn_in_parts(monkeypatch):
    asked = []

    class Here:
        def __init__(self, processes, mp_context):
            asked.append((processes, mp_context.get_start_method()))

        def __enter__(self):
            return self

        def __exit__(self, *_):
            pass

        map = staticmethod(map)

    monkeypatch.setattr(command, "ProcessPoolExecutor", Here)

    def batch(numbers, split):
        asked.append((numbers, split))
        return np.array(numbers), -np.array(numbers)

    a, b = command.drawn(batch, 600, "test")
    assert asked == [(2, "spawn"), (range(256), "test"), (range(256, 512), "test"), (range(512, 600), "test")]
    assert a.tolist() == list(range(600)) and b.tolist() == [-n for n in range(600)]


def test_each_scene_is_seen_three_times():
    """As it is, mirrored, upside down; the encoder gives the corner above left of what it sees."""
    pictures = np.zeros((2, 2, 2, 3), np.uint8)
    pictures[0, :, :, 0] = [[0, 51], [102, 153]]
    net = SimpleNamespace(encoder=lambda x: x[:, :1, :1, :1])
    words = ["left", "above", "below", "right", *"abcd"]
    maps, said = teaching.views(net, pictures, np.arange(8).reshape(2, 4), words)
    assert maps.dtype == np.float16 and maps.ravel().tolist() == pytest.approx(
        [-2, -2, 4 * 0.2 - 2, -2, 4 * 0.4 - 2, -2], abs=1e-3
    )
    assert said.tolist() == [
        [0, 1, 2, 3], [4, 5, 6, 7], [3, 1, 2, 0], [4, 5, 6, 7], [0, 2, 1, 3], [4, 5, 6, 7],
    ]  # fmt: skip


def test_processor_time_is_of_this_process_and_of_those_that_ended(monkeypatch):
    monkeypatch.setattr(teaching.os, "times", lambda: (1.0, 2.0, 4.0, 8.0, 1000.0))
    assert teaching.processor_time() == 15


def test_a_network_before_rounding(monkeypatch, tmp_path):
    trained = nets.shapes(batchnorm=True).initialise(1)
    average = {name: tensor.data for name, tensor in trained.arrays().items()}
    monkeypatch.setattr(
        check.checkpoint, "read", lambda path: {"average": average} if path == tmp_path else {}
    )
    found = check.before_rounding("shapes", tmp_path).arrays()
    assert set(found) == set(nets.shapes().arrays())
    assert all(np.array_equal(found[name].data, array) for name, array in nets.fold(trained).items())


def test_teaching():
    maps, words = RANDOM.random((2, 3, 4, 5)), RANDOM.integers(0, 9, (2, 6))
    made = teaching.rows(maps, words)
    assert made.shape == (2, 66) and made.dtype == np.float32 and made[1, 60:].tolist() == words[1].tolist()
    assert np.array_equal(made[:, :60], maps.reshape(2, 60).astype(np.float32))
    heard = []

    class Net:
        def compute(self, how):
            heard.append(how)
            return self

        def __call__(self, features, words):
            heard.append((features.data, words))
            return Tensor(np.arange(36.0).reshape(2, 6, 3))

    scores = teaching.Taught.__new__(teaching.Taught)
    net = Net()
    for name, value in (("net", net.compute("exact")), ("maps", (3, 4, 5)), ("words", (2, 3))):
        object.__setattr__(scores, name, value)
    found = teaching.Taught.forward(scores, Tensor(made))
    assert heard[0] == "exact" and np.array_equal(heard[1][0], maps.astype(np.float32))
    assert np.array_equal(heard[1][1], words.reshape(2, 2, 3)) and heard[1][1].dtype == np.int64
    assert found.data.tolist() == np.arange(36.0).reshape(12, 3).tolist()
    assert teaching.exchanged(["a", "left", "b", "right"], "left", "right").tolist() == [0, 3, 2, 1]
    parts = []
    assert teaching.in_parts(lambda n: parts.append(len(n)) or 10 * n, 7, size=3, threads=1).tolist() == [
        0, 10, 20, 30, 40, 50, 60,
    ]  # fmt: skip
    assert parts == [3, 3, 1]


# --- photos


def kept(path, splits):
    """A file of JPEG bytes as the data set has it -> {split: labels}"""
    arrays = {}
    for split, sides in splits.items():
        streams = []
        for shade in range(len(sides)):
            file = io.BytesIO()
            Image.fromarray(np.full((8, 8, 3), 20 * shade, np.uint8)).save(file, "jpeg")
            streams.append(file.getvalue())
        name = f"{split}_" if split else ""
        arrays[f"{name}jpeg"] = np.frombuffer(b"".join(streams), np.uint8)
        arrays[f"{name}offsets"] = np.cumsum([0, *map(len, streams)])
        arrays[f"{name}labels"] = np.array(sides, np.uint8)
    np.savez(path, **arrays)
    return path


def test_photos_are_read_and_some_held_out(tmp_path):
    path = kept(tmp_path / "p.npz", {"train": [3, 1, 2], "": [5, 6]})
    pictures, labels = imagenette.read(path, "train")
    assert pictures.shape == (3, 8, 8, 3) and labels.tolist() == [3, 1, 2] and labels.dtype == np.int64
    assert [int(p.mean()) for p in pictures] == [0, 20, 40] and imagenette.read(path)[1].tolist() == [5, 6]
    with pytest.raises(WeightsError, match="not an npz file with val_jpeg, val_offsets and val_labels"):
        imagenette.read(path, "val")
    back = imagenette.held_out(4, 20)
    assert (
        back.sum() == 4
        and np.array_equal(back, imagenette.held_out(4, 20))
        and not imagenette.held_out(0, 9).any()
    )
    assert np.flatnonzero(back).tolist() == sorted(np.random.default_rng(2026).permutation(20)[:4])
    x = imagenette.normalise(np.ones((1, 3, 1, 1), np.float32))
    assert x.ravel() == pytest.approx([0.515 / 0.229, 0.544 / 0.224, 0.594 / 0.225])


def test_vgg16_gap(trained, tmp_path, monkeypatch, capsys):
    recipe = train_vgg16_gap
    assert (recipe.PICTURES, recipe.HELD_OUT) == (400, 200)
    monkeypatch.setattr(recipe, "HELD_OUT", 3), monkeypatch.setattr(recipe, "PICTURES", 5)
    monkeypatch.setattr(recipe, "PART", 3)
    seen = []
    net = lambda x: seen.append(x.shape) or x.mean((2, 3))  # noqa: E731
    monkeypatch.setattr(recipe, "convolutions", lambda path: (net, {"first.conv": np.arange(2.0)}))
    data = kept(tmp_path / "p.npz", {"train": [*range(10)]})
    at = trained(recipe)
    found = at("--data", str(data), "--convolutions", "any")
    assert at.asked(1e-2, 0.1) == Run(epochs=200, batch=64, seed=3, shards=2, average=0.99) and at.count == 5
    assert at.loss is CrossEntropy and at.pictures == [("net.png", 0)]
    *seen_of, told = capsys.readouterr().out.splitlines()
    assert seen_of == [f"{n} of 8 pictures seen" for n in (3, 6, 8)]
    assert told.endswith(
        f"net.npz: {1000 * at.megabytes:.1f} kB, 5.0 minutes since this command began, 1.5 of processor time"
    )
    assert found["first.conv"].tolist() == [0, 1] and found["fc.W"].shape == (10, 3) and len(seen) == 3
    pictures, labels = imagenette.read(data, "train")
    back = imagenette.held_out(3, 10)
    order = np.random.default_rng(2026).permutation(np.flatnonzero(~back))[:5]
    x, t = at.sample(np.array([4, 0]), None, 0)
    assert t.tolist() == labels[order[[4, 0]]].tolist()
    expected = recipe.enlarged(pictures[order[[4, 0]]]).mean((2, 3))
    assert np.allclose(x, expected)
    grey = 20 * labels[order[4]]
    assert x[0] == pytest.approx([grey - 103.939, grey - 116.779, grey - 123.68], abs=1.5)
    kept_x = recipe.enlarged(pictures[back]).mean((2, 3))
    head = lambda x: np.eye(10)[labels[back]] if np.allclose(x, kept_x) else None  # noqa: E731
    assert at.more["validate"](head) == {"accuracy": 1}
    at("--data", str(data), "--convolutions", "any")
    assert len(seen) == 3  # what was computed once is kept


def test_convolutions_are_known_by_their_first_numbers(monkeypatch):
    conv, fc = ConvLayer("conv", 1, 2, 3), LinearLayer("fc", 2, 10)
    whole = Sequential(conv, Apply("gap", GlobalAvgPool), fc).initialise(0)
    small = lambda *steps: lambda: Sequential(*steps)  # noqa: E731
    again = ConvLayer("conv", 1, 2, 3)
    monkeypatch.setattr(train_vgg16_gap.nets, "vgg16_convolutions", small(again))
    monkeypatch.setattr(train_vgg16_gap.nets, "vgg16_gap", small(again, Apply("gap", GlobalAvgPool), fc))
    monkeypatch.setattr(train_vgg16_gap.weights, "load", lambda name, path: whole if path == "file" else None)
    net, first = train_vgg16_gap.convolutions("file")
    assert {name: a.tolist() for name, a in first.items()} == {
        train_vgg16_gap.FIRST + "conv.W": conv.W.data.ravel()[:8].tolist(),
        train_vgg16_gap.FIRST + "conv.b": conv.b.data.tolist(),
    }
    x = RANDOM.standard_normal((1, 1, 4, 5)).astype(np.float32)
    assert np.allclose(net(x), conv(x).mean((2, 3))) and net(x).shape == (1, 2)


def test_pictures_as_the_published_convolutions_take_them():
    picture = np.zeros((1, 4, 2, 3), np.uint8)
    picture[0, :2, :, 0], picture[0, 2:, :, 2] = 255, 255  # red above, blue below
    x = train_vgg16_gap.enlarged(picture, 4)[0]
    assert x.shape == (3, 4, 4)
    above, below = x[:, 0, 0], x[:, 3, 3]
    assert above == pytest.approx([-103.939, -116.779, 255 - 123.68], abs=1e-3)
    assert below == pytest.approx([255 - 103.939, -116.779, -123.68], abs=1e-3)


# --- what is measured of those that ship


def test_every_network_that_ships_is_measured(monkeypatch, capsys, tmp_path):
    asked = []

    def measure(name):
        return lambda *given: asked.append((name, *given)) or {"accuracy": 0.125, "other": 1}

    for name in ("shapes", "captioner", "vqa", "dense_captioner", "photos", "boxed", "vgg16_gap"):
        monkeypatch.setattr(check, f"measure_{name}", measure(name))
    monkeypatch.setattr(check.weights, "load", lambda name, path=None: f"{name} {path or ''}".strip())
    monkeypatch.setattr(check, "before_rounding", lambda name, path: f"{name} of {path.name}")
    monkeypatch.setattr(check, "SHIPPED", tmp_path)
    (tmp_path / "shapes.npz").write_bytes(bytes(1_240_000))
    for name in ("captioner", "vqa", "dense_captioner", "mini_vgg", "mini_resnet"):
        (tmp_path / f"{name}.npz").write_bytes(bytes(10))
    check.main(["--checkpoint", "a/shapes.npz"])
    told = capsys.readouterr().out.splitlines()
    assert told[0] == "shapes (1.24 MB): accuracy 12.50 %, other 100.00 %"
    assert told[1].startswith("shapes before rounding to float16: ") and len(told) == 5
    names = ("shapes", "captioner", "vqa", "dense_captioner")
    alone = [(n, n) for n in names]
    assert asked == [alone[0], ("shapes", "shapes of shapes.npz"), *alone[1:]]
    asked.clear()
    check.main(["--data", "p.npz", "--boxed", "b.npz", "--convolutions", "c.h5"])
    both = ("mini_vgg", "mini_resnet")
    assert asked == [
        *alone,
        *(("photos", n, Path("p.npz")) for n in both),
        *(("boxed", n, Path("p.npz")) for n in both),
        ("vgg16_gap", "vgg16_gap c.h5", Path("b.npz")),
    ]
    asked.clear()
    check.main(["--boxed", "b.npz", "--convolutions", "c.h5"])
    assert asked == [*alone, ("vgg16_gap", "vgg16_gap c.h5", Path("b.npz"))]


def test_photos_are_measured_in_a_mixed_order(monkeypatch, tmp_path):
    data = kept(tmp_path / "p.npz", {"val": [*range(9)], "loc": [4, 2], "": [7, 5, 3]})
    order = lambda n: np.random.default_rng(0).permutation(n)  # noqa: E731
    monkeypatch.setattr(train_mini_vgg, "accuracy", lambda net, x, t: (x[:, 0, 0, 0].tolist(), t.tolist()))
    shades = (20 * order(9)[:4]).tolist()
    assert check.measure_photos(None, data, 4) == {"accuracy": (shades, order(9)[:4].tolist())}
    assert check.measure_boxed(None, data) == {"accuracy": ([0, 20], [4, 2])}
    labels = np.array([7, 5, 3])[order(3)[:2]]
    asked = []

    def predict(net, batch, n, size):
        asked.append((batch(np.arange(n))[:, 0, 0, 0], n, size))
        return np.eye(10)[[labels[0], 0]]

    monkeypatch.setattr(check, "predict", predict)
    assert check.measure_vgg16_gap(None, data, 2) == {"accuracy": 0.5}
    assert asked[0][0] == pytest.approx(20 * order(3)[:2] - 103.939, abs=1e-3) and asked[0][1:] == (2, 8)


def test_answers_are_checked_by_type(monkeypatch):
    some = [(f"picture {n}", SimpleNamespace(type=t)) for n, t in enumerate("aabc")]
    monkeypatch.setattr(
        check.questions,
        "one_of_each",
        lambda numbers, split: some if (numbers, split) == (range(9), "test") else [],
    )
    monkeypatch.setattr(check.questions, "TYPES", ("a", "b", "c"))
    monkeypatch.setattr(train_vqa, "right", lambda net, pictures, asked: np.array([True, False, True, False]))
    assert check.measure_vqa(None, 9) == {"accuracy": 0.5, "a": 0.5, "b": 1, "c": 0}


def test_the_dense_captioner_is_trained_on_the_cpu():
    with pytest.raises(SystemExit, match="leave out --gpu"):
        train_dense_captioner.main(["--gpu"])
