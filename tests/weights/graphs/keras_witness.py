"""Keras as a witness: scores, saliency and Grad-CAM of a model, by its backend's own gradients, in float64.

Runs where Keras is installed, with KERAS_BACKEND=torch (or jax, for models that the torch backend lacks).
"""

from __future__ import annotations

import os
import pathlib
import tempfile
import warnings

import numpy as np

from minicnn import Tensor, backward, find
from weights.graphs.keras import describe, load

os.environ.setdefault("KERAS_BACKEND", "torch")


def in_float64():
    """keras, whose models compute in double precision from now on: it takes float32 as the result of float32
    and float64 otherwise, in every BatchNormalization.
    """
    warnings.filterwarnings("ignore")
    if os.environ["KERAS_BACKEND"] == "jax":
        import jax

        jax.config.update("jax_enable_x64", True)
    import keras
    from keras.src.backend.common import dtypes

    dtypes.BIT64_TO_BIT32_DTYPE.pop("float64", None)
    keras.config.set_floatx("float64")
    if os.environ["KERAS_BACKEND"] == "torch":
        import torch

        torch.set_num_threads(1)
    return keras


def drawn(model, seed: int = 1):
    """The model with weights as it drew them, and statistics, factors and biases that are not 0 and 1."""
    random = np.random.default_rng(seed)
    for v in model.variables:
        name, shape = v.path.rsplit("/", 1)[-1], tuple(v.shape)
        if "seed" in name or not str(v.dtype).startswith("float"):
            continue
        if name in ("gamma", "moving_variance", "variance"):
            v.assign(random.uniform(0.6, 1.4, shape))
        elif name in ("beta", "bias", "moving_mean", "mean"):
            v.assign(0.1 * random.standard_normal(shape))
    return model


def scoring(keras, model, layer):
    """x -> (y in front of a last softmax or sigmoid, the layer's output), as one model."""
    end = next((at for at in reversed(model.layers) if getattr(at, "activation", None) is not None), None)
    if end is not None:
        end.activation = keras.activations.linear
    rebuilt = keras.models.clone_model(model)
    rebuilt.set_weights(model.get_weights())
    maps = next(at for at in rebuilt.operations if at.name == layer).output
    return keras.Model(rebuilt.inputs, [rebuilt.outputs[0], maps])


def gradients(both, x, c):
    """-> y, A, dy_c/dx, dy_c/dA"""
    if os.environ["KERAS_BACKEND"] == "jax":
        import jax

        y, A = both(x, training=False)
        dx = jax.grad(lambda v: both(v, training=False)[0][0, c])(x)
        return np.asarray(y), np.asarray(A), np.asarray(dx), None
    import torch

    leaf = torch.tensor(x, requires_grad=True)
    y, A = both(leaf, training=False)
    dx, dA = torch.autograd.grad(y[0, c], (leaf, A))
    return *(v.detach().numpy() for v in (y, A)), dx.numpy(), dA.numpy()


def compared(keras, model, shape, ending=".keras", seed: int = 0, conditioned: float = np.inf):
    """Save the model, read the file, and compare.  -> {what: largest difference, over the largest value}

    "rounding", where a difference is above `conditioned`: that of our own saliency when pixels move by 1e-15.
    """
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder, f"model{ending}")
        model.save(path)
        bytes_ = path.stat().st_size
        net = describe(load(path), "model")
    x = np.random.default_rng(seed).uniform(0, 1, (1, *shape))
    ours = Tensor(np.moveaxis(x, -1, 1) if x.ndim == 4 else x, "x")
    y = net(ours)
    c = int(y.data[0].argmax())
    layer = net.description.layer
    A = find(y, layer)
    g, dA = backward(y, np.eye(y.shape[1])[[c]], wrt=[ours, A])
    ty, tA, tx, tdA = gradients(scoring(keras, model, layer), x, c)
    found = {"layer": layer, "maps": "x".join(map(str, A.shape[1:])), "bytes": bytes_}
    found["scores"] = relative(y.data, ty)
    found["saliency"] = relative(g if g.ndim < 4 else np.moveaxis(g, 1, -1), tx)
    found["feature maps"] = relative(np.moveaxis(A.data, 1, -1), tA)
    if tdA is not None:
        theirs = np.maximum((tdA.mean((1, 2), keepdims=True) * tA).sum(-1), 0)
        our = np.maximum((dA.mean((2, 3), keepdims=True) * A.data).sum(1), 0)
        found["Grad-CAM"] = relative(our, theirs)
    if max(found[what] for what in ("scores", "saliency", "feature maps")) > conditioned:
        last = 1 + 1e-15 * np.random.default_rng(2).standard_normal(ours.shape)
        moved = Tensor(ours.data * last, "x")
        found["rounding"] = relative(backward(net(moved), np.eye(y.shape[1])[[c]], wrt=moved), g)
    return found


def relative(a, b) -> float:
    """max |a - b| / max |b|"""
    if a.shape != b.shape or not np.abs(b).max():
        raise AssertionError(f"nothing to compare: {a.shape}, {b.shape}, largest {np.abs(b).max()}")
    return float(np.abs(a - b).max() / np.abs(b).max())
