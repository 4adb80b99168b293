"""What whole libraries and much copied scripts give: several deviations at once, in their own order."""

import numpy as np
import torch
from torch.nn import functional as F

from tests.gradcam.verify.museum.mistakes.making import Mistake
from tests.gradcam.verify.museum.mistakes.upsampling import SOME, pil, scipy
from tests.gradcam.verify.museum.right import at_input, at_layer, enlarge, score, weigh


def stretched(m, eps=0.0):
    m = m - m.amin((-2, -1), keepdim=True)
    return m / (m.amax((-2, -1), keepdim=True) + eps)


def by_pytorch_grad_cam(**options):
    """Its own call, as its README has it."""

    def make(case):
        from tests.support import torchvision_models  # noqa: F401  which it imports

        # isort: split
        from pytorch_grad_cam import GradCAM
        from pytorch_grad_cam.utils.model_targets import ClassifierOutputTarget

        other = case.to(case.x.dtype)
        with GradCAM(model=other.model, target_layers=[other.model.get_submodule(case.layer)]) as cam:
            found = cam(case.x, [ClassifierOutputTarget(case.c)] * len(case.x), **options)
        return torch.from_numpy(found.copy())

    return make


def overlay(case):
    """torch-cam's map, and what its overlay_mask makes of it before the colours."""
    from tests.support import torchvision_models  # noqa: F401  which it imports

    # isort: split
    from torchcam.methods import GradCAM

    other = case.to(case.x.dtype)
    with GradCAM(other.model, target_layer=case.layer) as extractor:
        m = extractor(case.c, other.model(case.x))[0]
    return pil(case, m, "BICUBIC")


def tf_explain(start=score):
    """core/grad_cam.py: guided_grads, their mean, a sum without a ReLU."""

    def make(case):
        A, g = at_layer(case, start=start)
        return weigh(A, (A > 0).to(g) * (g > 0).to(g) * g)

    return make


def tf_keras_vis(case):
    """gradcam.py: relu, scipy's zoom of order 1, normalised with K.epsilon()."""
    m = scipy(case, weigh(*at_layer(case)).relu(), 1)
    return (m - m.min()) / (m.max() - m.min() + 1e-7)


def probabilities(case, y):
    return score(case, y.softmax(1))


def keras_io(case):
    """make_gradcam_heatmap, of a model whose softmax is still there."""
    m = weigh(*at_layer(case, start=probabilities)).clamp(min=0)
    return m / m.max()


def konny_plus_plus(case):
    """gradcam.py, GradCAMpp.forward"""
    A, g = at_layer(case)
    with torch.no_grad():
        y_c = case.model(case.x)[:, case.c].reshape(-1, 1, 1, 1)
    bend = 2 * g**2 + (A * g**3).sum((2, 3), keepdim=True)
    alpha = g**2 / (bend + 1e-7)
    return ((alpha * F.relu(y_c.exp() * g)).sum((2, 3), keepdim=True) * A).sum(1).relu()


def kazuto(case):
    """main.py: torch.mul(regions, gradients), regions as GradCAM.generate has them."""
    regions = stretched(enlarge(case, weigh(*at_layer(case)).relu()))
    return at_input(case) * regions[:, None]


def captum_as_it_comes(case):
    from captum.attr import LayerAttribution, LayerGradCam

    other = case.to(case.x.dtype)
    m = LayerGradCam(other.model, other.model.get_submodule(case.layer)).attribute(case.x, target=case.c)
    return LayerAttribution.interpolate(m, tuple(case.x.shape[2:])).detach()[:, 0]


def mxnet(case):
    """gradcam.py of 2018: the gradient at the picture is averaged over its channels' places."""
    A, _ = at_layer(case)
    w = at_input(case, None).mean((2, 3))
    return (1 + sum(w[:, i, None, None] * A[:, i] for i in range(w.shape[1]))).relu()


def ones_times_guided(case):
    """guided_gradcam.py of pytorch-cnn-visualizations"""
    from PIL import Image

    m = (1 + weigh(*at_layer(case))).clamp(min=0)[0].double().numpy()
    m = np.uint8((m - m.min()) / (m.max() - m.min()) * 255)
    large = np.asarray(Image.fromarray(m).resize(tuple(case.x.shape[:1:-1]), Image.LANCZOS)) / 255
    return at_input(case) * torch.from_numpy(large).to(case.x)


CAM = ("grad_cam",)
TABLE = [
    Mistake(
        "recipe of pytorch-grad-cam: stretched, enlarged, stretched again",
        by_pytorch_grad_cam(),
        CAM,
        SOME,
        needs="pytorch_grad_cam",
    ),
    Mistake(
        "recipe of pytorch-grad-cam with aug_smooth: the mean of six maps",
        by_pytorch_grad_cam(aug_smooth=True),
        CAM,
        ("VGG", "Functional"),
        needs="ttach",
    ),
    Mistake(
        "recipe of pytorch-grad-cam with eigen_smooth: the first principal component of the weighed maps AND "
        "recipe of pytorch-grad-cam: stretched, enlarged, stretched again",
        by_pytorch_grad_cam(eigen_smooth=True),
        CAM,
        SOME,
        needs="pytorch_grad_cam",
    ),
    Mistake(
        "recipe of torch-cam's overlay: stretched, then enlarged by PIL's cubic filter",
        overlay,
        CAM,
        SOME,
        needs="torchcam",
    ),
    Mistake("recipe of tf-explain: gradient gated as in guided backprop, no final ReLU", tf_explain(), CAM),
    Mistake(
        "recipe of tf-explain, of a model that ends in softmax: probabilities, gated gradient, no final ReLU",
        tf_explain(probabilities),
        CAM,
    ),
    Mistake(
        "recipe of tf-keras-vis: enlarged corner to corner, stretched, plus 1e-7",
        tf_keras_vis,
        CAM,
        needs="scipy",
    ),
    Mistake(
        "recipe of keras.io's example: softmax instead of scores, divided by the maximum",
        keras_io,
        CAM,
    ),
    Mistake(
        "recipe of 1Konny/gradcam_plus_plus-pytorch: sum A g^3 in the denominator, 1e-7, exp(y_c)",
        konny_plus_plus,
        ("grad_cam++",),
    ),
    Mistake(
        "recipe of kazuto1011/grad-cam-pytorch: guided backprop times the stretched map",
        kazuto,
        ("guided_grad_cam",),
    ),
    Mistake(
        "recipe of Captum's LayerGradCam and LayerAttribution.interpolate as they come: no ReLU, nearest "
        "neighbour",
        captum_as_it_comes,
        CAM,
        SOME,
        needs="captum",
    ),
    Mistake(
        "recipe of mxnet's gradcam.py: weights from the gradient at the picture, started at ones", mxnet, CAM
    ),
    Mistake(
        "recipe of pytorch-cnn-visualizations: guided backprop times its map of bytes, started at ones",
        ones_times_guided,
        ("guided_grad_cam",),
        SOME,
    ),
]
