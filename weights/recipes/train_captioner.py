"""Train the network `captioner` to say what is in a scene of the shapes world, and write it in float16.

    python -m weights.recipes.train_captioner

Needs no data: the scenes are drawn first, in a minute or two.  Its encoder is that of the network `shapes`,
which ships, and does not learn; what tells is trained.  The run may be killed at any moment: the same
command goes on where it was and ends with the same bits.  Settings were chosen on the world's stream
`validation`; the scenes of `test` are drawn by `python -m gradcam.measure.study.captions` alone.
"""

from __future__ import annotations

import time
from collections.abc import Sequence

import numpy as np

from minicnn import CrossEntropy
from minicnn.convolution.fast.memory import keep_memory
from minicnn.layer import Layer
from minicnn.nets.language.captioner import captioner
from minicnn.nets.language.decoding import greedy
from minicnn.optimise import AdamW, one_cycle
from minicnn.training import Run, train
from minicnn.training.augment import to_input
from weights.recipes.command import begin, drawn, options
from weights.recipes.shapes_world.sentences import LONGEST, WORDS, batch
from weights.recipes.teaching import Taught, in_parts, processor_time, rows, ship, views, with_encoder
from weights.recipes.train_shapes import normalise

SCENES, VALIDATION = 10240, 600
PEAK, DECAY = 2e-3, 0.02


def whole_sentences(scores: np.ndarray, t: np.ndarray) -> np.ndarray:
    """Whether every word of a sentence is right: scores (N * L, words), t (N * L,) -> (N,) bool"""
    return (scores.argmax(axis=1) == t).reshape(-1, LONGEST).all(axis=1)


def say(net: Layer, pictures: np.ndarray) -> np.ndarray:
    """What the network says of pictures (N, 96, 96, 3) uint8, greedily -> words (N, LONGEST)"""
    return in_parts(lambda n: greedy(net, normalise(to_input(pictures[n])), LONGEST), len(pictures))


def measure(net: Layer, pictures: np.ndarray, sentences: np.ndarray) -> dict[str, float]:
    """accuracy: the share of scenes of which exactly the right sentence is said."""
    return {"accuracy": float((say(net, pictures) == sentences).all(axis=1).mean())}


def main(arguments: Sequence[str] | None = None) -> None:
    asked = options("captioner", __doc__, epochs=10).parse_args(arguments)
    started, worked = time.monotonic(), processor_time()
    keep_memory()
    net = with_encoder(begin(captioner(), asked))
    maps, sentences = views(net, *drawn(batch, SCENES, "train"), WORDS)
    kept = drawn(batch, VALIDATION, "validation")
    print(f"scenes drawn and seen: {len(maps)} in {time.monotonic() - started:.0f} s", flush=True)

    def sample(numbers, random, progress):
        return rows(maps[numbers], sentences[numbers]), sentences[numbers].reshape(-1)

    run = Run(epochs=asked.epochs, batch=64, seed=asked.seed, shards=2, average=0.99)
    curves = train(
        *(
            Taught(net.decoder, maps.shape[1:], (LONGEST,)),
            sample,
            len(maps),
            CrossEntropy,
            AdamW(decay=DECAY),
            one_cycle(PEAK),
            run,
        ),
        **{
            "hits": whole_sentences,
            "checkpoint": asked.checkpoint,
            "validate": lambda taught: measure(net.with_decoder(taught.net), *kept),
        },
    )
    size = ship(net, asked.out)
    curves.picture(asked.out.with_suffix(".png"), run.steps(len(maps)))
    wall, processor = (time.monotonic() - started) / 60, (processor_time() - worked) / 60
    print(
        f"{asked.out}: {size / 1e6:.2f} MB, {wall:.1f} minutes since this command began, "
        f"{processor:.1f} of processor time"
    )


if __name__ == "__main__":
    main()
