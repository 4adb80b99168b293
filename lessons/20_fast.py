# %% [markdown]
# # 20. From loops to Winograd: the same numbers?
#
# *Runs in about 15 seconds. Before this: lessons 2, 3 and 7.*
#
# To work in it, get the package: in a copy of its repository, `pip install -e
# '.[lessons]'`, then `python -m lessons open 20`.
#
# **What you will do.** Compute one convolution in five ways, time them, and follow the
# last digits, in which they differ by *rounding*, through a network until a gate flips.
#
# **What you will learn.** How much faster the same equation becomes, and where the time
# went. What that costs: the last digits. Whether they change scores and gradient maps,
# by how much, and on which pictures.
#
# **What you will need.** Lessons 2, 3 and 7.

# %%
import inspect
import time

import matplotlib.pyplot as plt
import numpy as np

from gradcam import gradient
from lessons.exercises import check
from lessons.plots import BLUE, GREY, RED, style
from lessons.scenes import network, scenes
from minicnn import MaxPool, ReLU, Tensor, backward, device, find, history, one_hot
from minicnn.convolution import Geometry, taps
from minicnn.convolution.fast import im2col
from minicnn.convolution.fast.winograd import F2, F4, Winograd

# %% [markdown]
# ## One equation, five ways
#
# $y_{fij} = \sum_{cuv} W_{fcuv}\, x_{c,i+u-1,j+v-1}$, 64 maps to 64 maps, on
# $28 \times 28$ places: $64^2 \cdot 9 \cdot 28^2$, some 29 million multiplications.
#
# ## Predict
#
# A Python loop over all outputs, with NumPy for each window, compared with a loop over
# the nine *taps* of the kernel, with one product of matrices for each. How many times
# as fast is the second?
#
# - a) 3
# - b) 10
# - c) 100 or more


# %%
style()


def loops(x, W, geometry):
    """One output after the other."""
    padded, y = np.pad(x, ((0, 0), (0, 0), (1, 1), (1, 1))), np.zeros_like(x)
    for n, f, i, j in np.ndindex(y.shape):
        y[n, f, i, j] = (W[f] * padded[n, :, i : i + 3, j : j + 3]).sum()
    return y


def seconds(f, times):
    """The shortest of some runs."""
    started = [(time.perf_counter(), f(), time.perf_counter()) for _ in range(times)]
    return min(end - begin for begin, _, end in started)


# %%
random, geometry = np.random.default_rng(0), Geometry(pad=1)
x, W = (
    random.normal(size=(1, 64, 28, 28)).astype(np.float32),
    random.normal(size=(64, 64, 3, 3)).astype(np.float32),
)
truth = taps.forward(x.astype(np.float64), W.astype(np.float64), geometry)
ways = {
    "loops": loops,
    "taps": taps.forward,
    "im2col": im2col.forward,
    "Winograd F(2x2)": Winograd(F2).forward,
}
ways["Winograd F(4x4)"] = Winograd(F4).forward
took, off = {}, {}
for name, way in ways.items():
    took[name] = seconds(
        lambda way=way: way(x, W, geometry), 3 if name == "loops" else 20
    )
    off[name] = np.abs(way(x, W, geometry) - truth).max() / np.abs(truth).max()
    print(
        f"{name:16} {1000 * took[name]:9.2f} ms, {took['loops'] / took[name]:6.0f} "
        f"times as fast as loops; off by {off[name]:.0e}"
    )

# %% [markdown]
# <details><summary>Explain</summary>
#
# c), by far. The loop spends its time between multiplications; a product of matrices
# spends it on them. The differences between `taps`, `im2col` (all windows as the
# columns of one matrix) and Winograd depend on the layer and on the machine: with few
# maps or few places the products are too small to be worth a transform. The engine
# chooses by shape.
# </details>

# %%
print(inspect.getsource(taps.forward))

# %% [markdown]
# ## Fewer multiplications
#
# Two outputs of a filter with three taps, $y_0 = d_0 g_0 + d_1 g_1 + d_2 g_2$ and
# $y_1 = d_1 g_0 + d_2 g_1 + d_3 g_2$: six multiplications. Winograd (1980) needs four,
# if what depends on the filter alone is computed once:
#
# $$m_1 = (d_0 - d_2)\, g_0, \quad m_2 =
#   (d_1 + d_2) \tfrac{g_0 + g_1 + g_2}{2}, \quad m_3 =
#   (d_2 - d_1) \tfrac{g_0 - g_1 + g_2}{2}, \quad
#   m_4 = (d_1 - d_3)\, g_2,$$
#
# $$y_0 = m_1 + m_2 + m_3, \qquad y_1 = m_2 - m_3 - m_4 .$$
#
# In two dimensions this gives $4 \times 4 = 16$ instead of 36 for $2 \times 2$ outputs,
# and with larger tiles 36 instead of 144.
#
# ## Predict
#
# With a quarter of the multiplications, is F(4x4) as exact as `taps`?
#
# - a) more exact: fewer operations, fewer errors
# - b) just as exact
# - c) several times less exact

# %%
for name in ways:
    print(
        f"{name:16} {off[name] / 2.0**-24:6.1f} times half a unit in the last place "
        "of the largest value"
    )
for t in (F2, F4):
    print(
        f"tiles of {t.m} x {t.m}: {t.n**2} multiplications instead of {9 * t.m**2};",
        "largest number in the matrices B, A, G:",
        *(f"{np.abs(M).max():g}" for M in (t.B, t.A, t.G)),
    )

