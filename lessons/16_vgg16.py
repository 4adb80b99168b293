# %% [markdown]
# # 16. VGG-16 for real: import, check, explain
#
# *Runs in about 8 seconds. Before this: lessons 10, 13 and 14.*
#
# To work in it, get the package: in a copy of its repository, `pip install -e
# '.[lessons]'`, then `python -m lessons open 16`.
#
# **What you will do.** Bring the *pretrained weights* of somebody else into a network
# of your own, make five mistakes on purpose, find out which of them accuracy notices,
# and draw Figure 1 of the Grad-CAM paper.
#
# **What you will learn.** A file of weights (a [*checkpoint*](glossary.md#weight-file);
# PyTorch: a *state dict*) is arrays with names. What the file does *not* say, the order
# of axes, of colours, of rows, is where imports go wrong. Which of these mistakes the
# accuracy shows, and what finds them all.
#
# **What you will need.** Lessons 10, 13 and 14. The published VGG-16 file (553 MB) is
# used if you have it, and not fetched if you do not.

# %%
import inspect

import matplotlib.pyplot as plt
import numpy as np

import weights
from gradcam import explain, image, upsample
from lessons.exercises import check
from lessons.measured import quoted
from lessons.measured.class_dependence import alike
from lessons.plots import picture, signed, style
from lessons.scenes import CLASSES, network, portrait, scenes, untrained
from weights.names.reordering import reorder

style()

# %% [markdown]
# ## Predict
#
# VGG-16 has 13 convolutions and 3 linear layers. Where are most of its 138 million
# numbers?
#
# - a) in the 13 convolutions
# - b) in the first linear layer
# - c) in the last one, with its 1000 classes

# %%
vgg = weights.build("vgg16")  # zeros that are never touched take no memory
sizes = {name: tensor.data.size for name, tensor in vgg.parameters().items()}
total = sum(sizes.values())
for name in ("conv1_1.W", "conv5_3.W", "fc6.W", "fc8.W"):
    print(
        f"{name:10} {vgg.parameters()[name].shape!s:18} {sizes[name]:>11,} numbers, "
        f"{sizes[name] / total:6.1%}"
    )
print(f"together   {total:30,} numbers, {4 * total / 1e6:.0f} MB as float32")

# %% [markdown]
# <details><summary>Explain</summary>
#
# b). Three of four. `fc6` has a number for every place of every feature map:
# $4096 \times 512 \cdot 7 \cdot 7$. That is also where the order matters most: to
# flatten (512, 7, 7) is not to flatten (7, 7, 512).
# </details>
#
# ## What a file does not say
#
# A convolution's weights are (F, C, kh, kw) in PyTorch and here, (kh, kw, C, F) in
# Keras. A linear layer's are (F, D), or (D, F). And the D of the first linear layer
# counts places: channel by channel, or place by place. The importer knows the order of
# each source and changes it to ours:

# %%
print(inspect.getsource(reorder))

# %% [markdown]
# ## Five mistakes
#
# We take a network that works and import it wrongly, five times. Nothing raises an
# error, since a 3 x 3 kernel fits however it is turned. On 100 scenes that it has never
# seen, what is the *accuracy*, the share that is right?
#
# - *transposed*: rows and columns of every kernel exchanged (axes kh and kw mixed up)
# - *turned*: every kernel by half a turn (true convolution instead of correlation; old
#   Theano files)
# - *BGR*: red and blue exchanged
# - *not normalised*: mean not subtracted, not divided by the deviation
# - *0 to 255*: pixels not brought to 0 to 1
#
# (A sixth, which this network cannot show: explaining in *training mode*. In
# [*eval mode*](glossary.md#eval-mode-training-mode), PyTorch's `model.eval()`, dropout
# does nothing and batch normalisation uses stored statistics.)
#
# ## Predict
#
# Which of the five does accuracy notice?

# %%
net = network()
pictures, x, classes, masks = scenes(100, first=1600)
labels = np.zeros((100, 8), bool)
labels[np.arange(100)[:, None], classes] = True
kernels = {
    "transposed": lambda W: W.swapaxes(2, 3),
    "turned": lambda W: W[:, :, ::-1, ::-1],
}
results = {"right": net(x)}
for name, change in kernels.items():
    results[name] = net.map(
        lambda a, change=change: change(a).copy() if a.ndim == 4 else a
    )(x)
