"""Targets beside a class, a unit and a signal: one kind, one file."""

from gradcam.targets.box import Box
from gradcam.targets.finer import Finer
from gradcam.targets.function import Function
from gradcam.targets.number import Number
from gradcam.targets.region import Region
from gradcam.targets.step import Step

__all__ = ["Box", "Finer", "Function", "Number", "Region", "Step"]
