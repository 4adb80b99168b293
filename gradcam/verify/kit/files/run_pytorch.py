"""Hold Captum and zennit against the kit: python run_pytorch.py.  A library of yours takes the place of one
of LIBRARIES.
"""

import json
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn

KIT = Path(__file__).parent


class Net(nn.Module):
    """graph.json, step by step; ReLUs as it asks for: modules, in-place modules, or functions."""

    def __init__(self, at: Any) -> None:
        super().__init__()
        graph = json.loads((at / "graph.json").read_text())
        self.steps, self.relus = graph["steps"], graph["relus"]
        for name, op, _, options in self.steps:
            if op in ("Conv", "Gemm"):
                W, b = (
                    nn.Parameter(torch.from_numpy(np.load(at / "weights" / f"{name}.{k}.npy"))) for k in "Wb"
                )
                layer = (
                    nn.Conv2d(W.shape[1], W.shape[0], 3, padding=options["pad"])
                    if op == "Conv"
                    else nn.Linear(W.shape[1], W.shape[0])
                )
                layer.weight, layer.bias = W, b
                setattr(self, name, layer)
            elif op == "Relu" and self.relus != "function":
                setattr(self, name, nn.ReLU(inplace=self.relus == "in-place"))

    def forward(self, x: Any) -> Any:
        v = {"x": x}
        plain = {
            "Relu": torch.relu,
            "MaxPool": lambda t: nn.functional.max_pool2d(t, 2),
            "Add": torch.add,
            "GlobalAveragePool": lambda t: t.mean((2, 3)),
        }
        for name, op, inputs, _ in self.steps:
            v[name] = (getattr(self, name) if hasattr(self, name) else plain[op])(*[v[i] for i in inputs])
        return v[name]


def captum(net: Any, x: Any, case: Any) -> Any:
    from captum import attr

    c, layer = case["class"], getattr(net, case["layer"] or "", None)
    match case["method"]:
        case "gradient":
            return attr.Saliency(net).attribute(x, c, abs=False)
        case "deconvnet":
            return attr.Deconvolution(net).attribute(x, c)
        case "guided_backprop":
            return attr.GuidedBackprop(net).attribute(x, c)
        case "grad_cam" if layer:
            return attr.LayerGradCam(net, layer).attribute(x, c, relu_attributions=True)[:, 0]
        case "guided_grad_cam" if layer:
            return attr.GuidedGradCam(net, layer).attribute(x, c)


def zennit(net: Any, x: Any, case: Any) -> Any:
    from zennit import attribution, composites

    composite = {
        "gradient": lambda: None,
        "deconvnet": composites.DeconvNet,
        "guided_backprop": composites.GuidedBackprop,
    }
    if case["method"] not in composite:
        return None
    with attribution.Gradient(net, composite[case["method"]]()) as attribute:
        return attribute(x, torch.eye(4, dtype=x.dtype)[[case["class"]]])[1]


LIBRARIES = {"captum": captum, "zennit": zennit}


def results(library: Any) -> Any:
    """Yield (network, method, "=", "≠" or the convention that it follows)."""
    if not (KIT / "manifest.json").exists():  # it is written last
        raise SystemExit(f"{KIT}: this kit is not whole: write it again, into a new folder")
    cases = json.loads((KIT / "manifest.json").read_text())["cases"]
    for case in [c for c in cases if not c["convention"]]:
        at = KIT / case["network"]
        theirs = LIBRARIES[library](
            Net(at).double().eval(), torch.from_numpy(np.load(at / "input.npy")).requires_grad_(), case
        )
        if theirs is None:
            continue
        same = []
        for other in [c for c in cases if c["network"] == case["network"] and c["method"] == case["method"]]:
            expected = np.load(KIT / other["expected"])
            limit = other["tolerance"] * abs(expected).max()
            if expected.shape == theirs.shape and abs(theirs.detach().numpy() - expected).max() <= limit:
                same.append(other["convention"] or "=")
        yield case["network"], case["method"], same[0] if same else "≠"


if __name__ == "__main__":
    for library in LIBRARIES:
        try:
            for network, method, mark in results(library):
                print(f"{library:<8} {network:<12} {method:<16} {mark}")
        except (ImportError, RuntimeError) as error:
            print(f"{library:<8} cannot be imported: {error}")
