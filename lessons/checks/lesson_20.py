"""Lesson 20: the truths are made number by number; products are counted."""

import math

import numpy as np

from lessons.exercises import exercise


class Number:
    """A number that counts its products with numbers of the other kind.  kind: "d",
    "g", or "" for what such a product gave.
    """

    def __init__(self, value, kind, counted):
        self.value, self.kind, self.counted = float(value), kind, counted

    def __float__(self):
        return self.value

    def _new(self, value, other, sign=1):
        return Number(value, self.kind or getattr(other, "kind", ""), self.counted)

    def __add__(self, other):
        return self._new(self.value + float(other), other)

    def __sub__(self, other):
        return self._new(self.value - float(other), other)

    def __rsub__(self, other):
        return self._new(float(other) - self.value, other)

    def __neg__(self):
        return self._new(-self.value, self)

    def __mul__(self, other):
        if isinstance(other, Number) and {self.kind, other.kind} == {"d", "g"}:
            self.counted.append(1)
            return Number(self.value * other.value, "", self.counted)
        return self._new(self.value * float(other), other)

    def __truediv__(self, other):
        return self._new(self.value / float(other), other)

    __radd__, __rmul__ = __add__, __mul__


@exercise(
    "20.1",
    "Winograd's two outputs",
    "the four products m1 to m4 of the text, and y0 = m1 + m2 + m3, y1 = m2 - m3 - m4",
)
def two_outputs(f, random):
    counted, d, g = [], random.normal(size=4), random.normal(size=3)
    answer = f(
        [Number(v, "d", counted) for v in d], [Number(v, "g", counted) for v in g]
    )
    truth = [sum(d[i + u] * g[u] for u in range(3)) for i in range(2)]
    yield "outputs", [float(v) for v in np.ravel(np.asarray(answer, object))], truth
    yield "products", len(counted), 4


@exercise(
    "20.2",
    "counting multiplications",
    "ceil(h / m) times ceil(w / m) tiles, (m + 2)**2 each",
)
def multiplications(f, random):
    for h, w, m in [
        (7, 10, 2),
        (8, 9, 4),
        (13, 4, 4),
        (int(random.integers(5, 30)), int(random.integers(31, 60)), 3),
    ]:
        tiles = sum(1 for i in range(0, h, m) for j in range(0, w, m))
        yield f"{h} x {w}, tiles of {m}", f(h, w, m), tiles * math.prod((m + 2, m + 2))


@exercise("20.3", "gates that flip", "(a > 0) != (b > 0), counted")
def flipped(f, random):
    a = random.integers(-2, 3, (6, 7)).astype(float)
    b = a + random.choice([0, 0, 0.5, -0.5, 1, -1], (6, 7))
    a[0, :4], b[0, :4] = [0, 0, 1e-9, -1e-9], [1e-9, -1e-9, 0, 0]
    yield "flips", f(a, b), sum((u > 0) != (v > 0) for u, v in zip(a.flat, b.flat))
    closed, opened = np.zeros((2, 3)), np.abs(random.normal(size=(2, 3)))
    yield "flips from 0", f(closed, opened), 6
