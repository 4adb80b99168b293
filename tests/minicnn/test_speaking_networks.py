"""The captioner and the network that answers: gradients of all of it, and decoding against every sentence
there is."""

import itertools

import numpy as np
import pytest

from minicnn import CrossEntropy, LogSoftmax, MaxPool, ReLU, Tensor, backward, find, history
from minicnn.nets.language.captioner import captioner
from minicnn.nets.language.decoding import beam, greedy
from minicnn.nets.language.vqa import vqa
from minicnn.ops import Reshape
from tests.support.cases import draw
from tests.support.compare import assert_close, relative, same_bits

WORDS = np.random.default_rng(1).integers(24, size=(2, 4))
NETS = {"captioner": (captioner, WORDS), "vqa": (vqa, WORDS.reshape(2, 2, 2))}
each_net = pytest.mark.parametrize("name", NETS)


def build(name):
    net = NETS[name][0]().initialise(3).astype(np.float64)
    for key, tensor in net.arrays().items():
        if key.endswith(".b"):
            tensor.data = draw(key, *tensor.shape) / 10
    return net


def kinks(y):
    ops = [t.op for t in history(y)]
    return [
        (op.x > 0).tobytes() if isinstance(op, ReLU) else op.switches.tobytes()
        for op in ops
        if isinstance(op, (ReLU, MaxPool))
    ]


@each_net
def test_the_directional_derivative_of_the_whole_network(name):
    """d/dt loss(all weights + t dW, x + t dx) at 0 against central differences; the step shrinks until no
    gate lies between."""
    net, words = build(name), NETS[name][1]
    x = Tensor(draw("scene", 2, 3, 32, 32))
    moving = [x, *net.parameters().values()]
    starts = [v.data for v in moving]

    def loss(shift):
        for v, start, step in zip(moving, starts, steps):
            v.data = start + shift * step
        y = net(x, words)
        return CrossEntropy()(Reshape((-1, y.shape[-1]))(y), np.arange(int(np.prod(y.shape[:2]))))

    steps = [np.random.default_rng(7).standard_normal(v.shape) * (0.1 if v is not x else 1) for v in starts]
    here, h = loss(0), 1e-5
    while kinks(above := loss(h)) != kinks(here) or kinks(below := loss(-h)) != kinks(here):
        h /= 2
        assert h > 1e-9, "a gate lies on the very point"
    numeric = (above.data - below.data) / (2 * h)
    ours = sum((g * step).sum() for g, step in zip(backward(here, np.array(1.0), wrt=moving), steps))
    assert abs(numeric) > 1e-6
    assert ours == pytest.approx(numeric, rel=1e-5)


@each_net
def test_a_batch_is_its_pictures_one_by_one_and_arrays_give_the_same_arrays(name):
    net, words = build(name), NETS[name][1]
    x = draw("scene", 2, 3, 32, 32)
    y = net(x, words)
    assert isinstance(y, np.ndarray) and same_bits(y, net(Tensor(x), words).data)
    for n in range(2):
        assert_close(net(x[n : n + 1], words[n : n + 1]), y[n : n + 1])
    assert relative(net(x[::-1], words), y) > 0.01


def test_a_word_is_said_before_it_is_heard():
    """The scores at step t do not know word t, nor those after it."""
    net, x = build("captioner"), draw("scene", 2, 3, 32, 32)
    other = WORDS.copy()
    other[:, 2] = (other[:, 2] + 1) % 24
    first, second = net(x, WORDS), net(x, other)
    assert same_bits(first[:, :3], second[:, :3])
    assert relative(first[:, 3], second[:, 3]) > 1e-6


def test_greedy_says_the_best_word_at_each_step_and_stops_at_the_full_stop():
    net, x = build("captioner"), draw("scene", 2, 3, 32, 32)
    net.decoder.say.b.data[0] += 0.3  # so that a full stop comes early for somebody
    words = greedy(net, x, 6)
    best = net(x, words).argmax(axis=-1)
    for said, expected in zip(words, best):
        ends = np.flatnonzero(said == 0)
        end = ends[0] + 1 if ends.size else 6
        assert np.array_equal(said[:end], expected[:end]) and not said[end:].any()


def test_a_wide_beam_finds_the_best_of_all_sentences():
    net, x = captioner(words=4).initialise(3), draw("scene", 1, 3, 32, 32).astype(np.float32)
    every = [(*words, 0) for n in range(3) for words in itertools.product(range(1, 4), repeat=n)]
    value = {}
    for sentence in every:
        log_p = LogSoftmax()(net(x, np.array([sentence])))
        value[sentence] = sum(float(log_p[0, t, w]) for t, w in enumerate(sentence))
    best = max(value, key=value.get)
    found = beam(net, x, longest=3, width=40)
    assert len(found) == len(every)
    assert tuple(found[0][1][: len(best)]) == best and found[0][0] == pytest.approx(value[best], rel=1e-4)
    assert [v for v, _ in found] == sorted((v for v, _ in found), reverse=True)


def test_a_beam_of_one_is_greedy():
    compared = 0
    for seed in range(12):
        net, x = captioner(words=5).initialise(seed), draw("scene", 1, 3, 32, 32).astype(np.float32)
        said = greedy(net, x, 8)[0]
        ended = [words for _, words in beam(net, x, longest=8, width=1)]
        if said[-1] == 0:
            assert np.array_equal(ended, [said])
            compared += 1
        else:
            assert not ended
    assert 0 < compared < 12


def test_the_layers_that_are_weighed_have_names():
    y = build("captioner")(Tensor(draw("scene", 1, 3, 32, 32)), WORDS[:1])
    assert find(y, "relu5_1").shape == (1, 96, 4, 4) and find(y, "sight").shape == (1, 80, 4, 4)


def test_a_beam_keeps_the_best_of_all_beginnings():
    """Of three words and two beginnings at a time: 1 2 . (0.65 x 0.5 x 0.8) and 2 . (0.25 x 0.8), not 1 1."""
    p = np.array([[0.10, 0.65, 0.25], [0.2, 0.3, 0.5], [0.8, 0.1, 0.1]])  # after a full stop, 1 and 2

    class Net:
        def encode(self, x):
            return "seen", 0

        def step(self, seen, heard, state):
            assert seen == "seen" and heard.shape == (1,)
            return np.log(p[heard]), state + 1

    (first, words), (second, others) = beam(Net(), None, 3, 2)
    assert words.tolist() == [1, 2, 0] and others.tolist() == [2, 0, 0]
    assert np.exp([first, second]) == pytest.approx([0.26, 0.2])
    assert [w.tolist() for _, w in beam(Net(), None, 2, 2)] == [[2, 0]]
    (alone,) = beam(Net(), None, 3, 1)
    assert alone[1].tolist() == [1, 2, 0]
