"""gradcam: visual explanations of CNNs, one paper and one file each, on the engine `minicnn`."""

from gradcam import _starting as _starting  # first: it looks whose packages the others will import
from gradcam.explanation import PANEL, Explanation, explain
from gradcam.interpolation import upsample
from gradcam.methods import CLASSIC, METHODS, RELATIVES
from gradcam.methods.ablation_cam import ablation_cam
from gradcam.methods.cam import cam
from gradcam.methods.deconvnet import deconvnet
from gradcam.methods.eigen_cam import eigen_cam
from gradcam.methods.excitation_backprop import EXCITATION, excitation_backprop
from gradcam.methods.grad_cam import counterfactual, grad_cam
from gradcam.methods.grad_cam_pp import grad_cam_pp
from gradcam.methods.gradient import gradient
from gradcam.methods.guided_backprop import guided_backprop
from gradcam.methods.guided_grad_cam import guided_grad_cam
from gradcam.methods.hirescam import hirescam
from gradcam.methods.input_times_gradient import input_times_gradient
from gradcam.methods.integrated_gradients import integrated_gradients
from gradcam.methods.layercam import layercam
from gradcam.methods.lrp import LRP_ALPHA_BETA, LRP_EPSILON, LRP_GAMMA, lrp
from gradcam.methods.occlusion import occlusion
from gradcam.methods.saliency import saliency
from gradcam.methods.score_cam import score_cam
from gradcam.methods.smoothgrad import smoothgrad
from gradcam.methods.xgrad_cam import xgrad_cam
from gradcam.rules import BACKPROP, DECONVNET, GUIDED
from gradcam.runs import explain_many, read_run
from gradcam.target import Target, strongest_unit

__all__ = [
    "BACKPROP", "CLASSIC", "DECONVNET", "EXCITATION", "GUIDED", "LRP_ALPHA_BETA", "LRP_EPSILON", "LRP_GAMMA",
    "METHODS", "PANEL", "RELATIVES",
    "Explanation", "Target", "ablation_cam", "cam", "counterfactual", "deconvnet", "eigen_cam",
    "excitation_backprop", "explain", "explain_many", "grad_cam",
    "grad_cam_pp", "gradient", "guided_backprop", "guided_grad_cam", "hirescam", "input_times_gradient",
    "integrated_gradients",
    "layercam", "lrp", "occlusion", "read_run", "saliency", "score_cam", "smoothgrad", "strongest_unit",
    "upsample", "xgrad_cam",
]  # fmt: skip
