"""Convolution and pooling written out from their definitions, one number at a time."""

import numpy as np


def conv(x, W, stride, pad, dilation, groups):
    """y[n,f,i,j] = sum_c,u,v W[f,c,u,v] x[n, c, si + du - p, sj + dv - q]; stride, dilation: pairs; pad: pair
    of (before, after)."""
    (N, _, H, width), (F, Cg, kh, kw) = x.shape, W.shape
    (sh, sw), (dh, dw), ((top, bottom), (left, right)) = stride, dilation, pad
    h = (H + top + bottom - dh * (kh - 1) - 1) // sh + 1
    w = (width + left + right - dw * (kw - 1) - 1) // sw + 1
    y = np.zeros((N, F, h, w))
    for n, f, i, j in np.ndindex(y.shape):
        first = f // (F // groups) * Cg
        for c, u, v in np.ndindex(Cg, kh, kw):
            row, column = sh * i + dh * u - top, sw * j + dw * v - left
            if 0 <= row < H and 0 <= column < width:
                y[n, f, i, j] += W[f, c, u, v] * x[n, first + c, row, column]
    return y


def windows(size, kernel, stride, pad, ceil):
    """[the positions that window i sees on the picture, first to last; -1 for padding, None beyond the end of
    both] along one axis."""
    before, after = pad
    starts = range(-before, size + after, stride)
    seen = []
    for start in starts:
        fits = start + kernel <= size + after
        hangs_over = (
            ceil and start < size and not any(s + kernel >= size + after for s in starts[: len(seen)])
        )
        if fits or hangs_over:
            reach = range(start, start + kernel)
            seen.append([p if 0 <= p < size else -1 if p < size + after else None for p in reach])
    return seen


def pool(x, kernel, stride, pad, ceil):
    """Yield, for every window: its place in y; {(row, column): value} on the picture, in reading order; its
    number of taps with padding."""
    rows = windows(x.shape[-2], kernel[0], stride[0], pad[0], ceil)
    columns = windows(x.shape[-1], kernel[1], stride[1], pad[1], ceil)
    for n, c in np.ndindex(x.shape[:2]):
        for (i, r), (j, q) in ((a, b) for a in enumerate(rows) for b in enumerate(columns)):
            inside = {(p, o): x[n, c, p, o] for p in r for o in q if None not in (p, o) and p >= 0 and o >= 0}
            on_padding = sum(p is not None for p in r) * sum(o is not None for o in q)
            yield (n, c, i, j), inside, on_padding


def out_shape(x, kernel, stride, pad, ceil):
    sizes = [len(windows(n, k, s, p, ceil)) for n, k, s, p in zip(x.shape[-2:], kernel, stride, pad)]
    return (*x.shape[:2], *sizes)
