"""What is asked: a network, an input, a target, a method, a layer, and their result."""

from __future__ import annotations

import copy
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import cached_property
from typing import Any

import numpy as np

from gradcam.as_maps import as_maps
from gradcam.asking import AskError
from gradcam.explanation.given import of_tensor
from gradcam.method import pixel_range
from gradcam.methods import METHODS, VARIANTS
from gradcam.methods.cam import cam_head
from gradcam.methods.spelling import members, spelled
from gradcam.outputs import chosen as output_of
from gradcam.outputs import end_of
from gradcam.target import OfClass, Target
from gradcam.targets import Function
from gradcam.verify.errors import VerifyError
from gradcam.verify.layout import Layout, chosen, named, reading
from gradcam.verify.reference.pipeline import Pipeline
from gradcam.verify.reference.pipelines import CAMS, MAPS, PATHS, PIPELINES, RELEVANCE
from gradcam.verify.reference.run import Run
from gradcam.verify.reference.settings import settings_of
from gradcam.verify.rounding.colours import read_back
from gradcam.verify.rounding.differences import difference, precision, tolerance
from gradcam.verify.rounding.storage import ENOUGH, storage
from gradcam.verify.wrappers import OfOutput, OfSignals, OfTarget
from minicnn import GraphError, LogSoftmax, Op, Reshape, Sigmoid, Softmax, Tensor, history, names, to_cpu
from minicnn.places import maps_in
from weights.feature_maps import default_layer

SHARED = ("input", "y", "start", "A", "activation")  # steps that most methods at a layer have in common
LARGE = 64 << 20  # bytes of a forward pass beyond which few of them are kept
SLOW = 8 << 20  # ... and beyond which it takes long
THEIRS = {  # what may be given of theirs: the step that it is
    "result": "result",
    "input": "input",
    "scores": "y",
    "activations": "activation",
    "gradient": "gradient",
    "weights": "weights",
}
PROBABILITIES = {"softmax": Softmax, "a sigmoid": Sigmoid, "log-softmax": LogSoftmax}
SAID = {"y": "scores", "activation": "feature maps", "signal": "gradient", "input": "input"}


