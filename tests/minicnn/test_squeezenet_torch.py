"""The published SqueezeNet on real photos against PyTorch float64.

All 40 photos: python -m tests.squeezenet_against_pytorch
"""

import numpy as np
import pytest

pytest.importorskip("torch")
import torch

from minicnn import ReLU
from tests.support import photos
from tests.support import squeezenet_agreement as agreement
from tests.support.agreement import MAPS
from tests.support.torch_reference import tied

pytestmark = [pytest.mark.torch, pytest.mark.data]
TIE_FREE, TIED = (9, 162), 629  # ostrich and beagle; the lipstick lies on a flat background


@pytest.fixture(scope="module", params=TIE_FREE)
def case(request):
    x = agreement.photo(request.param)
    return (x, *agreement.reference(x))


def test_float64_agrees_on_a_photo_without_ties(case):
    x, truth, run = case
    assert not run.ties
    far = {name: d for name, d in agreement.double(x, truth, run).items() if d > 1e-10}
    assert not far


def test_float32_scores_and_grad_cam(case):
    found = agreement.single(*case)
    assert found["scores"] <= 5e-5
    assert all(d <= 1e-4 for name, d in found.items() if name.startswith("Grad-CAM"))


def test_float32_maps_through_the_same_gates_and_switches(case):
    found = agreement.single(*case, replay=True)
    assert all(found[name] <= 1e-4 for name in MAPS)


def test_float32_maps_are_no_further_from_float64_than_three_times_pytorchs():
    """Medians over the 40 photos: on one alone, a single gate or switch that flips decides."""
    ours, theirs = [], []
    for path in photos.samples():
        x = photos.for_squeezenet(path)
        truth, run = agreement.reference(x)
        ours.append(agreement.single(x, truth, run))
        theirs.append(agreement.single_theirs(x, truth, run))
    far = {m: [float(np.median([found[m] for found in maps])) for maps in (ours, theirs)] for m in MAPS}
    assert len(ours) == 40 and all(0 < pytorch < 1e-2 for _, pytorch in far.values()), far
    assert all(minicnn <= 3 * pytorch for minicnn, pytorch in far.values()), far


def test_float64_agrees_on_a_photo_with_ties_through_the_same_switches():
    x = agreement.photo(TIED)
    truth, run = agreement.reference(x)
    assert "pool1" in run.ties
    far = {name: d for name, d in agreement.double(x, truth, run, replay=True).items() if d > 1e-10}
    assert not far


def test_the_comparison_notices_a_wrong_rule(case, monkeypatch):
    x, truth, run = case
    monkeypatch.setattr(ReLU, "guided", ReLU.gx)
    found = agreement.double(x, truth, run)
    assert found["guided"] > 0.1 and found["gradient"] <= 1e-10


def test_the_tie_test_itself():
    x = np.random.default_rng(0).random((1, 1, 8, 8)) + 1
    shape = (1, 1, 4, 4)
    assert not tied(torch.tensor(x), 3, 2, shape)
    x[0, 0, 7, 7] = x[0, 0, 7, 6] = 5
    assert tied(torch.tensor(x), 3, 2, shape)
    assert not tied(torch.tensor(-x), 3, 2, shape), (
        "a window without a positive value hides its ties behind a closed gate"
    )
