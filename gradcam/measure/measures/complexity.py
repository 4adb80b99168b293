from __future__ import annotations

import numpy as np

from gradcam.measure.checked import checked_map
from gradcam.measure.measure import Figure, Measure


def complexity(map: np.ndarray) -> float:
    """Complexity, the entropy of the map (Bhatt et al. 2020, definition 4).

        - sum_i p_i log p_i,    p_i = |Phi_i| / sum |Phi|

    map (H, W) -> 0, a single pixel is not zero, to log(H W), all are equal; a map of zeros, too, has that.
    MeasureError for a map that is not finite.
    """
    a = np.abs(checked_map(map)).astype(float).ravel()
    total = a.sum()
    if total == 0:
        return float(np.log(a.size))
    p = a[a > 0] / total
    return float(-(p * np.log(p)).sum())


MEASURE = Measure(
    "complexity", "Complexity", "Bhatt et al. 2020", "over how many pixels is it spread (entropy)?",
    lambda map, case: complexity(map), (Figure("complexity", "complexity, entropy", better=-1),),
    network=False,
)  # fmt: skip
