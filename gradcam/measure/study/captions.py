"""How well the networks that speak do, and where the maps of their words and answers point.

    python -m gradcam.measure.study.captions --out tests/results/captions.md

Draws scenes of the shapes world that no training saw.  The layer of Grad-CAM is the one that does best on
scenes of `validation`, fewer of them; everything else is measured on scenes of `test`.
"""

from __future__ import annotations

import argparse
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from gradcam.measure.statistics.intervals import interval
from gradcam.measure.study import spoken
from gradcam.measure.study.markdown import plain
from minicnn.convolution.fast.memory import keep_memory
from minicnn.layer import Layer
from minicnn.nets.language.decoding import beam
from weights import load
from weights.recipes import train_captioner, train_vqa
from weights.recipes.shapes_world import questions, sentences
from weights.recipes.train_shapes import normalise

LAYERS = ("relu3_2", "relu4_1", "relu4_2", "sight", "relu5_1")
HEAD = """\
# Captions and questions

Made by `python -m gradcam.measure.study.captions`, on scenes of the shapes world's stream `test`, which no \
training saw.  In brackets: 95 %
intervals (Wilson).  *Best constant*: always the answer that is right most often on these very scenes.
"""
POINTING = """\
## Where the maps point

Grad-CAM at `{}` for words and at `{}` for answers, chosen on `validation` ([below](#the-layer)); a hit: \
its largest value, brought
to the picture's size, lies on the visible pixels of the shape meant.  The sentence is the true one, and \
each word's map that of its
log-probability after the words in front of it; an answer is the true one, and its map that of its score.  \
*Within 6 pixels*: of the
shape, the tolerance of the game's authors (15 of 224), as a ring's middle is no part of it.  *Other \
shape*: the share that points at a
shape that was not meant; *random point*: how often one would hit.
"""


def main(arguments: Sequence[str] | None = None) -> None:
    """The command: measure, then write the page.  arguments: instead of those of the command line"""
    parser = argparse.ArgumentParser(
        prog="python -m gradcam.measure.study.captions",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--scenes", type=int, default=1000, help="for accuracy (default: %(default)s)")
    parser.add_argument(
        "--pointing", type=int, default=900, help="for the pointing game (default: %(default)s)"
    )
    parser.add_argument(
        "--validation", type=int, default=80, help="for the choice of the layer (default: %(default)s)"
    )
    parser.add_argument("--out", type=Path, help="where the page goes; default: it is printed")
    asked = parser.parse_args(arguments)
    keep_memory()
    text = page(load("captioner"), load("vqa"), asked.scenes, asked.pointing, asked.validation)
    asked.out.write_text(text, "utf-8") if asked.out else print(text)


def page(captioner: Layer, vqa: Layer, scenes: int, pointing: int, validation: int) -> str:
    """-> the page, Markdown"""
    found = {
        "words": _layers(spoken.of_words, captioner, validation),
        "answers": _layers(spoken.of_answers, vqa, validation),
    }
    of_words, of_answers = (
        max(shares, key=lambda layer: np.mean(list(shares[layer].values()))) for shares in found.values()
    )
    test = range(pointing)
    two = [r for r in spoken.of_words(captioner, test, "test", of_words) if r["shapes"] > 1]
    parts = [
        HEAD,
        "## Right sentences, right answers\n",
        _markdown(("what", "right", "best constant", "n"), accuracy(captioner, vqa, scenes)),
        POINTING.format(of_words, of_answers),
        "Words of sentences about two shapes:\n",
        _pointing(two),
        "Answers, in scenes of one to three shapes:\n",
        _pointing(list(spoken.of_answers(vqa, test, "test", of_answers))),
        "A changed answer, or another question, moves the map.  "
        '"What colour is the ...?" in scenes of two shapes:\n',
        _pointing(list(spoken.changed(vqa, test, "test", of_answers))),
        f"## The layer\n\nHits on {validation} scenes of `validation`, by layer.\n",
        *(_by_layer(shares) for shares in found.values()),
    ]
    return "\n".join(parts)


def accuracy(captioner: Layer, vqa: Layer, scenes: int) -> Iterator[tuple[str, str, str, int]]:
    """Rows of the table of right sentences and answers."""
    pictures, truth = sentences.batch(range(scenes), "test")
    right = (train_captioner.say(captioner, pictures) == truth).all(axis=1)
    two = np.isin(truth, [sentences.WORDS.index(w) for w in ("left", "right", "above", "below")]).any(axis=1)
    best = max(Counter(map(tuple, truth)).values()) / len(truth)
    yield "sentences, greedily", _share(right), f"{best:.1%}", len(right)
    yield "... about one shape", _share(right[~two]), "", int((~two).sum())
    yield "... about two shapes", _share(right[two]), "", int(two.sum())
    some = slice(0, 300)
    beamed = [beam(captioner, _input(p), sentences.LONGEST, 3) for p in pictures[some]]
    same = np.array([bool(found) and np.array_equal(found[0][1], t) for found, t in zip(beamed, truth[some])])
    yield "sentences, beam of 3", _share(same), "", len(same)
    yield from answers(vqa, scenes)


def answers(vqa: Layer, scenes: int) -> Iterator[tuple[str, str, str, int]]:
    """One question of each type about every scene that answers one."""
    pictures, asked = zip(*questions.one_of_each(range(scenes), "test"))
    right = train_vqa.right(vqa, np.stack(pictures), asked)
    constants = []
    for kind in questions.TYPES:
        of = np.array([q.type == kind for q in asked])
        constants.append(max(Counter(q.answer for q in asked if q.type == kind).values()))
        yield f"answers: {kind}", _share(right[of]), f"{constants[-1] / of.sum():.1%}", int(of.sum())
    yield "answers, all", _share(right), f"{sum(constants) / len(right):.1%}", len(right)


def _layers(rows, net, validation):
    """{layer: {what: share of hits}}"""
    shares = {}
    for layer in LAYERS:
        found = [r for r in rows(net, range(validation), "validation", layer) if r["of"] != "whole sentence"]
        shares[layer] = {
            of: np.mean([r["hit"] for r in found if r["of"] == of])
            for of in dict.fromkeys(r["of"] for r in found)
        }
    return shares


def _pointing(rows):
    lines = []
    for of in dict.fromkeys(r["of"] for r in rows):
        some = [r for r in rows if r["of"] == of]
        hit, near, chance, centre, other, zero = (
            [r[key] for r in some] for key in ("hit", "near", "chance", "centre", "other", "zero")
        )
        baselines = f"{np.mean(other):.1%}", f"{np.mean(chance):.1%}", _share(centre)
        lines.append((of, _share(hit), _share(near), *baselines, sum(zero), len(some)))
    head = (
        "map of",
        "on the shape meant",
        "within 6 pixels",
        "other shape",
        "random point",
        "picture centre",
        "zero maps",
        "n",
    )
    return _markdown(head, lines)


def _by_layer(shares):
    what = list(next(iter(shares.values())))
    return _markdown(
        ("layer", *what), [(layer, *(f"{of[w]:.1%}" for w in what)) for layer, of in shares.items()]
    )


def _share(values):
    return "{:.1%} ({:.1%} to {:.1%})".format(*interval(values))


def _markdown(head, rows):
    lines = [head, ("---", *["--:"] * (len(head) - 1)), *rows]
    return plain(lines) + "\n"


def _input(picture):
    return normalise(train_captioner.to_input(picture[None]))


if __name__ == "__main__":
    main()
