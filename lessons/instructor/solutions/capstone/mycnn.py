"""The capstone, solved: NumPy alone."""

import numpy as np


class Tensor:
    def __init__(self, data, parents=(), shares=()):
        self.data, self.parents, self.shares = data, parents, shares


def add(a, b):
    return Tensor(a.data + b.data, (a, b), (lambda gy, rule: gy, lambda gy, rule: gy))


def mul(a, b):
    shares = lambda gy, rule: gy * b.data, lambda gy, rule: gy * a.data
    return Tensor(a.data * b.data, (a, b), shares)


def backward(y, gy, wrt, rule="backprop"):
    order, leads = [], {}  # leads: whether anything of wrt is behind a tensor

    def visit(t):
        if t not in leads:
            leads[t] = False
            leads[t] = any([visit(parent) for parent in t.parents]) or t in wrt
            order.append(t)
        return leads[t]

    visit(y)
    signals = {y: gy}
    for t in reversed(order):
        for parent, share in zip(t.parents, t.shares):
            if leads[parent]:
                g = share(signals[t], rule)
                signals[parent] = signals[parent] + g if parent in signals else g
    return [signals.get(t, np.zeros_like(t.data)) for t in wrt]


def relu(x):
    def share(gy, rule):
        gates = {
            "backprop": x.data > 0,
            "deconvnet": gy > 0,
            "guided": (x.data > 0) & (gy > 0),
        }
        return gy * gates[rule]

    return Tensor(np.maximum(x.data, 0), (x,), (share,))


def taps(kh, kw, h, w, stride):
    """The places of every window that tap (u, v) sees, as a slice of (N, C, H, W)."""
    every = slice(None)
    for u in range(kh):
        for v in range(kw):
            rows = slice(u, u + stride * (h - 1) + 1, stride)
            yield u, v, (every, every, rows, slice(v, v + stride * (w - 1) + 1, stride))


def conv(x, W, b, stride=1, pad=0):
    (N, _, H, width), (F, _, kh, kw) = x.data.shape, W.data.shape
    padded = np.pad(x.data, ((0, 0), (0, 0), (pad, pad), (pad, pad)))
    h, w = (H + 2 * pad - kh) // stride + 1, (width + 2 * pad - kw) // stride + 1
    y = np.zeros((N, F, h * w))
    for u, v, at in taps(kh, kw, h, w, stride):
        y += W.data[:, :, u, v] @ flat(padded[at])

    def gx(gy, rule):
        gp, g = np.zeros_like(padded), flat(gy)
        for u, v, at in taps(kh, kw, h, w, stride):
            gp[at] += (W.data[:, :, u, v].T @ g).reshape(padded[at].shape)
        return gp[:, :, pad : pad + H, pad : pad + width]

    def gW(gy, rule):
        g, gW = flat(gy), np.zeros_like(W.data)
        for u, v, at in taps(kh, kw, h, w, stride):
            gW[:, :, u, v] = (g @ flat(padded[at]).transpose(0, 2, 1)).sum(axis=0)
        return gW

    def gb(gy, rule):
        return gy.sum(axis=(0, 2, 3))

    return Tensor(y.reshape(N, F, h, w) + b.data[:, None, None], (x, W, b), (gx, gW, gb))


def flat(x):
    """(N, C, h, w) -> (N, C, h w): for a matrix product, places are one axis."""
    return x.reshape(*x.shape[:2], -1)


def maxpool(x, size, stride):
    h, w = ((n - size) // stride + 1 for n in x.data.shape[2:])
    places = [at for *_, at in taps(size, size, h, w, stride)]
    pieces = np.stack([x.data[at] for at in places])
    switches = pieces.argmax(axis=0)

    def share(gy, rule):
        gx = np.zeros_like(x.data)
        for n, at in enumerate(places):
            gx[at] += gy * (switches == n)
        return gx

    return Tensor(pieces.max(axis=0), (x,), (share,))


def concat(a, b):
    C = a.data.shape[1]
    y = np.concatenate([a.data, b.data], axis=1)
    return Tensor(y, (a, b), (lambda gy, rule: gy[:, :C], lambda gy, rule: gy[:, C:]))


def gap(x):
    H, W = x.data.shape[2:]
    each = np.ones_like(x.data) / (H * W)
    return Tensor(x.data.mean(axis=(2, 3)), (x,), (lambda gy, rule: gy[:, :, None, None] * each,))


def grad_cam(y, c, A):
    gy = np.zeros_like(y.data)
    gy[:, c] = 1
    (dA,) = backward(y, gy, [A])
    alpha = dA.mean(axis=(2, 3), keepdims=True)
    return np.maximum((alpha * A.data).sum(axis=1), 0)


def neighbours(n, M):
    """Of M new values over n old ones: the left and the right neighbour, and the right one's share."""
    p = np.clip((np.arange(M) + 0.5) * n / M - 0.5, 0, n - 1)
    left = p.astype(int)
    return left, np.minimum(left + 1, n - 1), p - left


def upsample(map, size):
    left, right, s = neighbours(map.shape[1], size[0])
    rows = map[:, left] * (1 - s)[:, None] + map[:, right] * s[:, None]
    left, right, s = neighbours(map.shape[2], size[1])
    return rows[:, :, left] * (1 - s) + rows[:, :, right] * s


def guided_grad_cam(y, c, A, x):
    gy = np.zeros_like(y.data)
    gy[:, c] = 1
    (guided,) = backward(y, gy, [x], rule="guided")
    return guided * upsample(grad_cam(y, c, A), x.data.shape[2:])[:, None]


def squeezenet(x, weights):
    def layer(name, x, **how):
        W, b = (Tensor(weights[f"{name}.{part}"].astype(float)) for part in "Wb")
        return relu(conv(x, W, b, **how))

    def fire(name, x):
        s = layer(f"{name}.squeeze1x1", x)
        return concat(layer(f"{name}.expand1x1", s), layer(f"{name}.expand3x3", s, pad=1))

    t = maxpool(layer("conv1", x, stride=2), 3, 2)
    for name in ("fire2", "fire3", "fire4"):
        t = fire(name, t)
    found = {"fire4": t}
    t = maxpool(t, 3, 2)
    for name in ("fire5", "fire6", "fire7", "fire8"):
        t = fire(name, t)
    t = fire("fire9", maxpool(t, 3, 2))
    return found | {"fire9": t, "scores": gap(layer("conv10", t, pad=1))}


def panel(x, weights, c):
    x = Tensor(x.astype(float))
    net = squeezenet(x, weights)
    y, A, U = net["scores"], net["fire9"], net["fire4"]
    gy, start = np.zeros_like(y.data), np.zeros_like(U.data)
    gy[0, c], start.flat[U.data.argmax()] = 1, 1
    (guided,) = backward(y, gy, [x], rule="guided")
    L = grad_cam(y, c, A)
    return {
        "saliency": abs(backward(y, gy, [x])[0]).max(axis=1),
        "deconvnet": backward(U, start, [x], rule="deconvnet")[0],
        "guided": guided,
        "grad_cam": L,
        "guided_grad_cam": guided * upsample(L, guided.shape[2:])[:, None],
    }
