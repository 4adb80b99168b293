"""The values of the operators, in loops or by NumPy's own functions: of numbers and of signals."""

import itertools
import math

import numpy as np
import pytest

from minicnn import Tensor
from weights import WeightsError
from weights.graphs.operators import (
    activations,
    arithmetic,
    products,
    recurrent,
    reductions,
    resizing,
    sampling,
    scattering,
    shapes,
    windows,
)
from weights.graphs.operators import normalisation as norms

RANDOM = np.random.default_rng(7)
X = RANDOM.standard_normal((2, 4, 5, 6))
I = RANDOM.integers(-9, 9, (3, 4))
K = slice(None)


def both(f, *arrays):
    """f of numbers, once f of signals has been found to be the same."""
    found = f(*arrays)
    signal = f(*(Tensor(a) if isinstance(a, np.ndarray) and a.dtype.kind == "f" else a for a in arrays))
    one = lambda v: v.data if isinstance(v, Tensor) else v  # noqa: E731
    for a, b in zip(found, signal) if isinstance(found, tuple) else [(found, signal)]:
        np.testing.assert_allclose(one(b), one(a), rtol=1e-12, atol=1e-13)
    return tuple(map(one, found)) if isinstance(found, tuple) else one(found)


def same(found, expected, dtype=None):
    assert np.shape(found) == np.shape(expected) and (dtype is None or found.dtype == dtype)
    np.testing.assert_allclose(found, expected, rtol=1e-10, atol=1e-12)


# --- value by value


def test_whole_numbers_are_divided_as_c_divides_them():
    x, z = np.array([7, -7, 7, -7], np.int32), np.array([2, 2, -2, -2], np.int32)
    same(arithmetic.divide(x, z), [3, -3, -3, 3], np.int32)
    same(arithmetic.divide(np.array([0, 1, -1]), np.array([-2, 2, 2])), [0, 0, 0], np.int64)
    same(arithmetic.divide(abs(x).astype(np.uint8), np.uint8(2)), [3] * 4, np.uint8)
    same(both(arithmetic.divide, X, 2 + abs(X)), X / (2 + abs(X)))


def test_powers_and_roots():
    positive = abs(X) + 0.1
    for z in (2.0, 0.5, 3.0, -1.0):
        same(both(lambda x, z=z: arithmetic.power(x, np.asarray(z)), positive), positive**z)
    same(both(arithmetic.power, positive, X), positive**X)
    same(both(arithmetic.power, X[0, 0, 0], np.full((3, 1), 2.0)), np.stack([X[0, 0, 0] ** 2] * 3))
    same(arithmetic.power(np.array([2, 3]), np.array([3.0, 2.0])), [8, 9], np.int64)
    same(arithmetic.power(np.array([4.0], np.float32), np.array([0.5])), [2], np.float32)
    same(both(arithmetic.reciprocal, positive), 1 / positive)
    same(both(arithmetic.inverse_square_root, positive), positive**-0.5)
    same(both(arithmetic.binary_logarithm, positive), np.log2(positive))
    same(both(arithmetic.negative, X), -X)


def test_of_several():
    a, b, c = X[0], X[1], X[0, ::-1]
    same(both(arithmetic.maximum, a, b, c), np.max([a, b, c], axis=0))
    same(both(arithmetic.minimum, a, b, c), np.min([a, b, c], axis=0))
    same(both(arithmetic.sum_of, a, b, c), a + b + c)
    same(both(arithmetic.mean_of, a, b, c), (a + b + c) / 3)
    same(both(arithmetic.subtract, a, b), a - b)
    same(both(lambda x, z: arithmetic.where(a > 0, x, z), a, b), np.where(a > 0, a, b))
    same(both(arithmetic.modulo, a, b), a - b * np.floor(a / b))
    same(both(lambda x, z: arithmetic.modulo(x, z, fmod=1), a, b), a - b * np.trunc(a / b))
    ends = np.array([np.inf, -np.inf, 0, np.nan])
    for low, high, found in ((1, 1, [1, 1, 0, 0]), (0, 1, [1, 0, 0, 0]), (1, 0, [0, 1, 0, 0])):
        same(arithmetic.is_infinite(ends, detect_negative=low, detect_positive=high), found)
    same(arithmetic.shifted(np.array([1, 4]), np.array([2, 1])), [4, 8])
    same(arithmetic.shifted(np.array([16, 4]), np.array([2, 1]), direction="RIGHT"), [4, 2])


@pytest.mark.parametrize("name", [*arithmetic.TRIGONOMETRY])
def test_trigonometry(name):
    x = X[0] / 5 + (1.5 if name == "Acosh" else 0)
    x = (
        np.clip(x, -0.9, 0.9)
        if name in ("Asin", "Acos", "Atanh")
        else np.maximum(x, 1)
        if name == "Acosh"
        else x
    )
    same(
        arithmetic.TRIGONOMETRY[name]()(x),
        getattr(np, name.lower().replace("a", "arc", 1) if name[0] == "A" else name.lower())(x),
    )


def test_comparisons_and_steps():
    a, b = np.array([1, 2, 3.0]), np.array([3, 2, 1.0])
    found = {name: f(a, b).astype(int).tolist() for name, f in arithmetic.COMPARISONS.items()}
    assert found == {
        "Equal": [0, 1, 0], "Greater": [0, 0, 1], "Less": [1, 0, 0], "GreaterOrEqual": [0, 1, 1],
        "LessOrEqual": [1, 1, 0],
    }  # fmt: skip
    p, q = np.array([True, True, False, False]), np.array([True, False, True, False])
    logic = {"And": [1, 0, 0, 0], "Or": [1, 1, 1, 0], "Xor": [0, 1, 1, 0]}
    assert {n: arithmetic.STEPS[n](p, q).astype(int).tolist() for n in logic} == logic
    bits = {"BitwiseAnd": 8, "BitwiseOr": 14, "BitwiseXor": 6}
    assert {n: int(arithmetic.STEPS[n](12, 10)) for n in bits} == bits and arithmetic.STEPS["BitwiseNot"](
        5
    ) == -6
    steps = {"Sign": [-1, 1], "Floor": [-2, 2], "Ceil": [-1, 3], "Round": [-2, 2], "IsNaN": [0, 0]}
    assert {n: arithmetic.STEPS[n](np.array([-1.5, 2.5])).tolist() for n in steps} == steps
    assert arithmetic.STEPS["Not"](p).tolist() == [False, False, True, True]


