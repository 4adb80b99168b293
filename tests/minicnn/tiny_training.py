"""A training small enough for tests; as a process of its own it can be killed: python -m
tests.minicnn.tiny_training CHECKPOINT OUT [EPOCHS]."""

import sys
import time
from dataclasses import replace

import numpy as np

from minicnn import CrossEntropy
from minicnn.layer import Apply, BatchNormLayer, ConvLayer, DropoutLayer, LinearLayer, Sequential
from minicnn.ops import GlobalAvgPool, MaxPool, ReLU
from minicnn.optimise import AdamW, one_cycle
from minicnn.training import Run, train
from minicnn.training.augment import crop_and_resize, flip, jitter, random_boxes, to_input

CLASSES = 3
LABELS = np.arange(48) % CLASSES
RUN = Run(epochs=4, batch=12, seed=3, shards=2, average=0.9)


def pictures():
    """Noise with a bar that is red, green or blue: (48, 12, 12, 3) uint8."""
    noise = np.random.default_rng(0).integers(0, 128, (48, 12, 12, 3), dtype=np.uint8)
    noise[np.arange(48), 3:9, :, LABELS] += 100
    return noise


def network():
    """Everything whose training could depend on more than the seed: batchnorm and dropout."""
    first = [ConvLayer("conv1", 3, 8, 3, pad=1, bias=False), BatchNormLayer("bn1", 8), Apply("relu1", ReLU)]
    then = [
        Apply("pool1", MaxPool, kernel=2),
        DropoutLayer("drop1", 0.2),
        Apply("gap", GlobalAvgPool),
        LinearLayer("fc", 8, CLASSES),
    ]
    return Sequential(*first, *then).initialise(1)


def sample(numbers, random, progress):
    boxes = flip(random, random_boxes(random, len(numbers), (12, 12)))
    return jitter(random, crop_and_resize(to_input(pictures()[numbers]), boxes, 8)) - np.float32(0.5), LABELS[
        numbers
    ]


def go(net, run=RUN, **options):
    """Train -> curves."""
    return train(
        net,
        sample,
        48,
        lambda: CrossEntropy(0.1),
        AdamW(decay=0.01),
        one_cycle(0.1),
        run,
        show=False,
        **options,
    )


def slow(net):
    """A validation that leaves time to be killed."""
    time.sleep(0.2)
    return {"weight": float(net["fc"].W.data.sum())}


if __name__ == "__main__":
    trained = network()
    asked = replace(RUN, epochs=int(sys.argv[3])) if sys.argv[3:] else RUN
    seen = go(trained, asked, checkpoint=sys.argv[1], every=0.0, validate=slow)
    weights = {name: tensor.data for name, tensor in trained.arrays().items()}
    np.savez(sys.argv[2], **weights, **{f"curve_{key}": value for key, value in seen.arrays().items()})
