"""gradcam: visual explanations of CNNs, one paper and one file each, on the engine `minicnn`."""

from gradcam.cam import cam
from gradcam.deconvnet import deconvnet
from gradcam.explain import METHODS, PANEL, Explanation, explain
from gradcam.grad_cam import counterfactual, grad_cam
from gradcam.gradient import gradient, input_times_gradient
from gradcam.guided_backprop import guided_backprop
from gradcam.guided_grad_cam import guided_grad_cam
from gradcam.occlusion import occlusion
from gradcam.rules import BACKPROP, DECONVNET, GUIDED
from gradcam.saliency import saliency
from gradcam.seed import strongest_unit
from gradcam.upsample import upsample

__all__ = [
    "BACKPROP", "DECONVNET", "GUIDED", "METHODS", "PANEL", "Explanation", "cam", "counterfactual", "deconvnet", "explain", "grad_cam",
    "gradient", "guided_backprop", "guided_grad_cam", "input_times_gradient", "occlusion", "saliency", "strongest_unit", "upsample",
]  # fmt: skip
