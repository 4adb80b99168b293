"""Lesson 22: right solutions, and wrong ones of the right shape."""

import numpy as np


def sigmoid(a):
    return 1 / (1 + np.exp(-a))


def step(x, h, c, W, b, order=(0, 1, 2, 3), write=np.tanh, bias=1):
    a = np.split(W @ np.concatenate([x, h]) + bias * b, 4)
    i, f, g, o = (a[k] for k in order)
    c = sigmoid(f) * c + sigmoid(i) * write(g)
    return np.concatenate([sigmoid(o) * np.tanh(c), c])


def step_by_rows(x, h, c, W, b):
    D, H = len(x), len(h)
    a = (W[:, :D] @ x + W[:, D:] @ h + b).reshape(4, H)
    i, f, o = (0.5 + 0.5 * np.tanh(a[k] / 2) for k in (0, 1, 3))
    cell = f * c + i * np.tanh(a[2])
    return np.hstack([o * np.tanh(cell), cell])


def not_squashed(x, h, c, W, b):
    y = step(x, h, c, W, b)
    return np.concatenate([y[:3] / np.tanh(y[3:]) * y[3:], y[3:]])


def old_cell_shown(x, h, c, W, b):
    y = step(x, h, c, W, b)
    return np.concatenate([y[:3] / np.tanh(y[3:]) * np.tanh(c), y[3:]])


def forget(gh, gc, c, i, f, g, o):
    shown = np.tanh(f * c + i * g)
    return (gc + gh * o * (1 - shown**2)) * c * f * (1 - f)


def forget_in_parts(gh, gc, c, i, f, g, o):
    through_h = gh * o / np.cosh(f * c + i * g) ** 2
    slope = f - f * f
    return c * slope * through_h + c * slope * gc


def log_softmax(z, axis=1):
    return z - np.log(np.exp(z).sum(axis=axis, keepdims=True))


def length(words):
    return int(np.argmax(words == 0)) + 1


def log_p(z, words):
    n = length(words)
    return log_softmax(z)[np.arange(n), words[:n]].sum()


def log_p_of_product(z, words):
    p = 1.0
    for row, word in zip(z, words):
        p *= np.exp(row[word] - row.max()) / np.exp(row - row.max()).sum()
        if word == 0:
            return np.log(p)


def words_only(z, words):
    n = length(words) - 1
    return log_softmax(z)[np.arange(n), words[:n]].sum()


def back(z, words):
    said = np.arange(len(z)) < length(words)
    return (np.eye(z.shape[1])[words] - np.exp(log_softmax(z))) * said[:, None]


def back_row_by_row(z, words):
    g = np.zeros_like(z)
    for t, word in enumerate(words):
        g[t] = -np.exp(z[t]) / np.exp(z[t]).sum()
        g[t, word] += 1
        if word == 0:
            break
    return g


def everywhere(z, words):
    return np.eye(z.shape[1])[words] - np.exp(log_softmax(z))


def of_p(z, words):
    p = np.exp(log_softmax(z))[np.arange(len(z)), words]
    return back(z, words) * p[:, None]


SOLUTIONS = {
    "22.1": {
        "right": [step, step_by_rows],
        "wrong": {
            "gates in the order i, f, o, g": lambda *a: step(*a, order=(0, 1, 3, 2)),
            "keep and write exchanged": lambda *a: step(*a, order=(1, 0, 2, 3)),
            "a sigmoid for g": lambda *a: step(*a, write=sigmoid),
            "no tanh for g": lambda *a: step(*a, write=lambda g: g),
            "no bias": lambda *a: step(*a, bias=0),
            "[h, x]": lambda x, h, c, W, b: step(h, x, c, W, b),
            "c' in front of h'": lambda *a: np.roll(step(*a), 3),
            "the cell shown without tanh": not_squashed,
            "the old cell is shown": old_cell_shown,
            "nothing kept": lambda x, h, c, W, b: step(x, h, 0 * c, W, b),
        },
    },
    "22.2": {
        "right": [forget, forget_in_parts],
        "wrong": {
            "not through h'": lambda gh, gc, *a: forget(0 * gh, gc, *a),
            "not through c'": lambda gh, gc, *a: forget(gh, 0 * gc, *a),
            "no slope of the sigmoid": lambda gh, gc, c, i, f, g, o: (
                forget(gh, gc, c, i, f, g, o) / (f * (1 - f))
            ),
            "slope of tanh for f": lambda gh, gc, c, i, f, g, o: (
                forget(gh, gc, c, i, f, g, o) / (f * (1 - f)) * (1 - f**2)
            ),
            "no output gate": lambda gh, gc, c, i, f, g, o: forget(gh, gc, c, i, f, g, np.ones_like(o)),
            "no slope of the shown tanh": lambda gh, gc, c, i, f, g, o: (gc + gh * o) * c * f * (1 - f),
            "the input gate's": lambda gh, gc, c, i, f, g, o: forget(gh, gc, c, i, f, g, o) / c * g,
            "sign": lambda *a: -forget(*a),
            "at the old cell": lambda gh, gc, c, i, f, g, o: forget(gh, gc, c, i, f, g, o) / (c * (1 - f)),
        },
    },
    "22.3": {
        "right": [log_p, log_p_of_product],
        "wrong": {
            "full stops that fill up": lambda z, w: log_softmax(z)[np.arange(len(w)), w].sum(),
            "without its full stop": words_only,
            "the mean": lambda z, w: log_p(z, w) / length(w),
            "the probability": lambda z, w: np.exp(log_p(z, w)),
            "sum of scores": lambda z, w: z[np.arange(length(w)), w[: length(w)]].sum(),
            "softmax over steps": lambda z, w: log_softmax(z, axis=0)[
                np.arange(length(w)), w[: length(w)]
            ].sum(),
            "one step late": lambda z, w: log_p(np.roll(z, 1, axis=0), w),
            "rows and columns": lambda z, w: log_p(z.T, w),
            "sign": lambda z, w: -log_p(z, w),
            "in base 2": lambda z, w: log_p(z, w) / np.log(2),
        },
    },
    "22.4": {
        "right": [back, back_row_by_row],
        "wrong": {
            "behind the full stop, too": everywhere,
            "one-hot alone": lambda z, w: np.eye(z.shape[1])[w] * (np.arange(len(w)) < length(w))[:, None],
            "softmax minus one-hot": lambda z, w: -back(z, w),
            "of the probability": of_p,
            "without the full stop": lambda z, w: back(z, w) * (np.arange(len(w)) < length(w) - 1)[:, None],
            "transposed": lambda z, w: back(z, w).T,
            "the mean": lambda z, w: back(z, w) / length(w),
            "softmax over steps": lambda z, w: (
                back(z, w) + np.exp(log_softmax(z)) - np.exp(log_softmax(z, axis=0))
            ),
            "one step late": lambda z, w: np.roll(back(z, w), 1, axis=0),
        },
    },
}
