"""gradcam: visual explanations of CNNs, one paper and one file each, on the engine `minicnn`."""

from gradcam.ablation_cam import ablation_cam
from gradcam.cam import cam
from gradcam.deconvnet import deconvnet
from gradcam.eigen_cam import eigen_cam
from gradcam.excitation_backprop import EXCITATION, excitation_backprop
from gradcam.explain import PANEL, Explanation, explain
from gradcam.grad_cam import counterfactual, grad_cam
from gradcam.grad_cam_pp import grad_cam_pp
from gradcam.gradient import gradient, input_times_gradient
from gradcam.guided_backprop import guided_backprop
from gradcam.guided_grad_cam import guided_grad_cam
from gradcam.hirescam import hirescam
from gradcam.integrated_gradients import integrated_gradients
from gradcam.layercam import layercam
from gradcam.lrp import LRP_ALPHA_BETA, LRP_EPSILON, LRP_GAMMA, lrp
from gradcam.methods import CLASSIC, METHODS, RELATIVES
from gradcam.occlusion import occlusion
from gradcam.rules import BACKPROP, DECONVNET, GUIDED
from gradcam.saliency import saliency
from gradcam.score_cam import score_cam
from gradcam.seed import strongest_unit
from gradcam.smoothgrad import smoothgrad
from gradcam.upsample import upsample
from gradcam.xgrad_cam import xgrad_cam

__all__ = [
    "BACKPROP", "CLASSIC", "DECONVNET", "EXCITATION", "GUIDED", "LRP_ALPHA_BETA", "LRP_EPSILON", "LRP_GAMMA", "METHODS", "PANEL", "RELATIVES",
    "Explanation", "ablation_cam", "cam", "counterfactual", "deconvnet", "eigen_cam", "excitation_backprop", "explain", "grad_cam",
    "grad_cam_pp", "gradient", "guided_backprop", "guided_grad_cam", "hirescam", "input_times_gradient", "integrated_gradients",
    "layercam", "lrp", "occlusion", "saliency", "score_cam", "smoothgrad", "strongest_unit", "upsample", "xgrad_cam",
]  # fmt: skip
