"""The table of layers: what each of them sees, and which one is looked at where nobody names one."""

import numpy as np
import pytest

from minicnn import Tensor, ops
from weights.feature_maps import default_layer, layers

RNG = np.random.default_rng(0)


@pytest.mark.parametrize("axes", [1, 2, 3])
def test_the_output_itself_is_not_looked_at(axes):
    x = Tensor(RNG.standard_normal((1, 3, *[12] * axes)), "x")
    y = ops.Conv()(x, RNG.standard_normal((4, 3, *[3] * axes)), name="conv")
    y = ops.ConvTranspose(2)(ops.ReLU()(y, name="relu"), np.ones((4, 2, *[3] * axes)), name="up")
    assert [line.name for line in layers(y, x)] == ["conv", "relu", "up"]
    assert default_layer(y, x)[0] == "relu"


def test_a_gate_sees_all():
    x = Tensor(RNG.standard_normal((1, 3, 12, 12)), "x")
    A = ops.ReLU()(ops.Conv()(x, RNG.standard_normal((4, 3, 3, 3)), name="conv"), name="relu")
    gate = ops.Sigmoid()(ops.Mean((2, 3), True)(A), name="gate")
    y = ops.Mul()(A, gate, name="gated")
    fields = {line.name: line.field for line in layers(ops.GlobalAvgPool()(y, name="y"), x)}
    assert fields == {"conv": "3 x 3", "relu": "3 x 3", "gate": "", "gated": "all", "y": ""}
