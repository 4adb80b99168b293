"""Grad-CAM and its relatives differ in their weights only: L = sum_k w^k A^k, and a ReLU on that where the method has one.

f(g, A), both (N, K, h, w) -> w, (N, K, 1, 1) or (N, K, h, w); the formulas stand with the methods.
"""

from gradcam.methods import METHODS
from gradcam.verify.reference import forward_only

WEIGHTS = {name: method.weights for name, method in METHODS.items() if method.weights}
NAMES = {name: METHODS[name].title for name in (*WEIGHTS, *forward_only.STEPS)}
WITH_EPS = {name: f for name, f in WEIGHTS.items() if not METHODS[name].exact}  # methods with a division
UNCLIPPED = tuple(name for name, method in METHODS.items() if method.at_layer and not method.relu)


def weights(method, g, A):
    """Those of a method; Guided Grad-CAM's are Grad-CAM's."""
    return WEIGHTS.get(method, WEIGHTS["grad_cam"])(g, A)
