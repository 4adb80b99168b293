"""The kit's methods: their formulas, what they leave open, and which of them are exact."""

from gradcam.methods import METHODS as ALL
from gradcam.verify.kit.networks import H, W, numbers
from gradcam.verify.reference.pipeline import MAPS, PATHS, RELEVANCE, TABLES

FORMULAS = {name: ALL[name].equation for name in (*TABLES, *PATHS, *RELEVANCE, *MAPS)}
FORMULAS["guided_grad_cam"] = FORMULAS.pop("guided_grad_cam")  # last, as it is a product
DIVIDED = tuple(name for name in FORMULAS if not ALL[name].exact)
NEW = ("integrated_gradients", "smoothgrad", *(m for m in DIVIDED if m not in ("grad_cam++", "xgrad_cam")))
NOISE = numbers((4, 3, H, W), 42, 4)


def settings(method):
    """What `verify.Question` needs to know of it; the noise is a file of the kit."""
    return {"integrated_gradients": {"steps": 8, "rule": "midpoint"}, "smoothgrad": {"noise": NOISE}}.get(
        method, {}
    )
