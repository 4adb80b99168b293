# %% [markdown]
# # 22. Captions and questions
#
# *Runs in about 8 seconds. Before this: lessons 4, 5, 10 and 21.*
#
# To work in it, get the package: in a copy of its repository, `pip install -e
# '.[lessons]'`, then `python -m lessons open 22`.
#
# **What you will do.** Ask three networks why they said a word, a whole sentence, an
# answer, and what they said of one region; and measure, against masks, whether the map
# of the word "red" points at what is red.
#
# **What you will learn.** Grad-CAM needs one differentiable number, and a class's score
# is only one such number: that of a word, of a sentence, of an answer will do. What the
# map of each shows, and whose map that of a whole sentence is.
#
# **What you will need.** Lessons 4 (softmax), 5 (two paths add), 10 and 21.

# %%
import inspect

import matplotlib.pyplot as plt
import numpy as np

from gradcam.language.regions import explain_regions
from gradcam.language.sentences import explain_answer, explain_caption
from gradcam.measure import pointing_game, spearman
from gradcam.methods.hirescam import combine as place_by_place
from lessons.exercises import check
from lessons.plots import picture, style
from lessons.words import (
    answer,
    colour_question,
    in_words,
    inside,
    large,
    networks,
    told,
    untrained,
)
from minicnn.ops import LSTM

# %% [markdown]
# ## A memory with gates
#
# A sentence is said word by word: at each step a recurrent network, here an LSTM (*long
# short-term memory*), reads the last word and gives a score for every possible next
# word. What it remembers is in its *cell state* $c$ and its
# [*hidden state*](glossary.md#hidden-state-cell-state) $h$, and three gates between 0
# and 1 decide what happens to the cell: keep (the *forget gate* $f$), write (the *input
# gate* $i$), show (the *output gate* $o$).

# %%
style()
print(inspect.getsource(LSTM.forward))
print(inspect.getsource(LSTM.at_cell), inspect.getsource(LSTM.at_gates), sep="\n")

# %% [markdown]
# In the backward pass the signal at $c'$ is multiplied by $f$ and goes on to the step
# before (*backpropagation through time*): where a forget gate is open, a signal travels
# back through many words. A gate's own signal is what it let through, times its slope
# $s(1 - s)$.
#
# ## The number that is explained
#
# For a word it is $\log p(w_t \mid w_1 \dots w_{t-1}, \text{picture})$; for a sentence
# the sum of them, the log-probability of the whole. (The words before come from the
# sentence that is explained, not from the network's own choices:
# [*teacher forcing*](glossary.md#teacher-forcing).) Our captioner has an
# [*encoder*](glossary.md#encoder-decoder), a CNN whose feature maps `sight`
# ($80 \times 12 \times 12$) are all that the *decoder*, the LSTM with its
# [*attention*](glossary.md#attention), knows of the picture. Everything after `sight`
# plays the part that the fully connected layers played in lesson 10: for Grad-CAM it
# makes no difference.

# %%
print(inspect.getsource(explain_caption))
tells, answers, finds = networks()
seen = told(range(2000, 2480), "red")  # every one shows a red shape and another one
one = seen[17]
e = explain_caption(tells, one.x, one.words, "sight")
for word, log_p in zip([*one.text, "."], e.log_p):
    print(f"{word:10} log p {log_p:7.4f}   p {np.exp(log_p):.3f}")
print(f"sentence   log p {e.log_p.sum():7.4f}   p {np.exp(e.log_p.sum()):.3f}")

# %% [markdown]
# ## Predict
#
# Each of these scenes shows a red shape and another. Nobody ever told the captioner
# where anything is: it was taught with pictures and sentences. Where is the map of the
# word "red" largest?
#
# - a) anywhere
# - b) on one of the two shapes, as often on the one as on the other
# - c) mostly on the red one

# %%
rows, dull = {}, untrained()
for s in seen:
    of = [explain_caption(net, s.x, s.words, "sight").maps for net in (tells, dull)]
    for t, (word, shape) in enumerate(zip(s.text, s.about)):
        if shape is not None:
            (other,) = (each for each in s.order if each is not shape)
            M, random = (large(maps[t]) for maps in of)
            group = "another colour" if word == shape.colour else "a kind"
            rows.setdefault("red" if word == "red" else group, []).append(
                (
                    *(pointing_game(M, s.visible) for s in (shape, other)),
                    pointing_game(M, shape.visible, tolerance=6),
                    pointing_game(random, shape.visible),
                    shape.visible.mean(),  # a random point
                    shape.visible[48, 48],  # the picture's centre
                )
            )

