"""The way back.

`backward` walks from an output to what it was made from and, at each operation, at that moment, looks up which rule this kind of operation
uses.  The default rule is the derivative; an explanation method is nothing but another table of rules.

The layout of the stack.  Equations count axes from the right, so a signal may carry leading axes in front of its tensor's own shape: a
signal at x of shape (N, C, H, W) may be (S, N, C, H, W).  Row s of every array is one signal, from its start to its end.  A list of S
rule tables sends row s back by table s; several classes are several rows; a signal that starts at another tensor is a row that is zero at
the first.
"""

import inspect
from functools import cache

import numpy as np

from minicnn.graph import GraphError, Tensor, history, inputs_of, names, several


class RuleError(ValueError):
    """A table of rules that does not fit the operations on the way back."""


BACKPROP = {}  # no rule but the derivative


def backward(y, gy, wrt, rules=BACKPROP, allow=(), release=False):
    """Send signals from y back to wrt.

    y       the tensor (or list of tensors) where signals start
    gy      the signal there, (..., *y.shape), or one per y; see `one_hot`
    wrt     the tensor (or list of tensors) where they should arrive; nothing is computed that does not lead there
    rules   one table {kind of operation or tensor name: rule}, or a list of S tables: then gy and the results have S rows.
            A rule is a function (op, gy) -> gx, or -> (g1, g2, ...) where several inputs carry signal; a name goes before a kind
    allow   kinds or names at which a table may be silent.  Otherwise RuleError: an activation on the way for which a table
            states no rule, or a table of which nothing is on the way
    release True forgets each operation's memories once they are used (training); a second backward is then an error
    -> the signal at wrt, (..., *wrt.shape); a list of them if wrt is a list.  It is called a gradient only under BACKPROP.
    """
    starts, ends = several(y), several(wrt)
    order = history(starts)
    leads = _leading_to(ends, order)
    reached = set(order)
    for end in ends:
        if end not in reached:
            raise GraphError(f"{starts[0].name or 'y'} does not depend on {end.name or 'the tensor asked for'} {tuple(end.shape)}")
    tables = rules if isinstance(rules, (list, tuple)) else None
    known = _Names(starts)
    for table in [rules] if tables is None else tables:
        _check_table(table, [t for t in order if t.op and t in leads], known, allow)

    signals = _start(starts, gy, None if tables is None else len(tables))
    while order:
        tensor = order.pop()
        if tensor.op is None or tensor not in signals or tensor not in leads:
            continue
        g = signals[tensor] if tensor in ends else signals.pop(tensor)
        wanted = [isinstance(i, Tensor) and i in leads for i in inputs_of(tensor.op)]
        if any(wanted):
            for i, gi in _send_back(tensor, g, wanted, rules, known):
                signals[i] = signals[i] + gi if i in signals else gi
        if release:
            _forget(tensor.op)
    results = _own([signals.get(end) for end in ends], ends, starts)
    return results if isinstance(wrt, (list, tuple)) else results[0]


def _forget(op):
    vars(op).clear()


def _leading_to(ends, order):
    """The tensors of `order` from which one of `ends` can be reached."""
    leads = set(ends)
    for tensor in order:
        if tensor.op and any(i in leads for i, way in zip(inputs_of(tensor.op), _ways_back(tensor.op)) if isinstance(i, Tensor) and way):
            leads.add(tensor)
    return leads


def _start(starts, gy, rows):
    """{tensor: signal}, all with the same leading axes."""
    arrays = gy if isinstance(gy, (list, tuple)) else [gy]
    if len(arrays) != len(starts):
        raise GraphError(f"{len(starts)} tensors to start from need {len(starts)} signals, not {len(arrays)}")
    lead = () if rows is None else (rows,)
    for y, g in zip(starts, arrays):
        if tuple(g.shape[g.ndim - y.ndim :]) != tuple(y.shape) or g.ndim < y.ndim:
            where = f"{y.name or 'y'} {tuple(y.shape)}"
            raise GraphError(f"a signal at {where} must have that shape, with any axes before it, not {tuple(g.shape)}")
        lead = max(lead, tuple(g.shape[: g.ndim - y.ndim]), key=len)
    if rows is not None and lead[0] != rows:
        raise GraphError(f"{rows} tables of rules need a stack of {rows} signals, not {lead[0]}")
    signals = {}
    for y, g in zip(starts, arrays):
        g = np.broadcast_to(g, (*lead, *y.shape)).astype(y.dtype, copy=False)
        signals[y] = signals[y] + g if y in signals else g
    return signals


@cache
def _input_names(kind):
    """Names of forward's inputs; ('*xs',) if it takes any number."""
    parameters = list(inspect.signature(kind.forward).parameters.values())[1:]
    return tuple("*" + p.name if p.kind is p.VAR_POSITIONAL else p.name for p in parameters)


