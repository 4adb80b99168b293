"""All methods, in the order of the course, a line each: whatever lists methods reads it here."""

from gradcam.declared import declared
from gradcam.method import Method
from gradcam.methods.table import Methods
from gradcam.methods.variants import VARIANTS

__all__ = ["CLASSIC", "METHODS", "RELATIVES", "VARIANTS"]

FILES = (
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
    "full_grad",
    "deep_lift",
    "lrp",
    "excitation_backprop",
)
METHODS = Methods(declared(__name__, Method, FILES))
CLASSIC = tuple(name for name, method in METHODS.items() if method.classic)
RELATIVES = tuple(name for name, method in METHODS.items() if not method.classic)