# %%
print(
    "map of           on its shape   on the other   within 6 pixels | random "
    "weights   random point   centre"
)
for group, found in rows.items():
    on, other, near, *baselines = np.mean(found, axis=0)
    weights, point, centre = baselines
    print(
        f"{group:14} {on:14.0%} {other:14.0%} {near:17.0%} | {weights:14.0%} "
        f"{point:14.0%} {centre:8.0%}   n = {len(found)}"
    )

# %% [markdown]
# <details><summary>Explain</summary>
#
# c). The maps of words are mostly largest on their shapes. But look at the baselines,
# too: the picture's centre hits twice as often as a random point, as big shapes cover
# it.
#
# A miss is seldom the other shape. A ring is counted as its rim, and a map of
# $12 \times 12$ that is largest in its middle points at background: within 6 pixels
# (the tolerance of the game's authors, for pictures of this size) many misses are none.
# `python -m gradcam.measure.study.captions` measured the same on 330 scenes
# (`tests/results/captions.md`): colour words 77.4 % (95 % interval 74.1 to 80.4), kinds
# 73.8 % (70.3 to 77.0), where a random point hits in 6.2 % and the centre in 14.4 %.
# </details>
#
# ## Predict
#
# The log-probability of a sentence is a sum, so without its final ReLU the map of the
# sentence is the sum of the words' maps. Which word contributes most to it?
#
# - a) the kinds: they are what the scene is about
# - b) the first one: all others follow from it
# - c) the one the network was least sure of

# %%
alike, first, added = [], [], []
for s in seen:
    e = explain_caption(tells, s.x, s.words, "sight", relu=False)
    size, doubt = abs(e.maps).sum(axis=(1, 2)), 1 - np.exp(e.log_p.astype(np.float64))
    alike.append(spearman(size, doubt)), first.append(size.argmax() == doubt.argmax())
    added.append(abs(e.maps.sum(axis=0) - e.whole).max() / abs(e.whole).max())
    if s is one:
        parts = zip([*s.text, "."], size / size.sum(), doubt)
        print(
            *(
                f"{word:10} gives {part:5.1%}   1 - p = {d:.4f}"
                for word, part, d in parts
            ),
            sep="\n",
        )
print(f"sum of the words' maps - the sentence's: {max(added):.0e} of it")
print(
    f"the largest part is that of the least sure word in {np.mean(first):.0%} of "
    f"{len(seen)} sentences; by chance in some 12%"
)
print(f"rank correlation of a word's part with 1 - p: {np.mean(alike):.2f}")

# %% [markdown]
# <details><summary>Explain</summary>
#
# c), nearly always, even if it is an article. With scores $z$,
# $\partial \log p_w / \partial z_v = [v = w] - p_v$ (lesson 4): where $p_w$ is nearly 1
# every signal is nearly 0, and whatever follows is multiplied by it. A word that could
# not have been another one has nothing to explain. So the map of a sentence shows its
# hardest words, not "what the sentence is about". Ask word by word, where each map is
# drawn in shares of its own maximum.
# </details>
#
# ## Questions
#
# A network that answers questions (*visual question answering*, VQA): a CNN encodes the
# picture, an LSTM the question, and the two are multiplied. We ask for the colour of
# the shape drawn first, explain the right answer, and then one and the same forward
# pass again with *the other shape's colour* as the target $c$.
#
# ## Predict
#
# "What colour is the triangle?" The answer is "red", and beside the triangle lies a
# yellow cross. Where does the map of the answer "yellow" point?
#
# - a) at the triangle: that is what was asked for
# - b) at the cross
# - c) nowhere in particular

# %%
found = {}
for s in seen:
    first = [answer(shape.colour) for shape in s.scene.shapes]
    colours = [*first, *({*range(8)} - {*first})]  # and six that no shape has
    asks = answers, s.x, colour_question(s.scene.shapes[0])
    _, (right, wrong, *absent) = explain_answer(*asks, colours, "relu5_1")
    _, against = explain_answer(*asks, first[:1], "relu5_1", counterfactual=True)
    maps = {
        "the right answer": [right],
        "the other's colour": [wrong],
        "a colour of neither": absent,
        "against the right": against,
    }
    for name, M in ((name, M) for name, some in maps.items() for M in large(some)):
        found.setdefault(name, []).append(
            [pointing_game(M, shape.visible) for shape in s.scene.shapes]
        )
for name, hits in found.items():
    print(
        "{:20} on the shape asked for {:4.0%}   on the other {:4.0%}".format(
            name, *np.mean(hits, axis=0)
        )
    )

# %% [markdown]
# <details><summary>Explain</summary>
#
# b). The map follows the answer, though picture, question and forward pass were the
# same: it shows what speaks *for* yellow, and that is the cross. What speaks against
# the right answer (the counterfactual: the derivative with its sign reversed) is every
# second time the other shape, too.
#
# And look at the third line. No shape has these colours, yet two maps in five point at
# one of the shapes: a map always points somewhere. That there is one does not mean that
# the network believes the answer.
# </details>
#
# ## Regions
#
# The third network finds regions and says a sentence for each (*dense captioning*). The
# signal of one region's sentence enters the feature maps inside its box only. Is the
# map inside it, too?

