"""Lesson 6: right solutions, and wrong ones of the right shape."""

import numpy as np


def momentum_step(w, g, v, rate, momentum):
    v = momentum * v + g
    return w - rate * v, v


def adam_step(w, g, m, v, rate, t, b1=0.9, b2=0.999, correct=(True, True), root=np.sqrt, sign=-1):
    m, v = b1 * m + (1 - b1) * g, b2 * v + (1 - b2) * g**2
    m_hat = m / (1 - b1**t) if correct[0] else m
    v_hat = v / (1 - b2**t) if correct[1] else v
    return w + sign * rate * m_hat / (root(v_hat) + 1e-8), m, v


def adam_by_parts(w, g, m, v, rate, t):
    m = m + (g - m) / 10
    v = v + (g * g - v) / 1000
    return (
        w - rate / (1 - 0.9**t) * m / (np.sqrt(v) / np.sqrt(1 - 0.999**t) + 1e-8),
        m,
        v,
    )


SOLUTIONS = {
    "6.1": {
        "right": [
            momentum_step,
            lambda w, g, v, rate, momentum: (
                w - rate * momentum * v - rate * g,
                g + v * momentum,
            ),
        ],
        "wrong": {
            "uphill": lambda w, g, v, r, k: (w + r * (k * v + g), k * v + g),
            "old v": lambda w, g, v, r, k: (w - r * v, k * v + g),
            "no momentum": lambda w, g, v, r, k: (w - r * g, k * v + g),
            "rate inside v": lambda w, g, v, r, k: (w - (k * v + r * g), k * v + r * g),
            "moving mean": lambda w, g, v, r, k: (
                w - r * (k * v + (1 - k) * g),
                k * v + (1 - k) * g,
            ),
            "momentum on g": lambda w, g, v, r, k: (w - r * (v + k * g), v + k * g),
        },
    },
    "6.2": {
        "right": [adam_step, adam_by_parts],
        "wrong": {
            "m not corrected": lambda *a: adam_step(*a, correct=(False, True)),
            "v not corrected": lambda *a: adam_step(*a, correct=(True, False)),
            "nothing corrected": lambda *a: adam_step(*a, correct=(False, False)),
            "eps inside the root": lambda *a: adam_step(*a, root=lambda v: np.sqrt(v + 1e-8) - 1e-8),
            "no eps": lambda *a: adam_step(*a, root=lambda v: np.sqrt(v) - 1e-8),
            "no root": lambda *a: adam_step(*a, root=lambda v: v),
            "uphill": lambda *a: adam_step(*a, sign=1),
            "betas exchanged": lambda *a: adam_step(*a, b1=0.999, b2=0.9),
            "t one behind": lambda w, g, m, v, rate, t: adam_step(w, g, m, v, rate, t + 1),
            "beta2 0.99": lambda *a: adam_step(*a, b2=0.99),
        },
    },
    "6.3": {
        "right": [
            lambda F, C, kh, kw: np.sqrt(2 / (C * kh * kw)),
            lambda F, C, kh, kw: (np.zeros((F, C, kh, kw))[0].size / 2) ** -0.5,
        ],
        "wrong": {
            "variance": lambda F, C, kh, kw: 2 / (C * kh * kw),
            "outputs instead of inputs": lambda F, C, kh, kw: np.sqrt(2 / (F * kh * kw)),
            "all weights": lambda F, C, kh, kw: np.sqrt(2 / (F * C * kh * kw)),
            "channels only": lambda F, C, kh, kw: np.sqrt(2 / C),
            "without the ReLU's factor 2": lambda F, C, kh, kw: np.sqrt(1 / (C * kh * kw)),
            "both ends": lambda F, C, kh, kw: np.sqrt(2 / ((C + F) * kh * kw)),
        },
    },
}
