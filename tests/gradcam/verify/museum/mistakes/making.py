"""How a mistake is made: the right computation (see `right`), with one thing changed."""

from dataclasses import dataclass, field, replace

import torch

from tests.gradcam.verify.museum.right import RELATIVES, at_input, at_layer, cam_of, enlarge, right, weigh

CAMS, RULED = ("grad_cam", "guided_grad_cam"), ("guided_backprop", "deconvnet", "guided_grad_cam")
INPUTS = ("gradient", "saliency", "guided_backprop", "deconvnet")
EVERY = (*INPUTS, *CAMS)
FAMILY = tuple(RELATIVES)
MAPS = ("grad_cam", *FAMILY)
ALL = ("VGG", "InPlace", "Residual", "Functional", "Shared", "Tied", "Pooled")
ANY_SIZE = ("Residual", "Functional", "Pooled", "Averaged")  # networks that take pictures of any size


@dataclass(frozen=True)
class Mistake:
    """truth: the cause's name in the catalogue; make(case) -> what somebody would have got; families,
    methods: where it can happen.

    drawn: what `torch_nets.draw` is to draw otherwise; photo: whether the picture is made from a photo;
    parts: for two at once, what each alone gives: both must show; refused: there is nothing to compare, and
    the verdict is to say why, in these words; needs: a library.
    """

    truth: str
    make: object
    methods: tuple = EVERY
    families: tuple = ALL
    drawn: dict = field(default_factory=dict, hash=False)
    photo: bool = False
    parts: tuple = ()
    refused: bool = False
    needs: str = ""


def finish(case, signal=None, cam=None):
    """The method's result from its parts, of which a mistake gives one."""
    signal = at_input(case) if signal is None and case.method not in MAPS else signal
    if case.method == "saliency":
        return signal.abs().amax(1)
    if case.method in INPUTS:
        return signal
    cam = cam_of(case, *at_layer(case)) if cam is None else cam
    return cam if case.method in MAPS else signal * enlarge(case, cam)[:, None]


def started(start):
    """The signal starts at start(case, y), everywhere."""

    def make(case):
        cam = cam_of(case, *at_layer(case, start=start)) if case.method not in INPUTS else None
        return finish(case, at_input(case, start=start), cam)

    return make


def fed(change):
    """The network sees another picture."""
    return lambda case: right(replace(case, x=change(case.x)))


def built(change):
    """Another network: change(copy of the model)."""

    def make(case):
        other = case.to(case.x.dtype)
        change(other.model)
        return right(other)

    return make


def ruled(relu, **which):
    return lambda case: finish(case, at_input(case, relu(case) if relu else None, **which))


def cam(f, **layer):
    """The map from (A, dA)."""
    return lambda case: finish(case, cam=f(*at_layer(case, **layer)))


def enlarged(how):
    return lambda case: how(case, weigh(*at_layer(case)).relu())


def after(f):
    return lambda case: f(right(case))


def leaves(model, kind):
    return [m for m in model.modules() if isinstance(m, kind)]


def pools(make):
    """Every max-pool of the model replaced by make(pool)."""

    def change(model):
        for parent in list(model.modules()):
            for name, child in list(parent.named_children()):
                if isinstance(child, torch.nn.MaxPool2d):
                    setattr(parent, name, make(child))

    return change
