"""A stand-in for a CuPy array, for machines without a GPU: what would fail there fails here.

It computes with NumPy, but answers only NumPy's two dispatch protocols (NEP 13: ufuncs, NEP 18: functions)
and CuPy's own methods. It refuses to become a NumPy array and to meet one, and looks up every function,
method and keyword used in what CuPy states about itself (`cupy_api`).  As on CuPy, a reduction gives an array
of no axes and not a scalar.
"""

import numbers

import numpy as np

from tests.support.cupy_api import api, signature

API = api()
MOVES_TO_THE_DEVICE = ("asarray", "array")  # the functions that may be given a NumPy array


class Leak(TypeError):
    """Something that CuPy does not do."""


class StrictArray(np.lib.mixins.NDArrayOperatorsMixin):
    """StrictArray(array): the array, as if on a GPU; .get() brings it back."""

    def __init__(self, array):
        self._array = np.asarray(array)

    def get(self):
        return self._array.copy()

    def __array__(self, dtype=None, copy=None):
        raise Leak("implicit conversion to a NumPy array; .get() is explicit")

    def __array_ufunc__(self, ufunc, method, *inputs, **options):
        if method != "__call__" or f"ufunc {ufunc.__name__}" not in API:
            raise Leak(f"CuPy has no ufunc {ufunc.__name__}.{method}")
        out = options.pop("out", ())
        if options.keys() - {"dtype", "casting"}:
            raise Leak(f"CuPy's {ufunc.__name__} takes no {', '.join(options)}")
        if not all(isinstance(o, StrictArray) for o in out):
            raise Leak(f"{ufunc.__name__} writes into a NumPy array")
        options |= {"out": tuple(unwrapped(o) for o in out)} if out else {}
        result = ufunc(*map(operand, inputs), **options)
        return out[0] if out else wrapped(result)

    def __array_function__(self, function, types, args, options):
        name = f"{function.__module__}.{function.__name__}".removeprefix(
            "numpy."
        )  # CuPy looks it up under the same path
        stated = API.get(f"function {name}")
        if stated is None:
            raise Leak(f"CuPy has no function numpy.{name}")
        check_call(f"np.{name}", stated, args, options)
        convert = unwrapped if function.__name__ in MOVES_TO_THE_DEVICE else operand
        return wrapped(
            function(
                *nested(args, convert), **{key: nested(value, convert) for key, value in options.items()}
            )
        )

    def __getattr__(self, name):
        if f"attribute {name}" in API:
            value = getattr(self._array, name)
            return wrapped(value) if isinstance(value, np.ndarray) else value
        if f"method {name}" not in API:
            raise AttributeError(f"a CuPy array has no {name}")

        def method(*args, **options):
            check_call(f".{name}", API[f"method {name}"], args, options)
            result = getattr(self._array, name)(
                *nested(args, operand), **{key: nested(v, operand) for key, v in options.items()}
            )
            return result if name in ("tolist", "item", "tobytes") else wrapped(result)

        return method

    def __setattr__(self, name, value):
        if name != "_array":
            raise AttributeError(f"cannot set .{name}")
        super().__setattr__(name, value)

    def __getitem__(self, index):
        return wrapped(
            self._array[nested(index, unwrapped)]
        )  # CuPy takes indices that are lists or NumPy arrays

    def __setitem__(self, index, value):
        self._array[nested(index, unwrapped)] = operand(value)

    def __len__(self):
        return len(self._array)

    def __iter__(self):
        return (self[i] for i in range(len(self)))

    def __bool__(self):
        return bool(self._array)

    def __float__(self):
        return float(self._array)

    def __int__(self):
        return int(self._array)

    def __deepcopy__(self, memo):
        return StrictArray(self._array.copy())

    def __repr__(self):
        return f"StrictArray({self._array!r})"


def check_call(name, stated, args, options):
    try:
        signature(stated).bind(*args, **options)
    except TypeError as error:
        raise Leak(f"CuPy's {name}({stated}): {error}") from None


def wrapped(result):
    """NumPy's answer, as CuPy would give it."""
    if isinstance(result, (list, tuple)):
        return type(result)(wrapped(r) for r in result)
    return StrictArray(result) if isinstance(result, (np.ndarray, np.generic)) else result


def unwrapped(value):
    return value._array if isinstance(value, StrictArray) else value


def operand(value):
    """What may meet a CuPy array: another one, or a number."""
    if isinstance(value, np.ndarray):
        raise Leak(f"a NumPy array {value.shape} meets an array on the device")
    if (
        isinstance(value, (StrictArray, numbers.Number, np.generic, str, type, np.dtype, slice))
        or value is None
        or value is Ellipsis
    ):
        return unwrapped(value)
    raise Leak(f"a {type(value).__name__} meets an array on the device")


def nested(value, convert):
    """`convert` applied to everything inside tuples, lists and dictionaries."""
    if isinstance(value, (list, tuple)):
        return type(value)(nested(v, convert) for v in value)
    return convert(value)
