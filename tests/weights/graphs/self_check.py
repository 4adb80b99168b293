"""What the self-check of a live PyTorch model costs, beside the model's own pass in float64.

python -m tests.weights.graphs.self_check [resnet50 resnet18] writes tests/results/self_check.txt
"""

from __future__ import annotations

import argparse
import copy
import time

import torch

from tests.support.report import Report
from tests.support.torchvision_models import models
from weights.graphs.torch.check import checked
from weights.graphs.torch.record import record
from weights.graphs.torch.untouched import surroundings

TIMES = 5
PARTS = ("recording", "check", "PyTorch")


def costs(name: str) -> dict[str, float]:
    """CPU seconds, the least of TIMES, taken in turn: of each part, at (1, 3, 224, 224)."""
    model, x = models.get_model(name, weights=None).eval(), torch.randn(1, 3, 224, 224)
    double, leaf = copy.deepcopy(model).double(), x.double().requires_grad_()
    recording = record(model, x)
    least = dict.fromkeys(PARTS, float("inf"))

    def its_own():
        torch.autograd.grad(double(leaf).sum(), leaf)

    def check():
        with surroundings():
            assert checked(model, recording).check.kind == "equal"

    for _ in range(TIMES):
        for part, f in zip(PARTS, (lambda: record(model, x), check, its_own)):
            began = time.process_time()
            f()
            least[part] = min(least[part], time.process_time() - began)
    return least


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("networks", nargs="*", default=["resnet50", "resnet18"])
    torch.set_num_threads(1)
    report = Report("self_check", __doc__.splitlines()[0], ["numpy", "torch"], "weights.graphs.self_check")
    report.say(f"CPU seconds on one thread, the least of {TIMES}; a pass is forward and backward\n")
    for name in parser.parse_args().networks:
        found = costs(name)
        ratio = found["check"] / found["PyTorch"]
        parts = "   ".join(f"{part} {seconds:.2f}" for part, seconds in found.items())
        report.say(f"{name:12}{parts}   check / PyTorch {ratio:.2f}")
    report.save()


if __name__ == "__main__":
    main()
