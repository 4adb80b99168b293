"""What the program that asks the HDF5 library says of a file, asked in this process: every place, order and
limit.
"""

import io
import json
import resource

import numpy as np
import pytest

h5py = pytest.importorskip("h5py", reason="the extra 'keras' is not installed")
from weights.readers import _h5_child as child  # noqa: E402


@pytest.fixture
def made(tmp_path):
    """A file whose groups and arrays `build` makes -> its path."""

    def make(build, **how):
        with h5py.File(tmp_path / "made.h5", "w", **how) as file:
            build(file)
        return tmp_path / "made.h5"

    return make


def listed(path, start=0, source=None):
    copies = io.BytesIO()
    said, entries = child.table(h5py, source or path, start, copies)
    return said, entries, copies.getvalue()


def names(path):
    return [e["name"] for e in listed(path)[1]]


def put(file, **arrays):
    for name, array in arrays.items():
        file[name.replace("__", "/")] = array


def test_a_part_of_a_file_as_a_file(tmp_path):
    (tmp_path / "f").write_bytes(bytes(range(20)))
    part = child.Slice(tmp_path / "f", 5, 10)
    read = lambda n: (buffer := bytearray(n), part.readinto(buffer), bytes(buffer))[1:]  # noqa: E731
    assert read(4) == (4, bytes([5, 6, 7, 8])) and part.tell() == 4
    assert part.seek(2, 1) == 6 and read(9) == (4, bytes([11, 12, 13, 14, 0, 0, 0, 0, 0]))
    assert (
        part.seek(-1, 2) == 9 and read(2) == (1, b"\x0e\0") and part.seek(3) == 3 and read(1) == (1, b"\x08")
    )
    assert part.seek(12) == 12 and read(1) == (0, b"\0") and part.readable() and part.seekable()


def test_limits_are_set_once_and_never_above_those_there_are(monkeypatch):
    hard = {
        resource.RLIMIT_AS: 100,
        resource.RLIMIT_CPU: resource.RLIM_INFINITY,
        resource.RLIMIT_FSIZE: 2**50,
        resource.RLIMIT_CORE: 7,
    }
    found = {}
    monkeypatch.setattr(resource, "getrlimit", lambda kind: (0, hard[kind]))
    monkeypatch.setattr(resource, "setrlimit", lambda kind, both: found.update({kind: both}))
    child.limit()
    assert found == {
        resource.RLIMIT_AS: (100, 100), resource.RLIMIT_CPU: (60, resource.RLIM_INFINITY),
        resource.RLIMIT_FSIZE: (4 * 2**30, 2**50), resource.RLIMIT_CORE: (0, 7),
    }  # fmt: skip
    hard[resource.RLIMIT_AS] = resource.RLIM_INFINITY
    child.limit()
    assert found[resource.RLIMIT_AS][0] == 6 * 2**30


def test_texts_of_the_root(made, monkeypatch):
    monkeypatch.setattr(child, "LONGEST_TEXT", 5)

    def build(file):
        file.attrs["model_config"], file.attrs["keras_version"] = "12345", np.bytes_(b"3\xff")
        file.attrs["backend"], file.attrs["other"] = "123456", "x"

    assert listed(made(build))[0] == {"model_config": "12345", "keras_version": "3�"}
    assert listed(made(lambda f: f.attrs.update(backend=3)))[0] == {}


