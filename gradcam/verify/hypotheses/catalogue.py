"""All hypotheses, in the order in which they are tried."""

from __future__ import annotations

from gradcam.verify.hypotheses import (
    averaging,
    combining,
    contributions,
    preprocessing,
    recipes,
    relevance_rules,
    relu_rules,
    scores,
    starts,
    tokens,
    upsampling,
    values,
    without_gradient,
    wrong_layer,
)

HYPOTHESES = (
    *relu_rules.CAUSES,
    *relevance_rules.CAUSES,
    *starts.CAUSES,
    *averaging.CAUSES,
    *wrong_layer.CAUSES,
    *without_gradient.CAUSES,
    *tokens.CAUSES,
    *combining.CAUSES,
    *contributions.CAUSES,
    *upsampling.CAUSES,
    *values.CAUSES,
    *recipes.CAUSES,
    *preprocessing.CAUSES,
    *scores.CAUSES,
)
