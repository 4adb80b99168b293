"""Which source a file comes from, told by its names, and its arrays under our names."""

from __future__ import annotations

import numpy as np

from minicnn.layer import Layer
from weights.errors import WeightsError
from weights.names.reordering import reorder
from weights.names.sources import OURS, SOURCES
from weights.names.table import Theirs, parse
from weights.network import Network


def translate(
    arrays: dict[str, np.ndarray], net: Layer, network: Network, others: bool = False
) -> tuple[str, dict[str, np.ndarray]]:
    """arrays: {name: array} as a file has them; net: our network, declared by `network`; others: the file
    may hold more, the head of another network say, which stays where it is

    -> (source, {our name: array})

    What is translated is taken out of `arrays`, so that no array is kept twice for longer than its
    reordering takes.  The source is the one whose names are all there.  WeightsError: none is, or the file
    holds arrays that this network does not.
    """
    slots = {name: tensor.shape for name, tensor in net.arrays().items()}
    source, taken, lacking, left_out = _best(arrays, slots, network)
    if lacking:
        names = ", ".join(lacking[:4]) + (f" and {len(lacking) - 4} more" if len(lacking) > 4 else "")
        raise WeightsError(
            f"these are no weights of {network.name}: by {source}'s names, {names} of {len(slots)} "
            "arrays are not there"
        )
    used = {name for name, _ in taken.values()}
    extra = [n for n in arrays if n not in used and not left_out(n)]
    if extra and not others:
        raise WeightsError(
            f"these are no weights of {network.name}: the file holds {len(extra)} arrays more than it "
            f"has, {extra[0]} is one"
        )
    return SOURCES[source].layers_of or source, {
        name: _ours(arrays.pop(theirs), cell, slots[name], SOURCES[source])
        for name, (theirs, cell) in taken.items()
    }


def held(arrays: dict[str, np.ndarray], net: Layer, network: Network) -> set[str]:
    """Which of our arrays a file holds, by the names of the source that fits best."""
    return set(_best(arrays, {name: tensor.shape for name, tensor in net.arrays().items()}, network)[1])


def _best(arrays, slots, network):
    """The source that finds most:

    (its name, {our name: (their name, cell)}, their names that are not there, test of what may be left).
    """
    layers = list(dict.fromkeys(name.rpartition(".")[0] for name in slots))
    tables, names_left_out = parse(network.names, layers) if network.names else ({}, [])
    tables = tables | {"minicnn": {layer: Theirs(layer) for layer in layers}}
    tables |= {name: tables[s.layers_of] for name, s in SOURCES.items() if s.layers_of in tables}
    tries = [_find(arrays, slots, source, table, names_left_out) for source, table in tables.items()]
    return max(tries, key=lambda found: len(found[1]))


def _find(arrays, slots, source, table, names_left_out):
    spelling = SOURCES[source]
    index, taken, lacking = spelling.index(arrays), {}, []
    for name in slots:
        layer, _, role = name.rpartition(".")
        cell = table.get(layer) or Theirs(f"({layer})")
        words = [cell.role] if cell.role else spelling.roles(role)
        holder = cell.holder(role)
        found = next((index[holder, word] for word in words if (holder, word) in index), None)
        if found is None:
            lacking.append(f"{holder} {words[0] if words else role}")
        else:
            taken[name] = found, cell
    spare = {name for (layer, _), name in index.items() if layer in names_left_out}
    return source, taken, lacking, lambda name: name in spare or spelling.is_ignored(name)


def _ours(array, cell, shape, source):
    """One array in our layout."""
    if len(shape) == 1:
        return array.reshape(-1)  # Caffe's oldest files keep a bias as (1, 1, 1, F)
    kind = "linear" if len(shape) == 2 else "depthwise" if cell.role == "depthwise_kernel" else "conv"
    if kind == "linear":
        array = array.reshape(array.shape[-2:])  # and a matrix as (1, 1, F, D)
    return reorder(array, source.axes.get(kind, OURS[kind]), OURS[kind], cell.flattened)
