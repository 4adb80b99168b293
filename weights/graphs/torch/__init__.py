"""A PyTorch module as a minicnn network, without touching it.

A copy of the module in float64 runs once, and what PyTorch itself executes is written down, operator by
operator: so modules, functions, operators, reused modules and in-place changes all look alike, and control
flow in Python is simply followed.  Before the network is given out, its scores and its gradient are compared
with the model's own autograd.
"""

from weights.graphs.torch.check import Check
from weights.graphs.torch.importing import from_torch
from weights.graphs.torch.network import TracedNetwork

__all__ = ["Check", "TracedNetwork", "from_torch"]
