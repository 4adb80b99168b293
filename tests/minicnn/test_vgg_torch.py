"""VGG-16 of full size at 224 pixels against PyTorch and Captum.

With float32 statements: python -m tests.vgg_against_pytorch
"""

import numpy as np
import pytest

pytest.importorskip("torch")
pytest.importorskip("captum")
import torch

from tests.support import vgg_agreement as agreement
from tests.support.agreement import MAPS, distances
from tests.support.compare import relative

pytestmark = pytest.mark.torch


@pytest.fixture(scope="module")
def truth():
    return agreement.reference(torch.float64)


def test_float64_agrees_with_pytorch(truth):
    signals, run = truth
    assert not run.ties
    found = distances(agreement.signals(agreement.network(np.float64), np.float64, run), signals)
    assert not {name: d for name, d in found.items() if d > 1e-10}


def test_float32_agrees_through_the_same_gates_and_switches(truth):
    signals, run = truth
    net = agreement.network(np.float32)
    found = distances(agreement.signals(net, np.float32, run, replay=True), signals)
    assert all(found[name] <= 1e-4 for name in MAPS)
    assert all(d <= 1e-4 for name, d in found.items() if name == "scores" or name.startswith("Grad-CAM"))


def test_captum_gives_the_same():
    theirs = agreement.captums(torch.float64)
    found = agreement.as_captum(agreement.network(np.float64), np.float64)
    assert found.keys() == theirs.keys()
    assert (
        min(relative(theirs[name], theirs["Saliency"]) for name in ("GuidedBackprop", "Deconvolution")) > 0.1
    )
    assert relative(theirs["GuidedBackprop"], theirs["Deconvolution"]) > 0.1
    assert not {name: d for name in found if (d := relative(found[name], theirs[name])) > 1e-10}
