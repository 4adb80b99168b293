"""Lesson 8: right solutions, and wrong ones of the right shape."""

import numpy as np


def positive(v):
    return np.maximum(v, 0)


def guided(x, U, V, w, forward=(True, True), signal=(True, True), last=False):
    h = U @ x
    z = V @ positive(h)
    g = w * (z > 0) if forward[1] else w
    g = positive(g) if signal[1] else g
    g = g @ V
    g = g * (h > 0) if forward[0] else g
    g = positive(g) if signal[0] else g
    return positive(g @ U) if last else g @ U


def guided_by_where(x, U, V, w):
    h = U @ x
    at_z = np.where((V @ (h * (h > 0)) > 0) & (w > 0), w, 0.0)
    at_h = V.T @ at_z
    return U.T @ np.where((h > 0) & (at_h > 0), at_h, 0.0)


def rules(back, deconv, both):
    return lambda x, gy: (back(x, gy), deconv(x, gy), both(x, gy))


B, D, G = (
    (lambda x, gy: gy * (x > 0)),
    (lambda x, gy: positive(gy)),
    (lambda x, gy: positive(gy) * (x > 0)),
)

SOLUTIONS = {
    "8.1": {
        "right": [
            rules(B, D, G),
            lambda x, gy: (
                np.where(x > 0, gy, 0),
                np.where(gy > 0, gy, 0),
                np.where(np.minimum(x, gy) > 0, gy, 0),
            ),
        ],
        "wrong": {
            "backprop and deconvnet exchanged": rules(D, B, G),
            "guided is plain": rules(B, D, B),
            "guided gates by the product": rules(B, D, lambda x, gy: gy * (x * gy > 0)),
            "magnitude instead of gate": rules(B, lambda x, gy: np.abs(gy), G),
            "passes the input": rules(B, D, lambda x, gy: positive(x) * (gy > 0)),
            "at 0 the gate is open": rules(lambda x, gy: gy * (x >= 0), D, G),
            "signs only": rules(B, lambda x, gy: (gy > 0) * 1.0, G),
            "either instead of both": rules(B, D, lambda x, gy: gy * ((x > 0) | (gy > 0))),
        },
    },
    "8.2": {
        "right": [guided, guided_by_where],
        "wrong": {
            "plain backprop": lambda *a: guided(*a, signal=(False, False)),
            "deconvnet": lambda *a: guided(*a, forward=(False, False)),
            "upper signal gate missing": lambda *a: guided(*a, signal=(True, False)),
            "lower signal gate missing": lambda *a: guided(*a, signal=(False, True)),
            "lower forward gate missing": lambda *a: guided(*a, forward=(False, True)),
            "upper forward gate missing": lambda *a: guided(*a, forward=(True, False)),
            "a gate at the picture": lambda *a: guided(*a, last=True),
            "positive part of the gradient": lambda *a: positive(guided(*a, signal=(False, False))),
        },
    },
    "8.3": {
        "right": [
            lambda U, V, w: positive(positive(w) @ V) @ U,
            lambda U, V, w: U.T @ (V.T @ (w * (w > 0))).clip(min=0),
        ],
        "wrong": {
            "no gates": lambda U, V, w: w @ V @ U,
            "upper gate missing": lambda U, V, w: positive(w @ V) @ U,
            "lower gate missing": lambda U, V, w: positive(w) @ V @ U,
            "a gate at the picture": lambda U, V, w: positive(positive(positive(w) @ V) @ U),
            "gates of the weights": lambda U, V, w: w @ positive(V) @ positive(U),
            "sign": lambda U, V, w: -positive(positive(w) @ V) @ U,
            "negative signals instead": lambda U, V, w: np.minimum(np.minimum(w, 0) @ V, 0) @ U,
        },
    },
    "8.4": {
        "right": [
            lambda x, gy, tau: np.where(x * gy > tau, gy, 0),
            lambda x, gy, tau: gy * (gy * x - tau > 0),
        ],
        "wrong": {
            "threshold on the signal": lambda x, gy, tau: gy * (gy > tau),
            "threshold on the input": lambda x, gy, tau: gy * (x > tau),
            "no threshold": lambda x, gy, tau: gy * (x * gy > 0),
            "passes at the threshold": lambda x, gy, tau: gy * (x * gy >= tau),
            "magnitude": lambda x, gy, tau: gy * (np.abs(x * gy) > tau),
            "passes the product": lambda x, gy, tau: x * gy * (x * gy > tau),
            "guided": lambda x, gy, tau: G(x, gy),
        },
    },
}
