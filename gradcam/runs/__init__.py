"""Explaining many photos: into a folder that can be killed and gone on with, or one after the other."""

from gradcam.runs.errors import RunError
from gradcam.runs.manner import Manner
from gradcam.runs.reading import Run, read_run
from gradcam.runs.run import explain_into, explain_many
from gradcam.runs.task import Explained, Task

__all__ = ["Explained", "Manner", "Run", "RunError", "Task", "explain_into", "explain_many", "read_run"]
