"""Train the network `vqa` to answer questions about scenes of the shapes world, and write it in float16.

    python -m weights.recipes.train_vqa

Needs no data: the scenes are drawn first, in a minute or two.  Its encoder is that of the network `shapes`,
which ships, and does not learn; what answers is trained.  The run may be killed at any moment: the same
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
from minicnn.nets.language.vqa import vqa
from minicnn.optimise import AdamW, one_cycle
from minicnn.training import Run, train
from minicnn.training.augment import to_input
from weights.recipes.command import begin, drawn, options
from weights.recipes.shapes_world.questions import ANSWERS, LONGEST, TYPES, WORDS, Question, batch, numbered
from weights.recipes.teaching import Taught, in_parts, processor_time, rows, ship, views, with_encoder
from weights.recipes.train_shapes import normalise

SCENES, VALIDATION = 10240, 600
PEAK, DECAY = 3e-3, 0.02
QUESTIONS = 4  # about each picture in a batch


def answer(net: Layer, pictures: np.ndarray, questions: np.ndarray) -> np.ndarray:
    """The network's answers about pictures (N, 96, 96, 3) uint8, questions (N, Q, LONGEST) -> (N, Q)"""
    return in_parts(
        lambda n: net(normalise(to_input(pictures[n])), questions[n]).argmax(axis=-1), len(pictures)
    )


def measure(
    net: Layer, pictures: np.ndarray, questions: np.ndarray, answers: np.ndarray, types: np.ndarray
) -> dict[str, float]:
    """accuracy: the share of right answers; and that of each type of question."""
    right = answer(net, pictures, questions) == answers
    return {
        "accuracy": float(right.mean()),
        **{type: float(right[types == i].mean()) for i, type in enumerate(TYPES)},
    }


def right(net: Layer, pictures: np.ndarray, asked: Sequence[Question]) -> np.ndarray:
    """Which questions, one about each picture, are answered rightly -> (N,) bool.

    asked: N questions with their answers.
    """
    words = np.array([numbered(q.words) for q in asked])[:, None]
    return answer(net, pictures, words)[:, 0] == [ANSWERS.index(q.answer) for q in asked]


def main(arguments: Sequence[str] | None = None) -> None:
    asked = options("vqa", __doc__, epochs=6).parse_args(arguments)
    started, worked = time.monotonic(), processor_time()
    keep_memory()
    net = with_encoder(begin(vqa(), asked))
    pictures, questions, answers, _ = drawn(batch, SCENES, "train")
    (maps, questions), answers = views(net, pictures, questions, WORDS), np.tile(answers, (3, 1))
    kept = drawn(batch, VALIDATION, "validation")
    print(f"scenes drawn and seen: {len(maps)} in {time.monotonic() - started:.0f} s", flush=True)

    def sample(numbers, random, progress):
        some = (
            numbers[:, None],
            random.permuted(np.tile(np.arange(questions.shape[1]), (len(numbers), 1)), axis=1)[:, :QUESTIONS],
        )
        return rows(maps[numbers], questions[some]), answers[some].reshape(-1)

    run = Run(epochs=asked.epochs, batch=64, seed=asked.seed, shards=2, average=0.99)
    heard = (QUESTIONS, LONGEST)
    curves = train(
        *(
            Taught(net.answerer, maps.shape[1:], heard),
            sample,
            len(maps),
            CrossEntropy,
            AdamW(decay=DECAY),
            one_cycle(PEAK),
            run,
        ),
        **{
            "checkpoint": asked.checkpoint,
            "validate": lambda taught: measure(net.with_answerer(taught.net), *kept),
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
