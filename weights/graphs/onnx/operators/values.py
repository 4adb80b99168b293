"""What flows along the edges of a graph: tensors where the picture went, plain arrays where only numbers
did.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from minicnn import Tensor

Value = Tensor | np.ndarray
Ints = Sequence[int] | np.ndarray
