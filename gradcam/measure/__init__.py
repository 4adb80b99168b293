"""How good are the maps?  One measure, one paper, one file; on pictures of which the truth is known.

Of one map and the object's pixels: `pointing_game`, `energy_pointing_game`, `localisation`,
`relevance_rank_accuracy`, `mask_auc`; of one map alone: `sparseness`, `complexity`; of a map and the network:
`rank_correlation`, `deletion`, `insertion`, `road`, `average_drop`, `average_increase`, `infidelity`,
`faithfulness_correlation`, `completeness`; that ask for other maps: `adcc`, `sensitivities`, `random_logit`;
of two: `similarity`, `spearman`, `ssim`.  A network without what it has learned: `randomised`.
All of them, as declared objects: `MEASURES`.  Over many pictures: `gradcam measure` from the command line;
`python -m gradcam.measure.study` makes the table of every method by every measure.
"""

from gradcam.measure.errors import DataError, MeasureError
from gradcam.measure.measure import Figure, Measure
from gradcam.measure.measures import MEASURES
from gradcam.measure.measures.adcc import adcc
from gradcam.measure.measures.average_drop import average_drop
from gradcam.measure.measures.average_increase import average_increase
from gradcam.measure.measures.completeness import completeness
from gradcam.measure.measures.complexity import complexity
from gradcam.measure.measures.deletion_insertion import area_under_curve, deletion, insertion
from gradcam.measure.measures.energy_pointing_game import energy_pointing_game
from gradcam.measure.measures.faithfulness_correlation import faithfulness_correlation
from gradcam.measure.measures.infidelity import infidelity
from gradcam.measure.measures.localisation import localisation
from gradcam.measure.measures.mask_auc import mask_auc
from gradcam.measure.measures.pointing_game import chance, pointing_game
from gradcam.measure.measures.random_logit import random_logit
from gradcam.measure.measures.rank_correlation import rank_correlation
from gradcam.measure.measures.relevance_rank_accuracy import relevance_rank_accuracy
from gradcam.measure.measures.road import road
from gradcam.measure.measures.sanity_check import drawn_anew, layers_with_weights, randomised, similarity
from gradcam.measure.measures.sensitivity import sensitivities
from gradcam.measure.measures.sparseness import sparseness
from gradcam.measure.pictures.example import Example
from gradcam.measure.pictures.photos import Photos
from gradcam.measure.pictures.scenes import Scenes
from gradcam.measure.statistics.intensity import intensity
from gradcam.measure.statistics.spearman import spearman
from gradcam.measure.statistics.ssim import ssim

__all__ = [
    "MEASURES", "DataError", "Example", "Figure", "Measure", "MeasureError", "Photos", "Scenes", "adcc",
    "area_under_curve", "average_drop", "average_increase", "chance", "completeness", "complexity",
    "deletion", "drawn_anew", "energy_pointing_game", "faithfulness_correlation", "infidelity",
    "insertion", "intensity", "layers_with_weights", "localisation", "mask_auc", "pointing_game",
    "random_logit", "randomised", "rank_correlation", "relevance_rank_accuracy", "road",
    "sensitivities", "similarity", "sparseness", "spearman", "ssim",
]  # fmt: skip
