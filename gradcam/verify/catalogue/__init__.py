"""The catalogue: what goes wrong out there, in the order of the pipeline.  One table per part of it."""

from gradcam.verify.catalogue import combining, inputs, layers, networks, rules, starts, upsampling, values
from gradcam.verify.hypothesis import table

HYPOTHESES = table(
    rules.TABLE, starts.TABLE, layers.TABLE, combining.TABLE, upsampling.TABLE, values.TABLE, inputs.TABLE, networks.TABLE
)  # fmt: skip
