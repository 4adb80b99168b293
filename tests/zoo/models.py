"""Published architectures of three libraries, by name, and how to build one; and hand-written ones.

All of torchvision; of every line of timm's the smallest (timm_names.py); of segmentation_models_pytorch every
decoder, and the U-Net with the first encoder of every line.
"""

from __future__ import annotations

import contextlib
import importlib
import re

import torch
from torch import nn

from tests.support.torchvision_models import models as tv
from tests.weights.graphs.torch_nets import EVERY
from tests.zoo.hand_written import HAND_WRITTEN, SHAPE
from tests.zoo.timm_names import line
from tests.zoo.timm_names import names as timm_names


def every() -> list[tuple[str, str]]:
    """[(name, group)]; a name is "timm:resnet50"."""
    rooms = {"classification": tv, "segmentation": tv.segmentation, "video": tv.video}
    found = [
        (f"tv:{n}", f"torchvision {room}") for room, at in rooms.items() for n in tv.list_models(module=at)
    ]
    detection = tv.list_models(module=tv.detection)
    found += [(f"tv:{n}", "torchvision detection, whole") for n in detection]
    found += [(f"backbone:{n}", "torchvision detection, backbone") for n in detection]
    found += [
        (f"tv:quantized_{n}", "torchvision quantized") for n in ("resnet18", "mobilenet_v2", "googlenet")
    ]
    found += [(f"hand:{n}", "hand-written") for n in (*EVERY, *HAND_WRITTEN)]
    found += [(f"timm:{n}", "timm") for n in timm_names()]
    return found + [(f"smp:{n}", "segmentation_models_pytorch") for n in _segmentation()]


def _segmentation():
    import segmentation_models_pytorch as smp

    encoders = {}
    for encoder in smp.encoders.encoders:
        encoders.setdefault(line(re.sub(r"-b\d$", "", encoder)), encoder)
    decoders = [f"{kind.__name__}-resnet18" for kind in smp.MODEL_ARCHITECTURES_MAPPING.values()]
    return dict.fromkeys([*decoders, "Segformer-mit_b0", *(f"Unet-{e}" for e in encoders.values())])


def build(name: str) -> tuple[nn.Module, list[tuple[int, ...]]]:
    """-> (the model, shapes of inputs to try, the smallest first)"""
    library, short = name.split(":")
    if library == "timm":
        import timm

        model = timm.create_model(short, num_classes=10)
        own = model.pretrained_cfg.get("input_size", (3, 224, 224))[-1]
        if model.pretrained_cfg.get("fixed_input_size"):
            model, own = _smaller(timm, short, model, own)
        return model, [(1, 3, n, n) for n in (64, 96, 128, 192, own) if n <= own]
    if library == "smp":
        import segmentation_models_pytorch as smp

        decoder, encoder = short.split("-", 1)
        encoder = "tu-vit_tiny_patch16_224" if decoder == "DPT" else encoder  # takes transformers only
        model = getattr(smp, decoder)(encoder, encoder_weights=None, classes=4)
        return model, [(1, 3, n, n) for n in (64, 96, 128, 224)]
    if library == "hand":
        return (EVERY[short](), [(1, 3, 16, 12)]) if short in EVERY else (HAND_WRITTEN[short](), [SHAPE])
    if library == "backbone":
        model = tv.get_model(short, weights=None, weights_backbone=None).backbone
        return model, [(1, 3, n, n) for n in (64, 96, 160, 320)]
    options = {"init_weights": False} if short in ("googlenet", "inception_v3") else {}
    if short.startswith("quantized"):
        options = {"quantize": True} | ({"init_weights": False} if "googlenet" in short else {})
    if short in tv.list_models(module=tv.detection):
        options = {"weights_backbone": None}
    if short in tv.list_models(module=tv.segmentation):
        options = {"weights_backbone": None}
    if short.startswith("vit"):
        options = {"image_size": 128 if short.endswith("32") else 112}  # h_14: 8 x 8 patches
    with _small_videos():
        model = tv.get_model(short, weights=None, **options)
    if short in tv.list_models(module=tv.video):
        return model, [(1, 3, t, n, n) for t, n in ((4, 64), (8, 64), (16, 64), (16, 112), (16, 224))]
    return model, [(1, 3, n, n) for n in (64, 96, 112, 128, 224)]


@contextlib.contextmanager
def _small_videos():
    """MViT for 8 pictures of 64 pixels: its builders know one size, 16 of 224, too large for memory."""
    mvit = importlib.import_module("torchvision.models.video.mvit")
    full = mvit.MViT
    mvit.MViT = lambda **options: full(**options | {"spatial_size": (64, 64), "temporal_size": 8})
    try:
        yield
    finally:
        mvit.MViT = full


def _smaller(timm, name, model, own):
    """One made for pictures of a fixed size, for smaller ones, if it can be -> (the model, its size)"""
    for size in (64, 96, 112, 128, 192, 224):
        try:
            smaller = timm.create_model(name, num_classes=10, img_size=size)
            with torch.no_grad():
                smaller.eval()(torch.zeros(1, 3, size, size))
            return smaller, size
        except (TypeError, AssertionError, ValueError, RuntimeError):
            continue
    return model, own