class Question:
    """One comparison, in float64.

    net       maps a tensor to scores (N, classes); x: the input (N, C, H, W)
    target    a class, one per picture, or any `gradcam.Target` of what the network returns: a probability, a
              region, a unit, a function
    layer     a name, for methods that look at one; names_of: f(layer as the user calls it) -> its name in the
              graph
    theirs    {"result": array, "input": ..., "scores": ..., "activations": ..., "gradient": ..., "weights":
              ...}, all but the result optional
    photo     (picture, preprocessing) that x was made from; settings: of the method, see `reference.settings`
    VerifyError says what does not fit.
    """

    net: Any
    method: str
    layer: str | None
    x: np.ndarray
    target: Target
    asked: str  # the target in words, if it is no class
    c: Any  # the class that is explained, or one per picture; None where it is no class's
    settings: dict[str, Any]
    pixels: Any
    photo: Any
    names_of: Callable[[str | None], str | None] | None
    called: str  # what the user calls the layer
    overwritten: bool  # whether the network, run by its framework, writes into the layer's output later on
    layout: tuple[str, Layout] | None  # a layer that is no (N, K, h, w), and how it is read as such
    raw_shape: tuple[int, ...]  # of that layer
    values: OrderedDict[tuple[Any, ...], Any]  # of steps, {(step, names of changes): value}
    given: dict[str, str]  # {step: type of their array}
    theirs: dict[str, np.ndarray]  # {step: their array, in our shape}
    size: tuple[int, int]  # rows and columns of an enlarged map: the input's, or others that theirs has
    enlarged: bool  # whether their map is
    misfit: str  # why their result has not our shape: another layer, say, which a hypothesis may explain
    colours: str  # that their map was read back from, if it came as a picture
    misfits: dict[str, str]  # {step: why their array has another shape}, of the other steps

    def __init__(
        self,
        net: Any,
        x: Any,
        target: Any,
        method: str,
        layer: str | None = None,
        theirs: Mapping[str, Any] | None = None,
        names_of: Callable[[str | None], str | None] | None = None,
        photo: Any = None,
        settings: Mapping[str, Any] | None = None,
    ) -> None:
        self.net, self.method, self.layer = net.astype(np.float64), method_name(method), layer
        self.x, self.layout = _floats("the input", x), None
        if self.x.ndim == 3:  # signals (N, C, L): pictures one row high
            self.x, self.net = self.x[:, :, None], OfSignals(self.net)
        if self.x.ndim != 4:
            raise VerifyError(f"the input must be (N, C, H, W) or (N, C, L), not {self.x.shape}")
        self.size = self.x.shape[-2:]
        self.settings = settings_of(self.method, settings or {}, self.x)
        if self.layer is None and "layers" in self.settings:
            self.layer = self.settings["layers"][-1]
        self.pixels = self.settings.get("pixels") or pixel_range(self.x, getattr(net, "card", None))
        self.values = OrderedDict()
        self.names_of, self.photo = names_of, photo
        self.enlarged, self.called, self.overwritten = False, "", False
        self.misfit = (
            ""  # why their result has not our shape: another layer, say, which a hypothesis may explain
        )
        self.asked = str(target) if isinstance(target, Target) else ""
        self.target, self.c = self._settled(target)
        self.misfits, self.colours = {}, ""
        y = self.reference.y
        given = {name: v for name, v in (theirs or {}).items() if v is not None}
        self._check_layer(y, np.shape(given.get("result")))
        arrays = {self._step(name): (_floats(f"their {name}", v), v) for name, v in given.items()}
        self.theirs, self.given = {}, {}
        for step, (array, v) in arrays.items():
            self.given[step] = str(getattr(v, "dtype", "float64")).removeprefix("torch.")
            if (fitting := self._fitting(step, array)) is not None:
                self.theirs[step] = fitting
        self._leave_out_probabilities()

    def _leave_out_probabilities(self):
        """Probabilities are no scores, and say nothing about where a map leaves the reference."""
        for made, f in PROBABILITIES.items():
            of_ours = f()(self.reference.y.data) if "y" in self.theirs else None
            if of_ours is not None and difference(self.theirs["y"], of_ours).relative < tolerance("float32"):
                del self.theirs["y"]
                self.misfits["y"] = (
                    f"your scores are what {made} makes of the reference's (give those before it)"
                )

    def _settled(self, target):
        """(the target with nothing left open, its class or None); a target at several outputs, or a function
        of them, becomes the only score of a network that ends in it.
        """
        c = None if isinstance(target, Target) else np.asarray(target)
        if c is not None and (c.dtype.kind not in "iu" or c.ndim > 1):
            raise VerifyError(f"a target is a class, one per picture, or a gradcam.Target, not {target!r}")
        if c is None:
            target = self._of_outputs(target)
        if c is not None or isinstance(target, OfClass):
            self.target = target if c is None else Target.of(0)
            y = self.reference.y
            if y.ndim != 2:
                raise VerifyError(
                    f"the network returns {y.shape}, and a class has a score where it is (N, classes): give "
                    "a target that says which numbers are meant, as gradcam.targets.Region(c, mask) for "
                    "scores (N, classes, H, W)"
                )
            c = _class(target.c if c is None else c, y.data)
            return (Target.of(c) if not isinstance(target, OfClass) else target), c
        return target, None

    def _of_outputs(self, target):
        """A target, decided on what the network returns for x."""
        try:
            raw = self.net(Tensor(self.x, "x"))
            several = isinstance(raw, (dict, list, tuple)) and len(raw) > 1
            if several and isinstance(target, OfClass) and target.output is not None:
                self.net, target = OfOutput(self.net, target.output), replace(target, output=None)
                return target.settled(output_of(raw, self.net.output))
            settled = target.settled(raw)
            settled.begin(raw)
            if several or isinstance(target, Function):
                self.net = OfTarget(self.net, settled, len(self.x))
                return Target.of(0)
        except (AskError, GraphError) as error:
            raise VerifyError(f"{target}: {error}") from None
        return settled

    def _step(self, name):
        if name == "gradient" and self.method not in CAMS:
            return "signal"
        return THEIRS.get(name, name)

    @property
    def pipeline(self) -> Pipeline:
        """The steps of the method."""
        return PIPELINES[self.method]

    @property
    def base(self) -> str:
        """The method, or the one that a variant is made of."""
        return METHODS[self.method].base or self.method

    @property
    def reference(self) -> Run:
        """The run in which nothing is changed."""
        return Run(self)

    def tape(self, x: np.ndarray) -> Tensor:
        """The scores before softmax (N, classes) of an input (N, C, H, W), with their forward pass; where no
        class is explained, what the network returns.
        """
        y = output_of(self.net(Tensor(x.astype(self.x.dtype, copy=False), "x")))
        if not isinstance(self.target, OfClass):
            return reading(y, *self.layout) if self.layout else y
        while y.op and (end_of(y) or _of_one_shape(y)):
            y = y.op.inputs[0]
        if y.ndim < 2:  # squeezed: one score for each picture, or all of a single one's
            y = Reshape((len(x), -1))(y, name=y.name)
        return reading(y, *self.layout) if self.layout else y

    @cached_property
    def low(self) -> Question:
        """The same question in float32."""
        low = copy.copy(self)
        low.net, low.x, low.values = self.net.astype(np.float32), self.x.astype(np.float32), OrderedDict()
        return low

    def times(self, M: int) -> Question:
        """The question of the gradient for M pictures in the place of each; nothing is remembered."""
        other = self._other("gradient", self.target.repeated(M))
        other.c = self.c if np.ndim(self.c) == 0 else np.tile(self.c, M)
        return other

    def of_class(self, c: Any) -> Question:
        """The same question of another class."""
        other = self._other(self.method, replace(self.target, c=_hashable(c)))
        other.c = c
        return other

    def of_method(self, method: str) -> Question:
        """The same question of another method; what both compute alike is not computed again."""
        other = self._other(method, self.target)
        alike = [s for s in SHARED if s not in self.pipeline.own and s not in other.pipeline.own]
        other.values.update((key, value) for key, value in self.values.items() if key[0] in alike)
        return other

    def _other(self, method, target):
        other = copy.copy(self)
        other.method, other.target, other.values = method, target, OrderedDict()
        return other

    @cached_property
    def large(self) -> bool:
        """Whether a forward pass takes so long that float32 is asked first."""
        return _bytes(self.reference.y) > SLOW

    def affords(self, passes: int) -> bool:
        """Whether so many forward passes are little work."""
        return passes * _bytes(self.reference.y) <= LARGE

    @staticmethod
    def input_of(y: Tensor) -> Tensor:
        """The tensor that the picture is, in y's history."""
        return next(t for t in history(y) if t.op is None and t.name == "x")

    def allow(self, v: Run) -> tuple[type[Op], ...]:
        """Kinds of operations at which a table may be silent: all under a hypothesis, else none."""
        return (Op,) if v.changes else ()

    def remember(self, key: tuple[Any, ...], value: Any) -> None:
        """Keep a step's value; of large forward passes, the reference and the newest."""
        self.values[key] = value
        if key[0] == "y" and key[1]:
            tapes = [k for k in self.values if k[0] == "y" and k[1]]
            keep = 1 if _bytes(value) > LARGE else 64
            for old in tapes[:-keep]:
                for k in [
                    k
                    for k in self.values
                    if k[0] in ("y", "start", "A") and k[1][: len(old[1])] == old[1] and k != key
                ]:
                    del self.values[k]

    def forget(self) -> None:
        """Drop every step's value but the reference's."""
        for key in [k for k in self.values if k[1]]:
            del self.values[key]

    def precision(self, step: str) -> str:
        """What their array can have been computed in: float32 or float64."""
        return "float32" if self.stored(step) else precision(self.theirs[step], self.given[step])

    def stored(self, step: str, enough: int = ENOUGH) -> str:
        """How their array was kept: "8 bits", "float16", ...; "" if nothing coarser than float32 is seen, in
        so many values at least.
        """
        return storage(self.theirs[step], self.reference[step], self.given[step], enough)

    def comparable(self, step: str) -> bool:
        """Whether theirs has the reference's shape at this step."""
        return self.theirs[step].shape == self.reference[step].shape

    @property
    def exchanged(self) -> bool:
        """Whether their result is (W, H) where ours is (H, W)."""
        turned = _exchanged(self.reference["result"].shape)
        return self.theirs["result"].shape == turned and not self.comparable("result")

    def _check_layer(self, y, theirs):
        if self.base == "cam":  # the network says which one
            try:
                A = cam_head(y)[0]
            except GraphError as error:
                raise VerifyError(str(error)) from None
            self.layer = next((name for name, t in names(y).items() if t is A), None)
            return
        if self.method not in CAMS:
            return
        if self.layer is None:
            self.layer = default_layer(y, self.input_of(y))[0]
        known = names(y)
        if self.names_of:
            self.layer = self.names_of(self.layer)
        try:
            layer = known[self.layer]
            maps = maps_in(y, self.input_of(y)).get(layer)
            layout = chosen(layer, self.x.shape[-2:], theirs, maps)
        except (KeyError, LookupError, AttributeError):
            maps = [n for n, t in known.items() if t is not None and t.ndim in (3, 4) and t.op]
            what = "give one" if self.layer is None else f"'{self.layer}' is none"
            raise VerifyError(
                f"{self.method} needs a layer with feature maps; {what}; there is {', '.join(maps[-12:])}"
            ) from None
        if layout:
            self.raw_shape = known[self.layer].shape
            self.layout, self.layer = (self.layer, layout), named(self.layer, layout)
            self.values.clear()

    def _fitting(self, step, array):
        """Their array in our shape, or with H and W exchanged; axes of length 1, missing or more, do
        not matter.
        """
        shapes = [self._shape(step)]
        array = self._read(step, array)
        if not array.ndim:
            raise VerifyError(f"their {step} is a single number; the reference's is {tuple(shapes[0])}")
        if step == "result" and array.ndim < 2:
            raise VerifyError(f"their result is {array.shape}; the reference's is {tuple(shapes[0])}")
        if step == "result" and self.method in MAPS:
            self.size = self._size_of(array) or self.size
            shapes.append((*shapes[0][:1], *self.size))
        for n, shape in enumerate(shapes):
            bare = tuple(shape) if _bare(shape) == _bare(array.shape) else array.shape
            for fits in (array.shape, (1, *array.shape), (array.shape[0], *array.shape[2:]), bare):
                if fits in (tuple(shape), _exchanged(shape)) and np.prod(fits) == array.size:
                    if n:
                        self.enlarged = True
                        self.values.pop(("result", ()), None)
                    return array.reshape(fits)
        message = (
            f"their {SAID.get(step, step)} is {array.shape}; the reference's is "
            f"{' or '.join(map(str, map(tuple, shapes)))}"
        )
        if step == "y":
            classes = f"{array.shape[-1]} classes, the network {shapes[0][-1]}"
            raise VerifyError(f"your scores have {classes}: these are two networks")
        if step == "result" and len(shapes[0]) == 3 and (found := read_back(array)):
            self.colours, self.given[step] = found[1], "colours"
            return self._fitting(step, found[0])
        if step != "result":
            self.misfits[step] = message
            return None
        self.misfit = message
        if self.method in MAPS and array.ndim == 4 and array.shape[1] == 1:  # Captum's (N, 1, h, w)
            array = array[:, 0]
        if (
            self.method not in MAPS
            and array.size * self.x.shape[1] == self.x.size
            and array.shape[-2:] == self.x.shape[-2:]
        ):
            return array.reshape(len(self.x), 1, *self.x.shape[-2:])  # the channels were joined
        return array if len(array) == len(self.x) and array.ndim >= len(shapes[0]) else array[None]

    def _size_of(self, array):
        """Rows and columns of a map that was enlarged to neither the input's nor any layer's size, as to the
        photo's; None of another.
        """
        N, (h, w), size = len(self.x), self._shape("result")[-2:], array.shape[-2:]
        pictures = [(N,), (N, 1), *[()] * (N == 1)]
        known = {t.shape[-2:] for t in history(self.reference.y) if t.ndim == 4}
        another = len(size) == 2 and not {size, size[::-1]} & known
        return size if array.shape[:-2] in pictures and another and size[0] >= h and size[1] >= w else None

    def _read(self, step, array):
        """Their array as the layer and the input are read here: feature maps (N, K, h, w), one row of a
        signal.
        """
        if step in ("activation", "gradient"):
            N, K, h, w = self.reference.activation.shape
            if self.layout and array.shape == self.raw_shape:
                return as_maps(array, self.layout[1].maps)
            if array.shape in ((N, h, w, K), (h, w, K)) and array.shape not in ((N, K, h, w), (K, h, w)):
                return np.moveaxis(array, -1, -3)
        if step in ("result", "signal", "input") and array.shape != self.x.shape:
            N, C, H, W = self.x.shape  # channels last, as TensorFlow has them
            channels_last = {(*side, C) for side in ((H, W), (W, H))[: 1 + (step == "result")]}
            channels_last |= {(N, *shape) for shape in channels_last}
            last = array.shape in channels_last and self._shape(step) == self.x.shape
            array = np.moveaxis(array, -1, -3) if last else array
        if step == "result" and array.ndim == 4 and array.shape[-1] == 1 and len(self._shape(step)) == 3:
            array = array[..., 0]
        if self.x.shape[-2] != 1:
            return array
        if step == "result" and self.method in MAPS:
            return array[..., None, :] if array.ndim in (1, 2) else array
        of_signal = array.shape[-1:] == self.x.shape[-1:] and array.ndim < 4
        return array[..., None, :] if of_signal and step in ("input", "signal", "result") else array

    def _shape(self, step):
        """Of a step, without asking for a backward pass: whether there is one is the judge's question."""
        if step == "result" and self.method in MAPS:
            A = self.reference.activation.shape
            return A[:1] + A[2:]
        if step in ("signal", "input") or (step == "result" and self.method in (*PATHS, *RELEVANCE)):
            return self.x.shape
        if step == "result" and "signal" in self.pipeline.steps:
            silent = ("no signal", "signal", lambda q, v, old: np.zeros(q.x.shape))
            flat = ("no map", "upsampled", lambda q, v, old: np.zeros((len(q.x), *q.x.shape[-2:])))
            return Run(self, (silent, flat)).result.shape
        return self.reference[step].shape