def test_activations_with_settings():
    x = np.array([-3.0, -1, -0.5, 0, 0.25, 0.5, 2, 9])
    sigmoid = lambda v: 1 / (1 + np.exp(-v))  # noqa: E731
    same(both(activations.leaky_relu, x), np.where(x > 0, x, 0.01 * x))
    same(both(lambda v: activations.swish(v, alpha=1.5), x), x * sigmoid(1.5 * x))
    same(both(activations.swish, x), x * sigmoid(x))
    erf = np.array([math.erf(v / math.sqrt(2)) for v in x])
    same(both(activations.gelu, x), x * (1 + erf) / 2)
    tanh = np.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x**3))
    same(both(lambda v: activations.gelu(v, approximate="tanh"), x), x * (1 + tanh) / 2)
    same(both(lambda v: activations.elu(v, alpha=0.5), x), np.where(x > 0, x, 0.5 * np.expm1(x)))
    same(both(lambda v: activations.elu(v, alpha=0.5, scale=2.0, rate=3.0), x),
         np.where(x > 0, 2 * x, np.expm1(3 * x)))  # fmt: skip
    same(both(activations.selu, x), 1.0507009873554805 * np.where(x > 0, x, 1.6732632423543772 * np.expm1(x)))
    same(both(lambda v: activations.celu(v, alpha=2.0), x), np.where(x > 0, x, 2 * np.expm1(x / 2)))
    same(both(activations.softplus, x), np.log1p(np.exp(x)))
    same(both(lambda v: activations.softplus(v, beta=2.0, threshold=1.5), x),
         np.where(2 * x > 1.5, x, np.log1p(np.exp(2 * x)) / 2))  # fmt: skip
    same(both(activations.mish, x), x * np.tanh(np.log1p(np.exp(x))))
    same(both(activations.log_sigmoid, x), np.log(sigmoid(x)))
    same(both(activations.softsign, x), x / (1 + abs(x)))
    same(both(activations.hard_sigmoid, x), np.clip(0.2 * x + 0.5, 0, 1))
    same(both(activations.hard_swish, x), x * np.clip(x / 6 + 0.5, 0, 1))
    same(both(activations.threshold, x), np.where(x > 1, x, 0))
    same(both(lambda v: activations.threshold(v, at=0.25, value=-7.0), x), np.where(x > 0.25, x, -7))
    same(both(lambda v: activations.threshold(v, at=0, value=0), x), np.maximum(x, 0))
    same(both(activations.shrink, x), np.where(abs(x) > 0.5, x, 0))
    same(both(lambda v: activations.shrink(v, at=1.0, bias=0.25), x),
         np.where(x > 1, x - 0.25, np.where(x < -1, x + 0.25, 0)))  # fmt: skip
    same(activations.shrink(np.array([-2, 0, 3]), at=1, bias=1), [-1, 0, 2], np.int64)
    same(both(lambda v: activations.clip(v, low=-1, high=2), x), np.clip(x, -1, 2))
    same(both(lambda v: activations.clip(v, low=-1), x), np.maximum(x, -1))
    same(both(lambda v: activations.clip(v, high=2), x), np.minimum(x, 2))
    same(activations.clip(np.array([1, 5, 9]), low=2, high=8), [2, 5, 8], np.int64)
    assert activations.clip(x) is x
    same(both(lambda v: activations.glu(v, axis=1), X), X[:, :2] * sigmoid(X[:, 2:]))
    same(both(activations.glu, X), X[..., :3] * sigmoid(X[..., 3:]))
    slopes = np.array([0.1, 0.2, 0.3, 0.4])
    same(both(activations.prelu, X, slopes), np.where(X > 0, X, slopes[:, None, None] * X))
    same(both(activations.prelu, X, np.arange(6.0)), np.where(X > 0, X, np.arange(6) * X))
    same(both(activations.prelu, X, np.array([0.5])), np.where(X > 0, X, 0.5 * X))
    same(both(activations.absolute, X), abs(X))


# --- along axes


@pytest.mark.parametrize("axes", [None, (1,), (-1, 0), (2, 3), (-2, -1)])
@pytest.mark.parametrize("keepdims", [True, False])
def test_reductions(axes, keepdims):
    how, over = {"axes": axes, "keepdims": keepdims}, {"axis": axes, "keepdims": keepdims}
    of = lambda f: both(lambda x: f(x, **how), X)  # noqa: E731
    same(of(reductions.mean), X.mean(**over))
    same(of(reductions.total), X.sum(**over))
    same(of(reductions.largest), X.max(**over))
    same(of(reductions.smallest), X.min(**over))
    same(of(reductions.product), X.prod(**over))
    same(of(reductions.l1), abs(X).sum(**over))
    same(of(reductions.l2), np.sqrt((X**2).sum(**over)))
    same(of(reductions.sum_of_squares), (X**2).sum(**over))
    same(both(lambda x: reductions.log_of_sum(x, **how), X**2), np.log((X**2).sum(**over)))
    same(of(reductions.log_sum_exp), np.log(np.exp(X).sum(**over)))


def test_reductions_of_whole_numbers_and_of_nothing():
    same(reductions.total(I, axes=(1,), keepdims=False), I.sum(1), I.dtype)
    same(reductions.mean(np.array([[1.0, 4]]), axes=(1,)), [[2.5]])
    none = np.zeros((2, 0, 3))
    for f, value in (
        (reductions.largest, -np.inf),
        (reductions.smallest, np.inf),
        (reductions.log_sum_exp, -np.inf),
    ):
        assert (f(none, axes=(1,)) == np.full((2, 1, 3), value)).all()
        assert f(none, axes=(1,), keepdims=False).shape == (2, 3)
    assert reductions.largest(none.astype(np.int8), axes=(1,)).max() == -128
    assert reductions.smallest(none.astype(np.int8), axes=(1,)).min() == 127
    assert not reductions.largest(none.astype(bool), axes=(1,)).any()
    assert reductions.smallest(none.astype(bool), axes=(1,)).all()
    for axis in (4, -5):
        with pytest.raises(WeightsError, match="are not all among the 4"):
            reductions.total(X, axes=(axis,))
    same(reductions.total(X, axes=(-4, 3)), X.sum((0, 3), keepdims=True))


