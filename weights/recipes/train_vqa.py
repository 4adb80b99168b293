"""Train the network `vqa` to answer questions about scenes of the shapes world, and write it in float16.

    python -m weights.recipes.train_vqa

Needs no data: the scenes are drawn first, in a minute or two.  It starts from the convolutions of the network `shapes`, which ships.
The run may be killed at any moment: the same command goes on where it was and ends with the same bits.  Settings were chosen on the
world's stream `validation`; the scenes of `test` are drawn by `python -m weights.recipes.check_vqa` alone.
"""

import time

import numpy as np

from minicnn import CrossEntropy
from minicnn.device import keep_memory
from minicnn.nets.vqa import vqa
from minicnn.optimise import AdamW, one_cycle
from minicnn.training import Run, train
from minicnn.training.augment import jitter, to_input
from weights.recipes.command import begin, options
from weights.recipes.shapes_world import SIDE
from weights.recipes.shapes_world.questions import LONGEST, TYPES, WORDS, batch
from weights.recipes.teaching import Taught, draw, exchanged, from_shapes, in_parts, processor_time, ship
from weights.recipes.train_shapes import normalise

SCENES, VALIDATION = 14336, 600
PEAK, DECAY = 2e-3, 0.02
QUESTIONS = 4  # about each picture in a batch
MIRRORED, UPSIDE_DOWN = exchanged(WORDS, "left", "right"), exchanged(WORDS, "above", "below")


def sampler(pictures, questions, answers):
    """The function that `train` draws batches from: mirrored, turned upside down (then left is right, above is below), colours jittered."""

    def sample(numbers, random, progress):
        x = to_input(pictures[numbers])
        some = random.permuted(np.tile(np.arange(questions.shape[1]), (len(x), 1)), axis=1)[:, :QUESTIONS]
        asked = np.take_along_axis(questions[numbers], some[..., None], axis=1)
        for i, (across, down) in enumerate(random.random((len(x), 2)) < 0.5):
            if across:
                x[i], asked[i] = x[i, :, :, ::-1].copy(), MIRRORED[asked[i]]
            if down:
                x[i], asked[i] = x[i, :, ::-1].copy(), UPSIDE_DOWN[asked[i]]
        right = np.take_along_axis(answers[numbers], some, axis=1)
        return Taught.pack(normalise(jitter(random, x, 0.1, 0.1, 0.1)), asked), right.reshape(-1)

    return sample


def answer(net, pictures, questions):
    """The network's answers about pictures (N, 96, 96, 3) uint8, questions (N, Q, LONGEST) -> (N, Q)"""
    return in_parts(lambda n: net(normalise(to_input(pictures[n])), questions[n]).argmax(axis=-1), len(pictures))


def measure(net, pictures, questions, answers, types):
    """accuracy: the share of right answers; and that of each type of question."""
    right = answer(net, pictures, questions) == answers
    return {"accuracy": float(right.mean()), **{type: float(right[types == i].mean()) for i, type in enumerate(TYPES)}}


def main(arguments=None):
    asked = options("vqa", __doc__, epochs=8).parse_args(arguments)
    started, worked = time.monotonic(), processor_time()
    keep_memory()
    pictures, questions, answers, _ = draw(batch, SCENES, "train")
    kept = draw(batch, VALIDATION, "validation")
    print(f"{len(pictures)} scenes drawn in {time.monotonic() - started:.0f} s", flush=True)
    net = from_shapes(begin(vqa(), asked))
    run = Run(epochs=asked.epochs, batch=32, seed=asked.seed, shards=2, average=0.99)
    curves = train(
        *(Taught(net, (3, SIDE, SIDE), (QUESTIONS, LONGEST)), sampler(pictures, questions, answers), len(pictures)),
        *(CrossEntropy, AdamW(decay=DECAY), one_cycle(PEAK), run),
        **{"checkpoint": asked.checkpoint, "validate": lambda taught: measure(taught.net, *kept)},
    )
    size = ship(net, asked.out)
    curves.picture(asked.out.with_suffix(".png"), run.steps(len(pictures)))
    wall, processor = (time.monotonic() - started) / 60, (processor_time() - worked) / 60
    print(f"{asked.out}: {size / 1e6:.2f} MB, {wall:.1f} minutes since this command began, {processor:.1f} of processor time")


if __name__ == "__main__":
    main()
