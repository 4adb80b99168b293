# %% [markdown]
# # 14. Occlusion: the same answer, at how many times the cost?
#
# *Runs in about 15 seconds. Before this: lessons 7 and 10.*
#
# To work in it, get the package: in a copy of its repository, `pip install -e
# '.[lessons]'`, then `python -m lessons open 14`.
#
# **What you will do.** Cover a picture window by window, note how far the score falls
# ([*occlusion sensitivity*](glossary.md#occlusion)), and compare the result with the
# maps that one backward pass gives.
#
# **What you will learn.** Occlusion needs no gradient, and other methods are often
# judged by it. What it costs, what its answer depends on, and how much agreement with
# it proves.
#
# **What you will need.** Lessons 7 and 10.

# %%
import inspect
import time

import matplotlib.pyplot as plt
import numpy as np

from gradcam import (
    grad_cam,
    guided_backprop,
    input_times_gradient,
    occlusion,
    saliency,
    upsample,
)
from gradcam.measure import rank_correlation, spearman
from lessons.exercises import check
from lessons.explorer import touch
from lessons.plots import picture, signed, style
from lessons.scenes import CLASSES, LAYER, network, scenes, untrained
from minicnn import Tensor, find

style()

# %% [markdown]
# ## By hand
#
# Zeiler & Fergus (2014, sec. 4.2): slide a grey square over the picture and look at the
# score of the class.

# %%
net = network()
pictures, x, classes, _ = scenes(8, first=1400, shapes=1)
p, c = x[1:2], int(classes[1, 0])
falls = np.zeros((11, 11))
for i, j in np.ndindex(11, 11):
    covered = p.copy()
    covered[..., 8 * i : 8 * i + 16, 8 * j : 8 * j + 16] = p.mean()
    falls[i, j] = (net(p) - net(covered))[0, c]
same = occlusion(net, p, c, window=16, stride=8, fill=p.mean(), average="none")[0]
print(
    f"largest fall of the score {falls.max():.2f}; gradcam.occlusion is off by "
    f"{np.abs(falls - same).max():.0e}"
)

# %% [markdown]
# ## Predict
#
# Windows of 16 pixels, one every 8, on 96 by 96 pixels, compared with one forward and
# one backward pass. How many times as long does occlusion take?
#
# - a) 2
# - b) some tens
# - c) 1000


# %%
def seconds(f, times=2):
    """The shortest of some runs."""
    found = []
    for _ in range(times):
        started = time.perf_counter()
        f()
        found.append(time.perf_counter() - started)
    return min(found)


# %%
def by_gradient():
    y = net(Tensor(p, "x"))
    return grad_cam(y, c, find(y, LAYER))


ratio = seconds(
    lambda: occlusion(net, p, c, window=16, stride=8, fill=p.mean())
) / seconds(by_gradient)
print(
    f"{same.size} windows and the whole picture: {same.size + 1} forward passes; on "
    f"this machine {ratio:.0f} times as long"
)

# %% [markdown]
# <details><summary>Explain</summary>
#
# b). One forward pass per window; a backward pass costs about as much as one or two
# forward passes. On a photo of 224 pixels with the usual window of 15 and stride of 8
# it is more than 700 passes.
# </details>
#
# ## Does the cheap map say the same?
#
# Selvaraju et al. (2017, sec. 5.3) measure [*faithfulness*](glossary.md#faithfulness):
# they rank the windows twice, by the fall of the score and by the map's mean in the
# window:

# %%
print(inspect.getsource(rank_correlation))

# %% [markdown]
# ## Predict
#
# Which map ranks the windows most like occlusion: saliency, guided backprop, input
# times gradient, or Grad-CAM? And how well do the edges of the bare picture do, for
# which no network is needed?