# %%
methods = {"Grad-CAM": {}, "HiResCAM": {"weigh": place_by_place}}
for name, options in methods.items():
    regions = [
        region for s in seen[:30] for region in explain_regions(finds, s.x, **options)
    ]
    maps, boxes = (
        large([region.map for region in regions]),
        [inside(region.box) for region in regions],
    )
    share = np.mean([M[box].sum() / M.sum() for M, box in zip(maps, boxes) if M.any()])
    points = np.mean([pointing_game(M, box) for M, box in zip(maps, boxes)])
    print(
        f"{name}: {share:.0%} of the map is in the region, {points:.0%} point into "
        f"it; a region is {np.mean(boxes):.0%} of the picture"
    )
of_one = {
    name: explain_regions(finds, one.x, **options) for name, options in methods.items()
}
print(
    "in the picture below:",
    *(f"'{in_words(region.words)}'" for region in of_one["Grad-CAM"]),
)

# %% [markdown]
# Grad-CAM averages the derivative over all places (lesson 21), and so forgets where the
# signal entered: nothing in the formula keeps its map in the box. That it does lie
# there comes from training: the network was also shown regions mixed with other places
# of the picture, and had to be less sure of their words. An earlier network, which
# named the shapes nearly as well but was trained without such mixtures, pointed into
# the box in 52 % of regions (`tests/results/regions.md`). HiResCAM multiplies place by
# place and cannot leave the box by more than a cell, so its hits are a property of the
# formula, not a discovery about the network.
#
# In the picture look for the misses, too: here "cross" is one of them, and the map of
# the sentence shows what spoke for "a", "left" and "yellow", all at once.

# %%
asked, other = one.order
e, drawn = (explain_caption(net, one.x, one.words, "sight") for net in (tells, dull))
maps = (
    {"the sentence": e.whole}
    | {f'"{one.text[t]}"': e.maps[t] for t in (1, 2, -2, -1)}
    | {'"red",\nrandom weights': drawn.maps[1]}
)
c, question = [answer(shape.colour) for shape in one.order], colour_question(asked)
for word, M in zip(
    (asked.colour, other.colour),
    explain_answer(answers, one.x, question, c, "relu5_1")[1],
):
    maps[f"the {asked.kind}'s\ncolour? {word}"] = M
maps[f"what speaks\nagainst {asked.colour}"] = explain_answer(
    answers, one.x, question, c[:1], "relu5_1", counterfactual=True
)[1][0]
maps |= {
    f"{in_words(regions[-1].words)}:\n{name}": regions[-1].map
    for name, regions in of_one.items()
}

# %%
figure, axes = plt.subplots(2, 6, figsize=(12.6, 5.2))
picture(axes[0, 0], one.scene.picture, "the picture")
for ax, (name, M) in zip(axes.flat[1:], maps.items()):
    picture(ax, large(M), name, cmap="inferno")
    ax.contour(asked.visible | other.visible, [0.5], colors="white", linewidths=0.8)
for ax in axes[1, 4:]:
    ax.contour(inside(of_one["Grad-CAM"][-1].box), [0.5], colors="cyan", linewidths=0.8)
plt.show()

# %% [markdown]
# ## On your own


# %%
def lstm_step(x, h, c, W, b):
    """x (D,), h and c (H,), W (4H, D + H), b (4H,), rows in the order i, f, g, o -> h'
    and then c', (2H,).
    """


def forget_back(gh, gc, c, i, f, g, o):
    """Signals gh at h' and gc at c', all (H,), gates after their sigmoid or tanh -> the
    signal at a_f, in front of the sigmoid, (H,).
    """


def log_probability(scores, words):
    """scores (L, V), before softmax; words (L,): numbers, 0 is the full stop -> ln p of
    the words up to and with the first full stop.
    """


def sentence_back(scores, words):
    """-> d log_probability / d scores, (L, V)."""


check("22.1", lstm_step)
check("22.2", forget_back)
check("22.3", log_probability)
check("22.4", sentence_back)

# %% [markdown]
# ## Papers
#
# - Selvaraju et al. 2017, *Grad-CAM*, secs. 3.3, 7.1 and 7.2: counterfactuals,
#   captions, questions.
# - Hochreiter & Schmidhuber 1997, *Long short-term memory*; Gers, Schmidhuber & Cummins
#   2000, *Learning to forget*.
# - Xu et al. 2015, *Show, attend and tell*; Antol et al. 2015, *VQA*; Johnson, Karpathy
#   & Fei-Fei 2016, *DenseCap*, sec. 3.2.