def _of_one_shape(y):
    """Whether y is a squeezed tensor that a softmax or a sigmoid made."""
    inside = y.op.inputs[0] if isinstance(y.op, Reshape) else None
    return inside is not None and bool(end_of(inside)) and inside.ndim == 2


def _bytes(y):
    return sum(t.data.nbytes for t in history(y))


def _bare(shape):
    """Without its axes of length 1."""
    return tuple(length for length in shape if length != 1)


def _exchanged(shape):
    return (*shape[:-2], shape[-1], shape[-2]) if len(shape) > 2 else None


def method_name(name: str) -> str:
    """A method by any of its spellings -> our name for it.  VerifyError: there is none of that name, or
    several are called so.
    """
    found = spelled(str(name))
    if found in METHODS and "@" not in found:
        return found
    if several := members(str(name)):
        raise VerifyError(f"'{name}' is a family of methods: say which, {', '.join(several)}")
    variants = ", ".join(f"{v}_..." for v in VARIANTS)
    raise VerifyError(
        f"no method is called '{name}'; there is {', '.join(METHODS)}, and their variants: {variants}"
    )


def _floats(what, value):
    """Any array or tensor -> a NumPy array of floats; its own precision is kept by its values."""
    value = np.asarray(to_cpu(of_tensor(value)))
    if value.dtype.kind not in "fiu":
        raise VerifyError(f"{what} must hold numbers, not {value.dtype}")
    if not np.isfinite(value).all():
        why = ": a division by the maximum of an all-zero map does that" if what == "their result" else ""
        raise VerifyError(
            f"{what} holds NaN or infinity at {int((~np.isfinite(value)).sum())} of {value.size} places{why}"
        )
    return value.astype(np.float64)


def _hashable(c):
    return int(c) if np.ndim(c) == 0 else tuple(map(int, c))


def _class(c, scores):
    c = np.asarray(c)
    if (
        c.dtype.kind not in "iu"
        or c.size not in (1, len(scores))
        or np.any(c < 0)
        or np.any(c >= scores.shape[1])
    ):
        raise VerifyError(
            f"class {c.tolist()} is none of the network's {scores.shape[1]} (0 to {scores.shape[1] - 1})"
        )
    return int(c.reshape(-1)[0]) if c.size == 1 else c
