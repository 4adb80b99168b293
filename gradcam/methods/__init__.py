"""All methods, in the order of the course: everything else that lists methods reads it here."""

from gradcam.ablation_cam import METHOD as ABLATION_CAM
from gradcam.cam import METHOD as CAM
from gradcam.deconvnet import METHOD as DECONVNET
from gradcam.eigen_cam import METHOD as EIGEN_CAM
from gradcam.excitation_backprop import METHOD as EXCITATION_BACKPROP
from gradcam.grad_cam import COUNTERFACTUAL
from gradcam.grad_cam import METHOD as GRAD_CAM
from gradcam.grad_cam_pp import METHOD as GRAD_CAM_PP
from gradcam.gradient import INPUT_TIMES_GRADIENT
from gradcam.gradient import METHOD as GRADIENT
from gradcam.guided_backprop import METHOD as GUIDED_BACKPROP
from gradcam.guided_grad_cam import METHOD as GUIDED_GRAD_CAM
from gradcam.hirescam import METHOD as HIRESCAM
from gradcam.integrated_gradients import METHOD as INTEGRATED_GRADIENTS
from gradcam.layercam import METHOD as LAYERCAM
from gradcam.lrp import METHODS as LRP
from gradcam.occlusion import METHOD as OCCLUSION
from gradcam.saliency import METHOD as SALIENCY
from gradcam.score_cam import METHOD as SCORE_CAM
from gradcam.smoothgrad import METHOD as SMOOTHGRAD
from gradcam.xgrad_cam import METHOD as XGRAD_CAM

METHODS = {
    method.name: method
    for method in (
        GRADIENT, SALIENCY, INPUT_TIMES_GRADIENT, DECONVNET, GUIDED_BACKPROP, CAM, GRAD_CAM, COUNTERFACTUAL, GUIDED_GRAD_CAM, OCCLUSION,
        GRAD_CAM_PP, XGRAD_CAM, HIRESCAM, LAYERCAM, EIGEN_CAM, SCORE_CAM, ABLATION_CAM, SMOOTHGRAD, INTEGRATED_GRADIENTS,
        *LRP, EXCITATION_BACKPROP,
    )
}  # fmt: skip
CLASSIC = tuple(name for name, method in METHODS.items() if method.classic)
RELATIVES = tuple(name for name, method in METHODS.items() if not method.classic)
