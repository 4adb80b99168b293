"""All measures, in the order of their tables: everything else that lists measures reads it here."""

from gradcam.measure.measures.deletion_insertion import DELETION, INSERTION
from gradcam.measure.measures.energy_pointing_game import MEASURE as ENERGY_POINTING_GAME
from gradcam.measure.measures.grid_pointing_game import MEASURE as GRID_POINTING_GAME
from gradcam.measure.measures.localisation import MEASURE as LOCALISATION
from gradcam.measure.measures.pointing_game import MEASURE as POINTING_GAME
from gradcam.measure.measures.rank_correlation import MEASURE as RANK_CORRELATION
from gradcam.measure.measures.sanity_check import MEASURE as SANITY_CHECK

MEASURES = {
    measure.name: measure
    for measure in (
        POINTING_GAME,
        ENERGY_POINTING_GAME,
        LOCALISATION,
        GRID_POINTING_GAME,
        RANK_CORRELATION,
        DELETION,
        INSERTION,
        SANITY_CHECK,
    )
}
FIGURES = {figure.name: figure for measure in MEASURES.values() for figure in measure.figures}
