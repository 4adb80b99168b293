"""Heads that know their convolutions, networks without a head, what a full disk means, and locks."""

import errno
import os
import shutil
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from weights import WeightsError, lock
from weights import download as fetching
from weights.cards import Card, Preprocessing
from weights.finite import not_finite
from weights.loading import _check_known, _without_classes
from weights.network import Network, PublishedFile

OF = SimpleNamespace(name="net")


def test_first_numbers_tell_convolutions():
    first = np.array([1.0, -10, 2])  # within 2e-3 of the largest, 0.02

    def check(*found):
        _check_known(
            {"conv.W": np.array([*found, 99, 99]).reshape(1, -1), "other": np.ones(3)}, {"conv.W": first}, OF
        )

    check(1, -10, 2), check(1.0199, -10.0199, 1.9801)
    for wrong in ((1.0201, -10, 2), (1, -10.0201, 2), (1, -10, 1.9799), (np.nan, -10, 2)):
        with pytest.raises(
            WeightsError, match=r"other convolutions: conv.W begins with .*, and not with 1, -10, 2"
        ):
            check(*wrong)
    with pytest.raises(WeightsError, match="begins with 5, 6, 7, and not"):
        check(5, 6, 7)


def test_a_network_that_ends_at_its_convolutions():
    caffe = Preprocessing(channels="BGR")
    card = Card("net", "A net", Preprocessing(), "pool5", ("a", "b"), unit_layer="fc8", strange=0.5)
    of = Network("net", lambda: None, card, prepared={"Caffe": caffe})
    alone = _without_classes(of, "Caffe")
    assert (alone.title, alone.classes, alone.unit_layer, alone.strange) == (
        "A net, its convolutions alone",
        None,
        "pool5",
        None,
    )
    assert (
        alone.preprocessing == caffe
        and alone.source == "Caffe"
        and of.card_from("Keras").preprocessing == Preprocessing()
    )
    assert of.card_from(None).source is None and of.card_from("Keras").source == "Keras"


def test_what_is_known_of_a_published_file():
    both = PublishedFile(sha256="aa", md5="bb", size=7, mebibytes=2.0)
    assert both.sum == ("aa", "sha256") and both.bytes == 7
    assert PublishedFile(md5="bb").sum == ("bb", "md5") and PublishedFile().sum is None
    assert PublishedFile(mebibytes=2.5).bytes == 2621440 and PublishedFile().bytes is None
    assert Preprocessing(crop=5).sides == (5, 5) and Preprocessing(crop=(3, 4)).sides == (3, 4)


def test_numbers_that_are_not_finite():
    bad = np.array([1, np.nan, np.inf, -np.inf], "f4")
    assert not_finite({"a": np.ones(3), "n": np.arange(3), "c": np.ones(1, complex)}) == ""
    assert not_finite({"a": bad, "b": np.ones(2)}) == "NaN or infinite numbers in a (3 of 4)"
    three = "NaN or infinite numbers in a (3 of 4), b (3 of 4), c (3 of 4)"
    of = lambda names: not_finite({name: bad for name in names})  # noqa: E731
    assert (of("abc"), of("abcd"), of("abcde")) == (
        three,
        f"{three} and 1 array more",
        f"{three} and 2 arrays more",
    )


# --- fetching


def test_what_an_error_of_the_file_system_means(tmp_path, monkeypatch):
    monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=3_400_000))
    path = tmp_path / "net.pth"
    of = lambda number, size=None, at=path: fetching._disk(OSError(number, os.strerror(number)), at, size)  # noqa: E731
    for number in (errno.ENOSPC, errno.EDQUOT):
        assert of(number, 12_600_000).startswith(
            f"the disk is full: net.pth does not fit into {tmp_path} (13 MB are needed, 3 MB free): make"
        )
        assert "(3 MB free)" in of(number) and "(0 MB free)" in of(number, at=tmp_path / "none" / "net.pth")
    for number in (errno.EACCES, errno.EPERM, errno.EROFS):
        assert of(number).startswith(f"{tmp_path} may not be written to: make it writable, or name another")
    assert of(errno.EIO).startswith(f"net.pth cannot be stored in {tmp_path} (Input/output error): mend that")
    assert "(odd)" in fetching._disk(OSError("odd"), path, None)


