# %% [markdown]
# # 3. Max-pool and its switches
#
# *Runs in about 2 seconds. Before this: lesson 2.*
#
# To work in it, get the package: in a copy of its repository, `pip install -e
# '.[lessons]'`, then `python -m lessons open 3`.
#
# **What you will do.** Pool a small picture ([*max-pooling*](glossary.md#max-pool)),
# look at what the layer must remember, and send a signal back through that memory.
#
# **What you will learn.** What a max-pool must remember for the backward pass, what it
# loses for good, and how its gradient compares with the "unpooling with switches" of
# the deconvnet (Zeiler & Fergus 2014).
#
# **What you will need.** Lesson 2.

# %%
import inspect

import matplotlib.pyplot as plt
import numpy as np

from lessons.exercises import check
from lessons.plots import grid, picture, style
from minicnn import MaxPool, Tensor, backward
from weights.recipes import shapes_world as world

style()

# %% [markdown]
# ## Forward
#
# Each window of $2 \times 2$ keeps its largest value,
# $y_{ij} = \max_{u,v} x_{2i+u,\,2j+v}$, and notes in its
# [*switch*](glossary.md#switches) (elsewhere the *argmax*, or *index*, of the window)
# which of its taps held it (0, 1 in the upper row, 2, 3 in the lower one).

# %%
x = np.array([[1, 0, 2, 3], [4, 2, 1, 0], [0, 1, 5, 5], [3, 2, 5, 5]], float)
tx = Tensor(x[None, None], "x")
y = MaxPool(kernel=2)(tx)
print("maxima\n", y.data[0, 0], "\nswitches\n", y.op.switches[0, 0])

# %% [markdown]
# ## Predict
#
# The window in the lower right corner holds four times the same number, 5. A signal of
# 1 arrives at its output. What arrives at each of them?
#
# - a) 1/4 to each of the four
# - b) 1 to each
# - c) 1 to one of them
#
# ## Backward
#
# Nudge a value that is not the maximum: nothing changes. Nudge the maximum: the output
# moves with it. So the whole signal goes to the place that the switch names, and
# nothing to any other (`-0.` is 0, too: a negative signal times 0). In the engine a
# window may overlap others, so its signal is added. (`@faster` names a quicker way to
# the same numbers.)

# %%
print(inspect.getsource(MaxPool.gx))
gy = np.array([[10, 20], [-30, 40]], float)
gx = backward(y, gy[None, None], wrt=tx)[0, 0]
print(gx)

# %% [markdown]
# <details><summary>Explain</summary>
#
# c). At a tie the maximum has no derivative: raise one of the four and the output
# rises, lower it and nothing happens. Any choice is a convention. Here, as in PyTorch,
# the first tap gets everything. Central differences would say 1/2 for each of the four,
# the mean of "up" and "down", so a gradient check must avoid ties. After a ReLU ties
# are common, whole windows are 0, and two libraries that choose differently will give
# two different gradient maps of the same network.
# </details>
#
# ## Predict
#
# Zeiler & Fergus (2014, sec. 2.1) want to go back from a feature map to the picture,
# with a network they call a *deconvnet* (deconvolutional network). It
# [*unpools*](glossary.md#unpooling): "the unpooling operation uses these switches to
# place the reconstructions from the layer above into appropriate locations". They speak
# of reconstructing, not of a gradient. How does their unpooling differ from `gx`?
#
# - a) it does not
# - b) it puts back the maxima themselves, which no gradient contains
# - c) it fills the other places, too

