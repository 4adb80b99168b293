"""The backward pass (backpropagation), with rules that can be swapped.

`backward` walks from an output to what it was made from and, at each operation, at that moment, looks up
which rule this kind of operation uses.  The default rule is the derivative; an explanation method is nothing
but another table of rules.

The layout of the stack.  Equations count axes from the right, so a signal may carry leading axes in front of
its tensor's own shape: a signal at x of shape (N, C, H, W) may be (S, N, C, H, W).  Row s of every array is
one signal, from its start to its end.  A list of S rule tables sends row s back by table s; several classes
are several rows; a signal that starts at another tensor is a row that is zero at the first.
"""

import inspect
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

import numpy as np

from minicnn.convolution.fast.elementwise import can_be_shared, passed_in_shares
from minicnn.errors import Error
from minicnn.graph import MISFITS, GraphError, Tensor, Tensors, forget, history, inputs_of, several
from minicnn.tables import BACKPROP, Names, Rule, RuleError, check, rule_for


def backward(
    y: Tensors,
    gy: Any,
    wrt: Tensors,
    rules: Mapping[Any, Rule] | Sequence[Mapping[Any, Rule]] = BACKPROP,
    allow: Any = (),
    release: bool = False,
) -> Any:
    """Send signals from y back to wrt.

    y       the tensor (or list of tensors) where signals start
    gy      the signal there, (..., *y.shape), or one per y; see `one_hot`
    wrt     the tensor (or list of tensors) where they should arrive; nothing is computed that does not lead
            there
    rules   one table {kind of operation or tensor name: rule}, or a list of S tables: then gy and the results
            have S rows.  A rule is a function (op, gy) -> gx, or -> (g1, g2, ...) where several inputs carry
            signal; a name goes before a kind
    allow   kinds or names at which a table may be silent.  Otherwise RuleError: an activation between y and
            wrt for which a table states no rule, or a table that matches nothing there
    release True forgets each operation's memories once they are used (training); a second backward is then an
            error
    -> the signal at wrt, (..., *wrt.shape); a list of them if wrt is a list.  It is called a gradient only
    under BACKPROP.  GraphError for a signal that does not fit, or a wrt that y does not depend on.
    """
    starts, ends = several(y), several(wrt)
    order = history(starts)
    path, leads = _path(order, ends, starts[0].name or "y")
    del order  # so that memories die as they are released
    tables = rules if isinstance(rules, (list, tuple)) else None
    known = Names(starts)
    for table in [rules] if tables is None else tables:
        check(table, path, known, allow)

    signals = _start(starts, gy, None if tables is None else len(tables))
    while path:
        tensor = path.pop()
        leads.discard(tensor)
        if tensor not in signals:
            continue
        g = signals[tensor] if tensor in ends else signals.pop(tensor)
        for i, gi in _send_back(tensor, g, _wanted(tensor.op, leads), rules, known):
            signals[i] = signals[i] + gi if i in signals else gi
        if release:
            forget(tensor.op)
    results = _own([signals.get(end) for end in ends], ends)
    return results if isinstance(wrt, (list, tuple)) else results[0]


def check_rules(y: Tensors, wrt: Tensors, rules: Mapping, allow: Any = ()) -> None:
    """RuleError, if `backward` would refuse this table between y and wrt; nothing is computed."""
    starts = several(y)
    path, _ = _path(history(starts), several(wrt), starts[0].name or "y")
    check(rules, path, Names(starts), allow)


def _path(order, ends, start):
    """-> (the tensors through whose operation signals pass, inputs first; the set of those from which one of
    `ends` can be reached)"""
    for end in ends:
        if end not in order:
            raise GraphError(
                f"{start} does not depend on {end.name or 'the tensor asked for'} {tuple(end.shape)}"
            )
    path, leads = [], set(ends)
    for tensor in order:
        if tensor.op and any(_wanted(tensor.op, leads)):
            path.append(tensor)
            leads.add(tensor)
            _check_nothing_is_dropped(tensor, leads)
    return path, leads


def _check_nothing_is_dropped(tensor, leads):
    """GraphError for an input from which one of the ends can be reached, but to which the operation sends no
    signal."""
    for i, name, gradient in zip(tensor.op.inputs, _input_names(type(tensor.op)), _gradients(tensor.op)):
        if not gradient and isinstance(i, Tensor) and i in leads:
            what = f"{type(tensor.op).__name__} '{tensor.name or 'without a name'}'"
            lost = f"{what} has no gradient towards its input '{name}', and what is asked for leads there"
            raise GraphError(
                f"{lost}: part of the signal would be lost. Compute that input from arrays, which remember "
                "nothing, or give the operation that gradient"
            )


def _wanted(op, leads):
    """For each input, whether a signal sent there can arrive."""
    return [bool(g) and isinstance(i, Tensor) and i in leads for i, g in zip(inputs_of(op), _gradients(op))]


def _start(starts, gy, rows):
    """{tensor: signal}, all with the same leading axes."""
    arrays = gy if isinstance(gy, (list, tuple)) else [gy]
    if len(arrays) != len(starts):
        raise GraphError(f"{len(starts)} tensors to start from need {len(starts)} signals, not {len(arrays)}")
    leads = {lead for lead in map(_axes_in_front, starts, arrays) if lead}
    if len(leads) > 1:
        raise GraphError(
            f"stacks that start together must have the same axes in front, not "
            f"{' and '.join(map(str, sorted(leads)))}"
        )
    lead = leads.pop() if leads else () if rows is None else (rows,)
    if rows is not None and lead[0] != rows:
        raise GraphError(f"{rows} tables of rules need a stack of {rows} signals, not {lead[0]}")
    signals = {}
    for y, g in zip(starts, arrays):
        g = np.broadcast_to(g, (*lead, *y.shape)).astype(y.dtype, copy=False)
        signals[y] = signals[y] + g if y in signals else g
    return signals


