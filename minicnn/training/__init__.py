"""Training: mini-batches, augmentation, checkpoints, resume.

    net = nets.mini_vgg(batchnorm=True).initialise(seed=0)
    run = Run(epochs=20, batch=64, seed=0)
    train(net, sample, len(pictures), loss=lambda: CrossEntropy(0.1), optimiser=AdamW(),
          rate=one_cycle(3e-3), run=run)

What a step does is a function of the seed, the number of the step and the weights, and of nothing else: not
of the time, the number of cores, or how often the run was stopped.  So a checkpoint is small, and a run that
was killed and resumed ends with the same bits.
"""

from minicnn.notebook.curves import Curves
from minicnn.training.checkpoint import CheckpointError
from minicnn.training.evaluate import exact, predict, top1
from minicnn.training.loop import train
from minicnn.training.run import Run
from minicnn.training.shards import gradients
from minicnn.training.state import TrainingError

__all__ = [
    "CheckpointError",
    "Curves",
    "Run",
    "TrainingError",
    "exact",
    "gradients",
    "predict",
    "top1",
    "train",
]
