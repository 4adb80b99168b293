"""What the networks that ship say of three scenes, number by number: a factor or a sign that changed in any
of them, in how words are heard or boxes are told, gives others.  (Trained anew, they say something else.)
"""

import numpy as np
import pytest

import weights
from minicnn.nets.language.decoding import greedy
from minicnn.training.augment import to_input
from weights.recipes.shapes_world import questions, scene, sentences
from weights.recipes.train_shapes import normalise

SAID = [
    "a red square below a cyan star",
    "a pink disk above a yellow square",
    "a white disk above a red cross",
]
CLOSE = {"rel": 2e-3, "abs": 4e-3}


@pytest.fixture(scope="module")
def x():
    pictures = [scene(n, "test", count=2, size=sentences.SIZE).picture for n in range(3)]
    return normalise(to_input(np.stack(pictures)))


@pytest.mark.parametrize(
    ("name", "first"),
    [
        ("shapes", [[-12.859, -12.652, 9.557], [21.487, -10.923, 12.188], [26.454, -12.004, -10.405]]),
        ("mini_vgg", [[1.310, -2.122, 0.930], [0.103, 0.142, -0.179], [-1.412, -1.489, -0.278]]),
        ("mini_resnet", [[-0.225, 0.857, 0.120], [1.458, -1.005, 0.241], [0.144, -0.649, 0.012]]),
    ],
)
def test_scores(x, name, first):
    assert weights.load(name)(x)[:, :3] == pytest.approx(np.array(first), **CLOSE)


def test_sentences(x):
    net = weights.load("captioner")
    words = greedy(net, x, sentences.LONGEST)
    assert [sentences.in_words(some) for some in words] == SAID
    scores = net(x, words)
    told = np.take_along_axis(scores, words[..., None], axis=2)[..., 0]
    first = [11.835, 12.848, 12.352, 9.601, 12.426, 11.134, 12.861, 9.797, 11.131]
    assert scores.shape == (3, 9, 24) and told[0] == pytest.approx(first, **CLOSE)
    assert told[1:, :3] == pytest.approx(
        np.array([[14.203, 15.904, 20.556], [17.692, 18.135, 21.623]]), **CLOSE
    )


def test_answers(x):
    net = weights.load("vqa")
    asked = ("what colour is the star", "how many shapes are there", "is there a ring")
    scores = net(x, np.stack([[questions.numbered(words) for words in asked]] * 3))
    answers = [[questions.ANSWERS[k] for k in row] for row in scores.argmax(axis=-1)]
    assert answers[0] == ["cyan", "two", "no"] and [row[1:] for row in answers] == [["two", "no"]] * 3
    highest = [[19.703, 7.726, 10.927], [2.120, 8.621, 14.992], [8.118, 8.152, 14.288]]
    assert scores.max(axis=-1) == pytest.approx(np.array(highest), **CLOSE)


def test_regions(x):
    net = weights.load("dense_captioner")
    A, scores, offsets = net(x)
    assert A.mean(axis=(1, 2, 3)) == pytest.approx([0.061, 0.077, 0.110], abs=1e-3)
    assert scores.max(axis=1) == pytest.approx([13.598, 15.928, 19.375], **CLOSE)
    assert abs(offsets).mean(axis=(0, 1)) == pytest.approx([0.410, 0.172, 0.390, 0.319], abs=1e-3)
    found = net.boxes(scores, offsets, (96, 96))
    assert [len(boxes) for boxes, _ in found] == [2, 2, 2]
    boxes = np.concatenate([boxes for boxes, _ in found])
    expected = [[31.224, 37.826, 63.463, 69.423], [31.703, 14.443, 59.703, 44.097]]
    assert boxes[:2] == pytest.approx(np.array(expected), abs=0.02)
    picture = np.repeat(np.arange(3), 2)
    words = greedy(net, net.codes(A, boxes, picture), 4)
    assert [sentences.in_words(some) for some in words] == [
        "a red square", "a cyan star", "a pink disk", "a yellow square", "a white disk", "a red cross",
    ]  # fmt: skip
    log_p = net.log_probability(A, boxes, picture, words)
    assert log_p == pytest.approx([-1.853, -1.587, -1.337, -1.229, -1.454, -1.220], abs=4e-3)
    each = net.log_probability(A, boxes, picture, words, each=True)
    assert each[0] == pytest.approx([-0.477, -0.426, -0.468, -0.482], abs=4e-3)
    shorter = words[:1].copy()
    shorter[0, 2:] = 0  # a word after the full stop counts for nothing
    cut = net.log_probability(A, boxes[:1], picture[:1], shorter, each=True)[0]
    assert cut[:2] == pytest.approx(each[0, :2], abs=1e-4) and cut[2] < -1 and cut[3] == 0


def test_boxes_of_the_best_anchors():
    """Without offsets a box is its anchor, cut at the picture's edge; a half is enough to be one."""
    net = weights.load("dense_captioner")
    scores, offsets = np.full((1, 4 * 144), -9.0), np.zeros((1, 4 * 144, 4))
    scores[0, 0] = 0  # 16 pixels around (4, 4)
    scores[0, 144 + 12 * 5 + 5] = 2  # 24 around (44, 44)
    scores[0, 144 + 12 * 5 + 6] = 1  # a cell to the right: half of both is shared
    scores[0, 144 + 12 * 5 + 7] = 1.5
    ((boxes, p),) = net.boxes(scores, offsets, (96, 96))
    assert boxes.tolist() == [[32, 32, 56, 56], [48, 32, 72, 56], [0, 0, 12, 12]]
    assert p == pytest.approx([1 / (1 + np.exp(-2)), 1 / (1 + np.exp(-1.5)), 0.5])
    assert len(net.boxes(scores, offsets, (96, 96), enough=0.6)[0][0]) == 2
