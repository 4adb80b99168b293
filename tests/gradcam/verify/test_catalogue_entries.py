"""The catalogue's entries by name and detail: each gives what the mistake gives, made in plain NumPy.

The network is test_judge's: conv1, relu1, pool1, conv2, relu2, a mean over places, fc.
"""

from collections import Counter
from functools import cache
from types import SimpleNamespace

import numpy as np
import pytest
from PIL import Image

from gradcam import verify
from gradcam.verify.hypotheses.catalogue import HYPOTHESES
from gradcam.verify.reference.run import Run
from tests.gradcam.verify.test_judge import X, net

C, STEPS = 1, 5
NOISE = 0.3 * np.random.default_rng(8).standard_normal((4, 1, *X.shape[1:]))


def network():
    """With biases, without which a path from zero has one gradient; the score explained is negative."""
    made, random = net(), np.random.default_rng(6)
    for name, tensor in made.arrays().items():
        tensor.data += 0.3 * random.standard_normal(tensor.shape) * name.endswith(".b")
    made["fc"].b.data[C] -= 2
    return made


OF = {name: tensor.data for name, tensor in network().arrays().items()}
SETTINGS = {
    "integrated_gradients": {"steps": STEPS}, "smoothgrad": {"noise": NOISE},
    "occlusion": {"window": 4, "stride": 2}, "fused_grad_cam": {"layers": ["relu1", "relu2"]},
    "smoothgrad_saliency": {"noise": NOISE}, "vargrad_saliency": {"noise": NOISE},
}  # fmt: skip


# --- the network, forward and back, number by number


def RELU(z):
    return np.maximum(z, 0)


def GATE(z):
    return z > 0


def conv(x, W, b):
    padded = np.pad(x, ((0, 0), (0, 0), (1, 1), (1, 1)))
    seen = np.lib.stride_tricks.sliding_window_view(padded, (3, 3), (2, 3))
    return np.einsum("nchwij,fcij->nfhw", seen, W) + b[:, None, None]


def conv_back(g, W):
    return conv(g, W[:, :, ::-1, ::-1].swapaxes(0, 1), np.zeros(W.shape[1]))


