"""Files of arrays as a broken disk, a cut download or somebody hostile would hand them over."""

import io
import struct
import zipfile

import numpy as np


def npy(array, descr=None, shape=None):
    """The bytes of a .npy file, whose header may lie about its type and shape."""
    file = io.BytesIO()
    header = np.lib.format.header_data_from_array_1_0(array)
    header |= {k: v for k, v in (("descr", descr), ("shape", shape)) if v is not None}
    np.lib.format.write_array_header_1_0(file, header)
    return file.getvalue() + array.tobytes()


def npz(members, method=zipfile.ZIP_STORED):
    """The bytes of a zip file: {name: bytes}."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", method) as out:
        for name, data in members.items():
            out.writestr(name, data)
    return file.getvalue()


def archives(name, array):
    """{what is wrong: the bytes of an .npz file}, each of which must be refused."""
    good, member = npz({f"{name}.npy": npy(array)}), f"{name}.npy"
    at = good.index(b"PK\x01\x02")
    where = good.index(array.tobytes())
    patched = lambda place, new: good[:place] + new + good[place + len(new) :]  # noqa: E731
    twice = good[at : good.index(b"PK\x05\x06")]
    end = bytearray(good[good.index(b"PK\x05\x06") :])
    end[8:12], end[12:16] = struct.pack("<HH", 2, 2), struct.pack("<I", 2 * len(twice))
    objects = io.BytesIO()
    np.lib.format.write_array(objects, np.array([{}], dtype=object), allow_pickle=True)
    return {
        "a number changed": patched(where, bytes([good[where] ^ 1])),
        "encrypted": patched(at + 8, b"\1\0"),
        "another method": npz({member: npy(array)}, zipfile.ZIP_LZMA),
        "cut short": good[:-30],
        "cut in the middle": good[: len(good) // 2],
        "one member twice, in the same bytes": good[:at] + twice + twice.replace(b".npy", b".npz") + end,
        "longer than it is": patched(at + 24, struct.pack("<I", 2**31 - 1)),
        "12 GB, the header says": npz({member: npy(array, shape=(3, 10**9))}),
        "a negative size": npz({member: npy(array, shape=(-1, 4))}),
        "Python objects": npz({member: objects.getvalue()}),
        "an unknown type": npz({member: npy(array, descr="<f3")}),
        "a type of fields": npz({member: npy(array, descr=[("a", "<f4"), ("b", "<f4")])}),
        "no array": npz({member: b"no array at all"}),
        "half a header": npz({member: npy(array)[:40]}),
        "nested brackets": npz({member: npy(array).replace(b"False", b"[[[[[")}),
        "a page": b"<html>not found</html>",
        "an empty file": b"",
    }
