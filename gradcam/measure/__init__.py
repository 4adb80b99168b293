"""How good are the maps?  One measure, one paper, one file; on pictures of which the truth is known.

Functions of one map: `pointing_game`, `energy_pointing_game`, `localisation`, `rank_correlation`, `deletion`, `insertion`; of two:
`sanity_check.similarity`.  Over many pictures: `run.over`, `run.sanity`; `gradcam measure` does that from the command line, and
`python -m gradcam.measure.table` makes the table of every method by every measure.
"""

from gradcam.measure.data import DataError, Example, Photos, Scenes
from gradcam.measure.deletion_insertion import deletion, insertion
from gradcam.measure.energy_pointing_game import energy_pointing_game
from gradcam.measure.intensity import intensity
from gradcam.measure.localisation import localisation
from gradcam.measure.pointing_game import pointing_game
from gradcam.measure.rank_correlation import rank_correlation
from gradcam.measure.spearman import spearman
from gradcam.measure.ssim import ssim

__all__ = [
    "DataError", "Example", "Photos", "Scenes", "deletion", "energy_pointing_game", "insertion", "intensity", "localisation",
    "pointing_game", "rank_correlation", "spearman", "ssim",
]  # fmt: skip
