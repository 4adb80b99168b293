"""Normalisation over any axes, in ATen's arguments."""

from weights.graphs.operators import normalisation as build


def layer_norm(x, shape, gamma=None, beta=None, eps=1e-5):
    return build.layer_norm(x, gamma, beta, axis=-len(shape), epsilon=eps)


def group_norm(x, gamma, beta, N, C, pixels, groups, eps):
    return build.group_norm(x, gamma, beta, groups=groups, epsilon=eps)


def rms_norm(x, shape, gamma=None, eps=None):
    return build.rms_norm(x, gamma, axis=-len(shape), epsilon=2.220446049250313e-16 if eps is None else eps)


OPERATORS = {
    "native_layer_norm": layer_norm, "layer_norm": layer_norm, "native_group_norm": group_norm,
    "rms_norm": rms_norm, "_fused_rms_norm": rms_norm,
}  # fmt: skip
