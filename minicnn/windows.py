"""Where the taps of a sliding window fall: shared by convolution and pooling, over 1, 2 or 3 axes.

A window of kh x kw taps visits positions i = 0 .. out-1; tap u of window i reads x at  stride*i + dilation*u
- pad.
"""

import itertools
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from minicnn.errors import GraphError

Pair = int | tuple[int, ...]  # of rows and columns; one number for each axis
Sides = int | tuple[Any, ...]  # see `sides`


def pair(value: Any, axes: int = 2) -> tuple[int, ...]:
    """3 -> (3, 3); (3, 5) -> (3, 5); for as many axes."""
    return (value,) * axes if np.ndim(value) == 0 else tuple(value)


def sides(pad: Any, axes: int = 2) -> tuple[tuple[int, int], ...]:
    """1 -> ((1, 1), (1, 1)); (1, 2) -> ((1, 1), (2, 2)); ((top, bottom), (left, right)) as it is."""
    return tuple(pair(p) for p in pair(pad, axes))  # type: ignore[misc]


def out_size(
    size: int,
    kernel: int,
    stride: int = 1,
    pad: tuple[int, int] = (0, 0),
    dilation: int = 1,
    ceil: bool = False,
) -> int:
    """How many windows fit along one axis.

    ceil: a last one may hang over the end if it starts inside the input or its front padding.
    GraphError for a window that makes no sense.
    """
    if not min(kernel, stride, dilation) >= 1 or min(pad) < 0:
        raise GraphError(
            f"a window needs a kernel, a stride and a dilation of at least 1 and a padding of at least 0, "
            f"not {kernel}, {stride}, {dilation} and {pad}"
        )
    span = dilation * (kernel - 1) + 1
    room = size + sum(pad) - span
    if room < 0:
        raise GraphError(f"a window of {span} does not fit into {size} pixels with padding {pad}")
    windows = (room + (stride - 1 if ceil else 0)) // stride + 1
    if ceil and (windows - 1) * stride >= size + pad[0]:
        windows -= 1
    return windows


def pooled_size(
    size: int, kernel: int, stride: int, pad: tuple[int, int], dilation: int = 1, ceil: bool = False
) -> int:
    """out_size for pooling: a window that lies in the padding alone has no maximum and no mean."""
    if max(pad) > dilation * (kernel - 1):
        raise GraphError(f"padding {pad} leaves a window of {dilation * (kernel - 1) + 1} nothing to see")
    return out_size(size, kernel, stride, pad, dilation, ceil)


def pad_to_fit(
    x: np.ndarray,
    kernel: Sequence[int],
    stride: Sequence[int],
    pad: Any,
    dilation: Sequence[int],
    windows: Sequence[int],
    value: float = 0,
) -> np.ndarray:
    """x with its padding, cut or extended at the end so that exactly `windows` windows fit.

    (..., H, W) -> (..., H', W')
    """
    sizes, inside, seen, axes = [], [], [], len(kernel)
    for size, k, s, (before, _), d, n in zip(x.shape[-axes:], kernel, stride, pad, dilation, windows):
        needed = (n - 1) * s + d * (k - 1) + 1
        sizes.append(max(needed, before + size))
        inside.append(slice(before, before + size))
        seen.append(slice(0, needed))
    if tuple(sizes) != tuple(x.shape[-axes:]):
        padded = np.full_like(
            x, value, shape=(*x.shape[:-axes], *sizes)
        )  # in x's own order in memory, as np.pad would not
        padded[(..., *inside)] = x
        x = padded
    return x[(..., *seen)]


def taps(
    kernel: Sequence[int], stride: Sequence[int], dilation: Sequence[int], windows: Sequence[int]
) -> Iterator[tuple[Any, ...]]:
    """Yield (u, v, index): padded[index] is what tap (u, v) of every window sees, (..., windows[0],
    windows[1])."""
    for tap in itertools.product(*map(range, kernel)):
        along = (
            slice(u * d, u * d + (n - 1) * s + 1, s) for u, d, n, s in zip(tap, dilation, windows, stride)
        )
        yield (*tap, (..., *along))


def cut_padding(g: np.ndarray, size: Sequence[int], pad: Any) -> np.ndarray:
    """The signal at the padded input, without the padding: (..., H', W') -> (..., H, W); zeros where no
    window reached."""
    axes = len(size)
    short = [max(0, before + n - have) for (before, _), n, have in zip(pad, size, g.shape[-axes:])]
    if any(short):
        g = np.pad(g, [(0, 0)] * (g.ndim - axes) + [(0, s) for s in short])
    return g[(..., *(slice(before, before + n) for (before, _), n in zip(pad, size)))]
