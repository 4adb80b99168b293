"""Every method on one forward and one backward pass."""

from dataclasses import dataclass, field

import numpy as np

from gradcam.method import Context, pixel_range
from gradcam.methods import METHODS
from gradcam.rules import BACKPROP, DECONVNET, GUIDED
from gradcam.target import Target, strongest_unit
from minicnn import GraphError, Sigmoid, Softmax, Tensor, backward, find, one_hot

TABLES = {"backprop": BACKPROP, "deconvnet": DECONVNET, "guided": GUIDED}

PANEL = (
    "saliency",
    "deconvnet",
    "guided_backprop",
    "grad_cam",
    "guided_grad_cam",
)  # the five that share one backward pass


@dataclass
class Explanation:
    """What `explain` found.  e["grad_cam"], or e["grad_cam", c] for one of several classes.

    scores, probabilities (N, classes); classes: the explained ones, each a number, or N numbers for N pictures; layer, unit_layer: names;
    maps {(method, class): array}; notes {(method, class): what a reader of the map must know}; x: the input (N, C, H, W).
    """

    scores: np.ndarray
    probabilities: np.ndarray
    classes: list
    layer: str
    x: np.ndarray
    unit_layer: str | None = None
    card: object = None
    maps: dict = field(default_factory=dict)
    notes: dict = field(default_factory=dict)

    def __getitem__(self, key):
        method, c = (key, self.classes[0]) if isinstance(key, str) else key
        if (method, c) not in self.maps:
            raise KeyError(
                f"no map of {method} for class {c}; there is {sorted({m for m, _ in self.maps})} for {self.classes}"
            )
        return self.maps[method, c]

    @property
    def methods(self):
        """The methods in the order in which they were asked for."""
        return list(dict.fromkeys(m for m, _ in self.maps))

    def _repr_png_(self):
        """What a notebook shows: the panel of the first picture."""
        from gradcam.show.notebook import panel_png

        return panel_png(self)


def explain(
    net, x, classes=None, methods=PANEL, layer=None, unit_layer=None, *,
    start="score", alpha="mean", relu=True, upsampling="half_pixel", allow=(), occluder=None, options=None, progress=False,
):  # fmt: skip
    """Every method asked for, from one forward pass and one batched backward pass.

    net       maps a tensor to scores (N, classes); what it has as `net.card` fills in the defaults
    x         input (N, C, H, W), preprocessed as the network expects (see `gradcam.image.prepare`)
    classes   a class or another target (`Target`), or a list of them; a class is a number, or N numbers for N pictures.
              Default: the top class of each picture
    layer     name of the feature maps A for Grad-CAM; unit_layer: where the deconvnet signal starts, at the strongest unit; None: at y_c
    start, alpha, relu, upsampling, allow   as in the methods; occluder: options of `occlusion`
    options   {method: {its own options}}, {"smoothgrad": {"n": 20}} say; see the methods
    -> Explanation.  GraphError if the input holds NaN or infinite numbers
    """
    x = x if isinstance(x, Tensor) else Tensor(x, "x")
    unknown = [m for m in methods if m not in METHODS]
    if unknown:
        raise ValueError(f"no method is called '{unknown[0]}'; there is {', '.join(METHODS)}")
    card = getattr(net, "card", None)
    layer, unit_layer = layer or getattr(card, "layer", None), unit_layer or getattr(card, "unit_layer", None)
    if not np.isfinite(x.data).all():
        raise GraphError(
            "the input holds numbers that are not finite (NaN or infinite): nothing can be explained"
        )
    y = net(x)
    classes = _classes(classes, y.data)
    A = _feature_maps(y, layer, methods)
    probabilities = (Sigmoid() if getattr(card, "multi_label", False) else Softmax())(y.data)
    e = Explanation(y.data, probabilities, classes, layer, x.data, unit_layer, card)
    targets = [Target.of(c, start) for c in classes]
    signals = _signals(y, x, A, methods, unit_layer, targets, allow, e)
    weighing = {"alpha": alpha, "relu": relu}
    options = {
        "grad_cam": weighing, "counterfactual": weighing, "guided_grad_cam": weighing | {"upsampling": upsampling},
        "occlusion": occluder or {}, **(options or {}),
    }  # fmt: skip
    pixels = pixel_range(x.data, card)
    for name in methods:
        method, mine = METHODS[name], options.get(name, {})

        def maps_of(c, *targets):
            arrived = {need: signals[c, *need] for need in method.signals}  # noqa: B023
            return method.compute(Context(net, x, y, targets, A, arrived, pixels, progress), **mine)  # noqa: B023

        if method.joint:
            maps = maps_of(None, *targets)
        else:
            maps = [maps_of(c, target) for c, target in zip(classes, targets)]
        for c, map in zip(classes, maps):
            e.maps[name, c] = map
            if not np.any(map):
                e.notes[name, c] = "; ".join(filter(None, ["exactly zero", e.notes.get((name, c))]))
    return e


