from __future__ import annotations

import numpy as np

from gradcam.measure.checked import checked_map
from gradcam.measure.measure import Figure, Measure


def sparseness(map: np.ndarray) -> float:
    """Sparseness (Chalasani et al. 2020, sec. 3): the Gini index of the map's magnitudes.

        sum_k (2 k - n - 1) a_k / (n sum_k a_k),    a_1 <= ... <= a_n the magnitudes

    map (H, W) -> 0, all are equal, to almost 1, a single one is not zero.  A map of zeros: 0.
    MeasureError for a map that is not finite.
    """
    a = np.sort(np.abs(checked_map(map)), axis=None).astype(float)
    n, total = a.size, a.sum()
    return float(((2 * np.arange(1, n + 1) - n - 1) * a).sum() / (n * total)) if total > 0 else 0.0


MEASURE = Measure(
    "sparseness", "Sparseness", "Chalasani et al. 2020", "how few pixels hold most of it (Gini index)?",
    lambda map, case: sparseness(map), (Figure("sparseness", "sparseness, Gini index"),),
    network=False,
)  # fmt: skip
