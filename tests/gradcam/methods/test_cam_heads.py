"""CAM finds global average pooling and a linear layer in whatever way a network writes them."""

import numpy as np
import pytest

from gradcam import explain
from gradcam.methods.cam import cam_head
from minicnn import Add, AvgPool, Error, GlobalAvgPool, Linear, MatMul, MaxPool, Mean, ReLU, Reshape, Tensor
from tests.support.compare import assert_close

X = np.random.default_rng(0).standard_normal((2, 3, 6, 8))
W, B = np.random.default_rng(1).standard_normal((4, 3)), np.random.default_rng(2).standard_normal(4)


def linear(pooled):
    return Linear()(pooled, W, B)


HEADS = {
    "pooling": lambda A: linear(GlobalAvgPool()(A)),
    "mean": lambda A: linear(Mean((2, 3), False)(A)),
    "kept axes": lambda A: linear(Reshape((-1, 3))(Mean((2, 3), True)(A))),
    "axis by axis": lambda A: linear(Mean(2, False)(Mean(3, False)(A))),
    "in a row": lambda A: linear(Mean(2, False)(Reshape((-1, 3, 48))(A))),
    "a pool of all": lambda A: linear(Reshape((-1, 3))(AvgPool((6, 8))(A))),
    "a product": lambda A: Add()(MatMul()(GlobalAvgPool()(A), W.T), B),
}


@pytest.mark.parametrize("head", HEADS)
def test_the_map_is_the_same_however_it_is_written(head):
    def net(x):
        return HEADS[head](ReLU()(x, name="A"))

    e = explain(net, X, 2, "cam")
    assert_close(e["cam"], np.einsum("k,nkij->nij", W[2], np.maximum(X, 0)))
    assert_close(e["cam"].mean(axis=(1, 2)) + B[2], e.scores[:, 2])


@pytest.mark.parametrize(
    "head",
    [
        lambda A: Linear()(Reshape((-1, 144))(A), np.ones((4, 144))),
        lambda A: linear(Reshape((-1, 3))(MaxPool((6, 8))(A))),
        lambda A: linear(ReLU()(GlobalAvgPool()(A))),
        lambda A: linear(Mean(1, False)(Reshape((-1, 48, 3))(A))),
        lambda A: Add()(linear(GlobalAvgPool()(A)), linear(GlobalAvgPool()(A))),
    ],
    ids=["flattened", "largest", "bent", "other means", "a sum"],
)
def test_other_heads_are_refused(head):
    with pytest.raises(Error, match="global average pooling"):
        cam_head(head(ReLU()(Tensor(X, "x"), name="A")))
