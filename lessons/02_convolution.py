# %% [markdown]
# # 2. Convolution and its two gradients
#
# *Runs in about 2 seconds. Before this: lesson 1.*
#
# To work in it, get the package: in a copy of its repository, `pip install -e
# '.[lessons]'`, then `python -m lessons open 2`.
#
# **What you will do.** Take a convolution apart into its taps, send a single signal
# back through it, and see what arrives at the picture and what arrives at the kernel.
#
# **What you will learn.** What one output sends back to the picture, and what to the
# kernel. And that the backward pass is the [*adjoint*](glossary.md#adjoint), the
# transposed matrix, of the forward pass: one number tests that for a whole kernel.
#
# **What you will need.** Lesson 1, and matrix products.

# %%
import inspect

import matplotlib.pyplot as plt
import numpy as np

from lessons.exercises import check
from lessons.plots import grid, style
from minicnn import Conv, Tensor, backward
from minicnn.convolution import taps

style()

# %% [markdown]
# ## Forward, tap by tap
#
# Some words first. A [*kernel*](glossary.md#kernel), or *filter*, is a small grid of
# weights that slides over a picture. The patch of the picture that one output depends
# on is its [*receptive field*](glossary.md#receptive-field): here as large as the
# kernel, and larger with every further layer. A [*channel*](glossary.md#channel) is one
# sheet of numbers: a photo has three, for red, green and blue. The
# [*stride*](glossary.md#stride-padding) is how many pixels the kernel moves from one
# output to the next, and *padding* is a frame of zeros laid around the picture first.
# What a kernel makes of a picture is a [*feature map*](glossary.md#feature-map): a
# channel of the next layer's input. And several pictures that are computed together are
# a [*batch*](glossary.md#batch). The engine's arrays have the axes (N, C, H, W):
# pictures, channels, rows, columns. So `x[None, None]` below is a batch of one picture
# with one channel.
#
# With one channel, no padding and stride 1, a kernel $W$ of $3 \times 3$ numbers makes
# of a picture $x$
#
# $$y_{ij} = \sum_{u,v} W_{uv}\, x_{i+u,\, j+v}.$$
#
# Read it as a sum over [*taps*](glossary.md#tap), the positions $(u, v)$ in the kernel:
# tap $(u,v)$ sees the whole picture shifted by $(u,v)$, and adds $W_{uv}$ times what it
# sees. (Without a flip. What deep learning calls convolution is a cross-correlation.)

# %%
x = np.array(
    [
        [0, 1, 2, 0, 0],
        [1, 3, 1, 0, 2],
        [0, 2, 0, 1, 1],
        [2, 0, 1, 3, 0],
        [1, 0, 0, 2, 1],
    ],
    float,
)
W = np.array([[1, 2, 0], [0, 3, -1], [0, 0, -2]], float)

by_taps = np.zeros((3, 3))
for u in range(3):
    for v in range(3):
        by_taps += W[u, v] * x[u : u + 3, v : v + 3]
tx, tW = Tensor(x[None, None], "x"), Tensor(W[None, None], "W")
y = Conv()(tx, tW)
print(y.data[0, 0], "\nthe same as tap by tap:", np.array_equal(y.data[0, 0], by_taps))

# %% [markdown]
# ## Predict
#
# A signal of 1 arrives at the output in the middle, $y_{11}$, and nowhere else. What
# arrives at the picture?
#
# - a) the $3 \times 3$ window of $x$ that $y_{11}$ saw
# - b) the kernel, laid over that window
# - c) the kernel turned by 180°, laid over it

# %%
gy = np.zeros((1, 1, 3, 3))
gy[..., 1, 1] = 1
gx, gW = backward(y, gy, wrt=[tx, tW])
print("at the picture\n", gx[0, 0], "\nat the kernel\n", gW[0, 0])

# %% [markdown]
# <details><summary>Explain</summary>
#
# b). $y_{11}$ is one neuron of lesson 1: its inputs are the pixels of its window and
# its weights are $W$. The signal towards each pixel is that pixel's weight, so the
# kernel is *stamped* onto the window, the way it lies there, and the signal towards
# each weight is that weight's pixel, so a *copy of the window* arrives at the kernel.
# The "turned kernel" appears only when all outputs are taken together and one asks for
# one pixel $(p, q)$: it collects from the outputs $(p-u, q-v)$, where there are such,
# through $W_{uv}$,
#
# $$g_{x,\,pq} = \sum_{u,v} W_{uv}\, g_{y,\,p-u,\,q-v}, \qquad g_{W,\,uv} =
#   \sum_{i,j} g_{y,\,ij}\, x_{i+u,\,j+v}.$$
# </details>
#
# ## Many stamps
#
# With several signals, stamps overlap and add. The figure shows one signal, then two.

# %%
two = np.zeros((3, 3))
two[0, 0], two[1, 1] = 1, -1
both = backward(y, two[None, None], wrt=tx)[0, 0]
where = np.pad(np.ones((3, 3), bool), 1)
figure, axes = plt.subplots(1, 5, figsize=(15, 3.9))
grid(axes[0], W, "kernel W", top=3)
grid(axes[1], gy[0, 0], "one signal", top=3)
grid(axes[2], gx[0, 0], "at the picture: one stamp", top=3, frame=where)
grid(axes[3], two, "two signals", top=3)
grid(axes[4], both, "two stamps add", "the second one with its sign", top=3)
plt.show()