def test_what_runs_along_an_axis():
    e = np.exp(X - X.max(1, keepdims=True))
    same(both(lambda x: reductions.softmax(x, axis=1), X), e / e.sum(1, keepdims=True))
    same(both(lambda x: reductions.log_softmax(x, axis=1), X), np.log(e / e.sum(1, keepdims=True)))
    assert reductions.softmax(X.astype(np.float16)).dtype == np.float16
    a = np.array([[1.0, 2, 4], [8, 16, 32]])
    same(both(lambda x: reductions.cumulative_sum(x, axis=1), a), [[1, 3, 7], [8, 24, 56]])
    same(both(lambda x: reductions.cumulative_sum(x, axis=1, exclusive=1), a), [[0, 1, 3], [0, 8, 24]])
    same(
        both(lambda x: reductions.cumulative_sum(x, axis=np.array([1]), reverse=1), a),
        [[7, 6, 4], [56, 48, 32]],
    )
    same(
        both(lambda x: reductions.cumulative_sum(x, axis=0, exclusive=1, reverse=1), a),
        [[8, 16, 32], [0, 0, 0]],
    )
    b = np.array([[3.0, 1, 3, 2], [0, 5, 5, -1]])
    for large, values, places in (
        (1, [[3, 3], [5, 5]], [[0, 2], [1, 2]]),
        (0, [[1, 2], [-1, 0]], [[1, 3], [3, 0]]),
    ):
        found, at = both(lambda x, n=large: reductions.top_k(x, k=np.array([2]), axis=1, largest=n), b)
        same(found, values)
        same(at, places)
    same(reductions.top_k(np.array([1, 3, 2], np.uint64), k=2)[0], [3, 2])
    same(reductions.top_k(np.array([-128, 3], np.int8), k=2)[0], [3, -128])
    place = lambda **how: reductions.place_of_largest(b, **how)  # noqa: E731
    same(place(axis=1), [[0], [1]])
    same(place(axis=1, last=1, keepdims=False), [2, 2])
    same(place(axis=0, keepdims=False), [0, 1, 1, 0])
    same(place(axis=1, least=True, keepdims=False), [1, 3])
    same(reductions.place_of_largest(np.array([2, 1, 1]), least=True, last=1), [2])
    same(reductions.hard_max(b), [[1, 0, 0, 0], [0, 1, 0, 0]])
    same(reductions.hard_max(b, axis=0)[0], [1, 0, 0, 1])


# --- normalisation


def test_normalisation():
    g, b = RANDOM.random(4) + 0.5, RANDOM.standard_normal(4)

    def over(x, axes, eps=1e-5):
        return (x - x.mean(axes, keepdims=True)) / np.sqrt(x.var(axes, keepdims=True) + eps)

    C = lambda v: v[:, None, None]  # noqa: E731
    same(both(norms.instance_norm, X, g, b), C(g) * over(X, (2, 3)) + C(b))
    same(both(lambda x: norms.instance_norm(x, epsilon=0.5), X), over(X, (2, 3), 0.5))
    six, seven = RANDOM.random(6), RANDOM.random(6)
    same(both(norms.layer_norm, X, six, seven), six * over(X, (3,)) + seven)
    same(both(lambda x: norms.layer_norm(x, axis=1, epsilon=0.1), X), over(X, (1, 2, 3), 0.1))
    same(both(lambda x: norms.layer_norm(x, axis=-2), X), over(X, (2, 3)))
    rms = lambda axes, eps: X / np.sqrt((X**2).mean(axes, keepdims=True) + eps)  # noqa: E731
    same(both(norms.rms_norm, X, six), six * rms((3,), 1e-5))
    same(both(lambda x: norms.rms_norm(x, axis=2, epsilon=0.2), X), rms((2, 3), 0.2))
    grouped = over(X.reshape(2, 2, 2, 5, 6), (2, 3, 4)).reshape(X.shape)
    same(both(lambda *a: norms.group_norm(*a, groups=2), X, g, b), C(g) * grouped + C(b))
    same(both(lambda *a: norms.group_norm(*a, groups=2), X, g[:2], b[:2]),
         C(g[[0, 0, 1, 1]]) * grouped + C(b[[0, 0, 1, 1]]))  # fmt: skip
    with pytest.raises(WeightsError, match="4 channels are not 3 groups"):
        norms.group_norm(X, groups=3)
    same(both(lambda x: norms.mean_variance(x, epsilon=0.1), X), over(X, (0, 2, 3), 0.1))
    assert [*norms.axes_from(-2, 4)] == [2, 3] and [*norms.axes_from(1, 3)] == [1, 2]
    mean, var = b[::-1].copy(), g[::-1].copy()
    normed = C(g) * (X - C(mean)) / np.sqrt(C(var) + 1e-3) + C(b)
    same(both(lambda x: norms.batch_norm(x, g, b, mean, var, epsilon=1e-3), X), normed)
    shift = Tensor(np.zeros(4))
    computed = lambda v: arithmetic.add(shift, v) if isinstance(v, np.ndarray) else v  # noqa: E731
    same(norms.batch_norm(Tensor(X), g, b, computed(mean), computed(var), epsilon=1e-3).data, normed)
    same(both(norms.batch_norm_training, X, g, b), C(g) * over(X, (0, 2, 3)) + C(b))
    zero = X.copy()
    zero[0, :, 0, 0] = 0
    length = np.sqrt((zero**2).sum(1, keepdims=True))
    same(both(lambda x: norms.lp_normalise(x, axis=1), zero), zero / np.where(length, length, 1))
    same(both(lambda x: norms.lp_normalise(x, p=1), X), X / abs(X).sum(-1, keepdims=True))
    around = np.stack([(X[:, max(0, c - 1) : c + 2] ** 2).sum(1) for c in range(4)], 1)
    expected = X / (2 + 0.3 / 3 * around) ** 0.6
    of = lambda x: norms.local_response(x, size=3, alpha=0.3, beta=0.6, bias=2.0)  # noqa: E731
    same(both(of, X), expected)
    same(both(of, X[..., 0]), expected[..., 0])
    with pytest.raises(WeightsError, match="even number of channels"):
        norms.local_response(X, size=2)


# --- products


def test_matrices_and_vectors():
    A, B, v, w = X[0], X[1].swapaxes(-1, -2), X[0, 0, 0], X[0, 0, :, 0]
    same(both(products.matmul, A, B), A @ B)
    same(both(products.matmul, v, B), v @ B)
    same(both(products.matmul, A, v), A @ v)
    same(both(products.matmul, v, v), v @ v)
    half = products.matmul(A.astype(np.float16), B.astype(np.float16))
    assert half.dtype == np.float16 and w.shape == (5,)
    with pytest.raises(WeightsError, match="are no matrices"):
        products.matmul(Tensor(A), np.array(2.0))
    W, b = RANDOM.standard_normal((7, 6)), RANDOM.standard_normal(7)
    same(both(products.linear, X, W, b), X @ W.T + b)
    same(both(products.linear, X[0, 0], W), X[0, 0] @ W.T)
    x, M = X[0, 0], RANDOM.standard_normal((6, 7))
    for alpha, beta, ta, tb in itertools.product((1.0, 0.5), (1.0, 2.0), (0, 1), (0, 1)):
        how = {"alpha": alpha, "beta": beta, "transA": ta, "transB": tb}
        first, second = x.T.copy() if ta else x, M.T.copy() if tb else M
        same(both(lambda p, q, h=how: products.gemm(p, q, **h), first, second), alpha * x @ M)
        for C in (
            b,
            b[None],
            RANDOM.standard_normal((5, 7)),
            RANDOM.standard_normal((5, 1)),
            np.array([3.0]),
        ):
            same(
                both(lambda p, q, c, h=how: products.gemm(p, q, c, **h), first, second, C),
                alpha * x @ M + beta * C,
            )


