"""Grid pointing game (Böhle et al. 2021, sec. 4.1): several pictures in one grid; how much of a class's map
lies on its own picture?

The share is that of the energy-based pointing game, with the cell as the truth; the grids:
`gradcam.measure.pictures.grids`.
"""

from gradcam.measure.measure import GRIDS, Figure, Measure
from gradcam.measure.measures.energy_pointing_game import energy_pointing_game
from gradcam.measure.measures.pointing_game import chance

MEASURE = Measure(
    "grid_pointing_game", "Grid pointing game", "Böhle et al. 2021",
    "four pictures in one: what share lies on the right one?",
    lambda map, case: energy_pointing_game(map, case.truth),
    (Figure("cell", "grid: share in the right cell", percent=True),),
    needs=GRIDS, chance=lambda case: chance(case.truth),
)  # fmt: skip
