"""Where the real checkpoints and photos are: MINICNN_DATA, or the folder `shared` beside the checkout."""

import os
from pathlib import Path

DATA = Path(os.environ.get("MINICNN_DATA") or Path(__file__).parents[2].parent / "shared").resolve()
