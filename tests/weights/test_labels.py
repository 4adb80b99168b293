"""Class names from files that people hand over, and from what is no such file."""

import os

import pytest

from weights import WeightsError, classes, labels
from weights.labels import LONGEST, MOST_BYTES, literal, names_of, read_labels


@pytest.mark.parametrize(
    ("data", "names"),
    [
        (b"tench\ngold fish\n", ("tench", "gold fish")),
        (b"tench\r\ngold fish\r\n\r\n", ("tench", "gold fish")),
        (b"\xef\xbb\xbftench\ngold fish", ("tench", "gold fish")),
        ("Spitz, Großspitz\n犬".encode(), ("Spitz, Großspitz", "犬")),
        (b"0\ttench\n1\tgold fish", ("0 tench", "1 gold fish")),
        (b"a\n\nc", ("a", "", "c")),
    ],
)
def test_a_name_a_line(tmp_path, data, names):
    (tmp_path / "names.txt").write_bytes(data)
    assert read_labels(tmp_path / "names.txt") == names
    assert read_labels(str(tmp_path / "names.txt")) == names


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "the file is empty"),
        (b"\n \n", "the file is empty"),
        ("tench\n".encode("utf-16"), "no UTF-8 text"),
        (b"\x89PNG\r\n\x1a\n", "no UTF-8 text"),
        (b"tench\n" + b"x" * (LONGEST + 1), r"line 2 has 1,001 characters"),
        (b"tench\n\x1b[2Jfish", "line 2 holds a control character"),
        ("tench\nf\u202eish".encode(), "line 2 holds a control character"),
    ],
)
def test_other_files_are_refused_in_one_sentence(tmp_path, data, message):
    (tmp_path / "names.txt").write_bytes(data)
    with pytest.raises(WeightsError, match=message) as caught:
        read_labels(tmp_path / "names.txt")
    assert str(caught.value).startswith(str(tmp_path)) and "\n" not in str(caught.value)


def test_what_never_ends_or_never_begins_is_refused_at_once(tmp_path):
    with open(tmp_path / "large.txt", "wb") as file:
        file.truncate(MOST_BYTES + 1)
    refused = [(tmp_path / "large.txt", "no list of names has more"), (tmp_path, "[Dd]irectory")]
    if hasattr(os, "mkfifo"):
        os.mkfifo(tmp_path / "fifo")
        refused += [(tmp_path / "fifo", "not an ordinary file"), ("/dev/zero", "not an ordinary file")]
    refused += [(tmp_path / "none.txt", "No such file"), ("a\0b", "null byte")]
    for path, message in refused:
        with pytest.raises(WeightsError, match=message):
            read_labels(path)


def test_the_names_that_ship():
    assert len(classes("imagenet")) == 1000 and classes("imagenet")[0] == "tench"
    assert classes("mnist") == tuple("0123456789")


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ('["a", "b"]', ("a", "b")),
        ("('a', 'b')", ("a", "b")),
        ('{"0": "a", "1": "b"}', ("a", "b")),
        ("{1: 'b', 0: 'a'}", ("a", "b")),
        ('{"b": 1, "a": 0}', ("a", "b")),
        ("[1, 2.5]", ("1", "2.5")),
        ('["a\\t b "]', ("a  b",)),
        ("{'0': 1, '1': 0}", ("1", "0")),
        ('{"a": 0, "b": 2}', None),
        ("{1: 'a'}", None),
        ('{"x": "a"}', None),
        ("[]", None),
        ("{}", None),
        ("3", None),
        ("'a'", None),
        ("[['a']]", None),
        ("[None]", None),
        (f"['{'x' * LONGEST}']", ("x" * LONGEST,)),
        (f"['{'x' * (LONGEST + 1)}']", None),
        ("['a\\x1b']", None),
        ("a\n b ", ("a", "b")),
        ("a", None),
        ("", None),
        ("[" * 10_000, None),
        ("__import__('os')", None),
    ],
)
def test_names_in_a_literal(text, names):
    assert names_of(literal(text)) == names


def test_a_file_that_begins_like_a_list(tmp_path):
    for text, names in (
        ("[a]\n[b]", ("[a]", "[b]")),
        ('["a", "b"] ', ("a", "b")),
        ('["a"', ('["a"',)),
        ("x" * LONGEST + "\ny", ("x" * LONGEST, "y")),
    ):
        (tmp_path / "names.txt").write_text(text, "utf-8")
        assert read_labels(tmp_path / "names.txt") == names


def test_as_long_as_a_list_may_be(tmp_path, monkeypatch):
    monkeypatch.setattr(labels, "MOST_BYTES", 6)
    for text, fits in (("ab\ncde", True), ("ab\ncdef", False)):
        (tmp_path / "names.txt").write_text(text, "utf-8")
        if fits:
            assert read_labels(tmp_path / "names.txt") == ("ab", "cde")
        else:
            with pytest.raises(WeightsError, match="it has 7 bytes, and no list of names has more than 6"):
                read_labels(tmp_path / "names.txt")