pixels = x * 0.25 + 0.5  # 0 to 1
for name, wrong in [
    ("BGR", x[:, ::-1]),
    ("not normalised", pixels),
    ("0 to 255", (255 * pixels - 0.5) / 0.25),
]:
    results[name] = net(np.ascontiguousarray(wrong, np.float32))

# %%
accuracy = {name: ((y > 0) == labels).all(axis=1).mean() for name, y in results.items()}
apart = {
    name: np.linalg.norm(y - results["right"]) / np.linalg.norm(results["right"])
    for name, y in results.items()
}
for name in results:
    print(
        f"{name:15} {accuracy[name]:4.0%} of the scenes right, scores off by "
        f"{apart[name]:.0%} of their size"
    )

# %%
figure, axes = plt.subplots(1, 2, figsize=(13, 3.9), sharey=True)
for ax, values, title in [
    (axes[0], accuracy, "what accuracy says"),
    (axes[1], apart, "what the scores say"),
]:
    colours = ["#9a9a9a"] + ["#c0392b"] * 5
    ax.barh(list(values), np.minimum(list(values.values()), 1), color=colours)
    ax.set(title=title, xlim=(0, 1.02))
axes[0].set_xlabel("share of scenes that are right")
axes[1].set_xlabel("error of the scores, in shares of their size (cut at 1)")
axes[0].invert_yaxis()
plt.show()

# %% [markdown]
# <details><summary>Explain</summary>
#
# Only the last two, the coarse ones. In this world shapes are turned and coloured at
# random, so a transposed or BGR network meets pictures as good as any: transposing all
# kernels is the same as transposing the picture. The scores (logits) reveal every
# mistake: all it takes is one array, saved from the framework in which the network was
# trained.
# </details>
#
# Photos have an up and a down, and colours that mean something. There (the first table)
# each mistake costs `mini_vgg` and SqueezeNet a fifth or more of what was right. But
# none of the first four brings a network down to chance: who does not know what the
# right import reaches sees a *poor* network, not a wrong one. And VGG-16's convolutions
# with a last layer for ten classes get no fewer of 24 photos right when colours are
# exchanged or nothing is normalised, while their scores are off by a quarter.
#
# So an import is checked here by more: the file's checksum, then the framework's scores
# and maps on a photo, in float64. For VGG-16 of full size, written by PyTorch and by
# others and read back (with random weights: the published file is too large for a test
# suite), the second table:

# %%
print(quoted("import_mistakes.txt"), end="\n\n")
print(quoted("full_size_vgg16_torch.txt", lines=10))

# %% [markdown]
# ## Figure 1 of the paper
#
# Selvaraju et al. explain one picture with two animals for both: guided backprop,
# Grad-CAM, Guided Grad-CAM, occlusion. Here are two shapes, and one more column that
# the paper's figure lacks: Grad-CAM of the same network with random weights.
#
# ## Predict
#
# In the paper's figure guided backprop is nearly the same for both animals. Is it here,
# too, for two shapes? (Rank correlation of the magnitudes, as in lesson 13: on the
# shapes, and over the whole picture.)
#
# - a) yes, it never knows the class
# - b) no, not with this network
# - c) half: more alike than those of other methods, and not the same

# %%
METHODS = ("guided_backprop", "grad_cam", "guided_grad_cam", "occlusion")


def figure_1(axes, photo, e, random, names):
    """One row per class: picture, four methods, and Grad-CAM with random weights.
    photo (H, W, 3)
    """
    for row, c in zip(axes, e.classes):
        picture(row[0], photo, names[c])
        for ax, method in zip(row[1:], METHODS):
            signed(
                ax,
                e[method, c][0].sum(axis=0)
                if e[method, c].ndim == 4
                else e[method, c][0],
                method.replace("_", " "),
            )
        for ax, of, title in (
            (row[2], e, "grad cam"),
            (row[5], random, "random weights"),
        ):
            picture(ax, upsample(of["grad_cam", c], (96, 96))[0], title, cmap="inferno")


