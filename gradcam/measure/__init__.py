"""How good are the maps?  One measure, one paper, one file; on pictures of which the truth is known.

Functions of one map: `pointing_game`, `energy_pointing_game`, `localisation`, `rank_correlation`, `deletion`, `insertion`; of two:
`sanity_check.similarity`.  Over many pictures: `run.over`, `run.sanity`; `gradcam measure` does that from the command line, and
`python -m gradcam.measure.study` makes the table of every method by every measure.
"""

from gradcam.measure.measures.deletion_insertion import deletion, insertion
from gradcam.measure.measures.energy_pointing_game import energy_pointing_game
from gradcam.measure.measures.localisation import localisation
from gradcam.measure.measures.pointing_game import pointing_game
from gradcam.measure.measures.rank_correlation import rank_correlation
from gradcam.measure.pictures import DataError, Example, Photos, Scenes
from gradcam.measure.statistics.intensity import intensity
from gradcam.measure.statistics.spearman import spearman
from gradcam.measure.statistics.ssim import ssim

__all__ = [
    "DataError", "Example", "Photos", "Scenes", "deletion", "energy_pointing_game", "insertion", "intensity", "localisation",
    "pointing_game", "rank_correlation", "spearman", "ssim",
]  # fmt: skip