# %%
unpooled = np.zeros((4, 4))
for (i, j), switch in np.ndenumerate(y.op.switches[0, 0]):
    unpooled[2 * i + switch // 2, 2 * j + switch % 2] = gy[i, j]
print("unpooling the signal is gx:", np.array_equal(unpooled, gx))
print("unpooling the maxima themselves:\n", y.op.gx(y.data)[0, 0])

# %% [markdown]
# <details><summary>Explain</summary>
#
# a). The routing is the same, whatever is sent: a gradient, a reconstruction, the
# maxima themselves. This is why deconvnet, guided backprop and plain backprop share one
# max-pool rule and one convolution rule, and differ in their ReLU alone (lesson 8).
# </details>
#
# ## What the switches know
#
# Take the outline of a star, as an edge filter might have found it. Pool it by
# $4 \times 4$ and put the maxima back: once always into the middle of their windows,
# and once where the switches say. (`scene` draws a picture of the kind that later
# lessons look at, with a mask that is True on the star. A pixel is outline if it is on
# the star and one of its four neighbours is not.)

# %%
star = world.scene(5, split="test", kinds=["star"], size=60).masks.any(axis=0)
outline = (
    star
    & ~(
        np.roll(star, 1, 0)
        & np.roll(star, -1, 0)
        & np.roll(star, 1, 1)
        & np.roll(star, -1, 1)
    )
).astype(float)
pool = MaxPool(kernel=4)
maxima = pool(Tensor(outline[None, None]))
by_switch = pool.gx(maxima.data)[0, 0]
in_the_middle = np.zeros_like(outline)
in_the_middle[2::4, 2::4] = maxima.data[0, 0]
on_line = {
    name: outline[back > 0].mean()
    for name, back in [("in the middle", in_the_middle), ("by the switches", by_switch)]
}
print(
    "share of the values put back that lie on the outline:",
    {name: f"{share:.0%}" for name, share in on_line.items()},
)

# %%
figure, axes = plt.subplots(2, 4, figsize=(14, 8))
grid(axes[0, 0], x, "x", "framed: the maxima", top=9, frame=gx != 0, cmap="PuOr")
grid(axes[0, 1], y.data[0, 0], "maxima of the windows", top=9, cmap="PuOr")
grid(axes[0, 2], gy, "a signal arrives ...", top=45)
grid(axes[0, 3], gx, "... and finds the maxima", top=45, frame=gx != 0)
on = [f"{share:.0%} on the outline" for share in on_line.values()]
drawn = [
    (outline, "outline", f"{outline.size} numbers"),
    (maxima.data[0, 0], "pooled 4 × 4", f"{maxima.data.size} numbers"),
    (in_the_middle, "put back in the middle", on[0]),
    (by_switch, "put back by the switches", on[1]),
]
for ax, (M, title, below) in zip(axes[1], drawn):
    picture(ax, M, title, below, cmap="gray")
plt.show()

# %% [markdown]
# The switches depend on the picture. That is how the deconvnet, a method that ignores
# whether a ReLU's input was positive, can still draw *this* picture's edges: it gets
# them from the switches. A network without max-pooling has none (Springenberg et al.
# 2015, sec. 3.4, found just that, and proposed guided backprop instead).
#
# ## Predict
#
# Windows of $3 \times 3$ every 2 pixels overlap. One very large value lies where four
# windows overlap. A signal of 1 arrives at each of the four outputs. How much arrives
# at that value?

# %%
peak = np.zeros((1, 1, 5, 5))
peak[..., 2, 2] = 9
overlapping = MaxPool(kernel=3, stride=2)
print(
    "outputs\n",
    overlapping(Tensor(peak)).data[0, 0],
    "\nback\n",
    overlapping.gx(np.ones((1, 1, 2, 2)))[0, 0],
)

# %% [markdown]
# <details><summary>Explain</summary>
#
# It is 4: the value reached the output along four paths, and the signals of several
# paths add up (lesson 5). An implementation that *writes* to the switched places
# instead of adding gives 1 here. AlexNet, SqueezeNet and GoogLeNet, well-known networks
# for photos, all have such overlapping pools.
# </details>
#
# ## On your own


# %%
def pool_forward(x):
    """x (H, W), both even -> (y, switches), both (H/2, W/2): maxima of 2 x 2 windows,
    and their taps 0 to 3 (first one in a tie).
    """


def pool_gx(gy, switches):
    """gy, switches (h, w) -> (2h, 2w)."""


check("3.1", pool_forward)
check("3.2", pool_gx)


# %%
def overlapping_gx(x, gy, k, s):
    """k x k windows every s pixels of x (H, W), no two pixels equal; gy (h, w) -> (H,
    W).  The switches are yours to find.
    """


def average_gx(gy):
    """Backward pass of *average* pooling, 2 x 2 (y: the mean of each window).

    gy (h, w) -> (2h, 2w)
    """


check("3.3", overlapping_gx)
check("3.4", average_gx)

# %% [markdown]
# ## Papers
#
# - Zeiler & Fergus 2014, *Visualizing and understanding convolutional networks*, ECCV,
#   sec. 2.1 and fig. 1: switches and unpooling.
# - Springenberg, Dosovitskiy, Brox & Riedmiller 2015, *Striving for simplicity: the all
#   convolutional net*, sec. 3.4: what happens without switches.
