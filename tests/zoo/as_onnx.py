"""One model as the ONNX file that PyTorch makes of it: its scores against onnxruntime's, both in float32."""

from __future__ import annotations

import contextlib
import io
import pathlib
import tempfile
import time
import zlib

import numpy as np
import torch

from minicnn import Tensor, backward, one_hot
from tests.zoo.live import Scores, runs
from tests.zoo.models import build
from tests.zoo.weights import drawn
from weights.errors import WeightsError
from weights.graphs.onnx import load
from weights.graphs.torch.gradients import difference

EXPORTERS = {"legacy": {"dynamo": False, "opset_version": 17}, "dynamo": {"dynamo": True}}
EQUAL = 1e-5  # relative L2; where scores differ by more, both are compared with float64's
COUNT, LARGEST = 150, 30e6


def chosen(sizes: dict[str, int], tried: set[str]) -> list[str]:
    """COUNT of the models up to LARGEST: those that were tried, then a mixture of all kinds, in the order of
    their names' checksums."""
    fitting = [name for name, size in sizes.items() if size <= LARGEST]
    return sorted(fitting, key=lambda name: (name not in tried, zlib.crc32(name.encode())))[:COUNT]


def examine(name: str, group: str, exporter: str) -> dict:
    """Export, run both, and compare scores, and the gradient of a class's score with PyTorch's in float32."""
    import onnxruntime

    torch.manual_seed(0)
    torch.set_num_threads(1)
    row = {"name": name, "group": group, "exporter": exporter}
    model, shapes = build(name)
    model, x = runs(Scores(drawn(model)), shapes)
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder, "model.onnx")
        try:
            with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
                torch.onnx.export(model, (x,), str(path), external_data=False, **EXPORTERS[exporter])
            session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
            theirs = session.run(None, {session.get_inputs()[0].name: x.numpy()})[0]
        except Exception as error:
            said = (str(error).splitlines() or [""])[0]
            return row | {"kind": "not exported", "says": f"{type(error).__name__}: {said}"[:200]}
        if not np.isfinite(theirs).all():
            return row | {"kind": "not finite", "says": "onnxruntime's scores overflow in float32"}
        began = time.process_time()
        try:
            net = load(path)
            source = Tensor(x.numpy(), "x")
            y = net(source)
        except WeightsError as error:
            return row | {"kind": "refused", "says": str(error).replace(str(path), "model.onnx")}
        c = int(theirs.argmax())
        g = backward(y, one_hot(y, c), wrt=source)
        row["seconds"] = round(time.process_time() - began, 2)
    leaf = x.clone().requires_grad_()
    expected = torch.autograd.grad(model(leaf)[0, c], leaf)[0].numpy()
    row |= {"kind": "taken", "scores": difference(y.data, theirs), "saliency": difference(g, expected)}
    if row["scores"] > EQUAL:
        with torch.no_grad():
            exact = model.double()(x.double()).numpy()
        row["exact"] = {"ours": difference(y.data, exact), "onnxruntime": difference(theirs, exact)}
    return row