@pytest.mark.parametrize(
    ("equation", "sizes"),
    [("ij,jk", [(2, 3), (3, 4)]), ("ba,cb", [(2, 3), (4, 2)]), ("...ij,...jk->...ik", [(5, 2, 3), (3, 4)]),
     ("ii->i", [(3, 3)]), ("ij->", [(2, 3)]), ("i j , j -> i", [(2, 3), (3,)]),
     ("...i,...i", [(2, 3), (2, 1)])],
)  # fmt: skip
def test_sums_over_indices(equation, sizes):
    arrays = [RANDOM.standard_normal(size) for size in sizes]
    same(both(lambda *a: products.einsum(*a, equation=equation), *arrays), np.einsum(equation, *arrays))


def test_attention():
    Q, K, V = (RANDOM.standard_normal(s) for s in ((2, 3, 4), (2, 5, 4), (2, 5, 6)))

    def slow(scale, mask):
        s = np.einsum("bnd,bmd->bnm", Q, K) * scale + mask
        e = np.exp(s - s.max(-1, keepdims=True))
        return e / e.sum(-1, keepdims=True) @ V

    seen, added = RANDOM.random((3, 5)) > 0.4, RANDOM.standard_normal((3, 5))
    seen[:, 0] = True
    later = np.where(np.arange(5) > np.arange(3)[:, None], -np.inf, 0)
    same(both(products.attention, Q, K, V), slow(0.5, 0))
    same(both(lambda *a: products.attention(*a, scale=2.0), Q, K, V), slow(2, 0))
    same(both(lambda *a: products.attention(*a, added), Q, K, V), slow(0.5, added))
    same(both(lambda *a: products.attention(*a, seen), Q, K, V), slow(0.5, np.where(seen, 0, -np.inf)))
    same(both(lambda *a: products.attention(*a, causal=True), Q, K, V), slow(0.5, later))
    same(both(lambda *a: products.attention(*a, added, causal=True), Q, K, V), slow(0.5, added + later))


# --- shapes


def test_other_shapes():
    r = lambda f, **how: both(lambda x: f(x, **how), X)  # noqa: E731
    same(r(shapes.reshape, shape=(4, -1, 3)), X.reshape(4, 20, 3))
    same(r(shapes.flatten), X.reshape(2, 120))
    same(r(shapes.flatten, axis=-1), X.reshape(40, 6))
    same(r(shapes.flatten, axis=0), X.reshape(1, 240))
    one = X[:, :1, :, :1]
    same(both(shapes.squeeze, one), one[:, 0, :, 0])
    same(both(lambda x: shapes.squeeze(x, axes=(-1,)), one), one[..., 0])
    with pytest.raises(WeightsError, match="are not all 1"):
        shapes.squeeze(one, axes=(0,))
    same(r(shapes.unsqueeze, axes=(0, -1)), X[None, ..., None])
    same(r(shapes.unsqueeze, axes=(1,)), X[:, None])
    same(r(shapes.transpose), X.T)
    same(r(shapes.transpose, order=(0, -1, 1, 2)), X.transpose(0, 3, 1, 2))
    same(both(lambda x: shapes.cut(x, slice(1, 3), axis=-1), X), X[..., 1:3])
    same(both(lambda x: shapes.take(x, np.array([[2, 0], [-1, 1]]), axis=2), X), X[:, :, [[2, 0], [-1, 1]]])
    same(both(lambda x: shapes.take(x, np.array(-2), axis=1), X), X[:, -2])
    at = RANDOM.integers(-5, 5, (2, 4, 3, 6))
    same(both(lambda x: shapes.take_elements(x, at, axis=-2), X), np.take_along_axis(X, at, 2))
    same(both(lambda x: shapes.take_blocks(x, np.array([[1, -1], [0, 2]])), X), X[[1, 0], [-1, 2]])
    rows = np.array([[[-1], [0]], [[2], [1]]])
    same(
        both(lambda x: shapes.take_blocks(x, rows, batch_dims=1), X), np.stack([X[0, [-1, 0]], X[1, [2, 1]]])
    )
    same(r(shapes.flip, axes=(1, -1)), X[:, ::-1, :, ::-1])
    same(r(shapes.roll, shifts=(2, -1), axes=(1, 3)), np.roll(X, (2, -1), (1, 3)))
    same(r(shapes.roll, shifts=5), np.roll(X, 5))
    same(both(shapes.concat, X, X[:, :2]), np.concatenate([X, X[:, :2]], 1))
    same(both(shapes.stack, X[0], X[1]), X)
    same(both(lambda *a: shapes.stack(*a, axis=-1), X[0], X[1]), np.stack(X, -1))
    first, second, third = both(lambda x: shapes.split(x, sizes=(1, 3, 2), axis=-1), X)
    same(first, X[..., :1])
    same(second, X[..., 1:4])
    same(third, X[..., 4:])
    for sizes in ((1, 3), ()):
        with pytest.raises(WeightsError, match="are not the 6 of axis"):
            shapes.split(X, sizes=sizes, axis=-1)
    same(
        both(lambda x: shapes.expand(x, shape=(3, 1, 4, 1)), X[:1, :1, :1]),
        np.broadcast_to(X[:1, :1, :1], (3, 1, 4, 6)),
    )
    same(r(shapes.tile, repeats=(2, 1, 3)), np.tile(X, (2, 1, 3)))
    same(r(shapes.tile, repeats=(2, 1, 1, 1, 3)), np.tile(X, (2, 1, 1, 1, 3)))
    for upper, k in itertools.product((0, 1), (-1, 0, np.array([2]))):
        half = (np.triu if upper else np.tril)(X, int(np.reshape(k, ())))
        same(r(shapes.triangle, k=k, upper=upper), half)


