"""Lesson 1: the truth is a central difference of the neuron itself."""

import numpy as np

from lessons.exercises import central, exercise, parts


def neuron(x, w, b):
    return max(sum(wd * xd for wd, xd in zip(w, x)) + b, 0)


def open_neuron(random):
    """x, w (4,), b with z = w x + b = 1 where the gate would be closed without b, and
    gy.
    """
    x, w = random.normal(size=(2, 4))
    w = w if w @ x < 0 else -w
    return x, w, 1 - w @ x, random.normal()


@exercise(
    "1.1",
    "the backward pass to the inputs",
    "the signal passes the gate [z > 0], and then the product: times the other factor",
)
def neuron_gx(f, random):
    x, w, b, gy = open_neuron(random)
    shut = -abs(w @ x) - 3
    yield "gx", f(x, w, b, gy), gy * central(lambda x: neuron(x, w, b), x)
    yield (
        "1 + gx behind a closed gate",
        1 + np.asarray(f(x, w, shut, gy)),
        1 + gy * central(lambda x: neuron(x, w, shut), x),
    )


@exercise(
    "1.2",
    "the backward pass to weights and bias",
    "gw = gz x, and the bias has the derivative 1: gb = gz",
)
def neuron_gw_gb(f, random):
    x, w, b, gy = open_neuron(random)
    gw, gb = parts(f(x, w, b, gy), "gw", "gb")
    yield "gw", gw, gy * central(lambda w: neuron(x, w, b), w)
    yield "gb", gb, gy * central(lambda b: neuron(x, w, b), b)
    gw, gb = parts(f(x, w, b - 9, gy), "gw", "gb")
    yield (
        "1 + gw behind a closed gate",
        1 + np.asarray(gw),
        1 + gy * central(lambda w: neuron(x, w, b - 9), w),
    )
    yield (
        "1 + gb behind a closed gate",
        1 + gb,
        1 + gy * central(lambda b: neuron(x, w, b), b - 9),
    )


@exercise(
    "1.3",
    "a chain of four operations",
    "go back one operation at a time: gate, product with v, tanh, product with x",
)
def two_layers_gw(f, random):
    x, w, v, gy = random.uniform(0.4, 1.3, 4)
    yield "gw", f(x, w, v, gy), gy * central(lambda w: max(v * np.tanh(w * x), 0), w)
    yield (
        "1 + gw behind a closed gate",
        1 + f(x, w, -v, gy),
        1 + gy * central(lambda w: max(-v * np.tanh(w * x), 0), w),
    )


@exercise(
    "1.4",
    "central differences",
    "f(v + h) - f(v - h), divided by twice the step; one coordinate at a time; h near "
    "1e-5",
)
def my_central(f, random):
    v, a = random.normal(size=3), np.array([0.3, -1.2, 0.8])
    slope = a * np.exp(a @ v) + np.array([3 * v[0] ** 2, 0, 0])
    yield "df/dv", f(lambda v: np.exp(a @ v) + v[0] ** 3, v), slope
    # a large value of which the difference takes digits: no one-sided step is right
    size = 100 * np.abs(slope).max()
    yield "df/dv of a large f", f(lambda v: size + np.exp(a @ v) + v[0] ** 3, v), slope
