"""What the training commands ask for, draw and write, the training itself left out."""

import io
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from PIL import Image

from minicnn import SigmoidCrossEntropy, Tensor
from minicnn.optimise import AdamW, one_cycle
from minicnn.training import Run
from weights.errors import WeightsError
from weights.recipes import (
    check,
    command,
    imagenette,
    regions_found,
    shapes_world,
    teaching,
    train_dense_captioner,
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
        return np.load(out)

    def asked(self, peak, decay):
        assert type(self.optimiser) is AdamW and self.optimiser.decay == decay
        assert self.rates == [one_cycle(peak)(step, 40) for step in range(40)]
        return self.run


@pytest.fixture
def trained(monkeypatch, tmp_path):
    return lambda recipe: Trained(monkeypatch, recipe, tmp_path)


def test_how_shapes_is_measured(monkeypatch):
    scores = np.array([[1.0, -1, -1], [2, 3, -1], [-1, 1, -1], [-1, -1, -1]])
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
            assert (scores, offsets, size, enough) == ("scores", "offsets", (8, 9), 0.6)
            return boxes

        def codes(self, A, boxes, picture):
            assert A == "A" and boxes[:, 0].tolist() == [1, 1, 3] and picture.tolist() == [0, 0, 2]
            return "codes"

    words = np.arange(6).reshape(3, 2)
    monkeypatch.setattr(regions_found, "greedy", lambda net, codes, longest: words)
    found = regions_found.found(Net(), np.zeros((3, 3, 8, 9)), 0.6)
    assert [w.tolist() for _, _, w in found] == [[[0, 1], [2, 3]], [], [[4, 5]]]
    assert found[2][1].tolist() == [0.7]
    boxes[:] = boxes[1:2] * 3
    none = regions_found.found(Net(), np.zeros((3, 3, 8, 9)), 0.6)
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


def test_vgg16_gap(trained, tmp_path, monkeypatch):
    recipe = train_vgg16_gap
    monkeypatch.setattr(recipe, "HELD_OUT", 3), monkeypatch.setattr(recipe, "PICTURES", 5)
    monkeypatch.setattr(recipe, "PART", 3)
    seen = []
    net = lambda x: seen.append(x.shape) or x.mean((2, 3))  # noqa: E731
    monkeypatch.setattr(recipe, "convolutions", lambda path: (net, {"first.conv": np.arange(2.0)}))
    data = kept(tmp_path / "p.npz", {"train": [*range(10)]})
    at = trained(recipe)
    found = at("--data", str(data), "--convolutions", "any")
    assert at.asked(1e-2, 0.1) == Run(epochs=200, batch=64, seed=3, shards=2, average=0.99) and at.count == 5
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


def test_pictures_as_the_published_convolutions_take_them():
    picture = np.zeros((1, 4, 2, 3), np.uint8)
    picture[0, :2, :, 0], picture[0, 2:, :, 2] = 255, 255  # red above, blue below
    x = train_vgg16_gap.enlarged(picture, 4)[0]
    assert x.shape == (3, 4, 4)
    above, below = x[:, 0, 0], x[:, 3, 3]
    assert above == pytest.approx([-103.939, -116.779, 255 - 123.68], abs=1e-3)
    assert below == pytest.approx([255 - 103.939, -116.779, -123.68], abs=1e-3)


# --- what is measured of those that ship


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
