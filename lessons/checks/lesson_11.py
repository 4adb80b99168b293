"""Lesson 11: the truths are what the shifted or scaled network really computes."""

import numpy as np

from lessons.exercises import central, exercise


@exercise(
    "11.1",
    "the bias that takes the shift away",
    "inside, every tap sees s_k more: b_f minus the sum over k, u, v of W s_k",
)
def compensated(f, random):
    b, W, s = (
        random.normal(size=4),
        random.normal(size=(4, 4, 3, 2)),
        random.normal(size=4),
    )
    lost = [
        sum(W[g, k, u, v] * s[k] for k in range(4) for u in range(3) for v in range(2))
        for g in range(4)
    ]
    yield "b'", f(b, W, s), b - lost


@exercise(
    "11.2",
    "the map of the shifted network",
    "alpha stays; sum_k alpha_k (A^k + s_k) = L + one number",
)
def shifted_map(f, random):
    A, (alpha, s) = random.normal(size=(4, 3, 2)), random.normal(size=(2, 4))
    L = np.einsum("k,kij->ij", alpha, A)
    yield "map", f(L, alpha, s), np.einsum("k,kij->ij", alpha, A + s[:, None, None])


@exercise(
    "11.3",
    "the map of the scaled network",
    "the next layer divides by t_k, so the derivative does, too",
)
def scaled_map(f, random):
    A, w, t = (
        random.normal(size=(3, 3, 2)),
        random.normal(size=(3, 3, 2)),
        random.uniform(0.5, 3, 3),
    )
    head = lambda A: (w * np.tanh(A)).sum()  # noqa: E731
    dA = w * (1 - np.tanh(A) ** 2)
    scaled = t[:, None, None] * A
    d_scaled = central(lambda B: head(B / t[:, None, None]), scaled)
    yield "map", f(A, dA, t), np.einsum("k,kij->ij", d_scaled.mean(axis=(1, 2)), scaled)
