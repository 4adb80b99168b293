# %% [markdown]
# # 14. Occlusion: the same answer, at how many times the cost?
#
# *Runs in about 25 seconds. Before this: lessons 7 and 10.*
#
# To work in it, get the package: in a copy of its repository, `pip install -e
# '.[lessons]'`, then `python -m lessons open 14`.
#
# **What you will do.** Cover a picture window by window, note how far the score falls
# ([*occlusion sensitivity*](glossary.md#occlusion)), and compare the result with the
# maps that one backward pass gives, by four statistics.
#
# **What you will learn.** Occlusion needs no gradient, and other methods are often
# judged by it. What it costs, what its answer depends on, how much agreement with it
# proves, and why it matters *how* agreement is measured. And why one wants gradients at
# all.
#
# **What you will need.** Lessons 7 and 10.

# %%
import inspect

import matplotlib.pyplot as plt
import numpy as np

from gradcam import explain, occlusion
from gradcam.measure import rank_correlation, spearman
from lessons.exercises import check
from lessons.explorer import touch
from lessons.measured import quoted
from lessons.measured.occlusion import agreement, maps, seconds
from lessons.plots import picture, signed, style
from lessons.scenes import CLASSES, network, scenes, untrained

style()

# %% [markdown]
# ## By hand
#
# Zeiler & Fergus (2014, sec. 4.2): slide a grey square over the picture and look at the
# score of the class.

# %%
net = network()
pictures, x, classes, masks = scenes(12, first=1400, shapes=1)
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
def by_gradient():
    return explain(net, p, [c], ["grad_cam"])


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
# it is 785 passes; what they cost was measured once:
# </details>

# %%
lines = quoted("occlusion.txt").splitlines()
print("\n".join(line for line in lines if "times as much" in line))

# %% [markdown]
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
# Which map ranks the windows most like occlusion: saliency, guided backprop, Guided
# Grad-CAM, or Grad-CAM? And how well do two controls do, for which no network is
# needed: the edges of the bare picture, and a spot in its middle?


# %%
print(inspect.getsource(agreement))


def agreements(n):
    """{map: (rank correlation of all windows, of those that touch the shape, Pearson's
    correlation, whether the peaks are one step apart at most)} of picture n
    """
    p, c, mask = x[n : n + 1], int(classes[n, 0]), masks[n, 0]
    falls = occlusion(net, p, c, window=16, stride=8, fill=p.mean(), average="none")[0]
    found = maps(net, p, c).items()
    return {name: agreement(map, falls, mask, 16, 8) for name, map in found}


# %%
found = [agreements(n) for n in range(12)]
print(f"{'':17} all windows   those that touch   Pearson   same peak")
for name in found[0]:
    every, touching, linear, near = np.mean([f[name] for f in found], axis=0)
    print(f"{name:17} {every:+11.2f} {touching:+18.2f} {linear:+9.2f} {near:11.0%}")

# %% [markdown]
# <details><summary>Explain</summary>
#
# Look at the first column, the paper's measure: all maps are about equally like
# occlusion, and the edges of the bare picture are not far below. An earlier version of
# this lesson stopped there, and concluded that edges "come near". But most windows
# touch no part of the shape; covering them moves the score by next to nothing, and *in
# which order* is noise, which a rank correlation counts like everything else.
#
# The other columns ask about the shape: among the windows that touch it; for the size
# of the falls instead of their order (Pearson); for the place of the largest. There,
# every map that was made by the network is far above the controls.
# </details>
#
# Twelve scenes are few. Sixty scenes, and photos with SqueezeNet and with the published
# convolutions of VGG-16 (there, windows that touch the object's box; 95 % intervals
# over the pictures):

# %%
print(quoted("occlusion.txt"))

# %% [markdown]
# For comparison, the paper's own numbers (2510 photos of PASCAL VOC 2007, rank
# correlation of all patches): Guided Grad-CAM 0.261, Grad-CAM 0.254, CAM 0.208, guided
# backprop 0.168, and no control. Ours are higher: other windows, other networks, and
# most of all other pictures. Of the maps in both, the photos' order is the paper's; on
# scenes guided backprop stands before Grad-CAM. Numbers of this kind can be compared
# within one table only.
#
# So sixty scenes are needed: on twelve the edges seem to know nothing, on sixty they
# agree with occlusion by about half as much as the maps do (what matters *has* edges),
# and the intervals keep them apart. How much agreement proves anything depends on the
# control, and which control is the hard one depends on the pictures: on these scenes it
# is the edges; on photos, whose object is large and mostly in the middle, a spot there.
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
falls_of = {
    name: occlusion(net, p, c, window=w, stride=8, fill=fill)[0]
    for name, (w, fill) in ways.items()
}
for name, map in falls_of.items():
    print(
        f"window {name:9} rank correlation with the first "
        f"{spearman(map, falls_of['16, mean']):+.2f}"
    )

# %%
figure, axes = plt.subplots(1, 7, figsize=(16, 3.0))
picture(axes[0], pictures[1], f"class: {CLASSES[c]}")
for ax, (name, map) in zip(axes[1:], falls_of.items()):
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
# ## Why gradients at all?
#
# Occlusion asks what one wants to know: what happens if this is gone? Why not always?
#
# - **Price.** Hundreds of forward passes, against one forward and one backward pass for
#   a value at *every* pixel.
# - **No choice to make.** Window, stride and filling decide what occlusion shows. A
#   derivative has none of these. It answers a smaller question instead, "what would an
#   infinitely small change do?", and a large score can stand on a plateau where nothing
#   small does anything (lesson 7).
# - **Pictures that exist.** A grey square is a picture that the network was never
#   trained on. A derivative looks at this picture only.
# - **Places inside.** The signal of one backward pass is known at every layer. That is
#   what Grad-CAM uses: its weights are derivatives at the feature maps, where covering
#   has no meaning.
#
# In one sentence: occlusion asks the better question of a few windows, the gradient a
# smaller question of every number at once, and the table says how far the second can
# stand for the first: for the *place*, with Grad-CAM, on networks and pictures like
# these; not for the order of everything else.
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
