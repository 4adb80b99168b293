# %% [markdown]
# # 12. Why the ReLU at the end of Grad-CAM?
#
# *Runs in about 20 seconds. Before this: lesson 10.*
#
# To work in it, get the package: in a copy of its repository, `pip install -e
# '.[lessons]'`, then `python -m lessons open 12`.
#
# **What you will do.** Leave the last ReLU of Grad-CAM out and measure, on 150
# pictures, whether the map still finds its shape. Then look at what the ReLU removes.
#
# **What you will learn.** When the ReLU is needed, and when it changes nothing. And
# that what it removes is an explanation of its own.
#
# **What you will need.** Lesson 10.

# %%
import inspect

import matplotlib.pyplot as plt
import numpy as np

from gradcam import counterfactual, grad_cam, upsample
from lessons import tiny
from lessons.exercises import check
from lessons.measured import quoted
from lessons.plots import picture, signed, style
from lessons.scenes import CLASSES, LAYER, network, scenes, untrained
from minicnn import Tensor, find

style()

# %%
print(inspect.getsource(grad_cam), inspect.getsource(counterfactual), sep="\n")
net = network()
pictures, x, classes, masks = scenes(150, first=1200)


def before_the_relu(n):
    """sum_k alpha_k A^k of picture n for the class of its first shape, at the picture's
    size.
    """
    y = net(Tensor(x[n : n + 1], "x"))
    return upsample(
        grad_cam(y, int(classes[n, 0]), find(y, LAYER), relu=False), (96, 96)
    )[0]


raw = [before_the_relu(n) for n in range(150)]

# %% [markdown]
# ## Localisation
#
# To compare a map with the truth one applies a *threshold*, a share of the map's
# maximum (Selvaraju et al. use 15 %), and measures the overlap with the shape,
# [*intersection over union*](glossary.md#intersection-over-union) (IoU): pixels in
# both, divided by pixels in either.
#
# Four ways to treat the same sum $\sum_k \alpha_k A^k$ before the threshold:
#
# | | what is done | where |
# |---|---|---|
# | ReLU | $\max(L, 0)$ | the paper |
# | nothing | $L$ | |
# | stretched | $(L - \min L)/(\max L - \min L)$ | programs that normalise "to 0 to 1" |
# | magnitude | $\lvert L \rvert$ | programs that take the absolute value |
#
# ## Predict
#
# Which of the four localise as well as the ReLU?
#
# - a) none
# - b) "nothing" does, exactly
# - c) all of them, roughly


# %%
def overlap(found, truth):
    """Intersection over union of two arrays of bool."""
    return (found & truth).sum() / (found | truth).sum()


ways = {
    "ReLU": lambda L: np.maximum(L, 0),
    "nothing": lambda L: L,
    "stretched": lambda L: (L - L.min()) / (L.max() - L.min()),
    "magnitude": np.abs,
}

# %%
for name, way in ways.items():
    maps = [way(L) for L in raw]
    at = [
        np.mean([overlap(share * M.max() <= M, m[0]) for M, m in zip(maps, masks)])
        for share in (0.15, 0.5)
    ]
    print(
        f"{name:10} overlap with the shape: {at[0]:.2f} cut at 15 %, {at[1]:.2f} cut "
        "at 50 %"
    )

# %% [markdown]
# <details><summary>Explain</summary>
#
# b). A threshold at a positive share of the maximum never sees a negative value: with
# the ReLU or without, the same pixels are above it, and the largest value is at the
# same place (so the pointing game does not need the ReLU either). But *stretching*
# moves the zero up to somewhere in the middle, and then 15 % of the range lies below
# "speaks against": the map floods the picture. The magnitude turns what speaks against
# the class into evidence for it.
#
# Cut at 50 %, stretched is as good as the ReLU. That is no accident: with
# $m = -\min L / \max L$, the cut of the stretched map at a share $s$ is the cut of $L$
# at the share $t = s - (1 - s)\, m$ of its maximum. As long as $t > 0$, stretching *is*
# the ReLU, cut at another share. So the fair question is: what does each do at its best
# cut?
# </details>

