"""Runs in a process of its own, with limits: asks the HDF5 library, which is written in C, where a file
keeps its arrays.

    python _h5_child.py FILE START SIZE DIRECTORY        the HDF5 file is bytes [START, START + SIZE) of FILE

Writes DIRECTORY/table.json, a list of {name, path, dtype, shape, place, start}: place "file" for an array
that lies in one piece in FILE, "copies" for one that had to be put together (chunked, compressed) and now
stands in DIRECTORY/copies.raw; path: the keys of its groups, where name has the names that layers state.
And DIRECTORY/texts.json, {attribute: text} of those that Keras writes at the root of a whole model. Imports
nothing of this project.
"""

import io
import json
import sys

MEMORY, SECONDS, WRITTEN = 6 * 2**30, 60, 4 * 2**30  # bytes of address space, seconds of CPU, bytes of copies
MOST_ARRAYS, MOST_OBJECTS, DEEPEST, LONGEST_NAME = 100_000, 200_000, 50, 1000
STEEPEST, BLOCK = 1100, 1 << 22  # deflate's steepest ratio; bytes copied at a time
TEXTS, LONGEST_TEXT = ("model_config", "keras_version", "backend"), 64 * 2**20
NOT_WEIGHTS = ("optimizer_weights", "optimizer", "metrics", "seed_generator_state")


class Refused(Exception):
    """The file is none that this program reads; the message says why."""


class Slice(io.RawIOBase):
    """Bytes [start, start + size) of a file as a file: an HDF5 file inside a stored zip."""

    def __init__(self, path, start, size):
        self.file, self.start, self.size, self.at = open(path, "rb"), start, size, 0  # noqa: SIM115

    def seek(self, offset, whence=0):
        self.at = offset + (0, self.at, self.size)[whence]
        return self.at

    def tell(self):
        return self.at

    def readinto(self, buffer):
        self.file.seek(self.start + self.at)
        n = self.file.readinto(memoryview(buffer)[: max(0, min(len(buffer), self.size - self.at))])
        self.at += n
        return n

    def readable(self):
        return True

    seekable = readable


def limit():
    """No more memory, time and disk than the largest published network needs (POSIX; elsewhere only the
    parent's clock counts).
    """
    try:
        import resource
    except ImportError:
        return
    limits = (
        (resource.RLIMIT_AS, MEMORY),
        (resource.RLIMIT_CPU, SECONDS),
        (resource.RLIMIT_FSIZE, WRITTEN),
        (resource.RLIMIT_CORE, 0),
    )
    for kind, most in limits:
        hard = resource.getrlimit(kind)[1]
        resource.setrlimit(kind, (most if hard == resource.RLIM_INFINITY else min(most, hard), hard))


def texts(file):
    """{attribute: text} of the root."""
    found = {}
    for key in TEXTS:
        value = file.attrs.get(key)
        value = value.decode("utf-8", "replace") if isinstance(value, bytes) else value
        if isinstance(value, str) and len(value) <= LONGEST_TEXT:
            found[key] = str(value)
    return found


def table(h5py, source, start, copies):
    """The texts, and the entries of all arrays of numbers below the weights' group, in the order that Keras
    states.
    """
    with h5py.File(source, "r") as file:
        root = (
            file["model_weights"]
            if isinstance(file.get("model_weights", getlink=True), h5py.HardLink)
            else file
        )
        if not isinstance(root, h5py.Group):
            raise Refused("its model_weights are no group")
        entries, seen = [], set()
        for name, dataset in walk(h5py, root, "", [], seen):
            if dataset.dtype.kind in "biufc" and dataset.shape is not None:
                path = dataset.name[len(root.name) :].lstrip("/")
                entries.append({"path": path} | entry(name, dataset, start, copies))
            if len(entries) > MOST_ARRAYS:
                raise Refused(f"it holds more than {MOST_ARRAYS} arrays")
        return texts(file), entries