def test_borders():
    r = lambda widths, **how: both(lambda x: shapes.pad(x, widths=widths, **how), X)  # noqa: E731
    widths = [(2, 1), (0, 3)]
    for mode in ("edge", "reflect", "wrap"):
        same(r(widths, mode=mode), np.pad(X, [(0, 0)] * 2 + widths, mode))
    same(r(widths, value=7.0), np.pad(X, [(0, 0)] * 2 + widths, constant_values=7))
    same(r([(-1, 2), (1, -2)]), np.pad(X[:, :, 1:, :-2], [(0, 0), (0, 0), (0, 2), (1, 0)]))
    same(r([(-1, 2)], mode="edge"), np.pad(X, [(0, 0)] * 3 + [(0, 2)], "edge")[..., 1:])
    same(r([(7, 8)], mode="wrap"), np.pad(X, [(0, 0)] * 3 + [(7, 8)], "wrap"))
    same(
        both(lambda x: shapes.pad(x, widths=[(2, 2)], mode="reflect"), X[..., :1]),
        np.repeat(X[..., :1], 5, -1),
    )
    with pytest.raises(WeightsError, match="padding by 'mirror' is not known"):
        shapes.pad(X, widths=widths, mode="mirror")
    c = lambda x, shape, axes=None: both(lambda v: shapes.center_crop_pad(v, shape=shape, axes=axes), x)  # noqa: E731
    same(c(X, (4, 7), (2, 3)), np.pad(X[:, :, :4], [(0, 0)] * 3 + [(0, 1)]))
    same(c(X, (2, 4, 2, 9)), np.pad(X[:, :, 1:3], [(0, 0)] * 3 + [(1, 2)]))


def test_channels_and_blocks():
    N, C, H, W, b = 2, 3, 4, 5, 2
    x = RANDOM.standard_normal((N, C * b * b, H, W))
    for mode in ("DCR", "CRD"):
        y = np.zeros((N, C, H * b, W * b))
        for c, i, j in np.ndindex(C, b, b):
            y[:, c, i::b, j::b] = x[:, (i * b + j) * C + c if mode == "DCR" else (c * b + i) * b + j]
        same(both(lambda v, m=mode: shapes.depth_to_space(v, block=b, mode=m), x), y)
        same(both(lambda v, m=mode: shapes.space_to_depth(v, block=b, mode=m), y), x)
    same(both(lambda v: shapes.pixel_shuffle(v, factor=2), x), y)
    same(both(lambda v: shapes.pixel_unshuffle(v, factor=2), y), x)


# --- values at places


def test_values_written_at_places():
    x, v = np.arange(6.0).reshape(2, 3), np.array([[10.0, 20, 30]])
    at = np.array([[1, 5, 1]])
    same(both(lambda a, b: scattering.write_at(a, b, at), x, v), [[0, 30, 2], [3, 4, 20]])
    same(both(lambda a, b: scattering.write_at(a, b, at, add=True), x, v), [[0, 41, 2], [3, 4, 25]])
    index = np.array([[0, -1, 1]])
    same(both(lambda a, b: scattering.write_elements(a, index, b), x, v), [[10, 1, 2], [3, 20, 30]])
    across = np.array([[2, 0], [-1, 1]])
    w = np.array([[10.0, 20], [30, 40]])
    same(both(lambda a, b: scattering.write_elements(a, across, b, axis=1), x, w), [[20, 1, 10], [3, 40, 30]])
    same(
        both(lambda a, b: scattering.write_elements(a, across, b, axis=-1, reduction="add"), x, w),
        [[20, 1, 12], [3, 44, 35]],
    )
    same(both(lambda a, b: scattering.write_blocks(a, np.array([[-1]]), b), x, v), [[0, 1, 2], [10, 20, 30]])
    pairs = np.array([[0, 2], [1, 0], [0, 2]])
    same(both(lambda a, b: scattering.write_blocks(a, pairs, b), x, v[0]), [[0, 1, 30], [20, 4, 5]])
    same(
        both(lambda a, b: scattering.write_blocks(a, pairs, b, reduction="add"), x, v[0]),
        [[0, 1, 42], [23, 4, 5]],
    )
    with pytest.raises(WeightsError, match="not by 'mul'"):
        scattering.write_blocks(x, pairs, v[0], reduction="mul")
    many = np.zeros(65, int)
    with pytest.raises(WeightsError, match="65 values are added at one place"):
        scattering.write_at(Tensor(x), np.ones(65), many, add=True)
    same(scattering.write_at(Tensor(x), np.ones(64), many[1:], add=True).data[0, 0], 64)
    same(scattering.write_at(Tensor(x), np.arange(65.0), many).data[0, 0], 64)


# --- sizes


def test_where_a_value_of_another_size_lies():
    at = lambda *a: resizing._places(*a).round(9).tolist()  # noqa: E731
    assert at(4, 7, 1.75, "align_corners", None) == [0, 0.5, 1, 1.5, 2, 2.5, 3] and at(
        4, 1, 0.25, "align_corners", None
    ) == [0]
    assert at(2, 4, 2.0, "asymmetric", None) == [0, 0.5, 1, 1.5]
    assert (
        at(2, 4, 2.0, "half_pixel", None)
        == at(2, 4, 2.0, "pytorch_half_pixel", None)
        == [-0.25, 0.25, 0.75, 1.25]
    )
    assert at(4, 1, 0.25, "pytorch_half_pixel", None) == [-0.5] and at(4, 1, 0.25, "half_pixel", None) == [
        1.5
    ]
    assert at(4, 3, 0.8, "half_pixel_symmetric", None) == [0.25, 1.5, 2.75]
    assert at(2, 4, 2.0, "tf_half_pixel_for_nn", None) == [0.25, 0.75, 1.25, 1.75]
    assert at(5, 3, 0.6, "tf_crop_and_resize", (0.25, 0.75)) == [1, 2, 3]
    assert at(5, 1, 0.2, "tf_crop_and_resize", (0.25, 0.75)) == [2]
    for word, window in (("middle", None), ("tf_crop_and_resize", None)):
        with pytest.raises(WeightsError, match="is not known"):
            resizing._places(2, 4, 2.0, word, window)
    ways = {"floor": [0, 1, -1, 1], "": [0, 1, -1, 1], "ceil": [1, 2, 0, 2],
            "round_prefer_floor": [0, 1, -1, 1], "round_prefer_ceil": [1, 2, 0, 1]}  # fmt: skip
    assert {w: resizing._rounded(np.array([0.5, 1.5, -0.5, 1.2]), w).tolist() for w in ways} == ways


@pytest.mark.parametrize("mode", ["linear", "cubic"])
@pytest.mark.parametrize("antialias", [False, True])
@pytest.mark.parametrize("outside", [False, True])
def test_a_size_by_a_kernel(mode, antialias, outside):
    def kernel(d, a=-0.6):
        if mode == "linear":
            return max(0, 1 - d)
        return (
            (a + 2) * d**3 - (a + 3) * d**2 + 1
            if d <= 1
            else a * (d**3 - 5 * d**2 + 8 * d - 4)
            if d < 2
            else 0
        )

    for n, size in ((7, 4), (5, 3), (4, 9), (3, 3), (9, 2)):
        scale, M = size / n, np.zeros((size, n))
        for i in range(size):
            place, shrink = (i + 0.5) / scale - 0.5, min(scale, 1) if antialias else 1
            for k in range(-20, 40):
                if not (outside and not 0 <= k < n):
                    M[i, min(max(k, 0), n - 1)] += kernel(abs(k - place) * shrink)
        M /= M.sum(1, keepdims=True)
        x = RANDOM.standard_normal((2, n, 3))
        how = {"axes": (1,), "sizes": (size,), "scales": (scale,), "mode": mode, "cubic": -0.6}
        found = both(lambda v: resizing.resize(v, antialias=antialias, exclude_outside=outside, **how), x)  # noqa: B023
        same(found, x if n == size else np.einsum("ij,njk->nik", M, x))
    with pytest.raises(WeightsError, match="a resize by 'area' is not known"):
        resizing.resize(X, axes=(2,), sizes=(9,), scales=(1.8,), mode="area")


