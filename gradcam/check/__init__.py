"""Does a network's file do what it should?  Its sum, photos, PyTorch on every method, Figure 1 of the Grad-CAM paper."""

from gradcam.check.checking import check

__all__ = ["check"]
