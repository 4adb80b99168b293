"""How ONNX says padding: pads = [top, left, bottom, right], or a word."""

from __future__ import annotations

from weights.errors import WeightsError
from weights.graphs.onnx.operators.values import Ints


def paddings(
    size: Ints, kernel: Ints, strides: Ints, dilations: Ints, pads: Ints | None, auto_pad: str
) -> tuple[tuple[int, int], tuple[int, int]]:
    """-> ((top, bottom), (left, right)) for a window sliding over `size`."""
    if auto_pad in ("NOTSET", ""):
        pads = pads or [0] * (2 * len(size))
        return tuple(zip(pads[: len(size)], pads[len(size) :]))
    if auto_pad == "VALID":
        return ((0, 0),) * len(size)
    if auto_pad not in ("SAME_UPPER", "SAME_LOWER"):
        raise WeightsError(f"auto_pad '{auto_pad}' is not known")
    found = []
    for n, k, s, d in zip(
        size, kernel, strides, dilations
    ):  # as many windows as strides fit into the picture
        total = max((-(-n // s) - 1) * s + d * (k - 1) + 1 - n, 0)
        small, large = total // 2, total - total // 2
        found.append((small, large) if auto_pad == "SAME_UPPER" else (large, small))
    return tuple(found)
