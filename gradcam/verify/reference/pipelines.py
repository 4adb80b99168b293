"""Every method's pipeline, read from its declaration, and groups of methods by the steps that they take.

A method of Grad-CAM's family is its weights, a method that looks at one signal is what it makes of it, and
any other is taken whole, unless a file of this room says how it comes about step by step.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from gradcam.explanation.signals import TABLES
from gradcam.method import Context, Method
from gradcam.methods import METHODS
from gradcam.verify.reference import (
    averaged_gradients,
    full_gradient,
    relevance_tables,
    variants,
    without_gradients,
)
from gradcam.verify.reference.groups import Group, Pipelines
from gradcam.verify.reference.pipeline import BACK, SUM, Pipeline, the_map, unclipped
from gradcam.verify.reference.steps import arrived

FAMILY = ("start", "cam_rules", "A", "activation", "gradient", *SUM)
OWN = (
    averaged_gradients.PIPELINES
    | relevance_tables.PIPELINES
    | without_gradients.PIPELINES
    | full_gradient.PIPELINES
)


def pipeline_of(method: Method) -> Pipeline:
    """How the reference makes a method's result."""
    if method.name in OWN:
        return OWN[method.name]
    if method.weights:
        return Pipeline(FAMILY, by_weights(method) | {"result": the_map})
    if len(method.signals) == 1 and not method.at_layer:
        ((rules, _),) = method.signals
        return Pipeline(BACK, by_rules(rules) | {"result": lambda q, v: whole(method, q, v, v.signal)})
    if method.at_layer and not method.many_passes:
        own = {"signed": lambda q, v: whole(method, q, v), "map": unclipped, "result": the_map}
        return Pipeline(("A", "activation", "signed", "map", "upsampled"), own)
    return Pipeline((), {"result": lambda q, v: whole(method, q, v)})


def by_weights(method: str) -> Any:
    own = {"weights": lambda q, v: method.weights(v.gradient, v.activation)}
    return own if method.relu else own | {"map": unclipped}


def by_rules(rules: Any) -> Any:
    return {"rules": lambda q, v: TABLES[rules]}


def whole(method: Method, q: Any, v: Any, signal: Any = None) -> Any:
    """What the method itself makes of a run; signal: the only one it declared, if it is there already."""
    x, A = q.input_of(v.y), v.A if method.at_layer else None
    ends = {"x": x, "A": A}
    signals = {
        (rules, at): arrived(q, v, ends[at], TABLES[rules]) if signal is None else signal
        for rules, at in method.signals
    }
    found = method.compute(Context(q.net, x, v.y, (q.target,), A, signals, q.pixels, False))
    return found[0] if method.joint else found


OWN["guided_grad_cam"] = Pipeline(
    (*BACK, *FAMILY),
    by_rules("guided")
    | by_weights(METHODS["grad_cam"])
    | {"result": lambda q, v: v.signal * v.upsampled[:, None]},
)


def of_variant(name: str) -> Pipeline:
    """A variant's pipeline."""
    return variants.pipeline_of(name, PIPELINES[variants.parts_of(name)[1]], pipeline_of)


PIPELINES = Pipelines({name: pipeline_of(method) for name, method in METHODS.items()}, of_variant)


def those(fits: Callable[[str], bool]) -> Group:
    """The methods for which fits(name) holds."""
    return Group(iter(PIPELINES), lambda name: name in METHODS and fits(name))


def taking(*steps: str) -> Group:
    """The methods that take all of these steps."""
    return those(lambda name: set(steps) <= set(PIPELINES[name].steps))


def but(methods: tuple[str, ...], *others: str) -> Group:
    """Methods without some others."""
    return Group(iter(methods), lambda name: name in methods and name not in others)


ALL = taking()
CAMS = taking("map")  # that make a map of a layer
MAPS = those(  # whose result is that map
    lambda name: (
        name in CAMS and "upsampled" in PIPELINES[name].steps and "signal" not in PIPELINES[name].steps
    )
)
WEIGHED = taking("weights")  # sum_k w_k A^k
GRADED = taking("weights", "gradient")  # whose weights come from a gradient
FORWARD = those(lambda name: name in WEIGHED and name not in GRADED)  # no gradient
UNCLIPPED = those(lambda name: name in CAMS and not METHODS[name].relu)
PATHS = taking("path")  # a mean over many gradients
RELEVANCE = those(
    lambda name: name in taking("signal") and "start" in PIPELINES[name].own
)  # starts at y_c: LRP
QUOTIENT = those(lambda name: "deep_lift" in (name, METHODS[name].base))  # DeepLIFT's rules
GATED = those(lambda name: name not in (*RELEVANCE, *QUOTIENT))  # whose rules speak of ReLUs
BY_WINNER = those(lambda name: name not in QUOTIENT)  # a max-pool's signal goes to its maximum
SIGNED = those(lambda name: name not in CAMS)  # the result has both signs
RULED = those(
    lambda name: any(rules != "backprop" for rules, _ in METHODS[name].signals)
)  # a rule of its own
BY_GUIDED = those(lambda name: any(rules == "guided" for rules, _ in METHODS[name].signals))
PLAIN = those(lambda n: n in taking("rules") and n not in RULED and n not in RELEVANCE)  # a gradient
