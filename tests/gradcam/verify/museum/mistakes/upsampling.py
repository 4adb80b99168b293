"""From the layer's size to the picture's."""

import numpy as np
import torch
from torch.nn import functional as F

from tests.gradcam.verify.museum.mistakes.making import FAMILY, Mistake, enlarged
from tests.gradcam.verify.museum.right import at_layer, enlarge, right, weigh

SOME = ("VGG", "Functional", "Pooled")


def opencv(case, m, how):
    """In float32, as OpenCV's own shares of the old values are."""
    import cv2

    size = tuple(case.x.shape[:1:-1])
    return torch.stack(
        [torch.from_numpy(cv2.resize(a.numpy(), size, interpolation=getattr(cv2, how))) for a in m.float()]
    ).to(m)


def pil(case, m, how):
    from PIL import Image

    size = tuple(case.x.shape[:1:-1])
    resized = [np.asarray(Image.fromarray(a.float().numpy()).resize(size, getattr(Image, how))) for a in m]
    return torch.from_numpy(np.stack(resized)).to(m)


def scipy(case, m, order):
    from scipy.ndimage import zoom

    factor = (1, *(N / n for n, N in zip(m.shape[1:], case.x.shape[2:])))
    return torch.from_numpy(zoom(m.double().numpy(), factor, order=order)).to(m)


def from_ones(case):
    """A script that many have copied."""
    from PIL import Image

    cam = (1 + weigh(*at_layer(case))).clamp(min=0)[0].float().numpy()
    cam = np.uint8((cam - cam.min()) / (cam.max() - cam.min()) * 255)
    large = Image.fromarray(cam).resize(tuple(case.x.shape[:1:-1]), Image.LANCZOS)
    return torch.from_numpy(np.asarray(large) / 255)[None].to(case.x)


def captum_guided_cam(case):
    from captum.attr import GuidedGradCam

    method = GuidedGradCam(case.model, case.model.get_submodule(case.layer))
    return method.attribute(case.x.clone().requires_grad_(), target=case.c).detach()


TABLE = [
    Mistake(
        "upsampled with aligned corners",
        enlarged(lambda case, m: enlarge(case, m, mode="bilinear", align_corners=True)),
        ("grad_cam",),
    ),
    Mistake(
        "upsampled with aligned corners",
        lambda case: enlarge(case, right(case), mode="bilinear", align_corners=True),
        FAMILY,
    ),
    Mistake(
        "upsampled with aligned corners",
        enlarged(lambda case, m: scipy(case, m, 1)),
        ("grad_cam",),
        needs="scipy",
    ),
    Mistake(
        "upsampled by the nearest neighbour",
        enlarged(lambda case, m: enlarge(case, m, mode="nearest")),
        ("grad_cam",),
    ),
    Mistake(
        "upsampled by the nearest neighbour",
        captum_guided_cam,
        ("guided_grad_cam",),
        ("VGG", "Residual"),
        needs="captum",
    ),
    Mistake(
        "upsampled by cubic convolution (OpenCV, PyTorch)",
        enlarged(lambda case, m: enlarge(case, m, mode="bicubic", align_corners=False)),
        ("grad_cam",),
    ),
    Mistake(
        "upsampled by cubic convolution (OpenCV, PyTorch)",
        enlarged(lambda case, m: opencv(case, m, "INTER_CUBIC")),
        ("grad_cam",),
        needs="cv2",
    ),
    Mistake(
        "upsampled by cubic convolution, corners aligned",
        enlarged(lambda case, m: enlarge(case, m, mode="bicubic", align_corners=True)),
        ("grad_cam",),
    ),
    Mistake(
        "upsampled by cubic convolution (PIL)",
        enlarged(lambda case, m: pil(case, m, "BICUBIC")),
        ("grad_cam",),
    ),
    Mistake("upsampled by Lanczos (PIL)", enlarged(lambda case, m: pil(case, m, "LANCZOS")), ("grad_cam",)),
    Mistake(
        "upsampled by cubic splines, corners aligned (SciPy)",
        enlarged(lambda case, m: scipy(case, m, 3)),
        ("grad_cam",),
        needs="scipy",
    ),
    Mistake(
        "enlarged to W rows and H columns, instead of H rows and W columns",
        enlarged(lambda case, m: F.interpolate(m[:, None], case.x.shape[:1:-1], mode="bilinear")[:, 0]),
        ("grad_cam",),
    ),
    Mistake(
        "enlarged to W rows and H columns, instead of H rows and W columns",
        enlarged(lambda case, m: F.interpolate(m[:, None], case.x.shape[:1:-1], mode="nearest")[:, 0]),
        ("grad_cam",),
    ),
    Mistake(
        "recipe of pytorch-cnn-visualizations: started at ones, clipped, stretched, bytes, Lanczos",
        from_ones,
        ("grad_cam",),
        SOME,
    ),
    Mistake(
        "upsampled before the final ReLU",
        lambda case: enlarge(case, weigh(*at_layer(case))).relu(),
        ("grad_cam",),
    ),
]
