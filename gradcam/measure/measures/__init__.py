"""All measures, in the order of their tables, a line each: whatever lists measures reads it here."""

from gradcam.declared import declared
from gradcam.measure.measure import Measure

MEASURES = declared(
    __name__,
    Measure,
    (
        "pointing_game",
        "energy_pointing_game",
        "localisation",
        "relevance_rank_accuracy",
        "mask_auc",
        "grid_pointing_game",
        "rank_correlation",
        "deletion_insertion",
        "road",
        "average_drop",
        "average_increase",
        "adcc",
        "infidelity",
        "faithfulness_correlation",
        "completeness",
        "sparseness",
        "complexity",
        "sensitivity",
        "random_logit",
        "sanity_check",
    ),
)
FIGURES = {figure.name: figure for measure in MEASURES.values() for figure in measure.figures}
