"""Methods made of other methods, a file each: METHODS["guided_layercam"], METHODS["vargrad_saliency"]."""

from gradcam.declared import declared
from gradcam.methods.variants.variant import Variant

VARIANTS = declared(__name__, Variant, ("guided", "eigen_smooth", "aug_smooth", "fused", "noise_tunnel"))
