"""Lesson 1: right solutions, and wrong ones of the right shape."""

import numpy as np


def gate(x, w, b):
    return 1.0 if np.dot(w, x) + b > 0 else 0.0


def differences(f, v, h=1e-5, divide=2.0, start=1, sign=-1):
    g = np.zeros_like(v)
    for i in range(len(v)):
        e = np.zeros_like(v)
        e[i] = h
        g[i] = (f(v + start * e) + sign * f(v - e)) / (divide * h)
    return g


SOLUTIONS = {
    "1.1": {
        "right": [
            lambda x, w, b, gy: np.where(w @ x + b > 0, gy * w, 0),
            lambda x, w, b, gy: np.array([gy * gate(x, w, b) * wd for wd in w]),
            lambda x, w, b, gy: (gy * gate(x, w, b) * w).astype(np.float32),
        ],
        "wrong": {
            "sign": lambda x, w, b, gy: -gy * gate(x, w, b) * w,
            "no gate": lambda x, w, b, gy: gy * w,
            "gate of the signal": lambda x, w, b, gy: gy * (gy > 0) * w,
            "gate without the bias": lambda x, w, b, gy: gy * gate(x, w, 0) * w,
            "x instead of w": lambda x, w, b, gy: gy * gate(x, w, b) * x,
            "signal forgotten": lambda x, w, b, gy: gate(x, w, b) * w,
            "closed gate inverted": lambda x, w, b, gy: gy * (1 - gate(x, w, b)) * w,
        },
    },
    "1.2": {
        "right": [
            lambda x, w, b, gy: (gy * gate(x, w, b) * x, gy * gate(x, w, b)),
            lambda x, w, b, gy: [gate(x, w, b) * gy * v for v in (x, 1)],
        ],
        "wrong": {
            "sign": lambda x, w, b, gy: (-gy * gate(x, w, b) * x, -gy * gate(x, w, b)),
            "w instead of x": lambda x, w, b, gy: (
                gy * gate(x, w, b) * w,
                gy * gate(x, w, b),
            ),
            "bias times b": lambda x, w, b, gy: (
                gy * gate(x, w, b) * x,
                gy * gate(x, w, b) * b,
            ),
            "bias has no gate": lambda x, w, b, gy: (gy * gate(x, w, b) * x, gy),
            "signal forgotten": lambda x, w, b, gy: (gate(x, w, b) * x, gate(x, w, b)),
        },
    },
    "1.3": {
        "right": [
            lambda x, w, v, gy: gy * (v * np.tanh(w * x) > 0) * v * (1 - np.tanh(w * x) ** 2) * x,
            lambda x, w, v, gy: gy * v * x / np.cosh(w * x) ** 2 if v * w * x > 0 else 0.0,
        ],
        "wrong": {
            "no gate": lambda x, w, v, gy: gy * v * (1 - np.tanh(w * x) ** 2) * x,
            "tanh not squared": lambda x, w, v, gy: (
                gy * (v * np.tanh(w * x) > 0) * v * (1 - np.tanh(w * x)) * x
            ),
            "tanh forgotten": lambda x, w, v, gy: gy * (v * np.tanh(w * x) > 0) * v * x,
            "towards x": lambda x, w, v, gy: (
                gy * (v * np.tanh(w * x) > 0) * v * (1 - np.tanh(w * x) ** 2) * w
            ),
            "tanh at w": lambda x, w, v, gy: gy * (v * np.tanh(w * x) > 0) * v * (1 - np.tanh(w) ** 2) * x,
            "v forgotten": lambda x, w, v, gy: gy * (v * np.tanh(w * x) > 0) * (1 - np.tanh(w * x) ** 2) * x,
            "1 + tanh^2": lambda x, w, v, gy: (
                gy * (v * np.tanh(w * x) > 0) * v * (1 + np.tanh(w * x) ** 2) * x
            ),
        },
    },
    "1.4": {
        "right": [
            lambda f, v: differences(f, v),
            lambda f, v: np.array([(f(v + e) - f(v - e)) / 4e-6 for e in 2e-6 * np.eye(len(v))]),
            lambda f, v: [(f(v + e) - f(v - e)) / 2e-5 for e in 1e-5 * np.eye(len(v))],
            lambda f, v: np.imag([f(v + 1e-30j * e) for e in np.eye(len(v))]) / 1e-30,  # complex step
        ],
        "wrong": {
            "one-sided": lambda f, v: np.array([(f(v + e) - f(v)) / 1e-5 for e in 1e-5 * np.eye(len(v))]),
            "one-sided, tiny step": lambda f, v: np.array(
                [(f(v + e) - f(v)) / 1e-8 for e in 1e-8 * np.eye(len(v))]
            ),
            "divided by h": lambda f, v: differences(f, v, divide=1.0),
            "sign": lambda f, v: -differences(f, v),
            "step too small": lambda f, v: differences(f, v, h=1e-13),
            "step too large": lambda f, v: differences(f, v, h=1e-1),
            "sum instead of difference": lambda f, v: differences(f, v, sign=1),
        },
    },
}
