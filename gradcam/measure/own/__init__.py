"""Photos, truth and maps of one's own, in files: measured into a folder that can be killed."""

from gradcam.measure.own.given import GivenMaps
from gradcam.measure.own.results import Results, read_results
from gradcam.measure.own.run import measure_into
from gradcam.measure.own.task import MeasureTask
from gradcam.measure.own.truths import Truths

__all__ = ["GivenMaps", "MeasureTask", "Results", "Truths", "measure_into", "read_results"]