def test_what_has_arrived(tmp_path):
    part = tmp_path / "part"
    assert fetching._have(part) == 0
    part.write_bytes(b"12345")
    assert fetching._have(part) == 5 and part.exists()
    os.link(part, tmp_path / "twin")
    assert fetching._have(part) == 0 and not part.exists() and (tmp_path / "twin").read_bytes() == b"12345"
    part.symlink_to(tmp_path / "twin")
    assert fetching._have(part) == 0 and not part.is_symlink()
    with fetching._opened(tmp_path / "twin", 2) as out:
        out.write(b"x")
    assert (tmp_path / "twin").read_bytes() == b"12x"
    (tmp_path / "twin").write_bytes(b"")
    assert fetching._sum(tmp_path / "twin", "md5") == "d41d8cd98f00b204e9800998ecf8427e"
    assert fetching._sum(tmp_path / "twin", "sha256").startswith("e3b0c44298fc1c14")


def test_room_is_asked_for_exactly(tmp_path, monkeypatch):
    monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=10))
    fetching._check_room(tmp_path / "part", 10)
    with pytest.raises(OSError, match="No space left") as error:
        fetching._check_room(tmp_path / "part", 11)
    assert error.value.errno == errno.ENOSPC


# --- locks


def test_a_lock_is_waited_for_and_leaves_nothing(tmp_path, monkeypatch):
    path, tries, waited = tmp_path / "lock", [], []
    monkeypatch.setattr(lock, "POLL", 0)

    def busy(handle, own=lock._lock):
        tries.append(handle)
        if len(tries) < 4:
            raise BlockingIOError
        own(handle)

    monkeypatch.setattr(lock, "_lock", busy)
    with lock.locked(path, lambda: waited.append(1)) as alone:
        assert alone is True and path.exists()
    assert len(tries) == 4 and waited == [1] and not path.exists()


@pytest.mark.parametrize("number", [errno.ENOLCK, errno.ENOSYS, errno.ENOTSUP, errno.EOPNOTSUPP, errno.EIO])
def test_where_there_are_no_locks_nobody_is_kept_out(tmp_path, monkeypatch, number):
    def none(handle):
        raise OSError(number, "odd")

    monkeypatch.setattr(lock, "_lock", none)
    if number == errno.EIO:
        with pytest.raises(OSError, match="odd"), lock.locked(tmp_path / "lock"):
            raise AssertionError("nothing was locked")
    else:
        with lock.locked(tmp_path / "lock") as alone:
            assert alone is False
        assert not (tmp_path / "lock").exists()


def test_a_lock_whose_file_another_has_removed_is_taken_anew(tmp_path, monkeypatch):
    path, own, handles = tmp_path / "lock", lock._lock, []

    def removed(handle):
        own(handle)
        handles.append(os.fstat(handle).st_ino)
        if len(handles) == 1:
            path.rename(tmp_path / "gone")

    monkeypatch.setattr(lock, "_lock", removed)
    with lock.locked(path) as alone:
        assert alone and os.stat(path).st_ino == handles[1] != handles[0]
    assert not path.exists() and (tmp_path / "gone").exists()
    handle = os.open(tmp_path / "gone", os.O_RDONLY)
    assert lock._is_named(handle, tmp_path / "gone") and not lock._is_named(handle, path)
    Path(path).write_text("")
    assert not lock._is_named(handle, path)
    path.unlink()
    path.symlink_to(tmp_path / "gone")
    assert not lock._is_named(handle, path)
    os.close(handle)