def _variadic(op):
    return _input_names(type(op))[0].startswith("*")


def _ways_back(op):
    """The name of the gradient method of each input, None where there is none."""
    named = _input_names(type(op))
    if _variadic(op):
        return ["g" + named[0][1:]] * len(op.inputs)
    return ["g" + n if hasattr(op, "g" + n) else None for n in named[: len(op.inputs)]]


def _signal_inputs(op):
    """Positions of the inputs that carry signal: not weights, and with a way back."""
    named = _input_names(type(op))
    return [i for i, way in enumerate(_ways_back(op)) if way and (_variadic(op) or named[i] not in op.weights)]


def _send_back(tensor, g, wanted, rules, known):
    """Yield (input tensor, signal) for every wanted input of the operation that made `tensor`."""
    op = tensor.op
    signal = [i for i in _signal_inputs(op) if wanted[i]]
    ruled = {}
    if signal:
        if isinstance(rules, (list, tuple)):
            rule, *others = [_rule(tensor, table, known) for table in rules]
            if all(r is rule for r in others):
                ruled = _by_rule(op, g, rule, signal)
            else:
                rows = [_by_rule(op, g[s], r, signal) for s, r in enumerate((rule, *others))]
                ruled = {i: np.stack([row[i] for row in rows]) for i in signal}
        else:
            ruled = _by_rule(op, g, _rule(tensor, rules, known), signal)
    for i, way in enumerate(_ways_back(op)):
        if wanted[i] and way:
            yield op.inputs[i], ruled[i] if i in ruled else getattr(op, way)(g)


def _by_rule(op, g, rule, signal):
    """{position: signal} towards the inputs that carry signal, by the rule, or by the derivative where there is none."""
    if rule is None and _variadic(op):
        arrived = getattr(op, _ways_back(op)[0])(g)
        return {i: arrived[i] for i in signal}
    if rule is None:
        return {i: getattr(op, _ways_back(op)[i])(g) for i in signal}
    arrived, positions = rule(op, g), _signal_inputs(op)
    if len(positions) == 1:
        arrived = (arrived,)
    if len(arrived) != len(positions):
        raise RuleError(f"a rule for {type(op).__name__} must return {len(positions)} signals, not {len(arrived)}")
    return {i: arrived[positions.index(i)] for i in signal}


class _Names:
    """tensor -> name with its number (relu1:2), worked out only if a table asks for names."""

    def __init__(self, starts):
        self.starts, self.of_tensor = starts, None

    def __call__(self, tensor):
        if self.of_tensor is None:
            self.of_tensor = {t: n for n, t in names(self.starts).items() if t is not None}
        return self.of_tensor.get(tensor, tensor.name)


def _key(tensor, table, known):
    """The entry of the table that speaks of this tensor's operation: its name first, then its kind; None if none does."""
    if any(isinstance(k, str) for k in table) and known(tensor) in table:
        return known(tensor)
    return next((kind for kind in type(tensor.op).__mro__ if kind in table), None)


def _rule(tensor, table, known):
    key = _key(tensor, table, known)
    return None if key is None else table[key]


def _check_table(table, path, known, allow):
    """Refuse a table that would silently do nothing, or be silent where it must speak."""
    if not table:
        return
    allow = (allow,) if isinstance(allow, (str, type)) else tuple(allow)
    used = {_key(t, table, known) for t in path} - {None}
    if not used and not all(k in allow for k in table):
        said = ", ".join(k if isinstance(k, str) else k.__name__ for k in table)
        raise RuleError(f"nothing on the way back matches the table ({said}): if plain backprop is meant: allow=({said},)")
    unknown = [k for k in table if isinstance(k, str) and k not in used and k not in allow]
    if unknown:
        raise RuleError(f"the table has a rule for '{unknown[0]}', but no operation on the way back has that name")
    for tensor in path:
        silent = tensor.op.activation and _key(tensor, table, known) is None
        if silent and known(tensor) not in allow and not isinstance(tensor.op, tuple(k for k in allow if isinstance(k, type))):
            kind = type(tensor.op).__name__
            raise RuleError(
                f"{kind} '{known(tensor)}' is on the way back and the table states no rule for it; "
                f"for its derivative there: allow=({kind},) or allow=('{known(tensor)}',)"
            )


def _own(results, ends, starts):
    """The results as arrays of their own: they share memory neither with each other nor with the signal that was given."""
    for n, (g, end) in enumerate(zip(results, ends)):
        if g is None:
            raise GraphError(f"no signal passes back to {end.name or 'the tensor asked for'}: y depends on it, but no gradient leads there")
        if g.base is not None or any(g is other for other in results[:n]):
            results[n] = g.copy()
    return results
