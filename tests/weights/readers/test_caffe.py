"""Caffe's networks, field by field, encoded by the numbers of caffe.proto."""

import struct

import numpy as np
import pytest

from tests.weights.readers.samples import block, integer, varint
from weights import WeightsError
from weights.readers import caffe
from weights.readers.mapped_file import MappedFile
from weights.reading import read


@pytest.fixture
def put(tmp_path):
    def write(data):
        (tmp_path / "net.caffemodel").write_bytes(data)
        return tmp_path / "net.caffemodel"

    return write


def blob(*numbers, shape=None, legacy=(), double=False):
    """legacy: (field, size) pairs of num, channels, height and width."""
    sizes = b"".join(integer(field, n) for field, n in legacy)
    if shape is not None:
        sizes += block(7, block(1, b"".join(map(varint, shape))))
    data = struct.pack(f"<{len(numbers)}{'d' if double else 'f'}", *numbers)
    return sizes + block(8 if double else 5, data)


def layer(name, *blobs, kind="Convolution"):
    return block(100, block(1, name) + block(2, kind) + b"".join(block(7, b) for b in blobs))


def test_three_generations_of_layers(put):
    v1 = block(
        2, block(4, "one") + block(6, blob(1, 2, legacy=((1, 1), (2, 1), (3, 1), (4, 2)))) + block(6, blob(3))
    )
    v0 = block(2, block(1, block(1, "old") + block(50, blob(4, 5, 6, shape=(3,)))))
    found = read(
        put(block(1, "net") + layer("new", blob(7, 8, shape=(2, 1)), blob(9, double=True)) + v1 + v0)
    )
    assert {n: (a.shape, a.ravel().tolist(), a.dtype.name) for n, a in found.items()} == {
        "one.0": ((1, 1, 1, 2), [1, 2], "float32"),
        "one.1": ((1,), [3], "float32"),
        "old.0": ((3,), [4, 5, 6], "float32"),
        "new.0": ((2, 1), [7, 8], "float32"),
        "new.1": ((1,), [9], "float64"),
    }
    assert list(found) == ["one.0", "one.1", "old.0", "new.0", "new.1"]
    both = block(2, block(1, block(1, "inner") + block(50, blob(4))) + block(4, "outer") + block(6, blob(5)))
    assert list(read(put(block(1, "net") + both))) == ["outer.0"]
    assert list(read(put(block(1, "net") + block(100, block(7, blob(1)))))) == ["unnamed.0"]
    with pytest.raises(WeightsError, match="two layers are called 'a'"):
        read(put(layer("a", blob(1)) + layer("a", blob(1))))
    assert len(read(put(layer("a", blob(1)) + layer("a", kind="ReLU") + layer("b", blob(1))))) == 2


def test_sizes_of_blobs(put):
    of = lambda *numbers, **how: read(put(layer("a", blob(*numbers, **how))))["a.0"]  # noqa: E731
    six = [1, 2, 3, 4, 5, 6]
    assert of(*six, legacy=((1, 1), (2, 1), (3, 2), (4, 3))).shape == (1, 1, 2, 3)
    assert of(*six, legacy=((1, 3), (2, 2), (3, 1), (4, 1))).shape == (3, 2, 1, 1)
    assert of(*six).shape == (6,) and of(legacy=((4, 3),)).shape == (0, 0, 0, 3)
    for how in (
        {"shape": (5,)},
        {"shape": (2, 4)},
        {"legacy": ((1, 6),)},
        {"legacy": ((1, 1), (2, 1), (3, 1), (4, 5))},
    ):
        with pytest.raises(WeightsError, match=r"a.0 has shape .*; the file holds 6 for it"):
            of(*six, **how)


def test_statistics_are_sums(put):
    def of(*blobs, kind="BatchNorm"):
        return {n: a.tolist() for n, a in read(put(layer("bn", *blobs, kind=kind))).items()}

    mean, var = blob(2, 4), blob(8, 16)
    assert of(mean, var, blob(2)) == {"bn.0": [1, 2], "bn.1": [4, 8]}
    assert of(mean, var, blob(0)) == {"bn.0": [0, 0], "bn.1": [0, 0]}
    assert of(mean, var) == {"bn.0": [2, 4], "bn.1": [8, 16]}
    assert of(mean, var, blob(2), kind="Scale") == {"bn.0": [2, 4], "bn.1": [8, 16], "bn.2": [2]}
    with pytest.raises(WeightsError, match=r"bn.2, by which .* is 2 numbers instead of one"):
        of(mean, var, blob(2, 2))
    found = read(put(layer("bn", mean, var, blob(2), kind="BatchNorm")))
    assert all(a.dtype == np.float32 and not a.flags.writeable for a in found.values())


@pytest.mark.parametrize(
    ("data", "fits"),
    [
        (block(1, "net"), True),
        (layer("a"), True),
        (block(3, "data") + integer(4, 1), True),
        (block(2, b"") * 2, True),
        (block(2, b""), False),
        (block(2, b"") + integer(5, 1), False),
        (block(1, "a\nb"), False),
        (block(1, b"\xff"), False),
        (block(1, "x" * 999), True),
        (block(1, "x" * 1000), False),
        (integer(1, 8), False),
        (block(2, b"") + block(7, b""), False),
        (
            block(3, "d") + block(4, "d") + integer(5, 1) + block(6, "d") + block(8, "d") + block(1, "net"),
            True,
        ),
        (block(9, "d") + block(1, "net"), False),
        (b"", False),
    ],
)
def test_what_is_a_network_of_caffe(put, data, fits):
    if data:
        with MappedFile(put(data)) as file:
            assert caffe.fits(file) is fits
