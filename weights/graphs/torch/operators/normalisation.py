"""Normalisation over any axes, in ATen's arguments."""

from typing import Any

from weights.graphs.operators import normalisation as build


def layer_norm(x: Any, shape: Any, gamma: Any = None, beta: Any = None, eps: Any = 1e-5) -> Any:
    return build.layer_norm(x, gamma, beta, axis=-len(shape), epsilon=eps)


def group_norm(x: Any, gamma: Any, beta: Any, N: Any, C: Any, pixels: Any, groups: Any, eps: Any) -> Any:
    return build.group_norm(x, gamma, beta, groups=groups, epsilon=eps)


def rms_norm(x: Any, shape: Any, gamma: Any = None, eps: Any = None) -> Any:
    return build.rms_norm(x, gamma, axis=-len(shape), epsilon=2.220446049250313e-16 if eps is None else eps)


OPERATORS = {
    "native_layer_norm": layer_norm, "layer_norm": layer_norm, "native_group_norm": group_norm,
    "rms_norm": rms_norm, "_fused_rms_norm": rms_norm,
}  # fmt: skip