# %%
cuts = np.linspace(0.05, 0.95, 19)
for name, way in ways.items():
    curve = np.mean(
        [
            [overlap(cut * M.max() <= M, mask[0]) for cut in cuts]
            for M, mask in zip(map(way, raw), masks)
        ],
        axis=0,
    )
    print(
        f"{name:10} best overlap {curve.max():.2f}, cut at {cuts[curve.argmax()]:.0%}; "
        f"at 15 % {curve[2]:.2f}"
    )

# %% [markdown]
# For one map, the two are the same. But $m$ differs from map to map, so that one cut of
# all stretched maps is another cut of each, and no single one fits. What the ReLU gives
# is not a better map, it is a *zero*: the same cut works for maps with much and with
# little below it, and 0 has a meaning (lesson 11 says whose).
#
# ## The paper's ablation
#
# The journal version of the paper (Selvaraju et al. 2020, table 3) reports a
# localisation error on ILSVRC's validation set for each ablation, in per cent: Grad-CAM
# 59.65; without the ReLU 74.98; with absolute gradients 58.19; with the largest
# gradient of a map instead of their mean 59.96; with deconvnet's ReLU in the backward
# pass 83.95; with guided backprop's 59.14.
#
# By the argument above a cut at 15 % of the maximum cannot see the final ReLU. It can
# if the map is stretched first, as programs do that draw "from 0 to 1". The same
# ablations with our networks (the error is that of the box alone: the class is given):

# %%
print(quoted("final_relu.txt"))

# %% [markdown]
# Cut at 15 % of the maximum, with and without the ReLU is the same, box by box. After
# stretching the error rises: from 36 to 75 % on scenes, and on photos from 85 to 95 %
# (`mini_vgg`), from 55 to 93 % (SqueezeNet) and from 58 to 90 % (the published
# convolutions of VGG-16). So the paper's rise can be understood as that of stretching,
# though it does not say what its comparison did.
#
# Absolute gradients, harmless there, make the maps of all four networks worse. And
# deconvnet's ReLU, harmful there, helps on scenes; in SqueezeNet, with a single ReLU
# above the maps, it changes nothing. Ablations do not carry over from one network to
# another. (Where average pooling follows the maps, as in `vgg16_gap`, a map's gradient
# is the same at all places, and the largest is the mean.)
#
# ## Whose pixels?
#
# Now without any threshold: of all the positive values that are drawn, the heat, which
# share lies on the class's shape, and which on the *other* shape?

# %%
for name, way in ways.items():
    shares = []
    for L, mask in zip(raw, masks):
        heat = np.maximum(way(L), 0)
        shares.append([heat[m].sum() / heat.sum() for m in mask])
    print(
        "{:10} {:.1%} on the class's shape, {:.1%} on the other".format(
            name, *np.mean(shares, axis=0)
        )
    )
print(f"a shape covers {masks.mean():.1%}")

# %% [markdown]
# ## What was removed
#
# The negative part has a name:
# [*counterfactual explanation*](glossary.md#counterfactual-map) (Selvaraju et al. 2017,
# sec. 3.3), Grad-CAM with negated weights.
#
# ## Predict
#
# We wipe out a tenth of the picture: the pixels with the largest Grad-CAM, those with
# the largest counterfactual map, or random ones. What happens to the score of the
# class? And does it matter whether the classes exclude each other? They do not in
# `shapes`, which answers eight questions with yes or no; they do in `tiny`
# (`lessons/tiny.py`), which was trained with a softmax over four.


