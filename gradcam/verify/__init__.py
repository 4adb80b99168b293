"""gradcam.verify: compare somebody else's map with the reference, and name the reason when it differs.

from gradcam import verify
print(verify.torch(model, x, 243, "grad_cam", model.features[28], their_map))      # a live PyTorch model
verify.assert_explains(model, x, 243, "grad_cam", "features.28", their_map)        # in a test suite
"""

from gradcam.verify.api import torch
from gradcam.verify.errors import VerifyError
from gradcam.verify.judging import judge
from gradcam.verify.question import Question
from gradcam.verify.report.verdict import Verdict
from gradcam.verify.testing import assert_explains, network

__all__ = ["Question", "Verdict", "VerifyError", "assert_explains", "judge", "network", "torch"]
