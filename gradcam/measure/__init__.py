"""How good are the maps?  One measure, one paper, one file; on pictures of which the truth is known.

Of one map: `pointing_game`, `energy_pointing_game`, `localisation`, `rank_correlation`, `deletion`,
`insertion`; of two: `similarity`, `spearman`, `ssim`.  A network without what it has learned: `randomised`.
All of them, as declared objects: `MEASURES`.  Over many pictures: `gradcam measure` from the command line;
`python -m gradcam.measure.study` makes the table of every method by every measure.
"""

from gradcam.measure.errors import DataError, MeasureError
from gradcam.measure.measure import Figure, Measure
from gradcam.measure.measures import MEASURES
from gradcam.measure.measures.deletion_insertion import area_under_curve, deletion, insertion
from gradcam.measure.measures.energy_pointing_game import energy_pointing_game
from gradcam.measure.measures.localisation import localisation
from gradcam.measure.measures.pointing_game import chance, pointing_game
from gradcam.measure.measures.rank_correlation import rank_correlation
from gradcam.measure.measures.sanity_check import drawn_anew, layers_with_weights, randomised, similarity
from gradcam.measure.pictures.example import Example
from gradcam.measure.pictures.photos import Photos
from gradcam.measure.pictures.scenes import Scenes
from gradcam.measure.statistics.intensity import intensity
from gradcam.measure.statistics.spearman import spearman
from gradcam.measure.statistics.ssim import ssim

__all__ = [
    "MEASURES", "DataError", "Example", "Figure", "Measure", "MeasureError", "Photos", "Scenes",
    "area_under_curve", "chance", "deletion", "drawn_anew", "energy_pointing_game", "insertion",
    "intensity", "layers_with_weights", "localisation", "pointing_game", "randomised", "rank_correlation",
    "similarity", "spearman", "ssim",
]  # fmt: skip
