"""Lesson 22: the truths are made cell by cell and word by word; the backward pass is a
central difference.
"""

from math import exp, log, tanh

import numpy as np

from lessons.exercises import central, exercise


def gate(a):
    return 1 / (1 + exp(-a))


@exercise(
    "22.1",
    "one step of an LSTM",
    "a = W [x, h] + b in four parts; c' = f c + i g; h' = o tanh(c'); g is a tanh, i, "
    "f, o sigmoids",
)
def lstm_step(f, random):
    D, H = 3, 3
    x, h, c, W, b = (
        random.normal(size=size) for size in (D, H, H, (4 * H, D + H), 4 * H)
    )
    shown, cell = [], []
    for k in range(H):
        i, forget, g, o = (
            sum(w * v for w, v in zip(W[row], [*x, *h])) + b[row]
            for row in range(k, 4 * H, H)
        )
        cell.append(gate(forget) * c[k] + gate(i) * tanh(g))
        shown.append(gate(o) * tanh(cell[k]))
    yield "h', c'", f(x, h, c, W, b), shown + cell


@exercise(
    "22.2",
    "the forget gate's signal",
    "at c' arrive gc and gh o (1 - tanh(c')^2); times c, as f is a factor of c; times "
    "f (1 - f)",
)
def forget_back(f, random):
    gh, gc, c, a = random.normal(size=(4, 5))
    i, o, g = (
        random.uniform(0.2, 0.9, 5),
        random.uniform(0.2, 0.9, 5),
        random.uniform(-0.9, 0.9, 5),
    )

    def loss(a):
        cell = np.array([gate(v) for v in a]) * c + i * g
        return np.sum(gh * o * np.tanh(cell) + gc * cell)

    yield (
        "signal",
        f(gh, gc, c, i, np.array([gate(v) for v in a]), g, o),
        central(loss, a),
    )


def spoken(scores, words):
    """ln p of the words up to the first full stop, one after the other."""
    total = 0.0
    for row, word in zip(scores, words):
        total += log(exp(row[word]) / sum(exp(score) for score in row))
        if word == 0:
            break
    return total


def drawn(random):
    """Scores (5, 5) and a sentence of three words, full stop included, filled up with
    two more.
    """
    return 2 * random.normal(size=(5, 5)), np.array(
        [*random.choice([1, 2, 3, 4], 2, replace=False), 0, 0, 0]
    )


@exercise(
    "22.3",
    "the log-probability of a sentence",
    "log softmax of each row, at its word; add them up to the first full stop",
)
def log_probability(f, random):
    scores, words = drawn(random)
    yield "ln p", f(scores, words), spoken(scores, words)


@exercise(
    "22.4",
    "where the signal of a sentence starts",
    "one-hot minus softmax, row by row; nothing behind the full stop",
)
def sentence_back(f, random):
    scores, words = drawn(random)
    yield "signal", f(scores, words), central(lambda z: spoken(z, words), scores)
