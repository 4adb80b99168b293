"""Lesson 7: the truths are loops over pixels, and an integral done by hand."""

from lessons.exercises import exercise


@exercise(
    "7.1",
    "the saliency map",
    "magnitudes first, and then the largest over the channels, axis 0",
)
def my_saliency(f, random):
    w = random.normal(size=(3, 3, 4))
    w[:, 0, 0] = [-3, 1, 2]  # the largest magnitude is negative
    yield (
        "map",
        f(w),
        [[max(abs(w[k, i, j]) for k in range(3)) for j in range(4)] for i in range(3)],
    )


@exercise("7.2", "the line", "the score at I0, plus the sum of w (I - I0)")
def taylor(f, random):
    w, I0, I = random.normal(size=(3, 2, 3, 4))
    s0 = random.normal() + 3
    yield (
        "score",
        f(s0, w, I0, I),
        s0 + sum(a * (q - p) for a, p, q in zip(w.flat, I0.flat, I.flat)),
    )


@exercise(
    "7.3",
    "integrated gradients",
    "midpoints: I0 + (k + 1/2)/m (I - I0) for k = 0 .. m - 1",
)
def integrated_gradients(f, random):
    I, I0 = random.normal(size=(2, 2, 3))
    Q, b = random.normal(size=(6, 6)), random.normal(size=(2, 3))
    Q = (
        Q + Q.T
    )  # S(I) = 1/2 I Q I + b I, whose gradient is linear, so that midpoints are exact
    slope = lambda v: (Q @ v.ravel()).reshape(v.shape) + b  # noqa: E731
    truth = (I - I0) * (slope(I) + slope(I0)) / 2
    yield "4 steps", f(slope, I, I0, 4), truth
    yield "1 step", f(slope, I, I0, 1), truth
    cubic = lambda v: 3 * v**2  # noqa: E731
    yield (
        "of a cube",
        f(cubic, I, I0, 2),
        (I - I0) * sum(cubic(I0 + t * (I - I0)) for t in (0.25, 0.75)) / 2,
    )
