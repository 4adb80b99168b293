"""Attention (Vaswani et al. 2017)."""

from __future__ import annotations

from typing import Any

from weights.errors import WeightsError
from weights.graphs.keras.building import Call, Value


def multi_head(layer: Call, query: Value, value: Value, key: Value | None = None, **others: Any) -> Value:
    """softmax(Q K^T / sqrt(d)) V in several heads.  (N, T, D), (N, S, D) -> (N, T, D)"""
    asked = [name for name, given in others.items() if given not in (None, False)]
    if asked or query.ndim != 3 or layer.get("attention_axes", [1]) not in ([1], 1):
        raise WeightsError("attention with a mask, its scores, or over more than one axis is not supported")
    bias = bool(layer.get("use_bias", True))
    parts = _parts(layer, bias)
    key = value if key is None else key
    Q, K, V = (
        _projected(layer, layer.as_keras(v), parts[n], "ntd,dhe->nhte")
        for v, n in ((query, "query"), (key, "key"), (value, "value"))
    )
    scores = layer("Einsum", Q, K, equation="nhte,nhse->nhts")
    scores = layer("Rescaling", scores, scale=float(layer.get("key_dim")) ** -0.5, offset=0.0)
    weights = layer("Softmax", scores, axis=3)
    y = layer("Einsum", weights, V, ndim=4, equation="nhts,nhse->nthe")
    W, *b = parts["output"]
    y = layer("Einsum", y, W, ndim=3, equation="nthe,hed->ntd")
    return layer("Add", y, b[0]) if b else y


def _parts(layer, bias):
    """{query, key, value, output: [W, b]}"""
    if layer.building.stored.in_places:
        return {n: layer.arrays(f"{n}_dense", least=1 + bias) for n in ("query", "key", "value", "output")}
    arrays = layer.arrays(least=4 * (1 + bias))
    step = 1 + bias
    return {n: arrays[i * step : (i + 1) * step] for i, n in enumerate(("query", "key", "value", "output"))}


def _projected(layer, x, part, equation):
    W, *b = part
    y = layer("Einsum", x, W, ndim=4, moved=False, equation=equation)
    return layer("Add", y, b[0][:, None, :]) if b else y


def attention(layer: Call, xs: list[Value], **others: Any) -> Value:
    """softmax(Q K^T) V, without weights."""
    asked = [name for name, given in others.items() if given not in (None, False)]
    if asked or layer.get("use_scale", False) or layer.get("score_mode", "dot") != "dot":
        raise WeightsError("attention with a mask, its scores, or scaled is not supported")
    query, value, key = (
        layer.as_keras(xs[0]),
        layer.as_keras(xs[1]),
        layer.as_keras(xs[-1 if len(xs) > 2 else 1]),
    )
    scores = layer("Einsum", query, key, equation="ntd,nsd->nts")
    return layer("Einsum", layer("Softmax", scores, axis=2), value, equation="nts,nsd->ntd")


LAYERS = {"MultiHeadAttention": multi_head, "Attention": attention}