def _axes_in_front(y, g):
    """The leading axes of signal g at tensor y."""
    where = f"a signal at {y.name or 'y'} {tuple(y.shape)} must"
    if not hasattr(g, "shape"):
        raise GraphError(f"{where} be an array of that shape, not a {type(g).__name__}; see one_hot")
    if g.dtype.kind not in "biufc":
        raise GraphError(f"{where} hold numbers, not {g.dtype}")
    lead = g.ndim - y.ndim
    if lead < 0 or tuple(g.shape[lead:]) != tuple(y.shape):
        raise GraphError(f"{where} have that shape, with any axes before it, not {tuple(g.shape)}")
    return tuple(g.shape[:lead])


@cache
def _input_names(kind):
    """Names of forward's inputs; ('*xs',) if it takes any number."""
    parameters = list(inspect.signature(kind.forward).parameters.values())[1:]
    return tuple("*" + p.name if p.kind is p.VAR_POSITIONAL else p.name for p in parameters)


def _variadic(op):
    return _input_names(type(op))[0].startswith("*")


def _gradients(op):
    """The name of the gradient method of each input, None where there is none."""
    named = _input_names(type(op))
    if _variadic(op):
        way = "g" + named[0][1:]
        return [way if hasattr(op, way) else None] * len(op.inputs)
    return ["g" + n if hasattr(op, "g" + n) else None for n in named[: len(op.inputs)]]


def _signal_inputs(op):
    """Positions of the inputs that carry signal: not weights, and with a gradient."""
    named = _input_names(type(op))
    return [
        i for i, way in enumerate(_gradients(op)) if way and (_variadic(op) or named[i] not in op.weights)
    ]


def _send_back(tensor, g, wanted, rules, known):
    """Yield (input tensor, signal) for every wanted input of the operation that made `tensor`."""
    op = tensor.op
    signal = [i for i in _signal_inputs(op) if wanted[i]]
    ruled = _by_rules(tensor, g, _rules_for(tensor, rules, known), signal) if signal else {}
    for i, way in enumerate(_gradients(op)):
        if wanted[i]:
            gi = ruled[i] if i in ruled else _gradient(op, way, g)
            needed = (*g.shape[: g.ndim - tensor.ndim], *op.inputs[i].shape)
            if tuple(gi.shape) != needed:
                raise RuleError(
                    f"{type(op).__name__} '{known(tensor)}' sent back a signal {tuple(gi.shape)}; its "
                    f"input takes {needed}"
                )
            yield op.inputs[i], gi


def _gradient(op, way, g):
    try:
        return getattr(op, way)(g)
    except Error:
        raise
    except MISFITS as error:
        what = f"{type(op).__name__} has no signal towards its input '{way[1:]}'"
        raise GraphError(f"{what} for one {tuple(g.shape)} {g.dtype} at its output: {error}") from error


def _rules_for(tensor, rules, known):
    """One rule for the whole signal, or, where they are not all the same, a list of one for each row of the
    stack."""
    if not isinstance(rules, (list, tuple)):
        return rule_for(tensor, rules, known)
    found = [rule_for(tensor, table, known) for table in rules]
    return found if any(rule is not found[0] for rule in found) else found[0]


def _by_rules(tensor, g, rules, signal):
    """{position: signal} towards the inputs that carry signal."""
    op, each = tensor.op, rules if isinstance(rules, list) else [rules]
    if can_be_shared(op, g, each):
        derivative = getattr(type(op), _gradients(op)[0])
        return {signal[0]: passed_in_shares(op, g, rules, derivative, tensor.shape)}
    if rules is not each:
        return _by_rule(op, g, rules, signal)
    rows = [_by_rule(op, row, rule, signal) for row, rule in zip(g, rules)]
    return {i: np.stack([row[i] for row in rows]) for i in signal}


def _by_rule(op, g, rule, signal):
    """{position: signal} towards the inputs that carry signal, by the rule, or by the derivative where there
    is none."""
    if rule is None and _variadic(op):
        arrived = _gradient(op, _gradients(op)[0], g)
        return {i: arrived[i] for i in signal}
    if rule is None:
        return {i: _gradient(op, _gradients(op)[i], g) for i in signal}
    arrived, positions = rule(op, g), _signal_inputs(op)
    if len(positions) == 1:
        arrived = (arrived,)
    if len(arrived) != len(positions):
        raise RuleError(
            f"a rule for {type(op).__name__} must return {len(positions)} signals, not {len(arrived)}"
        )
    return {i: arrived[positions.index(i)] for i in signal}


def _own(results, ends):
    """The results as arrays of their own: they share memory neither with each other nor with the signal that
    was given."""
    for n, (g, end) in enumerate(zip(results, ends)):
        if g is None:
            raise GraphError(
                f"no signal passes back to {end.name or 'the tensor asked for'}: y depends on it, but no "
                "gradient leads there"
            )
        if g.base is not None or any(g is other for other in results[:n]):
            results[n] = g.copy()
    return results
