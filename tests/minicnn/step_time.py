"""How long a training step of mini_vgg takes beside PyTorch's, in one run: python -m tests.minicnn.step_time

Forward, back and AdamW, the same network, batch, dtype and number of cores; the two take turns, so that both
see the same machine.
"""

import time
from concurrent.futures import ThreadPoolExecutor

import numpy as np
from threadpoolctl import threadpool_limits

from minicnn import CrossEntropy, nets
from minicnn.optimise import AdamW, constant
from minicnn.training import Run
from minicnn.training.evaluate import top1
from minicnn.training.state import State


def compare(batch=64, side=64, steps=5, cores=2):
    """-> {"minicnn": s, "pytorch": s, "ratio": minicnn/pytorch}: the median step of each, in seconds, after
    one that does not count."""
    import torch

    random = np.random.default_rng(0)
    x, t = random.standard_normal((batch, 3, side, side), dtype=np.float32), random.integers(0, 10, batch)
    ours, theirs = [], []
    net = nets.mini_vgg(batchnorm=True).initialise(0)
    state = State(net, AdamW(), Run(epochs=1, batch=batch, shards=cores), batch)
    twin, optimiser = _pytorch(torch)
    before = torch.get_num_threads()
    torch.set_num_threads(cores)
    try:
        with ThreadPoolExecutor(cores) as workers:
            for _ in range(steps + 1):
                began = time.perf_counter()
                with threadpool_limits(1, "blas"):
                    state.advance(
                        workers,
                        lambda n, *_: (x[n], t[n]),
                        lambda: CrossEntropy(0.1),
                        top1,
                        constant(1e-3)(0, 1),
                        0.0,
                    )
                ours.append(time.perf_counter() - began)
                state.step = 0  # the same pictures again
                began = time.perf_counter()
                optimiser.zero_grad()
                torch.nn.functional.cross_entropy(
                    twin(torch.from_numpy(x)), torch.from_numpy(t), label_smoothing=0.1
                ).backward()
                optimiser.step()
                theirs.append(time.perf_counter() - began)
    finally:
        torch.set_num_threads(before)
    a, b = (float(np.median(times[1:])) for times in (ours, theirs))
    return {"minicnn": a, "pytorch": b, "ratio": a / b}


def _pytorch(torch):
    nn, steps, C = torch.nn, [], 3
    for F in (32, 64, 128, 256):
        for _ in range(2):
            steps += [nn.Conv2d(C, F, 3, padding=1, bias=False), nn.BatchNorm2d(F), nn.ReLU()]
            C = F
        steps.append(nn.MaxPool2d(2))
    net = nn.Sequential(*steps, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(256, 10))
    return net, torch.optim.AdamW(net.parameters(), lr=1e-3)


if __name__ == "__main__":
    said = (
        "mini_vgg, batch 64 of 64 x 64: minicnn {minicnn:.2f} s, PyTorch {pytorch:.2f} s, ratio {ratio:.2f}"
    )
    print(said.format(**compare()))
