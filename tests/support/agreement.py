"""The signals of one explanation, by minicnn and by PyTorch, under the same names; and how far they are
apart."""

import numpy as np
import torch

from minicnn import MaxPool, ReLU, Tensor, backward, find, history, one_hot
from tests.support.compare import relative

MAPS = ("gradient", "guided", "deconvnet")


def grad_cam(A, dA):
    """Selvaraju et al. 2017, eqs. 1-2, written out: ReLU(sum_k alpha_k A^k), alpha_k = mean over i, j of
    dy/dA^k_ij."""
    alpha = [[dA[n, k].mean() for k in range(A.shape[1])] for n in range(A.shape[0])]
    return np.stack([np.maximum(np.tensordot(alpha[n], A[n], 1), 0) for n in range(A.shape[0])])


def theirs(forward, weights, photo, dtype, layers, unit_layer, scores, like=None):
    """PyTorch's signals {quantity: array} and the Run they were made from.

    They start at the top class and at the strongest unit of `unit_layer`, or at the class and unit of the run
    `like`.
    """
    w = {name: t.to(dtype) for name, t in weights.items()}
    x = torch.tensor(photo, dtype=dtype, requires_grad=True)
    run = forward(w, x)
    y, A = run.maps[scores], run.maps[unit_layer]
    run.c = c = like.c if like else int(y[0].argmax())
    run.unit = unit = (
        like.unit if like else tuple(int(i) for i in np.unravel_index(int(A[0].argmax()), A.shape[1:]))
    )
    d = dict(
        zip(
            ("gradient", *layers),
            torch.autograd.grad(y[0, c], [x, *(run.maps[name] for name in layers)], retain_graph=True),
        )
    )
    signals = {"scores": y, "gradient": d["gradient"]}
    for name in layers:
        signals[f"gradient at {name}"], signals[f"Grad-CAM at {name}"] = (
            d[name],
            grad_cam(run.maps[name].detach().numpy(), d[name].numpy()),
        )
    signals["from the unit, plain"] = torch.autograd.grad(A[(0, *unit)], x)[0]
    guided, deconvnet = (forward(w, x, rule) for rule in ("guided", "deconvnet"))
    signals["guided"] = torch.autograd.grad(guided.maps[scores][0, c], x)[0]
    signals["deconvnet"] = torch.autograd.grad(deconvnet.maps[unit_layer][(0, *unit)], x)[0]
    return {name: np.asarray(s.detach() if torch.is_tensor(s) else s) for name, s in signals.items()}, run


def ours(net, photo, run, layers, unit_layer, replay=False):
    """minicnn's signals under the same names, for run's class and unit; `replay`: through run's gates and
    switches."""
    x = Tensor(photo, "x")
    y = net(x)
    if replay:
        replay_kinks(y, run)
    A, at = find(y, unit_layer), [find(y, name) for name in layers]
    plain = dict(zip(("gradient", *layers), backward(y, one_hot(y, run.c), wrt=[x, *at])))
    signals = {"scores": y.data, "gradient": plain["gradient"]}
    for name, map_ in zip(layers, at):
        signals[f"gradient at {name}"], signals[f"Grad-CAM at {name}"] = (
            plain[name],
            grad_cam(map_.data, plain[name]),
        )
    signals["from the unit, plain"] = backward(A, one_hot(A, run.unit), wrt=x)
    signals["guided"] = backward(y, one_hot(y, run.c), wrt=x, rules={ReLU: ReLU.guided})
    signals["deconvnet"] = backward(A, one_hot(A, run.unit), wrt=x, rules={ReLU: ReLU.deconvnet})
    return signals


def replay_kinks(y, run):
    """Let every ReLU and every max-pool of y's history go back through the gates and switches that the other
    side had."""
    replayed = set()
    for tensor in history(y):
        if isinstance(tensor.op, ReLU):
            tensor.op.x = np.where(run.gates[tensor.name], 1, -1).astype(tensor.dtype)
        elif isinstance(tensor.op, MaxPool):
            tensor.op.switches = run.switches[tensor.name].astype(tensor.op.switches.dtype)
        else:
            continue
        replayed.add(tensor.name)
    assert replayed == {*run.gates, *run.switches}, "the networks do not have the same ReLUs and pools"


def distances(signals, reference):
    """{quantity: relative L2}.  A reference that is zero, or in which the rule changed nothing, fails."""
    assert signals.keys() == reference.keys()
    assert relative(reference["guided"], reference["gradient"]) > 0.1, (
        "guided backprop changed nothing: nothing was tested"
    )
    assert relative(reference["deconvnet"], reference["from the unit, plain"]) > 0.1, (
        "the deconvnet rule changed nothing"
    )
    return {name: relative(signals[name], reference[name]) for name in reference}
