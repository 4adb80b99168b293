"""All methods, in the order of the course: everything else that lists methods reads it here."""

from gradcam.methods.ablation_cam import METHOD as ABLATION_CAM
from gradcam.methods.cam import METHOD as CAM
from gradcam.methods.deconvnet import METHOD as DECONVNET
from gradcam.methods.eigen_cam import METHOD as EIGEN_CAM
from gradcam.methods.excitation_backprop import METHOD as EXCITATION_BACKPROP
from gradcam.methods.grad_cam import COUNTERFACTUAL
from gradcam.methods.grad_cam import METHOD as GRAD_CAM
from gradcam.methods.grad_cam_pp import METHOD as GRAD_CAM_PP
from gradcam.methods.gradient import INPUT_TIMES_GRADIENT
from gradcam.methods.gradient import METHOD as GRADIENT
from gradcam.methods.guided_backprop import METHOD as GUIDED_BACKPROP
from gradcam.methods.guided_grad_cam import METHOD as GUIDED_GRAD_CAM
from gradcam.methods.hirescam import METHOD as HIRESCAM
from gradcam.methods.integrated_gradients import METHOD as INTEGRATED_GRADIENTS
from gradcam.methods.layercam import METHOD as LAYERCAM
from gradcam.methods.lrp import METHODS as LRP
from gradcam.methods.occlusion import METHOD as OCCLUSION
from gradcam.methods.saliency import METHOD as SALIENCY
from gradcam.methods.score_cam import METHOD as SCORE_CAM
from gradcam.methods.smoothgrad import METHOD as SMOOTHGRAD
from gradcam.methods.xgrad_cam import METHOD as XGRAD_CAM

METHODS = {
    method.name: method
    for method in (
        GRADIENT, SALIENCY, INPUT_TIMES_GRADIENT, DECONVNET, GUIDED_BACKPROP, CAM, GRAD_CAM, COUNTERFACTUAL,
        GUIDED_GRAD_CAM, OCCLUSION,
        GRAD_CAM_PP, XGRAD_CAM, HIRESCAM, LAYERCAM, EIGEN_CAM, SCORE_CAM, ABLATION_CAM, SMOOTHGRAD,
        INTEGRATED_GRADIENTS,
        *LRP, EXCITATION_BACKPROP,
    )
}  # fmt: skip
CLASSIC = tuple(name for name, method in METHODS.items() if method.classic)
RELATIVES = tuple(name for name, method in METHODS.items() if not method.classic)
