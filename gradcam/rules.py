"""The tables of rules.  An explanation method that sends signals back differently is nothing but a table: {kind of operation: rule}.

Lesson 8.
"""

from minicnn import BACKPROP, ReLU

DECONVNET = {ReLU: ReLU.deconvnet}  # Zeiler & Fergus 2014, sec. 2.1
GUIDED = {ReLU: ReLU.guided}  # Springenberg et al. 2015, sec. 3.4

__all__ = ["BACKPROP", "DECONVNET", "GUIDED"]
