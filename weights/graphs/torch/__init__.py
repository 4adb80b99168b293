"""A PyTorch module as a minicnn network, without touching it.

A copy of the module in float64 runs once, and what PyTorch itself executes is written down, operator by operator: so modules,
functions, operators, reused modules and in-place changes all look alike, and control flow in Python is simply followed.
"""

from weights.graphs.torch.network import TracedNetwork
from weights.graphs.torch.record import record

__all__ = ["TracedNetwork", "from_torch"]


def from_torch(model, x):
    """model: a torch.nn.Module; x: its input (N, C, H, W), tensor or array -> TracedNetwork, which maps a tensor to scores.

    VerifyError names the operator that has no counterpart.  The model, its mode, hooks, buffers, gradients and the random state stay
    as they are.
    """
    return TracedNetwork(*record(model, x))
