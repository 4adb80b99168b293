"""The tables of rules.  An explanation method that sends signals back differently is nothing but a table:
{kind of operation: rule}.

A rule is a function of the operation and of the signal that arrives there.  One of your own, which passes a
signal only where it is large:

>>> def threshold(op, gy):
...     return gy * (op.x > 0) * (abs(gy) > 0.1 * abs(gy).max())
>>> g = backward(y, one_hot(y, c), wrt=x, rules={ReLU: threshold})

Lessons 8 and 19.
"""

from minicnn import BACKPROP, ReLU, RuleTable

DECONVNET = RuleTable({ReLU: ReLU.deconvnet}, name="DECONVNET")  # Zeiler & Fergus 2014, sec. 2.1
GUIDED = RuleTable({ReLU: ReLU.guided}, name="GUIDED")  # Springenberg et al. 2015, sec. 3.4

__all__ = ["BACKPROP", "DECONVNET", "GUIDED"]