def cells(z):
    """(N, K, H, W) -> the windows of the pool (N, K, h, w, 4)"""
    N, K, H, W = z.shape
    return z.reshape(N, K, H // 2, 2, W // 2, 2).swapaxes(3, 4).reshape(N, K, H // 2, W // 2, 4)


def uncells(g):
    N, K, h, w, _ = g.shape
    return g.reshape(N, K, h, w, 2, 2).swapaxes(3, 4).reshape(N, K, 2 * h, 2 * w)


def forward(x, A=None):
    s = SimpleNamespace(x=x)
    s.z1 = conv(x, OF["conv1.W"], OF["conv1.b"])
    s.A = RELU(s.z1) if A is None else A
    s.p = cells(s.A).max(-1)
    s.z2 = conv(s.p, OF["conv2.W"], OF["conv2.b"])
    s.y = RELU(s.z2).mean((2, 3)) @ OF["fc.W"].T + OF["fc.b"]
    return s


def back(s, gy=None, rule2=None, rule1=None, clip=lambda g: g):
    """The signals at relu1 and at the input; rules: (g, z) -> g; clip: what leaves a layer with weights."""
    gy = np.eye(4)[[C] * len(s.x)] if gy is None else gy
    g = clip(gy @ OF["fc.W"])[:, :, None, None] / s.z2[0, 0].size * np.ones_like(s.z2)
    g = clip(conv_back((rule2 or derivative)(g, s.z2), OF["conv2.W"]))
    first = np.eye(4)[cells(s.A).argmax(-1)]
    gA = uncells(g[..., None] * first)
    return gA, clip(conv_back((rule1 or rule2 or derivative)(gA, s.z1), OF["conv1.W"]))


def derivative(g, z):
    return g * GATE(z)


def deconvnet(g, z):
    return RELU(g)


def guided(g, z):
    return RELU(g) * GATE(z)


S = forward(X)
G, GX = back(S)
Y, P, SIGMA = S.y, np.exp(S.y) / np.exp(S.y).sum(), 1 / (1 + np.exp(-S.y))
EACH = np.stack([back(S, np.eye(4)[[c]])[1] for c in range(4)])  # the gradient of every score
A, ALPHA = S.A, G.mean((2, 3), keepdims=True)
GUIDED, DECONV = back(S, rule2=guided)[1], back(S, rule2=deconvnet)[1]
ONE = np.eye(4)[[C]]


def cam(weights, A=A):
    return RELU((weights * A).sum(1))


def softmax(v, axis):
    e = np.exp(v)
    return e / e.sum(axis, keepdims=True)


def mean(axis, g=G):
    return g.mean(axis, keepdims=True)


def unit(v):
    return (v - v.min((-2, -1), keepdims=True)) / np.ptp(v, axis=(-2, -1), keepdims=True)


def score(x, A=None):
    return forward(x, A).y[:, C]


def seen_through(masks):
    """The score of the picture seen through each mask (N, K, H, W) -> (N, K, 1, 1)"""
    return np.array([score(X * m[None, None])[0] for m in masks[0]])[None, :, None, None]


def without(stand_in=0.0):
    """Score with each map replaced -> (N, K, 1, 1); stand_in: a number for every map"""
    found = []
    for k in range(A.shape[1]):
        other = A.copy()
        other[:, k] = np.broadcast_to(stand_in, A.shape[1])[k]
        found.append(score(X, other)[0])
    return np.array(found)[None, :, None, None]


def pp(bend):
    return cam((RELU(G) * G**2 / np.where(bend == 0, 1, bend)).sum((2, 3), keepdims=True))


TOTAL = A.sum((2, 3), keepdims=True)
PLUS = pp(2 * G**2 + G**3 * TOTAL)
XGRAD = (G * A).sum((2, 3), keepdims=True)
FIRST = np.linalg.svd(A[0].reshape(6, -1).T)[2]
EIGEN = (FIRST[0] * np.sign(FIRST[0].sum()))[None, :, None, None]


def eigen(n=0, centre=False):
    M = A[0].reshape(6, -1).T
    M = M - M.mean(0) if centre else M
    V = np.linalg.svd(M)[2][n]
    return (M @ V * np.sign(V.sum())).reshape(1, 12, 8)


def path(places, shares, base=0.0, multiplied=True):
    base = np.broadcast_to(base, X.shape)
    total = sum(s * back(forward(base + a * (X - base)))[1] for a, s in zip(places, shares))
    return (X - base) * total if multiplied else total


GAUSS = ((np.polynomial.legendre.leggauss(STEPS)[0] + 1) / 2, np.polynomial.legendre.leggauss(STEPS)[1] / 2)


def gauss(m):
    places, shares = np.polynomial.legendre.leggauss(m)
    return (1 + places) / 2, shares / 2


DRAWS = np.concatenate([back(forward(X + noise))[1] for noise in NOISE])


def occlusion(kh=4, stride=2, fill=0.0, average=True, fall=True):
    total, covers = np.zeros((1, 12, 8)), np.zeros((12, 8))
    starts = [range(0, n - kh + stride, stride) for n in (12, 8)]
    for i in starts[0]:
        for j in starts[1]:
            x, at = X.copy(), (slice(i, i + kh), slice(j, j + kh))
            x[:, :, *at] = np.broadcast_to(fill, X.shape)[:, :, *at]
            total[:, *at] += (score(X) - score(x)).item()
            covers[at] += 1
    total = total / covers if average else total
    return total if fall else score(X) - total


CAMS2 = SimpleNamespace()  # Grad-CAM at relu2, 6 x 4, enlarged to 12 x 8
CAMS2.A = RELU(S.z2)
CAMS2.map = RELU((OF["fc.W"][C][:, None, None] / 24 * CAMS2.A).sum(1))


def enlarged(way, m=None):
    """(1, 6, 4) -> (1, 12, 8), rows, then columns"""
    m = CAMS2.map if m is None else m
    rows, columns = (np.stack([way(e, N) for e in np.eye(n)], 1) for n, N in ((6, 12), (4, 8)))
    return rows @ m @ columns.T


def aligned(v, N):
    return np.interp(np.linspace(0, len(v) - 1, N), np.arange(len(v)), v)


def nearest(v, N):
    return v[np.arange(N) * len(v) // N]


def half_pixel(v, N):
    return np.interp((np.arange(N) + 0.5) * len(v) / N - 0.5, np.arange(len(v)), v)


def pil(kind):
    def way(v, N):
        return np.asarray(Image.fromarray(v[None].astype(np.float32)).resize((N, 1), kind))[0].astype(float)

    return way


def keys(a, corners=False):
    """Cubic convolution (Keys 1981); beyond the edge, the edge goes on."""

    def way(v, N):
        at = np.linspace(0, len(v) - 1, N) if corners else (np.arange(N) + 0.5) * len(v) / N - 0.5
        found = np.zeros(N)
        for i, place in enumerate(at):
            for k in range(int(np.floor(place)) - 1, int(np.floor(place)) + 3):
                t = abs(place - k)
                weight = (a + 2) * t**3 - (a + 3) * t**2 + 1 if t <= 1 else a * (t**3 - 5 * t**2 + 8 * t - 4)
                found[i] += weight * v[min(max(k, 0), len(v) - 1)]
        return found

    return way


def picture(x):
    return back(forward(x))[1]


MEAN, STD = (np.array(v)[:, None, None] for v in ([0.485, 0.456, 0.406], [0.229, 0.224, 0.225]))
PIXELS, HALF = X * STD + MEAN, X * 0.5 + 0.5
LUMA = np.array([0.299, 0.587, 0.114])[:, None, None]
CAFFE = np.array([103.939, 116.779, 123.68])[:, None, None]
KNOWN = {  # mean and deviation
    "0.5": ([0.5] * 3, [0.5] * 3), "CIFAR-10": ([0.4914, 0.4822, 0.4465], [0.2470, 0.2435, 0.2616]),
    "CIFAR-10 (0.2023, 0.1994, 0.2010)": ([0.4914, 0.4822, 0.4465], [0.2023, 0.1994, 0.2010]),
    "CIFAR-100": ([0.5071, 0.4867, 0.4408], [0.2675, 0.2565, 0.2761]),
    "CLIP": ([0.48145466, 0.4578275, 0.40821073], [0.26862954, 0.26130258, 0.27577711]),
}  # fmt: skip

RULES = {
    ("guided_backprop", "the override did not fire: plain gradient"): GX,
    ("deconvnet", "the override did not fire: plain gradient"): GX,
    ("guided_backprop", "deconvnet instead of guided backprop"): DECONV,
    ("deconvnet", "guided backprop instead of deconvnet"): GUIDED,
    ("gradient", "an overridden ReLU in a plain gradient: guided"): GUIDED,
    ("gradient", "an overridden ReLU in a plain gradient: deconvnet"): DECONV,
    ("guided_backprop", "only some of the ReLUs overridden: all but relu1"):
        back(S, None, guided, derivative)[1],
    ("guided_backprop", "only some of the ReLUs overridden: those up to relu1"):
        back(S, None, derivative, guided)[1],
    ("gradient", "gate inverted"): back(S, None, lambda g, z: RELU(g) * (z <= 0))[1],
    ("saliency", "gate inverted"): abs(back(S, None, lambda g, z: g * (z <= 0))[1]).max(1),
    ("guided_backprop", "the signal is clipped on the wrong side of the layer"): back(S, clip=RELU)[1],
    ("deconvnet", "the signal is clipped on the wrong side of the layer"):
        back(S, rule2=lambda g, z: g, clip=RELU)[1],
    ("grad_cam", "guided gradients in Grad-CAM: guided"): cam(mean((2, 3), back(S, rule2=guided)[0])),
    ("grad_cam", "guided gradients in Grad-CAM: deconvnet"): cam(mean((2, 3), back(S, rule2=deconvnet)[0])),
}  # fmt: skip
STARTS = {
    ("gradient", "softmax instead of scores"): np.einsum("c,cnkhw->nkhw", P[0, C] * (ONE - P)[0], EACH),
    ("gradient", "sigmoid instead of scores"): GX / (1 + np.exp(-Y[0, C])) / (1 + np.exp(Y[0, C])),
    ("gradient", "log-softmax instead of scores"): np.einsum("c,cnkhw->nkhw", (ONE - P)[0], EACH),
    ("gradient", "gradient of the loss instead of the score"): np.einsum("c,cnkhw->nkhw", (P - ONE)[0], EACH),
    ("gradient", "gradient of the loss instead of the score: binary, of this score alone"):
        (SIGMA[0, C] - 1) * GX,
    ("gradient", "gradient of the loss instead of the score: binary, over all scores"):
        np.einsum("c,cnkhw->nkhw", (SIGMA - ONE)[0], EACH),
    ("gradient", "gradient of the loss instead of the score: binary, the mean over all scores"):
        np.einsum("c,cnkhw->nkhw", (SIGMA - ONE)[0], EACH) / 4,
    **{("gradient", f"accumulated: the gradient of another class as well: class {d} and class 1"):
       EACH[d] + EACH[1] for d in (0, 2, 3)},
    ("gradient", "score value as seed"): Y[0, C] * GX,
    ("gradient", "all scores instead of one"): EACH.sum(0),
    ("gradient", "another class: class 2, the next one"): EACH[2],
    ("gradient", "another class: class 0, the one before"): EACH[0],
    ("gradient", "another class: class 3, the most probable one"): EACH[3],
}  # fmt: skip
AXIS = "the gradient is averaged along another axis"
COMBINING = {
    ("grad_cam", "a sum instead of the mean over i, j"): cam(G.sum((2, 3), keepdims=True)),
    ("grad_cam", "the maximum instead of the mean over i, j"): cam(G.max((2, 3), keepdims=True)),
    ("grad_cam", f"{AXIS}: the channels, not the positions"): cam(mean(1)),
    ("grad_cam", f"{AXIS}: columns alone"): cam(mean(3)),
    ("grad_cam", f"{AXIS}: rows alone"): cam(mean(2)),
    ("grad_cam", "ReLU on the weights"): cam(RELU(ALPHA)),
    ("grad_cam", "absolute value of the weights"): cam(abs(ALPHA)),
    ("grad_cam", "weights divided by their norm"): cam(ALPHA / np.linalg.norm(ALPHA)),
    ("grad_cam", "gradient divided by its root mean square"): cam(ALPHA / (np.sqrt((G**2).mean()) + 1e-5)),
    ("grad_cam", "softmax of the weights"): cam(softmax(ALPHA, 1)),
    ("grad_cam", "the mean over the maps instead of their sum"): cam(ALPHA) / 6,
    ("grad_cam", "ReLU on every term before the sum"): RELU(ALPHA * A).sum(1),
    ("grad_cam", "map started at ones"): RELU(1 + (ALPHA * A).sum(1)),
    ("grad_cam", "another method of the family: Grad-CAM++"): PLUS,
    ("grad_cam", "another method of the family: XGrad-CAM"): cam(XGRAD / TOTAL),
    ("grad_cam", "another method of the family: HiResCAM"): cam(G),
    ("grad_cam", "another method of the family: LayerCAM"): cam(RELU(G)),
    ("grad_cam", "another method of the family: Eigen-CAM"): cam(EIGEN),
    ("grad_cam", "another method of the family: Ablation-CAM"): cam((Y[0, C] - without()) / Y[0, C]),
    ("grad_cam", "another method of the family: Score-CAM"): cam(softmax(seen_through(unit(A)), 1)),
    ("grad_cam++", "another method of the family: Grad-CAM"): cam(ALPHA),
    ("grad_cam++", "another method of the family: Counterfactual"): cam(-ALPHA),
    ("eigen_cam", "a method that asks for a class, instead of Eigen-CAM: HiResCAM"): cam(G),
    ("eigen_cam", "a method that asks for a class, instead of Eigen-CAM: Grad-CAM"): cam(ALPHA),
    ("grad_cam++", "another denominator in Grad-CAM++: none"): pp(1.0 + 0 * G),
    ("grad_cam++", "another denominator in Grad-CAM++: sum A g^3 instead of g^3 sum A"):
        pp(2 * G**2 + (A * G**3).sum((2, 3), keepdims=True)),
    ("grad_cam++", "another denominator in Grad-CAM++: sum A g^3 instead of g^3 sum A, plus 1e-7"):
        pp(2 * G**2 + (A * G**3).sum((2, 3), keepdims=True) + 1e-7),
    ("grad_cam++", "another denominator in Grad-CAM++: g^2 sum A instead of g^3 sum A"):
        pp(2 * G**2 + G**2 * TOTAL),
    ("grad_cam++", "another denominator in Grad-CAM++: the sum of the positive gradient: every map weighs 1"):
        cam((G > 0).any((2, 3), keepdims=True)),
    **{("grad_cam++", f"an epsilon in the denominator: {e}"): pp(2 * G**2 + G**3 * TOTAL + float(e))
       for e in ("1e-06", "1e-07", "1e-08", "1e-09")},
    **{("xgrad_cam", f"an epsilon in the denominator: {e}"): cam(XGRAD / (TOTAL + float(e)))
       for e in ("1e-06", "1e-07", "1e-08", "1e-09")},
    ("grad_cam", "the final ReLU is missing"): (ALPHA * A).sum(1),
    ("hirescam", "a final ReLU, where the method has none"): cam(G),
    ("grad_cam", "absolute value instead of the final ReLU"): abs((ALPHA * A).sum(1)),
    ("hirescam", "sign flipped (evidence against the class)"): -(G * A).sum(1),
    ("grad_cam", "sign flipped (evidence against the class)"): RELU(-(ALPHA * A).sum(1)),
    ("grad_cam", "gradient gated as in guided backprop"): cam(mean((2, 3), G * (G > 0) * (A > 0))),
    ("grad_cam", "ReLU on the gradient before its mean"): cam(mean((2, 3), RELU(G))),
    ("grad_cam", "absolute value of the gradient before its mean"): cam(mean((2, 3), abs(G))),
    ("grad_cam", "activation from before the ReLU, gradient from after it"): cam(ALPHA, S.z1),
    ("grad_cam", "the gradient is another tensor's, the activation the layer's output: "
                 "of its input: grad_input[0] of a backward hook"): cam(mean((2, 3), G * GATE(S.z1))),
    ("grad_cam", "another layer than the one that is named: conv1"):
        cam(mean((2, 3), G * GATE(S.z1)), S.z1),
    ("grad_cam", "another layer than the one that is named: relu2"): CAMS2.map,
}  # fmt: skip
WITHOUT_GRADIENT = {
    ("eigen_cam", "the columns lose their mean first"): eigen(centre=True),
    ("eigen_cam", "the columns lose their mean first: with the other sign"): -eigen(centre=True),
    ("eigen_cam", "the singular vector has the other sign"): -eigen(),
    ("eigen_cam", "another singular vector"): eigen(1),
    ("score_cam", "masks made in another way: not brought to 0..1"): cam(softmax(seen_through(A), 1)),
    ("score_cam", "masks made in another way: all maps brought to 0..1 together"):
        cam(softmax(seen_through((A - A.min()) / np.ptp(A)), 1)),
    ("score_cam", "no softmax over the maps: the scores themselves"): cam(seen_through(unit(A))),
    ("score_cam", "no softmax over the maps: minus the score of the whole picture"):
        cam(seen_through(unit(A)) - Y[0, C]),
    ("score_cam", "no softmax over the maps: minus the score of an empty picture"):
        cam(seen_through(unit(A)) - score(0 * X)),
    ("score_cam", "no softmax over the maps: their ReLU"): cam(RELU(seen_through(unit(A)))),
    ("score_cam", "all maps weigh the same: softmax over the wrong axis: 1: softmax over a single value"):
        A.sum(1),
    ("score_cam", "all maps weigh the same: softmax over the wrong axis: 1/K"): A.mean(1),
    ("ablation_cam", "something else than zero for a map: its mean"):
        cam((Y[0, C] - without(A[0].mean((1, 2)))) / Y[0, C]),
    ("ablation_cam", "the loss of score, measured in another way: not divided by the score"):
        cam(Y[0, C] - without()),
    ("ablation_cam", "the loss of score, measured in another way: divided by the score's magnitude"):
        cam((Y[0, C] - without()) / abs(Y[0, C])),
    ("ablation_cam", "the loss of score, measured in another way: divided by the norm of the map"):
        cam((Y[0, C] - without()) / np.sqrt((A**2).sum((2, 3), keepdims=True))),
    ("ablation_cam", "the loss of score, measured in another way: the score without the map"): cam(without()),
    ("occlusion", "another window, or another step from one to the next: side by side"): occlusion(stride=4),
    ("occlusion", "another window, or another step from one to the next: at every pixel"):
        occlusion(stride=1),
    ("occlusion", "another window, or another step from one to the next: half as large"): occlusion(kh=2),
    ("occlusion", "another window, or another step from one to the next: twice as large"): occlusion(kh=8),
    ("occlusion", "covered with something else: one half"): occlusion(fill=0.5),
    ("occlusion", "covered with something else: one"): occlusion(fill=1.0),
    ("occlusion", "covered with something else: the picture's mean"): occlusion(fill=X.mean()),
    ("occlusion", "covered with something else: the mean of each channel"):
        occlusion(fill=X.mean((2, 3), keepdims=True)),
    ("occlusion", "the windows of a pixel joined in another way: their sum"): occlusion(average=False),
    ("occlusion", "the score that is left, instead of its fall"): occlusion(fall=False),
}  # fmt: skip
ANOTHER_RULE = "another rule for the places between baseline and picture: "
HALVES = np.array([0.5, *[1] * (STEPS - 2), 0.5])
BASELINES = {
    "one": 1.0, "the picture's smallest value": X.min(), "the picture's largest value": X.max(),
    "the picture's mean": X.mean(), "the mean of each channel": X.mean((2, 3), keepdims=True),
}  # fmt: skip
AVERAGING = {
    ("integrated_gradients", ANOTHER_RULE + "right: a = 1/m ... 1"):
        path(np.arange(1, STEPS + 1) / STEPS, [1 / STEPS] * STEPS),
    ("integrated_gradients", ANOTHER_RULE + "midpoint"):
        path((np.arange(STEPS) + 0.5) / STEPS, [1 / STEPS] * STEPS),
    ("integrated_gradients", ANOTHER_RULE + "left: a = 0 ... (m-1)/m"):
        path(np.arange(STEPS) / STEPS, [1 / STEPS] * STEPS),
    ("integrated_gradients", ANOTHER_RULE + "trapezoid"):
        path(np.arange(STEPS) / (STEPS - 1), HALVES / HALVES.sum()),
    ("integrated_gradients", ANOTHER_RULE + "plain mean, both ends"):
        path(np.arange(STEPS) / (STEPS - 1), [1 / STEPS] * STEPS),
    **{("integrated_gradients", f"another number of steps: {m} steps"): path(*gauss(m))
       for m in (10, 20, 25, 32, 50, 64, 100)},
    **{("integrated_gradients", f"another baseline: {name}"): path(*GAUSS, base)
       for name, base in BASELINES.items()},
    ("integrated_gradients", "not multiplied by x - x'"): path(*GAUSS, multiplied=False),
    ("integrated_gradients", "multiplied by the picture before its normalisation: 0 to 1, ImageNet"):
        PIXELS * path(*GAUSS, multiplied=False),
    ("integrated_gradients", "multiplied by the picture before its normalisation: 0 to 255, 0.5"):
        255 * HALF * path(*GAUSS, multiplied=False),
    ("integrated_gradients", "the gradient at x alone"): X * GX,
    ("smoothgrad", "the gradient at x alone"): GX,
    ("smoothgrad", "another mean over the draws: mean of squares"): (DRAWS**2).mean(0, keepdims=True),
    ("smoothgrad", "another mean over the draws: mean of |.|"): abs(DRAWS).mean(0, keepdims=True),
    ("smoothgrad", "another mean over the draws: variance (VarGrad)"): DRAWS.var(0, keepdims=True),
    ("smoothgrad", "another mean over the draws: standard deviation"): DRAWS.std(0, keepdims=True),
    ("smoothgrad", "another mean over the draws: a sum"): DRAWS.sum(0, keepdims=True),
}  # fmt: skip
LOW, WIDE = GX.min(), np.ptp(GX)
BEYOND = "the gradient on the other side of the picture's normalisation"
MAGNITUDE, ORDERED = abs(GX), np.sort(abs(GX), axis=None)
CAPTUM = ORDERED[np.argmax(np.cumsum(ORDERED) >= 0.98 * ORDERED.sum())]


def over_percentile(m, p):
    return np.clip((m - m.min()) / (np.percentile(m, p) - m.min()), 0, 1)


VALUES = {
    **{("gradient", f"accumulated: the gradient of several calls: {n} times"): n * GX for n in (2, 3, 4)},
    ("gradient", "absolute value"): abs(GX),
    ("grad_cam", "softmax over the places"): np.exp(cam(ALPHA)) / np.exp(cam(ALPHA)).sum(),
    ("gradient", "divided by the sum of its magnitudes"): GX / MAGNITUDE.sum(),
    **{("gradient", f"clipped: from the smallest value to the {p}th percentile"): over_percentile(GX, p)
       for p in (95, 98, 99, 99.9)},
    ("gradient", "clipped: at the 98th percentile of the magnitudes, and divided by it"):
        np.clip(GX / np.percentile(MAGNITUDE, 98), -1, 1),
    ("gradient", "clipped: where the magnitudes up to it are 98 % of their sum, and divided by it "
                 "(Captum's outlier_perc)"): np.clip(GX / CAPTUM, -1, 1),
    ("gradient", "clipped: over channels, summed magnitudes, from the smallest value to the 99th percentile"):
        over_percentile(MAGNITUDE.sum(1, keepdims=True), 99),
    ("saliency", "clipped: over channels, summed magnitudes, from the smallest value to the 99th percentile"):
        over_percentile(MAGNITUDE.sum(1), 99),
    **{("grad_cam", f"clipped: below {share:.0%} of the largest value, to zero"):
       cam(ALPHA) * (cam(ALPHA) >= share * cam(ALPHA).max()) for share in (0.1, 0.2, 0.25, 0.5)},
    **{("gradient", f"{BEYOND}: of the pixels, 0 to {top}, {name}"):
       GX / np.reshape(std, (3, 1, 1)) / top
       for name, std in (("ImageNet", [0.229, 0.224, 0.225]), ("0.5", [0.5] * 3)) for top in (1, 255)},
    ("gradient", "negative values clipped away"): RELU(GX),
    ("gradient", "sign flipped"): -GX,
    ("saliency", "channels joined in another way: sum of |.|"): abs(GX).sum(1),
    ("saliency", "channels joined in another way: mean of |.|"): abs(GX).sum(1) / 3,
    ("saliency", "channels joined in another way: L2 norm"): np.linalg.norm(GX, axis=1),
    ("saliency", "channels joined in another way: |sum|"): abs(GX.sum(1)),
    ("saliency", "channels joined in another way: |mean|"): abs(GX.sum(1)) / 3,
    ("saliency", "channels joined in another way: maximum without |.|"): GX.max(1),
    ("saliency", "channels joined in another way: sum without |.|"): GX.sum(1),
    ("smoothgrad", "channels joined into one map: summed"): DRAWS.mean(0).sum(0)[None, None],
    ("smoothgrad", "channels joined into one map: their mean"): DRAWS.mean(0).sum(0)[None, None] / 3,
    ("smoothgrad", "channels joined into one map: sum of |.|"): abs(DRAWS.mean(0)).sum(0)[None, None],
    ("smoothgrad", "channels joined into one map: mean of |.|"): abs(DRAWS.mean(0)).sum(0)[None, None] / 3,
    ("smoothgrad", "channels joined into one map: |sum|"): abs(DRAWS.mean(0).sum(0))[None, None],
    ("smoothgrad", "channels joined into one map: largest |.|"): abs(DRAWS.mean(0)).max(0)[None, None],
    ("gradient", "divided by its maximum"): GX / GX.max(),
    ("gradient", "divided by its largest magnitude"): GX / abs(GX).max(),
    ("gradient", "stretched from minimum to maximum"): (GX - LOW) / WIDE,
    ("gradient", "stretched from minimum to maximum, plus 1e-7"): (GX - LOW) / (WIDE + 1e-7),
    ("gradient", "stretched from minimum to maximum, plus 1e-8"): (GX - LOW) / (WIDE + 1e-8),
    ("gradient", "inverted: high where the map is low: 1 - the stretched map"): 1 - (GX - LOW) / WIDE,
    ("gradient", "inverted: high where the map is low: 1 - the map divided by its maximum"):
        1 - GX / GX.max(),
    ("gradient", "inverted: high where the map is low: 255 - the map in bytes"): 255 * (GX.max() - GX) / WIDE,
    ("gradient", "inverted: high where the map is low: the largest value minus the map"): GX.max() - GX,
    ("gradient", "inverted: high where the map is low: 1 - the map"): 1 - GX,
    ("grad_cam", "map stretched to 0..1, plus 1e-7, before upsampling"):
        (cam(ALPHA) - cam(ALPHA).min()) / (np.ptp(cam(ALPHA)) + 1e-7),
    ("grad_cam", "map divided by its maximum before upsampling"): cam(ALPHA) / cam(ALPHA).max(),
    ("grad_cam", "map stretched to 0..1 before upsampling"): unit(cam(ALPHA)),
    ("grad_cam", "map divided by its maximum before upsampling: 0 to 255"):
        255 * cam(ALPHA) / cam(ALPHA).max(),
    ("grad_cam", "map stretched to 0..1 before upsampling: 0 to 255"): 255 * unit(cam(ALPHA)),
    ("guided_grad_cam", "map divided by its maximum before the product"):
        GUIDED * (cam(ALPHA) / cam(ALPHA).max())[:, None],
    ("grad_cam", "map stretched to 0..1 before the ReLU"): unit((ALPHA * A).sum(1)),
    ("gradient", "stretched from minimum to maximum, 0 to 255"): 255 * (GX - LOW) / WIDE,
    ("gradient", "divided by its maximum, 0 to 255"): 255 * GX / GX.max(),
    ("gradient", "mean 0, deviation 1"): (GX - GX.mean()) / np.sqrt(((GX - GX.mean()) ** 2).mean()),
    ("gradient", "divided by its L2 norm"): GX / np.linalg.norm(GX),
    ("gradient", "map mirrored: left and right"): np.flip(GX, 3),
    ("gradient", "map mirrored: top and bottom"): np.flip(GX, 2),
    ("gradient", "map mirrored: both: turned by 180 degrees"): np.rot90(GX, 2, (2, 3)),
    ("gradient", "a map (H, W) read as (W, H)"): np.transpose(GX.reshape(1, 3, 8, 12), (0, 1, 3, 2)),
    ("gradient", "float16: small values are lost"): GX.astype(np.float16).astype(float),
}  # fmt: skip
UPSAMPLING = {  # of Grad-CAM at relu2
    "upsampled with aligned corners": enlarged(aligned),
    "upsampled by the nearest neighbour": enlarged(nearest),
    "upsampled by cubic convolution (OpenCV, PyTorch)": enlarged(keys(-0.75)),
    "upsampled by cubic convolution (PIL)": enlarged(pil(Image.BICUBIC)),
    "upsampled by cubic convolution, corners aligned": enlarged(keys(-0.75, corners=True)),
    "upsampled by Lanczos (PIL)": enlarged(pil(Image.LANCZOS)),
    "upsampled before the final ReLU":
        RELU(enlarged(half_pixel, (OF["fc.W"][C][:, None, None] / 24 * CAMS2.A).sum(1))),
}  # fmt: skip
G2 = OF["fc.W"][C][:, None, None] / 24 * GATE(S.z2)
PARTS = [X * GX, OF["conv1.b"][:, None, None] * G * GATE(S.z1), OF["conv2.b"][:, None, None] * G2]


def spread(p):
    """(1, K, h, w) -> (1, K, 12, 8)"""
    return (
        p if p.shape[-1] == 8 else np.concatenate([enlarged(half_pixel, m) for m in p.swapaxes(0, 1)])[None]
    )


def full(way=spread, each=False, eps=0.0):
    total = 0
    for p in map(abs, PARTS):
        axes = (2, 3) if each else (1, 2, 3)
        low, high = p.min(axes, keepdims=True), p.max(axes, keepdims=True)
        total = total + way((p - low) / np.where(high - low + eps, high - low + eps, 1)).sum(1)
    return total


def corners(p):
    return p if p.shape[-1] == 8 else np.concatenate([enlarged(aligned, m) for m in p.swapaxes(0, 1)])[None]


def small(x):
    """Grad-CAM at relu2"""
    return RELU((OF["fc.W"][C][:, None, None] / 24 * RELU(forward(x).z2)).sum(1))


def six(bend=unit, factors=(0.9, 1.0, 1.1), back=-1):
    turned = [enlarged(half_pixel, bend(small(f * X[..., ::w])))[..., :: w if back else 1]
              for w in (1, -1) for f in factors]  # fmt: skip
    return np.mean([bend(m) for m in turned], axis=0)


def over_draws(f):
    return f(np.stack([abs(d).max(0) for d in DRAWS]))[None]


ONE_LAYER, OTHER_LAYER = unit(cam(ALPHA)), enlarged(half_pixel, unit(CAMS2.map))
JOINED, STRETCHED = np.stack([ONE_LAYER, OTHER_LAYER]), np.stack([unit(ONE_LAYER), unit(OTHER_LAYER)])
WAY, BARE = (
    "the layers' maps joined in another way: ",
    np.stack([cam(ALPHA), enlarged(half_pixel, CAMS2.map)]),
)
BRIGHTER, DRAWN = (
    f"another mean over {what}: " for what in ("mirrored and brighter pictures", "the noisy pictures")
)
FULLS, LOST = "the parts of FullGrad joined in another way: ", "parts of FullGrad are missing: "
CONTRIBUTIONS = {
    ("fused_grad_cam", WAY + "their largest value"): JOINED.max(0),
    ("fused_grad_cam", WAY + "their sum, not stretched again"): JOINED.sum(0),
    ("fused_grad_cam", WAY + "their mean, not stretched again"): JOINED.mean(0),
    ("fused_grad_cam", WAY + "maps not stretched before"): BARE.mean(0),
    ("fused_grad_cam", WAY + "their product"): JOINED.prod(0),
    ("fused_grad_cam", WAY + "relu1 alone"): STRETCHED[0],
    ("fused_grad_cam", WAY + "relu2 alone"): STRETCHED[1],
    **{(f"{of}_saliency", DRAWN + name): over_draws(f) for of, name, f in (
        ("smoothgrad", "mean of squares", lambda d: (d**2).mean(0)),
        ("smoothgrad", "variance (VarGrad)", lambda d: ((d - d.mean(0)) ** 2).mean(0)),
        ("vargrad", "mean", lambda d: d.mean(0)),
        ("vargrad", "mean of squares", lambda d: (d**2).mean(0)),
        ("vargrad", "standard deviation", lambda d: np.sqrt(((d - d.mean(0)) ** 2).mean(0))),
        ("vargrad", "mean of |.|", lambda d: d.mean(0)),
        ("vargrad", "a sum", lambda d: d.sum(0)),
        ("vargrad", "the variance by n - 1", lambda d: ((d - d.mean(0)) ** 2).sum(0) / 3))},
    ("vargrad_saliency", "the map of the picture alone"): abs(GX).max(1),
    ("guided_layercam", "the guided signal alone, without the map"): GUIDED,
    ("guided_layercam", "guided backprop times the stretched map"): GUIDED * unit(cam(RELU(G)))[:, None],
    ("eigen_smooth_grad_cam", "the plain sum of the weighted maps, no projection"): cam(ALPHA),
    ("full_grad", FULLS + "each map rescaled by itself (pytorch-grad-cam)"): full(each=True, eps=1e-7),
    ("full_grad", FULLS + "each map rescaled by itself"): full(each=True),
    ("full_grad", FULLS + "enlarged with aligned corners (the authors' code)"): full(corners),
    ("full_grad", FULLS + "the same, plus an epsilon"): full(corners, eps=1e-7),
    ("full_grad", FULLS + "plus an epsilon"): full(eps=1e-7),
    ("full_grad", "the parts of FullGrad are not stretched: magnitudes, not stretched"):
        sum(spread(abs(p)).sum(1) for p in PARTS),
    ("full_grad", "the parts of FullGrad are not stretched: with their signs"):
        sum(spread(p).sum(1) for p in PARTS),
    ("deep_lift", "the derivative instead of DeepLIFT's quotient: everywhere: the gradient at x"): X * GX,
}  # fmt: skip
MIRRORED = {  # at relu2
    ("aug_smooth_grad_cam", BRIGHTER + "not mirrored back"): six(back=0),
    ("aug_smooth_grad_cam", BRIGHTER + "the picture and its mirror image, no other brightness"):
        six(factors=(1.0,)),
    ("aug_smooth_grad_cam", BRIGHTER + "maps not stretched"): six(bend=lambda m: m),
    ("aug_smooth_grad_cam", BRIGHTER + "their mean stretched once more"): unit(six()),
    ("aug_smooth_grad_cam", BRIGHTER + "mirrored top to bottom, too"): (six() + six()[:, ::-1]) / 2,
    ("aug_smooth_grad_cam", "the map of the picture alone"): CAMS2.map,
    ("aug_smooth_grad_cam", "the map of the picture alone: enlarged"): enlarged(half_pixel),
}  # fmt: skip
ANOTHER, BY = "another mean and deviation: ", " (ImageNet's mean and deviation)"
INPUTS = {
    "colour channels in the other order (RGB, BGR): BGR where x is RGB, or RGB where x is BGR":
        X[:, [2, 1, 0]],
    "colour channels in the other order (RGB, BGR): a BGR picture, normalised by RGB's mean and deviation: "
    "ImageNet": (PIXELS[:, [2, 1, 0]] - MEAN) / STD,
    "colour channels in the other order (RGB, BGR): a RGB picture, normalised by BGR's mean and deviation: "
    "ImageNet": (PIXELS - MEAN[[2, 1, 0]]) / STD[[2, 1, 0]],
    ANOTHER + "not normalised, 0 to 1" + BY: PIXELS,
    ANOTHER + "not normalised, 0 to 255" + BY: 255 * PIXELS,
    ANOTHER + "not divided by the deviation" + BY: PIXELS - MEAN,
    ANOTHER + "divided by the deviation, no mean subtracted" + BY: PIXELS / STD,
    ANOTHER + "divided by the variance" + BY: (PIXELS - MEAN) / STD**2,
    ANOTHER + "normalised twice" + BY: (X - MEAN) / STD,
    ANOTHER + "/255 forgotten: a picture of 0 to 255, the mean and deviation of 0 to 1" + BY:
        (255 * PIXELS - MEAN) / STD,
    ANOTHER + "divided by 255 twice" + BY: (PIXELS / 255 - MEAN) / STD,
    ANOTHER + "Caffe's means, BGR, 0 to 255" + BY: 255 * PIXELS[:, [2, 1, 0]] - CAFFE,
    ANOTHER + "Caffe's means, but RGB, 0 to 255" + BY: 255 * PIXELS - CAFFE[[2, 1, 0]],
    **{f"{ANOTHER}{n} instead of ImageNet":
       (PIXELS - np.reshape(m, (3, 1, 1))) / np.reshape(s, (3, 1, 1)) for n, (m, s) in KNOWN.items()},
    "other shades: a picture in grey, or a negative: a negative: white for black (ImageNet)":
        (1 - PIXELS - MEAN) / STD,
    "other shades: a picture in grey, or a negative: a negative: white for black (0.5)": -X,
    "other shades: a picture in grey, or a negative: in grey (ImageNet)":
        ((LUMA * PIXELS).sum(1, keepdims=True) - MEAN) / STD,
    "another range of pixel values: 255 times too large": 255 * X,
    "another range of pixel values: 255 times too small": X / 255,
    "picture mirrored": X[..., ::-1],
}  # fmt: skip
EXPECTED = (
    {(m, "relu1", name): v
     for (m, name), v in (RULES | STARTS | COMBINING | WITHOUT_GRADIENT | AVERAGING | VALUES).items()}
    | {(m, "relu1", name): v for (m, name), v in CONTRIBUTIONS.items()}
    | {(m, "relu2", name): v for (m, name), v in MIRRORED.items()}
    | {("grad_cam", "relu2", name): v for name, v in UPSAMPLING.items()}
    | {("gradient", "relu1", name): picture(x) for name, x in INPUTS.items()}
)  # fmt: skip


@cache
def asked(method, layer):
    given = network(), X, C, method, layer
    right = verify.Question(*given, settings=SETTINGS.get(method)).reference["result"]
    return verify.Question(*given, {"result": right}, settings=SETTINGS.get(method))


@cache
def forms(method, layer):
    """{name and detail: [forms]} of a question"""
    found = {}
    for hypothesis in HYPOTHESES:
        for form in hypothesis.forms(asked(method, layer)):
            found.setdefault(form.name, []).append(form)
    return found


@pytest.mark.parametrize(("method", "layer", "name"), EXPECTED)
def test_an_entry_gives_what_the_mistake_gives(method, layer, name):
    q, expected = asked(method, layer), EXPECTED[method, layer, name]
    (form,) = forms(method, layer)[name]  # once, by that name
    reference = q.reference["result" if not name.startswith("upsampled") else "upsampled"]
    if expected.shape == reference.shape:
        apart = abs(expected - reference).max() / abs(reference).max()
        assert apart > 1e-12, "the mistake does not show here"
    run = Run(q, form.changes)
    found = run["upsampled" if name.startswith("upsampled") else "result"]
    tolerance = 1e-6 if "PIL" in name else 1e-9  # PIL computes in float32
    assert found.shape == expected.shape
    np.testing.assert_allclose(found, expected, rtol=0, atol=tolerance * abs(expected).max())


def test_every_entry_is_there_once():
    assert set(Counter(h.name for h in HYPOTHESES).values()) == {1}
    for method, layer in {key[:2] for key in EXPECTED}:
        assert all(len(same) == 1 for same in forms(method, layer).values())