def test_where_arrays_lie(made, monkeypatch):
    a, b = np.arange(6, dtype="<f4").reshape(2, 3), np.arange(100, dtype=">i2").reshape(50, 2)

    def build(file):
        put(file, model_weights__layer__a=a, other=a)
        file["model_weights"].create_dataset("packed", data=b, chunks=(10, 2), compression="gzip")
        file["model_weights"].create_dataset("scalar", data=np.float64(7), dtype="f8")
        file["model_weights"].create_dataset("text", data="no array")
        file["model_weights"].create_dataset("none", dtype="f4", shape=None, data=h5py.Empty("f4"))
        half = file["model_weights"].create_dataset("half", data=np.array([1, 2], "<u2"), chunks=(2,))
        half.attrs["dtype"] = "bfloat16"
        wide = file["model_weights"].create_dataset("wide", data=np.array([1, 2], "<u4"))
        wide.attrs["dtype"] = "bfloat16"

    path = made(build)
    for block in (1 << 22, 16):
        monkeypatch.setattr(child, "BLOCK", block)
        _, entries, copies = listed(path)
        by = {e["name"]: e for e in entries}
        assert [*by] == ["half", "layer/a", "packed", "scalar", "wide"]
        assert [e["path"] for e in entries] == [*by] and by["layer/a"]["place"] == by["wide"][
            "place"
        ] == "file"
        at = by["layer/a"]["start"]
        assert path.read_bytes()[at : at + 24] == a.tobytes() and by["layer/a"]["shape"] == [2, 3]
        assert (by["half"]["dtype"], by["half"]["place"], by["half"]["start"]) == ("bfloat16", "copies", 0)
        assert by["wide"]["dtype"] == "<u4" and by["packed"]["start"] == 64
        assert copies[64:264] == b.tobytes() and by["packed"]["dtype"] == ">i2"
        assert copies[:4] == bytes([1, 0, 2, 0]) and copies[4:64] == bytes(60)
    whole = path.read_bytes()
    (path.parent / "outer").write_bytes(b"x" * 100 + whole + b"y" * 9)
    inside = listed(None, 100, child.Slice(path.parent / "outer", 100, len(whole)))[1]
    assert [e["start"] - (100 if e["place"] == "file" else 0) for e in inside] == [
        e["start"] for e in entries
    ]


def test_what_an_array_may_claim(made, monkeypatch):
    def build(file):
        data = file.create_dataset("a", (1000,), "u1", chunks=(100,))
        data[:100] = 1  # the other chunks are not there

    path = made(build)
    monkeypatch.setattr(child, "STEEPEST", -31)  # 1000 bytes, of which 100 are stored: 4096 - 31 * 100 = 996
    with pytest.raises(child.Refused, match="array 'a' declares 1000 bytes but stores 100: refused"):
        listed(path)
    monkeypatch.setattr(child, "STEEPEST", -30)
    assert len(listed(path)[2]) == 1000
    for most, fits in ((1000, True), (999, False)):
        monkeypatch.setattr(child, "WRITTEN", most)
        if fits:
            listed(path)
        else:
            with pytest.raises(child.Refused, match="its arrays need more than 999 bytes"):
                listed(path)
    monkeypatch.setattr(child, "MOST_ARRAYS", 2)
    assert len(names(made(lambda f: put(f, a=a_few(), b=a_few())))) == 2
    with pytest.raises(child.Refused, match="more than 2 arrays"):
        names(made(lambda f: put(f, a=a_few(), b=a_few(), c=a_few())))


def a_few():
    return np.arange(3.0)


def test_the_order_that_keras_states(made):
    def build(file):
        put(
            file,
            z=a_few(),
            b__k=a_few(),
            b__c=a_few(),
            a__n2=a_few(),
            a__n10=a_few(),
            **{"10": a_few(), "9": a_few()},
        )
        file.attrs["layer_names"] = [b"b", b"missing"]
        file.attrs["layer_names0"] = ["z"]
        file["b"].attrs["weight_names"] = [b"b/k", b"k"]

    assert names(made(build)) == ["b/k", "b/c", "z", "a/n10", "a/n2", "9", "10"]

    def deeper(file):
        put(file, a__x__k=a_few(), a__x__b=a_few(), a__w=a_few(), b=a_few())
        file.attrs["weight_names"] = ["a/x/k", "b", "a/w", "a/x/b"]  # names what is deeper down, too

    assert names(made(deeper)) == ["a/x/k", "a/x/b", "a/w", "b"]


