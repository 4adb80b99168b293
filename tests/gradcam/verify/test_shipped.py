"""On a network that ships, with a scene of its own world."""

import numpy as np
import pytest

import gradcam
import weights
from gradcam import verify
from gradcam.image import prepare
from weights.recipes import shapes_world


@pytest.mark.parametrize("other", range(8))
def test_the_map_of_another_class_is_named(other):
    net = weights.load("shapes").astype(np.float64)
    x = prepare(shapes_world.scene(0, split="test").picture, net.card.preprocessing, np.float64)
    shown = int(net(x)[0].argmax())
    theirs = gradcam.explain(net, x, [other], ["grad_cam"])["grad_cam"]
    verdict = verify.network(net, x, shown, "grad_cam", net.card.layer, theirs, pairs=False)
    assert verdict.kind == "equal" if other == shown else verdict.names("another class")