# %% [markdown]
# <details><summary>Explain</summary>
#
# c). The transforms add numbers that are later subtracted from one another, with
# factors above 1: digits are lost on the way. Both compute in float32, and both are
# right to the precision that float32 has at the largest value.
# </details>
#
# ## Which gates flip
#
# Now a whole network, three times: with Winograd, without it ("exact": sums in the
# order of the equation), and in float64. Where an input of a ReLU is nearly zero, or
# two values in a window nearly equal, the last digits decide.
#
# ## Predict
#
# A scene has some 300,000 gates and some 50,000 windows. On how many of 60 scenes does
# *any* of them differ between Winograd and float64?
#
# - a) on all
# - b) on some
# - c) on none


# %%
def decisions(y):
    """All gates and switches of the forward pass that made y."""
    ops = [t.op for t in history(y) if t.op]
    return [op.x > 0 for op in ops if isinstance(op, ReLU)] + [
        op.switches for op in ops if isinstance(op, MaxPool)
    ]


def replayed(y, c, other):
    """The gradient of y_c at the picture, but with the gates and switches of another
    forward pass.
    """
    pairs = [
        (t, o.op)
        for t, o in zip(history(y), history(other))
        if isinstance(t.op, (ReLU, MaxPool))
    ]
    table = {t.name: (lambda op, g, o=o: o.gx(g).astype(g.dtype)) for t, o in pairs}
    return backward(y, one_hot(y, c), wrt=find(y, "x"), rules=table)


# %%
nets = {"Winograd": network(), "exact": network().compute("exact")}
double, (_, pictures, classes, _) = network(np.float64), scenes(60, first=2040)
found = {name: [] for name in nets}
for photo, c in zip(pictures, classes[:, 0].tolist()):
    reference = double(Tensor(photo[None].astype(np.float64), "x"))
    true, size = (
        gradient(reference, c, find(reference, "x")),
        np.abs(reference.data).max(),
    )
    for name, net in nets.items():
        y = net(Tensor(photo[None], "x"))
        flips = sum((a != b).sum() for a, b in zip(decisions(y), decisions(reference)))
        maps = (
            [gradient(y, c, find(y, "x"))] * 2
            if not flips
            else [gradient(y, c, find(y, "x")), replayed(y, c, reference)]
        )
        distances = [np.linalg.norm(M - true) / np.linalg.norm(true) for M in maps]
        found[name].append(
            (flips, np.abs(y.data - reference.data).max() / size, *distances)
        )

# %%
figure, (left, right) = plt.subplots(1, 2, figsize=(14, 4.6))
colours = [GREY, BLUE, BLUE, RED, RED]
left.barh(list(took), [1000 * s for s in took.values()], color=colours)
left.set(xscale="log", xlabel="milliseconds", title="one convolution")
left.invert_yaxis()
for (name, rows), colour, mark, by in zip(
    found.items(), (RED, BLUE), "ox", (-0.06, 0.06)
):
    flips, _, distance, _ = np.array(rows).T
    right.scatter(flips + by, distance, color=colour, marker=mark, s=50, label=name)
right.set(yscale="log", title="60 scenes", ylabel="distance of the gradient")
right.set(xlabel="gates and switches that differ from float64")
right.legend()
plt.show()

# %%
for name, rows in found.items():
    flips, scores, distance, replay = np.array(rows).T
    print(
        f"{name}: flips on {(flips > 0).sum()} of 60 scenes; scores off by at most "
        f"{scores.max():.0e}"
    )
    print(
        f"   gradient: median {np.median(distance):.0e}, worst {distance.max():.0e}; "
        f"with float64's decisions, worst {replay.max():.0e}"
    )

# %% [markdown]
# <details><summary>Explain</summary>
#
# b), on a few, with Winograd and without: any rounding at all can decide a near tie.
# Nothing is wrong there. The scores are as good as on the others, since a value that is
# nearly zero adds nearly nothing on either side of the gate. But the *gradient* jumps
# there, by the whole signal of that unit. The last number is the proof: with the gates
# and switches of the float64 pass replayed, all maps agree to rounding. Expect this
# when you compare gradient maps of two programs, and compare with the decisions
# replayed, or on pictures without near ties. Grad-CAM, like the scores, needs no such
# care.
# </details>
#
# ## On a GPU, if there is one

# %%
try:
    fast = device.to_gpu(network())
    batch = device.to_gpu(pictures)
    gpu, cpu = (
        seconds(lambda: device.to_cpu(fast(batch)), 5),
        seconds(lambda: nets["Winograd"](pictures), 3),
    )
    print(
        f"{len(pictures)} scenes: {1000 * gpu:.1f} ms on the GPU, {1000 * cpu:.0f} ms "
        "on the CPU"
    )
except device.DeviceError as reason:
    print(f"No GPU: {reason}")

# %% [markdown]
# ## On your own


# %%
def two_outputs(d, g):
    """d: 4 numbers, g: 3 numbers -> [y0, y1] with four products of a d by a g (sums of
    them count as one).  Halving is free.
    """


def multiplications(h, w, m):
    """How many multiplications per pair of maps h x w outputs take with tiles of m x m,
    (m + 2)^2 each, and tiles hanging over the end.
    """


def flipped(a, b):
    """Two inputs of one ReLU, any shape, computed in two ways -> how many gates differ.
    At 0 a gate is closed.
    """


check("20.1", two_outputs)
check("20.2", multiplications)
check("20.3", flipped)

# %% [markdown]
# ## Papers
#
# - Chellapilla, Puri & Simard 2006, *High performance convolutional neural networks for
#   document processing*: convolution as a product.
# - Winograd 1980, *Arithmetic complexity of computations*; Lavin & Gray 2016, *Fast
#   algorithms for convolutional neural networks*, sec. 4.