# %%
two = [int(c) for c in classes[12]]
e = explain(net, x[12:13], two, METHODS)
figure, axes = plt.subplots(2, 6, figsize=(13, 4.9))
figure_1(
    axes, pictures[12], e, explain(untrained(), x[12:13], two, ("grad_cam",)), CLASSES
)
plt.show()


# %%
def rows_alike(e, on):
    """{method: (rank correlation of the two rows on these pixels, everywhere)}"""
    found = {}
    for method in METHODS[:3]:
        M = [np.abs(upsample(e[method, c][0], on.shape)) for c in e.classes]
        two = [m.sum(axis=0) if m.ndim == 3 else m for m in M]
        found[method.replace("_", " ")] = alike(*two, on)[:2]
    return found


for method, (on, every) in rows_alike(e, masks[12].any(axis=0)).items():
    print(f"{method:16} the two rows: {on:+.2f} on the shapes, {every:+.2f} everywhere")

# %% [markdown]
# <details><summary>Explain</summary>
#
# c), on this scene as on sixty (lesson 13). This network ends in a global *max*-pool:
# the signal of a class goes back through the few places at which its maxima are.
# Lesson 13 took the places away, and the two maps became nearly the same. That the
# maxima of two classes are at different places was learned: with random weights they
# are not, and the two maps are nearly the same, too (lesson 13's table). Global
# *average* pooling sends signal to every place, and then guided backprop draws
# everything, whatever the class: the next figure shows it. So do VGG's convolutions
# with average pooling, of all networks in that table the least aware of the class.
# </details>
#
# ## With a real network
#
# This cell explains a photo with SqueezeNet, which ships with the package and knows the
# 1000 classes of ImageNet; or with VGG-16, if you have its file
# (`gradcam weights get vgg16` fetches it once). None of the 1000 classes is Grace
# Hopper, and it answers all the same: a classifier gives one of its classes to every
# picture.

# %%
name = "vgg16" if weights.where("vgg16").exists() else "squeezenet"
real, card = weights.load(name), weights.card(name)
seen = image.prepare(portrait(), card.preprocessing)
best, w = np.argsort(-real(seen)[0])[:2].tolist(), seen.shape[-1]
e = explain(real, seen, best, METHODS, occluder={"window": w // 6, "stride": w // 10})
blank = weights.build(name).initialise(0), seen, best, ("grad_cam",), card.layer
axes, random = plt.subplots(2, 6, figsize=(13, 4.9))[1], explain(*blank)
shown = image.crop_shown(portrait(), card.preprocessing)[::2, ::2]
figure_1(axes, shown, e, random, card.classes), plt.show()
print(name, *(f"{card.classes[c]} {e.probabilities[0, c]:.0%}" for c in best), sep="; ")
for method, (every, _) in rows_alike(e, np.ones(seen.shape[2:], bool)).items():
    print(f"{method:16} the two rows: {every:+.2f} everywhere")

# %% [markdown]
# ## On your own


# %%
def conv_from_keras(W):
    """A convolution's kernel as Keras keeps it, (kh, kw, C, F) -> (F, C, kh, kw)."""


def fc6_from_keras(W, h, w):
    """W (h*w*C, F): rows count places, and at each place the channels -> (F, C*h*w),
    channels first, and in each the places.
    """


def eats_rgb(W, b, mean):
    """W (F, 3, kh, kw), b (F,) want BGR pixels, 0 to 255, minus mean (3,), in the order
    B, G, R -> (W', b') that want RGB, 0 to 1.
    """


def share_of_convolutions(shapes):
    """shapes: {"conv1_1.W": (64, 3, 3, 3), "conv1_1.b": (64,), "fc6.W": ...} -> the
    share of all numbers in arrays with 4 axes.
    """


check("16.1", conv_from_keras)
check("16.2", fc6_from_keras)
check("16.3", eats_rgb)
check("16.4", share_of_convolutions)

# %% [markdown]
# ## Papers
#
# - Simonyan & Zisserman 2015, *Very deep convolutional networks for large-scale image
#   recognition*, table 1, configuration D.
# - Selvaraju et al. 2017, *Grad-CAM*, fig. 1.