def test_nearest_and_a_part_of_a_picture():
    x = np.arange(4.0)[None]
    how = {"axes": (-1,), "mode": "nearest"}
    same(both(lambda v: resizing.resize(v, sizes=(8,), scales=(2,), **how), x), [[0, 0, 1, 1, 2, 2, 3, 3]])
    same(both(lambda v: resizing.resize(v, sizes=(2,), scales=(0.5,), **how), x), [[0, 2]])
    same(both(lambda v: resizing.resize(v, sizes=(2,), scales=(0.5,), rounding="ceil", **how), x), [[1, 3]])
    same(resizing.resize(np.arange(4), sizes=(8,), scales=(2,), **how), [0, 0, 1, 1, 2, 2, 3, 3], np.int64)
    part = {"axes": (1,), "coordinates": "tf_crop_and_resize", "window": [(0.0, 4 / 3)], "outside": -7.0}
    for mode, expected in (("nearest", [0, 2, -7]), ("linear", [0, 2, -7])):
        same(
            both(lambda v, m=mode: resizing.resize(v, sizes=(3,), scales=(0.75,), mode=m, **part), x),
            [expected],
        )
    same(
        resizing.resize(np.array([[0, 2]]), axes=(1,), sizes=(4,), scales=(2,), mode="linear"),
        [[0, 0.5, 1.5, 2]],
    )


# --- a picture seen through a grid


def at_place(picture, row, column, mode, border, corners):
    """One value of a picture (H, W), as a reader would look it up."""
    found, places = 0.0, []
    for n, u in zip(picture.shape, (row, column)):
        p = (u + 1) / 2 * (n - 1) if corners else ((u + 1) * n - 1) / 2
        if border == "reflection":
            low, high = (0, n - 1) if corners else (-0.5, n - 0.5)
            while not low <= p <= high:
                p = 2 * low - p if p < low else 2 * high - p
        places.append(min(max(p, 0), n - 1) if border != "zeros" else p)
    near = [[round(p)] if mode == "nearest" else [math.floor(p), math.floor(p) + 1] for p in places]
    for i, j in itertools.product(*near):
        share = 1 if mode == "nearest" else (1 - abs(places[0] - i)) * (1 - abs(places[1] - j))
        if 0 <= i < picture.shape[0] and 0 <= j < picture.shape[1]:
            found += share * picture[i, j]
    return found


@pytest.mark.parametrize("mode", ["linear", "nearest"])
@pytest.mark.parametrize("border", ["zeros", "border", "reflection"])
@pytest.mark.parametrize("corners", [False, True])
def test_a_picture_through_a_grid(mode, border, corners):
    x, grid = X[:, :2], RANDOM.uniform(-3.2, 3.2, (2, 3, 4, 2))
    grid[0, 0, 0] = 0.1
    expected = np.array([[[[at_place(x[n, c], grid[n, i, j, 1], grid[n, i, j, 0], mode, border, corners)
                            for j in range(4)] for i in range(3)] for c in range(2)]
                         for n in range(2)])  # fmt: skip
    how = {"mode": mode, "border": border, "align_corners": corners}
    same(both(lambda a, b: sampling.grid_sample(a, b, **how), x, grid), expected)
    line = both(lambda a, b: sampling.grid_sample(a, b, **how), x[:, :, :1, :1], grid)
    assert line.shape == (2, 2, 3, 4) and (border == "zeros" or np.allclose(line, x[:, :, :1, :1]))


@pytest.mark.parametrize("corners", [False, True])
def test_the_grid_of_a_picture_that_is_turned(corners):
    theta, (h, w) = RANDOM.standard_normal((2, 2, 3)), (3, 4)
    at = lambda i, n: 2 * i / (n - 1) - 1 if corners else (2 * i + 1) / n - 1  # noqa: E731
    expected = [[[t @ [at(j, w), at(i, h), 1] for j in range(w)] for i in range(h)] for t in theta]
    same(both(lambda t: sampling.affine_grid(t, size=(2, 1, h, w), align_corners=corners), theta), expected)
    theta = RANDOM.standard_normal((1, 3, 4))
    expected = [
        [[[t @ [at(k, 2), at(j, 4), at(i, 3), 1] for k in range(2)] for j in range(4)] for i in range(3)]
        for t in theta
    ]
    same(
        both(lambda t: sampling.affine_grid(t, size=(1, 1, 3, 4, 2), align_corners=corners), theta), expected
    )
    flat = sampling.affine_grid(
        np.array([[[1.0, 0, 0], [0, 1, 0]]]), size=(1, 1, 1, 3), align_corners=corners
    )
    same(flat[0, 0, :, 1], [0, 0, 0])


@pytest.mark.parametrize(("samples", "middle", "scale"), [(2, True, 0.5), (0, False, 1.0), (3, False, 0.5)])
def test_means_inside_boxes(samples, middle, scale):
    boxes = np.array([[1.0, 2, 9, 8], [-3, 0.5, 4, 13], [5, 5, 5.5, 6], [-9, -9, -5, -5]])
    of, (h, w) = np.array([1, 0, 1, 0]), (2, 3)
    expected = np.zeros((4, 4, h, w))
    for r, (box, n) in enumerate(zip(boxes, of)):
        x0, y0, x1, y1 = box * scale - 0.5 * middle
        tall, wide = (max(b - a, 0 if middle else 1) for a, b in ((y0, y1), (x0, x1)))
        rows, columns = (samples or max(1, math.ceil(s / k)) for s, k in ((tall, h), (wide, w)))
        for c, i, j in np.ndindex(4, h, w):
            total = 0.0
            for p, q in np.ndindex(rows, columns):
                y, x = y0 + (i + (p + 0.5) / rows) * tall / h, x0 + (j + (q + 0.5) / columns) * wide / w
                if -1 <= y <= 5 and -1 <= x <= 6:
                    y, x = min(max(y, 0), 4), min(max(x, 0), 5)
                    total += sum((1 - abs(y - a)) * (1 - abs(x - b)) * X[n, c, a, b]
                            for a, b in np.ndindex(5, 6) if abs(y - a) < 1 and abs(x - b) < 1)  # fmt: skip
            expected[r, c, i, j] = total / (rows * columns)
    how = {"size": (h, w), "samples": samples, "scale": scale, "middle": middle}
    same(both(lambda x: sampling.roi_align(x, boxes, of, **how), X), expected)


