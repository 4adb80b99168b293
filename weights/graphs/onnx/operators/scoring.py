"""Normalisation, dropout, casts and recurrent layers, with ONNX's attributes."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from minicnn import Steps, Tensor
from weights.errors import WeightsError
from weights.graphs.onnx.operators.values import Ints, Value
from weights.graphs.operators import activations, normalisation, recurrent
from weights.graphs.operators.values import is_signal, plain
from weights.readers.onnx_weights import TYPES


def batch_normalization(
    x: Value,
    gamma: Value,
    beta: Value,
    mean: Value,
    var: Value,
    *,
    epsilon: float = 1e-5,
    momentum: float = 0.9,
    spatial: int = 1,
    training_mode: int = 0,
    is_test: int = 1,
    consumed_inputs: Ints | None = None,
    outputs: int = 1,
) -> Value | tuple[Value, ...]:
    """In training mode, by the batch's own mean and variance, as a network that keeps none is exported; and,
    if asked for, the running ones, which no signal reaches.
    """
    if not spatial:
        raise WeightsError("batchnorm per pixel is not supported")
    if training_mode:
        y = normalisation.batch_norm_training(x, gamma, beta, epsilon=float(epsilon))
        if outputs == 1:
            return y
        values, over = plain(x), tuple(a for a in range(x.ndim) if a != 1)
        batch = values.mean(axis=over), values.var(axis=over)
        kept = [momentum * plain(old) + (1 - momentum) * new for old, new in zip((mean, var), batch)]
        return (y, *(v.astype(plain(old).dtype) for v, old in zip(kept, (mean, var))))
    return normalisation.batch_norm(x, gamma, beta, mean, var, epsilon=epsilon)


def layer_normalization(
    x: Value,
    gamma: Value | None = None,
    beta: Value | None = None,
    *,
    axis: int = -1,
    epsilon: float = 1e-5,
    stash_type: int = 1,
    outputs: int = 1,
) -> Value | tuple[Value, ...]:
    """-> y; and, if asked for, the mean and 1 / sigma, which no signal reaches."""
    y = normalisation.layer_norm(x, gamma, beta, axis=axis, epsilon=epsilon)
    if outputs == 1:
        return y
    over = tuple(normalisation.axes_from(axis, x.ndim))
    values = x.data if isinstance(x, Tensor) else x
    mean = values.mean(axis=over, keepdims=True)
    return y, mean, 1 / np.sqrt(((values - mean) ** 2).mean(axis=over, keepdims=True) + epsilon)


def rms_normalization(
    x: Value, gamma: Value, *, axis: int = -1, epsilon: float = 1e-5, stash_type: int = 1
) -> Value:
    return normalisation.rms_norm(x, gamma, axis=axis, epsilon=epsilon)


def group_normalization(
    x: Value,
    gamma: Value,
    beta: Value,
    *,
    num_groups: int,
    epsilon: float = 1e-5,
    stash_type: int = 1,
) -> Value:
    return normalisation.group_norm(x, gamma, beta, groups=num_groups, epsilon=epsilon)


def clip(x: Value, *, min: float | None = None, max: float | None = None) -> Value:
    return activations.clip(x, low=min, high=max)


def dropout(
    x: Value, *, ratio: float = 0.5, training_mode: bool = False, seed: int = 0, is_test: int = 1
) -> tuple[Value, np.ndarray]:
    """In eval mode nothing is dropped."""
    if np.any(training_mode):
        raise WeightsError("dropout in training is not supported: export the network in eval mode")
    return x, np.ones(x.shape, bool)


def identity(x: Value) -> Value:
    return x


def zip_map(x: Value, *, classlabels_strings: Sequence[str] = (), classlabels_int64s: Ints = ()) -> Value:
    """The probabilities themselves, in place of a dict from each name to one."""
    return x


def cast(x: Value, *, to: int, saturate: int = 1, round_mode: str = "up") -> Value:
    """Of a signal, to another type of float, nothing: the network computes in the type of its input."""
    if TYPES.get(to) not in np.sctypeDict:
        raise WeightsError(f"a cast to ONNX's type {to} is not supported")
    kind = np.dtype(TYPES[to])
    if not isinstance(x, Tensor):
        return x.astype(kind)
    if x.dtype.kind == kind.kind == "f":
        return x
    return Steps(lambda v: v.astype(kind))(x)


def cast_like(x: Value, like: Value, *, saturate: int = 1, round_mode: str = "up") -> Value:
    kind = like.dtype
    if kind.name not in TYPES.values():
        raise WeightsError(f"a cast to {kind.name} is not supported")
    if is_signal(x) and x.dtype.kind == kind.kind == "f":
        return x
    return Steps(lambda v: v.astype(kind))(x) if is_signal(x) else x.astype(kind)


def lstm(
    x: Value,
    W: Value,
    R: Value,
    B: Value | None = None,
    sequence_lens: Value | None = None,
    initial_h: Value | None = None,
    initial_c: Value | None = None,
    P: Value | None = None,
    *,
    hidden_size: int | None = None,
    direction: str = "forward",
    activations: Sequence[str] | None = None,
    clip: float | None = None,
    input_forget: int = 0,
    layout: int = 0,
) -> tuple[Value, Value, Value]:
    return recurrent.lstm(
        x, W, R, B, sequence_lens, initial_h, initial_c, P, hidden_size=hidden_size or R.shape[-1],
        direction=direction, activations=activations, clip=clip, input_forget=input_forget, layout=layout,
    )  # fmt: skip


OPERATORS = {
    "BatchNormalization": batch_normalization, "LayerNormalization": layer_normalization,
    "RMSNormalization": rms_normalization, "GroupNormalization": group_normalization, "Clip": clip,
    "Dropout": dropout, "Identity": identity, "Cast": cast, "CastLike": cast_like, "LSTM": lstm,
    "ai.onnx.ml.ZipMap": zip_map,
}  # fmt: skip