def _feature_maps(y, layer, methods):
    """The tensor that Grad-CAM and its relatives weigh, None if no method needs one."""
    if not any(METHODS[m].at_layer for m in methods):
        return None
    if layer is None:
        raise GraphError("name the layer whose feature maps Grad-CAM weighs: layer='relu5_3', say")
    return _with_rows_and_columns(find(y, layer))


def _with_rows_and_columns(A):
    if A.ndim != 4:
        raise GraphError(
            f"{A.name} {tuple(A.shape)} has no rows and columns; name a layer of feature maps, in front of it"
        )
    return A


def _classes(classes, scores):
    """A list of classes, each a number or a tuple with one per picture."""
    if classes is None:
        top = scores.argmax(axis=1).tolist()
        return [top[0] if len(top) == 1 else tuple(top)]
    if isinstance(classes, Target) or np.ndim(classes) == 0:
        classes = [classes]
    return [_class(c) for c in classes]


def _class(c):
    if isinstance(c, Target):
        return c
    return int(c) if np.ndim(c) == 0 else tuple(int(i) for i in c)


def _signals(y, x, A, methods, unit_layer, targets, allow, e):
    """One batched backward pass: {(class, rules, "x" or "A"): signal}.  The stack has a row for each class and table of rules."""
    needs = dict.fromkeys(need for m in methods for need in METHODS[m].signals)
    rows = [(c, rules) for c in e.classes for rules in dict.fromkeys(rules for rules, _ in needs)]
    ends = {name: tensor for name, tensor in (("x", x), ("A", A)) if any(at == name for _, at in needs)}
    if not rows:
        return {}
    begun = {c: target.begin(y) for c, target in zip(e.classes, targets)}
    from_unit = unit_layer and ("deconvnet", "x") in needs
    if from_unit:
        U = _with_rows_and_columns(find(y, unit_layer))
        unit = strongest_unit(U)
        at_unit = U, one_hot(U, unit)
    starts = {}  # tensor: its rows of the stack
    for n, (c, rules) in enumerate(rows):
        tensor, signal = at_unit if from_unit and rules == "deconvnet" else begun[c]
        if tensor not in starts:
            starts[tensor] = np.zeros_like(tensor.data, shape=(len(rows), *tensor.shape))
        starts[tensor][n] = signal
    if from_unit:
        place = ", ".join(str(int(i[0])) for i in unit) if U.shape[0] == 1 else "of each picture"
        for c in e.classes:
            e.notes["deconvnet", c] = f"starts at {unit_layer}'s strongest unit ({place}), whatever the class"
    arrived = backward(
        list(starts),
        list(starts.values()),
        list(ends.values()),
        [TABLES[rules] for _, rules in rows],
        allow=allow,
    )
    return {(*row, name): g[n] for name, g in zip(ends, arrived) for n, row in enumerate(rows)}
