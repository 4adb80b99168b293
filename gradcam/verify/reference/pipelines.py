"""Every method's pipeline, read from its declaration, and groups of methods by the steps that they take.

A method of Grad-CAM's family is its weights, a method that looks at one signal is what it makes of it, and
any other is taken whole, unless a file of this room says how it comes about step by step.
"""

from __future__ import annotations

from typing import Any

from gradcam.explanation.signals import TABLES
from gradcam.method import Context, Method
from gradcam.methods import METHODS
from gradcam.verify.reference import averaged_gradients, relevance_tables, without_gradients
from gradcam.verify.reference.pipeline import BACK, SUM, Pipeline, the_map, unclipped
from gradcam.verify.reference.steps import arrived

FAMILY = ("start", "cam_rules", "A", "activation", "gradient", *SUM)
OWN = averaged_gradients.PIPELINES | relevance_tables.PIPELINES | without_gradients.PIPELINES


def pipeline_of(method: Method) -> Pipeline:
    """How the reference makes a method's result."""
    if method.name in OWN:
        return OWN[method.name]
    if method.weights:
        return Pipeline(FAMILY, by_weights(method) | {"result": the_map})
    if len(method.signals) == 1 and not method.at_layer:
        ((rules, _),) = method.signals
        return Pipeline(BACK, by_rules(rules) | {"result": lambda q, v: whole(method, q, v, v.signal)})
    if method.at_layer:
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
PIPELINES = {name: pipeline_of(method) for name, method in METHODS.items()}


def taking(*steps: str) -> tuple[str, ...]:
    """The methods that take all of these steps."""
    return tuple(name for name, pipeline in PIPELINES.items() if set(steps) <= set(pipeline.steps))


def but(methods: tuple[str, ...], *others: str) -> tuple[str, ...]:
    """Methods without some others."""
    return tuple(name for name in methods if name not in others)


ALL = tuple(PIPELINES)
CAMS = taking("map")  # that make a map of a layer
MAPS = but(CAMS, *taking("signal"))  # whose result is that map
WEIGHED = taking("weights")  # sum_k w_k A^k
GRADED = taking("weights", "gradient")  # whose weights come from a gradient
FORWARD = but(WEIGHED, *GRADED)  # no gradient
UNCLIPPED = tuple(name for name in CAMS if not METHODS[name].relu)
PATHS = taking("path")  # a mean over many gradients
RELEVANCE = tuple(name for name in taking("signal") if "start" in PIPELINES[name].own)  # starts at y_c: LRP
GATED = but(ALL, *RELEVANCE)  # whose rules speak of ReLUs
SIGNED = but(ALL, *CAMS)  # the result has both signs
RULED = tuple(
    n for n, m in METHODS.items() if any(rules != "backprop" for rules, _ in m.signals)
)  # a rule of its own
PLAIN = but(taking("rules"), *RULED, *RELEVANCE)  # a gradient
