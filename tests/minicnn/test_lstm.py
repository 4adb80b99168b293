"""The LSTM and the embedding: as their equations, one number at a time, and as in PyTorch, over a whole
sentence."""

import math

import numpy as np
import pytest

from minicnn import GraphError, Tensor, backward
from minicnn.nets.language.layers import EmbeddingLayer, LSTMLayer
from minicnn.ops import LSTM, Add, Embedding, Mul, Sum
from tests.support.cases import draw
from tests.support.compare import assert_close
from tests.support.differences import assert_gradient, central

N, L, V, D, H = 3, 6, 11, 5, 4
WORDS = np.random.default_rng(2).integers(V, size=(N, L))


def layers():
    table, lstm = EmbeddingLayer("words", V, D).astype(np.float64), LSTMLayer("lstm", D, H).astype(np.float64)
    for layer in (table, lstm):
        for name, tensor in layer.arrays().items():
            tensor.data = draw(name, *tensor.shape)
    return table, lstm


def read(table, lstm, words):
    """Reads sentences to their ends -> the last h and c."""
    h, c = (Tensor(np.zeros((N, H)), name) for name in "hc")
    for t in range(words.shape[1]):
        h, c = lstm(table(Tensor(words[:, t])), h, c)
    return h, c


def test_a_step_is_its_equations_one_number_at_a_time():
    x, h, c, W, b = (
        draw("x", 1, D),
        draw("h", 1, H),
        draw("c", 1, H),
        draw("W", 4 * H, D + H),
        draw("b", 4 * H),
    )
    y = LSTM()(x, h, c, W, b)[0]
    for k in range(H):
        a_i, a_f, a_g, a_o = (
            sum(w * v for w, v in zip(W[j], [*x[0], *h[0]])) + b[j] for j in range(k, 4 * H, H)
        )
        i, f, o = (1 / (1 + math.exp(-a)) for a in (a_i, a_f, a_o))
        cell = f * c[0, k] + i * math.tanh(a_g)
        assert y[H + k] == pytest.approx(cell, rel=1e-12)
        assert y[k] == pytest.approx(o * math.tanh(cell), rel=1e-12)


def test_a_cell_keeps_what_it_holds_while_its_gates_are_so():
    b = np.repeat([-100.0, 100.0, 0.0, 100.0], H)  # input shut, forget gate open, output open
    c = draw("c", N, H)
    y = LSTM()(draw("x", N, D), draw("h", N, H), c, np.zeros((4 * H, D + H)), b)
    assert_close(y, np.concatenate([np.tanh(c), c], axis=1), 1e-14)


def test_gradients_of_a_whole_sentence_are_central_differences():
    table, lstm = layers()
    gh, gc = draw("gh", N, H), draw("gc", N, H)
    tensors = [table.W, lstm.W, lstm.b]

    def value(*arrays):
        for tensor, array in zip(tensors, arrays):
            tensor.data = array
        h, c = read(table, lstm, WORDS)
        return np.array((gh * h.data).sum() + (gc * c.data).sum())

    arrays = [t.data for t in tensors]
    ours = backward([*read(table, lstm, WORDS)], [gh, gc], wrt=tensors)
    for i, g in enumerate(ours):
        assert_gradient(g, central(value, arrays, i, np.array(1.0)))


@pytest.mark.torch
def test_a_whole_sentence_is_as_in_pytorch():
    torch = pytest.importorskip("torch", reason="needs the extra 'verify'")
    table, lstm = layers()
    theirs = torch.nn.LSTM(D, H, batch_first=True, dtype=torch.float64)
    with torch.no_grad():
        theirs.weight_ih_l0.copy_(torch.tensor(lstm.W.data[:, :D]))
        theirs.weight_hh_l0.copy_(torch.tensor(lstm.W.data[:, D:]))
        theirs.bias_ih_l0.copy_(torch.tensor(lstm.b.data))
        theirs.bias_hh_l0.zero_()
    W = torch.tensor(table.W.data, requires_grad=True)
    _, (h, c) = theirs(torch.nn.functional.embedding(torch.tensor(WORDS), W))
    gh, gc = draw("gh", N, H), draw("gc", N, H)
    ((h[0] * torch.tensor(gh)).sum() + (c[0] * torch.tensor(gc)).sum()).backward()

    our_h, our_c = read(table, lstm, WORDS)
    assert_close(our_h.data, h[0].detach().numpy())
    assert_close(our_c.data, c[0].detach().numpy())
    gW, g, gb = backward([our_h, our_c], [gh, gc], wrt=[table.W, lstm.W, lstm.b])
    assert_close(gW, W.grad.numpy())
    assert_close(
        g, np.concatenate([theirs.weight_ih_l0.grad.numpy(), theirs.weight_hh_l0.grad.numpy()], axis=1)
    )
    assert_close(gb, theirs.bias_ih_l0.grad.numpy())


def test_a_row_of_the_table_gathers_all_its_places_and_other_rows_stay_zero():
    W, words = Tensor(draw("W", 5, D)), np.array([[3, 1, 3], [3, 0, 1]])
    gy = draw("gy", 2, 3, D)
    g = backward(Embedding()(words, W), gy, wrt=W)
    assert_close(g[3], gy[0, 0] + gy[0, 2] + gy[1, 0])
    assert_close(g[0], gy[1, 1])
    assert not g[[2, 4]].any()


def test_h_alone_c_alone_and_both_add_up():
    """The signals of the two outputs do not mix."""
    _, lstm = layers()
    x = Tensor(draw("x", N, D))
    h, c = lstm(x, Tensor(draw("h", N, H)), Tensor(draw("c", N, H)))
    gh, gc = draw("gh", N, H), draw("gc", N, H)
    assert_close(backward([h, c], [gh, gc], wrt=x), backward(h, gh, wrt=x) + backward(c, gc, wrt=x))
    y = Sum()(Add()(Mul()(h, gh), Mul()(c, gc)))
    assert_close(backward(y, np.array(1.0), wrt=x), backward([h, c], [gh, gc], wrt=x))


def test_arrays_in_give_arrays_out():
    table, lstm = layers()
    h, c = lstm(table(WORDS[:, 0]), np.zeros((N, H)), np.zeros((N, H)))
    assert isinstance(h, np.ndarray) and isinstance(c, np.ndarray)


@pytest.mark.parametrize("words, said", [([0, 11], "11 words"), ([-1], "11 words"), ([0.0], "whole numbers")])
def test_words_that_are_not_in_the_table_are_refused(words, said):
    with pytest.raises(GraphError, match=said):
        Embedding()(np.array(words), draw("W", V, D))


def test_weights_of_another_size_are_refused():
    with pytest.raises(GraphError, match=r"\(16, 9\) does not take x \(3, 6\)"):
        LSTM()(
            draw("x", N, D + 1), draw("h", N, H), draw("c", N, H), draw("W", 4 * H, D + H), draw("b", 4 * H)
        )
