"""Where a file keeps a layer's arrays: Keras 3's .keras by the places of layers, HDF5 by their names."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from weights.graphs.keras.architecture import Part
from weights.readers.keras_h5 import Contents


class Stored:
    """The arrays of a file.  in_places: it is a .keras, whose groups are layers/.../vars/0, 1, ..."""

    def __init__(self, contents: Contents, in_places: bool) -> None:
        self.in_places: bool = in_places
        self.named: dict[str, np.ndarray] = {_newer(k): a for k, a in contents.named.items()}
        self.placed: dict[str, np.ndarray] = {_newer(k): a for k, a in contents.placed.items()}

    def of(self, chain: Sequence[Part], below: Sequence[str] = ()) -> list[np.ndarray]:
        """The arrays of the last layer of `chain`, in Keras' order.

        chain: the models that it is in, from the outside, and the layer.  below: the parts of a layer that is
        made of others, as its class calls them; only a .keras tells them apart.
        """
        if not self.in_places:
            return self._by_name(chain)
        if self.named.keys() != self.placed.keys():
            found = _numbered(self.named, "/".join(f"layers/{part.name}" for part in chain), below)
            if found:
                return found
        return _numbered(self.placed, "/".join(f"layers/{part.key}" for part in chain), below)

    def _by_name(self, chain):
        """HDF5: a group for each layer of the outermost model; names inside of it for those within."""
        outer, layer = chain[0].name, chain[-1].name
        inside = {k.removeprefix(f"{outer}/"): a for k, a in self.named.items() if k.startswith(f"{outer}/")}
        if len(chain) == 1:
            return [*inside.values()]
        last = [a for key, a in inside.items() if f"/{key}".rpartition("/")[0].endswith(f"/{layer}")]
        return last or [a for key, a in inside.items() if f"/{layer}/" in f"/{key}"]


def _numbered(arrays, place, below):
    place = "/".join([place, *below, "vars"])
    found = []
    while (array := arrays.get(f"{place}/{len(found)}")) is not None:
        found.append(array)
    return found


def _newer(key):
    return key.replace("_layer_checkpoint_dependencies/", "layers/")