# %% [markdown]
# ## The engine's own lines
#
# For every tap, stride and padding, over channels as a matrix product: what the forward
# pass *reads* at `at` with $W$, the backward pass *adds* at `at` with $W^\top$. Read
# only the line in each loop. `uv` is the tap, and `at` the slice of the picture that it
# sees; `geometry` knows both: the stride, the padding, and two settings that are 1 in
# this lesson, `groups` and `dilation`. `one_thread_each` is a matter of speed.

# %%
print(
    inspect.getsource(taps.forward),
    inspect.getsource(taps.gx),
    inspect.getsource(taps.gW),
    sep="\n",
)

# %% [markdown]
# ## The adjoint
#
# A convolution is linear in $x$: it is a large matrix $M$, mostly zeros, that nobody
# writes down. The backward pass is its transpose. For *any* two arrays $x$ and $g$ of
# the right shapes, and with $\langle a, b\rangle$ for the sum of all products of
# entries, `(a * b).sum()`,
#
# $$\langle Mx,\, g\rangle = \langle x,\, M^\top g\rangle .$$
#
# Two numbers that must agree: no derivative and no step $h$. One random pair tests all
# entries of the matrix at once.
#
# ## Predict
#
# We make the classical mistake: the kernel is turned by 180° in the backward pass. Will
# the two numbers disagree for a kernel whose entries are all equal?
#
# - a) yes, a mistake is a mistake
# - b) no, such a kernel is its own turned copy

# %%
random = np.random.default_rng(0)
big, signal = random.normal(size=(2, 3, 9, 8)), random.normal(size=(2, 4, 4, 4))
for name, K in [
    ("random kernel", random.normal(size=(4, 3, 3, 3))),
    ("equal entries", np.ones((4, 3, 3, 3))),
]:
    op = Conv(
        stride=2, pad=((1, 0), (1, 0))
    )  # one row of zeros above, one column on the left
    left = (op(Tensor(big), K).data * signal).sum()
    right = (big * op.gx(signal)).sum()
    op.W = K[..., ::-1, ::-1]  # the backward pass sees the turned kernel
    print(
        f"{name}: right {abs(left - right):.0e} apart, with the mistake "
        f"{abs(left - (big * op.gx(signal)).sum()):.0e} apart"
    )

# %% [markdown]
# <details><summary>Explain</summary>
#
# b). A test with a symmetric kernel, a square picture or a signal of ones lets mistakes
# through. That is why this project's tests draw everything at random, and why the
# checks below do too.
# </details>
#
# ## Predict
#
# With stride 2, output $(i, j)$ sees the window that begins at pixel $(2i, 2j)$. With a
# $3 \times 3$ kernel of ones and a signal of ones: is what arrives at the picture the
# same everywhere?

# %%
op = Conv(stride=2)
op(Tensor(np.zeros((1, 1, 9, 9))), np.ones((1, 1, 3, 3)))
print(op.gx(np.ones((1, 1, 4, 4)))[0, 0].astype(int))

# %% [markdown]
# <details><summary>Explain</summary>
#
# No. It is a checkerboard: a pixel gets one stamp for every window that saw it, and
# with stride 2 that is 1, 2 or 4 of them. The pattern comes from the geometry of the
# layer and says nothing about the picture. You will meet it again in real gradient
# maps.
# </details>
#
# ## On your own
#
# One channel, stride 1, no padding. `gy` has shape (h, w), `W` (kh, kw), `x` (H, W) =
# (h + kh - 1, w + kw - 1).


# %%
def conv_gx(gy, W):
    """-> (H, W): the kernel stamped once for every output, times the signal there."""


def conv_gW(gy, x):
    """-> (kh, kw): the windows of x, times the signals of the outputs that saw them."""


check("2.1", conv_gx)
check("2.2", conv_gW)


# %% [markdown]
# Now with stride $s$, where output $(i, j)$ sees `x[s*i : s*i + kh, s*j : s*j + kw]`;
# and with channels, F kernels that each have one layer for every one of the C channels:
# `gy` (F, h, w), `W` (F, C, kh, kw).


# %%
def strided_gx(gy, W, s, size):
    """gy (h, w), W (kh, kw), size (H, W) of the picture -> (H, W); pixels that no
    window saw get 0.
    """


def channels_gx(gy, W):
    """Stride 1 -> (C, H, W): every filter f stamps its own kernel W[f] onto all
    channels.
    """


check("2.3", strided_gx)
check("2.4", channels_gx)

# %% [markdown]
# ## Papers
#
# - LeCun, Bottou, Bengio & Haffner 1998, *Gradient-based learning applied to document
#   recognition*, sec. II: shared weights.
# - Dumoulin & Visin 2016, *A guide to convolution arithmetic for deep learning*, ch. 4:
#   the transposed convolution is our `gx`.
# - Odena, Dumoulin & Olah 2016, *Deconvolution and checkerboard artifacts*, Distill:
#   the pattern of the last cell.
