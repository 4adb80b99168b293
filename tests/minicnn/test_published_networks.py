"""Networks as they are published: how many weights they learn, what follows what, and on how many pixels."""

import numpy as np
import pytest

from minicnn import Tensor, history, nets
from minicnn.layer import BatchNormLayer, DropoutLayer

LETTERS = {"LocalResponseNorm": "N", "Concat": "&", "Add": "+", "Mul": "*", "Flatten": "F", "MaxPool": "P",
           "Slice": "/", "Pad": "0"}  # fmt: skip


def steps(net, side, C=3):
    """A letter for each operation, C of a Conv say, and where the rows become others, how many they are."""
    y, text, rows = net(Tensor(np.zeros((1, C, side, side), np.float32), "x")), "", side
    for t in history(y):
        if t.op is not None:
            now = t.shape[2] if t.ndim == 4 else rows
            text += f" {now} " * (now != rows) + LETTERS.get(type(t.op).__name__, type(t.op).__name__[0])
            rows = now
    return text.split()


def inception(conv):
    """Five 1 x 1, 3 x 3 and 5 x 5, the pooling and a last 1 x 1; side by side."""
    return 5 * conv + "P" + conv + "&"


def flat(*parts):
    """Neighbouring texts without a number between them are one."""
    found = []
    for part in [p for some in parts for p in ([some] if isinstance(some, str) else some)]:
        if found and not part.isdigit() and not found[-1].isdigit():
            found[-1] += part
        else:
            found.append(part)
    return found


FIRE = "CR" + "CRCR&"
NECK = "CBRCBRCB"  # of a residual block
STEPS = {
    "googlenet": (64, 3, flat("32", "CBR", "16", "P" + 2 * "CBR", "8", "P" + 2 * inception("CBR"), "4",
                              "P" + 5 * inception("CBR"), "2", "P" + 2 * inception("CBR") + "GL")),
    "googlenet_caffe": (64, 3, flat("32", "CR", "16", "PNCRCRN", "8", "P" + 2 * inception("CR"), "4",
                                    "P" + 5 * inception("CR"), "2", "P" + 2 * inception("CR") + "GL")),
    "squeezenet": (67, 3, ["31", "CR", "15", "P" + 3 * FIRE, "7", "P" + 4 * FIRE, "3", "P" + FIRE,
                           "5", "CRG"]),
    "squeezenet1_0_torchvision": (67, 3, ["31", "CR", "15", "P" + 3 * FIRE, "7", "P" + 4 * FIRE, "3",
                                          "P" + FIRE + "CRG"]),
    "squeezenet1_1": (67, 3, ["33", "CR", "16", "P" + 2 * FIRE, "8", "P" + 2 * FIRE, "4",
                              "P" + 4 * FIRE + "CRG"]),
    "resnet18": (64, 3, flat("32", "CBR", "16", "P" + 2 * "CBRCB+R", *(
        some for rows in "842" for some in (rows, "CBRCBCB+R" + "CBRCB+R")), "GL")),
    "resnet50": (64, 3, flat("32", "CBR", "16", "P" + NECK + "CB+R" + 2 * (NECK + "+R"), *(
        some for rows, n in (("8", 3), ("4", 5), ("2", 2))
        for some in ("CBR", rows, NECK[3:] + "CB+R" + n * (NECK + "+R"))), "GL")),
    "resnet50_caffe": (64, 3, flat("32", "CBR", "16", "P" + NECK + "CB+R" + 2 * (NECK + "+R"), *(
        some for rows, n in (("8", 3), ("4", 5), ("2", 2))
        for some in (rows, NECK + "CB+R" + n * (NECK + "+R"))), "GL")),
    "resnet20": (32, 3, ["CBR" + 3 * "CBRCB+R", "16", "CBRCB/0+R" + 2 * "CBRCB+R", "8",
                         "CBRCB/0+R" + 2 * "CBRCB+R" + "GL"]),
    "mini_resnet": (32, 3, flat("16", "CBR" + 2 * "CBRCB+R", *(
        some for rows in "842" for some in (rows, "CBRCBCB+R" + "CBRCB+R")), "GL")),
    "mini_xception": (64, 1, flat("62", "CBR", "60", "CBR", *(
        some for rows in ("30", "15", "8", "4") for some in ("CCBRCCB", rows, "PCB+")), "CG")),
    "lenet": (28, 1, ["24", "C", "12", "P", "8", "C", "4", "PFLRL"]),
    "udacity_cifar": (32, 3, ["CR", "16", "PCR", "8", "PCR", "4", "PFLRL"]),
    "deep_convnet": (28, 1, ["CRCR", "14", "PCR", "16", "CR", "8", "PCRCR", "4", "PFLR*L*"]),
    "keras1_mnist": (28, 1, ["CRCR", "14", "PFLRL"]), "keras1_cifar10": (32, 3, ["CRCR", "16", "PFLRL"]),
    "captum_cifar": (32, 3, ["28", "CR", "14", "P", "10", "CR", "5", "PFLRLRL"]),
    "mini_vgg": (32, 3, ["CRCR", "16", "PCRCR", "8", "PCRCR", "4", "PCRCR", "2", "PGL"]),
}  # fmt: skip


@pytest.mark.parametrize("name", STEPS)
def test_what_follows_what(name):
    side, C, expected = STEPS[name]
    assert steps(getattr(nets, name)(), side, C) == expected


def learnt(name):
    return sum(t.data.size for t in getattr(nets, name)().parameters().values())


def test_how_many_weights_are_learnt():
    published = {
        "alexnet": 61_100_840, "googlenet": 6_624_904, "squeezenet": 1_248_424, "squeezenet1_1": 1_235_496,
        "resnet18": 11_689_512, "resnet34": 21_797_672, "resnet50": 25_557_032, "resnet20": 269_722,
        "resnet56": 853_018, "vgg11": 132_863_336, "vgg13": 133_047_848, "vgg16": 138_357_544,
        "vgg19": 143_667_240, "vgg16_convolutions": 14_714_688, "lenet": 431_080, "captum_cifar": 62_006,
    }  # fmt: skip
    assert {name: learnt(name) for name in published} == published


def test_what_is_dropped_added_and_halved():
    dropped = {"alexnet": [0.5] * 2, "googlenet": [0.2], "googlenet_caffe": [0.4], "squeezenet": [0.5],
               "squeezenet1_1": [0.5], "udacity_cifar": [0.25] * 2, "deep_convnet": [], "keras1_mnist": [0.5],
               "shapes": [0.2], "vgg16": [0.5] * 2, "resnet18": [], "mini_vgg": []}  # fmt: skip
    layers = {name: list(getattr(nets, name)().layers()) for name in (*dropped, "mini_xception", "resnet50")}
    found = {name: [at.p for at in of if isinstance(at, DropoutLayer)] for name, of in layers.items()}
    assert {name: found[name] for name in dropped} == dropped
    eps = {name: {at.eps for at in of if isinstance(at, BatchNormLayer)} for name, of in layers.items()}
    assert eps["googlenet"] == eps["mini_xception"] == {1e-3} and eps["resnet18"] == eps["resnet50"] == {1e-5}
    halved = {at.name: at.factor for at in nets.deep_convnet().steps if hasattr(at, "factor")}
    assert halved == {"half7": 0.5, "half8": 0.5}
