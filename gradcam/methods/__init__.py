"""All methods, in the order of the course, a line each: whatever lists methods reads it here."""

from gradcam.declared import declared
from gradcam.method import Method

METHODS = declared(
    __name__,
    Method,
    (
        "gradient",
        "saliency",
        "input_times_gradient",
        "deconvnet",
        "guided_backprop",
        "cam",
        "grad_cam",
        "guided_grad_cam",
        "occlusion",
        "grad_cam_pp",
        "xgrad_cam",
        "hirescam",
        "layercam",
        "eigen_cam",
        "score_cam",
        "ablation_cam",
        "smoothgrad",
        "integrated_gradients",
        "lrp",
        "excitation_backprop",
    ),
)
CLASSIC = tuple(name for name, method in METHODS.items() if method.classic)
RELATIVES = tuple(name for name, method in METHODS.items() if not method.classic)