def test_names_that_keras_3_states_at_variables(made):
    def build(file):
        for key, name in (("conv", "first"), ("conv_1", "a/b"), ("dense", ""), ("plain", None)):
            put(file, **{f"{key}__vars__0": a_few()})
            if name is not None:
                file[key]["vars"].attrs["name"] = name

    path = made(build)
    assert names(path) == ["first/vars/0", "conv_1/vars/0", "dense/vars/0", "plain/vars/0"]
    assert listed(path)[1][0]["path"] == "conv/vars/0"

    def twice(file):
        for key in ("a", "b"):
            put(file, **{f"{key}__vars__0": a_few()})
            file[key]["vars"].attrs["name"] = "same"

    assert names(made(twice)) == ["a/vars/0", "b/vars/0"]


def test_what_is_no_weight_and_what_lies_elsewhere(made):
    def build(file):
        put(file, optimizer__m=a_few(), optimizer_weights__m=a_few(), metrics__n=a_few(), w=a_few(),
            seed_generator_state__s=a_few(), deep__optimizer=a_few())  # fmt: skip
        file["soft"], file["hard"] = h5py.SoftLink("/w"), file["deep"]

    assert names(made(build)) == ["deep/optimizer", "w"]

    def linked(file):
        put(file, real__w=a_few(), w=a_few())
        file["model_weights"] = h5py.SoftLink("/real")

    assert names(made(linked)) == ["real/w", "w"]
    with pytest.raises(child.Refused, match="its model_weights are no group"):
        names(made(lambda f: put(f, model_weights=a_few())))


def test_how_deep_and_how_many(made, monkeypatch):
    def nested(levels):
        return made(lambda f: put(f, **{"__".join(["g"] * levels + ["w"]): a_few()}))

    monkeypatch.setattr(child, "DEEPEST", 3)
    assert names(nested(3)) == ["g/g/g/w"]
    with pytest.raises(child.Refused, match="too many groups, or groups nested too deep"):
        names(nested(4))
    monkeypatch.setattr(child, "DEEPEST", 50)
    monkeypatch.setattr(child, "MOST_OBJECTS", 4)
    assert names(nested(3)) == ["g/g/g/w"]
    with pytest.raises(child.Refused, match="too many groups"):
        names(nested(4))
    monkeypatch.setattr(child, "LONGEST_NAME", 6)
    assert names(made(lambda f: put(f, abc__de=a_few()))) == ["abc/de"]
    with pytest.raises(child.Refused, match="a name that is too long"):
        names(made(lambda f: put(f, abc__def=a_few())))


def test_what_the_program_writes(made, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(child, "limit", lambda: None)
    path = made(lambda f: (put(f, w=a_few()), f.attrs.update(backend="b")))
    assert child.main(str(path), "0", str(path.stat().st_size), str(tmp_path)) == 0
    (entry,) = json.loads((tmp_path / "table.json").read_text())
    assert (entry["name"], entry["shape"], entry["place"]) == ("w", [3], "file")
    assert json.loads((tmp_path / "texts.json").read_text()) == {"backend": "b"}
    (tmp_path / "zip").write_bytes(b"1234567" + path.read_bytes() + b"behind")
    assert child.main(str(tmp_path / "zip"), "7", str(path.stat().st_size), str(tmp_path)) == 0
    assert json.loads((tmp_path / "table.json").read_text())[0]["start"] == entry["start"] + 7
    (tmp_path / "behind").write_bytes(path.read_bytes() + b"more")
    assert child.main(str(tmp_path / "behind"), "0", str(path.stat().st_size), str(tmp_path)) == 0
    path = made(lambda f: put(f, model_weights=a_few()))
    assert child.main(str(path), "0", str(path.stat().st_size), str(tmp_path)) == 1
    assert capsys.readouterr().out == "its model_weights are no group\n"
    (tmp_path / "none").write_bytes(b"none")
    assert child.main(str(tmp_path / "none"), "0", "4", str(tmp_path)) == 1
    said = capsys.readouterr().out
    assert said.startswith("OSError: ") and said.count("\n") == 1 and len(said) <= 301