# %%
def agreements(n):
    """{map: rank correlation with occlusion} of picture n; edges: the size of the
    picture's own slope.
    """
    p, c = x[n : n + 1], int(classes[n, 0])
    falls = occlusion(net, p, c, window=16, stride=8, fill=p.mean(), average="none")[0]
    t = Tensor(p, "x")
    y = net(t)
    maps = {
        "saliency": saliency(y, c, t)[0],
        "guided backprop": abs(guided_backprop(y, c, t)[0]).sum(axis=0),
        "input x gradient": abs(input_times_gradient(y, c, t)[0]).sum(axis=0),
        "edges of the picture": np.hypot(*np.gradient(p[0], axis=(1, 2))).sum(axis=0),
        "Grad-CAM": upsample(grad_cam(y, c, find(y, LAYER))[0], (96, 96)),
    }
    return {name: rank_correlation(map, falls, 16, 8) for name, map in maps.items()}


# %%
found = [agreements(n) for n in range(8)]
for name in found[0]:
    print(
        f"{name:21} mean rank correlation with occlusion "
        f"{np.mean([f[name] for f in found]):+.2f}"
    )

# %% [markdown]
# <details><summary>Explain</summary>
#
# The four are about equally like occlusion, whatever they are made of, **and the edges
# of the bare picture are not far below**, though no network is needed for them. What
# matters in a picture has edges, so every map that is bright at edges agrees with
# occlusion to some degree. A number like 0.4 means nothing by itself: compare it with a
# control that knows nothing (lesson 15).
# </details>
#
# ## Predict
#
# Occlusion itself: are its maps with windows of 8, 16 and 32 pixels alike? And if black
# or white is used instead of the mean?

# %%
ways = {
    "16, mean": (16, p.mean()),
    "8, mean": (8, p.mean()),
    "32, mean": (32, p.mean()),
    "16, black": (16, -2.0),
    "16, white": (16, 2.0),
}
maps = {
    name: occlusion(net, p, c, window=w, stride=8, fill=fill)[0]
    for name, (w, fill) in ways.items()
}
for name, map in maps.items():
    print(
        f"window {name:9} rank correlation with the first "
        f"{spearman(map, maps['16, mean']):+.2f}"
    )

# %%
figure, axes = plt.subplots(1, 7, figsize=(16, 3.0))
picture(axes[0], pictures[1], f"class: {CLASSES[c]}")
for ax, (name, map) in zip(axes[1:], maps.items()):
    signed(ax, map, name, "fall of the score")
signed(
    axes[6],
    occlusion(untrained(), p, c, window=16, stride=8, fill=p.mean())[0],
    "16, mean",
    "random weights",
)
plt.show()

# %% [markdown]
# <details><summary>Explain</summary>
#
# They are not the same map, though most have their peak at the shape (rank correlation
# counts the background's order as much). A small window asks for details, a large one
# takes away half a shape; and a white square *is* a shape, so that one measures how the
# network responds to squares. "Occlusion" is a family of questions: state window,
# stride and filling, or the numbers mean nothing. This is also a reason why libraries
# disagree about it. And look at the last picture: with random weights the largest
# values, of both signs, lie at the shape, too. If the only object is covered, any score
# moves.
# </details>
#
# ## Touch it
#
# Cover the picture with your finger, and watch the score.

# %%
touch(14)

# %% [markdown]
# ## On your own


# %%
def my_occlusion(f, p, k, s, fill):
    """f gives a number for a picture p (H, W); k x k windows every s pixels that fit
    wholly -> how much f falls, (rows, columns).
    """


def spread(falls, size, k, s):
    """-> (H, W) = size: each pixel has the mean of the falls of the windows that cover
    it; 0 where none does.
    """


def passes(H, W, k, s):
    """How many forward passes my_occlusion needs, the uncovered picture included: a
    number.
    """


check("14.1", my_occlusion)
check("14.2", spread)
check("14.3", passes)

# %% [markdown]
# ## Papers
#
# - Zeiler & Fergus 2014, *Visualizing and understanding convolutional networks*, sec.
#   4.2 and fig. 7.
# - Selvaraju et al. 2017, *Grad-CAM*, sec. 5.3: rank correlation with occlusion, as a
#   measure of faithfulness.