def walk(h5py, group, prefix, stated, seen):
    """(path, dataset) of every dataset that is really in this file: links to other places and other files
    are not followed.
    """
    address = h5py.h5o.get_info(group.id).addr
    if address in seen:
        return
    seen.add(address)
    if len(seen) > MOST_OBJECTS or prefix.count("/") > DEEPEST:
        raise Refused("it has too many groups, or groups nested too deep")
    keys, stated = ordered(group, stated)
    children = {
        key: group[key]
        for key in keys
        if isinstance(group.get(key, getlink=True), h5py.HardLink) and (prefix or key not in NOT_WEIGHTS)
    }
    names = {key: layer_name(h5py, key, child) for key, child in children.items()}
    if len(set(names.values())) < len(names):  # two layers of one name: their groups' keys tell them apart
        names = {key: key for key in names}
    for key, child in children.items():
        if len(prefix) + len(names[key]) > LONGEST_NAME:
            raise Refused("it holds a name that is too long")
        if isinstance(child, h5py.Group):
            below = [name.removeprefix(f"{key}/") for name in stated if name.startswith(f"{key}/")]
            yield from walk(h5py, child, f"{prefix}{names[key]}/", below, seen)
        elif isinstance(child, h5py.Dataset):
            yield prefix + names[key], child


def ordered(group, stated):
    """The group's keys, first those that Keras lists, in its order, then the others; and that list, which
    names what is deeper down too.
    """
    stated = list(stated)
    for kind in ("layer_names", "weight_names"):
        for attribute in [kind] + [
            f"{kind}{i}" for i in range(100)
        ]:  # long lists are cut into numbered pieces
            if attribute in group.attrs:
                names = group.attrs[attribute]
                stated += [
                    n.decode("utf-8", "replace") if isinstance(n, bytes) else str(n)
                    for n in getattr(names, "flat", [])
                ]
    position = {}
    for name in stated:
        position.setdefault(name.split("/")[0], len(position))
    return sorted(
        group.keys(),
        key=lambda key: (position.get(key, len(position)), int(key) if key.isdecimal() else 0, key),
    ), stated


def layer_name(h5py, key, child):
    """What a group is called: its key, or the layer's name, which Keras 3 states at the variables in it."""
    if isinstance(child, h5py.Group) and isinstance(child.get("vars", getlink=True), h5py.HardLink):
        name = child["vars"].attrs.get("name")
        if isinstance(name, str) and name and "/" not in name:
            return name
    return key


def entry(name, dataset, start, copies):
    """One line of the table; an array that does not lie in one piece is copied, block by block, after its
    size has been found credible.
    """
    size, held = dataset.size * dataset.dtype.itemsize, dataset.id.get_storage_size()
    if dataset.external or dataset.is_virtual:
        raise Refused(f"array {name!r} lies in another file: refused")
    bfloat16 = dataset.attrs.get("dtype") in ("bfloat16", b"bfloat16") and dataset.dtype.itemsize == 2
    made = {
        "name": name,
        "dtype": "bfloat16" if bfloat16 else dataset.dtype.str,
        "shape": [int(n) for n in dataset.shape],
    }
    offset = dataset.id.get_offset()
    if offset is not None and held == size and not dataset.chunks:
        return made | {"place": "file", "start": start + offset}
    if size > STEEPEST * held + 4096:
        raise Refused(f"array {name!r} declares {size} bytes but stores {held}: refused")
    at = copies.tell()
    if at + size > WRITTEN:
        raise Refused(f"its arrays need more than {WRITTEN} bytes")
    copies.write(bytes(-at % 64))
    at = copies.tell()
    if dataset.ndim == 0 or size <= BLOCK:
        copies.write(dataset[()].tobytes())
    else:
        rows = max(1, BLOCK * dataset.shape[0] // size)
        for first in range(0, dataset.shape[0], rows):
            copies.write(dataset[first : first + rows].tobytes())
    return made | {"place": "copies", "start": at}


def main(path, start, size, directory):
    """Exit status 0 and a table, or 1 and one line that says why not."""
    limit()
    import h5py

    start, size = int(start), int(size)
    try:
        with open(f"{directory}/copies.raw", "wb") as copies, open(path, "rb") as whole:
            source = path if start == 0 and size == whole.seek(0, 2) else Slice(path, start, size)
            said, entries = table(h5py, source, start, copies)
        for name, made in (("table", entries), ("texts", said)):
            with open(f"{directory}/{name}.json", "w") as out:
                json.dump(made, out)
    except Exception as error:  # whatever the library stumbles over: the parent says it in the user's terms
        print(
            f"{'' if isinstance(error, Refused) else type(error).__name__ + ': '}{error}".replace("\n", " ")[
                :300
            ]
        )
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
