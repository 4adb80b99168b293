"""The catalogue: what goes wrong out there, in the order of the pipeline.  One table per part of it."""

from gradcam.verify.hypotheses import (
    averages,
    combining,
    inputs,
    layers,
    networks,
    passes,
    relevance,
    rules,
    starts,
    upsampling,
    values,
)
from gradcam.verify.hypotheses.hypothesis import table

HYPOTHESES = table(
    rules.TABLE, relevance.TABLE, starts.TABLE, averages.TABLE, layers.TABLE, passes.TABLE, combining.TABLE, upsampling.TABLE, values.TABLE,
    inputs.TABLE, networks.TABLE,
)  # fmt: skip
