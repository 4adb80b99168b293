"""Lesson 8: the truth is written number by number, from the papers' words."""

import numpy as np

from lessons.exercises import exercise, parts


def numbers(rule, x, gy):
    return np.array([rule(a, g) for a, g in zip(x.ravel(), gy.ravel())]).reshape(
        x.shape
    )


@exercise(
    "8.1",
    "three gates",
    "x > 0 and gy > 0 are arrays of True and False; multiplying by them is gating",
)
def three_rules(f, random):
    x, gy = random.normal(size=(2, 4, 5))
    x[0, 0], gy[1, 1] = 0.0, 0.0  # at 0 every gate is closed
    names = ("backprop", "deconvnet", "guided")
    answers = parts(f(x, gy), *names)
    rules = [
        lambda a, g: g if a > 0 else 0,
        lambda a, g: g if g > 0 else 0,
        lambda a, g: g if a > 0 and g > 0 else 0,
    ]
    for name, answer, rule in zip(names, answers, rules):
        yield name, answer, numbers(rule, x, gy)


def two_layers(random):
    """A network in which every gate of both kinds is both open and closed somewhere."""
    while True:
        x, U, V, w = (
            random.normal(size=4),
            random.normal(size=(6, 4)),
            random.normal(size=(5, 6)),
            random.normal(size=5),
        )
        h = U @ x
        z = V @ np.maximum(h, 0)
        arrives = np.maximum(w * (z > 0), 0) @ V
        cases = [(a > 0, g > 0) for a, g in zip(np.r_[h, z], np.r_[arrives, w])]
        if {(0, 0), (0, 1), (1, 0), (1, 1)} <= set(cases[:6]) and {
            (0, 1),
            (1, 0),
        } <= set(cases[6:]):
            return x, U, V, w


def walk(U, V, w, h, z, gate):
    """Every unit by itself."""
    at_z = [gate(a, g) for a, g in zip(z, w)]
    at_h = [
        gate(h[e], sum(at_z[f] * V[f, e] for f in range(len(z)))) for e in range(len(h))
    ]
    return np.array(
        [sum(at_h[e] * U[e, d] for e in range(len(h))) for d in range(U.shape[1])]
    )


@exercise(
    "8.2",
    "guided backprop through two layers",
    "w -> gate of V's ReLU (input and signal) -> times V -> gate of U's ReLU -> times "
    "U",
)
def guided_two_layers(f, random):
    x, U, V, w = two_layers(random)
    h = U @ x
    truth = walk(
        U, V, w, h, V @ np.maximum(h, 0), lambda a, g: g if a > 0 and g > 0 else 0
    )
    yield "guided", f(x, U, V, w), truth


@exercise(
    "8.3",
    "deconvnet through two layers",
    "only the signal is gated: max(w, 0), times V, max(.., 0), times U; no gate after "
    "U",
)
def deconvnet_two_layers(f, random):
    truth = np.zeros(4)
    while not truth.any():
        x, U, V, w = two_layers(random)
        truth = walk(U, V, w, U @ x, w, lambda a, g: g if g > 0 else 0)
    yield "deconvnet", f(U, V, w), truth


@exercise("8.4", "rectified gradient", "the gate is one comparison, x * gy > tau")
def rectified_gradient(f, random):
    x, gy = random.normal(size=(2, 4, 5))
    yield "gx", f(x, gy, 0.2), numbers(lambda a, g: g if a * g > 0.2 else 0, x, gy)
    x[0, :2], gy[0, :2] = (0.5, -2), (0.5, -1)  # products of tau, and of more
    truth = numbers(lambda a, g: g if a * g > 0.25 else 0, x, gy)
    yield "gx with a product of tau", f(x, gy, 0.25), truth