# %%
def wiped_out(net, p, c, M):
    """How class c's score moves when the tenth of picture p (1, C, H, W) with the
    largest values of M (H, W) becomes its mean.
    """
    q = p.copy()
    q.reshape(p.shape[1], -1)[:, np.argsort(-M, axis=None)[: M.size // 10]] = p.mean(
        axis=(2, 3)
    ).T
    return float((net(q) - net(p))[0, c])


small, (x_small, c_small, _) = tiny.trained(), tiny.pictures(150, seed=12, shapes=2)
scores = [small(Tensor(p[None].astype(float))) for p in x_small]
raw_small = [
    upsample(grad_cam(y, int(c), find(y, "relu4"), relu=False), (32, 32))[0]
    for y, c in zip(scores, c_small[:, 0])
]

# %%
random = np.random.default_rng(0)
for title, of, photos, which, maps in [
    ("shapes", net, x, classes, raw),
    ("tiny", small, x_small.astype(float), c_small, raw_small),
]:
    for name, change in [
        ("Grad-CAM", lambda L: L),
        ("counterfactual", lambda L: -L),
        ("random", lambda L: random.random(L.shape)),
    ]:
        moved = np.array(
            [
                wiped_out(of, photos[n : n + 1], which[n, 0], change(maps[n]))
                for n in range(100)
            ]
        )
        print(
            f"{title:6} {name:15} score {np.median(moved):+6.2f} (median); it rises "
            f"in {(moved > 0).mean():.0%} of the pictures"
        )

# %% [markdown]
# <details><summary>Explain</summary>
#
# Without the pixels of Grad-CAM the score falls, by far more than without random ones
# (such a test is a *perturbation*, or *deletion*, test). Those of the counterfactual
# map lie on the *other* shape, and there the two networks differ: in `tiny`, whose
# classes compete, the score mostly *rises* without the rival; in `shapes` it hardly
# moves, up or down. So the negative part tells where the class is not; that it *speaks
# against* the class is true only as far as the network has learned that one class
# excludes another. (Random pixels are not a neutral choice: they damage both shapes.)
# </details>

# %%
n = 17
scores = untrained()(Tensor(x[n : n + 1]))
sanity = grad_cam(scores, int(classes[n, 0]), find(scores, LAYER), relu=False)
figure, axes = plt.subplots(1, 5, figsize=(14, 3.5))
picture(
    axes[0],
    pictures[n],
    f"class: {CLASSES[classes[n, 0]]}",
    f"and a {CLASSES[classes[n, 1]]}",
)
signed(axes[1], raw[n], "the sum", "blue speaks against")
picture(axes[2], ways["ReLU"](raw[n]), "ReLU", "Grad-CAM", cmap="inferno")
picture(
    axes[3], ways["stretched"](raw[n]), "stretched", "zero has moved", cmap="inferno"
)
signed(axes[4], upsample(sanity, (96, 96))[0], "the sum", "random weights")
plt.show()

# %% [markdown]
# ## Predict
#
# For a class that is *not* in the picture: what does Grad-CAM show with the ReLU, and
# what when stretched?

# %%
empty, brightest = 0, []
for n in range(150):
    absent = next(c for c in range(8) if c not in classes[n])
    y = net(Tensor(x[n : n + 1], "x"))
    L, of_present = (
        grad_cam(y, c, find(y, LAYER))[0] for c in (absent, int(classes[n, 0]))
    )
    empty += not L.any()
    brightest.append(L.max() / of_present.max())
print(
    f"exactly zero in {empty} of 150; its maximum is {np.median(brightest):.0%} of "
    "the present class's (median)"
)
print("stretched, every map of every class has the maximum 1")

# %% [markdown]
# <details><summary>Explain</summary>
#
# With the ReLU it is weak, and that is information: nothing here looks like that class.
# Stretched, it is as bright as any. Compare maps of two classes on *one* scale.
# </details>
#
# ## On your own


# %%
def my_overlap(map, truth, share):
    """Intersection over union of {map >= share * maximum} with truth (H, W) of bool: a
    number.
    """


def my_counterfactual(A, dA):
    """A and dy_c/dA (K, h, w) -> what speaks against the class, (h, w), nowhere
    negative.
    """


def heat_on(map, mask):
    """The share of the heat of max(map, 0) that lies in mask (H, W), bool: a number."""


check("12.1", my_overlap)
check("12.2", my_counterfactual)
check("12.3", heat_on)

# %% [markdown]
# ## Papers
#
# - Selvaraju et al. 2020, *Grad-CAM*, International Journal of Computer Vision 128,
#   336-359: the journal version, with the ablations.
# - Selvaraju et al. 2017, *Grad-CAM*, eq. 2, sec. 3.3 (counterfactual explanations) and
#   sec. 4.1 (localisation: 15 % of the maximum).
# - Zhou et al. 2016, *Learning deep features for discriminative localization*, sec.
#   3.2: 20 % of the maximum.