def test_taps_that_are_moved():
    W, b = RANDOM.standard_normal((6, 2, 2, 3)), RANDOM.standard_normal(6)
    offset, mask = RANDOM.uniform(-1.4, 1.4, (2, 24, 4, 3)), RANDOM.random((2, 12, 4, 3))
    moved = np.zeros((2, 4, 2, 3, 4, 3))
    zeros = {"mode": "linear", "border": "zeros", "corners": True}
    for n, c, i, j, y, x in np.ndindex(*moved.shape):
        tap = (c // 2) * 6 + i * 3 + j
        row, column = y - 1 + 2 * i + offset[n, 2 * tap, y, x], 2 * x - 1 + j + offset[n, 2 * tap + 1, y, x]
        at = (row / 2 - 1, column / 2.5 - 1)  # of 5 rows and 6 columns, from -1 to 1
        moved[n, c, i, j, y, x] = at_place(X[n, c], *at, **zeros) * mask[n, tap, y, x]
    expected = np.zeros((2, 6, 4, 3))
    for f in range(6):
        expected[:, f] = np.einsum("cij,ncijyx->nyx", W[f], moved[:, 2 * (f // 3) : 2 * (f // 3) + 2]) + b[f]
    how = {"stride": (1, 2), "pad": [(1, 0), (1, 1)], "dilation": (2, 1), "groups": 2, "offset_groups": 2}
    same(both(lambda *a: sampling.deformed_conv(*a, **how), X, W, offset, b, mask), expected)


# --- windows


def test_windows_that_share_a_picture_out():
    for size in ((3, 4), (5, 6), (2, 5), (7, 8), (1, 1), (1, 4)):
        spans = [[slice(i * n // N, -(-(i + 1) * n // N)) for i in range(N)] for n, N in zip((5, 6), size)]
        parts = [[X[:, :, r, c] for c in spans[1]] for r in spans[0]]
        mean, most = (
            np.array([[f(p, (2, 3)) for p in row] for row in parts]).transpose(2, 3, 0, 1)
            for f in (np.mean, np.max)
        )
        same(both(lambda x, s=size: windows.adaptive_average_pool(x, size=s), X), mean)
        same(both(lambda x, s=size: windows.adaptive_max_pool(x, size=s), X), most)
    same(both(windows.global_average_pool, X), X.mean((2, 3), keepdims=True))
    same(both(windows.global_average_pool, X[..., 0]), X[..., 0].mean(2, keepdims=True))
    same(both(windows.global_max_pool, X), X.max((2, 3), keepdims=True))
    same(windows.global_max_pool((9 * X).astype(int)), (9 * X).astype(int).max((2, 3), keepdims=True))
    assert windows.global_max_pool(X[..., 0, 0]) is not None and windows.global_max_pool(I) is I
    same(
        both(lambda x: windows.global_lp_pool(x, p=3), X), (abs(X) ** 3).sum((2, 3), keepdims=True) ** (1 / 3)
    )
    same(both(windows.global_lp_pool, X), np.sqrt((X**2).sum((2, 3), keepdims=True)))


def test_windows_as_columns_and_back():
    kernel, stride, pad, dilation = (2, 3), (1, 2), ((1, 0), (0, 1)), (2, 1)
    padded = np.pad(X, [(0, 0), (0, 0), *pad])
    h, w = 6 - 2, (7 - 3) // 2 + 1
    columns = np.zeros((2, 4, 2, 3, h, w))
    for i, j, y, x in np.ndindex(2, 3, h, w):
        columns[:, :, i, j, y, x] = padded[:, :, y + 2 * i, 2 * x + j]
    columns = columns.reshape(2, 24, h * w)
    how = {"kernel": kernel, "stride": stride, "pad": pad, "dilation": dilation}
    same(both(lambda x: windows.windows_apart(x, **how), X), columns)
    total = np.zeros_like(padded)
    for (i, j, y, x), value in np.ndenumerate(np.zeros((2, 3, h, w))):
        total[:, :, y + 2 * i, 2 * x + j] += columns.reshape(2, 4, 2, 3, h, w)[:, :, i, j, y, x] + value
    same(both(lambda v: windows.windows_together(v, size=(5, 6), **how), columns), total[:, :, 1:, :-1])
    for wrong in (columns[:, :, 1:], columns[:, 1:]):
        with pytest.raises(WeightsError, match="are not the windows of"):
            windows.windows_together(wrong, size=(5, 6), **how)


def test_pools():
    slide = np.lib.stride_tricks.sliding_window_view
    seen = slide(X, (2, 3), (2, 3))[:, :, ::2]
    same(both(lambda x: windows.max_pool(x, kernel=(2, 3), stride=(2, 1)), X), seen.max((-1, -2)))
    same(both(lambda x: windows.average_pool(x, kernel=(2, 3), stride=(2, 1)), X), seen.mean((-1, -2)))
    same(
        both(lambda x: windows.average_pool(x, kernel=(2, 3), stride=(2, 1), divisor=4.0), X),
        seen.sum((-1, -2)) / 4,
    )
    same(
        both(lambda x: windows.lp_pool(x, kernel=(2, 3), stride=(2, 1), p=3), X),
        (abs(seen) ** 3).sum((-1, -2)) ** (1 / 3),
    )
    ints = (9 * X).astype(np.int8)
    same(windows.max_pool(ints, kernel=(2, 3)), slide(ints, (2, 3), (2, 3)).max((-1, -2)), np.int8)
    padded = np.pad(X, [(0, 0), (0, 0), (1, 0), (0, 1)])
    count = slide(np.pad(np.ones((5, 6)), [(1, 0), (0, 1)]), (2, 2)).sum((-1, -2))
    whole = slide(padded, (2, 2), (2, 3)).sum((-1, -2))
    how = {"kernel": (2, 2), "pad": ((1, 0), (0, 1))}
    same(both(lambda x: windows.average_pool(x, **how), X), whole / 4)
    same(both(lambda x: windows.average_pool(x, count_padding=False, **how), X), whole / count)
    assert windows.max_pool(X, kernel=(2, 2), stride=(2, 2), ceil=True).shape == (2, 4, 3, 3)
    assert windows.max_pool(X, kernel=(2, 2), stride=(2, 2)).shape == (2, 4, 2, 3)
    with pytest.raises(WeightsError, match="need 1 axes of pixels"):
        windows.max_pool(X, kernel=(2,))


# --- recurrent layers


def sigmoid(v):
    return 1 / (1 + np.exp(-v))


def drawn(gates, directions=1, T=4, N=3, D=2, H=3):
    r = np.random.default_rng(gates)
    W, R, B = (
        r.standard_normal((directions, *s)) for s in ((gates * H, D), (gates * H, H), (2 * gates * H,))
    )
    return (
        r.standard_normal((T, N, D)),
        W,
        R,
        B,
        r.standard_normal((directions, N, H)),
        r.standard_normal((directions, N, H)),
    )


def in_time(step, x, lengths, h, c, backwards):
    """h and c of each sequence alone, in its own order; nothing after its end."""
    T, N, _ = x.shape
    Y, h, c = np.zeros((T, N, h.shape[-1])), h.copy(), c.copy()
    for n in range(N):
        for t in range(lengths[n])[:: -1 if backwards else 1]:
            h[n], c[n] = step(x[t, n], h[n], c[n])
            Y[t, n] = h[n]
    return Y, h, c


def lstm_step(W, R, B, P=None, forget=False, most=np.inf, f=sigmoid, g=np.tanh, out=np.tanh):
    H = R.shape[-1]
    p_i, p_o, p_f = np.zeros((3, H)) if P is None else P.reshape(3, H)

    def step(x, h, c):
        i, o, forgets, new = np.clip(W @ x + R @ h + B[: 4 * H] + B[4 * H :], -most, most).reshape(4, H)
        i = f(i + p_i * c)
        keep = 1 - i if forget else f(forgets + p_f * c)
        c = keep * c + i * g(new)
        return f(o + p_o * c) * out(c), c

    return step


@pytest.mark.parametrize(
    "how", [{}, {"input_forget": 1}, {"clip": 0.5}, {"activations": ["HardSigmoid", "Relu", "Softsign"]}]
)
def test_an_lstm(how):
    x, W, R, B, h, c = drawn(4, 2)
    P, lengths = np.random.default_rng(1).standard_normal((2, 9)), np.array([4, 2, 3])
    other = {"forget": how.get("input_forget"), "most": how.get("clip", np.inf)}
    if "activations" in how:
        other |= {"f": lambda v: np.clip(0.2 * v + 0.5, 0, 1), "g": lambda v: np.maximum(v, 0),
                  "out": lambda v: v / (1 + abs(v))}  # fmt: skip
    ways = [
        in_time(lstm_step(W[d], R[d], B[d], P[d], **other), x, lengths, h[d], c[d], d == 1) for d in (0, 1)
    ]
    expected = [np.stack(part, axis) for part, axis in zip(zip(*ways), (1, 0, 0))]
    run = lambda *a, **more: recurrent.lstm(*a, hidden_size=3, direction="bidirectional", **more, **how)  # noqa: E731
    found = both(lambda v: run(v, W, R, B, lengths, h, c, P), x)
    for a, b in zip(found, expected, strict=True):
        same(a, b)
    turned = run(x.swapaxes(0, 1), W, R, B, lengths, h.swapaxes(0, 1), c.swapaxes(0, 1), P, layout=1)
    for a, b, order in zip(turned, expected, ((2, 0, 1, 3), (1, 0, 2), (1, 0, 2))):
        same(np.asarray(getattr(a, "data", a)), b.transpose(order))


@pytest.mark.parametrize("direction", ["forward", "reverse"])
def test_an_lstm_from_nothing(direction):
    x, W, R, _, _, _ = drawn(4)
    nothing, all_of_it = np.zeros((3, 3)), np.array([4] * 3)
    expected = in_time(
        lstm_step(W[0], R[0], np.zeros(24)), x, all_of_it, nothing, nothing, direction == "reverse"
    )
    Y, h, c = both(lambda v: recurrent.lstm(v, W, R, hidden_size=3, direction=direction), x)
    same(Y[:, 0], expected[0])
    same(h[0], expected[1])
    same(c[0], expected[2])
    with pytest.raises(WeightsError, match="forward, reverse or bidirectional, not 'both'"):
        recurrent.lstm(x, W, R, hidden_size=3, direction="both")
    with pytest.raises(WeightsError, match="Sine is not supported"):
        recurrent.rnn(x, W[:, :3], R[:, :3], hidden_size=3, activations=["Sine"])


@pytest.mark.parametrize("linear", [0, 1])
@pytest.mark.parametrize("most", [None, 0.4])
def test_a_gru(linear, most):
    x, W, R, B, h, _ = drawn(3, 2)
    end = np.inf if most is None else most

    def step_of(d):
        (W_z, W_r, W_h), (R_z, R_r, R_h) = W[d].reshape(3, 3, 2), R[d].reshape(3, 3, 3)
        (b_z, b_r, b_h), (c_z, c_r, c_h) = B[d].reshape(2, 3, 3)
        clip = lambda v: np.clip(v, -end, end)  # noqa: E731

        def step(x, h, c):
            z, r = sigmoid(clip(W_z @ x + b_z + R_z @ h + c_z)), sigmoid(clip(W_r @ x + b_r + R_r @ h + c_r))
            through = r * (R_h @ h + c_h) if linear else R_h @ (r * h) + c_h
            return (1 - z) * np.tanh(clip(W_h @ x + b_h + through)) + z * h, c

        return step

    lengths = np.array([3, 4, 1])
    ways = [in_time(step_of(d), x, lengths, h[d], h[d], d == 1) for d in (0, 1)]
    how = {"hidden_size": 3, "direction": "bidirectional", "linear_before_reset": linear, "clip": most}
    Y, last = both(lambda v: recurrent.gru(v, W, R, B, lengths, h, **how), x)
    same(Y, np.stack([way[0] for way in ways], 1))
    same(last, np.stack([way[1] for way in ways]))
    none = both(lambda v: recurrent.gru(v, W[:1], R[:1], hidden_size=3, linear_before_reset=linear), x)
    zero = both(
        lambda v: recurrent.gru(v, W[:1], R[:1], 0 * B[:1], hidden_size=3, linear_before_reset=linear), x
    )
    same(none[0], zero[0])


def test_a_plain_recurrent_layer():
    x, W, R, B, h, _ = drawn(1, 2)
    step = lambda d, f: lambda x, h, c: (f(np.clip(W[d] @ x + R[d] @ h + B[d, :3] + B[d, 3:], -0.7, 0.7)), c)  # noqa: E731
    relu = lambda v: np.maximum(v, 0)  # noqa: E731
    ways = [in_time(step(d, f), x, [4] * 3, h[d], h[d], d == 1) for d, f in ((0, np.tanh), (1, relu))]
    how = {"hidden_size": 3, "direction": "bidirectional", "clip": 0.7, "activations": ["Tanh", "Relu"]}
    Y, last = both(lambda v: recurrent.rnn(v, W, R, B, None, h, **how), x)
    same(Y, np.stack([way[0] for way in ways], 1))
    same(last, np.stack([way[1] for way in ways]))
